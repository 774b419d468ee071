/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_rtt.c: how long to wait before sending again.
 */
#include "sim/transport/rtt.h"

#include <glib.h>

#include "core/event.h"

static void
before_any_sample_a_second_is_waited(void)
{
    Rtt rtt;
    rtt_init(&rtt);
    g_assert_cmpint(rtt_rto_ns(&rtt, RTO_MIN_NS), ==, NS_PER_S);
    g_assert_cmpint(rtt.min_ns, ==, TIME_NEVER);
}

/* Linux gives the floor to the variation: SRTT + max(200 ms, 4 RTTVAR). */
static void
the_floor_is_below_the_variation_not_the_sum(void)
{
    Rtt rtt;
    rtt_init(&rtt);
    for (int i = 0; i < 100; i++)
        rtt_sample(&rtt, 50 * NS_PER_MS);
    g_assert_cmpint(rtt.srtt_ns, ==, 50 * NS_PER_MS);
    g_assert_cmpint(rtt_rto_ns(&rtt, RTO_MIN_NS), ==, 250 * NS_PER_MS);
    g_assert_cmpint(rtt_rto_ns(&rtt, 0), <, 51 * NS_PER_MS);
}

static void
an_outlier_moves_the_mean_by_an_eighth_and_the_variation_by_a_quarter(void)
{
    Rtt rtt;
    rtt_init(&rtt);
    rtt_sample(&rtt, 80 * NS_PER_MS);
    rtt_sample(&rtt, 160 * NS_PER_MS);
    g_assert_cmpint(rtt.srtt_ns, ==, 90 * NS_PER_MS);
    g_assert_cmpint(rtt.rttvar_ns, ==, 50 * NS_PER_MS);
    g_assert_cmpint(rtt.min_ns, ==, 80 * NS_PER_MS);
}

static void
nobody_waits_longer_than_two_minutes(void)
{
    Rtt rtt;
    rtt_init(&rtt);
    rtt_sample(&rtt, 100 * NS_PER_S);
    g_assert_cmpint(rtt_rto_ns(&rtt, RTO_MIN_NS), ==, RTO_MAX_NS);
}

static void
a_path_without_delay_counts_as_measured(void)
{
    Rtt rtt;
    rtt_init(&rtt);
    rtt_sample(&rtt, 0);
    g_assert_cmpint(rtt.srtt_ns, >, 0);
    g_assert_cmpint(rtt_rto_ns(&rtt, RTO_MIN_NS), <=, RTO_MIN_NS + 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rtt/none", before_any_sample_a_second_is_waited);
    g_test_add_func("/rtt/floor", the_floor_is_below_the_variation_not_the_sum);
    g_test_add_func(
        "/rtt/outlier",
        an_outlier_moves_the_mean_by_an_eighth_and_the_variation_by_a_quarter);
    g_test_add_func("/rtt/ceiling", nobody_waits_longer_than_two_minutes);
    g_test_add_func("/rtt/zero", a_path_without_delay_counts_as_measured);
    return g_test_run();
}
