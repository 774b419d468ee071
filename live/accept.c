/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/accept.c: whom a host lets in, and whom it asks to go.
 */
#include "live/http2.h"

#include <string.h>
#include <unistd.h>

/* A drained role closes a stream after so long a silence: between two requests,
 * or none was sent. */
#define QUIET_NS (500 * NS_PER_MS)

static bool
is_head_late(const Host *host, const HostStream *slot)
{
    int64_t late_ns = loop_now_ns(host->loop) - host->config.head_timeout_ns;
    return slot->head_ns != 0 && slot->head_ns <= late_ns;
}

static bool
is_idle(const Host *host, const HostStream *slot)
{
    int64_t idle_ns = host->config.idle_timeout_ns;
    return idle_ns != 0 && !slot->order && slot->fed_by == STREAM_NONE &&
           slot->conn->last_ns <= loop_now_ns(host->loop) - idle_ns;
}

/* Something waits for it, in our buffer or at the source of an order. It has
 * a while to take its least share; if it does, it gets another. */
static bool
is_slow(Host *host, HostStream *slot)
{
    const HostConfig *config = &host->config;
    int64_t now_ns = loop_now_ns(host->loop);
    const Conn *conn = slot->conn;
    if (config->send_bytes_min == 0 || !conn_is_blocked(conn)) {
        slot->blocked_ns = 0;
        return false;
    }
    uint64_t taken_bytes = conn_taken_bytes(conn);
    if (slot->blocked_ns == 0 ||
        taken_bytes >= slot->mark_bytes + config->send_bytes_min) {
        slot->blocked_ns = now_ns;
        slot->mark_bytes = taken_bytes;
        return false;
    }
    return now_ns - slot->blocked_ns >= config->send_timeout_ns;
}

/* It has shut down its sending side, or is gone: only what is sent to it would
 * tell, and its source has been silent for too long. */
static bool
is_deserted(const Host *host, const HostStream *slot)
{
    const Conn *conn = slot->conn;
    return conn->is_ended && !conn_is_blocked(conn) &&
           conn->last_ns <=
               loop_now_ns(host->loop) - host->config.send_timeout_ns;
}

static void
set_sweep(Host *host)
{
    const HostConfig *config = &host->config;
    int64_t least_ns = config->head_timeout_ns;
    if (config->idle_timeout_ns != 0)
        least_ns = MIN(least_ns, config->idle_timeout_ns);
    if (config->send_bytes_min != 0)
        least_ns = MIN(least_ns, config->send_timeout_ns);
    loop_set_timer(host->loop, &host->sweep,
                   loop_now_ns(host->loop) + least_ns / 8);
}

void
host_sweep(void *context)
{
    Host *host = context;
    for (StreamId stream = 0; stream < host->stream_capacity; stream++) {
        HostStream *slot = &host->streams[stream];
        if (!slot->guest || slot->queued_count > 0)
            continue;
        bool is_late = is_head_late(host, slot);
        bool takes_little = is_slow(host, slot);
        host->count.late_heads += is_late;
        host->count.slow_readers += takes_little;
        if (is_late || takes_little || is_idle(host, slot) ||
            is_deserted(host, slot))
            host_end_stream(host, stream, CLOSE_TIMED_OUT);
    }
    http2_sweep(host);
    host_end_slowest(host);
    host_settle(host);
    if (host->accepted_count > 0)
        set_sweep(host);
}

static void
count_refused(Host *host, const uint8_t ip[16], uint16_t status)
{
    const HostSink *sink = &host->config.sink;
    host->count.refused_streams++;
    if (sink->refused)
        sink->refused(sink->context, ip, status);
}

/* All that is said to those who are over a limit. */
static void
write_refusal(Conn *conn, const char *status)
{
    char answer[128];
    int size_bytes = g_snprintf(answer, sizeof answer,
                                "HTTP/1.1 %s\r\nContent-Length: 0\r\n"
                                "Retry-After: 1\r\n"
                                "Connection: close\r\n\r\n",
                                status);
    OutSlice slice = {(const uint8_t *)answer, (uint32_t)size_bytes, NULL};
    conn_write(conn, &slice, 1);
}

/* Nobody's stream: the node never hears of it. As many as we serve may be on
 * their way out; beyond, or where a word would first cost a handshake, there
 * is none. */
