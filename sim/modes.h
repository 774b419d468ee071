/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/modes.h: the modes of a run, side by side or one after the other.
 */
#pragma once

#include "sim/run.h"

typedef struct Modes {
    const Scenario *scenario;
    const char *directory;
    ModeOptions options;
    Log *log;
    ModeResult *results; /* shared memory */
    pid_t processes[PROGRESS_MODES_MAX];
    double start_s[PROGRESS_MODES_MAX];
    pid_t parent;
    uint32_t count;
    uint32_t started;
    uint32_t running;
    int signal;       /* the last that came, or 0 */
    Ranks ranks;      /* more than one: they play one mode after the other */
    bool is_given_up; /* by a second signal */
    bool has_failed;
} Modes;

/* Play all that are not over, as many at once as options say, and tell how
 * far they are; the cores are shared out among those that are left. The first
 * signal lets them end what they have begun. */
void modes_run(Modes *modes, const RunOptions *options);
/* Take over what is known of modes from before. */
bool modes_restore(Modes *modes, GError **error);
