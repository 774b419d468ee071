/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_progress.c: what a user reads while a run goes on.
 */
#include <glib.h>

#include "sim/progress.h"

#define SECOND_US G_GINT64_CONSTANT(1000000)

static char *
new_line_after(Progress *progress, int64_t seconds)
{
    return progress_new_line(progress,
                             progress->start_us + seconds * SECOND_US);
}

static void
tells_speed_and_what_is_left(void)
{
    ModeProgress mode = {.goal = 100};
    Progress progress;
    progress_init(&progress, &mode, 1, PROGRESS_NEVER);
    progress.noun = "slow downloads";
    mode.done = 25;
    mode.events = 30000000;
    mode.now_ns = INT64_C(90000000000);
    mode.memory_bytes = 8u << 20;
    g_autofree char *line = new_line_after(&progress, 10);
    g_assert_cmpstr(line, ==,
                    " 25 %, 25 of 100 slow downloads, 90 s simulated, "
                    "3.00 M events/s, 8 MiB, 30 s left");
}

/* A run that goes on has the events of the one before behind it, and did not
 * do them in no time. */
static void
counts_only_what_was_done_since_a_checkpoint(void)
{
    ModeProgress modes[2] = {{.goal = 100, .done = 100, .is_over = true},
                             {.goal = 100, .done = 50, .events = 900000000}};
    modes[0].events = 800000000;
    Progress progress;
    progress_init(&progress, modes, 2, PROGRESS_NEVER);
    progress_resume(&modes[0]);
    progress_resume(&modes[1]);
    modes[1].done = 60;
    modes[1].events += 50000000;
    g_autofree char *line = new_line_after(&progress, 10);
    g_assert_cmpstr(line, ==,
                    " 80 %, 160 of 200 done, 0 s simulated, "
                    "5.00 M events/s, 0 MiB, 40 s left");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/progress/speed_and_what_is_left",
                    tells_speed_and_what_is_left);
    g_test_add_func("/progress/since_a_checkpoint",
                    counts_only_what_was_done_since_a_checkpoint);
    return g_test_run();
}
