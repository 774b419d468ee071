/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/terrain.c: geography into links.
 */
#include "sim/terrain.h"

#include <assert.h>

#include "core/event.h"
#include "sim/earth.h"

/* By light alone, without queues and detours inside a region. */
static int64_t
way_ns(const Terrain *terrain, SiteId from, SiteId to)
{
    const PlanNetwork *network = &terrain->scenario->network;
    const PlanRegion *a = &network->regions[terrain->sites[from].region];
    const PlanRegion *b = &network->regions[terrain->sites[to].region];
    const double from_degrees[2] = {a->latitude, a->longitude};
    const double to_degrees[2] = {b->latitude, b->longitude};
    return earth_delay_ns(from_degrees, to_degrees, network->inflation);
}

SiteId
terrain_cell(const Terrain *terrain, uint32_t region, uint32_t isp)
{
    return region * terrain->scenario->network.isp_count + isp;
}

SiteId
terrain_data_centre(const Terrain *terrain, uint32_t plan, uint32_t isp)
{
    return terrain->cell_count + plan * terrain->scenario->network.isp_count +
           isp;
}

static double
ingress_share(const Terrain *terrain)
{
    const PlanCongestion *plan = terrain->scenario->network.congestion;
    if (!plan || plan->share_ratio == 0)
        return 0;
    return plan->ingress_share_ratio;
}

static void
add_cell(Terrain *terrain, uint32_t region, uint32_t isp)
{
    const PlanNetwork *plan = &terrain->scenario->network;
    Site *site = &terrain->sites[terrain_cell(terrain, region, isp)];
    site->region = region;
    site->isp = isp;
    site->cell = terrain_cell(terrain, region, isp);
    site->name = g_strdup_printf("%s/%s", plan->regions[region].name,
                                 plan->isps[isp].name);
    g_autofree char *name = g_strdup_printf("%s ingress", site->name);
    LinkPlan ingress = {.rate_bps = plan->ingress.rate_bps,
                        .queue = plan->ingress.queue};
    RandomSeed seed = setup_seed(terrain->scenario);
    site->ingress = setup_link(terrain->network, seed, name, &ingress);
    site->ingress_episode = PLAN_NONE;
    double share = ingress_share(terrain);
    if (share > 0)
        site->ingress_episode = process_add_episode(
            terrain->processes, site->ingress, name, plan->congestion, share,
            terrain->scenario->general.clock_ns);
}

static void
add_data_centre(Terrain *terrain, uint32_t index, uint32_t isp)
{
    const PlanNetwork *plan = &terrain->scenario->network;
    uint32_t region = terrain->scenario->roles.data_centres[index].region;
    Site *site = &terrain->sites[terrain_data_centre(terrain, index, isp)];
    site->region = region;
    site->isp = isp;
    site->cell = terrain_cell(terrain, region, isp);
    site->is_data_centre = true;
    site->ingress = LINK_NONE;
    site->ingress_episode = PLAN_NONE;
    site->name =
        g_strdup_printf("%s/%s data centre %u", plan->regions[region].name,
                        plan->isps[isp].name, index);
}

void
terrain_clear(Terrain *terrain)
{
    for (uint32_t i = 0; i < terrain->site_count; i++)
        g_free(terrain->sites[i].name);
    g_free(terrain->sites);
    g_free(terrain->routes);
    g_free(terrain->episodes);
}

uint32_t
terrain_nearest_data_centre(const Terrain *terrain, SiteId cell)
{
    uint32_t count = terrain->scenario->roles.data_centre_count;
    assert(count > 0);
    uint32_t isp = terrain->sites[cell].isp;
    uint32_t best = 0;
    int64_t best_ns = TIME_NEVER;
    for (uint32_t i = 0; i < count; i++) {
        int64_t far_ns =
            way_ns(terrain, cell, terrain_data_centre(terrain, i, isp));
        if (far_ns < best_ns) {
            best = i;
            best_ns = far_ns;
        }
    }
    return best;
}

