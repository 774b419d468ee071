/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/calendar.c: preloaded into a process, sets its clock, or makes
 * it believe that the machine was suspended.
 *
 * The file that CALENDAR_SHIFT names holds two numbers of seconds. By the
 * first only what tells the time of day is shifted; the second is sleep, which
 * CLOCK_BOOTTIME counts too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef struct Shift {
    long set_s;
    long slept_s;
} Shift;

static Shift
read_shift(void)
{
    const char *path = getenv("CALENDAR_SHIFT");
    FILE *file = path ? fopen(path, "re") : NULL;
    char text[64] = "";
    char *rest = text;
    Shift shift;
    if (file && !fgets(text, sizeof text, file))
        text[0] = '\0';
    if (file)
        fclose(file);
    shift.set_s = strtol(rest, &rest, 10);
    shift.slept_s = strtol(rest, NULL, 10);
    return shift;
}

int
clock_gettime(clockid_t clock, struct timespec *ret_time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, ret_time);
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)
        return result;
    Shift shift = read_shift();
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        ret_time->tv_sec += shift.set_s + shift.slept_s;
    else if (clock == CLOCK_BOOTTIME)
        ret_time->tv_sec += shift.slept_s;
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
