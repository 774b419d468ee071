/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/command.h: the command line of `byway run` and its like.
 */
#pragma once

#include "sim/run.h"
#include "sim/scenario.h"

#define COMMAND_EXIT_USAGE 2

/* False when there is nothing to run: *ret_exit_code says whether that is an
 * error (already told on stderr) or help was wanted. outcome->verb says
 * which verb's it is; outcome->options is filled in. */
bool command_parse(int argc, char **argv, RunOutcome *outcome,
                   int *ret_exit_code);
/* The scenario with --seed and --set applied, and the file's own text; NULL
 * when it is bad, with all errors told. */
Scenario *command_read(const RunOptions *options, char **ret_text,
                       size_t *ret_text_bytes);
