/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/tour.h: plays the runs that are not there yet.
 */
#pragma once

#include "sim/progress.h"
#include "sim/sweep/crew.h"
#include "sim/sweep/rack.h"

/* Signals are held (sim/stop.h). Returns 0, 1 when a run failed, or 128 and
 * the signal that ended it. */
int tour(Rack *rack, Crew *crew, ProgressMode progress);
