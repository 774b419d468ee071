/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/host.c: tells a host's node what happens, and keeps its CPU's queue.
 *
 * A turn that asks for work, or that comes while the CPU is busy, takes
 * effect when the CPU has done it. The node itself has moved on: only its
 * output waits, in order. What it said of its listening holds at once.
 */
#include "sim/host.h"

#include <assert.h>

#define FORWARD_BUFFER_BYTES (256u * 1024)
#define PS_PER_NS 1000u

static int64_t
work_ns(const World *world, const Turn *turn)
{
    uint64_t work_ps = 0;
    for (uint32_t i = 0; i < turn->effect_count; i++) {
        const Effect *effect = &turn->effects[i];
        if (effect->kind != EFFECT_WORK)
            continue;
        const uint64_t *price_ps = world->work_ps[effect->work.kind];
        work_ps += price_ps[0] * effect->work.units +
                   price_ps[1] * effect->work.size_bytes;
    }
    return (int64_t)((work_ps + PS_PER_NS - 1) / PS_PER_NS);
}

static void
defer(World *world, HostId id, int64_t at_ns)
{
    Host *host = &world->hosts[id];
    Deferred *deferred = g_new0(Deferred, 1);
    deferred->at_ns = at_ns;
    deferred->released = STREAM_NONE;
    deferred->turn = world_part(world, id)->turn;
    turn_init(&world_part(world, id)->turn);
    if (host->deferred_last) {
        host->deferred_last->next = deferred;
    } else {
        host->deferred_first = deferred;
        agenda_push(&world_network(world, id)->agenda, at_ns, AGENDA_CPU, id);
    }
    host->deferred_last = deferred;
}

static void
set_wake(World *world, HostId id, int64_t wake_ns)
{
    Host *host = &world->hosts[id];
    Network *network = world_network(world, id);
    host->wake_ns =
        wake_ns == TIME_NEVER ? TIME_NEVER : MAX(wake_ns, network->now_ns);
    agenda_move(&network->agenda, &host->wake_entry_ns, host->wake_ns,
                agenda_key(AGENDA_WAKE, id));
}

/* From now on the node hears no more than it asked for. */
static void
heed(World *world, HostId id, const Turn *turn)
{
    Host *host = &world->hosts[id];
    for (uint32_t i = 0; i < turn->effect_count; i++) {
        const Effect *effect = &turn->effects[i];
        if (effect->kind == EFFECT_EXPECT) {
            host_stream(host, effect->stream)->expect_bytes =
                effect->expect_bytes;
        } else if (effect->kind == EFFECT_FORWARD) {
            host_stream(host, effect->stream)->is_promised = true;
        } else if (effect->kind == EFFECT_CLOSE) {
            host_stream(host, effect->stream)->is_let_go = true;
            host_forget_forward(world, id, effect->stream);
        }
    }
}

void
host_event(World *world, HostId id, Event *event)
{
    Host *host = &world->hosts[id];
    if (!host->node)
        return;
    bool is_of_stream = event->stream != STREAM_NONE;
    if (is_of_stream && host_stream(host, event->stream)->is_let_go)
        return;
    int64_t now_ns = world_network(world, id)->now_ns;
    Turn *turn = &world_part(world, id)->turn;
    event->now_ns = now_ns;
    turn_begin(turn, &host->pool);
    if (host->is_logged)
        turn_file_event(world->turns, id, event);
    node_turn(host->node, event, turn);
    if (host->is_logged)
        turn_file_turn(world->turns, turn);
    set_wake(world, id, turn->wake_ns);
    heed(world, id, turn);
    int64_t cost_ns = 0;
    if (host->cores > 0)
        cost_ns = work_ns(world, turn) / host->cores;
    host->count.cpu_busy_ns += (uint64_t)cost_ns;
    if (cost_ns == 0 && !host->deferred_first) {
        effect_apply(world, id, turn);
        return;
    }
    host->cpu_free_ns = MAX(host->cpu_free_ns, now_ns) + cost_ns;
    defer(world, id, host->cpu_free_ns);
}

