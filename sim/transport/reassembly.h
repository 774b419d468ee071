/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/reassembly.h: what has arrived beyond the next byte.
 *
 * Intervals are disjoint, not adjacent, sorted, and all lie above next_seq.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/coder.h"
#include "sim/packet.h"

typedef struct Interval {
    uint64_t start;
    uint64_t end;
} Interval;

typedef struct Reassembly {
    uint64_t next_seq; /* all bytes before it are in order */
    Interval *intervals;
    uint32_t count;
    uint32_t capacity;
    uint64_t recent[PACKET_SACK_MAX]; /* a byte of the latest intervals */
} Reassembly;

void reassembly_clear(Reassembly *reassembly);
/* Written, or read into one whose intervals are nobody's. */
void reassembly_code(Reassembly *reassembly, Coder *coder);
/* Add [start, end); true when it held anything new. */
bool reassembly_add(Reassembly *reassembly, uint64_t start, uint64_t end);
/* The intervals that changed last, latest first, relative to next_seq. */
void reassembly_write_sack(const Reassembly *reassembly,
                           SackBlock sack[PACKET_SACK_MAX]);
