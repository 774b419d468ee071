/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/bench/test_share.c: shares of time, out of what perf reports.
 */
#include "sim/bench/bench.h"

#include <math.h>

static const char HEAD[] = "# Samples: 8K of event 'cycles'\n#\n"
                           "# Overhead|Source File\n";

static void
expect_share(const double *shares, PartKind part, double expected)
{
    g_assert_cmpfloat_with_epsilon(shares[part], expected, 1e-9);
}

static void
each_source_file_counts_for_its_part(void)
{
    g_autofree char *report =
        g_strconcat(HEAD,
                    " 20.00% |/home/core/byway/build/../sim/link.c\n"
                    " 15.00% |../sim/network.h\n"
                    " 14.00% |../../sim/byway/sim/agenda.c\n"
                    " 10.00% |/b/../sim/transport/tcp_ack.c\n"
                    " 1.00%  |/b/../sim/prefetch.c\n"
                    " 8.00%  |/b/../core/edge.c\n"
                    " 2.00%  |/b/../sim/host.c\n"
                    " 5.00%  |/b/../analysis/table.c\n"
                    " 4.00%  |\n"
                    " 1.00%  |./malloc/./malloc/malloc.c\n\n#\n# (Tip: 5%)\n",
                    NULL);
    double shares[PART_COUNT];
    g_assert_true(share_parse(report, shares));
    expect_share(shares, PART_LINKS, 35.0 / 80);
    expect_share(shares, PART_AGENDA, 14.0 / 80);
    expect_share(shares, PART_TCP, 10.0 / 80);
    expect_share(shares, PART_PREFETCH, 1.0 / 80);
    expect_share(shares, PART_ROLES, 10.0 / 80);
    expect_share(shares, PART_RESULTS, 5.0 / 80);
    expect_share(shares, PART_OTHER, 5.0 / 80);
}

static void
a_folder_that_is_called_like_ours_is_none(void)
{
    g_autofree char *report =
        g_strconcat(HEAD,
                    " 50.00%|/home/core/byway/build/../sim/mode.c\n"
                    " 50.00%|/b/../sim/link.c\n",
                    NULL);
    double shares[PART_COUNT];
    g_assert_true(share_parse(report, shares));
    expect_share(shares, PART_ROLES, 0);
    expect_share(shares, PART_OTHER, 0.5);
}

static void
without_source_files_there_are_no_shares(void)
{
    double shares[PART_COUNT];
    g_autofree char *report = g_strconcat(HEAD, " 100.00%|\n", NULL);
    g_assert_false(share_parse(report, shares));
    g_assert_false(share_parse(HEAD, shares));
    g_assert_false(share_parse("", shares));
}

#define STORY(name) g_test_add_func("/share/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(each_source_file_counts_for_its_part);
    STORY(a_folder_that_is_called_like_ours_is_none);
    STORY(without_source_files_there_are_no_shares);
    return g_test_run();
}
