/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_diff.c: runs that differ, that do not, and that cannot
 * be compared.
 */
#include "analysis/diff.h"
#include "analysis/figure.h"
#include "tests/analysis/fixture.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

/* A run as this file writes it: one mode, downloads in 30 cells. */
typedef struct Recipe {
    const char *mode;
    unsigned seed;
    unsigned count;
    double gain;        /* total speeds are this many times as high */
    unsigned salt;      /* changes luck that belongs to no download */
    const char *number; /* "candidates" in the manifest; NULL: none */
} Recipe;

static const Recipe plain = {"preferred", 1, 300, 1, 0, NULL};

#define HEAD                                                                   \
    "mode,download_id,client,region,isp,start_seconds,file_bytes,is_slow,"     \
    "cause,before_bytes_per_second,total_bytes_per_second,"                    \
    "edge_bytes_per_second,cdn_bytes_per_second,edge_attempts,"                \
    "edge_connects,edge_connect_seconds_sum,cdn_connects,"                     \
    "cdn_connect_seconds_sum,edge_connections_used\n"

static void
write_manifest(const char *directory, const Recipe *recipe)
{
    g_autofree char *count =
        recipe->number ? g_strdup_printf(", \"candidates\": %s", recipe->number)
                       : g_strdup("");
    g_autofree char *text = g_strdup_printf(
        "{\"title\": \"t\", \"version\": \"1\", \"seed\": %u, \"replication\": "
        "0,\n\"workload\": \"downloads\", \"complete\": true,\n"
        "\"effective_sha256\": \"%s%u\", \"fingerprint\": \"%s%u%u%g\",\n"
        "\"slow_threshold_bytes_per_second\": 1000000,\n"
        "\"fix_bytes_per_second\": 1200000,\n\"modes\": [{\"mode\": \"%s\", "
        "\"events\": %u%s}], \"expect\": []}\n",
        recipe->seed, recipe->mode, recipe->seed, recipe->mode, recipe->seed,
        recipe->salt, recipe->gain, recipe->mode, 1000 + recipe->seed, count);
    fixture_write(directory, "manifest.json", text);
}

/* Luck is the cell's and the download's by the seed, and a little more. */
static void
append_download(GString *text, const Recipe *recipe, unsigned id, gsl_rng *rng)
{
    unsigned cell = id % 30;
    gsl_rng_set(rng, 1000003 * recipe->seed + cell + 1);
    double luck = gsl_ran_gaussian(rng, 0.4);
    gsl_rng_set(rng, 1000003 * recipe->seed + 1000 + id);
    luck += gsl_ran_gaussian(rng, 0.4);
    double start = 600 * gsl_rng_uniform(rng);
    gsl_rng_set(rng, 1000003 * recipe->seed + 100000 * recipe->salt + id);
    luck += gsl_ran_gaussian(rng, 0.05);
    double total = 1e6 * recipe->gain * exp(luck);
    double edge = total * (0.3 + 0.4 * gsl_rng_uniform(rng));
    g_string_append_printf(
        text, "%s,%u,%u,r%u,i%u,%.3f,1000,1,%s,%.0f,%.0f,%.0f,%.0f,8,%u,",
        recipe->mode, id, id, cell / 3, cell % 3, start,
        luck < -0.3 ? "own_access" : "cdn_path", total / 3, total, edge,
        total - edge, gsl_ran_binomial(rng, 0.8, 8));
    g_string_append(text, "0.2,2,0.1,4\n");
}

static char *
run_new(const Recipe *recipe)
{
    char *directory = fixture_new_directory();
    g_autoptr(GString) text = g_string_new(HEAD);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    for (unsigned id = 0; id < recipe->count; id++)
        append_download(text, recipe, id, rng);
    gsl_rng_free(rng);
    fixture_write(directory, "downloads.csv", text->str);
    write_manifest(directory, recipe);
    return directory;
}

/* The comparison of two directories; NULL with an error. */
static json_t *
compare(const char *first, const char *second, const DiffOptions *options,
        GError **error)
{
    g_autoptr(Results) a = results_new_from_directory(first, error);
    g_autoptr(Results) b = a ? results_new_from_directory(second, error) : NULL;
    const Results *runs[2] = {a, b};
    return b ? diff_new(runs, options, error) : NULL;
}

static json_t *
compare_recipes(const Recipe *first, const Recipe *second,
                const DiffOptions *options)
{
    char *a = run_new(first);
    char *b = run_new(second);
    g_autoptr(GError) error = NULL;
    json_t *diff = compare(a, b, options, &error);
    g_assert_no_error(error);
    fixture_remove(a);
    fixture_remove(b);
    return diff;
}

