/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/effect.c: does what a turn wants done.
 *
 * A stream that has gone meanwhile (its peer closed while a CPU was busy with
 * the turn) swallows what was meant for it.
 */
#include <assert.h>
#include <string.h>

#include "sim/host.h"

/* Consecutive writes to one stream are one push, as writev would do it. */
typedef struct Writes {
    Endpoint *endpoint;
    uint64_t size_bytes;
} Writes;

static void
flush(Network *network, Writes *writes)
{
    if (writes->size_bytes > 0)
        tcp_wrote(network, writes->endpoint, writes->size_bytes);
    *writes = (Writes){NULL, 0};
}

static const HostStream FRESH_STREAM = {
    .endpoint = UINT32_MAX,
    .forward_to = STREAM_NONE,
    .forwarded_from = STREAM_NONE,
    .next_released = STREAM_NONE,
    .expect_bytes = 1,
};

HostStream *
host_stream(Host *host, StreamId stream)
{
    if (stream >= host->stream_capacity) {
        uint32_t old = host->stream_capacity;
        host->stream_capacity = MAX(host->pool.capacity, stream + 1);
        host->streams =
            g_renew(HostStream, host->streams, host->stream_capacity);
        for (uint32_t i = old; i < host->stream_capacity; i++)
            host->streams[i] = FRESH_STREAM;
    }
    return &host->streams[stream];
}

void
host_forget_forward(World *world, HostId id, StreamId stream)
{
    Host *host = &world->hosts[id];
    HostStream *slot = host_stream(host, stream);
    StreamId from = slot->forwarded_from;
    if (slot->forward_to != STREAM_NONE)
        host_stream(host, slot->forward_to)->forwarded_from = STREAM_NONE;
    slot->forward_to = slot->forwarded_from = STREAM_NONE;
    if (from == STREAM_NONE)
        return;
    host_stream(host, from)->forward_to = STREAM_NONE;
    host_look_again(world, id, from); /* what waits there is the node's */
}

void
host_release_stream(World *world, HostId id, StreamId stream)
{
    Host *host = &world->hosts[id];
    host_forget_forward(world, id, stream);
    HostStream *slot = host_stream(host, stream);
    *slot = FRESH_STREAM;
    Deferred *last = host->deferred_last;
    if (!last) {
        stream_pool_put(&host->pool, stream);
        return;
    }
    slot->next_released = last->released;
    last->released = stream;
}

static Endpoint *
live_endpoint(World *world, Host *host, StreamId stream)
{
    EndpointId id = host_stream(host, stream)->endpoint;
    return id == UINT32_MAX ? NULL : network_endpoint(&world->network, id);
}

static void
connect_stream(World *world, HostId from, const Effect *effect)
{
    Host *host = &world->hosts[from];
    HostId to = effect->connect.peer;
    assert(to < world->host_count);
    TcpPath path = {
        .out = reach_path(world, from, to),
        .back = reach_path(world, to, from),
        .opener = host->options,
        .acceptor = world->hosts[to].options,
        .opener_host = from,
        .acceptor_host = to,
        .acceptor_part = world->hosts[to].part,
        .serial = (uint64_t)from << 32 | host->count.connections,
        .is_dead = !reach_is_open(world, from, to),
    };
    Network *network = world_network(world, from);
    EndpointId id = tcp_open(network, &path);
    tcp_own(network_endpoint(network, id), from, effect->stream);
    network_endpoint(network, id ^ 1)->owner = to;
    host_stream(host, effect->stream)->endpoint = id;
    host->count.connections++;
}

static void
write_effect(World *world, HostId id, const Turn *turn, const Effect *effect,
             Writes *writes)
{
    Host *host = &world->hosts[id];
    Network *network = world_network(world, id);
    Endpoint *endpoint = live_endpoint(world, host, effect->stream);
    if (writes->endpoint != endpoint)
        flush(network, writes);
    if (!endpoint || endpoint->state == TCP_CLOSED)
        return;
    writes->endpoint = endpoint;
    if (effect->kind == EFFECT_WRITE) {
        tcp_write_bytes(network, endpoint,
                        turn->bytes + effect->write.start_bytes,
                        effect->write.size_bytes);
        writes->size_bytes += effect->write.size_bytes;
        return;
    }
    tcp_write_extent(network, endpoint, &effect->extent);
    writes->size_bytes += effect->extent.size_bytes;
    host->count.sent_body_bytes += effect->extent.size_bytes;
}

static void
close_stream(World *world, HostId id, const Effect *effect)
{
    Endpoint *endpoint =
        live_endpoint(world, &world->hosts[id], effect->stream);
    if (!endpoint)
        return;
    host_release_stream(world, id, effect->stream);
    tcp_close(world_network(world, id), endpoint, effect->close_reason);
}

static void
order_forward(World *world, HostId id, const Effect *effect)
{
    Host *host = &world->hosts[id];
    host_stream(host, effect->forward.to);
    HostStream *from = host_stream(host, effect->stream);
    HostStream *to = host_stream(host, effect->forward.to);
    from->is_promised = false;
    if (from->endpoint == UINT32_MAX)
        return; /* EVENT_CLOSED has told or will tell */
    if (to->endpoint != UINT32_MAX && !from->is_let_go && !to->is_let_go) {
        assert(from->forward_to == STREAM_NONE);
        assert(to->forwarded_from == STREAM_NONE);
        from->forward_to = effect->forward.to;
        from->forward_left_bytes = effect->forward.size_bytes;
        from->forward_bytes = effect->forward.size_bytes;
        to->forwarded_from = effect->stream;
        host_pump_forward(world, id, effect->stream);
    }
    host_look_again(world, id, effect->stream);
}

