/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_process.c: what the bench asks of the system about processes.
 */
#include "live/bench.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* By its routes, not by a setting that not every kernel lets us change. */
static bool
use_cubic(const char *target)
{
    const char *arguments[] = {"ip",    "route",   "change", "local",
                               target,  "dev",     "lo",     "table",
                               "local", "congctl", "cubic",  NULL};
    int status = -1;
    return g_spawn_sync(NULL, (char **)(uintptr_t)arguments, NULL,
                        G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                        NULL) &&
           status == 0;
}

static bool
raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_known = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    bool is_up = is_known && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return is_up;
}

bool
bench_leave_network(void)
{
    return unshare(CLONE_NEWNET) == 0 && raise_loopback() &&
           use_cubic("127.0.0.0/8") && use_cubic("127.0.0.1");
}

void
bench_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int
bench_listen(Address *ret_address)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    struct sockaddr_storage bound = {0};
    socklen_t name_bytes = sizeof bound;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 &&
        listen(fd, 4096) == 0 &&
        getsockname(fd, (struct sockaddr *)&bound, &name_bytes) == 0 &&
        address_from_socket(&bound, ret_address))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void
bench_pin(pid_t process, bool is_relay)
{
    cpu_set_t set;
    long last = sysconf(_SC_NPROCESSORS_ONLN) - 1;
    CPU_ZERO(&set);
    CPU_SET(is_relay ? (size_t)MAX(0, last) : 0, &set);
    sched_setaffinity(process, sizeof set, &set);
}

/* All of them are one thread, or one that does all the work. */
int64_t
bench_cpu_ns(pid_t process)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/schedstat", (int)process);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    return g_ascii_strtoll(text, NULL, 10);
}

uint64_t
bench_resident_bytes(pid_t process)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", (int)process);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    char *rest = NULL;
    g_ascii_strtoull(text, &rest, 10);
    return g_ascii_strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
