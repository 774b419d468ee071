/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/setup.c: fills links and transports in.
 */
#include "sim/setup.h"

#include "core/event.h"

static const CongestionKind CONGESTION_KINDS[] = {
    [PLAN_CUBIC] = CONGESTION_CUBIC,
    [PLAN_RENO] = CONGESTION_RENO,
};

TcpOptions *
setup_transports(const Scenario *scenario)
{
    TcpOptions *options = g_new0(TcpOptions, scenario->transport_count);
    for (uint32_t i = 0; i < scenario->transport_count; i++) {
        const PlanTransport *plan = &scenario->transports[i];
        options[i] = (TcpOptions){
            .congestion = CONGESTION_KINDS[plan->congestion],
            .initial_window_packets = plan->initial_window,
            .mss_bytes = plan->mss_bytes,
            .header_bytes = plan->header_bytes,
            .receive_window_bytes = plan->receive_window_bytes,
            .has_delayed_ack = plan->has_delayed_ack,
            .has_slow_start_after_idle = plan->has_slow_start_after_idle,
            .has_hystart = plan->has_hystart,
        };
    }
    return options;
}

RandomSeed
setup_seed(const Scenario *scenario)
{
    return (RandomSeed){scenario->general.seed, scenario->general.replication};
}

static void
bound_queue(Link *link, const PlanQueue *queue)
{
    static const LinkQueue UNITS[] = {
        [PLAN_QUEUE_PACKETS] = LINK_QUEUE_PACKETS,
        [PLAN_QUEUE_BYTES] = LINK_QUEUE_BYTES,
        [PLAN_QUEUE_NS] = LINK_QUEUE_NS,
    };
    link_bound(link, UNITS[queue->unit], queue->limit);
}

LinkId
setup_link(Network *network, RandomSeed seed, const char *name,
           const LinkPlan *plan)
{
    Link *link;
    LinkId id = network_add_link(network, &link);
    link->rate_bps = plan->rate_bps;
    link->delay_ns = plan->delay_ns;
    link->loss = random_threshold(plan->loss_ratio);
    bound_queue(link, &plan->queue);
    if (plan->aqm == PLAN_AQM_CODEL)
        link_extra(link)->has_codel = true;
    random_init(&link->random, seed, name, "link");
    return id;
}

static void
add_burst_loss(Link *link, const PlanBurstLoss *plan)
{
    LinkExtra *extra = link_extra(link);
    extra->has_burst_loss = true;
    extra->burst_loss = (BurstLoss){
        .to_bad = random_threshold(plan->p_ratio),
        .to_good = random_threshold(plan->r_ratio),
        .loss_good = random_threshold(plan->loss_good_ratio),
        .loss_bad = random_threshold(plan->loss_bad_ratio),
    };
}

static void
add_schedule(Link *link, const PlanLink *plan)
{
    LinkExtra *extra = link_extra(link);
    bool has_start = plan->schedule[0].start_ns == 0;
    extra->piece_count = plan->schedule_count + !has_start;
    extra->pieces = g_new(RatePiece, extra->piece_count);
    extra->pieces[0] = (RatePiece){0, plan->rate_bps};
    for (uint32_t i = 0; i < plan->schedule_count; i++)
        extra->pieces[i + !has_start] =
            (RatePiece){plan->schedule[i].start_ns, plan->schedule[i].rate_bps};
}

LinkId
setup_graph_link(Network *network, RandomSeed seed, const PlanLink *plan,
                 bool is_back)
{
    g_autofree char *name =
        g_strdup_printf("%s%s", plan->name, is_back ? " back" : "");
    LinkPlan link_plan = {plan->rate_bps, plan->delay_ns, plan->loss_ratio,
                          plan->queue, plan->aqm};
    LinkId id = setup_link(network, seed, name, &link_plan);
    Link *link = &network->links[id];
    if (plan->burst_loss)
        add_burst_loss(link, plan->burst_loss);
    if (plan->schedule_count)
        add_schedule(link, plan);
    if (plan->jitter_ns_max) {
        link_extra(link)->jitter_ns_max = plan->jitter_ns_max;
        link_extra(link)->may_reorder = plan->may_reorder;
    }
    return id;
}
