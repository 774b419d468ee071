/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/diff.c: every figure of two summaries, held side by side.
 */
#include "analysis/diff.h"

#include "analysis/contrast.h"
#include "analysis/figure.h"
#include "analysis/match.h"
#include "analysis/nearest.h"
#include "analysis/summary.h"

#include <math.h>
#include <string.h>

#define LEVEL 0.05
#define ROUNDING 1e-9 /* of a figure: what arithmetic may do to it */

enum { KEY_COUNT_MAX = 8 };

/* A walk through two summaries at once. */
typedef struct Walk {
    const DiffOptions *options;
    const Match *match; /* of the mode; NULL outside of modes */
    const char *mode;   /* its name in A */
    const char *keys[KEY_COUNT_MAX + 1]; /* from the mode to the figure */
    size_t key_count;
    json_t *figures;   /* what was found; an array */
    GHashTable *names; /* a set of all that could have been asked for */
} Walk;

/* What the machine did, not what was simulated. */
static bool
is_of_machine(const char *key)
{
    return g_str_equal(key, "wall_seconds") ||
           g_str_equal(key, "peak_rss_bytes") ||
           g_str_equal(key, "packet_hops_per_second");
}

/* Of distributions, what tables show; the rest when it is named. */
static bool
is_shown_unasked(const char *key)
{
    static const char *const members[] = {"p01", "p10", "p25", "p75", "p95"};
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        if (g_str_equal(key, members[i]))
            return false;
    }
    return true;
}

/* Whether name is path, or some of its keys in a row. */
static bool
is_part(const char *name, const char *path)
{
    g_autofree char *inner = g_strconcat(".", name, ".", NULL);
    g_autofree char *outer = g_strconcat(".", path, ".", NULL);
    return strstr(outer, inner);
}

static bool
is_asked_for(const DiffOptions *options, const char *path)
{
    for (size_t i = 0; options->metrics && options->metrics[i]; i++) {
        if (is_part(options->metrics[i], path))
            return true;
    }
    return false;
}

/* Named to its last key, not by a family that it belongs to. */
static bool
is_named_in_full(const DiffOptions *options, const char *path)
{
    for (size_t i = 0; options->metrics && options->metrics[i]; i++) {
        const char *name = options->metrics[i];
        if (is_part(name, path) && g_str_has_suffix(path, name))
            return true;
    }
    return false;
}

static char *
walk_new_path(const Walk *walk)
{
    GString *path = g_string_new("modes.");
    g_string_append(path, walk->mode);
    for (size_t i = 0; i < walk->key_count; i++)
        g_string_append_printf(path, ".%s", walk->keys[i]);
    return g_string_free(path, FALSE);
}

