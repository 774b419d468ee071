/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/notify.c: between this process and the service manager that runs it.
 */
#include "live/notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_FD 3
#define FD_COUNT_MAX 64u

void
notify_tell(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof name.sun_path)
        return;
    memcpy(name.sun_path, path, strlen(path));
    if (*path == '@')
        name.sun_path[0] = '\0'; /* an abstract name */
    socklen_t name_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
           (struct sockaddr *)&name, name_bytes);
    close(fd);
}

void
notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    g_autofree char *state = g_strdup_printf(
        "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, now_us);
    notify_tell(state);
}

/* A number that is meant for this process, as *_PID says if it is set. */
static uint64_t
read_number(const char *name, const char *pid_name)
{
    const char *text = g_getenv(name);
    const char *pid = g_getenv(pid_name);
    bool is_others =
        pid && g_ascii_strtoull(pid, NULL, 10) != (guint64)getpid();
    return text && !is_others ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static void
say_alive(void *context)
{
    Watchdog *watchdog = context;
    notify_tell("WATCHDOG=1");
    loop_set_timer(watchdog->loop, &watchdog->timer,
                   loop_now_ns(watchdog->loop) + watchdog->interval_ns);
}

void
watchdog_init(Watchdog *watchdog, Loop *loop)
{
    uint64_t asked_us = read_number("WATCHDOG_USEC", "WATCHDOG_PID");
    *watchdog = (Watchdog){
        .loop = loop,
        .timer = {.fire = say_alive, .context = watchdog},
        .interval_ns = (int64_t)MIN(asked_us, G_MAXINT64 / 1000) / 2 * 1000,
    };
    if (watchdog->interval_ns > 0)
        say_alive(watchdog);
}

void
watchdog_clear(Watchdog *watchdog)
{
    if (watchdog->loop)
        loop_unset_timer(watchdog->loop, &watchdog->timer);
}

static bool
listens_at(int fd, const Address *wanted)
{
    int is_listening = 0;
    socklen_t size_bytes = sizeof is_listening;
    struct sockaddr_storage name;
    socklen_t name_bytes = sizeof name;
    Address address;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
                      &size_bytes) == 0 &&
           is_listening &&
           getsockname(fd, (struct sockaddr *)&name, &name_bytes) == 0 &&
           address_from_socket(&name, &address) &&
           address_is_equal(&address, wanted);
}

int
notify_inherited(const Address *address)
{
    uint64_t count = read_number("LISTEN_FDS", "LISTEN_PID");
    for (uint32_t i = 0; i < MIN(count, FD_COUNT_MAX); i++) {
        if (listens_at(FIRST_FD + (int)i, address))
            return FIRST_FD + (int)i;
    }
    return -1;
}
