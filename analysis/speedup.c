/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/speedup.c: how much edges helped.
 *
 * Nearly every figure is a ratio of two sums over downloads, so each is
 * written as what one download adds to either sum; estimates, intervals and
 * paired differences follow from that alone.
 */
#include "analysis/speedup.h"

#include "analysis/figure.h"

#include <math.h>

/* What a download adds to the numerator and to the denominator. */
typedef struct Share {
    double part;
    double whole;
} Share;

typedef struct RatioFigure {
    const char *name;
    RatioKind kind;
    Share (*measure)(const Download *download);
} RatioFigure;

static bool
is_measured(const Download *download)
{
    return download->verdict != VERDICT_NONE &&
           download->verdict != VERDICT_UNMEASURED;
}

static Share
success_share(const Download *download)
{
    bool is_success = download->verdict == VERDICT_SUCCESS;
    return (Share){is_success,
                   is_success || download->verdict == VERDICT_FAILURE};
}

static Share
ceiling_share(const Download *download)
{
    bool is_helpable =
        download->is_slow && !g_str_equal(download->cause, "own_access");
    return (Share){is_helpable, download->is_slow};
}

static Share
fix_share(const Download *download)
{
    return (Share){download->is_slow && download->is_fixed, download->is_slow};
}

/* Sums over connections may be empty in the file where there were none. */
static Share
over_slow(const Download *download, double part, double whole)
{
    return (Share){part, download->is_slow && whole > 0 ? whole : 0};
}

static Share
connectivity_share(const Download *download)
{
    return over_slow(download, download->edge_connects,
                     download->edge_attempts);
}

static Share
before_rate(const Download *download)
{
    return over_slow(download, download->before_bytes_per_second, 1);
}

static Share
total_rate(const Download *download)
{
    return (Share){download->total_bytes_per_second, is_measured(download)};
}

static Share
edge_rate(const Download *download)
{
    return (Share){download->edge_bytes_per_second, is_measured(download)};
}

static Share
cdn_rate(const Download *download)
{
    return (Share){download->cdn_bytes_per_second, is_measured(download)};
}

static Share
edge_connection_rate(const Download *download)
{
    return over_slow(download, download->edge_bytes_per_second,
                     download->edge_connections_used);
}

/* Only downloads that both sources served: the joint download. */
static Share
edge_over_cdn(const Download *download)
{
    bool is_joint =
        is_measured(download) && download->edge_connections_used > 0;
    return (Share){download->edge_bytes_per_second,
                   is_joint ? download->cdn_bytes_per_second : 0};
}

static Share
edge_connect_time(const Download *download)
{
    return over_slow(download, download->edge_connect_seconds,
                     download->edge_connects);
}

static Share
cdn_connect_time(const Download *download)
{
    return over_slow(download, download->cdn_connect_seconds,
                     download->cdn_connects);
}

static const RatioFigure figures[] = {
    {"speedup_success_ratio", RATIO_SHARE, success_share},
    {"ceiling_ratio", RATIO_SHARE, ceiling_share},
    {"fix_ratio", RATIO_SHARE, fix_share},
    {"connectivity_ratio", RATIO_POOLED_SHARE, connectivity_share},
    {"mean_before_bytes_per_second", RATIO_OF_SUMS, before_rate},
    {"mean_total_bytes_per_second", RATIO_OF_SUMS, total_rate},
    {"mean_edge_bytes_per_second", RATIO_OF_SUMS, edge_rate},
    {"mean_cdn_bytes_per_second", RATIO_OF_SUMS, cdn_rate},
    {"mean_edge_connection_bytes_per_second", RATIO_OF_SUMS,
     edge_connection_rate},
    {"edge_over_cdn_ratio", RATIO_OF_SUMS, edge_over_cdn},
    {"mean_edge_connect_seconds", RATIO_OF_SUMS, edge_connect_time},
    {"mean_cdn_connect_seconds", RATIO_OF_SUMS, cdn_connect_time},
};

static const char *const causes[] = {"own_access", "cell_ingress",
                                     "data_centre_leg", "cdn_path", "other"};

static const char *const compared[] = {
    "speedup_success_ratio",
    "fix_ratio",
    "connectivity_ratio",
    "mean_total_bytes_per_second",
    "mean_edge_bytes_per_second",
    "mean_edge_connect_seconds",
    NULL,
};

