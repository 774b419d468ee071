/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/segment.c: a namespace, a TUN device, and the kernel's settings.
 */
#include "live/testbed/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TUN_PATH "/dev/net/tun"
/* Linux gives half of a receive buffer to the window. */
#define BUFFER_OVER_WINDOW 2u

static bool
fail(GError **error, const char *what)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "%s: %s", what, g_strerror(errno));
    return false;
}

static bool
write_setting(const char *name, const char *value, GError **error)
{
    g_autofree char *path = g_strconcat("/proc/sys/net/", name, NULL);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t size_bytes = strlen(value);
    bool is_good =
        fd >= 0 && write(fd, value, size_bytes) == (ssize_t)size_bytes;
    if (!is_good)
        fail(error, path);
    if (fd >= 0)
        close(fd);
    return is_good;
}

/* What connections learn must not reach the next one: simulated ones start
 * afresh. */
static bool
write_settings(const SegmentPlan *plan, GError **error)
{
    g_autofree char *buffers =
        g_strdup_printf("4096 131072 %" PRIu64,
                        BUFFER_OVER_WINDOW * plan->receive_window_bytes);
    return write_setting("ipv4/tcp_no_metrics_save", "1", error) &&
           write_setting("ipv4/tcp_slow_start_after_idle",
                         plan->has_slow_start_after_idle ? "1" : "0", error) &&
           write_setting("ipv4/tcp_rmem", buffers, error);
}

static int
open_line(GError **error)
{
    struct ifreq request = {.ifr_name = SEGMENT_DEVICE,
                            .ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0)
        return fd;
    fail(error, TUN_PATH);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* IPv6 would only chatter on the line. A long queue before it: what waits is
 * for the links to say. */
static void
write_commands(const SegmentPlan *plan, FILE *ip)
{
    const uint8_t *a = plan->address.ip + 12;
    fprintf(ip,
            "link set lo up\n"
            "link set " SEGMENT_DEVICE " addrgenmode none\n"
            "address add %u.%u.%u.%u/32 dev " SEGMENT_DEVICE "\n"
            "link set " SEGMENT_DEVICE " mtu %u txqueuelen 10000 up\n"
            "route add 10.0.0.0/8 dev " SEGMENT_DEVICE
            " src %u.%u.%u.%u congctl %s initcwnd %u quickack %d\n",
            a[0], a[1], a[2], a[3], plan->mtu_bytes, a[0], a[1], a[2], a[3],
            plan->congestion, plan->initial_window_packets,
            !plan->has_delayed_ack);
}

static bool
set_up_line(const SegmentPlan *plan, GError **error)
{
    FILE *ip = popen("ip -batch -", "we");
    if (!ip)
        return fail(error, "ip");
    write_commands(plan, ip);
    int status = pclose(ip);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "'ip' could not set up " SEGMENT_DEVICE);
    return false;
}

bool
segment_is_possible(GError **error)
{
    g_autofree char *ip = g_find_program_in_path("ip");
    const char *missing = NULL;
    if (geteuid() != 0)
        missing = "making networks takes root's rights";
    else if (!ip)
        missing = "there is no program 'ip' (Debian package iproute2)";
    else if (access(TUN_PATH, R_OK | W_OK) != 0)
        missing = "there is no " TUN_PATH;
    if (missing)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM, "%s", missing);
    return !missing;
}

int
segment_enter(const SegmentPlan *plan, GError **error)
{
    if (unshare(CLONE_NEWNET) != 0) {
        fail(error, "no network of its own");
        return -1;
    }
    int fd = open_line(error);
    if (fd < 0)
        return -1;
    if (write_settings(plan, error) && set_up_line(plan, error))
        return fd;
    close(fd);
    return -1;
}
