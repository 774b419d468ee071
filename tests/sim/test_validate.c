/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_validate.c: the judge is judged: what is wrong turns red.
 */
#include "sim/validate.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>

#include "sim/validate/proof.h"
#include "sim/validate/truth.h"

#define KERNEL_FILE "../shared/truth/kernel_tcp.csv"
#define HEAD                                                                   \
    "case,group,cc,iw,bytes,rtt_ms,rate_mbps,qpkts,loss,maxtime_s,fct_ms,"     \
    "goodput_mbps\n"
/* As the kernel was measured. */
#define SHORT_ROW "a,short,cubic,10,20480,50,100,20000,0,90,100.848,1.625\n"

static void
assert_verdict(ProofBand band, double tolerance, Estimate measured, bool is_met)
{
    ProofRow row = {.band = band, .expected = 10, .tolerance = tolerance};
    g_assert_cmpint(proof_is_met(&row, measured), ==, is_met);
}

static void
each_band_ends_where_it_says(void)
{
    assert_verdict(BAND_EXACT, 0, (Estimate){10, 0}, true);
    assert_verdict(BAND_EXACT, 0, (Estimate){nextafter(10, 11), 0}, false);
    assert_verdict(BAND_ROUNDING, 1, (Estimate){11, 0}, true);
    assert_verdict(BAND_ROUNDING, 1, (Estimate){11.01, 0}, false);
    assert_verdict(BAND_MODEL, 0.1, (Estimate){9, 0}, true);
    assert_verdict(BAND_MODEL, 0.1, (Estimate){8.99, 0}, false);
    /* Statistics: the truth in the interval, and the interval small. */
    assert_verdict(BAND_STATISTICAL, 0.02, (Estimate){10.1, 0.15}, true);
    assert_verdict(BAND_STATISTICAL, 0.02, (Estimate){10.2, 0.15}, false);
    assert_verdict(BAND_STATISTICAL, 0.02, (Estimate){10.2, 0.3}, false);
    assert_verdict(BAND_AT_LEAST, 0, (Estimate){10.5, 0.5}, true);
    assert_verdict(BAND_AT_LEAST, 0, (Estimate){10.5, 0.6}, false);
    for (int band = BAND_EXACT; band <= BAND_AT_LEAST; band++)
        assert_verdict((ProofBand)band, 1, (Estimate){(double)NAN, 0}, false);
}

/* Five values, mean 3, deviation of the mean 0.7071; t(4) at 99.9 %: 8.610. */
static void
an_interval_is_students(void)
{
    Sample sample = {0};
    for (int value = 1; value <= 5; value++)
        sample_add(&sample, value);
    Estimate estimate = sample_estimate(&sample);
    g_assert_cmpfloat(estimate.value, ==, 3);
    g_assert_cmpfloat_with_epsilon(estimate.half_width, 8.610 * 0.70711, 0.01);
}

static void
rows_of_one_experiment_stand_together(void)
{
    for (uint32_t i = 0; i < PROOF_ROW_COUNT; i++) {
        const ProofRow *row = &PROOF_ROWS[i];
        g_assert_cmpuint(row->part, <, PROOF_PARTS_MAX);
        g_assert_nonnull(row->experiment);
        g_assert_true(row->part == 0 ||
                      row->experiment == PROOF_ROWS[i - 1].experiment);
    }
}

/* The verb takes its options out of what it is given. */
static int
run_verb(const char *const *words)
{
    g_auto(GStrv) copies = g_strdupv((char **)(void *)words);
    guint count = g_strv_length(copies);
    g_autofree char **lent = g_memdup2(copies, (count + 1) * sizeof *copies);
    return validate_main((int)count, lent);
}

