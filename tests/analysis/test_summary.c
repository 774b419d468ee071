/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_summary.c: figures of a dozen rows that can be checked
 * by hand.
 */
#include "analysis/expect.h"
#include "analysis/figure.h"
#include "analysis/metric.h"
#include "analysis/summary.h"
#include "tests/analysis/fixture.h"

#include <math.h>
#include <string.h>

#define MANIFEST(workload, expect)                                             \
    "{\"title\": \"by hand\", \"workload\": \"" workload "\",\n"               \
    "\"fingerprint\": \"ab\", \"complete\": true,\n"                           \
    "\"slow_threshold_bytes_per_second\": 1000000,\n"                          \
    "\"fix_bytes_per_second\": 1200000,\n"                                     \
    "\"modes\": [{\"mode\": \"a\", \"fingerprint\": \"aa\", \"events\": 7,\n"  \
    "\"packet_hops\": 300, \"data_packets\": 50, \"wall_seconds\": 2,\n"       \
    "\"simulated_seconds\": 60, \"peak_rss_bytes\": 1000, \"arrivals\": 10,\n" \
    "\"node_requests\": 50, \"node_request_failures\": 10,\n"                  \
    "\"nodes_listed\": 800, \"payload_equal_bytes\": 5,\n"                     \
    "\"payload_different\": 0},\n"                                             \
    "{\"mode\": \"b\", \"fingerprint\": \"bb\", \"events\": 8,\n"              \
    "\"packet_hops\": 100, \"data_packets\": 50, \"wall_seconds\": 2,\n"       \
    "\"simulated_seconds\": 60, \"peak_rss_bytes\": 3000}],\n"                 \
    "\"expect\": [" expect "]}\n"

#define DOWNLOADS_HEAD                                                         \
    "mode,download_id,is_slow,cause,before_bytes_per_second,"                  \
    "total_bytes_per_second,edge_bytes_per_second,cdn_bytes_per_second,"       \
    "edge_attempts,edge_connects,edge_connect_seconds_sum,cdn_connects,"       \
    "cdn_connect_seconds_sum,edge_connections_used,"                           \
    "total_10_s_bytes_per_second,edge_10_s_bytes_per_second\n"

/* Mode a, in turn: S; exactly T, so N; exactly T/2 from edges, so N; F by its
 * own line; F without an edge; not measured; never slow. */
static const char downloads[] = DOWNLOADS_HEAD
    "a,1,1,cdn_path,400000,1300000,900000,400000,8,6,0.30,2,0.10,3,1,0\n"
    "a,2,1,cdn_path,500000,1000000,600000,400000,4,3,0.12,2,0.10,2,1,0\n"
    "a,3,1,cell_ingress,500000,1250000,500000,750000,4,3,0.18,2,0.10,1,1,0\n"
    "a,4,1,own_access,600000,600000,300000,300000,4,4,0.20,2,0.10,2,1,0\n"
    "a,5,1,other,700000,700000,0,700000,4,0,0,2,0.10,0,2000000,1000000\n"
    "a,6,1,own_access,300000,,,,0,0,0,2,0.10,0,,\n"
    "a,7,0,,,,,,0,0,0,2,0.10,0,,\n"
    "b,1,1,cdn_path,400000,1400000,1000000,400000,8,8,0.3,2,0.10,3,1,0\n"
    "b,2,1,cdn_path,500000,1100000,600000,500000,4,4,0.1,2,0.10,2,1,0\n"
    "b,8,1,cdn_path,500000,400000,0,400000,4,0,0,2,0.10,0,1,0\n";

static json_t *
summarize(const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Results) results = results_new_from_directory(directory, &error);
    g_assert_no_error(error);
    json_t *summary = summary_new(results, &error);
    g_assert_no_error(error);
    return summary;
}

static json_t *
summarize_downloads(const char *manifest, const char *rows)
{
    char *directory = fixture_new_directory();
    fixture_write(directory, "manifest.json", manifest);
    if (rows)
        fixture_write(directory, "downloads.csv", rows);
    json_t *summary = summarize(directory);
    fixture_remove(directory);
    return summary;
}

static void
expect_figure(const json_t *summary, const char *path, double expected)
{
    double value = figure_find(summary, path);
    if (!(fabs(value - expected) <= 1e-9 * fmax(1, fabs(expected))))
        g_error("%s is %.10g, not %.10g", path, value, expected);
}

static void
verdicts_follow_the_strict_inequalities(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), downloads);
    expect_figure(summary, "modes.a.arrivals", 10);
    expect_figure(summary, "modes.a.candidates", 7);
    expect_figure(summary, "modes.a.slow", 6);
    expect_figure(summary, "modes.a.slow_ratio", 0.6);
    expect_figure(summary, "modes.a.attempts", 5);
    expect_figure(summary, "modes.a.unmeasured", 1);
    expect_figure(summary, "modes.a.S", 1);
    expect_figure(summary, "modes.a.F", 2);
    expect_figure(summary, "modes.a.N", 2);
    expect_figure(summary, "modes.a.speedup_success_ratio", 1.0 / 3);
    json_decref(summary);
}