/* The sums' parts of all downloads: parts first, then wholes. */
static RatioSample
measure_all(const RatioFigure *figure, const Download *downloads, size_t count,
            double *space)
{
    for (size_t i = 0; i < count; i++) {
        Share share = figure->measure(&downloads[i]);
        space[i] = share.part;
        space[count + i] = share.whole;
    }
    return (RatioSample){space, space + count, count, figure->kind};
}

static size_t
count_verdict(const DownloadSet *set, size_t mode, Verdict verdict)
{
    const Download *downloads = download_set_mode(set, mode);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += downloads[i].verdict == verdict;
    return count;
}

/* S, F, N and what could not be judged. */
static void
add_verdicts(const DownloadSet *set, size_t mode, json_t *object)
{
    size_t success_count = count_verdict(set, mode, VERDICT_SUCCESS);
    size_t failure_count = count_verdict(set, mode, VERDICT_FAILURE);
    size_t neither_count = count_verdict(set, mode, VERDICT_NEITHER);
    figure_set_count(object, "attempts",
                     success_count + failure_count + neither_count);
    figure_set_count(object, "unmeasured",
                     count_verdict(set, mode, VERDICT_UNMEASURED));
    figure_set_count(object, "S", success_count);
    figure_set_count(object, "F", failure_count);
    figure_set_count(object, "N", neither_count);
}

/* Among slow downloads. */
static RatioSample
measure_cause(const char *cause, const Download *downloads, size_t count,
              double *space)
{
    for (size_t i = 0; i < count; i++) {
        bool is_slow = downloads[i].is_slow;
        space[i] = is_slow && g_str_equal(downloads[i].cause, cause);
        space[count + i] = is_slow;
    }
    return (RatioSample){space, space + count, count, RATIO_SHARE};
}

static void
add_causes(const DownloadSet *set, size_t mode, json_t *object)
{
    g_autofree double *space = g_new(double, 2 * set->count + 1);
    json_t *shares = json_object();
    json_object_set_new(object, "causes", shares);
    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
        RatioSample sample = measure_cause(
            causes[i], download_set_mode(set, mode), set->count, space);
        figure_set_estimate(shares, causes[i], statistic_ratio(&sample));
    }
}

/* What only the manifest knows of the mode. */
static void
add_requests(const json_t *manifest, json_t *object)
{
    double request_count = figure_find(manifest, "node_requests");
    double failure_count = figure_find(manifest, "node_request_failures");
    double answer_count = request_count - failure_count;
    double listed_count = figure_find(manifest, "nodes_listed");
    figure_set(object, "nodes_per_request",
               answer_count > 0 ? listed_count / answer_count : (double)NAN);
    Estimate success =
        answer_count >= 0
            ? statistic_share((size_t)answer_count, (size_t)request_count)
            : statistic_share(0, 0);
    figure_set_estimate(object, "node_request_success_ratio", success);
}

static void
add_payload(const json_t *manifest, json_t *object)
{
    json_t *payload = json_object();
    json_object_set_new(object, "payload", payload);
    figure_set(payload, "sampled", figure_find(manifest, "payload_sampled"));
    figure_set(payload, "equal_bytes",
               figure_find(manifest, "payload_equal_bytes"));
    figure_set(payload, "different_bytes",
               figure_find(manifest, "payload_different"));
}

/* A generator that skips downloads which cannot become slow still counts
 * them as arrivals; one that counts none makes every arrival a row. */
static void
add_arrivals(const DownloadSet *set, size_t mode, const json_t *manifest,
             json_t *object)
{
    const Download *downloads = download_set_mode(set, mode);
    size_t candidate_count = 0;
    size_t slow_count = 0;
    for (size_t i = 0; i < set->count; i++) {
        candidate_count += downloads[i].is_there;
        slow_count += downloads[i].is_slow;
    }
    double arrivals = figure_find(manifest, "arrivals");
    size_t arrival_count = arrivals >= (double)candidate_count
                               ? (size_t)arrivals
                               : candidate_count;
    figure_set_count(object, "arrivals", arrival_count);
    figure_set_count(object, "candidates", candidate_count);
    figure_set_count(object, "slow", slow_count);
    figure_set_estimate(object, "slow_ratio",
                        statistic_share(slow_count, arrival_count));
}

