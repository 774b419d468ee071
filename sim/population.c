/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/population.c: draws hosts and their access lines, tells nodes their
 * configuration, lets edges come and go.
 */
#include "sim/population.h"

#include <assert.h>
#include <string.h>

#define STAY_DRAWS 64

typedef struct Access {
    LinkPlan up;
    LinkPlan down;
    int64_t up_queue_delay_ns; /* others' standing queue on the uplink */
} Access;

static void
add_access(Population *population, HostId id, const Access *access)
{
    World *world = population->world;
    Host *host = &world->hosts[id];
    g_autofree char *up_name =
        g_strdup_printf("%s %u up", role_name(host->role), host->number);
    g_autofree char *down_name =
        g_strdup_printf("%s %u down", role_name(host->role), host->number);
    host->up = setup_link(&world->network, world->seed, up_name, &access->up);
    world->network.links[host->up].extra_delay_ns = access->up_queue_delay_ns;
    host->down =
        setup_link(&world->network, world->seed, down_name, &access->down);
}

static void
name_stream(const Population *population, const Host *host, const char *purpose,
            RandomStream *ret_stream)
{
    g_autofree char *name =
        g_strdup_printf("%s %u", role_name(host->role), host->number);
    random_init(ret_stream, population->world->seed, name, purpose);
}

/* By a stream of its own, so that translators change nothing else. */
static uint8_t
draw_nat(const Population *population, const Host *host,
         const Distribution *classes)
{
    RandomStream draws;
    name_stream(population, host, "nat", &draws);
    return (uint8_t)distribution_draw_choice(classes, &draws);
}

