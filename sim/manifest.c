/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/manifest.c: writes JSON; flat enough to need no library for it.
 */
#include "sim/manifest.h"

#include <inttypes.h>
#include <math.h>

#ifdef __clang__
#define COMPILER __VERSION__ /* names itself */
#else
#define COMPILER "gcc " __VERSION__
#endif

static void
add_text(GString *json, const char *key, const char *text)
{
    g_string_append_printf(json, "\"%s\": \"", key);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_printf(json, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            g_string_append_printf(json, "\\u%04x", (unsigned)*text);
        else
            g_string_append_c(json, *text);
    }
    g_string_append(json, "\",\n");
}

static void
add_count(GString *json, const char *key, uint64_t value)
{
    g_string_append_printf(json, "\"%s\": %" PRIu64 ",\n", key, value);
}

static void
add_number(GString *json, const char *key, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(buffer, sizeof buffer, "%.10g", value);
    g_string_append_printf(json, "\"%s\": %s,\n", key, buffer);
}

static void
add_flag(GString *json, const char *key, bool flag)
{
    g_string_append_printf(json, "\"%s\": %s,\n", key, flag ? "true" : "false");
}

static void
end_object(GString *json, const char *closing)
{
    if (g_str_has_suffix(json->str, ",\n"))
        g_string_truncate(json, json->len - 2);
    g_string_append_printf(json, "\n%s", closing);
}

static void
add_fingerprint(GString *json, uint64_t fingerprint)
{
    g_autofree char *text = g_strdup_printf("%016" PRIx64, fingerprint);
    add_text(json, "fingerprint", text);
}

static void
add_mode(GString *json, const char *name, const ModeResult *mode)
{
    g_string_append(json, "{\n");
    add_text(json, "mode", name);
    add_fingerprint(json, mode->fingerprint);
    add_count(json, "events", mode->events);
    add_count(json, "packet_hops", mode->packet_hops);
    add_count(json, "data_packets", mode->data_packets);
    add_number(json, "simulated_seconds", (double)mode->simulated_ns / 1e9);
    add_number(json, "wall_seconds", mode->wall_s);
    add_count(json, "peak_rss_bytes", mode->peak_rss_bytes);
    add_flag(json, "complete", mode->is_complete);
    add_count(json, "arrivals", mode->arrivals);
    add_count(json, "candidates", mode->candidates);
    add_count(json, "node_requests", mode->node_requests);
    add_count(json, "node_request_failures", mode->node_failures);
    add_count(json, "nodes_listed", mode->nodes_listed);
    add_count(json, "payload_sampled", mode->payload_sampled);
    add_count(json, "payload_equal_bytes", mode->payload_equal_bytes);
    add_count(json, "payload_different", mode->payload_different_bytes);
    end_object(json, "},\n");
}

static void
add_expect(GString *json, const PlanExpect *expect)
{
    g_string_append(json, "{\n");
    add_text(json, "metric", expect->metric);
    if (isfinite(expect->min))
        add_number(json, "min", expect->min);
    if (isfinite(expect->max))
        add_number(json, "max", expect->max);
    end_object(json, "},\n");
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
    add_text(json, "title", scenario->title);
    add_count(json, "seed", scenario->general.seed);
    add_count(json, "replication", scenario->general.replication);
    bool has_downloads = scenario->workload.downloads;
    add_text(json, "workload", has_downloads ? "downloads" : "flows");
    if (!has_downloads)
        return;
    double slow = (double)scenario->roles.clients->slow_threshold_bps / 8;
    add_number(json, "slow_threshold_bytes_per_second", slow);
    add_number(json, "fix_bytes_per_second", 1.2 * slow);
    add_number(json, "window_seconds",
               (double)scenario->measure.window_ns / 1e9);
}

static char *
sha256(const char *text, size_t text_bytes)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text,
                                       text_bytes);
}

bool
manifest_write(const char *directory, const Scenario *scenario,
               const ManifestFacts *facts, GError **error)
{
    g_autoptr(GString) json = g_string_new("{\n");
    uint32_t count = mode_count(scenario);
    g_autofree char *hash = sha256(facts->scenario_text, facts->scenario_bytes);
    g_autofree char *effective_hash =
        sha256(facts->effective_text, facts->effective_bytes);
    add_text(json, "version", BYWAY_VERSION);
    add_text(json, "compiler", COMPILER);
    add_text(json, "started", facts->started);
    add_text(json, "scenario_sha256", hash);
    add_text(json, "effective_sha256", effective_hash);
    add_flag(json, "complete", facts->is_complete);
    add_scenario(json, scenario);
    add_fingerprint(json, join_fingerprints(facts->modes, count));
    g_string_append(json, "\"modes\": [\n");
    for (uint32_t i = 0; i < count; i++)
        add_mode(json, mode_name(scenario, i), &facts->modes[i]);
    end_object(json, "],\n\"expect\": [\n");
    for (uint32_t i = 0; i < scenario->expect_count; i++)
        add_expect(json, &scenario->expect[i]);
    end_object(json, "]\n}\n");
    g_autofree char *path = g_build_filename(directory, "manifest.json", NULL);
    return g_file_set_contents(path, json->str, (gssize)json->len, error);
}
