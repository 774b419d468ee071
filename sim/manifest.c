/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/manifest.c: the run, its modes and its expectations as JSON.
 */
#include "sim/manifest.h"

#include <inttypes.h>
#include <math.h>

#include "sim/member.h"

#ifdef __clang__
#define COMPILER __VERSION__ /* names itself */
#else
#define COMPILER "gcc " __VERSION__
#endif

static void
add_end(GString *json, ModeEnd end)
{
    member_add_flag(json, "complete", end == MODE_COMPLETE);
    if (end != MODE_COMPLETE)
        member_add_text(json, "incomplete_reason",
                        end == MODE_STOP_TIME ? "stop_time" : "interrupted");
}

static void
add_fingerprint(GString *json, uint64_t fingerprint)
{
    g_autofree char *text = g_strdup_printf("%016" PRIx64, fingerprint);
    member_add_text(json, "fingerprint", text);
}

static void
add_lateness(GString *json, const Lateness *lateness)
{
    member_add_number(json, "lateness_median_seconds",
                      (double)lateness->median_ns / 1e9);
    member_add_number(json, "lateness_p99_seconds",
                      (double)lateness->p99_ns / 1e9);
    member_add_number(json, "lateness_max_seconds",
                      (double)lateness->ns_max / 1e9);
    member_add_number(json, "tardy_ratio", lateness->tardy_ratio);
}

static void
add_parts(GString *json, const ModeResult *mode)
{
    member_add_number(json, "window_seconds", (double)mode->window_ns / 1e9);
    member_add_count(json, "windows", mode->windows);
    member_add_count(json, "threads", mode->threads);
    member_add_count(json, "ranks", mode->ranks);
    member_add_count(json, "critical_events", mode->critical_events);
}

void
manifest_add_mode(GString *json, const char *name, const ModeResult *mode)
{
    member_add_text(json, "mode", name);
    add_fingerprint(json, mode->fingerprint);
    member_add_count(json, "events", mode->events);
    member_add_count(json, "packet_hops", mode->packet_hops);
    member_add_count(json, "data_packets", mode->data_packets);
    if (!mode->is_real_time)
        member_add_count(json, "connections_max", mode->connections_max);
    member_add_number(json, "simulated_seconds",
                      (double)mode->simulated_ns / 1e9);
    if (mode->resumed_ns > 0)
        member_add_number(json, "resumed_at_seconds",
                          (double)mode->resumed_ns / 1e9);
    member_add_count(json, "parts", mode->parts);
    if (mode->parts > 1)
        add_parts(json, mode);
    member_add_number(json, "wall_seconds", mode->wall_s);
    member_add_count(json, "start_rss_bytes", mode->start_rss_bytes);
    member_add_count(json, "peak_rss_bytes", mode->peak_rss_bytes);
    add_end(json, mode->end);
    if (mode->is_real_time)
        add_lateness(json, &mode->lateness);
    member_add_count(json, "arrivals", mode->arrivals);
    member_add_count(json, "candidates", mode->candidates);
    member_add_count(json, "node_requests", mode->node_requests);
    member_add_count(json, "node_request_failures", mode->node_failures);
    member_add_count(json, "nodes_listed", mode->nodes_listed);
    member_add_count(json, "payload_sampled", mode->payload_sampled);
    member_add_count(json, "payload_equal_bytes", mode->payload_equal_bytes);
    member_add_count(json, "payload_different", mode->payload_different_bytes);
}

static void
add_expect(GString *json, const PlanExpect *expect)
{
    g_string_append(json, "{\n");
    member_add_text(json, "metric", expect->metric);
    if (isfinite(expect->min))
        member_add_number(json, "min", expect->min);
    if (isfinite(expect->max))
        member_add_number(json, "max", expect->max);
    member_end(json, "},\n");
}

static uint64_t
join_fingerprints(const ModeResult *modes, uint32_t count)
{
    uint64_t joined = 0;
    for (uint32_t i = 0; i < count; i++)
        joined = (joined ^ modes[i].fingerprint) * UINT64_C(0x9e3779b97f4a7c15);
    return joined;
}

static void
add_scenario(GString *json, const Scenario *scenario)
{
    member_add_text(json, "title", scenario->title);
    member_add_count(json, "seed", scenario->general.seed);
    member_add_count(json, "replication", scenario->general.replication);
    bool has_downloads = scenario->workload.downloads;
    member_add_number(json, "warmup_seconds",
                      (double)scenario->general.warmup_ns / 1e9);
    member_add_text(json, "workload", has_downloads ? "downloads" : "flows");
    if (!has_downloads)
        return;
    double slow = (double)scenario->roles.clients->slow_threshold_bps / 8;
    member_add_number(json, "slow_threshold_bytes_per_second", slow);
    member_add_number(json, "fix_bytes_per_second", 1.2 * slow);
    member_add_number(json, "window_seconds",
                      (double)scenario->measure.window_ns / 1e9);
}

static char *
sha256(const char *text, size_t text_bytes)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text,
                                       text_bytes);
}

GString *
manifest_new_text(const Scenario *scenario, const ManifestFacts *facts)
{
    GString *json = g_string_new("{\n");
    uint32_t count = mode_count(scenario);
    g_autofree char *hash = sha256(facts->scenario_text, facts->scenario_bytes);
    g_autofree char *effective_hash =
        sha256(facts->effective_text, facts->effective_bytes);
    member_add_text(json, "version", BYWAY_VERSION);
    member_add_text(json, "compiler", COMPILER);
    member_add_text(json, "started", facts->started);
    member_add_text(json, "scenario_sha256", hash);
    member_add_text(json, "effective_sha256", effective_hash);
    add_end(json, mode_end_of_all(facts->modes, count));
    add_scenario(json, scenario);
    add_fingerprint(json, join_fingerprints(facts->modes, count));
    g_string_append(json, "\"modes\": [\n");
    for (uint32_t i = 0; i < count; i++) {
        g_string_append(json, "{\n");
        manifest_add_mode(json, mode_name(scenario, i), &facts->modes[i]);
        member_end(json, "},\n");
    }
    member_end(json, "],\n\"expect\": [\n");
    for (uint32_t i = 0; i < scenario->expect_count; i++)
        add_expect(json, &scenario->expect[i]);
    member_end(json, "]\n}\n");
    return json;
}

bool
manifest_write(const char *directory, const Scenario *scenario,
               const ManifestFacts *facts, GError **error)
{
    g_autoptr(GString) json = manifest_new_text(scenario, facts);
    g_autofree char *path = g_build_filename(directory, "manifest.json", NULL);
    return g_file_set_contents(path, json->str, (gssize)json->len, error);
}
