/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_study.c: which runs a sweep has, and what they are called.
 */
#include "sim/sweep/study.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const char SMALL[] =
    "byway: 1\n"
    "title: small\n"
    "general: {stop_time: 1 s, replication: 5}\n"
    "network:\n"
    "  nodes: [{name: L}, {name: R}]\n"
    "  links:\n"
    "    - {name: middle, from: L, to: R, rate: 10 Mbit/s, delay: 5 ms}\n"
    "hosts: [{name: a, at: L}, {name: b, at: R}]\n"
    "workload: {flows: [{from: a, to: b, bytes: 1 MB}]}\n"
    "sweep: {replications: 2, vary: {general.seed: [1, 2]}}\n";

/* The study of SMALL; NULL with the errors in errors. */
static Study *
read_study(const char *const *varies, uint32_t replications, GPtrArray *errors)
{
    g_autofree char *path = NULL;
    int file = g_file_open_tmp("study-XXXXXX.yaml", &path, NULL);
    g_assert_cmpint(file, >=, 0);
    close(file);
    g_assert_true(g_file_set_contents(path, SMALL, -1, NULL));
    StudyWish wish = {
        .path = path, .varies = varies, .replications = replications};
    Study *study = study_new(&wish, errors);
    g_unlink(path);
    g_assert_true((study == NULL) == (errors->len > 0));
    return study;
}

