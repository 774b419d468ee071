/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/table.h: one CSV file (RFC 4180) in memory, columns by name.
 *
 * The first row names the columns. Every later row must have as many cells.
 * Numbers are parsed a column at a time, when asked for.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Table Table;

Table *table_new_from_file(const char *path, GError **error);
/* The same of a text, which is copied; name stands for the path in errors. */
Table *table_new_from_text(const char *name, const char *text, GError **error);
void table_free(Table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

size_t table_row_count(const Table *table);
size_t table_column_count(const Table *table);
const char *table_column_name(const Table *table, size_t column);
bool table_has(const Table *table, const char *name);

/* A new array of the column's cells (lent), one a row. NULL and an error
 * when the file has no such column. */
const char **table_new_texts(const Table *table, const char *name,
                             GError **error);
/* The same as numbers; an empty cell is NAN. NULL and an error naming the
 * line when the column is missing or holds something else. */
double *table_new_numbers(const Table *table, const char *name, GError **error);
