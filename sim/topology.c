/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/topology.c: Dijkstra over the routers of a bare graph.
 */
#include "sim/topology.h"

#include <assert.h>

#include "core/event.h"
#include "sim/partition.h"

typedef struct Arc {
    uint32_t from;
    uint32_t to;
    LinkId link;
    int64_t cost_ns;
} Arc;

typedef struct TopologyHost {
    uint32_t group;
    uint32_t member;
    uint32_t node;
    uint32_t place; /* see topology_split */
    uint8_t part;
    LinkId up;
    LinkId down;
} TopologyHost;

/* How to reach every node from one: the arc that enters it. */
typedef struct Reach {
    uint32_t *entering; /* index of arc, PLAN_NONE: not reached */
} Reach;

struct Topology {
    const Scenario *scenario;
    Network *network;
    Arc *arcs;
    uint32_t arc_count;
    TopologyHost *hosts;
    uint32_t host_count;
    Reach *reaches;     /* one per node, filled when asked for */
    GHashTable *routes; /* (from, to) -> route + 1; never iterated */
};

static void
add_arc(Topology *topology, const PlanLink *plan, bool is_back, RandomSeed seed)
{
    Arc *arc = &topology->arcs[topology->arc_count++];
    arc->from = is_back ? plan->to : plan->from;
    arc->to = is_back ? plan->from : plan->to;
    arc->link = setup_graph_link(topology->network, seed, plan, is_back);
    arc->cost_ns = plan->delay_ns;
}

static void
add_access(Topology *topology, TopologyHost *host, RandomSeed seed)
{
    const PlanHost *plan = &topology->scenario->hosts[host->group];
    host->up = host->down = LINK_NONE;
    LinkPlan up = {plan->rate_bps, plan->delay_ns, 0, plan->queue, plan->aqm};
    LinkPlan down = up;
    down.loss_ratio = plan->loss_ratio;
    uint32_t id = (uint32_t)(host - topology->hosts);
    g_autofree char *name = topology_host_name(topology, id);
    g_autofree char *up_name = g_strdup_printf("%s up", name);
    g_autofree char *down_name = g_strdup_printf("%s down", name);
    if (plan->profile != PLAN_NONE) {
        const PlanProfile *profile =
            &topology->scenario->network.profiles[plan->profile];
        RandomStream draws;
        random_init(&draws, seed, name, "access");
        down.rate_bps =
            (uint64_t)distribution_draw_integer(&profile->down[0], &draws);
        up.rate_bps = (uint64_t)distribution_draw_integer(&profile->up, &draws);
        down.delay_ns = distribution_draw_integer(&profile->delay, &draws);
        up.delay_ns = down.delay_ns;
        down.loss_ratio = distribution_draw(&profile->loss, &draws);
        up.queue = down.queue = profile->queue;
        up.aqm = down.aqm = profile->aqm;
    } else if (plan->rate_bps == 0) {
        return;
    }
    host->up = setup_link(topology->network, seed, up_name, &up);
    host->down = setup_link(topology->network, seed, down_name, &down);
}

static void
add_hosts(Topology *topology, RandomSeed seed)
{
    const Scenario *scenario = topology->scenario;
    for (uint32_t group = 0; group < scenario->host_count; group++)
        topology->host_count += scenario->hosts[group].count;
    topology->hosts = g_new0(TopologyHost, topology->host_count);
    uint32_t id = 0;
    for (uint32_t group = 0; group < scenario->host_count; group++) {
        const PlanHost *plan = &scenario->hosts[group];
        for (uint32_t member = 0; member < plan->count; member++) {
            TopologyHost *host = &topology->hosts[id++];
            host->group = group;
            host->member = member;
            host->node = plan->at;
            add_access(topology, host, seed);
        }
    }
}

Topology *
topology_new(const Scenario *scenario, Network *network)
{
    Topology *topology = g_new0(Topology, 1);
    topology->scenario = scenario;
    topology->network = network;
    const PlanNetwork *plan = &scenario->network;
    topology->arcs = g_new0(Arc, 2 * (size_t)plan->link_count + 1);
    RandomSeed seed = setup_seed(scenario);
    for (uint32_t i = 0; i < plan->link_count; i++) {
        add_arc(topology, &plan->links[i], false, seed);
        if (plan->links[i].is_duplex)
            add_arc(topology, &plan->links[i], true, seed);
    }
    add_hosts(topology, seed);
    topology->reaches = g_new0(Reach, plan->node_count + 1);
    topology->routes =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return topology;
}

