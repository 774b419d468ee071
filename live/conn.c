/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/conn.c: one non-blocking TCP socket, and what it has yet to send.
 */
#include "live/conn.h"
#include "live/http2.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* A parting peer's bytes are thrown away in the kernel, so much at once. */
#define DISCARD_BYTES (1u << 20)
/* Fewer are copied rather than hold a page. */
#define KEPT_BYTES_MIN (CONN_READ_BYTES_MAX / 2)

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
    conns->memory.held_bytes_max = UINT64_MAX;
    conns->page = chunk_new(CONN_READ_BYTES_MAX);
    tls_desk_init(&conns->desk);
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
    tls_desk_clear(&conns->desk);
    chunk_unref(conns->page);
}

Conn *
conn_new(Conns *conns, int fd, ConnState state)
{
    Conn *conn = g_new0(Conn, 1);
    conn->conns = conns;
    conn->out.memory = &conns->memory;
    conn->state = (uint8_t)state;
    conn->watch = (Watch){.fd = fd, .ready = conn_ready, .context = conn};
    conn->timer = (Timer){.fire = conn_time_out, .context = conn};
    conn->wants_read = true;
    conn->expect_bytes = 1;
    conn->last_ns = loop_now_ns(conns->loop);
    conns->open_count += fd >= 0;
    return conn;
}

void
conn_hear(Conn *conn, ConnSignal signal)
{
    if (conn->session)
        http2_hear(conn->session, signal);
    else
        conn->conns->hear(conn->conns->context, conn, signal);
}

