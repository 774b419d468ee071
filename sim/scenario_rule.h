/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/scenario_rule.h: what must hold between the keys of a scenario.
 *
 * For scenarios whose every key is well by itself and every name is known.
 */
#pragma once

#include "sim/reader.h"

typedef struct RuleContext {
    Complaints *complaints;
    const Scenario *scenario;
    const TreeNode *root; /* of the file, for places */
} RuleContext;

void scenario_rule_check(const RuleContext *context);
/* Bare graphs: sim/scenario_rule_graph.c. */
void scenario_rule_check_graph(const RuleContext *context);
/* Complain at `path` ("hosts.3.count"), or as near to it as the file goes. */
void rule_complain(const RuleContext *context, const char *path,
                   const char *format, ...) G_GNUC_PRINTF(3, 4);