static Answer *
push_answer(World *world, HostId id, EventKind kind)
{
    Answer *answer = g_new0(Answer, 1);
    answer->host = id;
    answer->incarnation = world->hosts[id].incarnation;
    answer->event.kind = kind;
    answer->event.stream = STREAM_NONE;
    g_queue_push_tail(&world_part(world, id)->answers, answer);
    return answer;
}

static uint32_t
file_number(const FileId *file)
{
    return (uint32_t)file->bytes[0] << 24 | (uint32_t)file->bytes[1] << 16 |
           (uint32_t)file->bytes[2] << 8 | file->bytes[3];
}

/* Disks are not simulated: data is there at once. */
static void
read_file(World *world, HostId id, const Effect *effect)
{
    Event *event = &push_answer(world, id, EVENT_READ)->event;
    event->read.tag = effect->read.tag;
    uint32_t number = file_number(&effect->read.file);
    if (number >= world->files->len)
        return;
    FileId known = world_file_id(world, number);
    if (memcmp(&known, &effect->read.file, sizeof known) != 0)
        return;
    const FileInfo *file = &g_array_index(world->files, FileInfo, number);
    event->read.is_found = true;
    event->read.file_bytes = file->size_bytes;
    uint64_t start = MIN(effect->read.offset_bytes, file->size_bytes);
    uint64_t size = MIN(effect->read.size_bytes, file->size_bytes - start);
    event->read.extent = (Extent){.offset_bytes = start,
                                  .size_bytes = size,
                                  .version = 1,
                                  .file = number};
    if (file->is_sampled && size > 0)
        event->read.extent.chunk = payload_new(number, start, (uint32_t)size);
}

static void
store_record(World *world, HostId id, const Effect *effect)
{
    Event *event = &push_answer(world, id, EVENT_STORED)->event;
    event->stored.tag = effect->store.tag;
    event->stored.is_durable = true;
}

static void
check_introduction(const Effect *effect)
{
    Address expected = reach_address(effect->introduce.peer);
    assert(memcmp(&expected.ip, &effect->introduce.address.ip,
                  sizeof expected.ip) == 0);
}

static void
print_note(const World *world, int64_t now_ns, HostId id, const Effect *effect)
{
    const Host *host = &world->hosts[id];
    fprintf(world->trace,
            "%s,%.9f,%s%u,%s,%" G_GINT64_FORMAT ",%" G_GUINT64_FORMAT "\n",
            world->trace_mode, (double)now_ns / 1e9, role_name(host->role),
            host->number, note_name(effect->note.kind),
            effect->note.about == PEER_NONE ? INT64_C(-1)
                                            : (int64_t)effect->note.about,
            effect->note.value);
}

void
world_hear(World *world, const Told *told)
{
    const NoteSink *sink = &world->sink;
    const Effect *effect = &told->effect;
    if (effect->kind == EFFECT_NOTE) {
        if (world->trace)
            print_note(world, told->now_ns, told->host, effect);
        sink->note(sink->context, told->now_ns, told->host, effect);
        return;
    }
    sink->deliver(sink->context, told->now_ns, told->host, &effect->extent,
                  told->payload);
}

/* The workload hears it now, or after the window if others run beside us. */
static void
tell(World *world, HostId id, const Effect *effect)
{
    Told told = {.now_ns = world_network(world, id)->now_ns,
                 .host = id,
                 .effect = *effect};
    if (effect->kind == EFFECT_DELIVER) {
        told.payload = payload_check(&effect->extent);
        told.effect.extent.chunk = NULL;
    }
    if (world->network.parts)
        g_array_append_val(world_part(world, id)->told, told);
    else
        world_hear(world, &told);
}

void
world_note(World *world, HostId id, const Effect *effect)
{
    Host *host = &world->hosts[id];
    host->count.requests += effect->note.kind == NOTE_REQUEST_SERVED;
    network_mark(world_network(world, id), UINT64_C(1) << 40 | id,
                 (uint64_t)effect->note.kind << 56 ^
                     (uint64_t)effect->note.about << 24 ^ effect->note.value);
    tell(world, id, effect);
}

static void
apply_one(World *world, HostId id, const Effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        connect_stream(world, id, effect);
        return;
    case EFFECT_EXPECT:
        host_look_again(world, id, effect->stream);
        return;
    case EFFECT_FORWARD:
        order_forward(world, id, effect);
        return;
    case EFFECT_CLOSE:
        close_stream(world, id, effect);
        return;
    case EFFECT_READ:
        read_file(world, id, effect);
        return;
    case EFFECT_DELIVER:
        tell(world, id, effect);
        return;
    case EFFECT_STORE:
        store_record(world, id, effect);
        return;
    case EFFECT_INTRODUCE:
        check_introduction(effect);
        return;
    case EFFECT_NOTE:
        world_note(world, id, effect);
        return;
    case EFFECT_WRITE:
    case EFFECT_WRITE_BODY:
    case EFFECT_WORK:
        return; /* done elsewhere */
    }
}

void
effect_apply(World *world, HostId id, Turn *turn)
{
    Network *network = world_network(world, id);
    Writes writes = {NULL, 0};
    for (uint32_t i = 0; i < turn->effect_count; i++) {
        const Effect *effect = &turn->effects[i];
        bool is_write =
            effect->kind == EFFECT_WRITE || effect->kind == EFFECT_WRITE_BODY;
        if (is_write) {
            write_effect(world, id, turn, effect, &writes);
            continue;
        }
        if (effect->kind != EFFECT_NOTE)
            flush(network, &writes);
        apply_one(world, id, effect);
    }
    flush(network, &writes);
}