static void
refuse(Host *host, int fd, const Address *peer, TlsContext *tls)
{
    count_refused(host, peer->ip, 503);
    if (tls || host->conns.open_count >= 2 * host->config.stream_count_max) {
        close(fd);
        return;
    }
    Conn *conn = conn_take(&host->conns, fd);
    if (!conn)
        return;
    write_refusal(conn, "503 Service Unavailable");
    conn_close(conn, CLOSE_DONE);
}

void
host_refuse_request(Host *host, StreamId stream)
{
    HostStream *slot = host_slot(host, stream);
    count_refused(host, slot->guest->ip, 429);
    write_refusal(slot->conn, "429 Too Many Requests");
    host_end_stream(host, stream, CLOSE_DONE);
}

static bool
has_room(const Host *host)
{
    const HostConfig *config = &host->config;
    return host->accepted_count < config->stream_count_max &&
           host->conns.open_count < 2 * config->stream_count_max &&
           !host_is_overfull(host) && !memory_is_short(&host->conns.memory, 1);
}

Guest *
host_welcome(Host *host, const uint8_t ip[16])
{
    Address peer = {.port = 0};
    memcpy(peer.ip, ip, sizeof peer.ip);
    Guest *guest = NULL;
    if (has_room(host))
        guest = peers_welcome(&host->peers, &peer,
                              host->config.stream_count_max_per_peer);
    host->accepted_count += guest != NULL;
    return guest;
}

void
host_dismiss(Host *host, Guest *guest)
{
    peers_dismiss(&host->peers, guest);
    host->accepted_count--;
}

static void
tell_accepted(Host *host, StreamId stream, PeerId peer)
{
    Event event = {.kind = EVENT_ACCEPTED, .stream = stream};
    event.accepted.peer = peer;
    host_queue(host, &event);
}

void
host_admit(Host *host, StreamId stream)
{
    HostStream *slot = host_slot(host, stream);
    slot->is_knocking = false;
    tell_accepted(host, stream,
                  peers_recognize(&host->peers, slot->guest, slot->conn->tls));
}

static StreamId
take_seat(Host *host, Conn *conn, Guest *guest)
{
    StreamId stream = stream_pool_take(&host->pool);
    HostStream *slot = host_slot(host, stream);
    conn->tag = stream;
    slot->conn = conn;
    slot->guest = guest;
    slot->expect_bytes = 1;
    slot->head_ns = loop_now_ns(host->loop);
    slot->blank_bytes = 0;
    slot->blocked_ns = 0;
    slot->is_fresh = true;
    slot->owes_answer = false;
    if (host->sweep.place == 0)
        set_sweep(host);
    return stream;
}

void
host_seat(Host *host, Conn *conn, Guest *guest, PeerId peer)
{
    tell_accepted(host, take_seat(host, conn, guest), peer);
}

void
host_accept(Host *host, int fd, const Address *peer, TlsContext *tls)
{
    Guest *guest = host_welcome(host, peer->ip);
    if (!guest) {
        refuse(host, fd, peer, tls);
        return;
    }
    Conn *conn = tls ? conn_take_tls(&host->conns, fd, tls)
                     : conn_take(&host->conns, fd);
    if (!conn) {
        host_dismiss(host, guest);
        return;
    }
    StreamId stream = take_seat(host, conn, guest);
    host_slot(host, stream)->is_knocking = tls != NULL;
    if (!tls)
        host_admit(host, stream);
    host_settle(host);
}

/* Nothing came for a while, nobody waits, and all that was to be sent has
 * been. */
static bool
is_quiet(const Host *host, const HostStream *slot)
{
    return !slot->owes_answer && !slot->order && slot->fed_by == STREAM_NONE &&
           slot->conn->out.unsent_bytes == 0 &&
           loop_now_ns(host->loop) - slot->conn->last_ns >= QUIET_NS;
}

bool
host_drain(Host *host)
{
    for (StreamId stream = 0; stream < host->stream_capacity; stream++) {
        const HostStream *slot = &host->streams[stream];
        if (slot->guest && is_quiet(host, slot))
            host_end_stream(host, stream, CLOSE_DONE);
    }
    http2_drain(host);
    host_settle(host);
    return host->accepted_count == 0 && !host->conns.parting;
}
