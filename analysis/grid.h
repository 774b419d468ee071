/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/grid.h: the tables that people read, as texts in rows, the same
 * for the terminal and for the page.
 */
#pragma once

#include "analysis/metric.h"
#include "analysis/statistic.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

typedef struct Grid {
    char *title;
    char *note;      /* a sentence below it; NULL for none */
    bool is_detail;  /* for the page, not for the terminal */
    GPtrArray *rows; /* of GPtrArray of char *; the first is the head */
} Grid;

/* All tables that the summary has figures for, in reading order. */
GPtrArray *grid_new_all(const json_t *summary);
/* A new table, and a new row that begins with the label; both are owned by
 * what they are added to. */
Grid *grid_add(GPtrArray *grids, char *title);
GPtrArray *grid_add_row(Grid *grid, const char *label);
void grid_free(gpointer grid);
/* "61.2 % ±2.9", half the interval's width in the same unit, or
 * "100.0 % [79.6, 100.0]" where it is not as wide on both sides. */
char *grid_new_estimate_text(const Metric *metric, Estimate estimate);
/* "+1.2 [+0.3, +2.1] points": a difference of ratios is in points. */
char *grid_new_difference_text(const Metric *metric, Estimate difference);
/* The cell's text, lent; "" beyond the row's end. */
const char *grid_cell(const Grid *grid, guint row, guint column);
guint grid_column_count(const Grid *grid);
