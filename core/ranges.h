/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/ranges.h: the parts of a file that nobody has been asked for yet.
 *
 * Sorted, disjoint, never touching. A byte is either in here, or with one
 * source, or delivered: that is what keeps a download free of duplicates.
 */
#pragma once

#include "core/coder.h"

/* From start up to, without, end. */
typedef struct Range {
    uint64_t start_bytes;
    uint64_t end_bytes;
} Range;

typedef struct RangeSet {
    Range *ranges;
    uint32_t count;
    uint32_t capacity;
    uint64_t total_bytes;
} RangeSet;

static inline uint64_t
range_size_bytes(const Range *range)
{
    return range->end_bytes - range->start_bytes;
}

void ranges_init(RangeSet *set);
void ranges_clear(RangeSet *set);
/* Put a range in; none of it may be in the set already. */
void ranges_put(RangeSet *set, const Range *range);
/* Take the first bytes out: at most about size_bytes_max, and cut at a
 * multiple of align_bytes unless the range ends before. Never empty unless
 * the set is. */
Range ranges_take(RangeSet *set, uint64_t size_bytes_max, uint32_t align_bytes);
void range_code(Range *range, Coder *coder);
/* Read into an empty set. */
void ranges_code(RangeSet *set, Coder *coder);
