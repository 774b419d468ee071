/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/conn_open.c: how connections begin: accepted, called, hands shaken.
 */
#include "live/conn.h"
#include "live/kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

Conn *
conn_take(Conns *conns, int fd)
{
    Conn *conn = conn_new(conns, fd, CONN_OPEN);
    if (loop_watch(conns->loop, &conn->watch, EPOLLIN)) {
        conns->count.accepted++;
        return conn;
    }
    conn_free(conn);
    return NULL;
}

Conn *
conn_take_tls(Conns *conns, int fd, TlsContext *context)
{
    Conn *conn = conn_take(conns, fd);
    if (!conn)
        return NULL;
    conn->state = CONN_CONNECTING;
    conn_add_tls(conn, context);
    return conn;
}

static void
tell_plain(Conns *conns, int fd)
{
    if (conns->has_told_plain || kernel_is_multipath(fd))
        return;
    conns->has_told_plain = true;
    fprintf(stderr, "byway: no Multipath TCP here, TCP calls instead\n");
}

static int
open_socket(Conns *conns, const ConnTarget *target, int family)
{
    int fd = kernel_open_stream(family, target->is_multipath);
    const Address *source = target->source;
    int on = 1;
    if (fd < 0)
        return -1;
    if (target->is_multipath)
        tell_plain(conns, fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!source)
        return fd;
    struct sockaddr_storage from;
    socklen_t from_bytes = address_to_socket(source, &from);
    /* The port is chosen by connect, which knows the other end. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, from_bytes) == 0)
        return fd;
    close(fd);
    return -1;
}

static void
tell_later(Conn *conn)
{
    loop_set_timer(conn->conns->loop, &conn->timer,
                   loop_now_ns(conn->conns->loop));
}

Conn *
conn_connect(Conns *conns, const ConnTarget *target)
{
    struct sockaddr_storage to;
    socklen_t to_bytes = address_to_socket(target->address, &to);
    int fd = open_socket(conns, target, to.ss_family);
    Conn *conn = conn_new(conns, fd, CONN_CONNECTING);
    int result = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, to_bytes);
    bool is_under_way = result == 0 || (fd >= 0 && errno == EINPROGRESS);
    if (is_under_way &&
        loop_watch(conns->loop, &conn->watch, EPOLLIN | EPOLLOUT)) {
        loop_set_timer(conns->loop, &conn->timer,
                       loop_now_ns(conns->loop) +
                           conns->limits.connect_timeout_ns);
        conn->is_multipath = target->is_multipath;
        if (target->tls)
            conn_add_tls(conn, target->tls);
        return conn;
    }
    conn_lose(conn, conn_reason_of(errno));
    tell_later(conn);
    return conn;
}

static int
socket_error(const Conn *conn)
{
    int error = 0;
    socklen_t error_bytes = sizeof error;
    getsockopt(conn->watch.fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
    return error;
}

static void
count_connected(Conn *conn)
{
    ConnCount *count = &conn->conns->count;
    count->connected++;
    if (conn->is_multipath)
        count->multipath += kernel_speaks_multipath(conn->watch.fd);
}

void
conn_go_on(Conn *conn, uint32_t events)
{
    int error = socket_error(conn);
    if (error != 0) {
        conn_lose(conn, conn_reason_of(error));
        conn_hear(conn, CONN_GONE);
        return;
    }
    if (conn->tls && (events & EPOLLOUT))
        conn_flush(conn);
    if (conn->tls && !conn_shake_hands(conn))
        return;
    loop_unset_timer(conn->conns->loop, &conn->timer);
    conn->state = CONN_OPEN;
    if (!conn->tls || !SSL_is_server(conn->tls->ssl))
        count_connected(conn);
    if (conn->tls)
        conn_seal_held(conn);
    conn_flush(conn);
    conn_rewatch(conn);
    conn_hear(conn, CONN_CONNECTED);
    if (conn->state != CONN_OPEN)
        return;
    conn_check_drained(conn);
    /* The first request may have come with the end of the handshake. */
    if (conn->tls && SSL_has_pending(conn->tls->ssl))
        loop_add_job(conn->conns->loop, &conn->tls->again);
}