static double
number(const json_t *value)
{
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static Contrast
contrast(const MatchSample *sample, double margin)
{
    const RatioSample *groups = sample->has_groups ? sample->groups : NULL;
    return isnan(sample->probability)
               ? contrast_of_ratios(sample->samples, groups, margin)
               : contrast_of_percentiles(sample->samples, groups,
                                         sample->probability, margin);
}

/* The verdicts that need no chance; "" where there is one to weigh. */
static const char *
plain_verdict(double a, double b)
{
    if (isnan(a) && isnan(b))
        return "no value";
    if (isnan(a))
        return "only in B";
    return isnan(b) ? "only in A" : "";
}

static void
compare(const json_t *values[2], const MatchSample *sample,
        const DiffOptions *options, json_t *figure)
{
    double a = number(values[0]);
    double b = number(values[1]);
    const char *verdict = plain_verdict(a, b);
    figure_set(figure, "a", a);
    figure_set(figure, "b", b);
    figure_set(figure, "difference", b - a);
    double margin = fmax(options->tolerance_ratio * fabs(a),
                         ROUNDING * fmax(fabs(a), fabs(b)));
    if (!*verdict && sample) {
        Contrast found = contrast(sample, margin);
        figure_set_estimate(figure, "difference", found.difference);
        figure_set(figure, "p", found.p);
    }
    bool has_p = isfinite(figure_find(figure, "p"));
    const char *path = json_string_value(json_object_get(figure, "figure"));
    if (!*verdict && !has_p && (a == b || is_named_in_full(options, path)))
        verdict = fabs(b - a) <= margin ? "same" : "differs";
    else if (!*verdict && !has_p)
        verdict = "not judged";
    json_object_set_new(figure, "verdict", json_string(verdict));
}

/* A figure of either run, named by the walk's keys. */
static void
add_figure(Walk *walk, const json_t *values[2])
{
    g_autofree char *path = walk_new_path(walk);
    g_hash_table_add(walk->names, g_strdup(path));
    for (size_t i = 0; i < walk->key_count; i++)
        g_hash_table_add(walk->names, g_strdup(walk->keys[i]));
    bool is_asked = is_asked_for(walk->options, path);
    bool has_value = json_is_number(values[0]) || json_is_number(values[1]);
    if (!is_asked && (walk->options->metrics || !has_value))
        return;
    MatchSample sample;
    bool has_sample = match_sample(walk->match, walk->keys, &sample);
    const char *key = walk->keys[walk->key_count - 1];
    if (is_asked || (has_sample && is_shown_unasked(key))) {
        json_t *keys = json_array();
        for (size_t i = 0; i < walk->key_count; i++)
            json_array_append_new(keys, json_string(walk->keys[i]));
        json_t *figure = json_object();
        json_object_set_new(figure, "figure", json_string(path));
        json_object_set_new(figure, "mode", json_string(walk->mode));
        json_object_set_new(figure, "keys", keys);
        compare(values, has_sample ? &sample : NULL, walk->options, figure);
        json_array_append_new(walk->figures, figure);
    }
    if (has_sample)
        match_sample_clear(&sample);
}

static void walk_objects(Walk *walk, const json_t *objects[2]);

static void
walk_key(Walk *walk, const char *key, const json_t *objects[2])
{
    const json_t *values[2] = {json_object_get(objects[0], key),
                               json_object_get(objects[1], key)};
    const json_t *any = values[0] ? values[0] : values[1];
    if (g_str_equal(key, "intervals") || is_of_machine(key) ||
        walk->key_count == KEY_COUNT_MAX)
        return;
    walk->keys[walk->key_count++] = key;
    if (json_is_object(any))
        walk_objects(walk, values);
    else if (json_is_number(any) || json_is_null(any))
        add_figure(walk, values);
    walk->keys[--walk->key_count] = NULL;
}

/* A's keys in their order, then those that B alone has. The depth is bounded:
 * it is that of a summary. */
static void
walk_objects(Walk *walk, const json_t *objects[2])
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)objects[0], key, value)
    {
        walk_key(walk, key, objects);
    }
    json_object_foreach((json_t *)objects[1], key, value)
    {
        if (!json_object_get(objects[0], key))
            walk_key(walk, key, objects);
    }
}

static size_t
find_mode(const Results *results, const char *name)
{
    for (size_t i = 0; i < results_mode_count(results); i++) {
        if (g_str_equal(results_mode_name(results, i), name))
            return i;
    }
    return G_MAXSIZE;
}

/* The mode of B to hold A's against: that of its name. Where either run has
 * but one mode, the two are what is compared, whatever they are called. */
static size_t
find_partner(const Results *const runs[2], size_t mode)
{
    if (results_mode_count(runs[0]) == 1 && results_mode_count(runs[1]) == 1)
        return 0;
    return find_mode(runs[1], results_mode_name(runs[0], mode));
}

static const json_t *
mode_figures(const json_t *summary, const Results *results, size_t mode)
{
    return json_object_get(json_object_get(summary, "modes"),
                           results_mode_name(results, mode));
}

/* "preferred", or "preferred / nearby" where the names are not the same. */
static void
add_mode(json_t *diff, const Results *const runs[2], const size_t modes[2],
         const Match *match)
{
    const char *a = results_mode_name(runs[0], modes[0]);
    const char *b = results_mode_name(runs[1], modes[1]);
    json_t *mode = json_object();
    json_object_set_new(mode, "mode", json_string(a));
    json_object_set_new(mode, "mode_b", json_string(b));
    figure_set_count(mode, "pairs", match_pair_count(match));
    json_object_set_new(mode, "groups", json_boolean(match_has_groups(match)));
    json_array_append_new(json_object_get(diff, "modes"), mode);
}

