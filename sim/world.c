/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/world.c: makes the world, and lets one thing happen after another.
 */
#include "sim/host.h"

#include <assert.h>
#include <string.h>

#include "sim/parts.h"
#include "sim/random.h"

static void
set_prices(World *world)
{
    const PlanSecurity *plan = &world->scenario->security;
    world->work_ps[WORK_SEAL][0] = plan->seal_slice_ps;
    world->work_ps[WORK_SEAL][1] = plan->seal_byte_ps;
    world->work_ps[WORK_OPEN][0] = plan->open_slice_ps;
    world->work_ps[WORK_OPEN][1] = plan->open_byte_ps;
    world->work_ps[WORK_RANK][0] = plan->rank_ps;
    world->work_ps[WORK_KEY][0] = plan->key_ps;
}

void
world_add_parts(World *world)
{
    uint32_t count = world->network.part_count;
    world->parts = g_aligned_alloc0(count, sizeof(WorldPart), 64);
    for (uint32_t part = 0; part < count; part++) {
        g_queue_init(&world->parts[part].answers);
        turn_init(&world->parts[part].turn);
        world->parts[part].told = g_array_new(false, false, sizeof(Told));
    }
}

void
world_init(World *world, const Scenario *scenario, PlanSelection mode)
{
    memset(world, 0, sizeof *world);
    world->scenario = scenario;
    world->mode = mode;
    world->seed = setup_seed(scenario);
    world->options = setup_transports(scenario);
    world->files = g_array_new(false, false, sizeof(FileInfo));
    network_init(&world->network);
    world_add_parts(world);
    process_table_init(&world->processes, &world->network, world->seed);
    terrain_init(&world->terrain, scenario, &world->network, &world->processes);
    set_prices(world);
}

static void
drop_deferred(Host *host)
{
    while (host->deferred_first) {
        Deferred *deferred = host->deferred_first;
        host->deferred_first = deferred->next;
        turn_clear(&deferred->turn);
        g_free(deferred);
    }
    host->deferred_last = NULL;
}

static void
answer_free(Answer *answer)
{
    if (answer->event.kind == EVENT_READ && answer->event.read.extent.chunk)
        chunk_unref(answer->event.read.extent.chunk);
    g_free(answer);
}

void
world_clear_parts(World *world)
{
    for (uint32_t i = 0; i < world->network.part_count; i++) {
        WorldPart *part = &world->parts[i];
        while (!g_queue_is_empty(&part->answers))
            answer_free(g_queue_pop_head(&part->answers));
        turn_clear(&part->turn);
        g_array_unref(part->told);
    }
    g_aligned_free(world->parts);
}

void
world_clear(World *world)
{
    for (HostId id = 0; id < world->host_count; id++) {
        Host *host = &world->hosts[id];
        drop_deferred(host);
        if (host->node)
            node_free(host->node);
        stream_pool_clear(&host->pool);
        g_free(host->streams);
    }
    g_free(world->hosts);
    g_free(world->network.life_start_ns);
    world_clear_parts(world);
    if (world->network.parts)
        parts_free(world->network.parts);
    process_table_clear(&world->processes);
    terrain_clear(&world->terrain);
    network_clear(&world->network);
    g_array_unref(world->files);
    if (world->legs)
        g_array_unref(world->legs);
    g_free(world->options);
}

void
world_add_hosts(World *world, uint32_t host_count)
{
    assert(!world->hosts);
    world->hosts = g_new0(Host, host_count);
    world->host_count = host_count;
    world->network.life_start_ns = g_new(int64_t, host_count);
    for (HostId id = 0; id < host_count; id++) {
        world->hosts[id].up = world->hosts[id].down = LINK_NONE;
        world->hosts[id].wake_ns = TIME_NEVER;
        world->hosts[id].wake_entry_ns = TIME_NEVER;
        world->network.life_start_ns[id] = TIME_NEVER;
    }
}

/* Each life of each node has its own luck. */
static void
write_node_seed(const World *world, HostId id, uint8_t ret_seed[32])
{
    RandomStream stream;
    const Host *host = &world->hosts[id];
    g_autofree char *name =
        g_strdup_printf("%s %u life %u", role_name(host->role), host->number,
                        host->incarnation);
    random_init(&stream, world->seed, name, "node");
    for (int i = 0; i < 4; i++) {
        uint64_t word = random_next(&stream);
        for (int j = 0; j < 8; j++)
            ret_seed[8 * i + j] = (uint8_t)(word >> (8 * j));
    }
}

Node *
world_new_node(const World *world, HostId id)
{
    const Host *host = &world->hosts[id];
    uint8_t seed[32];
    write_node_seed(world, id, seed);
    return node_new(host->role, host->config, seed);
}

static void
log_node(World *world, HostId id)
{
    Host *host = &world->hosts[id];
    host->is_logged = turn_wish_has(world->turn_wish, host->role, host->number);
    if (!host->is_logged)
        return;
    uint8_t seed[32];
    write_node_seed(world, id, seed);
    LoggedNode node = logged_node(host->role, host->config, seed);
    node.id = id;
    node.number = host->number;
    turn_file_node(world->turns, &node);
}