static void
close_socket(Conn *conn)
{
    conn_drop_tls(conn);
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

void
conn_free(Conn *conn)
{
    Conns *conns = conn->conns;
    assert(conn->state != CONN_FREE);
    if (conn->state == CONN_PARTING)
        leave_parting(conn);
    close_socket(conn);
    outbox_clear(&conn->out);
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

CloseReason
conn_reason_of(int error)
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

void
conn_lose(Conn *conn, CloseReason reason)
{
    close_socket(conn);
    outbox_clear(&conn->out);
    conn->state = CONN_LOST;
    conn->reason = (uint8_t)reason;
}

bool
conn_is_fatal(Conn *conn, int error)
{
    if (error == EAGAIN || error == EINTR)
        return false;
    conn->is_broken = true;
    outbox_clear(&conn->out);
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
void
conn_rewatch(Conn *conn)
{
    if (conn->http2) {
        http2_rewatch(conn);
        return;
    }
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

void
conn_check_drained(Conn *conn)
{
    bool is_scarce = memory_is_scarce(&conn->conns->memory);
    uint64_t most_bytes = is_scarce ? 0 : STREAM_LOW_WATER_BYTES;
    if (!conn->is_full || conn->out.unsent_bytes > most_bytes)
        return;
    conn->is_full = false;
    if (conn->state == CONN_OPEN && !conn->is_broken)
        conn_hear(conn, CONN_DRAINED);
}

void
conn_flush(Conn *conn)
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
        if (sent_bytes < size_bytes)
            return;
    }
}

uint64_t
conn_size_of(const OutSlice *slices, uint32_t slice_count)
{
    uint64_t size_bytes = 0;
    for (uint32_t i = 0; i < slice_count; i++)
        size_bytes += slices[i].size_bytes;
    return size_bytes;
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
conn_post(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    uint64_t sent_bytes = 0;
    bool is_up = conn->state == CONN_OPEN || conn->tls;
    if (conn->out.unsent_bytes == 0 && is_up)
        sent_bytes = send_now(conn, slices, slice_count);
    if (conn->is_broken)
        return;
    for (uint32_t i = 0; i < slice_count; i++) {
        uint32_t gone_bytes = (uint32_t)MIN(sent_bytes, slices[i].size_bytes);
        sent_bytes -= gone_bytes;
        if (gone_bytes < slices[i].size_bytes)
            outbox_keep(&conn->out, &slices[i], gone_bytes);
    }
    if (conn->out.unsent_bytes > 0 && is_up)
        conn_rewatch(conn);
}

void
conn_gather(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    if (conn->is_broken || conn->state > CONN_OPEN)
        return;
    if (conn->tls) {
        conn_hold(conn, slices, slice_count);
        return;
    }
    for (uint32_t i = 0; i < slice_count; i++)
        outbox_keep(&conn->out, &slices[i], 0);
}

void
conn_push(Conn *conn)
{
    if (conn->is_broken || conn->state != CONN_OPEN)
        return;
    if (conn->tls)
        conn_seal_held(conn);
    else
        conn_flush(conn);
    conn_rewatch(conn);
}

void
conn_write(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    assert(slice_count <= CONN_SLICE_MAX);
    if (conn->is_broken || conn->state > CONN_OPEN)
        return;
    uint64_t held_bytes = conn->tls ? conn->tls->held.unsent_bytes : 0;
    conn->is_full |= conn->out.unsent_bytes + held_bytes +
                         conn_size_of(slices, slice_count) >
                     STREAM_LOW_WATER_BYTES;
    if (conn->http2)
        http2_write(conn, slices, slice_count);
    else if (!conn->tls)
        conn_post(conn, slices, slice_count);
    else if (conn->state == CONN_OPEN)
        conn_seal(conn, slices, slice_count);
    else
        conn_hold(conn, slices, slice_count);
    if (!conn->is_broken && conn->state == CONN_OPEN)
        conn_check_drained(conn);
}

ConnRead
conn_end_read(Conn *conn)
{
    if (conn->is_broken) {
        conn_lose(conn, CLOSE_RESET);
        return CONN_READ_LOST;
    }
    conn->is_ended = true;
    return CONN_READ_END;
}

/* The last page may have been kept. */
static void
turn_page(Conns *conns)
{
    if (conns->page->ref_count == 1)
        return;
    chunk_unref(conns->page);
    conns->page = chunk_new(CONN_READ_BYTES_MAX);
}

OutSlice
conns_lend(Conns *conns, uint32_t size_bytes)
{
    Chunk *page = size_bytes >= KEPT_BYTES_MIN ? conns->page : NULL;
    return (OutSlice){conns->page->bytes, size_bytes, page};
}

ConnRead
conn_read(Conn *conn, uint32_t size_bytes, uint32_t *ret_size_bytes)
{
    assert(conn->state == CONN_OPEN);
    assert(size_bytes > 0 && size_bytes <= CONN_READ_BYTES_MAX);
    turn_page(conn->conns);
    if (conn->http2)
        return http2_read(conn, size_bytes, ret_size_bytes);
    if (conn->tls)
        return conn_read_tls(conn, size_bytes, ret_size_bytes);
    ssize_t result;
    do {
        result = recv(conn->watch.fd, conn->conns->page->bytes, size_bytes,
                      MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    if (result > 0) {
        conn_count_received(conn, (uint64_t)result);
        *ret_size_bytes = (uint32_t)result;
        return CONN_READ_BYTES;
    }
    if (result < 0 && errno == EAGAIN)
        return CONN_READ_NOTHING;
    if (result == 0)
        return conn_end_read(conn);
    conn_lose(conn, conn_reason_of(errno));
    return CONN_READ_LOST;
}

void
conn_expect(Conn *conn, uint64_t size_bytes)
{
    uint32_t wanted_bytes = (uint32_t)MIN(size_bytes, CONN_READ_BYTES_MAX);
    /* Of a record that is half read the kernel does not count all bytes. */
    if (conn->expect_bytes == wanted_bytes || conn->watch.fd < 0 || conn->tls)
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
        conn_rewatch(conn);
    if (conn->tls)
        conn_look_again(conn);
}

void
conn_want_room(Conn *conn)
{
    conn->wants_room = true;
    if (conn->state == CONN_OPEN)
        conn_rewatch(conn);
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
    conn_rewatch(conn);
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
    conn_rewatch(conn);
}

static void
part(Conn *conn, uint32_t events)
{
    if (events & EPOLLOUT) {
        uint64_t before_bytes = conn->out.unsent_bytes;
        conn_flush(conn);
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
    if (conn->http2) {
        http2_close(conn, reason);
        return;
    }
    bool is_orderly = reason == CLOSE_DONE && conn->state == CONN_OPEN;
    if (!is_orderly || conn->is_broken) {
        conn_reset(conn);
        return;
    }
    Conns *conns = conn->conns;
    if (conn->tls) {
        tls_say_end(conn->tls);
        conn_post_wire(conn);
        conn_drop_tls(conn);
    }
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
    conn_rewatch(conn);
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
    conn_hear(conn, CONN_GONE);
}

static void
hear_room(Conn *conn)
{
    conn_flush(conn);
    conn_check_drained(conn);
    if (conn->out.unsent_bytes == 0 && conn->wants_room &&
        conn->state == CONN_OPEN) {
        conn->wants_room = false;
        conn_hear(conn, CONN_ROOM);
    }
}

static void
conn_ready(void *context, uint32_t events)
{
    Conn *conn = context;
    if (conn->state == CONN_CONNECTING) {
        conn_go_on(conn, events);
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
    conn_rewatch(conn);
    bool is_dead = events & (EPOLLERR | EPOLLHUP);
    if (conn->wants_read && (is_dead || (events & EPOLLIN))) {
        conn_hear(conn, CONN_READABLE);
    } else if (is_dead) {
        conn_lose(conn, CLOSE_RESET);
        conn_hear(conn, CONN_GONE);
    }
}
