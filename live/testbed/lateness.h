/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/lateness.h: how much later than it should something happened.
 */
#pragma once

#include "sim/mode.h"

#define LATENESS_BUCKET_NS INT64_C(1000)
#define LATENESS_BUCKETS 100000u /* the last: beyond 100 ms */

typedef struct LatenessCount {
    uint32_t *buckets;
    uint64_t count;
    uint64_t tardy_count;
    int64_t ns_max;
} LatenessCount;

void lateness_init(LatenessCount *count);
void lateness_clear(LatenessCount *count);
/* Later than tardy_ns it was tardy. */
void lateness_add(LatenessCount *count, int64_t late_ns, int64_t tardy_ns);
/* Zeros when nothing was counted; percentiles are rounded up to 1 us. */
Lateness lateness_sum(const LatenessCount *count);
