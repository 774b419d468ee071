/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/directory.c: made under a temporary name, renamed when whole.
 */
#include "sim/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_FILES_MAX 16

static bool
fail(GError **error, const char *path)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "%s: %s", path, g_strerror(errno));
    return false;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
           struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

bool
directory_remove(const char *path, GError **error)
{
    if (nftw(path, remove_one, OPEN_FILES_MAX, FTW_DEPTH | FTW_PHYS) == 0)
        return true;
    return errno == ENOENT || fail(error, path);
}

static char *
choose(const Scenario *scenario, const RunOptions *options)
{
    if (options->output)
        return g_strdup(options->output);
    if (scenario->general.output)
        return g_strdup(scenario->general.output);
    return g_strdup_printf("out/%s-%" G_GUINT64_FORMAT, scenario->title,
                           scenario->general.seed);
}

/* Only what a run has written is ever replaced. */
static bool
may_replace(const char *path, const RunOptions *options, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    if (!options->is_forced) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s exists; choose another with -o, or --force to "
                    "replace it",
                    path);
        return false;
    }
    g_autofree char *manifest = g_build_filename(path, "manifest.json", NULL);
    if (g_file_test(manifest, G_FILE_TEST_EXISTS))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s holds no results of byway; --force does not remove it",
                path);
    return false;
}

bool
directory_open(const Scenario *scenario, RunOutcome *outcome, GError **error)
{
    outcome->directory = choose(scenario, &outcome->options);
    g_autofree char *bare = g_strdup(outcome->directory);
    for (size_t end = strlen(bare); end > 1 && bare[end - 1] == '/'; end--)
        bare[end - 1] = '\0';
    outcome->partial = g_strconcat(bare, ".partial", NULL);
    if (!may_replace(outcome->directory, &outcome->options, error))
        return false;
    if (!directory_remove(outcome->partial, error))
        return false;
    g_autofree char *parts = g_build_filename(outcome->partial, "parts", NULL);
    if (g_mkdir_with_parents(parts, 0777) != 0)
        return fail(error, parts);
    return true;
}

bool
run_publish(RunOutcome *outcome, GError **error)
{
    if (outcome->options.is_forced &&
        !directory_remove(outcome->directory, error))
        return false;
    if (g_rename(outcome->partial, outcome->directory) != 0)
        return fail(error, outcome->directory);
    return true;
}

void
run_outcome_clear(RunOutcome *outcome)
{
    g_free(outcome->options.scenario_path);
    g_free(outcome->options.output);
    g_free(outcome->options.color);
    g_strfreev(outcome->options.overrides);
    g_free(outcome->directory);
    g_free(outcome->partial);
}
