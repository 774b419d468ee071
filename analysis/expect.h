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
/* "at least 0.5" */
char *expect_new_bounds_text(const json_t *expectation);
/* After the judgement: add a sentence (char *) for each that was not met. */
void expect_tell_missed(const json_t *summary, GPtrArray *warnings);