/* In a process of its own; passes when the verb leaves with this code. */
static void
expect_in_child(int exit_code, const char *const *words)
{
    if (g_test_subprocess())
        exit(run_verb(words) == exit_code ? 0 : 1);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

static void
rows_are_run_by_their_names(void)
{
    const char *words[] = {"validate", "T1", "L2", NULL};
    expect_in_child(0, words);
    g_test_trap_assert_stdout("*L2 *met*T1 *met*11 rows, 0 missed\n");
}

static void
an_unknown_row_is_refused(void)
{
    const char *words[] = {"validate", "T1", "Z9", NULL};
    expect_in_child(2, words);
    g_test_trap_assert_stderr("byway validate: no row 'Z9'*");
}

static void
the_list_shows_all_rows_and_measures_none(void)
{
    const char *words[] = {"validate", "--list", NULL};
    expect_in_child(0, words);
    g_test_trap_assert_stdout("*L1 *RFC 6298*S4 *");
}

static void
help_has_an_example(void)
{
    const char *words[] = {"validate", "--help", NULL};
    expect_in_child(0, words);
    g_test_trap_assert_stdout("*Example:\n  byway validate Q1 T5\n*");
}

static char *
new_file(const char *text)
{
    g_autoptr(GError) error = NULL;
    char *path = NULL;
    int file = g_file_open_tmp("byway-truth-XXXXXX.csv", &path, &error);
    g_assert_no_error(error);
    g_close(file, NULL);
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
    return path;
}

static void
expect_of_file(int exit_code, const char *text)
{
    if (!g_test_subprocess()) {
        expect_in_child(exit_code, NULL);
        return;
    }
    g_autofree char *path = new_file(text);
    const char *words[] = {"validate", "kernel", path, NULL};
    int left_with = run_verb(words);
    g_unlink(path);
    exit(left_with == exit_code ? 0 : 1);
}

static void
a_measured_case_is_met(void)
{
    expect_of_file(0, HEAD SHORT_ROW);
    g_test_trap_assert_stdout("*1 cases compared, 0 missed\n");
}

static void
a_case_that_is_three_percent_off_is_missed(void)
{
    expect_of_file(3,
                   HEAD "a,short,cubic,10,20480,50,100,20000,0,90,103.9,1.6\n");
    g_test_trap_assert_stdout("*MISSED*1 cases compared, 1 missed\n");
}

static void
columns_may_stand_in_any_order_beside_others(void)
{
    expect_of_file(0, "\"fct_ms\",case,weather,group,cc,bytes,iw,rtt_ms,"
                      "rate_mbps,qpkts,loss,maxtime_s,goodput_mbps\r\n"
                      "100.848,a,\"sunny, warm\",short,cubic,20480,10,50,100,"
                      "20000,0,90,1.625\r\n");
}

static void
the_median_of_repetitions_counts(void)
{
    expect_of_file(0, HEAD SHORT_ROW SHORT_ROW
                   "a,short,cubic,10,20480,50,100,20000,0,90,400,0.4\n");
}

static void
a_missing_column_is_named(void)
{
    expect_of_file(2, "case,group,cc,iw,bytes\nx,short,reno,10,4096\n");
    g_test_trap_assert_stderr("*:1: no column 'rtt_ms'\n");
}

static void
what_is_no_number_is_shown_with_its_line(void)
{
    expect_of_file(2, HEAD SHORT_ROW
                   "b,short,cubic,10,20480,fifty,100,20000,0,90,100,1.6\n");
    g_test_trap_assert_stderr(
        "*:3: column 'rtt_ms': 'fifty' is not a number from 0 on\n");
}

static void
a_file_that_is_not_there_is_an_error(void)
{
    const char *words[] = {"validate", "kernel", "/nowhere/truth.csv", NULL};
    expect_in_child(2, words);
    g_test_trap_assert_stderr("byway validate kernel: *truth.csv*\n");
}

static void
what_is_not_modelled_is_said_and_not_compared(void)
{
    expect_of_file(0, HEAD SHORT_ROW
                   "b,short,bbr,10,20480,50,100,20000,0,90,100,1.6\n"
                   "c,paced,cubic,10,20480,50,100,20000,0,90,100,1.6\n");
    g_test_trap_assert_stdout(
        "*not taken: 1 of short: congestion control bbr is not modelled\n"
        "not taken: 1 of paced: group is not compared yet\n"
        "1 cases compared, 0 missed\n");
}

static void
a_file_without_a_case_to_compare_proves_nothing(void)
{
    expect_of_file(2, HEAD "b,short,bbr,10,20480,50,1,20000,0,90,100,1.6\n");
}

static void
all_measured_cases_are_met(void)
{
    if (!g_file_test(KERNEL_FILE, G_FILE_TEST_EXISTS)) {
        g_test_skip("no measurements beside the sources");
        return;
    }
    const char *words[] = {"validate", "kernel", KERNEL_FILE, NULL};
    expect_in_child(0, words);
    g_test_trap_assert_stdout("*214 cases compared, 0 missed\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/validate/bands", each_band_ends_where_it_says);
    g_test_add_func("/validate/interval", an_interval_is_students);
    g_test_add_func("/validate/table", rows_of_one_experiment_stand_together);
    g_test_add_func("/validate/rows", rows_are_run_by_their_names);
    g_test_add_func("/validate/unknown", an_unknown_row_is_refused);
    g_test_add_func("/validate/list",
                    the_list_shows_all_rows_and_measures_none);
    g_test_add_func("/validate/help", help_has_an_example);
    g_test_add_func("/kernel/met", a_measured_case_is_met);
    g_test_add_func("/kernel/missed",
                    a_case_that_is_three_percent_off_is_missed);
    g_test_add_func("/kernel/columns",
                    columns_may_stand_in_any_order_beside_others);
    g_test_add_func("/kernel/median", the_median_of_repetitions_counts);
    g_test_add_func("/kernel/missing_column", a_missing_column_is_named);
    g_test_add_func("/kernel/no_number",
                    what_is_no_number_is_shown_with_its_line);
    g_test_add_func("/kernel/no_file", a_file_that_is_not_there_is_an_error);
    g_test_add_func("/kernel/not_taken",
                    what_is_not_modelled_is_said_and_not_compared);
    g_test_add_func("/kernel/nothing",
                    a_file_without_a_case_to_compare_proves_nothing);
    g_test_add_func("/kernel/all", all_measured_cases_are_met);
    return g_test_run();
}