static GPtrArray *
new_errors(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static void
expect_name(const Study *study, uint32_t run, const char *expected)
{
    g_autofree char *name = study_run_name(study, run);
    g_assert_cmpstr(name, ==, expected);
}

static void
expect_values(const char *option, const char *expected)
{
    g_autofree char *why = NULL;
    g_autoptr(Vary) vary = vary_parse(option, &why);
    g_autofree char *found = NULL;
    if (vary) {
        g_autoptr(GString) texts = g_string_new(NULL);
        for (guint at = 0; at < vary->values->len; at++)
            g_string_append_printf(texts, "%s%s", at > 0 ? "|" : "",
                                   (char *)vary->values->pdata[at]);
        found = g_strdup(texts->str);
    }
    g_assert_cmpstr(found, ==, expected);
    g_assert_true((vary == NULL) == (why != NULL));
}

static void
commas_part_values_but_not_within_brackets_or_quotes(void)
{
    expect_values("a.b=1,2 , 3", "1|2|3");
    expect_values("a=exponential(1 s),uniform(1 s, 2 s)",
                  "exponential(1 s)|uniform(1 s, 2 s)");
    expect_values("a=[x, {y: 1, z: 2}],[]", "[x, {y: 1, z: 2}]|[]");
    expect_values("a='one, two',\"three \\\", \"",
                  "'one, two'|\"three \\\", \"");
    expect_values("a=it's,so", "it's|so");
    expect_values("a=1,,2", NULL);
    expect_values("a=1,", NULL);
    expect_values("a=[1,2", NULL);
    expect_values("a='1,2", NULL);
    expect_values("=1", NULL);
    expect_values("a", NULL);
}

static void
numbers_of_one_dimension_share_a_unit(void)
{
    g_autofree char *why = NULL;
    g_autoptr(Vary) rates = vary_parse("a=500 kbit/s,1 Mbit/s,0", &why);
    g_assert_cmpstr(rates->unit, ==, "kbit/s");
    g_assert_cmpfloat(rates->numbers[0], ==, 500);
    g_assert_cmpfloat(rates->numbers[1], ==, 1000);
    g_assert_cmpfloat(rates->numbers[2], ==, 0);
    g_autoptr(Vary) counts = vary_parse("a=500,1k", &why);
    g_assert_cmpstr(counts->unit, ==, "");
    g_assert_cmpfloat(counts->numbers[1], ==, 1000);
    g_autoptr(Vary) shares = vary_parse("a=0,1 %,0.5 %", &why);
    g_assert_cmpstr(shares->unit, ==, "%");
    g_assert_cmpfloat(shares->numbers[2], ==, 0.5);
    g_autoptr(Vary) mixed = vary_parse("a=1 s,2 kB", &why);
    g_assert_null(mixed->numbers);
    g_autoptr(Vary) words = vary_parse("a=cubic,reno", &why);
    g_assert_null(words->numbers);
}

static void
every_point_has_its_replications(void)
{
    const char *const varies[] = {"network.links.middle.loss=0,1 %",
                                  "measure.link_interval=1 s,2 s", NULL};
    g_autoptr(GPtrArray) errors = new_errors();
    g_autoptr(Study) study = read_study(varies, 0, errors);
    g_assert_cmpuint(study_run_count(study), ==, 8);
    expect_name(study, 0, "loss=0,link_interval=1%20s-r5");
    expect_name(study, 1, "loss=0,link_interval=2%20s-r5");
    expect_name(study, 2, "loss=1%20%25,link_interval=1%20s-r5");
    expect_name(study, 7, "loss=1%20%25,link_interval=2%20s-r6");
    g_assert_nonnull(strstr(study_point(study, 2)->text, "loss: 0.01"));
    g_assert_null(strstr(study_point(study, 2)->text, "sweep"));
    g_assert_cmpstr(study_sum(study, 0), !=, study_sum(study, 4));
}

static void
the_command_line_replaces_the_section(void)
{
    const char *const varies[] = {"general.seed=7", NULL};
    g_autoptr(GPtrArray) errors = new_errors();
    g_autoptr(Study) told = read_study(NULL, 0, errors);
    g_assert_cmpuint(study_run_count(told), ==, 4);
    expect_name(told, 3, "seed=2-r6");
    g_autoptr(Study) changed = read_study(varies, 3, errors);
    g_assert_cmpuint(study_run_count(changed), ==, 3);
    expect_name(changed, 2, "seed=7-r7");
}

static void
long_values_have_short_names(void)
{
    g_autofree char *one = g_strnfill(300, '1');
    g_autofree char *two = g_strconcat(one, "2", NULL);
    g_autofree char *option = g_strconcat("title=", one, ",", two, NULL);
    const char *const varies[] = {option, NULL};
    g_autoptr(GPtrArray) errors = new_errors();
    g_autoptr(Study) study = read_study(varies, 1, errors);
    g_assert_null(study); /* a title has an end, too */
    const char *start = strstr(errors->pdata[0], "title=1");
    const char *end = strchr(start, ':');
    g_assert_cmpint(end - start, <, 130);
}

static void
what_is_wrong_is_told_once(void)
{
    const char *const varies[] = {"general.seed=1,x", "measure.window=1 s,2 s",
                                  "general.output=a", NULL};
    g_autoptr(GPtrArray) errors = new_errors();
    g_assert_null(read_study(varies, 0, errors));
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_nonnull(strstr(errors->pdata[0], "'general.output' cannot"));
    const char *const bad[] = {varies[0], varies[1], NULL};
    g_ptr_array_set_size(errors, 0);
    g_assert_null(read_study(bad, 0, errors));
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_nonnull(strstr(errors->pdata[0], "at seed=x,window=1%20s: --set"));
}

static void
a_sweep_has_an_end(void)
{
    g_autoptr(GString) option = g_string_new("general.seed=0");
    for (int at = 1; at < 200; at++)
        g_string_append_printf(option, ",%d", at);
    const char *const varies[] = {option->str, NULL};
    g_autoptr(GPtrArray) errors = new_errors();
    g_assert_null(read_study(varies, 501, errors));
    g_assert_cmpuint(errors->len, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/study/commas_part_values",
                    commas_part_values_but_not_within_brackets_or_quotes);
    g_test_add_func("/study/numbers_of_one_dimension_share_a_unit",
                    numbers_of_one_dimension_share_a_unit);
    g_test_add_func("/study/every_point_has_its_replications",
                    every_point_has_its_replications);
    g_test_add_func("/study/the_command_line_replaces_the_section",
                    the_command_line_replaces_the_section);
    g_test_add_func("/study/long_values_have_short_names",
                    long_values_have_short_names);
    g_test_add_func("/study/what_is_wrong_is_told_once",
                    what_is_wrong_is_told_once);
    g_test_add_func("/study/a_sweep_has_an_end", a_sweep_has_an_end);
    return g_test_run();
}
