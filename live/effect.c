/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/effect.c: does what a turn wants done.
 *
 * Consecutive writes to one stream are one system call, and what the kernel
 * takes at once is never copied. A stream that has gone meanwhile swallows
 * what was meant for it: its EVENT_CLOSED is on the way.
 */
#include "live/host.h"

#include <assert.h>

typedef struct Writes {
    Conn *conn;
    uint32_t slice_count;
    OutSlice slices[CONN_SLICE_MAX];
} Writes;

static void
flush(Writes *writes)
{
    if (writes->slice_count > 0)
        conn_write(writes->conn, writes->slices, writes->slice_count);
    writes->slice_count = 0;
    writes->conn = NULL;
}

static void
add_write(Host *host, const Turn *turn, const Effect *effect, Writes *writes)
{
    HostStream *slot = host_slot(host, effect->stream);
    Conn *conn = slot->conn;
    slot->head_ns = 0; /* an answer */
    slot->owes_answer = false;
    if (writes->conn != conn || writes->slice_count == CONN_SLICE_MAX)
        flush(writes);
    if (!conn)
        return;
    OutSlice slice;
    if (effect->kind == EFFECT_WRITE) {
        slice = (OutSlice){turn->bytes + effect->write.start_bytes,
                           effect->write.size_bytes, NULL};
    } else {
        Chunk *chunk = effect->extent.chunk;
        assert(chunk); /* live, bodies are bytes */
        slice = (OutSlice){chunk->bytes, chunk->size_bytes, chunk};
    }
    writes->conn = conn;
    writes->slices[writes->slice_count++] = slice;
}

/* Who knows us by our address should see that one; but none that the target
 * could not answer to. */
static const Address *
source_for(const Host *host, const Address *target)
{
    const Address *source = host->config.source;
    bool is_fit = source &&
                  address_is_ipv4(source) == address_is_ipv4(target) &&
                  address_is_loopback(source) == address_is_loopback(target);
    return is_fit ? source : NULL;
}

static void
connect_stream(Host *host, const Effect *effect)
{
    HostStream *slot = host_slot(host, effect->stream);
    assert(!slot->conn);
    const Address *address = peers_find(&host->peers, effect->connect.peer);
    /* Nobody said where: as if nobody listened there. */
    static const Address NOWHERE = {.ip = {[10] = 0xff, [11] = 0xff}};
    ConnTarget target = {
        .address = address ? address : &NOWHERE,
        .tls = peers_find_tls(&host->peers, effect->connect.peer),
    };
    target.source = source_for(host, target.address);
    target.is_multipath =
        host->config.is_multipath ||
        peers_is_multipath(&host->peers, effect->connect.peer);
    slot->conn = conn_connect(&host->conns, &target);
    slot->conn->tag = effect->stream;
    slot->expect_bytes = 1;
}

static void
expect_bytes(Host *host, const Effect *effect)
{
    HostStream *slot = host_slot(host, effect->stream);
    slot->expect_bytes = effect->expect_bytes;
    if (slot->conn && !slot->order)
        conn_expect(slot->conn, effect->expect_bytes);
}

static void
order_forward(Host *host, const Effect *effect)
{
    host_slot(host, effect->forward.to);
    HostStream *from = host_slot(host, effect->stream);
    HostStream *to = host_slot(host, effect->forward.to);
    if (!from->conn || !to->conn)
        return; /* EVENT_CLOSED has told or will tell */
    assert(!from->order);
    assert(to->fed_by == STREAM_NONE);
    from->order = g_new(Forward, 1);
    forward_init(from->order, &host->pipes, from->conn, to->conn,
                 effect->forward.size_bytes);
    to->fed_by = effect->stream;
    host->count.forwards++;
    /* What the order takes may be less than the node last expected. */
    conn_expect(from->conn, 1);
    host_pump(host, effect->stream);
}

static void
close_stream(Host *host, const Effect *effect)
{
    if (!host_slot(host, effect->stream)->conn)
        return;
    Conn *conn = host_detach(host, effect->stream);
    conn_close(conn, effect->close_reason);
}

static void
store_record(Host *host, const Turn *turn, const Effect *effect)
{
    const HostSink *sink = &host->config.sink;
    const Record *record = &turn->records[effect->store.record];
    if (sink->store)
        sink->store(sink->context, effect->store.tag, record);
    else
        host_stored(host, effect->store.tag, false);
}

static void
apply_one(Host *host, const Turn *turn, const Effect *effect)
{
    const HostSink *sink = &host->config.sink;
    switch (effect->kind) {
    case EFFECT_CONNECT:
        connect_stream(host, effect);
        return;
    case EFFECT_EXPECT:
        expect_bytes(host, effect);
        return;
    case EFFECT_FORWARD:
        order_forward(host, effect);
        return;
    case EFFECT_CLOSE:
        close_stream(host, effect);
        return;
    case EFFECT_READ:
        host_read(host, effect);
        return;
    case EFFECT_DELIVER:
        if (sink->deliver)
            sink->deliver(sink->context, &effect->extent);
        return;
    case EFFECT_STORE:
        store_record(host, turn, effect);
        return;
    case EFFECT_INTRODUCE:
        peers_introduce(&host->peers, effect->introduce.peer,
                        &effect->introduce.address);
        return;
    case EFFECT_NOTE:
        if (sink->note)
            sink->note(sink->context, effect);
        return;
    case EFFECT_WRITE:
    case EFFECT_WRITE_BODY:
        return; /* gathered by the caller */
    case EFFECT_WORK:
        return; /* the CPU has done it already */
    }
}

void
host_apply(Host *host, const Turn *turn)
{
    Writes writes;
    writes.conn = NULL;
    writes.slice_count = 0;
    for (uint32_t i = 0; i < turn->effect_count; i++) {
        const Effect *effect = &turn->effects[i];
        if (effect->kind == EFFECT_WRITE || effect->kind == EFFECT_WRITE_BODY) {
            add_write(host, turn, effect, &writes);
            continue;
        }
        if (effect->kind != EFFECT_NOTE)
            flush(&writes);
        apply_one(host, turn, effect);
    }
    flush(&writes);
}
