/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/figure.c: numbers in JSON objects.
 */
#include "analysis/figure.h"

#include <glib.h>
#include <math.h>
#include <string.h>

void
figure_set(json_t *object, const char *name, double value)
{
    /* An integer reads better without a point, and compares exactly. */
    json_t *figure;
    if (!isfinite(value))
        figure = json_null();
    else if (floor(value) == value && fabs(value) < 9007199254740992.0)
        figure = json_integer((json_int_t)value);
    else
        figure = json_real(value);
    json_object_set_new(object, name, figure);
}

void
figure_set_count(json_t *object, const char *name, size_t count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

void
figure_set_estimate(json_t *object, const char *name, Estimate estimate)
{
    figure_set(object, name, estimate.value);
    json_t *intervals = json_object_get(object, "intervals");
    if (!intervals) {
        intervals = json_object();
        json_object_set_new(object, "intervals", intervals);
    }
    json_t *interval = json_object();
    figure_set(interval, "low", estimate.low);
    figure_set(interval, "high", estimate.high);
    figure_set_count(interval, "count", estimate.count);
    json_object_set_new(intervals, name, interval);
}

void
figure_set_distribution(json_t *object, const char *name, double *values,
                        size_t count)
{
    static const double percents[] = {1, 10, 25, 50, 75, 90, 95, 99};
    json_t *distribution = json_object();
    json_object_set_new(object, name, distribution);
    statistic_sort(values, count);
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    figure_set_count(distribution, "count", count);
    figure_set(distribution, "mean",
               count > 0 ? sum / (double)count : (double)NAN);
    figure_set(distribution, "min", count > 0 ? values[0] : (double)NAN);
    for (size_t i = 0; i < G_N_ELEMENTS(percents); i++) {
        g_autofree char *key = g_strdup_printf("p%02.0f", percents[i]);
        figure_set(distribution, key,
                   statistic_percentile(values, count, percents[i] / 100));
    }
    figure_set(distribution, "max",
               count > 0 ? values[count - 1] : (double)NAN);
}

static const json_t *
find_member(const json_t *object, const char *path)
{
    const json_t *whole = json_object_get(object, path);
    if (whole)
        return whole;
    g_autofree char *key = g_strdup(path);
    for (char *dot = strrchr(key, '.'); dot; dot = strrchr(key, '.')) {
        *dot = '\0';
        const json_t *inner = json_object_get(object, key);
        const json_t *found =
            inner ? find_member(inner, path + (dot - key) + 1) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

double
figure_find(const json_t *object, const char *path)
{
    const json_t *found = find_member(object, path);
    return json_is_number(found) ? json_number_value(found) : (double)NAN;
}

bool
figure_exists(const json_t *object, const char *path)
{
    const json_t *found = find_member(object, path);
    return json_is_number(found) || json_is_null(found);
}

void
figure_add_paths(const json_t *object, const char *prefix, GPtrArray *paths)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        g_autofree char *path = g_strconcat(prefix, key, NULL);
        if (json_is_object(value)) {
            g_autofree char *inner = g_strconcat(path, ".", NULL);
            figure_add_paths(value, inner, paths);
        } else if (json_is_number(value) || json_is_null(value)) {
            g_ptr_array_add(paths, g_steal_pointer(&path));
        }
    }
}

Estimate
figure_find_estimate(const json_t *object, const char *name)
{
    const json_t *interval =
        json_object_get(json_object_get(object, "intervals"), name);
    double count = figure_find(interval, "count");
    Estimate estimate = {
        .value = figure_find(object, name),
        .low = figure_find(interval, "low"),
        .high = figure_find(interval, "high"),
        .count = count > 0 ? (size_t)count : 0,
    };
    return estimate;
}
