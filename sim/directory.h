/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/directory.h: where results go, and under which name meanwhile.
 */
#pragma once

#include "sim/run.h"
#include "sim/scenario.h"

/* Choose the directory (-o, general.output, out/TITLE-SEED), refuse one that
 * exists unless forced, and make DIR.partial with its parts. When that cannot
 * be made, the outcome's exit code says so. */
bool directory_open(const Scenario *scenario, RunOutcome *outcome,
                    GError **error);
/* The same for a run that goes on: options.resume is DIR or DIR.partial. */
bool directory_resume(RunOutcome *outcome, GError **error);
/* Remove a directory and all below it; symbolic links are not followed. */
bool directory_remove(const char *path, GError **error);
/* When this returns true, the directory and all below it are on the disk;
 * what is removed meanwhile is left out. */
bool directory_sync(const char *path, GError **error);
/* The same for the names in a directory alone; one that is not there is as
 * good. */
bool directory_sync_names(const char *path, GError **error);
/* errno, as an error that names the file; false. */
bool directory_fail(GError **error, const char *path);
