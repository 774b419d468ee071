/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_nat.c: who can meet whom.
 */
#include "sim/nat.h"

#include <glib.h>

/* 'x': they meet. Columns in the order of rows. */
static const char TABLE[NAT_CLASS_COUNT][NAT_CLASS_COUNT + 1] = {
    "xxxxx", /* public */
    "xxxxx", /* full cone */
    "xxxxx", /* restricted cone */
    "xxxx.", /* port restricted */
    "xxx..", /* symmetric */
};

static void
pairs_meet_as_the_table_says(void)
{
    for (guint one = 0; one < NAT_CLASS_COUNT; one++) {
        for (guint other = 0; other < NAT_CLASS_COUNT; other++) {
            bool can_meet = nat_can_meet((NatClass)one, (NatClass)other);
            g_assert_cmpint(TABLE[one][other], ==, can_meet ? 'x' : '.');
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nat/table", pairs_meet_as_the_table_says);
    return g_test_run();
}
