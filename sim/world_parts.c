/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/world_parts.c: a world in several parts: who lives where, and how the
 * workload hears of all of them.
 */
#include "sim/host.h"
#include "sim/partition.h"
#include "sim/parts.h"

/* What a server does for each client that it may serve, against what a client
 * or an edge does for itself: it is one end of each packet's way. */
static double
weight_of(const World *world, const Host *host)
{
    if (host->role == ROLE_CLIENT || host->role == ROLE_EDGE)
        return 1;
    (void)world;
    return 0;
}

static double *
new_weights(const World *world)
{
    double *weights = g_new0(double, world->terrain.site_count);
    for (HostId id = 0; id < world->host_count; id++) {
        const Host *host = &world->hosts[id];
        weights[host->site] += weight_of(world, host);
        /* Its downloads, or what it relays, come from there. */
        if (host->place.source != PEER_NONE)
            weights[world->hosts[host->place.source].site] += 1;
    }
    return weights;
}

static PartitionEdge *
new_edges(const World *world, uint32_t *ret_count)
{
    uint32_t sites = world->terrain.site_count;
    PartitionEdge *edges = g_new(PartitionEdge, (size_t)sites * sites);
    uint32_t count = 0;
    for (SiteId from = 0; from < sites; from++) {
        for (SiteId to = 0; to < sites; to++) {
            LinkId trunk = terrain_trunk(&world->terrain, from, to);
            int64_t delay_ns = world->network.links[trunk].delay_ns;
            if (from != to)
                edges[count++] = (PartitionEdge){from, to, delay_ns};
        }
    }
    *ret_count = count;
    return edges;
}

static void
place_links(World *world, const uint8_t *part_of, uint8_t *near_parts,
            uint8_t *far_parts)
{
    const Terrain *terrain = &world->terrain;
    for (SiteId from = 0; from < terrain->site_count; from++) {
        for (SiteId to = 0; to < terrain->site_count; to++) {
            LinkId trunk = terrain_trunk(terrain, from, to);
            near_parts[trunk] = part_of[from];
            far_parts[trunk] = part_of[to];
        }
        LinkId ingress = terrain->sites[from].ingress;
        if (ingress != LINK_NONE)
            near_parts[ingress] = far_parts[ingress] = part_of[from];
    }
    for (HostId id = 0; id < world->host_count; id++) {
        Host *host = &world->hosts[id];
        host->part = part_of[host->site];
        near_parts[host->up] = far_parts[host->up] = host->part;
        near_parts[host->down] = far_parts[host->down] = host->part;
    }
}

static void
find_legs(World *world)
{
    world->legs = g_array_new(false, false, sizeof(WorldLeg));
    for (HostId id = 0; id < world->host_count; id++) {
        WorldLeg leg = {world->hosts[id].up, 0};
        if (world->hosts[id].role == ROLE_CDN)
            g_array_append_val(world->legs, leg);
    }
}

void
world_split(World *world)
{
    g_autofree double *weights = new_weights(world);
    uint32_t edge_count;
    g_autofree PartitionEdge *edges = new_edges(world, &edge_count);
    Partition partition =
        partition_places(world->terrain.site_count, weights, edges, edge_count);
    g_autofree uint8_t *part_of = partition.part_of;
    g_autofree double *loads = partition.loads;
    if (partition.count == 1)
        return;
    uint32_t link_count = world->network.link_count;
    g_autofree uint8_t *near_parts = g_new0(uint8_t, link_count);
    g_autofree uint8_t *far_parts = g_new0(uint8_t, link_count);
    place_links(world, part_of, near_parts, far_parts);
    PartPlan plan = {.count = partition.count,
                     .window_ns = partition.window_ns,
                     .near_parts = near_parts,
                     .far_parts = far_parts,
                     .loads = loads,
                     .options = world->options};
    world_clear_parts(world);
    parts_split(&world->network, &plan);
    world_add_parts(world);
    find_legs(world);
}

/* The part whose earliest told thing is the earliest of all; else NULL. */
static WorldPart *
earliest(const World *world, const guint *heard)
{
    WorldPart *best = NULL;
    int64_t best_ns = TIME_NEVER;
    for (uint32_t i = 0; i < world->network.part_count; i++) {
        WorldPart *part = &world->parts[i];
        if (heard[i] == part->told->len)
            continue;
        int64_t now_ns = g_array_index(part->told, Told, heard[i]).now_ns;
        if (now_ns >= best_ns)
            continue;
        best = part;
        best_ns = now_ns;
    }
    return best;
}

void
world_listen(World *world)
{
    guint heard[PARTS_MAX] = {0};
    WorldPart *part;
    while ((part = earliest(world, heard))) {
        guint *place = &heard[part - world->parts];
        world_hear(world, &g_array_index(part->told, Told, (*place)++));
    }
    for (uint32_t i = 0; i < world->network.part_count; i++) {
        g_array_set_size(world->parts[i].told, 0);
        world->parts[i].passed_on = 0;
    }
}
