/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/wall_clock.h: tells the operator when somebody has set the clock.
 */
#pragma once

#include "live/loop.h"

typedef struct WallClock {
    Loop *loop;
    Timer look;
    int64_t shift_ns; /* that has been told */
} WallClock;

void wall_clock_init(WallClock *clock, Loop *loop);
void wall_clock_clear(WallClock *clock);