void
topology_free(Topology *topology)
{
    for (uint32_t i = 0; i < topology->scenario->network.node_count; i++)
        g_free(topology->reaches[i].entering);
    g_free(topology->reaches);
    g_free(topology->arcs);
    g_free(topology->hosts);
    g_hash_table_unref(topology->routes);
    g_free(topology);
}

uint32_t
topology_host(const Topology *topology, uint32_t group, uint32_t member)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < group; i++)
        first += topology->scenario->hosts[i].count;
    assert(member < topology->scenario->hosts[group].count);
    return first + member;
}

uint32_t
topology_host_count(const Topology *topology)
{
    return topology->host_count;
}

char *
topology_host_name(const Topology *topology, uint32_t host)
{
    const TopologyHost *found = &topology->hosts[host];
    const PlanHost *plan = &topology->scenario->hosts[found->group];
    if (plan->count == 1)
        return g_strdup(plan->name);
    return g_strdup_printf("%s%u", plan->name, found->member);
}

LinkId
topology_line(const Topology *topology, uint32_t host, bool is_down)
{
    const TopologyHost *found = &topology->hosts[host];
    return is_down ? found->down : found->up;
}

typedef struct Search {
    int64_t *cost_ns;
    uint32_t *hops;
    bool *is_done;
} Search;

static uint32_t
nearest_open(const Search *search, uint32_t node_count)
{
    uint32_t best = PLAN_NONE;
    for (uint32_t node = 0; node < node_count; node++) {
        if (search->is_done[node] || search->cost_ns[node] == TIME_NEVER)
            continue;
        if (best == PLAN_NONE || search->cost_ns[node] < search->cost_ns[best])
            best = node;
    }
    return best;
}

static void
relax(const Topology *topology, Search *search, uint32_t node,
      uint32_t *entering)
{
    for (uint32_t i = 0; i < topology->arc_count; i++) {
        const Arc *arc = &topology->arcs[i];
        if (arc->from != node)
            continue;
        int64_t cost_ns = search->cost_ns[node] + arc->cost_ns;
        uint32_t hops = search->hops[node] + 1;
        bool is_better = cost_ns < search->cost_ns[arc->to] ||
                         (cost_ns == search->cost_ns[arc->to] &&
                          hops < search->hops[arc->to]);
        if (!is_better)
            continue;
        search->cost_ns[arc->to] = cost_ns;
        search->hops[arc->to] = hops;
        entering[arc->to] = i;
    }
}

static void
search_from(Topology *topology, uint32_t source)
{
    uint32_t count = topology->scenario->network.node_count;
    Search search = {g_new(int64_t, count), g_new0(uint32_t, count),
                     g_new0(bool, count)};
    uint32_t *entering = g_new(uint32_t, count);
    for (uint32_t node = 0; node < count; node++) {
        search.cost_ns[node] = TIME_NEVER;
        entering[node] = PLAN_NONE;
    }
    search.cost_ns[source] = 0;
    uint32_t node = source;
    for (; node != PLAN_NONE; node = nearest_open(&search, count)) {
        search.is_done[node] = true;
        relax(topology, &search, node, entering);
    }
    topology->reaches[source].entering = entering;
    g_free(search.cost_ns);
    g_free(search.hops);
    g_free(search.is_done);
}

/* The route between two routers, or ROUTE_NONE. */
static uint32_t
build_route(Topology *topology, uint32_t from, uint32_t to)
{
    if (!topology->reaches[from].entering)
        search_from(topology, from);
    Route backward = {0};
    uint32_t node = to;
    while (node != from) {
        uint32_t entering = topology->reaches[from].entering[node];
        if (entering == PLAN_NONE || backward.hop_count == ROUTE_HOPS_MAX)
            return ROUTE_NONE;
        backward.links[backward.hop_count++] = topology->arcs[entering].link;
        node = topology->arcs[entering].from;
    }
    Route route = {.hop_count = backward.hop_count};
    for (uint32_t i = 0; i < route.hop_count; i++)
        route.links[i] = backward.links[route.hop_count - 1 - i];
    return network_add_route(topology->network, &route);
}