static void
add_quotient(json_t *object, const char *name, const char *part,
             const char *whole)
{
    double divisor = figure_find(object, whole);
    figure_set(object, name,
               divisor > 0 ? figure_find(object, part) / divisor : (double)NAN);
}

void
speedup_add_mode(const Results *results, const DownloadSet *set, size_t mode,
                 json_t *object)
{
    const Download *downloads = download_set_mode(set, mode);
    g_autofree double *space = g_new(double, 2 * set->count + 1);
    add_arrivals(set, mode, results_mode(results, mode), object);
    add_verdicts(set, mode, object);
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++) {
        RatioSample sample =
            measure_all(&figures[i], downloads, set->count, space);
        figure_set_estimate(object, figures[i].name, statistic_ratio(&sample));
    }
    add_quotient(object, "success_over_ceiling_ratio", "speedup_success_ratio",
                 "ceiling_ratio");
    add_quotient(object, "edge_over_cdn_connect_ratio",
                 "mean_edge_connect_seconds", "mean_cdn_connect_seconds");
    add_requests(results_mode(results, mode), object);
    add_payload(results_mode(results, mode), object);
    add_causes(set, mode, object);
}

static const RatioFigure *
find_figure(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++) {
        if (g_str_equal(figures[i].name, name))
            return &figures[i];
    }
    return NULL;
}

bool
speedup_measure(const char *name, const Download *downloads, size_t count,
                double *space, RatioSample *ret_sample)
{
    const RatioFigure *figure = find_figure(name);
    if (figure) {
        *ret_sample = measure_all(figure, downloads, count, space);
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
        if (g_str_equal(causes[i], name)) {
            *ret_sample = measure_cause(name, downloads, count, space);
            return true;
        }
    }
    return false;
}

bool
speedup_add_sensitivity(const Results *results, size_t mode, json_t *object,
                        GError **error)
{
    g_auto(GStrv) windows = download_new_windows(results);
    if (!windows[0])
        return true;
    json_t *sensitivity = json_object();
    json_object_set_new(object, "sensitivity", sensitivity);
    for (size_t i = 0; windows[i]; i++) {
        g_autoptr(DownloadSet) set =
            download_set_new(results, windows[i], error);
        if (!set)
            return false;
        g_autofree double *space = g_new(double, 2 * set->count + 1);
        RatioSample sample =
            measure_all(find_figure("speedup_success_ratio"),
                        download_set_mode(set, mode), set->count, space);
        json_t *window = json_object();
        json_object_set_new(sensitivity, windows[i], window);
        add_verdicts(set, mode, window);
        figure_set_estimate(window, "speedup_success_ratio",
                            statistic_ratio(&sample));
    }
    return true;
}

/* Leave out of both samples what only one of the modes has. */
static size_t
keep_pairs(const DownloadSet *set, size_t first, size_t second,
           double *space[2])
{
    const Download *a = download_set_mode(set, first);
    const Download *b = download_set_mode(set, second);
    size_t pair_count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (a[i].is_there && b[i].is_there) {
            pair_count++;
            continue;
        }
        space[0][set->count + i] = 0;
        space[1][set->count + i] = 0;
    }
    return pair_count;
}

json_t *
speedup_new_comparison(const DownloadSet *set, size_t first, size_t second)
{
    g_autofree double *first_space = g_new(double, 2 * set->count + 1);
    g_autofree double *second_space = g_new(double, 2 * set->count + 1);
    double *space[2] = {first_space, second_space};
    json_t *comparison = json_object();
    for (size_t i = 0; compared[i]; i++) {
        const RatioFigure *figure = find_figure(compared[i]);
        RatioSample a = measure_all(figure, download_set_mode(set, first),
                                    set->count, space[0]);
        RatioSample b = measure_all(figure, download_set_mode(set, second),
                                    set->count, space[1]);
        size_t pair_count = keep_pairs(set, first, second, space);
        Estimate difference = statistic_paired_difference(&a, &b);
        difference.count = pair_count;
        figure_set_estimate(comparison, figure->name, difference);
    }
    return comparison;
}

const char *const *
speedup_compared(void)
{
    return compared;
}
