/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/run.h: a scenario file in, a directory of results out.
 */
#pragma once

#include "sim/log.h"
#include "sim/mode.h"
#include "sim/ranks.h"

/* A verb that runs scenarios and leaves results. */
typedef struct RunVerb {
    const char *name;
    const char *summary;
    const char *description; /* examples, exit codes */
    /* NULL: the simulator. Others run modes one after the other, and have no
     * turns of nodes to tell. */
    Player player;
    /* Whether it can do what the scenario wants; NULL: it can. */
    bool (*is_possible)(const Scenario *scenario, GError **error);
} RunVerb;

extern const RunVerb run_verb;

typedef struct RunOptions {
    char *scenario_path;
    char *output;
    char **overrides; /* --set, NULL-terminated */
    char *color;      /* for the report: auto, always, never */
    TurnWish turn_wish;
    int64_t checkpoint_ns; /* on the wall, between two; 0: there are none */
    char *resume;          /* the directory of a run to go on with, or NULL */
    ProgressMode progress;
    LogLevel log_level; /* of stderr */
    uint32_t jobs;      /* modes at once */
    uint32_t threads;   /* of each; 0: the cores that modes leave, or one
                         * for each rank */
    bool is_quiet;
    bool is_forced; /* replace an existing directory */
    bool has_no_plots;
} RunOptions;

/* Results lie in `partial` until run_publish gives them their name. */
typedef struct RunOutcome {
    const RunVerb *verb;
    RunOptions options;
    Ranks ranks; /* that play it together; the first one writes and tells */
    char *directory;
    char *partial;         /* NULL at other ranks */
    char *started;         /* when, as ISO 8601 */
    char *effective_hash;  /* of the scenario, in a run with checkpoints */
    CheckpointBuild build; /* of this program, likewise */
    bool is_kept;          /* partial stays, to go on with */
    int lock; /* on partial, while this process writes there; or -1 */
    Log log;
    int exit_code; /* 0; 128 + the signal that cut the run short; or 1 when
                    * there was no place for results */
} RunOutcome;

/* Read the command line and the scenario, run it, write the results. Returns
 * 0 when there are results (look at outcome), else the program's exit code,
 * with everything said on stderr and nothing left behind. */
int run_simulate(const RunVerb *verb, int argc, char **argv,
                 RunOutcome *ret_outcome);
/* Do work (the report) in a process of its own, which a signal ends at once.
 * Returns what work returns, or 128 + the signal. */
int run_apart(RunOutcome *outcome, int (*work)(RunOutcome *));
/* After the report is in: all is on the disk, the directory gets its name, and
 * what only the run needed (checkpoints, parts) goes. */
bool run_publish(RunOutcome *outcome, GError **error);
void run_outcome_clear(RunOutcome *outcome);
