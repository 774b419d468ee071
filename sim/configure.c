/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/configure.c: tells core's roles what the scenario says about them.
 */
#include <assert.h>
#include <math.h>

#include "sim/population.h"

static uint32_t
ppm(double ratio)
{
    return (uint32_t)llround(ratio * 1e6);
}

static void
configure_client(ClientConfig *config, const Scenario *scenario)
{
    const PlanClients *plan = scenario->roles.clients;
    const PlanMeasure *measure = &scenario->measure;
    client_config_init(config);
    config->cdn_connections = plan->cdn_connections;
    config->slow_bps = plan->slow_threshold_bps;
    config->slow_window_ns = plan->slow_window_ns;
    config->edge_connections = plan->edge_connections;
    config->enough_ppm = ppm(plan->enough_factor);
    config->connect_timeout_ns = plan->connect_timeout_ns;
    config->retry_after_ns = plan->retry_after_ns;
    config->retry_count = plan->retries;
    if (scenario->roles.manager)
        config->node_count = scenario->roles.manager->nodes;
    config->window_ns[0] = measure->window_ns;
    config->window_count = 1 + measure->sensitivity_count;
    assert(config->window_count <= CLIENT_WINDOW_MAX);
    for (uint32_t i = 0; i < measure->sensitivity_count; i++)
        config->window_ns[i + 1] = measure->sensitivity[i].ns;
    const PlanDownloads *downloads = scenario->workload.downloads;
    config->stops_after_window = !downloads->has_whole_files;
    config->fast_stop_ns = downloads->has_whole_files ? 0 : downloads->watch_ns;
}

static void
configure_edge(EdgeConfig *config, const Scenario *scenario)
{
    edge_config_init(config);
    const PlanEdges *plan = scenario->roles.edges;
    if (!plan)
        return;
    config->register_spread_ns = plan->report_interval_ns;
    config->report_interval_ns = plan->report_interval_ns;
    config->probe_interval_ns = plan->probe_interval_ns;
    config->client_count_max = plan->clients_max;
}

static void
configure_manager(Population *population, const Scenario *scenario)
{
    static const SelectPolicyKind POLICIES[] = {
        [PLAN_SELECTION_PREFERRED] = SELECT_PREFERRED,
        [PLAN_SELECTION_NEARBY] = SELECT_NEARBY,
        [PLAN_SELECTION_RANDOM] = SELECT_RANDOM,
    };
    ManagerConfig *config = &population->manager_config;
    const PlanNetwork *network = &scenario->network;
    manager_config_init(config);
    population->regions = g_new(Region, network->region_count);
    for (uint32_t i = 0; i < network->region_count; i++)
        population->regions[i] = (Region){network->regions[i].latitude,
                                          network->regions[i].longitude};
    config->selection.regions = population->regions;
    config->selection.region_count = (uint16_t)network->region_count;
    config->selection.isp_count = (uint16_t)network->isp_count;
    config->policy = POLICIES[population->world->mode];
    const PlanManager *plan = scenario->roles.manager;
    config->node_count = plan->nodes;
    config->failure_ppm = ppm(plan->failure_ratio);
    config->list_age_ns = plan->list_age_ns;
    if (!scenario->roles.edges)
        return;
    config->edge_count_max = MAX(scenario->roles.edges->count, 1);
    config->offline_after_ns = 3 * scenario->roles.edges->report_interval_ns;
}

/* The data centres are who may ask for keys as services. */
static void
configure_keyring(Population *population, const Scenario *scenario)
{
    KeyringConfig *config = &population->keyring_config;
    const PlanKeyService *plan = scenario->roles.key_service;
    keyring_config_init(config);
    config->alg = (uint16_t)scenario->security.algorithm;
    config->slice_bytes = scenario->security.slice_bytes;
    config->lifetime_ns = plan->expiry_ns;
    config->idle_ns = plan->idle_deletion_ns;
    uint32_t count = population->first_cdn - population->first_origin;
    population->services = g_new(PeerId, count);
    for (uint32_t i = 0; i < count; i++)
        population->services[i] = population->first_origin + i;
    config->services = population->services;
    config->service_count = count;
}

/* No limit that a scenario does not name: what clients and edges may open,
 * twice, since one that is given up is still open here for a while. */
static uint32_t
most_streams(const Population *population)
{
    const EdgeConfig *edge = &population->edge_config;
    uint64_t of_client = population->client_config.cdn_connections;
    uint64_t of_edge = (uint64_t)edge->client_count_max + edge->pool_count_max;
    uint64_t count = of_client * population->client_count +
                     (of_edge + 1) * population->edge_count;
    return (uint32_t)MIN(2 * count + 64, UINT32_MAX);
}

void
population_configure(Population *population)
{
    const Scenario *scenario = population->world->scenario;
    configure_client(&population->client_config, scenario);
    population->client_config.never_asks = population->edge_count == 0;
    configure_edge(&population->edge_config, scenario);
    configure_manager(population, scenario);
    configure_keyring(population, scenario);
    origin_config_init(&population->origin_config, true);
    origin_config_init(&population->cdn_config, false);
    population->origin_config.session_count_max =
        population->cdn_config.session_count_max = most_streams(population);
}