static void
walk_modes(Walk *walk, const Results *const runs[2], json_t *const summaries[2],
           json_t *diff)
{
    for (size_t i = 0; i < results_mode_count(runs[0]); i++) {
        size_t modes[2] = {i, find_partner(runs, i)};
        walk->mode = results_mode_name(runs[0], i);
        if (modes[1] == G_MAXSIZE) {
            json_array_append_new(json_object_get(diff, "modes_only_in_a"),
                                  json_string(walk->mode));
            continue;
        }
        g_autoptr(Match) match = match_new(runs, modes);
        walk->match = match;
        add_mode(diff, runs, modes, match);
        const json_t *objects[2] = {
            mode_figures(summaries[0], runs[0], modes[0]),
            mode_figures(summaries[1], runs[1], modes[1])};
        walk_objects(walk, objects);
    }
    for (size_t i = 0; i < results_mode_count(runs[1]); i++) {
        const char *name = results_mode_name(runs[1], i);
        if (results_mode_count(runs[0]) + results_mode_count(runs[1]) > 2 &&
            find_mode(runs[0], name) == G_MAXSIZE)
            json_array_append_new(json_object_get(diff, "modes_only_in_b"),
                                  json_string(name));
    }
}

/* Holm over all that have a p; then nothing is left without a verdict. */
static void
judge(json_t *figures)
{
    size_t count = json_array_size(figures);
    g_autofree double *ps = g_new(double, count + 1);
    for (size_t i = 0; i < count; i++)
        ps[i] = figure_find(json_array_get(figures, i), "p");
    contrast_adjust(ps, count);
    for (size_t i = 0; i < count; i++) {
        json_t *figure = json_array_get(figures, i);
        if (isnan(ps[i]))
            continue;
        figure_set(figure, "p_adjusted", ps[i]);
        json_object_set_new(figure, "verdict",
                            json_string(ps[i] < LEVEL ? "differs" : "same"));
    }
}

static bool
is_named(const json_t *figures, const char *name)
{
    size_t i;
    json_t *figure;
    json_array_foreach((json_t *)figures, i, figure)
    {
        if (is_part(name, json_string_value(json_object_get(figure, "figure"))))
            return true;
    }
    return false;
}

/* Every name that was asked for must be some figure's. */
static bool
check_names(const Walk *walk, GError **error)
{
    const char *const *metrics = walk->options->metrics;
    for (size_t i = 0; metrics && metrics[i]; i++) {
        if (is_named(walk->figures, metrics[i]))
            continue;
        g_autoptr(GList) sorted = g_list_sort(
            g_hash_table_get_keys(walk->names), (GCompareFunc)strcmp);
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (GList *name = sorted; name; name = name->next)
            g_ptr_array_add(names, name->data);
        const char *near = nearest_name(
            metrics[i], (const char *const *)names->pdata, names->len);
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "no figure '%s'%s%s%s", metrics[i],
                    near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : "");
        return false;
    }
    return true;
}

static size_t
count_verdicts(const json_t *figures, const char *prefix)
{
    size_t count = 0;
    size_t i;
    json_t *figure;
    json_array_foreach((json_t *)figures, i, figure)
    {
        const char *verdict =
            json_string_value(json_object_get(figure, "verdict"));
        count += g_str_has_prefix(verdict, prefix) ? 1 : 0;
    }
    return count;
}

static size_t
count_with_interval(const json_t *figures)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(figures); i++) {
        double p = figure_find(json_array_get(figures, i), "p_adjusted");
        count += isnan(p) ? 0 : 1;
    }
    return count;
}

