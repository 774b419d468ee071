/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/table.c: CSV by RFC 4180, unquoted in place.
 *
 * The file is read whole; cells are pointers into it, row after row, each
 * ended where its separator was. Both CRLF and LF end a row.
 */
#include "analysis/table.h"

#include "analysis/nearest.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct Table {
    char *path;
    char *text;
    GPtrArray *cells; /* the header row, then the others */
    GArray *lines;    /* per row but the header: its line in the file */
    size_t column_count;
};

typedef struct Reader {
    char *cursor;
    unsigned line;
    const char *fault; /* NULL while all is well */
} Reader;

/* Copy a quoted cell onto itself, "" becoming ". The cursor ends behind the
 * closing quote. */
static char *
take_quoted(Reader *reader)
{
    char *start = ++reader->cursor;
    char *target = start;
    for (;; reader->cursor++) {
        char c = *reader->cursor;
        if (c == '\0') {
            reader->fault = "a quote is never closed";
            break;
        }
        if (c == '"' && *++reader->cursor != '"')
            break;
        reader->line += c == '\n';
        *target++ = c;
    }
    /* The separator may lie where the end mark goes: it is read first. */
    if (target < reader->cursor)
        *target = '\0';
    return start;
}

static char *
take_bare(Reader *reader)
{
    char *start = reader->cursor;
    reader->cursor += strcspn(start, ",\r\n\"");
    if (*reader->cursor == '"')
        reader->fault = "a quote in the middle of a cell";
    return start;
}

/* Step over what ends a cell; true when the row ends with it. */
static bool
take_separator(Reader *reader)
{
    char *end = reader->cursor;
    char c = *end;
    if (c == '\0')
        return true;
    reader->cursor += c == '\r' && end[1] == '\n' ? 2 : 1;
    *end = '\0';
    if (c != ',' && c != '\n' && c != '\r')
        reader->fault = "text after a closing quote";
    reader->line += c != ',';
    return c != ',';
}

/* Add one row's cells; returns how many. */
static size_t
take_row(Reader *reader, GPtrArray *cells)
{
    bool is_last = false;
    size_t count = 0;
    for (; !is_last && !reader->fault; count++) {
        bool is_quoted = *reader->cursor == '"';
        g_ptr_array_add(cells,
                        is_quoted ? take_quoted(reader) : take_bare(reader));
        if (!reader->fault)
            is_last = take_separator(reader);
    }
    return count;
}

static bool
read_rows(Table *table, GError **error)
{
    Reader reader = {table->text, 1, NULL};
    table->column_count = take_row(&reader, table->cells);
    while (!reader.fault && *reader.cursor) {
        unsigned line = reader.line;
        size_t count = take_row(&reader, table->cells);
        if (!reader.fault && count != table->column_count) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s:%u: %zu cells in the row, %zu in the first",
                        table->path, line, count, table->column_count);
            return false;
        }
        g_array_append_val(table->lines, line);
    }
    if (!reader.fault)
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%u: %s",
                table->path, reader.line, reader.fault);
    return false;
}

static Table *
take_text(const char *path, char *text, GError **error)
{
    g_autoptr(Table) table = g_new0(Table, 1);
    table->path = g_strdup(path);
    table->text = text;
    table->cells = g_ptr_array_new();
    table->lines = g_array_new(FALSE, FALSE, sizeof(unsigned));
    return read_rows(table, error) ? g_steal_pointer(&table) : NULL;
}

Table *
table_new_from_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size_bytes;
    if (!g_file_get_contents(path, &text, &size_bytes, error))
        return NULL;
    if (size_bytes == 0 || memchr(text, '\0', size_bytes)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s:1: expected text with a header row", path);
        return NULL;
    }
    if (text[size_bytes - 1] != '\n') {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s: the last row is cut off", path);
        return NULL;
    }
    return take_text(path, g_steal_pointer(&text), error);
}

Table *
table_new_from_text(const char *name, const char *text, GError **error)
{
    return take_text(name, g_strdup(text), error);
}

void
table_free(Table *table)
{
    g_free(table->path);
    g_free(table->text);
    g_ptr_array_unref(table->cells);
    g_array_unref(table->lines);
    g_free(table);
}

size_t
table_row_count(const Table *table)
{
    return table->lines->len;
}

size_t
table_column_count(const Table *table)
{
    return table->column_count;
}

const char *
table_column_name(const Table *table, size_t column)
{
    g_assert(column < table->column_count);
    return table->cells->pdata[column];
}

static size_t
find_column(const Table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (g_str_equal(table->cells->pdata[i], name))
            return i;
    }
    return SIZE_MAX;
}

bool
table_has(const Table *table, const char *name)
{
    return find_column(table, name) != SIZE_MAX;
}

const char **
table_new_texts(const Table *table, const char *name, GError **error)
{
    size_t column = find_column(table, name);
    if (column == SIZE_MAX) {
        const char *near =
            nearest_name(name, (const char *const *)table->cells->pdata,
                         table->column_count);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s:1: no column '%s'%s%s", table->path, name,
                    near ? "; the nearest is " : "", near ? near : "");
        return NULL;
    }
    const char **texts = g_new(const char *, table->lines->len + 1);
    for (size_t i = 0; i < table->lines->len; i++)
        texts[i] = table->cells->pdata[(i + 1) * table->column_count + column];
    return texts;
}

double *
table_new_numbers(const Table *table, const char *name, GError **error)
{
    g_autofree const char **texts = table_new_texts(table, name, error);
    if (!texts)
        return NULL;
    g_autofree double *numbers = g_new(double, table->lines->len + 1);
    for (size_t i = 0; i < table->lines->len; i++) {
        char *end = NULL;
        numbers[i] = *texts[i] ? g_ascii_strtod(texts[i], &end) : (double)NAN;
        if (*texts[i] && (*end || !isfinite(numbers[i]))) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s:%u: expected a number for %s, not '%s'",
                        table->path, g_array_index(table->lines, unsigned, i),
                        name, texts[i]);
            return NULL;
        }
    }
    return g_steal_pointer(&numbers);
}
