/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/ranges.c: puts ranges together and cuts them.
 */
#include "core/ranges.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

CODER_KNOWS(Range, 0, 0);
CODER_KNOWS(RangeSet, 0, 0, 0, 0);

void
ranges_init(RangeSet *set)
{
    memset(set, 0, sizeof *set);
}

void
ranges_clear(RangeSet *set)
{
    g_free(set->ranges);
    ranges_init(set);
}

static void
insert_at(RangeSet *set, uint32_t at, const Range *range)
{
    if (set->count == set->capacity) {
        set->capacity = MAX(8, 2 * set->capacity);
        set->ranges = g_renew(Range, set->ranges, set->capacity);
    }
    memmove(&set->ranges[at + 1], &set->ranges[at],
            (set->count - at) * sizeof(Range));
    set->ranges[at] = *range;
    set->count++;
}

static void
remove_at(RangeSet *set, uint32_t at)
{
    set->count--;
    memmove(&set->ranges[at], &set->ranges[at + 1],
            (set->count - at) * sizeof(Range));
}

void
ranges_put(RangeSet *set, const Range *range)
{
    assert(range->start_bytes <= range->end_bytes);
    if (range->start_bytes == range->end_bytes)
        return;
    uint32_t at = 0;
    while (at < set->count && set->ranges[at].start_bytes < range->start_bytes)
        at++;
    assert(at == 0 || set->ranges[at - 1].end_bytes <= range->start_bytes);
    assert(at == set->count || range->end_bytes <= set->ranges[at].start_bytes);
    set->total_bytes += range_size_bytes(range);
    insert_at(set, at, range);
    Range *here = &set->ranges[at];
    if (at + 1 < set->count && here[1].start_bytes == here->end_bytes) {
        here->end_bytes = here[1].end_bytes;
        remove_at(set, at + 1);
    }
    if (at > 0 && here[-1].end_bytes == here->start_bytes) {
        here[-1].end_bytes = here->end_bytes;
        remove_at(set, at);
    }
}

Range
ranges_take(RangeSet *set, uint64_t size_bytes_max, uint32_t align_bytes)
{
    assert(align_bytes > 0);
    if (set->count == 0)
        return (Range){0, 0};
    Range *first = &set->ranges[0];
    Range taken = *first;
    if (range_size_bytes(first) > size_bytes_max) {
        uint64_t end_bytes = first->start_bytes + size_bytes_max;
        end_bytes -= end_bytes % align_bytes;
        if (end_bytes <= first->start_bytes)
            end_bytes = (first->start_bytes / align_bytes + 1) * align_bytes;
        taken.end_bytes = MIN(end_bytes, first->end_bytes);
    }
    set->total_bytes -= range_size_bytes(&taken);
    first->start_bytes = taken.end_bytes;
    if (first->start_bytes == first->end_bytes)
        remove_at(set, 0);
    return taken;
}

void
range_code(Range *range, Coder *coder)
{
    coder_u64(coder, &range->start_bytes);
    coder_u64(coder, &range->end_bytes);
    coder->is_bad |= range->start_bytes > range->end_bytes;
}

void
ranges_code(RangeSet *set, Coder *coder)
{
    uint32_t count = set->count;
    coder_u32(coder, &count);
    if (coder->is_reading) {
        if (!coder_has(coder, (uint64_t)count * sizeof(Range)))
            return;
        set->ranges = g_new0(Range, count);
        set->capacity = set->count = count;
    }
    for (uint32_t i = 0; i < count; i++) {
        range_code(&set->ranges[i], coder);
        if (coder->is_reading)
            set->total_bytes += range_size_bytes(&set->ranges[i]);
    }
}
