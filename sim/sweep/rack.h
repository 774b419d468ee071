/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/rack.h: where the runs of a sweep lie, and which are there.
 *
 * DIR/sweep.json names keys, points and replications; DIR/points/POINT.yaml is
 * each point's whole scenario; DIR/runs/POINT-rN/ is what `byway run` makes
 * of it.
 */
#pragma once

#include "sim/sweep/runner.h"
#include "sim/sweep/study.h"

typedef struct Rack {
    const Study *study; /* lent */
    char *path;
    bool *is_whole; /* for each run */
    int lock;       /* while this process writes there; or -1 */
} Rack;

/* Make it, or take up what an earlier sweep has left there: whole runs of the
 * same scenarios are kept, and those of others refused; is_forced removes all
 * first. False with nothing changed when it is refused; *ret_is_mistake tells
 * that the place was badly chosen, and is not merely unwritable. */
bool rack_open(Rack *rack, const Study *study, const char *path, bool is_forced,
               bool *ret_is_mistake, GError **error);
void rack_close(Rack *rack);
void rack_write_order(const Rack *rack, uint32_t run, RunOrder *ret_order);
/* Look again whether a run is there and whole. */
bool rack_survey(Rack *rack, uint32_t run);
/* Of a run that was ended half-way. */
void rack_remove_partial(const Rack *rack, uint32_t run);
