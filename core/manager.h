/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/manager.h: the manager role: who the edges are, and which to use.
 *
 * Serves POST /v1/register, /v1/report, /v1/client-stat (edges) and
 * /v1/nodes (clients). An edge that misses its reports goes offline, and
 * stays listed, as something that may be gone, until its entry is list_age_ns
 * old: a directory that 60,000 machines feed is never quite true.
 *
 * Listed edges are kept in the store. After a restart they come back offline,
 * as old as they were last kept (up to a third of list_age_ns too old), and
 * are listed until they report or their time is over.
 */
#pragma once

#include "core/coder.h"
#include "core/selection.h"
#include "core/turn.h"

typedef struct ManagerConfig {
    SelectionConfig selection;
    SelectPolicyKind policy;
    uint32_t node_count; /* most edges in one answer */
    int64_t regroup_interval_ns;
    int64_t offline_after_ns; /* silence: three report intervals */
    int64_t list_age_ns;      /* silence: the edge leaves the lists */
    uint32_t failure_ppm;     /* share of node requests answered with 503 */
    uint32_t edge_count_max;  /* registrations beyond get 503 */
} ManagerConfig;

typedef struct Manager Manager;

/* Fill in the defaults of the specification; regions and ISPs are the
 * deployment's and stay empty. */
void manager_config_init(ManagerConfig *config);

Manager *manager_new(const ManagerConfig *config, const uint8_t seed[32]);
void manager_free(Manager *manager);
/* core/manager_code.c; see node_code. */
void manager_code(Manager *manager, Coder *coder);
void manager_turn(Manager *manager, const Event *event, Turn *turn);
