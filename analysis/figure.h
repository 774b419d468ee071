/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/figure.h: numbers in JSON objects; what is not a number is null.
 */
#pragma once

#include "analysis/statistic.h"

#include <glib.h>
#include <jansson.h>

void figure_set(json_t *object, const char *name, double value);
void figure_set_count(json_t *object, const char *name, size_t count);
/* Set name to the value, and intervals.name to {low, high, count}. */
void figure_set_estimate(json_t *object, const char *name, Estimate estimate);
/* Mean, extremes and percentiles of values (sorted here) as object.name. */
void figure_set_distribution(json_t *object, const char *name, double *values,
                             size_t count);

/* NAN when there is no number at the dotted path. A key may hold dots
 * itself: the longest key that fits is followed first. */
double figure_find(const json_t *object, const char *path);
/* Whether the path leads to a number, or to a null in a number's place. */
bool figure_exists(const json_t *object, const char *path);
/* Add the dotted paths (char *) of all such figures below object. */
void figure_add_paths(const json_t *object, const char *prefix,
                      GPtrArray *paths);
/* intervals.name beside the figure; NAN where there is none. */
Estimate figure_find_estimate(const json_t *object, const char *name);
