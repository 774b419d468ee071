/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/reach.c: the way from host to host, and whether it is open.
 */
#include "sim/nat.h"
#include "sim/world.h"

Path
reach_path(World *world, HostId from, HostId to)
{
    const Host *source = &world->hosts[from];
    const Host *target = &world->hosts[to];
    return (Path){
        source->up,
        terrain_route(&world->terrain, source->site, target->site),
        target->down,
    };
}

/* Homes stand behind address translators and firewalls, and lists are older
 * than what they list: a client reaches an edge or it does not, for as long
 * as a list lives. The classes of the two and the draws of the pair decide,
 * so all modes see the same world. */
bool
reach_is_open(World *world, HostId from, HostId to)
{
    const Host *client = &world->hosts[from];
    const Host *edge = &world->hosts[to];
    if (!edge->is_there)
        return false;
    if (client->role != ROLE_CLIENT || edge->role != ROLE_EDGE)
        return true;
    if (!nat_can_meet(client->nat, edge->nat))
        return false;
    const PlanEdges *plan = world->scenario->roles.edges;
    int64_t list_age_ns = world->scenario->roles.manager->list_age_ns;
    uint64_t epoch = (uint64_t)(world_network(world, from)->now_ns /
                                MAX(list_age_ns, NS_PER_S));
    if (random_hash(world->seed, "gone", edge->number, epoch) <
        random_threshold(plan->gone_ratio))
        return false;
    const Site *sites = world->terrain.sites;
    bool is_near = sites[client->site].region == sites[edge->site].region;
    double ratio =
        is_near ? plan->reachable_near_ratio : plan->reachable_far_ratio;
    return random_hash(world->seed, "reach", client->number, edge->number) <
           random_threshold(ratio);
}

/* 10.x.y.z as an IPv4-mapped address. */
Address
reach_address(HostId host)
{
    Address address = {.port = 443};
    address.ip[10] = address.ip[11] = 0xff;
    address.ip[12] = 10;
    address.ip[13] = (uint8_t)(host >> 16);
    address.ip[14] = (uint8_t)(host >> 8);
    address.ip[15] = (uint8_t)host;
    return address;
}