static const char *
verdict(const json_t *diff)
{
    return json_string_value(json_object_get(diff, "verdict"));
}

static const json_t *
find(const json_t *diff, const char *path)
{
    const json_t *figures = json_object_get(diff, "figures");
    for (size_t i = 0; i < json_array_size(figures); i++) {
        const json_t *figure = json_array_get(figures, i);
        const json_t *name = json_object_get(figure, "figure");
        if (g_str_equal(json_string_value(name), path))
            return figure;
    }
    g_error("no figure %s", path);
}

#define SPEED "modes.preferred.mean_total_bytes_per_second"

static void
run_is_the_same_as_itself(void)
{
    const DiffOptions options = {0};
    json_t *diff = compare_recipes(&plain, &plain, &options);
    g_assert_cmpstr(verdict(diff), ==, "same");
    g_assert_true(json_is_true(json_object_get(diff, "same_run")));
    g_assert_cmpfloat(figure_find(diff, "different"), ==, 0);
    json_decref(diff);
}

/* The gain is 3 %; the luck of cells and downloads is twenty times as much. */
static void
one_seed_shows_what_two_seeds_hide(void)
{
    const DiffOptions options = {0};
    Recipe better = plain;
    better.gain = 1.03;
    better.salt = 1;
    json_t *diff = compare_recipes(&plain, &better, &options);
    g_assert_cmpstr(verdict(diff), ==, "differs");
    g_assert_cmpstr(verdict(find(diff, SPEED)), ==, "differs");
    const json_t *mode = json_array_get(json_object_get(diff, "modes"), 0);
    g_assert_cmpfloat(figure_find(mode, "pairs"), ==, 300);
    json_decref(diff);
    better.seed = 2;
    diff = compare_recipes(&plain, &better, &options);
    g_assert_cmpstr(verdict(find(diff, SPEED)), ==, "same");
    json_decref(diff);
}

static void
tolerance_forgives_what_is_within_it(void)
{
    Recipe better = plain;
    better.gain = 1.03;
    better.salt = 1;
    const DiffOptions narrow = {.tolerance_ratio = 0.01};
    json_t *diff = compare_recipes(&plain, &better, &narrow);
    g_assert_cmpstr(verdict(find(diff, SPEED)), ==, "differs");
    json_decref(diff);
    const DiffOptions wide = {.tolerance_ratio = 0.05};
    diff = compare_recipes(&plain, &better, &wide);
    g_assert_cmpstr(verdict(find(diff, SPEED)), ==, "same");
    json_decref(diff);
}

/* Of 100 pairs of worlds drawn alike 5 may differ in anything at all; 13 is
 * the 99.9 % point of the binomial. */
static void
worlds_drawn_alike_seldom_differ(void)
{
    const DiffOptions options = {0};
    int wrong_count = 0;
    for (unsigned i = 0; i < 100; i++) {
        Recipe first = plain;
        Recipe second = plain;
        first.seed = 10 + 2 * i;
        second.seed = 11 + 2 * i;
        first.count = second.count = 120;
        json_t *diff = compare_recipes(&first, &second, &options);
        wrong_count += strcmp(verdict(diff), "same") != 0;
        json_decref(diff);
    }
    g_test_message("%d of 100", wrong_count);
    g_assert_cmpint(wrong_count, <=, 13);
}

