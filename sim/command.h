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
/* What verbs share. False, with the mistake told on stderr. */
bool command_usage_error(const char *text, const char *detail);
bool command_wants_help(int argc, char **argv);
/* NULL is auto. */
bool command_parse_progress(const char *text, ProgressMode *ret_mode);
bool command_is_color(const char *text);
/* "general.seed=N" of --seed; "random" asks for one that nobody chose, and
 * says which it was. */
char *command_new_seed_override(const char *seed);

/* The scenario with --seed and --set applied, and the file's own text; NULL
 * when it is bad, with all errors told. */
Scenario *command_read(const RunOptions *options, char **ret_text,
                       size_t *ret_text_bytes);
