/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/calendar.c: preloaded into a process, sets its clock.
 *
 * The file that CALENDAR_SHIFT names holds by how many seconds; only what
 * tells the time of day is shifted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long
shift_s(void)
{
    const char *path = getenv("CALENDAR_SHIFT");
    FILE *file = path ? fopen(path, "re") : NULL;
    char text[32] = "";
    if (file && !fgets(text, sizeof text, file))
        text[0] = '\0';
    if (file)
        fclose(file);
    return strtol(text, NULL, 10);
}

int
clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ret_time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        ret_time->tv_sec += shift_s();
    return result;
}

time_t
time(time_t *ret_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}

int
gettimeofday(struct timeval *ret_time, void *zone)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    (void)zone;
    *ret_time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}
