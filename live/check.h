/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/check.h: would this configuration work on this machine?
 *
 * Nothing is changed and nobody is disturbed: addresses are bound, but not
 * listened at, so that a process that serves there goes on.
 */
#pragma once

#include "live/config_reader.h"

/* `--check`: errors go to stderr, what is worth knowing to stdout. Returns
 * the exit code. */
int check_run(const char *path, Role role);

/* Complain of what the machine does not give, and append remarks (char *).
 * The configuration is valid by itself. */
void check_machine(ConfigReader *reader, const TreeNode *root,
                   GPtrArray *remarks);