static SiteId
draw_cell(const Population *population, RandomStream *draws)
{
    uint32_t count = population->world->terrain.cell_count;
    double aim = random_unit(draws) * population->cell_sums[count - 1];
    uint32_t low = 0;
    uint32_t high = count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (population->cell_sums[middle] <= aim)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
sum_weights(Population *population)
{
    const Terrain *terrain = &population->world->terrain;
    const PlanRegion *regions = population->world->scenario->network.regions;
    double sum = 0;
    population->cell_sums = g_new(double, terrain->cell_count);
    for (SiteId cell = 0; cell < terrain->cell_count; cell++) {
        const Site *site = &terrain->sites[cell];
        sum += regions[site->region].weights[site->isp];
        population->cell_sums[cell] = sum;
    }
}

static void
place_host(Population *population, HostId id, SiteId site, HostId source)
{
    Host *host = &population->world->hosts[id];
    const Site *found = &population->world->terrain.sites[site];
    host->site = site;
    host->place = (Place){
        .self = id,
        .manager = population->manager,
        .key_service = population->key_service,
        .source = source,
        .region = (uint16_t)found->region,
        .isp = (uint16_t)found->isp,
        .address = reach_address(id),
    };
}

static HostId
server_of(const Population *population, SiteId cell, HostId first)
{
    const Terrain *terrain = &population->world->terrain;
    uint32_t isps = population->world->scenario->network.isp_count;
    uint32_t plan = terrain_nearest_data_centre(terrain, cell);
    return first + plan * isps + terrain->sites[cell].isp;
}

static HostId
cdn_of(const Population *population, SiteId cell, RandomStream *draws)
{
    const Scenario *scenario = population->world->scenario;
    uint32_t plans = scenario->roles.data_centre_count;
    if (scenario->roles.clients->cdn_site == PLAN_CDN_NEAREST)
        return server_of(population, cell, population->first_cdn);
    uint32_t plan = (uint32_t)(random_unit(draws) * plans);
    return population->first_cdn + plan * scenario->network.isp_count +
           population->world->terrain.sites[cell].isp;
}

static void
add_server(Population *population, HostId id, const Host *plan,
           uint64_t rate_bps)
{
    Host *host = &population->world->hosts[id];
    host->role = plan->role;
    host->number = plan->number;
    host->config = plan->config;
    host->options = plan->options;
    host->cores = plan->cores;
    place_host(population, id, plan->site, PEER_NONE);
    LinkPlan line = {.rate_bps = rate_bps,
                     .queue = {PLAN_QUEUE_NS, 50 * NS_PER_MS}};
    Access access = {.up = line, .down = line};
    add_access(population, id, &access);
}

static void
add_data_centres(Population *population)
{
    World *world = population->world;
    const Scenario *scenario = world->scenario;
    uint32_t isps = scenario->network.isp_count;
    for (uint32_t i = 0; i < scenario->roles.data_centre_count * isps; i++) {
        const PlanDataCentre *plan = &scenario->roles.data_centres[i / isps];
        Host host = {
            .role = ROLE_DATA_CENTRE,
            .number = i,
            .config = &population->origin_config,
            .options = &world->options[plan->transport],
            .cores = plan->cores,
            .site = terrain_data_centre(&world->terrain, i / isps, i % isps),
        };
        add_server(population, population->first_origin + i, &host,
                   plan->rate_bps);
        host.role = ROLE_CDN;
        host.config = &population->cdn_config;
        host.options = &world->options[plan->cdn_transport];
        host.cores = 0;
        add_server(population, population->first_cdn + i, &host,
                   plan->cdn_rate_bps);
    }
}

#define CONTROL_RATE_BPS UINT64_C(10000000000)

static void
add_control(Population *population)
{
    World *world = population->world;
    const PlanManager *manager = world->scenario->roles.manager;
    const PlanKeyService *keys = world->scenario->roles.key_service;
    Host host = {
        .role = ROLE_MANAGER,
        .config = &population->manager_config,
        .options = &world->options[0],
        .cores = manager->cores,
        .site = terrain_cell(&world->terrain, manager->region, manager->isp),
    };
    add_server(population, population->manager, &host, CONTROL_RATE_BPS);
    host.role = ROLE_KEY_SERVICE;
    host.config = &population->keyring_config;
    host.cores = keys->cores;
    host.site = terrain_cell(&world->terrain, keys->region, keys->isp);
    add_server(population, population->key_service, &host, CONTROL_RATE_BPS);
}

static uint64_t
draw_rate_bps(const Distribution *distribution, RandomStream *draws)
{
    return (uint64_t)MAX(distribution_draw_integer(distribution, draws), 10000);
}

static double
draw_ratio(const Distribution *distribution, RandomStream *draws)
{
    return CLAMP(distribution_draw(distribution, draws), 0, 1);
}

/* What the owner of the machine uses of its uplink is not ours; what is left
 * stands behind the owner's packets. */
static void
add_edge_line(Population *population, HostId id, RandomStream *draws)
{
    const PlanEdges *plan = population->world->scenario->roles.edges;
    bool is_server = random_unit(draws) < plan->server_room_share_ratio;
    uint64_t up_bps = draw_rate_bps(
        is_server ? &plan->server_room_up : &plan->home_up, draws);
    double used = draw_ratio(&plan->use, draws);
    int64_t delay_ns = distribution_draw_integer(&plan->delay, draws);
    LinkPlan up = {
        .rate_bps = (uint64_t)MAX((double)up_bps * (1 - used), 10000),
        .delay_ns = delay_ns,
        .loss_ratio = MIN(draw_ratio(&plan->loss, draws), 0.5),
        .queue = plan->queue,
        .aqm = plan->aqm,
    };
    LinkPlan down = {
        .rate_bps = (uint64_t)MAX((double)up_bps * plan->down_factor, 10000),
        .delay_ns = delay_ns,
        .queue = plan->queue,
        .aqm = plan->aqm,
    };
    Access access = {up, down,
                     distribution_draw_integer(&plan->queue_delay, draws)};
    add_access(population, id, &access);
}

static void
add_edges(Population *population)
{
    World *world = population->world;
    const PlanEdges *plan = world->scenario->roles.edges;
    for (uint32_t i = 0; i < population->edge_count; i++) {
        HostId id = population->first_edge + i;
        Host *host = &world->hosts[id];
        host->role = ROLE_EDGE;
        host->number = i;
        host->config = &population->edge_config;
        host->options = &world->options[plan->transport];
        host->nat = draw_nat(population, host, &plan->nat);
        RandomStream draws;
        name_stream(population, host, "life", &draws);
        SiteId cell = draw_cell(population, &draws);
        place_host(population, id, cell,
                   server_of(population, cell, population->first_origin));
        add_edge_line(population, id, &draws);
    }
}

static void
add_client_line(Population *population, HostId id, RandomStream *draws)
{
    const Scenario *scenario = population->world->scenario;
    Host *host = &population->world->hosts[id];
    ClientTraits *traits = &population->clients[host->number];
    traits->profile =
        distribution_draw_choice(&scenario->roles.clients->technology, draws);
    const PlanProfile *profile = &scenario->network.profiles[traits->profile];
    uint32_t isp = profile->down_count > 1 ? host->place.isp : 0;
    traits->down_bps = draw_rate_bps(&profile->down[isp], draws);
    int64_t delay_ns = distribution_draw_integer(&profile->delay, draws);
    LinkPlan down = {.rate_bps = traits->down_bps,
                     .delay_ns = delay_ns,
                     .loss_ratio = draw_ratio(&profile->loss, draws),
                     .queue = profile->queue,
                     .aqm = profile->aqm};
    LinkPlan up = down;
    up.rate_bps = draw_rate_bps(&profile->up, draws);
    up.loss_ratio = 0;
    Access access = {up, down, 0};
    add_access(population, id, &access);
}

static void
add_clients(Population *population)
{
    World *world = population->world;
    const PlanClients *plan = world->scenario->roles.clients;
    population->clients = g_new0(ClientTraits, population->client_count);
    for (uint32_t i = 0; i < population->client_count; i++) {
        HostId id = population->first_client + i;
        Host *host = &world->hosts[id];
        host->role = ROLE_CLIENT;
        host->number = i;
        host->config = &population->client_config;
        host->cores = plan->cores;
        host->options = &world->options[plan->transport];
        host->nat = draw_nat(population, host, &plan->nat);
        RandomStream draws;
        name_stream(population, host, "life", &draws);
        SiteId cell = draw_cell(population, &draws);
        place_host(population, id, cell, cdn_of(population, cell, &draws));
        add_client_line(population, id, &draws);
    }
}

uint32_t
population_role_count(const Scenario *scenario, Role role)
{
    const PlanRoles *roles = &scenario->roles;
    switch (role) {
    case ROLE_CLIENT:
        return roles->clients->count;
    case ROLE_EDGE:
        return roles->edges ? roles->edges->count : 0;
    case ROLE_MANAGER:
    case ROLE_KEY_SERVICE:
        return 1;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN:
        return roles->data_centre_count * scenario->network.isp_count;
    case ROLE_COUNT:
        break;
    }
    g_assert_not_reached();
}

void
population_init(Population *population, World *world)
{
    memset(population, 0, sizeof *population);
    population->world = world;
    const Scenario *scenario = world->scenario;
    uint32_t servers = population_role_count(scenario, ROLE_CDN);
    population->edge_count = population_role_count(scenario, ROLE_EDGE);
    population->client_count = population_role_count(scenario, ROLE_CLIENT);
    population->first_origin = 0;
    population->first_cdn = servers;
    population->manager = 2 * servers;
    population->key_service = population->manager + 1;
    population->first_edge = population->key_service + 1;
    population->first_client = population->first_edge + population->edge_count;
    world_add_hosts(world, population->first_client + population->client_count);
    sum_weights(population);
    population_configure(population);
    add_data_centres(population);
    add_control(population);
    add_edges(population);
    add_clients(population);
}

void
population_clear(Population *population)
{
    g_free(population->clients);
    g_free(population->cell_sums);
    g_free(population->churn);
    g_free(population->regions);
    g_free(population->services);
}

/* The share of its time that an edge is there. */
static double
presence(const PlanEdges *plan)
{
    double on = distribution_mean(&plan->session);
    double off = distribution_mean(&plan->absence);
    return on / (on + off);
}

static const Distribution *
stay(const Population *population, uint32_t edge)
{
    const World *world = population->world;
    const PlanEdges *plan = world->scenario->roles.edges;
    bool is_there = world->hosts[population->first_edge + edge].is_there;
    return is_there ? &plan->session : &plan->absence;
}

static void
schedule_churn(Population *population, uint32_t edge, double length_ns)
{
    World *world = population->world;
    int64_t wait_ns = (int64_t)CLAMP(length_ns, 1e9, 1e17);
    agenda_push(world_calendar(world), world->network.now_ns + wait_ns,
                AGENDA_CHURN, edge);
}

/* What is left of a stay into which time 0 falls: a long stay is as much
 * likelier to be met as it is longer, and is met anywhere along it. Chosen
 * among many draws by their length, whatever the distribution. */
static double
draw_rest_ns(const Distribution *stay_ns, RandomStream *draws)
{
    double lengths[STAY_DRAWS];
    double sum = 0;
    for (int i = 0; i < STAY_DRAWS; i++) {
        lengths[i] = distribution_draw(stay_ns, draws);
        sum += lengths[i];
    }
    double aim = random_unit(draws) * sum;
    int met = 0;
    while (met < STAY_DRAWS - 1 && aim >= lengths[met])
        aim -= lengths[met++];
    return random_unit(draws) * lengths[met];
}

static void
start_edges(Population *population)
{
    World *world = population->world;
    if (population->edge_count == 0)
        return;
    const PlanEdges *plan = world->scenario->roles.edges;
    double there = presence(plan);
    population->churn = g_new(RandomStream, population->edge_count);
    for (uint32_t edge = 0; edge < population->edge_count; edge++) {
        RandomStream *draws = &population->churn[edge];
        g_autofree char *name = g_strdup_printf("edge %u", edge);
        random_init(draws, world->seed, name, "churn");
        if (random_unit(draws) < there)
            world_start(world, population->first_edge + edge);
        schedule_churn(population, edge,
                       draw_rest_ns(stay(population, edge), draws));
    }
}

void
population_start(Population *population)
{
    World *world = population->world;
    process_table_start(&world->processes);
    for (HostId id = 0; id < population->first_edge; id++)
        world_start(world, id);
    start_edges(population);
    for (uint32_t i = 0; i < population->client_count; i++)
        world_start(world, population->first_client + i);
    world_settle(world);
}

void
population_churn(Population *population, uint32_t edge)
{
    World *world = population->world;
    HostId id = population->first_edge + edge;
    if (world->hosts[id].is_there)
        world_stop(world, id);
    else
        world_start(world, id);
    schedule_churn(
        population, edge,
        distribution_draw(stay(population, edge), &population->churn[edge]));
    world_settle(world);
}

void
population_code(Population *population, Coder *coder)
{
    population->churn = coder_array(
        coder, population->churn, population->edge_count, sizeof(RandomStream));
}
