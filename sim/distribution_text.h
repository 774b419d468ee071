/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/distribution_text.h: `lognormal(30 Mbit/s, 0.6)` and the like.
 *
 * A value without a name is a constant. `quantiles(FILE.csv, tech=wifi5,
 * Mbit/s)` takes its points from a file, see sim/quantile.h.
 */
#pragma once

#include "sim/distribution.h"
#include "sim/yaml/unit.h"

#define DISTRIBUTION_POINTS_MAX 10000u

/* What a distribution may be in a certain place. */
typedef struct DistributionRule {
    Dimension dimension; /* of its values */
    Bounds range;
    bool is_choice;        /* of names; else of values */
    const char *directory; /* where relative paths start */
    GPtrArray *owned;      /* takes the points */
} DistributionRule;

/* On failure *ret_why (free it) says what is wrong. The values of a choice
 * are left 0, for whoever knows what the names mean. */
bool distribution_parse(const char *text, const DistributionRule *rule,
                        Distribution *ret_distribution, char **ret_why);
/* Append text that parses to the same distribution, without a file. */
void distribution_write(GString *text, const Distribution *distribution,
                        Dimension dimension);
