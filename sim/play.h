/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/play.h: a world of roles under way, for whoever moves it on.
 *
 * The simulator pops one entry of the agenda after another. A testbed does so
 * as fast as the clock on the wall goes, and moves real packets meanwhile.
 */
#pragma once

#include "sim/download.h"
#include "sim/mode.h"

typedef struct ModeRun ModeRun;

struct Play {
    ModeRun *run;
    DownloadTable *table;
    Population *population;
    const char *directory; /* of the results */
    int64_t stop_ns;
    ModeResult *result;
};

/* Handle the next entry of the agenda. */
void play_step(Play *play);
/* To be called every now and then. False: there is no point in going on. */
bool play_look_up(Play *play);
