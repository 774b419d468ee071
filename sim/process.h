/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/process.h: what happens to links by itself: episodes, others' load.
 *
 * A process is a function of its own random stream and of time, so it is in
 * the same state whenever somebody first looks at it.
 */
#pragma once

#include "sim/network.h"
#include "sim/scenario.h"

/* Congestion that comes and goes: in an episode the link loses more packets
 * and stands in a queue of others' packets. */
typedef struct Episode {
    LinkId link;
    const PlanCongestion *plan; /* lent */
    double share_factor;        /* of plan->share_ratio, for this link */
    int64_t clock_ns;           /* local time of day at time 0 */
    RandomStream random;
    int64_t next_ns; /* of the next change */
    int64_t last_start_ns;
    int64_t last_end_ns;
    int64_t base_queue_ns; /* the link's own standing queue */
    uint64_t base_loss;
    double loss_ratio; /* of the present episode */
    bool is_on;
} Episode;

/* Others' packets occupy a link in bursts. */
typedef struct Background {
    LinkId link;
    int64_t burst_ns;
    int64_t period_ns;
    int64_t next_ns;
} Background;

typedef struct ProcessTable {
    Network *network;
    RandomSeed seed;
    GArray *episodes;    /* Episode */
    GArray *backgrounds; /* Background */
} ProcessTable;

void process_table_init(ProcessTable *table, Network *network, RandomSeed seed);
void process_table_clear(ProcessTable *table);
/* Where each is, written, or read into a table with the same ones. */
void process_table_code(ProcessTable *table, Coder *coder);
/* Returns the episode's number. The link starts in the state that the
 * process has at the network's present time. */
uint32_t process_add_episode(ProcessTable *table, LinkId link, const char *name,
                             const PlanCongestion *plan, double share_factor,
                             int64_t clock_ns);
void process_add_background(ProcessTable *table, LinkId link, const char *name,
                            const PlanBackground *plan);
/* As it is at the network's present time, at which all its parts stand. */
const Episode *process_episode(const ProcessTable *table, uint32_t episode);
/* Put all that were added on the agendas of their links' parts. */
void process_table_start(const ProcessTable *table);
/* An agenda entry of kind AGENDA_PROCESS: even ids are episodes. */
void process_run(ProcessTable *table, uint32_t id);