static void
conclude(json_t *diff)
{
    const json_t *figures = json_object_get(diff, "figures");
    size_t only_count =
        count_verdicts(figures, "only in") +
        json_array_size(json_object_get(diff, "modes_only_in_a")) +
        json_array_size(json_object_get(diff, "modes_only_in_b"));
    size_t different_count = count_verdicts(figures, "differs");
    size_t unjudged_count = count_verdicts(figures, "not judged");
    figure_set_count(diff, "same", count_verdicts(figures, "same"));
    figure_set_count(diff, "different", different_count);
    figure_set_count(diff, "only_in_one", only_count);
    figure_set_count(diff, "not_judged", unjudged_count);
    const char *verdict = "same";
    if (different_count + only_count > 0)
        verdict = "differs";
    else if (unjudged_count > 0 && count_with_interval(figures) == 0)
        verdict = "not judged";
    json_object_set_new(diff, "verdict", json_string(verdict));
}

static json_t *
describe(const Results *results, const json_t *summary)
{
    static const char *const facts[] = {
        "title",          "version",          "seed",
        "replication",    "effective_sha256", "slow_threshold_bytes_per_second",
        "window_seconds", "fingerprint"};
    json_t *run = json_object();
    json_object_set_new(run, "directory", json_string(results->directory));
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        json_t *fact = json_object_get(results->manifest, facts[i]);
        json_object_set(run, facts[i], fact ? fact : json_null());
    }
    const char *shortfall = summary_shortfall(summary);
    json_object_set_new(run, "shortfall",
                        shortfall ? json_string(shortfall) : json_null());
    return run;
}

static bool
has_equal(const Results *const runs[2], const char *name)
{
    const json_t *a = json_object_get(runs[0]->manifest, name);
    const json_t *b = json_object_get(runs[1]->manifest, name);
    return a && b && json_equal(a, b);
}

/* A fingerprint is over packets and notes. What is measured of them depends
 * on the scenario and on the version, too. */
bool
diff_is_same_run(const Results *const runs[2])
{
    return has_equal(runs, "fingerprint") &&
           has_equal(runs, "effective_sha256") && has_equal(runs, "version") &&
           has_equal(runs, "complete");
}

static json_t *
diff_new_head(const Results *const runs[2], json_t *const summaries[2],
              const DiffOptions *options)
{
    static const char *const lists[] = {"modes", "modes_only_in_a",
                                        "modes_only_in_b", "figures"};
    json_t *diff = json_object();
    json_object_set_new(diff, "a", describe(runs[0], summaries[0]));
    json_object_set_new(diff, "b", describe(runs[1], summaries[1]));
    json_object_set_new(diff, "same_run", json_boolean(diff_is_same_run(runs)));
    figure_set(diff, "tolerance_ratio", options->tolerance_ratio);
    figure_set(diff, "level", LEVEL);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        json_object_set_new(diff, lists[i], json_array());
    return diff;
}

static bool
check_workloads(const Results *const runs[2], GError **error)
{
    if (results_has_downloads(runs[0]) == results_has_downloads(runs[1]))
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s has downloads and %s has flows: no figure is in both",
                runs[results_has_downloads(runs[0]) ? 0 : 1]->directory,
                runs[results_has_downloads(runs[0]) ? 1 : 0]->directory);
    return false;
}

bool
diff_check(const Results *const runs[2], GError **error)
{
    return check_workloads(runs, error) && results_check_rows(runs[0], error) &&
           results_check_rows(runs[1], error);
}

static json_t *
diff_new_from_summaries(const Results *const runs[2],
                        json_t *const summaries[2], const DiffOptions *options,
                        GError **error)
{
    json_t *diff = diff_new_head(runs, summaries, options);
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Walk walk = {.options = options,
                 .figures = json_object_get(diff, "figures"),
                 .names = names};
    walk_modes(&walk, runs, summaries, diff);
    judge(walk.figures);
    conclude(diff);
    if (!check_names(&walk, error))
        g_clear_pointer(&diff, json_decref);
    return diff;
}

json_t *
diff_new(const Results *const runs[2], const DiffOptions *options,
         GError **error)
{
    if (!diff_check(runs, error))
        return NULL;
    json_t *summaries[2] = {summary_new(runs[0], error), NULL};
    if (summaries[0])
        summaries[1] = summary_new(runs[1], error);
    json_t *diff =
        summaries[1] ? diff_new_from_summaries(runs, summaries, options, error)
                     : NULL;
    json_decref(summaries[0]);
    json_decref(summaries[1]);
    return diff;
}