static uint32_t
find_route(Topology *topology, uint32_t from, uint32_t to)
{
    int64_t key = (int64_t)from << 32 | to;
    gpointer known = g_hash_table_lookup(topology->routes, &key);
    if (known)
        return GPOINTER_TO_UINT(known) - 1;
    uint32_t route = build_route(topology, from, to);
    if (route != ROUTE_NONE) {
        int64_t *kept = g_memdup2(&key, sizeof key);
        g_hash_table_insert(topology->routes, kept,
                            GUINT_TO_POINTER(route + 1));
    }
    return route;
}

bool
topology_path(Topology *topology, uint32_t from, uint32_t to, Path *ret_path)
{
    const TopologyHost *source = &topology->hosts[from];
    const TopologyHost *target = &topology->hosts[to];
    Path path = {source->up, ROUTE_NONE, target->down};
    if (source->node != target->node) {
        path.route = find_route(topology, source->node, target->node);
        if (path.route == ROUTE_NONE)
            return false;
    }
    if (path.up == LINK_NONE && path.route == ROUTE_NONE &&
        path.down == LINK_NONE)
        return false;
    *ret_path = path;
    return true;
}

/* Hosts that do so much of all the work are places of their own. */
#define HEAVY_SHARE 0.125

/* Returns how many places there are: the routers first. */
static uint32_t
find_places(Topology *topology, const double *weights)
{
    double total = 0;
    for (uint32_t id = 0; id < topology->host_count; id++)
        total += weights[id];
    uint32_t place_count = topology->scenario->network.node_count;
    for (uint32_t id = 0; id < topology->host_count; id++) {
        TopologyHost *host = &topology->hosts[id];
        host->place = host->node;
        if (host->up != LINK_NONE && weights[id] > HEAVY_SHARE * total)
            host->place = place_count++;
    }
    return place_count;
}

static PartitionEdge *
new_edges(const Topology *topology, uint32_t *ret_count)
{
    const Link *links = topology->network->links;
    uint32_t count = 0;
    PartitionEdge *edges =
        g_new(PartitionEdge, topology->arc_count + topology->host_count + 1);
    for (uint32_t i = 0; i < topology->arc_count; i++) {
        const Arc *arc = &topology->arcs[i];
        edges[count++] = (PartitionEdge){arc->from, arc->to, arc->cost_ns};
    }
    for (uint32_t id = 0; id < topology->host_count; id++) {
        const TopologyHost *host = &topology->hosts[id];
        if (host->place == host->node)
            continue;
        int64_t delay_ns =
            MIN(links[host->up].delay_ns, links[host->down].delay_ns);
        edges[count++] = (PartitionEdge){host->place, host->node, delay_ns};
    }
    *ret_count = count;
    return edges;
}

static Partition
find_parts(Topology *topology, const double *weights)
{
    uint32_t place_count = find_places(topology, weights);
    g_autofree double *place_weights = g_new0(double, place_count + 1);
    for (uint32_t id = 0; id < topology->host_count; id++)
        place_weights[topology->hosts[id].place] += weights[id];
    uint32_t edge_count;
    g_autofree PartitionEdge *edges = new_edges(topology, &edge_count);
    return partition_places(place_count, place_weights, edges, edge_count);
}

void
topology_split(Topology *topology, const double *weights,
               const TcpOptions *options)
{
    Partition partition = find_parts(topology, weights);
    const uint8_t *part_of = partition.part_of;
    Network *network = topology->network;
    g_autofree uint8_t *near_parts = g_new0(uint8_t, network->link_count + 1);
    g_autofree uint8_t *far_parts = g_new0(uint8_t, network->link_count + 1);
    for (uint32_t i = 0; i < topology->arc_count; i++) {
        const Arc *arc = &topology->arcs[i];
        near_parts[arc->link] = part_of[arc->from];
        far_parts[arc->link] = part_of[arc->to];
    }
    for (uint32_t id = 0; id < topology->host_count; id++) {
        TopologyHost *host = &topology->hosts[id];
        host->part = part_of[host->place];
        if (host->up == LINK_NONE)
            continue;
        near_parts[host->up] = far_parts[host->down] = host->part;
        near_parts[host->down] = far_parts[host->up] = part_of[host->node];
    }
    PartPlan plan = {.count = partition.count,
                     .window_ns = partition.window_ns,
                     .near_parts = near_parts,
                     .far_parts = far_parts,
                     .loads = partition.loads,
                     .options = options};
    if (plan.count > 1)
        parts_split(network, &plan);
    g_free(partition.part_of);
    g_free(partition.loads);
}

uint32_t
topology_part(const Topology *topology, uint32_t host)
{
    return topology->hosts[host].part;
}
