/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/directory.c: made under a temporary name, renamed when whole.
 *
 * A lock on DIR.partial/lock tells a run that is under way from one that was
 * killed: the kernel drops it with the last of the run's processes.
 */
#include "sim/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define OPEN_FILES_MAX 16
/* Who was killed just now may still be on its way out. */
#define LOCK_TRIES 10
#define LOCK_WAIT_US 50000
#define PARTIAL ".partial"
#define CHECKPOINT "checkpoint/run"

bool
directory_fail(GError **error, const char *path)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "%s: %s", path, g_strerror(errno));
    return false;
}

/* No mistake in what was asked for: the disk, or its rights, say no. */
static bool
fail_output(RunOutcome *outcome, GError **error)
{
    outcome->exit_code = EXIT_FAILURE;
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "cannot write results to %s: %s; choose another with -o",
                outcome->directory, g_strerror(errno));
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
    return errno == ENOENT || directory_fail(error, path);
}

static bool
sync_path(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT;
    bool is_good = fsync(file) == 0;
    int reason = errno;
    close(file);
    errno = reason;
    return is_good;
}

static int
sync_one(const char *path, const struct stat *status, int kind,
         struct FTW *place)
{
    (void)status;
    (void)place;
    bool is_file = kind == FTW_F || kind == FTW_DP;
    return !is_file || sync_path(path) ? 0 : -1;
}

bool
directory_sync(const char *path, GError **error)
{
    return nftw(path, sync_one, OPEN_FILES_MAX, FTW_DEPTH | FTW_PHYS) == 0 ||
           directory_fail(error, path);
}

bool
directory_sync_names(const char *path, GError **error)
{
    return sync_path(path) || directory_fail(error, path);
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

static bool
holds(const char *path, const char *name)
{
    g_autofree char *inner = g_build_filename(path, name, NULL);
    return g_file_test(inner, G_FILE_TEST_EXISTS);
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
    if (holds(path, "manifest.json"))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s holds no results of byway; --force does not remove it",
                path);
    return false;
}

static bool
lock_partial(RunOutcome *outcome, GError **error)
{
    g_autofree char *path = g_build_filename(outcome->partial, "lock", NULL);
    outcome->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (outcome->lock < 0)
        return fail_output(outcome, error);
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(outcome->lock, LOCK_EX | LOCK_NB) == 0)
            return true;
        g_usleep(LOCK_WAIT_US);
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_AGAIN,
                "%s: another run is writing there", outcome->partial);
    return false;
}

/* What a killed run left behind goes, unless it can go on; what others made
 * stays. */
static bool
remove_leftover(RunOutcome *outcome, GError **error)
{
    const char *path = outcome->partial;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    if (!holds(path, "lock") && !holds(path, "manifest.json")) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s is in the way and no run has left it", path);
        return false;
    }
    if (!lock_partial(outcome, error))
        return false;
    if (holds(path, CHECKPOINT) && !outcome->options.is_forced) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                    "%s holds checkpoints of a run that was cut short; "
                    "--resume %s goes on with it, --force begins anew",
                    path, outcome->directory);
        return false;
    }
    if (!directory_remove(path, NULL))
        return fail_output(outcome, error);
    close(outcome->lock);
    outcome->lock = -1;
    return true;
}

/* Without slashes at its end. */
static char *
new_bare(const char *path)
{
    char *bare = g_strdup(path);
    for (size_t end = strlen(bare); end > 1 && bare[end - 1] == '/'; end--)
        bare[end - 1] = '\0';
    return bare;
}

bool
directory_resume(RunOutcome *outcome, GError **error)
{
    outcome->directory = new_bare(outcome->options.resume);
    if (g_str_has_suffix(outcome->directory, PARTIAL))
        outcome->directory[strlen(outcome->directory) - strlen(PARTIAL)] = '\0';
    outcome->partial = g_strconcat(outcome->directory, PARTIAL, NULL);
    if (!g_file_test(outcome->partial, G_FILE_TEST_IS_DIR)) {
        bool is_whole = holds(outcome->directory, "manifest.json");
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    is_whole ? "%s is finished, and %s is not there"
                             : "neither %s nor %s is there",
                    outcome->directory, outcome->partial);
        return false;
    }
    if (!holds(outcome->partial, CHECKPOINT)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "%s holds no checkpoint; runs with --checkpoint-every "
                    "write them",
                    outcome->partial);
        return false;
    }
    return lock_partial(outcome, error);
}

bool
directory_open(const Scenario *scenario, RunOutcome *outcome, GError **error)
{
    outcome->lock = -1;
    outcome->directory = choose(scenario, &outcome->options);
    if (!outcome->directory[0]) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the output directory has no name");
        return false;
    }
    g_autofree char *bare = new_bare(outcome->directory);
    outcome->partial = g_strconcat(bare, PARTIAL, NULL);
    if (!may_replace(outcome->directory, &outcome->options, error))
        return false;
    if (!remove_leftover(outcome, error))
        return false;
    g_autofree char *parts = g_build_filename(outcome->partial, "parts", NULL);
    if (g_mkdir_with_parents(parts, 0777) != 0)
        return fail_output(outcome, error);
    return lock_partial(outcome, error);
}

static bool
give_name(RunOutcome *outcome, GError **error)
{
    /* Asked again: somebody may have made it while the run lasted. */
    if (!may_replace(outcome->directory, &outcome->options, error) ||
        !directory_sync(outcome->partial, error) ||
        (outcome->options.is_forced &&
         !directory_remove(outcome->directory, error)))
        return false;
    g_autofree char *lock = g_build_filename(outcome->partial, "lock", NULL);
    g_unlink(lock);
    if (g_rename(outcome->partial, outcome->directory) != 0)
        return directory_fail(error, outcome->directory);
    return true;
}

/* What only the run itself needs. */
static bool
remove_parts(const char *directory, GError **error)
{
    g_autofree char *checkpoint =
        g_build_filename(directory, "checkpoint", NULL);
    g_autofree char *parts = g_build_filename(directory, "parts", NULL);
    return directory_remove(checkpoint, error) &&
           directory_remove(parts, error);
}

bool
run_publish(RunOutcome *outcome, GError **error)
{
    if (!give_name(outcome, error)) {
        g_prefix_error(error, "results stay in %s: ", outcome->partial);
        return false;
    }
    /* Until here it could have gone on from its checkpoints. */
    g_autofree char *folder = g_path_get_dirname(outcome->partial);
    return directory_sync_names(folder, error) &&
           remove_parts(outcome->directory, error);
}

void
run_outcome_clear(RunOutcome *outcome)
{
    log_close(&outcome->log);
    g_free(outcome->options.scenario_path);
    g_free(outcome->options.output);
    g_free(outcome->options.resume);
    g_free(outcome->started);
    g_free(outcome->effective_hash);
    g_free(outcome->options.color);
    g_free(outcome->options.turn_wish.path);
    g_strfreev(outcome->options.overrides);
    if (outcome->lock >= 0)
        close(outcome->lock);
    g_free(outcome->directory);
    g_free(outcome->partial);
}
