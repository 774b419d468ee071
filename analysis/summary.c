/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/summary.c: assembles summary.json.
 */
#include "analysis/summary.h"

#include "analysis/figure.h"
#include "analysis/flow.h"
#include "analysis/speedup.h"

#include <math.h>

#define INTERVAL_METHOD                                                        \
    "95 %, over the downloads of one run: Wilson for shares, Wilson with "     \
    "Student's t and an effective number for shares of attempts, Student's t " \
    "over linearised residuals for other ratios of sums, square-and-add with " \
    "the residuals' correlation for paired differences"

static const char *const run_figures[] = {
    "events",       "packet_hops",       "data_packets",
    "wall_seconds", "simulated_seconds",
};

static void
copy(const json_t *source, json_t *target, const char *name)
{
    json_t *value = json_object_get(source, name);
    if (value)
        json_object_set(target, name, value);
}

static void
add_speed(json_t *object)
{
    double wall_seconds = figure_find(object, "wall_seconds");
    figure_set(object, "packet_hops_per_second",
               wall_seconds > 0
                   ? figure_find(object, "packet_hops") / wall_seconds
                   : (double)NAN);
}

/* The whole run: sums over the modes, and the largest memory. */
static void
add_run(const Results *results, json_t *summary)
{
    static const char *const facts[] = {
        "title",    "version",           "seed",     "replication",
        "complete", "incomplete_reason", "workload", "fingerprint"};
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
        copy(results->manifest, summary, facts[i]);
    size_t mode_count = results_mode_count(results);
    for (size_t i = 0; i < G_N_ELEMENTS(run_figures); i++) {
        double sum = 0;
        for (size_t mode = 0; mode < mode_count; mode++)
            sum += figure_find(results_mode(results, mode), run_figures[i]);
        figure_set(summary, run_figures[i], sum);
    }
    double rss_bytes_max = 0;
    for (size_t mode = 0; mode < mode_count; mode++)
        rss_bytes_max =
            fmax(rss_bytes_max,
                 figure_find(results_mode(results, mode), "peak_rss_bytes"));
    figure_set(summary, "peak_rss_bytes", rss_bytes_max);
    add_speed(summary);
}

static void
add_mode_run(const json_t *manifest, json_t *object)
{
    copy(manifest, object, "fingerprint");
    copy(manifest, object, "complete");
    copy(manifest, object, "incomplete_reason");
    for (size_t i = 0; i < G_N_ELEMENTS(run_figures); i++)
        copy(manifest, object, run_figures[i]);
    copy(manifest, object, "peak_rss_bytes");
    add_speed(object);
}

static bool
add_mode(const Results *results, const DownloadSet *set, size_t mode,
         json_t *object, GError **error)
{
    add_mode_run(results_mode(results, mode), object);
    if (set) {
        speedup_add_mode(results, set, mode, object);
        if (!speedup_add_sensitivity(results, mode, object, error))
            return false;
    }
    return (!results->flows || flow_add(results, mode, object, error)) &&
           (!results->links || flow_add_links(results, mode, object, error)) &&
           (!results->nodes || flow_add_roles(results, mode, object, error));
}

static void
add_comparisons(const Results *results, const DownloadSet *set, json_t *summary)
{
    json_t *comparisons = json_object();
    json_object_set_new(summary, "comparisons", comparisons);
    for (size_t second = 1; second < set->mode_count; second++) {
        for (size_t first = 0; first < second; first++) {
            g_autofree char *name =
                g_strconcat(results_mode_name(results, second), "_minus_",
                            results_mode_name(results, first), NULL);
            json_object_set_new(comparisons, name,
                                speedup_new_comparison(set, first, second));
        }
    }
}

static bool
add_modes(const Results *results, json_t *summary, GError **error)
{
    g_autoptr(DownloadSet) set = NULL;
    if (results_has_downloads(results)) {
        set = download_set_new(results, "", error);
        if (!set)
            return false;
    }
    json_t *modes = json_object();
    json_object_set_new(summary, "modes", modes);
    for (size_t i = 0; i < results_mode_count(results); i++) {
        json_t *object = json_object();
        json_object_set_new(modes, results_mode_name(results, i), object);
        if (!add_mode(results, set, i, object, error))
            return false;
    }
    if (set && set->mode_count > 1)
        add_comparisons(results, set, summary);
    return true;
}

json_t *
summary_new(const Results *results, GError **error)
{
    json_t *summary = json_object();
    add_run(results, summary);
    json_object_set_new(summary, "percentile_method",
                        json_string(PERCENTILE_METHOD));
    json_object_set_new(summary, "interval_method",
                        json_string(INTERVAL_METHOD));
    bool is_whole =
        (!results->flows || flow_add(results, MODE_ALL, summary, error)) &&
        add_modes(results, summary, error);
    if (!is_whole)
        g_clear_pointer(&summary, json_decref);
    return summary;
}

const char *
summary_shortfall(const json_t *summary)
{
    if (!json_is_false(json_object_get(summary, "complete")))
        return NULL;
    const json_t *reason = json_object_get(summary, "incomplete_reason");
    if (g_strcmp0(json_string_value(reason), "stop_time") == 0)
        return "general.stop_time came before workload.downloads.slow was "
               "reached";
    return "the run was interrupted";
}

bool
summary_save(const json_t *summary, const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "summary.json", NULL);
    g_autofree char *text =
        json_dumps(summary, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    return g_file_set_contents(path, line, -1, error);
}
