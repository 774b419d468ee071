/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/diff.h: two result directories, figure by figure.
 *
 * A figure differs when contrast.h says that its difference is beyond the
 * tolerance at the 5 % level, all figures of a comparison judged together
 * (Holm). A figure that no rows add up to (a counter, a maximum, a link's
 * load) has no interval; it is judged only when it is named in full, and then
 * as it is. What only one run has is a difference.
 */
#pragma once

#include "analysis/results.h"

typedef struct DiffOptions {
    double tolerance_ratio;     /* of A's figure; within it nothing differs */
    const char *const *metrics; /* parts of the paths to look at; NULL: all
                                   that have an interval */
} DiffOptions;

/* A new object: who is compared, "figures" in reading order with their
 * verdicts, what only one has, and "verdict" of all: same, differs, or not
 * judged, when no figure has an interval. An error when there is nothing to
 * compare, or no figure has one of the names. */
json_t *diff_new(const Results *const runs[2], const DiffOptions *options,
                 GError **error);
/* Whether the two can be compared: one kind of workload, no rows missing. */
bool diff_check(const Results *const runs[2], GError **error);
/* Whether both manifests tell of the same run, to the bit. */
bool diff_is_same_run(const Results *const runs[2]);
/* A new array of Grid, for print_new_text. */
GPtrArray *diff_new_grids(const json_t *diff);

/* The verb: diff [OPTION...] RUN_A RUN_B. Returns the program's exit code. */
int diff_main(int argc, char **argv);