void
host_finish_work(World *world, HostId id)
{
    Host *host = &world->hosts[id];
    Deferred *deferred = host->deferred_first;
    Network *network = world_network(world, id);
    if (!deferred || deferred->at_ns != network->now_ns)
        return; /* the host lost its power meanwhile */
    host->deferred_first = deferred->next;
    if (deferred->next)
        agenda_push(&network->agenda, deferred->next->at_ns, AGENDA_CPU, id);
    else
        host->deferred_last = NULL;
    effect_apply(world, id, &deferred->turn);
    StreamId stream = deferred->released;
    while (stream != STREAM_NONE) {
        StreamId next = host_stream(host, stream)->next_released;
        stream_pool_put(&host->pool, stream);
        stream = next;
    }
    turn_clear(&deferred->turn);
    g_free(deferred);
}

void
host_pump_forward(World *world, HostId id, StreamId from_stream)
{
    Host *host = &world->hosts[id];
    HostStream *slot = host_stream(host, from_stream);
    Network *network = world_network(world, id);
    Endpoint *from = network_endpoint(network, slot->endpoint);
    HostStream *target = host_stream(host, slot->forward_to);
    Endpoint *to = network_endpoint(network, target->endpoint);
    if (to->state == TCP_CLOSED)
        return;
    uint64_t unsent = tcp_unsent_bytes(to);
    uint64_t room =
        unsent < FORWARD_BUFFER_BYTES ? FORWARD_BUFFER_BYTES - unsent : 0;
    uint64_t size = MIN(tcp_readable_bytes(from), room);
    size = MIN(size, slot->forward_left_bytes);
    if (size > 0) {
        tcp_write_from(network, to, from, size);
        tcp_read(network, from, size);
        tcp_wrote(network, to, size);
        slot->forward_left_bytes -= size;
        host->count.received_bytes += size;
        host->count.sent_body_bytes += size;
    }
    if (slot->forward_left_bytes > 0)
        return;
    slot->forward_to = STREAM_NONE;
    target->forwarded_from = STREAM_NONE;
    Event event = {.kind = EVENT_FORWARDED, .stream = from_stream};
    event.forwarded.size_bytes = slot->forward_bytes;
    /* As an answer: the present turn's other effects come first. */
    Answer *answer = g_new0(Answer, 1);
    *answer = (Answer){id, host->incarnation, event};
    g_queue_push_tail(&world_part(world, id)->answers, answer);
}

static void
end_stream(World *world, HostId id, StreamId stream, CloseReason reason)
{
    Host *host = &world->hosts[id];
    HostStream *slot = host_stream(host, stream);
    Network *network = world_network(world, id);
    Endpoint *endpoint = network_endpoint(network, slot->endpoint);
    slot->endpoint = UINT32_MAX;
    /* The node may give the other stream a new order in its turn. */
    host_forget_forward(world, id, stream);
    if (endpoint->state == TCP_CLOSED)
        tcp_disown(network, endpoint);
    else
        tcp_close(network, endpoint, CLOSE_DONE);
    Event event = {.kind = EVENT_CLOSED, .stream = stream};
    event.closed.reason = reason;
    host_event(world, id, &event);
    /* Only now: the node might have opened another one in that turn. */
    host_release_stream(world, id, stream);
}

/* One run of what the peer wrote, as an event. */
static void
deliver_run(World *world, HostId id, StreamId stream, Endpoint *endpoint)
{
    Network *network = world_network(world, id);
    const Run *run = stream_peek(&endpoint->incoming);
    uint64_t size = MIN(run->size_bytes, tcp_readable_bytes(endpoint));
    Event event = {.kind = EVENT_RECEIVED, .stream = stream};
    event.received.size_bytes = size;
    Chunk *lent = NULL;
    if (run->is_bytes) {
        lent = chunk_ref(run->extent.chunk);
        event.received.bytes = lent->bytes + run->chunk_offset;
    } else {
        run_cut(run, size, &event.received.extent);
        lent = event.received.extent.chunk;
    }
    stream_skip(&endpoint->incoming, size);
    tcp_read(network, endpoint, size);
    world->hosts[id].count.received_bytes += size;
    host_event(world, id, &event);
    if (lent)
        chunk_unref(lent);
}

