/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/lateness.c: counts by microsecond.
 */
#include "live/testbed/lateness.h"

void
lateness_init(LatenessCount *count)
{
    *count = (LatenessCount){.buckets = g_new0(uint32_t, LATENESS_BUCKETS)};
}

void
lateness_clear(LatenessCount *count)
{
    g_clear_pointer(&count->buckets, g_free);
}

void
lateness_add(LatenessCount *count, int64_t late_ns, int64_t tardy_ns)
{
    int64_t bucket = MAX(late_ns, 0) / LATENESS_BUCKET_NS;
    count->buckets[MIN(bucket, LATENESS_BUCKETS - 1)]++;
    count->count++;
    count->tardy_count += late_ns > tardy_ns;
    count->ns_max = MAX(count->ns_max, late_ns);
}

/* The smallest bound that so many of a hundred keep. */
static int64_t
percentile_ns(const LatenessCount *count, uint64_t percent)
{
    uint64_t wanted = (count->count * percent + 99) / 100;
    uint64_t seen = 0;
    for (uint32_t i = 0; i + 1 < LATENESS_BUCKETS; i++) {
        seen += count->buckets[i];
        if (seen >= wanted)
            return MIN((i + 1) * LATENESS_BUCKET_NS, count->ns_max);
    }
    return count->ns_max;
}

Lateness
lateness_sum(const LatenessCount *count)
{
    if (count->count == 0)
        return (Lateness){0};
    return (Lateness){percentile_ns(count, 50), percentile_ns(count, 99),
                      count->ns_max,
                      (double)count->tardy_count / (double)count->count};
}
