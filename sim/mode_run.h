/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mode_run.h: a mode under way, as its loops share it.
 */
#pragma once

#include "sim/play.h"
#include "sim/record.h"

struct ModeRun {
    const Scenario *scenario;
    const char *directory;
    const char *name;
    ModeResult *result;
    Recorder recorder;
    ModeOptions options;
    TurnFile *turns; /* NULL: not wanted */
    int64_t stop_ns;
    pid_t parent;
    uint64_t looked_events; /* see mode_is_look_due */
    uint64_t large_bytes;   /* it held when large pages were asked for */
    bool is_interrupted;
    bool is_resumed;     /* it goes on where a checkpoint was */
    CheckpointCode code; /* of what is under way */
    void *context;
    int64_t kept_us; /* when the latest checkpoint was */
    GError *failure; /* to write one */
};

/* Every now and then: tell the parent, hear it, check the books. False when
 * there is no point in going on. */
bool mode_look_up(ModeRun *run, const Network *network, uint64_t done);
bool mode_is_look_due(ModeRun *run, const Network *network);
/* A network that is whole is the first rank's. */
bool mode_is_elsewhere(const Network *network);
/* The same when it is due, between two events, with a checkpoint if it is time
 * for one; see sim/mode_keep.c. */
bool mode_look(ModeRun *run, const Network *network, uint64_t done);
/* Let so many threads take up its parts as the parent says now. */
void mode_use_threads(ModeRun *run, Parts *parts);
bool mode_has_checkpoint(const ModeRun *run);
/* Read it over what was set up alike. */
bool mode_go_on(ModeRun *run, const Network *network, GError **error);
/* The links' state is looked at then, or never again. */
int64_t mode_schedule_sample(const ModeRun *run, Network *network);
/* What is known when the run is over. */
void mode_read_off(ModeRun *run, const Network *network, uint64_t done);
/* Bare flows, to their end. */
bool mode_run_flows(ModeRun *run, GError **error);