static void
mode_of_one_run_is_a_difference(void)
{
    char *a = fixture_new_directory();
    char *b = run_new(&plain);
    fixture_write_downloads(a, 60);
    const DiffOptions options = {0};
    g_autoptr(GError) error = NULL;
    json_t *diff = compare(a, b, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(json_array_size(json_object_get(diff, "modes_only_in_a")),
                     ==, 2);
    g_assert_cmpuint(json_array_size(json_object_get(diff, "modes_only_in_b")),
                     ==, 0);
    g_assert_cmpstr(verdict(diff), ==, "differs");
    json_decref(diff);
    fixture_remove(a);
    fixture_remove(b);
}

static void
only_modes_are_compared_whatever_their_names(void)
{
    const DiffOptions options = {0};
    Recipe other = plain;
    other.mode = "nearby";
    json_t *diff = compare_recipes(&plain, &other, &options);
    const json_t *mode = json_array_get(json_object_get(diff, "modes"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(mode, "mode_b")), ==,
                    "nearby");
    g_assert_cmpstr(verdict(diff), ==, "same");
    json_decref(diff);
}

/* Two seeds have different counters; that is no finding unless asked for. */
static void
figure_without_interval_is_judged_when_named_in_full(void)
{
    Recipe other = plain;
    other.seed = 2;
    const char *const name[] = {"events", NULL};
    const DiffOptions named = {.metrics = name};
    json_t *diff = compare_recipes(&plain, &other, &named);
    g_assert_cmpuint(json_array_size(json_object_get(diff, "figures")), ==, 1);
    g_assert_cmpstr(verdict(diff), ==, "differs");
    json_decref(diff);
    const DiffOptions lenient = {0.01, name};
    diff = compare_recipes(&plain, &other, &lenient);
    g_assert_cmpstr(verdict(diff), ==, "same");
    json_decref(diff);
    const char *const family[] = {"preferred", NULL};
    const DiffOptions all = {.metrics = family};
    diff = compare_recipes(&plain, &other, &all);
    g_assert_cmpstr(verdict(find(diff, "modes.preferred.events")), ==,
                    "not judged");
    json_decref(diff);
}

/* Expect an error that says so. */
static void
refuse(const char *a, const char *b, const DiffOptions *options,
       const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(compare(a, b, options, &error));
    if (!strstr(error->message, expected))
        g_error("'%s' does not say '%s'", error->message, expected);
}

static void
misspelt_figure_is_told_with_the_nearest(void)
{
    const char *const names[] = {"fix_ratoi", NULL};
    const DiffOptions options = {.metrics = names};
    char *a = run_new(&plain);
    refuse(a, a, &options, "no figure 'fix_ratoi'; did you mean 'fix_ratio'?");
    fixture_remove(a);
}

static int
run_verb(const char *first, const char *second, const char *option)
{
    const char *arguments[] = {"diff", "-q", first, second, option, NULL};
    g_autofree char **argv = g_memdup2(arguments, sizeof(arguments));
    return diff_main(option ? 5 : 4, argv);
}

static void
what_is_no_whole_result_is_refused(void)
{
    const DiffOptions options = {0};
    char *whole = run_new(&plain);
    char *bad = fixture_new_directory();
    refuse(whole, bad, &options, "no manifest.json, so no results of a run");
    fixture_write(bad, "manifest.json", "{\"title\": ");
    refuse(whole, bad, &options, "manifest.json:1:");
    fixture_write_flows(bad, 5);
    refuse(bad, whole, &options, "has flows");
    fixture_remove(bad);
    Recipe cut = plain;
    cut.number = "301";
    bad = run_new(&cut);
    refuse(whole, bad, &options, "300 rows of mode preferred, expected 301");
    g_assert_cmpint(run_verb(bad, bad, NULL), ==, 1);
    fixture_write(bad, "downloads.csv", "mode,download_id\npreferred\n");
    refuse(whole, bad, &options, "downloads.csv:2: 1 cells");
    fixture_remove(bad);
    fixture_remove(whole);
}

static void
too_few_rows_are_no_answer(void)
{
    const DiffOptions options = {0};
    char *a = fixture_new_directory();
    char *b = fixture_new_directory();
    fixture_write_flows(a, 0);
    fixture_write_flows(b, 0);
    g_autofree char *text = fixture_read(b, "flows.csv");
    g_autoptr(GString) other = g_string_new(text);
    g_string_replace(other, ",0,0,3,2\n", ",10,10,7,9\n", 1);
    fixture_write(b, "flows.csv", other->str);
    g_autoptr(GError) error = NULL;
    json_t *diff = compare(a, b, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpfloat(figure_find(diff, "not_judged"), >, 0);
    g_assert_cmpstr(verdict(diff), ==, "not judged");
    json_decref(diff);
    fixture_remove(a);
    fixture_remove(b);
}

/* Every flow of the second run takes 1.3 times as long. */
static void
flows_differ_in_their_percentiles(void)
{
    const DiffOptions options = {0};
    char *a = fixture_new_directory();
    char *b = fixture_new_directory();
    fixture_write_flows(a, 200);
    fixture_write_flows(b, 200);
    g_autofree char *text = fixture_read(b, "flows.csv");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 1; lines[i] && *lines[i]; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], ",", -1);
        double seconds = g_ascii_strtod(cells[8], NULL);
        g_free(cells[8]);
        cells[8] =
            seconds > 0 ? g_strdup_printf("%.4f", 1.3 * seconds) : g_strdup("");
        g_free(lines[i]);
        lines[i] = g_strjoinv(",", cells);
    }
    g_autofree char *slower = g_strjoinv("\n", lines);
    fixture_write(b, "flows.csv", slower);
    g_autoptr(GError) error = NULL;
    json_t *diff = compare(a, b, &options, &error);
    g_assert_no_error(error);
    static const char base[] = "modes.random.flows.";
    g_autofree char *median =
        g_strconcat(base, "flow_completion_seconds.p50", NULL);
    g_autofree char *cubic = g_strconcat(
        base, "transports.cubic.flow_completion_seconds.mean", NULL);
    g_autofree char *speed =
        g_strconcat(base, "goodput_bits_per_second.p50", NULL);
    g_assert_cmpstr(verdict(find(diff, median)), ==, "differs");
    g_assert_cmpstr(verdict(find(diff, cubic)), ==, "differs");
    g_assert_cmpstr(verdict(find(diff, speed)), ==, "same");
    json_decref(diff);
    fixture_remove(a);
    fixture_remove(b);
}

