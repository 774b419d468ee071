/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/world_code.c: a world under way as bytes, for a checkpoint.
 *
 * Hosts, their lines and their configurations follow from the scenario; what
 * has become of them is written, and read over a world that was set up alike.
 */
#include "sim/host.h"

#include <assert.h>

#include "core/turn_code.h"

CODER_KNOWS(Host, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0}, {0}, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, {0});
CODER_KNOWS(Deferred, 0, 0, 0, {0});
CODER_KNOWS(WorldPart, {0}, {0}, 0, 0);

static void
code_deferred(Host *host, Deferred *deferred, Coder *coder)
{
    coder_i64(coder, &deferred->at_ns);
    coder_u32(coder, &deferred->released);
    turn_code(&deferred->turn, coder);
    deferred->turn.pool = &host->pool;
}

static void
code_queue(Host *host, Coder *coder)
{
    uint32_t count = 0;
    for (Deferred *at = host->deferred_first; at; at = at->next)
        count++;
    coder_u32(coder, &count);
    Deferred **place = &host->deferred_first;
    for (uint32_t i = 0; i < count && !coder->is_bad; i++) {
        if (coder->is_reading) {
            *place = g_new0(Deferred, 1);
            turn_init(&(*place)->turn);
            host->deferred_last = *place;
        }
        code_deferred(host, *place, coder);
        place = &(*place)->next;
    }
}

static void
code_streams(Host *host, Coder *coder)
{
    coder_u32(coder, &host->stream_capacity);
    host->streams = coder_array(coder, host->streams, host->stream_capacity,
                                sizeof(HostStream));
    if (coder->is_bad)
        host->stream_capacity = 0;
    stream_pool_code(&host->pool, coder);
}

static void
code_life(World *world, HostId id, Coder *coder)
{
    Host *host = &world->hosts[id];
    if (coder->is_reading)
        host->node = world_new_node(world, id);
    node_code(host->node, coder);
    code_streams(host, coder);
    code_queue(host, coder);
    coder_i64(coder, &host->wake_ns);
    coder_i64(coder, &host->cpu_free_ns);
}

static void
code_host(World *world, HostId id, Coder *coder)
{
    Host *host = &world->hosts[id];
    coder_flag(coder, &host->is_there);
    coder_u32(coder, &host->incarnation);
    coder_i64(coder, &world->network.life_start_ns[id]);
    coder_i64(coder, &host->wake_entry_ns);
    coder_bytes(coder, &host->count, sizeof host->count);
    if (host->is_there)
        code_life(world, id, coder);
}

static void
code_files(GArray *files, Coder *coder)
{
    uint32_t count = files->len;
    coder_u32(coder, &count);
    size_t size_bytes = count * sizeof(FileInfo);
    if (coder->is_reading && coder_has(coder, size_bytes))
        g_array_set_size(files, count);
    coder_bytes(coder, files->data, size_bytes);
}

void
world_code(World *world, Coder *coder)
{
    for (uint32_t part = 0; part < world->network.part_count; part++) {
        assert(world->parts[part].answers.length == 0);
        assert(world->parts[part].told->len == 0);
    }
    code_files(world->files, coder);
    process_table_code(&world->processes, coder);
    network_code(&world->network, coder, world->options);
    for (HostId id = 0; id < world->host_count && !coder->is_bad; id++)
        code_host(world, id, coder);
}
