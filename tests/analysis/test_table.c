/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_table.c: result files are read as RFC 4180 says.
 */
#include "analysis/table.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* Write text to a file of its own and read it as a table. */
static Table *
read_text(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int file = g_file_open_tmp("byway-table-XXXXXX", &path, NULL);
    g_assert_cmpint(file, >=, 0);
    g_assert_true(g_close(file, NULL));
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    Table *table = table_new_from_file(path, error);
    g_unlink(path);
    return table;
}

static void
expect_refusal(const char *text, const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Table) table = read_text(text, &error);
    g_assert_null(table);
    g_assert_nonnull(strstr(error->message, reason));
}

static void
quotes_hold_commas_line_breaks_and_quotes(void)
{
    g_autoptr(Table) table = read_text("mode,note\r\n"
                                       "\"near, far\",\"\"\r\n"
                                       "\"a\"\"b\",\"two\nlines\"\r\n",
                                       NULL);
    g_assert_cmpuint(table_row_count(table), ==, 2);
    g_assert_cmpuint(table_column_count(table), ==, 2);
    g_autofree const char **modes = table_new_texts(table, "mode", NULL);
    g_autofree const char **notes = table_new_texts(table, "note", NULL);
    g_assert_cmpstr(modes[0], ==, "near, far");
    g_assert_cmpstr(notes[0], ==, "");
    g_assert_cmpstr(modes[1], ==, "a\"b");
    g_assert_cmpstr(notes[1], ==, "two\nlines");
}

/* RFC 4180 lets it be, but byway always ends it: else 12 could have been 123.
 */
static void
a_last_row_without_its_end_is_refused(void)
{
    expect_refusal("a,b\n1,2\n3,12", "the last row is cut off");
}

static void
empty_number_is_not_a_number(void)
{
    g_autoptr(Table) table = read_text("a_seconds,b\n1.5e-3,x\n,y\n", NULL);
    g_autofree double *seconds = table_new_numbers(table, "a_seconds", NULL);
    g_assert_cmpfloat(seconds[0], ==, 1.5e-3);
    g_assert_true(isnan(seconds[1]));
}

static void
wrong_number_is_told_with_its_line(void)
{
    g_autoptr(Table) table = read_text("a,b\n\"x\ny\",2\nz,fast\n", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree double *numbers = table_new_numbers(table, "b", &error);
    g_assert_null(numbers);
    g_assert_nonnull(strstr(error->message, ":4: expected a number for b"));
}

static void
missing_column_is_told_with_the_nearest(void)
{
    g_autoptr(Table) table = read_text("mode,is_slow\na,1\n", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree double *numbers = table_new_numbers(table, "is_slwo", &error);
    g_assert_null(numbers);
    g_assert_nonnull(strstr(error->message, "the nearest is is_slow"));
    g_assert_true(table_has(table, "mode"));
    g_assert_false(table_has(table, "is_slwo"));
}

static void
broken_files_are_refused(void)
{
    expect_refusal("", "header row");
    expect_refusal("a,b\n1,2\n1\n", ":3: 1 cells in the row, 2 in the first");
    expect_refusal("a,b\n1,2,3\n", ":2: 3 cells");
    expect_refusal("a,b\n1,\"2\n", "never closed");
    expect_refusal("a,b\n1,2\"3\"\n", "middle of a cell");
    expect_refusal("a,b\n\"1\"x,2\n", "after a closing quote");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/analysis/table/quotes_hold_commas_line_breaks_and_quotes",
                    quotes_hold_commas_line_breaks_and_quotes);
    g_test_add_func("/analysis/table/a_last_row_without_its_end_is_refused",
                    a_last_row_without_its_end_is_refused);
    g_test_add_func("/analysis/table/empty_number_is_not_a_number",
                    empty_number_is_not_a_number);
    g_test_add_func("/analysis/table/wrong_number_is_told_with_its_line",
                    wrong_number_is_told_with_its_line);
    g_test_add_func("/analysis/table/missing_column_is_told_with_the_nearest",
                    missing_column_is_told_with_the_nearest);
    g_test_add_func("/analysis/table/broken_files_are_refused",
                    broken_files_are_refused);
    return g_test_run();
}
