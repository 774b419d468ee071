/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/foretell.h: which figures the summary of a scenario's run will have.
 *
 * What sorts figures into groups is known before the run, but for the names of
 * links: `*` stands for any of them.
 */
#pragma once

#include "sim/scenario.h"

/* A new list, ended by NULL, of dotted paths. */
char **foretell_figures(const Scenario *scenario);
/* Whether the metric is one of these figures. */
bool foretell_has(char **figures, const char *metric);
