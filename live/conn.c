/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/conn.c: one non-blocking TCP socket, and what it has yet to send.
 */
#include "live/conn.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* A parting peer's bytes are thrown away in the kernel, so much at once. */
#define DISCARD_BYTES (1u << 20)

static void conn_ready(void *context, uint32_t events);
static void conn_time_out(void *context);

static void
bury_dead(void *context)
{
    Conns *conns = context;
    while (conns->dead) {
        Conn *conn = conns->dead;
        conns->dead = conn->next;
        g_free(conn);
    }
}

void
conns_init(Conns *conns, Loop *loop, const ConnLimits *limits)
{
    memset(conns, 0, sizeof *conns);
    conns->loop = loop;
    conns->limits = *limits;
    conns->bury = (Job){.run = bury_dead, .context = conns};
}

void
conns_clear(Conns *conns)
{
    while (conns->parting)
        conn_close(conns->parting, CLOSE_RESET);
    assert(conns->open_count == 0);
    loop_drop_job(conns->loop, &conns->bury);
    bury_dead(conns);
}

static Conn *
conn_new(Conns *conns, int fd, ConnState state)
{
    Conn *conn = g_new0(Conn, 1);
    conn->conns = conns;
    conn->state = (uint8_t)state;
    conn->watch = (Watch){.fd = fd, .ready = conn_ready, .context = conn};
    conn->timer = (Timer){.fire = conn_time_out, .context = conn};
    conn->wants_read = true;
    conn->expect_bytes = 1;
    conn->last_ns = loop_now_ns(conns->loop);
    conns->open_count += fd >= 0;
    return conn;
}

static void
hear(Conn *conn, ConnSignal signal)
{
    conn->conns->hear(conn->conns->context, conn, signal);
}

static void
drop_unsent(Conn *conn)
{
    conn->conns->unsent_bytes -= conn->out.unsent_bytes;
    outbox_clear(&conn->out);
}

static void
close_socket(Conn *conn)
{
    loop_unset_timer(conn->conns->loop, &conn->timer);
    if (conn->watch.fd < 0)
        return;
    loop_forget(conn->conns->loop, &conn->watch);
    close(conn->watch.fd);
    conn->watch.fd = -1;
    conn->conns->open_count--;
}

static void
leave_parting(Conn *conn)
{
    if (conn->before)
        conn->before->next = conn->next;
    else
        conn->conns->parting = conn->next;
    if (conn->next)
        conn->next->before = conn->before;
    conn->before = conn->next = NULL;
}

static void
conn_free(Conn *conn)
{
    Conns *conns = conn->conns;
    assert(conn->state != CONN_FREE);
    if (conn->state == CONN_PARTING)
        leave_parting(conn);
    close_socket(conn);
    drop_unsent(conn);
    conn->state = CONN_FREE;
    conn->next = conns->dead;
    conns->dead = conn;
    loop_add_job(conns->loop, &conns->bury);
}

/* A FIN would tell the peer that it has everything. */
static void
conn_reset(Conn *conn)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (conn->watch.fd >= 0 && conn->state != CONN_CONNECTING) {
        conn->conns->count.reset++;
        setsockopt(conn->watch.fd, SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof at_once);
    }
    conn_free(conn);
}

static CloseReason
reason_of(int error)
{
    switch (error) {
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
        return CLOSE_TIMED_OUT;
    case ECONNREFUSED:
    case EACCES:
    case EPERM:
        return CLOSE_REFUSED;
    default:
        return CLOSE_RESET;
    }
}

static void
conn_lose(Conn *conn, CloseReason reason)
{
    close_socket(conn);
    drop_unsent(conn);
    conn->state = CONN_LOST;
    conn->reason = (uint8_t)reason;
}

bool
conn_is_fatal(Conn *conn, int error)
{
    if (error == EAGAIN || error == EINTR)
        return false;
    conn->is_broken = true;
    drop_unsent(conn);
    if (error != EPIPE && error != ECONNRESET)
        shutdown(conn->watch.fd, SHUT_RDWR); /* its reader shall hear of it */
    return true;
}

void
conn_count_sent(Conn *conn, uint64_t size_bytes)
{
    conn->conns->count.sent_bytes += size_bytes;
    conn->sent_bytes += size_bytes;
    conn->last_ns = loop_now_ns(conn->conns->loop);
}

void
conn_count_received(Conn *conn, uint64_t size_bytes)
{
    conn->conns->count.received_bytes += size_bytes;
    conn->last_ns = loop_now_ns(conn->conns->loop);
}

/* What the kernel should report of an open or parting one. */
static void
rewatch(Conn *conn)
{
    bool wants_out =
        !conn->is_broken && (conn->out.unsent_bytes > 0 || conn->wants_room);
    uint32_t events = 0;
    if (conn->wants_read)
        events |= EPOLLIN;
    if (wants_out)
        events |= EPOLLOUT;
    loop_rewatch(conn->conns->loop, &conn->watch, events);
}