/* One queue that overflows makes all flows lose: of two seeds it tells
 * nothing. */
static void
bursts_of_two_seeds_are_not_judged(void)
{
    const DiffOptions options = {0};
    char *a = fixture_new_directory();
    char *b = fixture_new_directory();
    fixture_write_flows(a, 40);
    fixture_write_flows(b, 40);
    static const char path[] =
        "\"modes.random.flows.retransmitted_segments_total\"";
    for (int seed = 1; seed <= 2; seed++) {
        g_autofree char *text = fixture_read(b, "manifest.json");
        g_autoptr(GString) manifest = g_string_new(text);
        g_autofree char *entry = g_strdup_printf("\"seed\": %d", seed);
        g_string_replace(manifest, "\"seed\": 1", entry, 1);
        fixture_write(b, "manifest.json", manifest->str);
        json_t *diff = compare(a, b, &options, NULL);
        g_autofree char *figures = json_dumps(diff, 0);
        g_assert_true((strstr(figures, path) != NULL) == (seed == 1));
        json_decref(diff);
    }
    fixture_remove(a);
    fixture_remove(b);
}

/* A difference in the table is that of its figures, whatever is paired. */
static void
difference_is_b_minus_a(void)
{
    const DiffOptions options = {0};
    Recipe longer = plain;
    longer.count = 400;
    json_t *diff = compare_recipes(&plain, &longer, &options);
    const json_t *figures = json_object_get(diff, "figures");
    for (size_t i = 0; i < json_array_size(figures); i++) {
        const json_t *figure = json_array_get(figures, i);
        double a = figure_find(figure, "a");
        double b = figure_find(figure, "b");
        double difference = figure_find(figure, "difference");
        g_assert_cmpfloat_with_epsilon(difference, b - a,
                                       1e-9 * fmax(fabs(a), 1));
    }
    json_decref(diff);
}

static void
exit_code_tells(void)
{
    Recipe better = plain;
    better.gain = 2;
    char *a = run_new(&plain);
    char *b = run_new(&better);
    g_assert_cmpint(run_verb(a, a, NULL), ==, 0);
    g_assert_cmpint(run_verb(a, b, NULL), ==, 5);
    g_assert_cmpint(run_verb(a, b, "--tolerance=300 %"), ==, 0);
    g_assert_cmpint(run_verb(a, "/nowhere", NULL), ==, 1);
    g_assert_cmpint(run_verb(a, b, "--tolerance=5"), ==, 2);
    g_assert_cmpint(run_verb(a, b, "--metric=nonsense"), ==, 2);
    g_assert_cmpint(run_verb(a, b, "third"), ==, 2);
    fixture_remove(a);
    fixture_remove(b);
}

#define CASE(name) g_test_add_func("/analysis/diff/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(run_is_the_same_as_itself);
    CASE(one_seed_shows_what_two_seeds_hide);
    CASE(tolerance_forgives_what_is_within_it);
    CASE(worlds_drawn_alike_seldom_differ);
    CASE(mode_of_one_run_is_a_difference);
    CASE(only_modes_are_compared_whatever_their_names);
    CASE(figure_without_interval_is_judged_when_named_in_full);
    CASE(misspelt_figure_is_told_with_the_nearest);
    CASE(what_is_no_whole_result_is_refused);
    CASE(too_few_rows_are_no_answer);
    CASE(flows_differ_in_their_percentiles);
    CASE(bursts_of_two_seeds_are_not_judged);
    CASE(difference_is_b_minus_a);
    CASE(exit_code_tells);
    return g_test_run();
}
