/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/flow.h: the figures of flows.csv, links.csv and nodes.csv.
 */
#pragma once

#include "analysis/results.h"

#define MODE_ALL G_MAXSIZE

/* Add "flows": counts and distributions, over all or by mode, and the same
 * by transport where there are several. */
bool flow_add(const Results *results, size_t mode, json_t *object,
              GError **error);
/* Add "links": per link means, the worst and the totals of one mode. */
bool flow_add_links(const Results *results, size_t mode, json_t *object,
                    GError **error);
/* Add "roles": what the nodes of each role did in one mode. */
bool flow_add_roles(const Results *results, size_t mode, json_t *object,
                    GError **error);
