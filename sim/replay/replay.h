/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/replay.h: hands each node of a turn log its events again.
 *
 * The same events must give the same turns, byte for byte. What a node could
 * not choose is given to it as it was then: the numbers of the streams that
 * it opens. The first turn that differs ends the replay.
 *
 * A log is believed as a driver is: its checks find damage, not malice, and a
 * node asserts what no driver does.
 */
#pragma once

#include <glib.h>

#include "core/turn_log.h"

typedef enum ReplayEnd {
    REPLAY_EQUAL,
    REPLAY_CUT,     /* equal, up to a record that is not all there */
    REPLAY_DIFFERS, /* see difference */
    REPLAY_DAMAGED, /* see difference */
    REPLAY_FOREIGN, /* no turn log, or of another version */
} ReplayEnd;

typedef struct ReplayResult {
    ReplayEnd end;
    uint64_t node_count;
    uint64_t event_count;
    uint64_t turn_count;
    uint64_t at_bytes; /* where in the log it ended */
    /* The last event of a log, or of one that was joined to another, had no
     * turn: that process was stopped in it, or soon after it. */
    uint64_t open_count;
    GString *difference; /* for people, some lines; empty when equal */
} ReplayResult;

typedef enum ReplayWay {
    REPLAY_STAYING, /* a node of the log is one node */
    REPLAY_MOVING,  /* before an event it is written to bytes and freed, and
                       another one reads them; large ones now and then */
} ReplayWay;

void replay_run(const uint8_t *log, uint64_t size_bytes, ReplayWay way,
                ReplayResult *ret_result);
void replay_clear(ReplayResult *result);
