/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/twin.c: proofs that a run depends on nothing it must not.
 *
 * One small world is run again and again, by the code that runs scenarios,
 * each time with something changed that should change nothing; fingerprints
 * of all packets are compared. Another seed must change them.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/directory.h"
#include "sim/mode.h"
#include "sim/validate/proof.h"

#define FLOWS_HEAD                                                             \
    "byway: 1\n"                                                               \
    "title: twin\n"                                                            \
    "general: {stop_time: 20 s}\n"                                             \
    "network:\n"                                                               \
    "  nodes: [{name: L}, {name: R}]\n"                                        \
    "  links:\n"
#define FLOWS_TAIL                                                             \
    "    - {name: middle, from: L, to: R, rate: 20 Mbit/s, delay: 20 ms,\n"    \
    "       queue: 60 packets, loss: 0.3 %, jitter: 2 ms, aqm: codel}\n"       \
    "hosts:\n"                                                                 \
    "  - {name: sender, count: 6, at: L, rate: 50 Mbit/s, delay: 5 ms}\n"      \
    "  - {name: receiver, count: 6, at: R, rate: 50 Mbit/s, delay: 5 ms,\n"    \
    "     loss: 0.1 %}\n"                                                      \
    "workload:\n"                                                              \
    "  flows:\n"                                                               \
    "    - {from: sender, to: receiver, bytes: 2 MB, every: 50 ms}\n"          \
    "    - {from: receiver, to: sender, bytes: 1 MB, transport: old}\n"        \
    "transports: {default: {congestion: cubic}, old: {congestion: reno}}\n"

static const char FLOWS[] = FLOWS_HEAD FLOWS_TAIL;

/* A node, a link and a host that nobody speaks with, before the others. */
static const char FLOWS_WITH_IDLE[] =
    "byway: 1\n"
    "title: twin\n"
    "general: {stop_time: 20 s}\n"
    "network:\n"
    "  nodes: [{name: A}, {name: L}, {name: R}]\n"
    "  links:\n"
    "    - {name: aside, from: A, to: L, rate: 1 Mbit/s, delay: 90 ms,\n"
    "       loss: 5 %}\n" FLOWS_TAIL;

static const char FLOWS_REORDERED[] =
    "transports: {old: {congestion: reno}, default: {congestion: cubic}}\n"
    "workload:\n"
    "  flows:\n"
    "    - {every: 50 ms, bytes: 2 MB, to: receiver, from: sender}\n"
    "    - {transport: old, to: sender, bytes: 1 MB, from: receiver}\n"
    "hosts:\n"
    "  - {delay: 5 ms, rate: 50 Mbit/s, at: L, count: 6, name: sender}\n"
    "  - {loss: 0.1 %, delay: 5 ms, rate: 50 Mbit/s, at: R, count: 6,\n"
    "     name: receiver}\n"
    "network:\n"
    "  links:\n"
    "    - {aqm: codel, jitter: 2 ms, loss: 0.3 %, queue: 60 packets,\n"
    "       delay: 20 ms, rate: 20 Mbit/s, to: R, from: L, name: middle}\n"
    "  nodes: [{name: L}, {name: R}]\n"
    "general: {stop_time: 20 s}\n"
    "title: twin\n"
    "byway: 1\n";

static const char DOWNLOADS[] =
    "byway: 1\n"
    "title: twin\n"
    "general: {stop_time: 70 s, warmup: 15 s}\n"
    "network:\n"
    "  isps: [east, west]\n"
    "  regions:\n"
    "    - {name: north, latitude: 39.90, longitude: 116.41,\n"
    "       weights: [1, 1]}\n"
    "    - {name: south, latitude: 23.13, longitude: 113.26,\n"
    "       weights: [1, 1]}\n"
    "  backbone: {rate: 10 Gbit/s, loss: 0.01 %}\n"
    "  peering: {rate: 10 Gbit/s, loss: 0.1 %, queue_delay: 5 ms}\n"
    "  ingress: {rate: 10 Gbit/s}\n"
    "  congestion: {share: 50 %, evening_factor: 1,\n"
    "    episode: exponential(2 min), loss: \"uniform(2 %, 4 %)\",\n"
    "    queue_delay: 30 ms, ingress_share: 0}\n"
    "  profiles:\n"
    "    home: {down: 30 Mbit/s, up: 10 Mbit/s, delay: 8 ms}\n"
    "roles:\n"
    "  clients: {count: 6, technology: home}\n"
    "  edges: {count: 8, server_room_share: 25 %,\n"
    "    server_room_up: 50 Mbit/s, home_up: 20 Mbit/s,\n"
    "    use: \"uniform(10 %, 50 %)\", reachable_near: 1, reachable_far: 0.9,\n"
    "    gone: 5 %, report_interval: 10 s}\n"
    "  data_centres: [{region: north, rate: 10 Gbit/s, cores: 4}]\n"
    "  manager: {region: north, isp: east}\n"
    "  key_service: {region: north, isp: east}\n"
    "workload:\n"
    "  downloads: {slow: 4, interval: exponential(2 s),\n"
    "    file_size: \"lognormal(8 MB, 0.5)\", file_size_max: 20 MB,\n"
    "    whole_files: false}\n"
    "policies: {selection: [preferred]}\n"
    "security: {payload_sampled: 25 %}\n"
    "measure: {window: 10 s, sensitivity: []}\n";

