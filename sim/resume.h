/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/resume.h: runs that leave checkpoints, and what it takes to go on.
 */
#pragma once

#include "sim/modes.h"
#include "sim/scenario.h"

/* A run begins: keep what it was asked for beside its checkpoints. */
bool resume_prepare(const Scenario *scenario, RunOutcome *outcome,
                    GError **error);
/* Take over options.resume, and what that run was asked for. */
bool resume_open(RunOutcome *outcome, GError **error);
/* Is the scenario what it was then? */
bool resume_is_same(const Scenario *scenario, const RunOutcome *outcome,
                    GError **error);
/* A mode is over: keep its result. */
bool resume_keep(const Modes *modes, uint32_t mode, GError **error);
/* What is known of a mode from before: its result, or a checkpoint; of others
 * nothing is left behind. */
bool resume_restore(const Modes *modes, uint32_t mode, GError **error);