static void
ratios_are_over_the_right_downloads(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), downloads);
    const json_t *a = json_object_get(json_object_get(summary, "modes"), "a");
    expect_figure(a, "ceiling_ratio", 4.0 / 6);
    expect_figure(a, "success_over_ceiling_ratio", 0.5);
    expect_figure(a, "fix_ratio", 2.0 / 6);
    expect_figure(a, "connectivity_ratio", 16.0 / 24);
    expect_figure(a, "mean_before_bytes_per_second", 500000);
    expect_figure(a, "mean_total_bytes_per_second", 970000);
    expect_figure(a, "mean_edge_bytes_per_second", 460000);
    expect_figure(a, "mean_edge_connection_bytes_per_second", 287500);
    expect_figure(a, "edge_over_cdn_ratio", 2300000.0 / 1850000);
    expect_figure(a, "mean_edge_connect_seconds", 0.05);
    expect_figure(a, "mean_cdn_connect_seconds", 0.05);
    expect_figure(a, "edge_over_cdn_connect_ratio", 1);
    expect_figure(a, "nodes_per_request", 20);
    expect_figure(a, "node_request_success_ratio", 0.8);
    expect_figure(a, "causes.own_access", 2.0 / 6);
    expect_figure(a, "payload.equal_bytes", 5);
    json_decref(summary);
}

static void
other_windows_are_judged_on_their_own(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), downloads);
    expect_figure(summary, "modes.a.sensitivity.10_s.S", 1);
    expect_figure(summary, "modes.a.sensitivity.10_s.F", 4);
    expect_figure(summary, "modes.a.sensitivity.10_s.speedup_success_ratio",
                  0.2);
    json_decref(summary);
}

/* Downloads 1 and 2 are in both modes: R goes from 1 of 1 to 2 of 2. */
static void
modes_are_compared_over_downloads_that_both_have(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), downloads);
    const char *base = "comparisons.b_minus_a";
    g_autofree char *count =
        g_strconcat(base, ".intervals.speedup_success_ratio.count", NULL);
    g_autofree char *success =
        g_strconcat(base, ".speedup_success_ratio", NULL);
    g_autofree char *speed =
        g_strconcat(base, ".mean_total_bytes_per_second", NULL);
    expect_figure(summary, count, 2);
    expect_figure(summary, success, 0);
    expect_figure(summary, speed, 100000);
    json_decref(summary);
}

static void
run_is_the_sum_of_its_modes(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), downloads);
    expect_figure(summary, "events", 15);
    expect_figure(summary, "packet_hops", 400);
    expect_figure(summary, "packet_hops_per_second", 100);
    expect_figure(summary, "peak_rss_bytes", 3000);
    expect_figure(summary, "modes.b.events", 8);
    g_assert_cmpstr(json_string_value(json_object_get(summary, "fingerprint")),
                    ==, "ab");
    json_decref(summary);
}

static void
run_without_downloads_has_zeros_and_no_ratios(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), NULL);
    expect_figure(summary, "modes.a.slow", 0);
    expect_figure(summary, "modes.a.S", 0);
    g_assert_true(figure_exists(summary, "modes.a.speedup_success_ratio"));
    g_assert_true(isnan(figure_find(summary, "modes.a.speedup_success_ratio")));
    json_decref(summary);
}

static void
download_twice_in_a_mode_is_an_error(void)
{
    char *directory = fixture_new_directory();
    g_autofree char *rows =
        g_strconcat(downloads, "a,1,0,,,,,,0,0,0,2,0.10,0,,\n", NULL);
    fixture_write(directory, "manifest.json", MANIFEST("downloads", ""));
    fixture_write(directory, "downloads.csv", rows);
    g_autoptr(GError) error = NULL;
    g_autoptr(Results) results = results_new_from_directory(directory, NULL);
    g_assert_null(summary_new(results, &error));
    g_assert_nonnull(strstr(error->message, "download 1 is twice in mode a"));
    fixture_remove(directory);
}