static void
tell(const char *text)
{
    fprintf(stderr, "byway validate: %s\n", text);
}

/* False when there is no place to run in; told. */
static bool
run_in(const char *directory, const Scenario *scenario, uint32_t thread_count,
       uint64_t *fingerprint)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *parts = g_build_filename(directory, "parts", NULL);
    ModeResult result = {.thread_count = thread_count};
    bool is_good = g_mkdir(parts, 0700) == 0 &&
                   mode_run(scenario, 0, directory, NULL, &result, &error);
    if (!is_good)
        tell(error ? error->message : "cannot make a directory");
    *fingerprint = result.fingerprint;
    return is_good && result.events > 0;
}

static bool
run_world(const char *text, const char *const *overrides, uint32_t thread_count,
          uint64_t *fingerprint)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) complaints = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Scenario) scenario =
        scenario_parse(text, strlen(text), "twin.yaml", overrides, complaints);
    if (!scenario)
        g_error("%s", (const char *)complaints->pdata[0]);
    g_autofree char *directory = g_dir_make_tmp("byway-twin-XXXXXX", &error);
    if (!directory) {
        tell(error->message);
        return false;
    }
    bool is_good = run_in(directory, scenario, thread_count, fingerprint);
    if (directory_remove(directory, &error))
        return is_good;
    tell(error->message);
    return false;
}

/* 0 when the second world is as the first, 1 when not; not a number, which
 * meets nothing, when one could not be run. */
static Estimate
compare(const char *text, const char *other, const char *const *overrides,
        uint32_t thread_count)
{
    uint64_t first;
    uint64_t second;
    if (!run_world(text, NULL, 1, &first) ||
        !run_world(other, overrides, thread_count, &second))
        return (Estimate){(double)NAN, 0};
    return (Estimate){first != second, 0};
}

void
proof_fingerprint(const double settings[PROOF_SETTINGS_MAX],
                  Estimate ret_parts[PROOF_PARTS_MAX])
{
    static const char *const traced[] = {"measure.trace=true",
                                         "measure.link_interval=7 ms", NULL};
    static const char *const other_seed[] = {"general.seed=2", NULL};
    static const char *const unfused[] = {"network.fusion=false", NULL};
    const char *text = settings[0] == 0 ? FLOWS : DOWNLOADS;
    /* Flows have no nodes to trace. */
    const char *const *watched = text == FLOWS ? traced + 1 : traced;
    ret_parts[0] = compare(text, text, NULL, 1);
    ret_parts[1] = compare(text, text, watched, 1);
    ret_parts[2] = compare(text, text, other_seed, 1);
    ret_parts[3] = compare(text, text, NULL, 2);
    ret_parts[4] = compare(text, text, NULL, 4);
    if (text == FLOWS)
        ret_parts[5] = compare(text, text, unfused, 1);
}

void
proof_bystander(const double settings[PROOF_SETTINGS_MAX],
                Estimate ret_parts[PROOF_PARTS_MAX])
{
    (void)settings;
    static const char *const renamed[] = {"general.output=elsewhere",
                                          "title=other", NULL};
    ret_parts[0] = compare(FLOWS, FLOWS_WITH_IDLE, NULL, 1);
    ret_parts[1] = compare(FLOWS, FLOWS, renamed, 1);
    ret_parts[2] = compare(FLOWS, FLOWS_REORDERED, NULL, 1);
}