static void
read_stream(World *world, HostId id, StreamId stream)
{
    EndpointId endpoint_id = host_stream(&world->hosts[id], stream)->endpoint;
    Endpoint *endpoint = network_endpoint(&world->network, endpoint_id);
    endpoint->is_told = false;
    for (;;) {
        HostStream *slot = host_stream(&world->hosts[id], stream);
        if (slot->endpoint != endpoint_id || slot->is_let_go)
            return; /* the node closed it */
        if (slot->is_promised)
            return; /* until order_forward looks again */
        if (slot->forward_to != STREAM_NONE) {
            host_pump_forward(world, id, stream);
            /* When the order is done, EVENT_FORWARDED comes before the end. */
            bool is_done = slot->forward_to == STREAM_NONE;
            if (is_done || !endpoint->has_peer_fin ||
                tcp_readable_bytes(endpoint) > 0)
                return;
        }
        uint64_t readable = tcp_readable_bytes(endpoint);
        if (readable == 0)
            break;
        if (readable < tcp_can_wait_bytes(endpoint, slot->expect_bytes) &&
            !endpoint->has_peer_fin)
            return;
        deliver_run(world, id, stream, endpoint);
    }
    if (tcp_is_ended(endpoint))
        end_stream(world, id, stream, CLOSE_DONE);
}

static void
accept_stream(World *world, Endpoint *endpoint)
{
    HostId id = endpoint->owner;
    Host *host = &world->hosts[id];
    const Endpoint *opener =
        network_endpoint(&world->network, endpoint->id ^ 1);
    if (!host->node) {
        tcp_vanish(world_network(world, id), endpoint);
        return;
    }
    StreamId stream = stream_pool_take(&host->pool);
    HostStream *slot = host_stream(host, stream);
    assert(!slot->is_let_go);
    assert(!slot->is_promised);
    tcp_own(endpoint, id, stream);
    slot->endpoint = endpoint->id;
    host->count.connections++;
    Event event = {.kind = EVENT_ACCEPTED, .stream = stream};
    event.accepted.peer = opener->owner;
    host_event(world, id, &event);
}

void
host_look_again(World *world, HostId id, StreamId stream)
{
    const HostStream *slot = host_stream(&world->hosts[id], stream);
    if (slot->endpoint == UINT32_MAX)
        return;
    bool is_ordered = slot->forward_to != STREAM_NONE;
    tcp_expect(world_network(world, id),
               network_endpoint(&world->network, slot->endpoint),
               is_ordered ? 1 : slot->expect_bytes);
}

static void
drain_stream(World *world, HostId id, StreamId stream)
{
    const HostStream *slot = host_stream(&world->hosts[id], stream);
    if (slot->forwarded_from != STREAM_NONE) {
        StreamId from = slot->forwarded_from;
        host_pump_forward(world, id, from);
        host_look_again(world, id, from);
        return;
    }
    Event event = {.kind = EVENT_DRAINED, .stream = stream};
    host_event(world, id, &event);
}

void
host_take_signal(World *world, const Signal *signal)
{
    Endpoint *endpoint = network_endpoint(&world->network, signal->endpoint);
    HostId id = endpoint->owner;
    StreamId stream = endpoint->owner_stream;
    Event event = {.kind = EVENT_CONNECTED, .stream = stream};
    switch (signal->kind) {
    case SIGNAL_CONNECTED:
        host_event(world, id, &event);
        return;
    case SIGNAL_ACCEPTED:
        accept_stream(world, endpoint);
        return;
    case SIGNAL_READABLE:
        read_stream(world, id, stream);
        return;
    case SIGNAL_DRAINED:
        drain_stream(world, id, stream);
        return;
    case SIGNAL_CLOSED:
        end_stream(world, id, stream, endpoint->close_reason);
        return;
    }
}

void
host_wake(World *world, HostId id)
{
    Host *host = &world->hosts[id];
    int64_t now_ns = world_network(world, id)->now_ns;
    if (host->wake_entry_ns != now_ns)
        return;
    host->wake_entry_ns = TIME_NEVER;
    if (host->wake_ns > now_ns) {
        set_wake(world, id, host->wake_ns);
        return;
    }
    host->wake_ns = TIME_NEVER;
    Event event = {.kind = EVENT_WAKE, .stream = STREAM_NONE};
    host_event(world, id, &event);
}