static void
flows_that_did_not_end_have_no_completion_time(void)
{
    char *directory = fixture_new_directory();
    fixture_write(directory, "manifest.json", MANIFEST("flows", ""));
    fixture_write(directory, "flows.csv",
                  "mode,flow,from,to,transport,start_seconds,connect_seconds,"
                  "first_byte_seconds,completion_seconds,delivered_bytes,"
                  "goodput_bits_per_second,retransmitted_segments_total,"
                  "timeouts_total\n"
                  "a,f1,x,y,reno,0,0.1,0.2,1,100,800,2,0\n"
                  "a,f2,x,y,cubic,0,0.1,0.2,3,100,267,1,1\n"
                  "b,f1,x,y,reno,0,0.1,,,50,8,4,2\n");
    json_t *summary = summarize(directory);
    expect_figure(summary, "flows.count", 3);
    expect_figure(summary, "flows.completed", 2);
    expect_figure(summary, "flows.flow_completion_seconds.p50", 2);
    expect_figure(summary, "flows.retransmitted_segments_total", 7);
    expect_figure(summary, "flows.transports.reno.count", 2);
    expect_figure(summary, "modes.b.flows.completed", 0);
    json_decref(summary);
    fixture_remove(directory);
}

typedef struct Judgement {
    json_t *summary;
    bool is_met;
    GError *error;
} Judgement;

static Judgement
judge(const char *manifest)
{
    char *directory = fixture_new_directory();
    fixture_write(directory, "manifest.json", manifest);
    fixture_write(directory, "downloads.csv", downloads);
    g_autoptr(Results) results = results_new_from_directory(directory, NULL);
    Judgement judgement = {summary_new(results, NULL), true, NULL};
    expect_judge(results, judgement.summary, &judgement.is_met,
                 &judgement.error);
    fixture_remove(directory);
    return judgement;
}

static void
judgement_clear(Judgement *judgement)
{
    json_decref(judgement->summary);
    g_clear_error(&judgement->error);
}

static void
expectations_are_met_at_their_bounds(void)
{
    Judgement judgement = judge(MANIFEST(
        "downloads", "{\"metric\": \"modes.a.S\", \"min\": 1, \"max\": 1},"
                     "{\"metric\": \"events\", \"min\": 15}"));
    g_assert_no_error(judgement.error);
    g_assert_true(judgement.is_met);
    g_assert_true(
        json_is_true(json_object_get(judgement.summary, "expectations_met")));
    judgement_clear(&judgement);
}

static void
one_missed_expectation_is_enough(void)
{
    Judgement judgement =
        judge(MANIFEST("downloads", "{\"metric\": \"events\", \"max\": 14.9},"
                                    "{\"metric\": \"modes.a.S\", \"min\": 1}"));
    g_assert_no_error(judgement.error);
    g_assert_false(judgement.is_met);
    judgement_clear(&judgement);
}

/* Mode b has no node requests, so there is no success ratio to hold. */
static void
figure_without_a_value_meets_nothing(void)
{
    Judgement judgement = judge(MANIFEST(
        "downloads", "{\"metric\": \"modes.b.node_request_success_ratio\","
                     " \"min\": 0}"));
    g_assert_no_error(judgement.error);
    g_assert_false(judgement.is_met);
    judgement_clear(&judgement);
}

static void
misspelt_figure_is_told_with_the_nearest(void)
{
    Judgement judgement = judge(MANIFEST(
        "downloads", "{\"metric\": \"modes.a.fix_ration\", \"min\": 0}"));
    g_assert_false(judgement.is_met);
    g_assert_nonnull(
        strstr(judgement.error->message, "did you mean modes.a.fix_ratio"));
    judgement_clear(&judgement);
}

/* Every figure of a mode, however deep, is in the dictionary; only the parts
 * of distributions, and names from the scenario, need no entry. */
static void
dictionary_knows_every_figure_of_a_mode(void)
{
    json_t *summary = summarize_downloads(MANIFEST("downloads", ""), downloads);
    const json_t *a = json_object_get(json_object_get(summary, "modes"), "a");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)a, key, value)
    {
        if (json_is_number(value) && !metric_find(key))
            g_error("%s is not in the dictionary", key);
    }
    const json_t *causes = json_object_get(a, "causes");
    json_object_foreach((json_t *)causes, key, value)
    {
        if (json_is_number(value) && !metric_find(key))
            g_error("%s is not in the dictionary", key);
    }
    json_decref(summary);
}

#define CASE(name) g_test_add_func("/analysis/summary/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(verdicts_follow_the_strict_inequalities);
    CASE(ratios_are_over_the_right_downloads);
    CASE(other_windows_are_judged_on_their_own);
    CASE(modes_are_compared_over_downloads_that_both_have);
    CASE(run_is_the_sum_of_its_modes);
    CASE(run_without_downloads_has_zeros_and_no_ratios);
    CASE(download_twice_in_a_mode_is_an_error);
    CASE(flows_that_did_not_end_have_no_completion_time);
    CASE(expectations_are_met_at_their_bounds);
    CASE(one_missed_expectation_is_enough);
    CASE(figure_without_a_value_meets_nothing);
    CASE(misspelt_figure_is_told_with_the_nearest);
    CASE(dictionary_knows_every_figure_of_a_mode);
    return g_test_run();
}
