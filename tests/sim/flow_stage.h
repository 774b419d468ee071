/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/flow_stage.h: bare flows on a graph, moved on by a test.
 */
#pragma once

#include "sim/flow.h"
#include "sim/process.h"

typedef struct FlowStage {
    Scenario *scenario;
    Network network;
    FlowTable *table;
    ProcessTable processes;
    uint64_t looks;         /* so far: entries of a whole network's agenda */
    uint64_t cut;           /* the look at which the run ends; 0: none */
    Coder kept;             /* what a checkpoint of then has */
    bool has_other_threads; /* at each look, one to three */
} FlowStage;

/* In place, the stage must not move. */
void flow_stage_init(FlowStage *stage, const char *scenario, bool may_split);
void flow_stage_clear(FlowStage *stage);
/* What happened on another stage until its cut, from what is kept of it. */
void flow_stage_go_on(FlowStage *stage, const Coder *kept);
/* A network in one piece; all books balance in the end. */
void flow_stage_run(FlowStage *stage, int64_t until_ns);
/* One that was split, by so many threads. If it runs ahead, links are looked
 * at every 100 ms and not in between. */
void flow_stage_run_parts(FlowStage *stage, int64_t until_ns,
                          uint32_t thread_count, bool runs_ahead);
/* The same has happened on both links, whatever is booked ahead. */
void flow_stage_compare(const Link *left, const Link *right);
