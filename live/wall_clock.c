/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/wall_clock.c: tells the operator when somebody has set the clock.
 *
 * Nothing here follows it: time in a loop is monotonic. But keys expire by
 * the calendar that the process began with, and certificates by that of the
 * system.
 */
#include "live/wall_clock.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_NS (5 * NS_PER_S)
/* Less is how clocks are kept right. */
#define STEP_NS NS_PER_S

static void
look(void *context)
{
    WallClock *clock = context;
    int64_t shift_ns = loop_calendar_shift_ns(clock->loop);
    int64_t step_ns = shift_ns - clock->shift_ns;
    loop_set_timer(clock->loop, &clock->look,
                   loop_now_ns(clock->loop) + LOOK_NS);
    if (llabs(step_ns) < STEP_NS)
        return;
    clock->shift_ns = shift_ns;
    fprintf(stderr,
            "byway: the clock was set, by %+.0f s; this process goes on from "
            "where it was until it is started again\n",
            (double)step_ns / NS_PER_S);
}

void
wall_clock_init(WallClock *clock, Loop *loop)
{
    *clock = (WallClock){.loop = loop};
    clock->look = (Timer){.fire = look, .context = clock};
    loop_set_timer(loop, &clock->look, loop_now_ns(loop) + LOOK_NS);
}

void
wall_clock_clear(WallClock *clock)
{
    loop_unset_timer(clock->loop, &clock->look);
}
