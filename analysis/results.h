/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/results.h: what a run left in its directory, read.
 */
#pragma once

#include "analysis/table.h"

#include <jansson.h>

typedef struct Results {
    char *directory;
    json_t *manifest;
    Table *downloads; /* the tables are NULL where the run wrote none */
    Table *flows;
    Table *links;
    Table *nodes;
} Results;

/* Read manifest.json and the CSV files that are there; a run writes none that
 * would have no rows. An error when the manifest lacks what is needed. */
Results *results_new_from_directory(const char *directory, GError **error);
void results_free(Results *results);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Results, results_free)

size_t results_mode_count(const Results *results);
/* Whether the workload is downloads, even if none came. */
bool results_has_downloads(const Results *results);
/* The mode's object in the manifest, lent, and its name. */
const json_t *results_mode(const Results *results, size_t mode);
const char *results_mode_name(const Results *results, size_t mode);
/* A number of the manifest; NAN when it has none. */
double results_number(const Results *results, const char *name);

/* For each row of table the index of its mode in the manifest. NULL and an
 * error for a mode that the manifest does not name. */
size_t *results_new_row_modes(const Results *results, const Table *table,
                              GError **error);
/* Whether there are as many downloads as the manifest has: a table that was
 * cut off between two rows looks whole. */
bool results_check_rows(const Results *results, GError **error);
