/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_alone.c: core links with GLib and libcrypto, nothing else.
 *
 * The proof is that this program exists: every object file of core is linked
 * in, wanted or not, so a symbol from another folder would stop the linker.
 */
#include "core/turn.h"

#include <glib.h>

static void
core_works_with_no_driver_at_all(void)
{
    Turn turn;
    StreamPool pool = {0};
    turn_init(&turn);
    turn_begin(&turn, &pool);
    StreamId stream = turn_connect(&turn, 7, TRANSPORT_TCP);
    turn_close(&turn, stream, CLOSE_DONE);
    g_assert_cmpuint(turn.effect_count, ==, 2);
    turn_clear(&turn);
    stream_pool_clear(&pool);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/alone/core_works_with_no_driver_at_all",
                    core_works_with_no_driver_at_all);
    return g_test_run();
}
