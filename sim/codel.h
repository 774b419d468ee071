/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/codel.h: controlled delay (RFC 8289), target 5 ms, interval 100 ms.
 *
 * In a FIFO of known rate a packet's time of leaving the queue is known when
 * it arrives, so the verdict is given then, in queue order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Codel {
    int64_t first_above_ns; /* 0: not above target */
    int64_t drop_next_ns;
    uint32_t drop_count;
    uint32_t last_drop_count;
    bool is_dropping;
} Codel;

/* The verdict on a packet that leaves the queue at now_ns after sojourn_ns;
 * backlog_bytes is what else waits (the standing-queue test). Links know their
 * packets' verdicts as these arrive, and hand in who waits before them; the RFC
 * asks who waits behind, which nobody knows by then. */
bool codel_drops(Codel *codel, int64_t now_ns, int64_t sojourn_ns,
                 uint64_t backlog_bytes);
