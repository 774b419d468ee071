/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/kernel.c: what this kernel can do for a connection, and does.
 */
#include "live/kernel.h"

#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define SLOW_START_SETTING "/proc/sys/net/ipv4/tcp_slow_start_after_idle"
#define IS_MULTIPATH_OPTION 43 /* TCP_IS_MPTCP; libc has no name for it yet */

/* RFC 8684 is not compiled in, or switched off by net.mptcp.enabled. */
static bool
is_for_want_of_multipath(int error)
{
    return error == EPROTONOSUPPORT || error == ENOPROTOOPT || error == EINVAL;
}

int
kernel_open_stream(int family, bool wants_multipath)
{
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = -1;
    if (wants_multipath)
        fd = socket(family, type, IPPROTO_MPTCP);
    bool is_plain =
        !wants_multipath || (fd < 0 && is_for_want_of_multipath(errno));
    return is_plain ? socket(family, type, 0) : fd;
}

bool
kernel_is_multipath(int fd)
{
    int protocol = 0;
    socklen_t protocol_bytes = sizeof protocol;
    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol,
                      &protocol_bytes) == 0 &&
           protocol == IPPROTO_MPTCP;
}

bool
kernel_speaks_multipath(int fd)
{
    int is_spoken = 0;
    socklen_t is_spoken_bytes = sizeof is_spoken;
    return getsockopt(fd, IPPROTO_TCP, IS_MULTIPATH_OPTION, &is_spoken,
                      &is_spoken_bytes) == 0 &&
           is_spoken;
}

bool
kernel_slows_after_idle(bool *ret_is_slow)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(SLOW_START_SETTING, &text, NULL, NULL))
        return false;
    *ret_is_slow = text[0] != '0';
    return true;
}
