/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/conn_pace.c: how fast the peer of a connection takes what it is sent.
 */
#include "live/conn.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

/* What the peer has acknowledged so far. The kernel may hold megabytes for a
 * slow one, and take nothing more for minutes while it reads them. */
uint64_t
conn_taken_bytes(const Conn *conn)
{
    int held_bytes = 0;
    if (ioctl(conn->watch.fd, SIOCOUTQ, &held_bytes) != 0)
        held_bytes = 0;
    return conn->sent_bytes - MIN(conn->sent_bytes, (uint64_t)held_bytes);
}

bool
conn_is_blocked(const Conn *conn)
{
    return conn->out.unsent_bytes > 0 || conn->wants_room;
}

int64_t
conn_stuck_ns(Conn *conn)
{
    if (!conn_is_blocked(conn)) {
        conn->seen_ns = 0;
        return TIME_NEVER;
    }
    uint64_t taken_bytes = conn_taken_bytes(conn);
    if (conn->seen_ns == 0 || taken_bytes != conn->seen_bytes) {
        conn->seen_ns = loop_now_ns(conn->conns->loop);
        conn->seen_bytes = taken_bytes;
    }
    return conn->seen_ns;
}
