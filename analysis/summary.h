/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/summary.h: from a result directory to the object that becomes
 * summary.json.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* What a run left behind; tables it did not write are NULL. */
typedef struct Results Results;

/* Read manifest.json and the CSV files that are there. */
Results *results_new_from_directory(const char *directory, GError **error);
void results_free(Results *results);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Results, results_free)

/* A new summary of results; expectations are not judged yet. */
json_t *summary_new(Results *results, GError **error);
