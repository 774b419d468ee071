/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/scenario_rule_graph.c: rules of links, hosts and flows.
 */
#include "sim/scenario_rule.h"

/* Nodes that can be reached from one node, remembered per node. */
typedef struct Reach {
    const PlanNetwork *network;
    uint32_t *first; /* of a node: index into next_links; n + 1 entries */
    uint32_t *targets;
    bool **reached; /* by source node; NULL until asked for */
} Reach;

static void
check_schedule(const RuleContext *context, const PlanLink *link, uint32_t at)
{
    g_autofree char *path = g_strdup_printf("network.links.%u.schedule", at);
    for (uint32_t step = 1; step < link->schedule_count; step++) {
        if (link->schedule[step].start_ns <= link->schedule[step - 1].start_ns)
            rule_complain(context, path, "the times of a schedule must rise");
    }
    uint32_t count = link->schedule_count;
    if (count > 0 && link->schedule[count - 1].rate_bps == 0)
        rule_complain(context, path,
                      "the last rate of a schedule lasts, and must not be 0");
}

static void
check_links(const RuleContext *context)
{
    const PlanNetwork *network = &context->scenario->network;
    for (uint32_t at = 0; at < network->link_count; at++) {
        const PlanLink *link = &network->links[at];
        const PlanBurstLoss *burst = link->burst_loss;
        g_autofree char *path = g_strdup_printf("network.links.%u", at);
        if (link->from == link->to)
            rule_complain(context, path, "the link begins where it ends");
        if (link->may_reorder && link->jitter_ns_max == 0)
            rule_complain(context, path,
                          "reorder has no effect without "
                          "jitter");
        else if (link->may_reorder && link->queue.unit != PLAN_QUEUE_NS)
            rule_complain(context, path,
                          "a link that reorders bounds its queue by time, "
                          "such as 'queue: 100 ms'");
        if (burst && burst->p_ratio + burst->r_ratio <= 0)
            rule_complain(context, path, "burst_loss: p and r are both 0");
        check_schedule(context, link, at);
    }
}

/* Hosts of a bare graph have no ISP. */
static void
check_hosts(const RuleContext *context)
{
    const Scenario *scenario = context->scenario;
    for (uint32_t at = 0; at < scenario->host_count; at++) {
        const PlanHost *host = &scenario->hosts[at];
        g_autofree char *path = g_strdup_printf("hosts.%u", at);
        if (host->profile != PLAN_NONE &&
            scenario->network.profiles[host->profile].down_count != 1)
            rule_complain(context, path,
                          "host '%s' has no ISP, but the downlink of its "
                          "profile depends on one",
                          host->name);
        if (host->rate_bps == 0 && host->profile == PLAN_NONE &&
            (host->delay_ns > 0 || host->loss_ratio > 0))
            rule_complain(context, path,
                          "host '%s' lacks 'rate': without an access line its "
                          "delay and loss have no effect",
                          host->name);
    }
}

/* Adjacency as one array, by counting: first[n] .. first[n + 1] - 1. */
static void
reach_init(Reach *reach, const PlanNetwork *network)
{
    uint32_t node_count = network->node_count;
    reach->network = network;
    reach->first = g_new0(uint32_t, node_count + 2u);
    reach->targets = g_new0(uint32_t, 2u * network->link_count + 1u);
    reach->reached = g_new0(bool *, node_count + 1u);
    for (uint32_t at = 0; at < network->link_count; at++) {
        const PlanLink *link = &network->links[at];
        reach->first[link->from + 2]++;
        reach->first[link->to + 2] += link->is_duplex;
    }
    for (uint32_t at = 2; at < node_count + 2; at++)
        reach->first[at] += reach->first[at - 1];
    for (uint32_t at = 0; at < network->link_count; at++) {
        const PlanLink *link = &network->links[at];
        reach->targets[reach->first[link->from + 1]++] = link->to;
        if (link->is_duplex)
            reach->targets[reach->first[link->to + 1]++] = link->from;
    }
}

