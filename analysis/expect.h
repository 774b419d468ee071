/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/expect.h: holds the figures against the scenario's expectations.
 */
#pragma once

#include "analysis/results.h"

/* Add "expectations" (each with its value and verdict) and
 * "expectations_met" to the summary. An expectation of a figure that the
 * summary does not have is not met, and an error that names the nearest. */
bool expect_judge(const Results *results, json_t *summary, bool *ret_met,
                  GError **error);