/* Returns what the kernel took; less than all when it is full or broken. */
static uint64_t
send_slices(Conn *conn, struct iovec *slices, uint32_t slice_count)
{
    struct msghdr message = {.msg_iov = slices, .msg_iovlen = slice_count};
    ssize_t sent_bytes;
    do {
        sent_bytes =
            sendmsg(conn->watch.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent_bytes < 0 && errno == EINTR);
    if (sent_bytes >= 0) {
        conn_count_sent(conn, (uint64_t)sent_bytes);
        return (uint64_t)sent_bytes;
    }
    conn_is_fatal(conn, errno);
    return 0;
}

static void
check_drained(Conn *conn)
{
    bool is_due =
        conn->is_full && conn->out.unsent_bytes <= STREAM_LOW_WATER_BYTES;
    if (!is_due)
        return;
    conn->is_full = false;
    if (conn->state == CONN_OPEN && !conn->is_broken)
        hear(conn, CONN_DRAINED);
}

static void
flush(Conn *conn)
{
    while (conn->out.unsent_bytes > 0 && !conn->is_broken) {
        struct iovec slices[CONN_SLICE_MAX];
        uint64_t size_bytes;
        uint32_t count =
            outbox_gather(&conn->out, slices, CONN_SLICE_MAX, &size_bytes);
        uint64_t sent_bytes = send_slices(conn, slices, count);
        if (conn->is_broken)
            return;
        outbox_advance(&conn->out, sent_bytes);
        conn->conns->unsent_bytes -= sent_bytes;
        if (sent_bytes < size_bytes)
            return;
    }
}

static uint64_t
send_now(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    struct iovec vector[CONN_SLICE_MAX];
    for (uint32_t i = 0; i < slice_count; i++)
        vector[i] = (struct iovec){
            .iov_base = (void *)(uintptr_t)slices[i].bytes,
            .iov_len = slices[i].size_bytes,
        };
    return send_slices(conn, vector, slice_count);
}

void
conn_write(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    assert(slice_count <= CONN_SLICE_MAX);
    if (conn->is_broken || conn->state > CONN_OPEN)
        return;
    uint64_t size_bytes = 0;
    for (uint32_t i = 0; i < slice_count; i++)
        size_bytes += slices[i].size_bytes;
    conn->is_full |=
        conn->out.unsent_bytes + size_bytes > STREAM_LOW_WATER_BYTES;
    uint64_t sent_bytes = 0;
    if (conn->out.unsent_bytes == 0 && conn->state == CONN_OPEN)
        sent_bytes = send_now(conn, slices, slice_count);
    if (conn->is_broken)
        return;
    conn->conns->unsent_bytes += size_bytes - sent_bytes;
    for (uint32_t i = 0; i < slice_count; i++) {
        uint32_t gone_bytes = (uint32_t)MIN(sent_bytes, slices[i].size_bytes);
        sent_bytes -= gone_bytes;
        if (gone_bytes < slices[i].size_bytes)
            outbox_keep(&conn->out, &slices[i], gone_bytes);
    }
    if (conn->out.unsent_bytes > 0 && conn->state == CONN_OPEN)
        rewatch(conn);
    check_drained(conn);
}

ConnRead
conn_read(Conn *conn, uint32_t size_bytes, uint32_t *ret_size_bytes)
{
    assert(conn->state == CONN_OPEN);
    assert(size_bytes > 0 && size_bytes <= CONN_READ_BYTES_MAX);
    ssize_t result;
    do {
        result =
            recv(conn->watch.fd, conn->conns->buffer, size_bytes, MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    if (result > 0) {
        conn_count_received(conn, (uint64_t)result);
        *ret_size_bytes = (uint32_t)result;
        return CONN_READ_BYTES;
    }
    if (result < 0 && errno == EAGAIN)
        return CONN_READ_NOTHING;
    if (result < 0 || conn->is_broken) {
        conn_lose(conn, result < 0 ? reason_of(errno) : CLOSE_RESET);
        return CONN_READ_LOST;
    }
    conn->is_ended = true;
    return CONN_READ_END;
}

void
conn_expect(Conn *conn, uint64_t size_bytes)
{
    uint32_t wanted_bytes = (uint32_t)MIN(size_bytes, CONN_READ_BYTES_MAX);
    if (conn->expect_bytes == wanted_bytes || conn->watch.fd < 0)
        return;
    conn->expect_bytes = wanted_bytes;
    int value = (int)wanted_bytes;
    setsockopt(conn->watch.fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
}

void
conn_want_read(Conn *conn, bool is_wanted)
{
    conn->wants_read = is_wanted;
    if (conn->state == CONN_OPEN)
        rewatch(conn);
}

void
conn_want_room(Conn *conn)
{
    conn->wants_room = true;
    if (conn->state == CONN_OPEN)
        rewatch(conn);
}

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

static int
open_socket(const Address *source, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return -1;
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
conn_connect(Conns *conns, const Address *target, const Address *source)
{
    struct sockaddr_storage to;
    socklen_t to_bytes = address_to_socket(target, &to);
    int fd = open_socket(source, to.ss_family);
    Conn *conn = conn_new(conns, fd, CONN_CONNECTING);
    int result = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, to_bytes);
    bool is_under_way = result == 0 || (fd >= 0 && errno == EINPROGRESS);
    if (is_under_way &&
        loop_watch(conns->loop, &conn->watch, EPOLLIN | EPOLLOUT)) {
        loop_set_timer(conns->loop, &conn->timer,
                       loop_now_ns(conns->loop) +
                           conns->limits.connect_timeout_ns);
        return conn;
    }
    conn_lose(conn, reason_of(errno));
    tell_later(conn);
    return conn;
}

static void
finish_connect(Conn *conn)
{
    int error = 0;
    socklen_t error_bytes = sizeof error;
    getsockopt(conn->watch.fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
    if (error != 0) {
        conn_lose(conn, reason_of(error));
        hear(conn, CONN_GONE);
        return;
    }
    loop_unset_timer(conn->conns->loop, &conn->timer);
    conn->state = CONN_OPEN;
    conn->conns->count.connected++;
    flush(conn);
    rewatch(conn);
    hear(conn, CONN_CONNECTED);
    if (conn->state == CONN_OPEN)
        check_drained(conn);
}

static void
set_part_timer(Conn *conn, int64_t after_ns)
{
    Loop *loop = conn->conns->loop;
    loop_set_timer(loop, &conn->timer, loop_now_ns(loop) + after_ns);
}

/* All is sent: say so, and wait for the peer to have read it. A socket that
 * is closed with unread bytes in it resets, and what we sent would be lost. */
static void
shut(Conn *conn)
{
    conn->is_shut = true;
    if (conn->is_ended || shutdown(conn->watch.fd, SHUT_WR) != 0) {
        conn_free(conn);
        return;
    }
    rewatch(conn);
    set_part_timer(conn, conn->conns->limits.linger_timeout_ns);
}

static void
discard(Conn *conn)
{
    ssize_t result =
        recv(conn->watch.fd, NULL, DISCARD_BYTES, MSG_DONTWAIT | MSG_TRUNC);
    if (result > 0 || (result < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    if (result < 0 || conn->is_shut) {
        conn_free(conn);
        return;
    }
    conn->is_ended = true;
    conn->wants_read = false;
    rewatch(conn);
}

static void
part(Conn *conn, uint32_t events)
{
    if (events & EPOLLOUT) {
        uint64_t before_bytes = conn->out.unsent_bytes;
        flush(conn);
        if (conn->out.unsent_bytes < before_bytes)
            set_part_timer(conn, conn->conns->limits.send_timeout_ns);
    }
    if (conn->is_broken || (events & EPOLLERR)) {
        conn_free(conn);
        return;
    }
    if (conn->out.unsent_bytes == 0 && !conn->is_shut) {
        shut(conn);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP))
        discard(conn);
}

void
conn_close(Conn *conn, CloseReason reason)
{
    assert(conn->state != CONN_FREE);
    bool is_orderly = reason == CLOSE_DONE && conn->state == CONN_OPEN;
    if (!is_orderly || conn->is_broken) {
        conn_reset(conn);
        return;
    }
    Conns *conns = conn->conns;
    conn->state = CONN_PARTING;
    conn->wants_room = false;
    conn->wants_read = !conn->is_ended;
    conn->next = conns->parting;
    if (conns->parting)
        conns->parting->before = conn;
    conns->parting = conn;
    conn_expect(conn, 1);
    if (conn->out.unsent_bytes == 0) {
        shut(conn);
        return;
    }
    rewatch(conn);
    set_part_timer(conn, conns->limits.send_timeout_ns);
}

static void
conn_time_out(void *context)
{
    Conn *conn = context;
    if (conn->state == CONN_PARTING) {
        /* What the kernel has taken it goes on sending by itself. */
        if (conn->is_shut)
            conn_free(conn);
        else
            conn_reset(conn);
        return;
    }
    if (conn->state == CONN_CONNECTING)
        conn_lose(conn, CLOSE_TIMED_OUT);
    hear(conn, CONN_GONE);
}

static void
hear_room(Conn *conn)
{
    flush(conn);
    check_drained(conn);
    if (conn->out.unsent_bytes == 0 && conn->wants_room &&
        conn->state == CONN_OPEN) {
        conn->wants_room = false;
        hear(conn, CONN_ROOM);
    }
}

static void
conn_ready(void *context, uint32_t events)
{
    Conn *conn = context;
    if (conn->state == CONN_CONNECTING) {
        finish_connect(conn);
        return;
    }
    if (conn->state == CONN_PARTING) {
        part(conn, events);
        return;
    }
    if (events & EPOLLOUT)
        hear_room(conn);
    if (conn->state != CONN_OPEN)
        return;
    rewatch(conn);
    bool is_dead = events & (EPOLLERR | EPOLLHUP);
    if (conn->wants_read && (is_dead || (events & EPOLLIN))) {
        hear(conn, CONN_READABLE);
    } else if (is_dead) {
        conn_lose(conn, CLOSE_RESET);
        hear(conn, CONN_GONE);
    }
}
