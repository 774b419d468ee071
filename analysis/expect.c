/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/expect.c: holds the figures against the scenario's expectations.
 */
#include "analysis/expect.h"

#include "analysis/figure.h"
#include "analysis/nearest.h"

#include <math.h>

static void
refuse_path(const json_t *summary, const char *path, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    figure_add_paths(summary, "", paths);
    const char *near =
        nearest_name(path, (const char *const *)paths->pdata, paths->len);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "expect: no figure '%s' in the summary%s%s", path,
                near ? "; did you mean " : "", near ? near : "");
}

static json_t *
judge(const json_t *summary, const json_t *expectation, const char *path,
      bool *ret_met)
{
    double value = figure_find(summary, path);
    double least = figure_find(expectation, "min");
    double most = figure_find(expectation, "max");
    /* A bound that was not given is NAN, and no comparison with it holds. */
    bool is_met = !isnan(value) && !(value < least) && !(value > most);
    json_t *verdict = json_deep_copy(expectation);
    figure_set(verdict, "value", value);
    json_object_set_new(verdict, "met", json_boolean(is_met));
    *ret_met = is_met;
    return verdict;
}

bool
expect_judge(const Results *results, json_t *summary, bool *ret_met,
             GError **error)
{
    const json_t *expectations = json_object_get(results->manifest, "expect");
    json_t *verdicts = json_array();
    bool is_all_met = true;
    bool is_known = true;
    for (size_t i = 0; i < json_array_size(expectations); i++) {
        const json_t *expectation = json_array_get(expectations, i);
        const json_t *metric = json_object_get(expectation, "metric");
        const char *path =
            json_is_string(metric) ? json_string_value(metric) : "(no name)";
        bool is_met = false;
        if (is_known && !figure_exists(summary, path)) {
            refuse_path(summary, path, error);
            is_known = false;
        }
        json_array_append_new(verdicts,
                              judge(summary, expectation, path, &is_met));
        is_all_met = is_all_met && is_met;
    }
    json_object_set_new(summary, "expectations", verdicts);
    json_object_set_new(summary, "expectations_met", json_boolean(is_all_met));
    *ret_met = is_all_met;
    return is_known;
}

char *
expect_new_bounds_text(const json_t *expectation)
{
    double least = figure_find(expectation, "min");
    double most = figure_find(expectation, "max");
    if (isnan(most))
        return g_strdup_printf("at least %g", least);
    if (isnan(least))
        return g_strdup_printf("at most %g", most);
    return g_strdup_printf("%g to %g", least, most);
}

void
expect_tell_missed(const json_t *summary, GPtrArray *warnings)
{
    const json_t *verdicts = json_object_get(summary, "expectations");
    for (size_t i = 0; i < json_array_size(verdicts); i++) {
        const json_t *verdict = json_array_get(verdicts, i);
        if (json_is_true(json_object_get(verdict, "met")))
            continue;
        const json_t *metric = json_object_get(verdict, "metric");
        g_autofree char *bounds = expect_new_bounds_text(verdict);
        double value = figure_find(verdict, "value");
        g_autofree char *is = isnan(value) ? g_strdup("has no value")
                                           : g_strdup_printf("is %.6g", value);
        g_ptr_array_add(warnings,
                        g_strdup_printf("expectation missed: %s %s, not %s",
                                        json_string_value(metric), is, bounds));
    }
}