static void
reach_clear(Reach *reach)
{
    for (uint32_t at = 0; at < reach->network->node_count; at++)
        g_free(reach->reached[at]);
    g_free(reach->reached);
    g_free(reach->targets);
    g_free(reach->first);
}

static bool *
find_reached(const Reach *reach, uint32_t source)
{
    uint32_t node_count = reach->network->node_count;
    bool *reached = g_new0(bool, node_count);
    g_autofree uint32_t *queue = g_new(uint32_t, node_count);
    uint32_t queue_count = 1;
    queue[0] = source;
    reached[source] = true;
    for (uint32_t at = 0; at < queue_count; at++) {
        uint32_t node = queue[at];
        for (uint32_t i = reach->first[node]; i < reach->first[node + 1]; i++) {
            uint32_t target = reach->targets[i];
            if (!reached[target])
                queue[queue_count++] = target;
            reached[target] = true;
        }
    }
    return reached;
}

static bool
is_reached(Reach *reach, uint32_t source, uint32_t target)
{
    if (!reach->reached[source])
        reach->reached[source] = find_reached(reach, source);
    return reach->reached[source][target];
}

static uint32_t
member_count(const Scenario *scenario, PlanHostEnd end)
{
    return end.member == PLAN_NONE ? scenario->hosts[end.host].count : 1;
}

static bool
is_same_host(const Scenario *scenario, const PlanFlow *flow)
{
    if (flow->from.host != flow->to.host)
        return false;
    bool is_group = scenario->hosts[flow->from.host].count > 1;
    return !is_group || flow->from.member == flow->to.member ||
           flow->from.member == PLAN_NONE || flow->to.member == PLAN_NONE;
}

static void
check_flow(const RuleContext *context, Reach *reach, uint32_t at)
{
    const Scenario *scenario = context->scenario;
    const PlanFlow *flow = &scenario->workload.flows[at];
    const PlanHost *from = &scenario->hosts[flow->from.host];
    const PlanHost *to = &scenario->hosts[flow->to.host];
    uint32_t from_count = member_count(scenario, flow->from);
    uint32_t to_count = member_count(scenario, flow->to);
    g_autofree char *path = g_strdup_printf("workload.flows.%u", at);
    if (is_same_host(scenario, flow))
        rule_complain(context, path, "the flow ends where it begins");
    if (from_count != to_count && from_count != 1 && to_count != 1)
        rule_complain(context, path, "%u hosts cannot pair with %u", from_count,
                      to_count);
    if (!is_reached(reach, from->at, to->at))
        rule_complain(context, path, "'%s' cannot reach '%s'", from->name,
                      to->name);
    else if (!is_reached(reach, to->at, from->at))
        rule_complain(context, path, "'%s' cannot reach '%s'", to->name,
                      from->name);
    if (flow->start_ns >= scenario->general.stop_time_ns)
        rule_complain(context, path, "the flow starts after stop_time");
}

/* No mistake, but nobody should look for the others in vain. */
static void
remark_links(const Scenario *scenario)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < scenario->network.link_count; at++)
        count += scenario->network.links[at].is_duplex ? 2 : 1;
    if (count > PLAN_SAMPLED_LINKS_MAX)
        g_ptr_array_add(
            scenario->remarks,
            g_strdup_printf("links.csv has the first %u of the graph's %u "
                            "links, each way counted",
                            PLAN_SAMPLED_LINKS_MAX, count));
}

void
scenario_rule_check_graph(const RuleContext *context)
{
    const Scenario *scenario = context->scenario;
    Reach reach;
    check_links(context);
    check_hosts(context);
    reach_init(&reach, &scenario->network);
    for (uint32_t at = 0; at < scenario->workload.flow_count; at++)
        check_flow(context, &reach, at);
    reach_clear(&reach);
    remark_links(scenario);
}
