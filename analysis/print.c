/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/print.c: the tables on a terminal.
 */
#include "analysis/print.h"

#include "analysis/grid.h"
#include "analysis/summary.h"

#include <stdio.h>

#define BOLD "\033[1m"
#define GREEN "\033[32m"
#define RED "\033[1;31m"
#define PLAIN "\033[0m"

static glong
column_width(const Grid *grid, guint column)
{
    glong width = 0;
    for (guint row = 0; row < grid->rows->len; row++)
        width = MAX(width, g_utf8_strlen(grid_cell(grid, row, column), -1));
    return width;
}

static const char *
cell_color(const char *cell)
{
    if (g_str_equal(cell, "met"))
        return GREEN;
    bool is_bad = g_str_equal(cell, "MISSED") || g_str_equal(cell, "differs") ||
                  g_str_has_prefix(cell, "only in ");
    return is_bad ? RED : "";
}

static void
append_cell(GString *text, const char *cell, int blank_count, bool has_color)
{
    const char *color = has_color ? cell_color(cell) : "";
    g_string_append_printf(text, "%*s%s%s%s", blank_count, "", color, cell,
                           *color ? PLAIN : "");
}

static void
append_row(GString *text, const Grid *grid, guint row, bool has_color)
{
    for (guint column = 0; column < grid_column_count(grid); column++) {
        const char *cell = grid_cell(grid, row, column);
        int blank_count =
            (int)(column_width(grid, column) - g_utf8_strlen(cell, -1));
        if (column == 0) /* labels are flush left */
            g_string_append_printf(text, "  %s%*s", cell, blank_count, "");
        else
            append_cell(text, cell, blank_count + 2, has_color);
    }
    g_string_append_c(text, '\n');
}

static void
append_heading(GString *text, const char *heading, bool has_color)
{
    g_string_append_printf(text, "%s%s%s\n", has_color ? BOLD : "", heading,
                           has_color ? PLAIN : "");
}

char *
print_new_text(const json_t *summary, const GPtrArray *grids, bool has_color)
{
    GString *text = g_string_new(NULL);
    const char *title = json_string_value(json_object_get(summary, "title"));
    append_heading(text, title ? title : "untitled", has_color);
    const char *shortfall = summary_shortfall(summary);
    if (shortfall)
        g_string_append_printf(text, "  INCOMPLETE: %s\n", shortfall);
    for (guint i = 0; i < grids->len; i++) {
        const Grid *grid = grids->pdata[i];
        if (grid->is_detail)
            continue;
        g_string_append_c(text, '\n');
        append_heading(text, grid->title, has_color);
        for (guint row = 0; row < grid->rows->len; row++)
            append_row(text, grid, row, has_color);
        if (grid->note)
            g_string_append_printf(text, "  %s\n", grid->note);
    }
    return g_string_free(text, FALSE);
}

bool
print_out(const char *text, GError **error)
{
    fputs(text, stdout);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "cannot write to standard output");
    return false;
}