static bool
world_is_here(const World *world, HostId host)
{
    const Parts *parts = world->network.parts;
    return !parts || parts_is_here(parts, world->hosts[host].part);
}

void
world_start(World *world, HostId id)
{
    Host *host = &world->hosts[id];
    assert(!host->is_there);
    host->is_there = true;
    host->incarnation++;
    if (world->elsewhere) {
        world->elsewhere->start(world->elsewhere->context, id);
        return;
    }
    world->network.life_start_ns[id] = world_network(world, id)->now_ns;
    if (!world_is_here(world, id))
        return;
    host->node = world_new_node(world, id);
    if (world->turns)
        log_node(world, id);
    Event event = {.kind = EVENT_START, .stream = STREAM_NONE};
    event.place = &host->place;
    host_event(world, id, &event);
}

void
world_stop(World *world, HostId id)
{
    Host *host = &world->hosts[id];
    assert(host->is_there);
    host->is_there = false;
    if (world->elsewhere) {
        world->elsewhere->stop(world->elsewhere->context, id);
        return;
    }
    /* Connections that its node had not met yet, or had closed while TCP was
     * still sending, are no stream of its: they notice. */
    world->network.life_start_ns[id] = TIME_NEVER;
    if (!world_is_here(world, id))
        return;
    for (StreamId stream = 0; stream < host->stream_capacity; stream++) {
        EndpointId endpoint = host->streams[stream].endpoint;
        if (endpoint != UINT32_MAX)
            tcp_vanish(world_network(world, id),
                       network_endpoint(&world->network, endpoint));
    }
    drop_deferred(host);
    node_free(host->node);
    host->node = NULL;
    host->wake_ns = TIME_NEVER;
    host->cpu_free_ns = 0; /* what it was busy with is lost */
    g_free(host->streams);
    host->streams = NULL;
    host->stream_capacity = 0;
    stream_pool_clear(&host->pool);
}

void
world_command(World *world, HostId id, const Command *command)
{
    if (world->elsewhere) {
        world->elsewhere->command(world->elsewhere->context, id, command);
        return;
    }
    Event event = {.kind = EVENT_COMMAND, .stream = STREAM_NONE};
    event.command = command;
    host_event(world, id, &event); /* whose node is at another rank is deaf */
}

uint32_t
world_add_file(World *world, uint64_t size_bytes, bool is_sampled)
{
    FileInfo file = {size_bytes, is_sampled};
    g_array_append_val(world->files, file);
    return world->files->len - 1;
}

/* The number in front, so that the driver finds the file again; to nodes it
 * is 32 opaque bytes. */
FileId
world_file_id(const World *world, uint32_t file)
{
    FileId id;
    for (uint32_t i = 0; i < 4; i++)
        id.bytes[i] = (uint8_t)(file >> (24 - 8 * i));
    uint64_t word = random_hash(world->seed, "file", file, 0);
    for (uint32_t i = 4; i < sizeof id.bytes; i++)
        id.bytes[i] = (uint8_t)(word >> (8 * (i % 8))) ^ (uint8_t)i;
    return id;
}

static void
give_answer(World *world, Answer *answer)
{
    Host *host = &world->hosts[answer->host];
    const Event *event = &answer->event;
    bool is_stale = answer->incarnation != host->incarnation;
    /* A forwarded stream that was closed meanwhile has nothing to say. */
    if (event->kind == EVENT_FORWARDED && !is_stale)
        is_stale = host_stream(host, event->stream)->endpoint == UINT32_MAX;
    if (!is_stale)
        host_event(world, answer->host, &answer->event);
    if (!is_stale && event->kind == EVENT_FORWARDED)
        host_look_again(world, answer->host, event->stream);
    answer_free(answer);
}

static void
settle_part(World *world, Network *network)
{
    WorldPart *part = &world->parts[network->part];
    for (;;) {
        Signal signal;
        if (part->answers.length > 0)
            give_answer(world, g_queue_pop_head(&part->answers));
        else if (network->signal_count > 0 &&
                 network_take_signal(network, &signal))
            host_take_signal(world, &signal);
        else
            return;
    }
}

void
world_settle(World *world)
{
    for (uint32_t part = 0; part < world->network.part_count; part++)
        settle_part(world, network_part(&world->network, part));
}

bool
world_step(World *world, Network *network, const AgendaEntry *entry)
{
    uint32_t id = (uint32_t)entry->key;
    bool is_ours = network_step(network, entry);
    if (!is_ours) {
        is_ours = true;
        AgendaKind kind = agenda_kind(entry);
        if (kind == AGENDA_PROCESS)
            process_run(&world->processes, id);
        else if (kind == AGENDA_CPU)
            host_finish_work(world, id);
        else if (kind == AGENDA_WAKE)
            host_wake(world, id);
        else
            is_ours = false;
    }
    settle_part(world, network);
    return is_ours;
}

Agenda *
world_calendar(World *world)
{
    Parts *parts = world->network.parts;
    return parts ? &parts->agenda : &world->network.agenda;
}