static LinkId
add_trunk(Terrain *terrain, SiteId from, SiteId to, const char *name)
{
    const PlanNetwork *network = &terrain->scenario->network;
    const Site *source = &terrain->sites[from];
    const Site *target = &terrain->sites[to];
    bool is_peering = source->isp != target->isp;
    bool is_local = source->cell == target->cell;
    const PlanTrunk *plan = is_peering ? &network->peering : &network->backbone;
    LinkPlan trunk = {.rate_bps = plan->rate_bps,
                      .delay_ns =
                          way_ns(terrain, from, to) + network->hop_delay_ns,
                      .queue = plan->queue};
    if (!is_local)
        trunk.loss_ratio = plan->loss_ratio;
    LinkId link = setup_link(terrain->network, setup_seed(terrain->scenario),
                             name, &trunk);
    if (!is_local)
        terrain->network->links[link].extra_delay_ns = plan->queue_delay_ns;
    return link;
}

static void
add_path_episode(Terrain *terrain, size_t pair, LinkId link, const char *name)
{
    const PlanCongestion *plan = terrain->scenario->network.congestion;
    if (!plan || plan->share_ratio == 0 || plan->ingress_share_ratio >= 1)
        return;
    terrain->episodes[pair] = process_add_episode(
        terrain->processes, link, name, plan, 1 - plan->ingress_share_ratio,
        terrain->scenario->general.clock_ns);
}

static void
add_route(Terrain *terrain, size_t pair)
{
    SiteId from = (SiteId)(pair / terrain->site_count);
    SiteId to = (SiteId)(pair % terrain->site_count);
    const Site *source = &terrain->sites[from];
    const Site *target = &terrain->sites[to];
    g_autofree char *name =
        g_strdup_printf("%s to %s", source->name, target->name);
    Route route = {.hop_count = 1};
    route.links[0] = add_trunk(terrain, from, to, name);
    if (source->is_data_centre && !target->is_data_centre)
        add_path_episode(terrain, pair, route.links[0], name);
    /* Who stands inside a cell does not enter it. */
    if (!target->is_data_centre && source->cell != target->cell)
        route.links[route.hop_count++] = target->ingress;
    terrain->routes[pair] = network_add_route(terrain->network, &route);
}

void
terrain_init(Terrain *terrain, const Scenario *scenario, Network *network,
             ProcessTable *processes)
{
    const PlanNetwork *plan = &scenario->network;
    *terrain = (Terrain){
        .scenario = scenario, .network = network, .processes = processes};
    terrain->cell_count = plan->region_count * plan->isp_count;
    terrain->site_count = terrain->cell_count +
                          scenario->roles.data_centre_count * plan->isp_count;
    terrain->sites = g_new0(Site, terrain->site_count);
    for (uint32_t region = 0; region < plan->region_count; region++) {
        for (uint32_t isp = 0; isp < plan->isp_count; isp++)
            add_cell(terrain, region, isp);
    }
    for (uint32_t i = 0; i < scenario->roles.data_centre_count; i++) {
        for (uint32_t isp = 0; isp < plan->isp_count; isp++)
            add_data_centre(terrain, i, isp);
    }
    size_t pairs = (size_t)terrain->site_count * terrain->site_count;
    terrain->routes = g_new(uint32_t, pairs);
    terrain->episodes = g_new(uint32_t, pairs);
    for (size_t i = 0; i < pairs; i++) {
        terrain->episodes[i] = PLAN_NONE;
        add_route(terrain, i);
    }
}

uint32_t
terrain_route(const Terrain *terrain, SiteId from, SiteId to)
{
    return terrain->routes[(size_t)from * terrain->site_count + to];
}

LinkId
terrain_trunk(const Terrain *terrain, SiteId from, SiteId to)
{
    uint32_t route = terrain_route(terrain, from, to);
    return terrain->network->routes[route].links[0];
}

const Episode *
terrain_path_episode(const Terrain *terrain, SiteId from, SiteId to)
{
    uint32_t episode =
        terrain->episodes[(size_t)from * terrain->site_count + to];
    if (episode == PLAN_NONE)
        return NULL;
    return process_episode(terrain->processes, episode);
}

const Episode *
terrain_ingress_episode(const Terrain *terrain, SiteId cell)
{
    uint32_t episode = terrain->sites[cell].ingress_episode;
    if (episode == PLAN_NONE)
        return NULL;
    return process_episode(terrain->processes, episode);
}
