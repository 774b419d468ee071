/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/reassembly.c: a sorted array of intervals.
 */
#include "sim/transport/reassembly.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

void
reassembly_clear(Reassembly *reassembly)
{
    g_free(reassembly->intervals);
    memset(reassembly, 0, sizeof *reassembly);
}

/* The first interval whose end is at or beyond seq. */
static uint32_t
find(const Reassembly *reassembly, uint64_t seq)
{
    uint32_t low = 0;
    uint32_t high = reassembly->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (reassembly->intervals[middle].end < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
replace(Reassembly *reassembly, uint32_t first, uint32_t end, Interval interval)
{
    if (first == end && reassembly->count == reassembly->capacity) {
        reassembly->capacity = MAX(4, 2 * reassembly->capacity);
        reassembly->intervals =
            g_renew(Interval, reassembly->intervals, reassembly->capacity);
    }
    Interval *place = reassembly->intervals + first;
    uint32_t tail = reassembly->count - end;
    if (tail > 0 && first + 1 != end)
        memmove(place + 1, reassembly->intervals + end,
                tail * sizeof(Interval));
    *place = interval;
    reassembly->count = reassembly->count + 1 - (end - first);
}

static void
advance(Reassembly *reassembly, uint64_t end)
{
    reassembly->next_seq = end;
    uint32_t gone = 0;
    while (gone < reassembly->count &&
           reassembly->intervals[gone].start <= reassembly->next_seq) {
        uint64_t known = reassembly->intervals[gone].end;
        reassembly->next_seq = MAX(reassembly->next_seq, known);
        gone++;
    }
    if (gone == 0)
        return;
    reassembly->count -= gone;
    memmove(reassembly->intervals, reassembly->intervals + gone,
            reassembly->count * sizeof(Interval));
}

/* One byte for each of the latest intervals, not for each packet. */
static void
remember(Reassembly *reassembly, uint64_t seq, const Interval *whole)
{
    uint64_t *recent = reassembly->recent;
    if (recent[0] < whole->start || recent[0] >= whole->end)
        memmove(recent + 1, recent,
                sizeof reassembly->recent - sizeof recent[0]);
    recent[0] = seq;
}

bool
reassembly_add(Reassembly *reassembly, uint64_t start, uint64_t end)
{
    assert(start <= end);
    if (end <= reassembly->next_seq)
        return false;
    if (start <= reassembly->next_seq) {
        advance(reassembly, end);
        return true;
    }
    uint32_t first = find(reassembly, start);
    uint32_t after = first;
    Interval whole = {start, end};
    while (after < reassembly->count &&
           reassembly->intervals[after].start <= end) {
        const Interval *known = &reassembly->intervals[after++];
        if (known->start <= start && known->end >= end)
            return false;
        whole.start = MIN(whole.start, known->start);
        whole.end = MAX(whole.end, known->end);
    }
    replace(reassembly, first, after, whole);
    remember(reassembly, start, &whole);
    return true;
}

/* The index of the interval that holds seq, or count. */
static uint32_t
index_of(const Reassembly *reassembly, uint64_t seq)
{
    uint32_t index = find(reassembly, seq + 1);
    if (index < reassembly->count && reassembly->intervals[index].start <= seq)
        return index;
    return reassembly->count;
}

void
reassembly_write_sack(const Reassembly *reassembly,
                      SackBlock sack[PACKET_SACK_MAX])
{
    uint32_t written = 0;
    uint32_t last = reassembly->count;
    for (uint32_t i = 0; i < PACKET_SACK_MAX && reassembly->count; i++) {
        uint32_t index = index_of(reassembly, reassembly->recent[i]);
        if (index == reassembly->count || index == last)
            continue;
        const Interval *interval = &reassembly->intervals[index];
        uint64_t base = reassembly->next_seq;
        assert(interval->end - base <= UINT32_MAX);
        sack[written].start_bytes = (uint32_t)(interval->start - base);
        sack[written++].end_bytes = (uint32_t)(interval->end - base);
        last = index;
    }
}

CODER_KNOWS(Reassembly, 0, 0, 0, 0, {0});

void
reassembly_code(Reassembly *reassembly, Coder *coder)
{
    coder_u64(coder, &reassembly->next_seq);
    coder_u32(coder, &reassembly->count);
    coder_bytes(coder, reassembly->recent, sizeof reassembly->recent);
    reassembly->intervals = coder_array(coder, reassembly->intervals,
                                        reassembly->count, sizeof(Interval));
    if (coder->is_reading)
        reassembly->capacity = reassembly->count;
}
