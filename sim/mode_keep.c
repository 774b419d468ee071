/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mode_keep.c: a mode's checkpoints, between events.
 */
#include "sim/mode_run.h"

#include "core/event.h"
#include "sim/directory.h"

static void
code_mode(void *context, Coder *coder)
{
    ModeRun *run = context;
    coder_u64(coder, &run->looked_events);
    recorder_code(&run->recorder, coder);
    run->code(run->context, coder);
}

static CheckpointFile
file_of(ModeRun *run)
{
    return (CheckpointFile){run->directory, run->name, run->options.build,
                            code_mode, run};
}

/* The last that a run does before it is cut short, too. */
static bool
is_due(const ModeRun *run)
{
    int64_t every_us = run->options.checkpoint_ns / NS_PER_US;
    return run->is_interrupted || progress_now_us() - run->kept_us >= every_us;
}

/* A checkpoint tells of files, whose names must not be younger. */
static bool
settle_names(const ModeRun *run, GError **error)
{
    g_autofree char *parts = g_build_filename(run->directory, "parts", NULL);
    g_autofree char *pcap = g_build_filename(run->directory, "pcap", NULL);
    return directory_sync_names(parts, error) &&
           directory_sync_names(pcap, error);
}

bool
mode_look(ModeRun *run, const Network *network, uint64_t done)
{
    if (!mode_is_look_due(run, network))
        return true;
    bool goes_on = mode_look_up(run, network, done);
    if (run->options.checkpoint_ns == 0 || !is_due(run))
        return goes_on;
    CheckpointFile file = file_of(run);
    bool is_kept = settle_names(run, &run->failure) &&
                   checkpoint_write(&file, &run->failure);
    run->kept_us = progress_now_us();
    return goes_on && is_kept;
}

bool
mode_has_checkpoint(const ModeRun *run)
{
    return run->options.checkpoint_ns > 0 &&
           checkpoint_has(run->directory, run->name);
}

bool
mode_go_on(ModeRun *run, const Network *network, GError **error)
{
    CheckpointFile file = file_of(run);
    bool is_good = checkpoint_read(&file, error);
    run->result->resumed_ns = network->now_ns;
    return is_good;
}
