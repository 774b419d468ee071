/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/speed.h: speed over the last whole seconds, from a running total that
 * is looked at once a second.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#define SPEED_SECONDS_MAX 60u

typedef struct Speed {
    uint64_t totals_bytes[SPEED_SECONDS_MAX + 1]; /* a ring, by second */
    uint32_t tick_count;
} Speed;

/* One more second has passed, with this many bytes in all. */
static inline void
speed_tick(Speed *speed, uint64_t total_bytes)
{
    speed->tick_count++;
    speed->totals_bytes[speed->tick_count % (SPEED_SECONDS_MAX + 1)] =
        total_bytes;
}

/* Bit/s over the last seconds, or over all of them while there are fewer; 0
 * before the first tick. */
static inline uint64_t
speed_bps(const Speed *speed, uint32_t seconds)
{
    assert(seconds > 0);
    assert(seconds <= SPEED_SECONDS_MAX);
    if (seconds > speed->tick_count)
        seconds = speed->tick_count;
    if (seconds == 0)
        return 0;
    uint32_t now = speed->tick_count % (SPEED_SECONDS_MAX + 1);
    uint32_t then = (speed->tick_count - seconds) % (SPEED_SECONDS_MAX + 1);
    return (speed->totals_bytes[now] - speed->totals_bytes[then]) * 8 / seconds;
}
