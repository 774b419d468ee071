/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/fixture.c: draws result directories.
 *
 * Own access lines limit some downloads for good; the others gain what edges
 * bring, which is log-normal and more in later modes. What a download's line
 * and congestion are is the same in all modes.
 */
#include "tests/analysis/fixture.h"

#include <glib/gstdio.h>
#include <gsl/gsl_randist.h>
#include <math.h>

enum { MODE_COUNT = 3, SAMPLE_COUNT = 120 };

static const char *const modes[MODE_COUNT] = {"random", "nearby", "preferred"};

char *
fixture_new_directory(void)
{
    char *directory = g_dir_make_tmp("byway-results-XXXXXX", NULL);
    g_assert_nonnull(directory);
    return directory;
}

static void
remove_tree(const char *path)
{
    GDir *directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        remove_tree(inner);
    }
    if (directory)
        g_dir_close(directory);
    g_remove(path);
}

void
fixture_remove(char *directory)
{
    remove_tree(directory);
    g_free(directory);
}

void
fixture_write(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

char *
fixture_read(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

gboolean
fixture_has(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static void
write_manifest(const char *directory, const char *workload, guint mode_count)
{
    g_autoptr(GString) text = g_string_new("{\n");
    g_string_append_printf(
        text,
        "\"title\": \"fixture <&>\", \"version\": \"0.1.0\", \"seed\": 1,\n"
        "\"replication\": 0, \"workload\": \"%s\", \"complete\": true,\n"
        "\"compiler\": \"12.2.0\", \"started\": \"2026-01-02T03:04:05Z\",\n"
        "\"scenario_sha256\": \"00ff\", \"fingerprint\": \"0123456789abcdef\","
        "\n\"slow_threshold_bytes_per_second\": 1000000,\n"
        "\"fix_bytes_per_second\": 1200000, \"window_seconds\": 30,\n"
        "\"modes\": [",
        workload);
    for (guint i = 0; i < mode_count; i++)
        g_string_append_printf(
            text,
            "%s\n{\"mode\": \"%s\", \"fingerprint\": \"%016x\", \"events\": "
            "%u,\n\"packet_hops\": %u, \"data_packets\": 2000000, "
            "\"simulated_seconds\": 620.5,\n\"wall_seconds\": 4.25, "
            "\"peak_rss_bytes\": 52428800, \"complete\": true,\n"
            "\"node_requests\": 1000, \"node_request_failures\": 7, "
            "\"nodes_listed\": 19860,\n\"payload_sampled\": 12, "
            "\"payload_equal_bytes\": 31457280, \"payload_different\": 0}",
            i > 0 ? "," : "", modes[i], 0xbeef + i, 9000000 + i * 1000,
            12000000 + i * 5000);
    g_string_append(text, "],\n\"expect\": []\n}\n");
    fixture_write(directory, "manifest.json", text->str);
}

static void
append_download(GString *text, guint mode, guint id, gsl_rng *rng)
{
    /* The first three draws are the download's own, equal in all modes. */
    gsl_rng_set(rng, id + 1);
    double line = gsl_ran_lognormal(rng, log(1.6e6), 0.6);
    double path = gsl_ran_lognormal(rng, log(7e5), 0.45);
    double start = 600 * gsl_rng_uniform(rng);
    gsl_rng_set(rng, 1000003 * (mode + 1) + id);
    double before = fmin(line, path);
    gboolean is_slow = before < 1e6;
    double edge = gsl_ran_lognormal(rng, log(3e5 + 1.5e5 * mode), 0.6);
    double total = fmin(line, path + edge);
    guint connects = gsl_ran_binomial(rng, 0.6 + 0.12 * mode, 8);
    g_string_append_printf(
        text, "%s,%u,%u,\"north, upper\",isp-a,wifi,%.0f,%.3f,115000000,%d,",
        modes[mode], id, id % 97, line, start, is_slow);
    if (is_slow)
        g_string_append_printf(
            text, "%.3f,%s,%.0f,%.0f,%.0f,%.0f,30,20,8,%u,%.4f,2,%.4f,%u,",
            start + 5, line < 1e6 ? "own_access" : "cdn_path", before, total,
            fmax(0, total - path), fmin(total, path), connects,
            connects * 0.045, 2 * 0.05, MIN(connects, 4));
    else
        g_string_append(text, ",,,,,,,,,,,2,0.1,,");
    g_string_append_printf(text, "60000000,done,%.0f,%.0f\n", 0.8 * total,
                           fmax(0, 0.7 * (total - path)));
}

static void
write_links(const char *directory, gsl_rng *rng)
{
    g_autoptr(GString) text = g_string_new(
        "mode,link,time_seconds,utilisation_ratio,queue_delay_seconds,"
        "queue_packets_max,packets_total,dropped_queue_total,"
        "dropped_aqm_total,dropped_loss_total\r\n");
    for (guint row = 0; row < MODE_COUNT * 3 * SAMPLE_COUNT; row++) {
        guint link = row % 3;
        guint step = row / 3 % SAMPLE_COUNT;
        guint mode = row / 3 / SAMPLE_COUNT;
        double load = 0.4 + 0.2 * (2 * link % 3) +
                      0.2 * sin(0.08 * step + link) +
                      0.08 * gsl_ran_ugaussian(rng);
        load = fmin(1, fmax(0, load));
        g_string_append_printf(
            text, "%s,peering.%u,%u,%.4f,%.6f,%u,%u,%u,0,%u\r\n", modes[mode],
            link, 5 * step, load, 0.002 * load / (1.05 - load), 3 + 90 * link,
            step * 4000, step * link, step / 9);
    }
    fixture_write(directory, "links.csv", text->str);
}

static void
write_nodes(const char *directory)
{
    static const char *const roles[] = {"client", "edge", "manager"};
    g_autoptr(GString) text =
        g_string_new("mode,node,role,region,isp,connections_total,sent_bytes,"
                     "received_bytes,cpu_busy_seconds,requests_total\n");
    for (guint i = 0; i < MODE_COUNT * 30; i++)
        g_string_append_printf(text, "%s,n%u,%s,north,isp-a,%u,%u,%u,%.3f,%u\n",
                               modes[i / 30], i % 30, roles[i % 3], 2 * i,
                               1000 * i, 2000 * i, 0.01 * i, i);
    fixture_write(directory, "nodes.csv", text->str);
}

void
fixture_write_downloads(const char *directory, guint download_count)
{
    g_autoptr(GString) text = g_string_new(
        "mode,download_id,client,region,isp,access,"
        "own_access_bytes_per_second,start_seconds,file_bytes,is_slow,"
        "trigger_seconds,cause,before_bytes_per_second,"
        "total_bytes_per_second,edge_bytes_per_second,cdn_bytes_per_second,"
        "window_seconds,edges_listed,edge_attempts,edge_connects,"
        "edge_connect_seconds_sum,cdn_connects,cdn_connect_seconds_sum,"
        "edge_connections_used,delivered_bytes,outcome,"
        "total_10_s_bytes_per_second,edge_10_s_bytes_per_second\n");
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (guint mode = 0; mode < MODE_COUNT; mode++) {
        for (guint id = 0; id < download_count; id++)
            append_download(text, mode, id, rng);
    }
    fixture_write(directory, "downloads.csv", text->str);
    write_manifest(directory, "downloads", MODE_COUNT);
    gsl_rng_set(rng, 7);
    write_links(directory, rng);
    gsl_rng_free(rng);
    write_nodes(directory);
}

void
fixture_write_flows(const char *directory, guint flow_count)
{
    g_autoptr(GString) text = g_string_new(
        "mode,flow,from,to,transport,start_seconds,connect_seconds,"
        "first_byte_seconds,completion_seconds,delivered_bytes,"
        "goodput_bits_per_second,retransmitted_segments_total,"
        "timeouts_total\n");
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (guint i = 0; i < 2 * flow_count; i++) {
        gboolean is_cubic = i % 2;
        double lasts = gsl_ran_lognormal(rng, log(is_cubic ? 1.2 : 1.8), 0.35);
        g_string_append_printf(
            text, "random,f%u,a,b,%s,%.3f,0.02,0.041,%.4f,1000000,%.0f,%u,%u\n",
            i, is_cubic ? "cubic" : "reno", 0.5 * i, lasts, 8e6 / lasts, i % 7,
            i % 11 == 0);
    }
    gsl_rng_free(rng);
    g_string_append_printf(text, "random,f%u,a,b,reno,9,0.02,,,0,0,3,2\n",
                           2 * flow_count);
    fixture_write(directory, "flows.csv", text->str);
    write_manifest(directory, "flows", 1);
}
