/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/resume.c: keeps and reads what a run was asked for, and its results.
 *
 * The scenario is read again from its file, with the same overrides: a
 * checkpoint has only what happens in it.
 */
#include "sim/resume.h"

#include <glib/gstdio.h>
#include <string.h>

#include "sim/directory.h"
#include "sim/record.h"

#define RUN_FILE "run"

static char *
effective_hash(const Scenario *scenario)
{
    g_autoptr(GString) text = scenario_write(scenario);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str,
                                         (gssize)text->len);
}

static void
code_text(char **text, Coder *coder)
{
    uint32_t size_bytes = *text ? (uint32_t)strlen(*text) + 1 : 0;
    coder_u32(coder, &size_bytes);
    *text = coder_array(coder, *text, size_bytes, 1);
}

static void
code_overrides(RunOptions *options, Coder *coder)
{
    uint32_t count = options->overrides ? g_strv_length(options->overrides) : 0;
    coder_u32(coder, &count);
    if (coder->is_reading) {
        g_strfreev(options->overrides);
        options->overrides = g_new0(char *, (size_t)count + 1);
    }
    for (uint32_t i = 0; i < count; i++)
        code_text(&options->overrides[i], coder);
}

static void
code_run(void *context, Coder *coder)
{
    RunOutcome *outcome = context;
    RunOptions *options = &outcome->options;
    code_text(&options->scenario_path, coder);
    code_overrides(options, coder);
    code_text(&outcome->started, coder);
    code_text(&outcome->effective_hash, coder);
    coder_i64(coder, &options->checkpoint_ns);
    coder_flag(coder, &options->is_forced);
    coder_flag(coder, &options->has_no_plots);
}

static CheckpointFile
run_file(RunOutcome *outcome)
{
    return (CheckpointFile){outcome->partial, RUN_FILE, &outcome->build,
                            code_run, outcome};
}

bool
resume_prepare(const Scenario *scenario, RunOutcome *outcome, GError **error)
{
    RunOptions *options = &outcome->options;
    char *path = g_canonicalize_filename(options->scenario_path, NULL);
    g_free(options->scenario_path);
    options->scenario_path = path;
    outcome->effective_hash = effective_hash(scenario);
    g_autofree char *folder =
        g_build_filename(outcome->partial, "checkpoint", NULL);
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return directory_fail(error, folder);
    if (!checkpoint_find_build(&outcome->build, error))
        return false;
    CheckpointFile file = run_file(outcome);
    return checkpoint_write(&file, error);
}

bool
resume_open(RunOutcome *outcome, GError **error)
{
    RunOptions *options = &outcome->options;
    int64_t wanted_ns = options->checkpoint_ns;
    bool has_no_plots = options->has_no_plots;
    bool is_forced = options->is_forced;
    if (!directory_resume(outcome, error) ||
        !checkpoint_find_build(&outcome->build, error))
        return false;
    CheckpointFile file = run_file(outcome);
    if (!checkpoint_read(&file, error))
        return false;
    if (wanted_ns > 0)
        options->checkpoint_ns = wanted_ns;
    options->has_no_plots |= has_no_plots;
    options->is_forced |= is_forced;
    return true;
}

bool
resume_is_same(const Scenario *scenario, const RunOutcome *outcome,
               GError **error)
{
    g_autofree char *hash = effective_hash(scenario);
    if (strcmp(hash, outcome->effective_hash) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "%s has been changed since the run of %s began; give it back "
                "its contents, or begin anew with --force",
                outcome->options.scenario_path, outcome->directory);
    return false;
}

static void
code_result(void *context, Coder *coder)
{
    coder_bytes(coder, context, sizeof(ModeResult));
}

static CheckpointFile
result_file(const Modes *modes, uint32_t mode, const char *name)
{
    return (CheckpointFile){modes->directory, name, modes->options.build,
                            code_result, &modes->results[mode]};
}

bool
resume_keep(const Modes *modes, uint32_t mode, GError **error)
{
    g_autofree char *name =
        g_strconcat(mode_name(modes->scenario, mode), ".result", NULL);
    CheckpointFile file = result_file(modes, mode, name);
    /* It vouches for rows, which have to be there by then. */
    return directory_sync(modes->directory, error) &&
           checkpoint_write(&file, error);
}

bool
resume_restore(const Modes *modes, uint32_t mode, GError **error)
{
    const char *bare = mode_name(modes->scenario, mode);
    g_autofree char *name = g_strconcat(bare, ".result", NULL);
    CheckpointFile file = result_file(modes, mode, name);
    if (checkpoint_has(modes->directory, name)) {
        if (!checkpoint_read(&file, error))
            return false;
        progress_resume(&modes->results[mode].progress);
        return true;
    }
    return checkpoint_has(modes->directory, bare) ||
           recorder_forget(modes->directory, bare, error);
}
