/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/setup.h: from what a scenario says to links and transports.
 */
#pragma once

#include "sim/network.h"
#include "sim/scenario.h"

/* One per PlanTransport, in its order; g_free it. */
TcpOptions *setup_transports(const Scenario *scenario);
RandomSeed setup_seed(const Scenario *scenario);

typedef struct LinkPlan {
    uint64_t rate_bps;
    int64_t delay_ns;
    double loss_ratio;
    PlanQueue queue;
    PlanAqm aqm;
} LinkPlan;

/* A new link whose random draws are named after it. */
LinkId setup_link(Network *network, RandomSeed seed, const char *name,
                  const LinkPlan *plan);
/* The way of a link of the bare graph from its `from`, or back. */
LinkId setup_graph_link(Network *network, RandomSeed seed, const PlanLink *plan,
                        bool is_back);
