/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/command.h: the verb `sweep`, up to the results of all runs.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct SweepOutcome {
    char *directory; /* that has results to report; NULL: there are none */
    char *color;     /* for the report, or NULL */
    int exit_code;   /* 0; 1 when a run failed; 128 and a signal */
    bool is_quiet;
    bool has_no_plots;
} SweepOutcome;

/* argv begins with the verb. Play all runs that are not there yet. What is
 * wrong is told on stderr. */
void sweep_play(int argc, char **argv, SweepOutcome *ret_outcome);
void sweep_outcome_clear(SweepOutcome *outcome);
