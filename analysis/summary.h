/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/summary.h: results become the object that is summary.json.
 */
#pragma once

#include "analysis/results.h"

/* A new summary; the scenario's expectations are not judged yet. */
json_t *summary_new(const Results *results, GError **error);
/* What keeps the results from being whole, as a clause; NULL: nothing. */
const char *summary_shortfall(const json_t *summary);
/* Write it as summary.json beside the results. */
bool summary_save(const json_t *summary, const char *directory, GError **error);
