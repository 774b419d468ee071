/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/quantile.c: a CSV reader that looks for quantiles or samples.
 *
 * RFC 4180 with one limit: no line breaks inside quotes.
 */
#include "sim/quantile.h"
#include "sim/yaml/complaint.h"
#include "sim/yaml/input.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <string.h>

typedef struct Csv {
    const QuantileQuery *query;
    GPtrArray *header; /* char * */
    guint *filter_columns;
    guint value_column; /* of samples */
    GArray *samples;    /* double */
    GPtrArray *row;     /* the row of quantiles that the filters pick */
    guint match_count;
} Csv;

/* One line into its fields; a quote inside quotes is doubled. */
static GPtrArray *
split_line(const char *line)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
    GString *field = g_string_new(NULL);
    bool is_quoted = false;
    for (const char *at = line; *at && *at != '\r'; at++) {
        if (*at == '"' && is_quoted && at[1] == '"')
            g_string_append_c(field, *at++);
        else if (*at == '"')
            is_quoted = !is_quoted;
        else if (*at == ',' && !is_quoted) {
            g_ptr_array_add(fields, g_string_free(field, FALSE));
            field = g_string_new(NULL);
        } else
            g_string_append_c(field, *at);
    }
    g_ptr_array_add(fields, g_string_free(field, FALSE));
    return fields;
}

static bool
find_column(const Csv *csv, const char *name, guint *ret_column, char **ret_why)
{
    for (guint at = 0; at < csv->header->len; at++) {
        if (g_str_equal(csv->header->pdata[at], name)) {
            *ret_column = at;
            return true;
        }
    }
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint at = 0; at < csv->header->len; at++)
        g_ptr_array_add(words, csv->header->pdata[at]);
    g_ptr_array_add(words, NULL);
    g_autofree char *suggestion =
        complaint_suggestion(name, (const char *const *)words->pdata);
    *ret_why = g_strdup_printf("'%s' has no column '%s'%s", csv->query->path,
                               name, suggestion);
    return false;
}

static bool
find_columns(Csv *csv, char **ret_why)
{
    const QuantileQuery *query = csv->query;
    guint filter_count = g_strv_length(query->filters);
    csv->filter_columns = g_new0(guint, filter_count + 1);
    for (guint at = 0; at < filter_count; at++) {
        g_autofree char *name =
            g_strndup(query->filters[at], strcspn(query->filters[at], "="));
        if (!find_column(csv, name, &csv->filter_columns[at], ret_why))
            return false;
    }
    return !query->column ||
           find_column(csv, query->column, &csv->value_column, ret_why);
}

static bool
is_match(const Csv *csv, const GPtrArray *row)
{
    for (guint at = 0; csv->query->filters[at]; at++) {
        const char *wanted = strchr(csv->query->filters[at], '=') + 1;
        if (!g_str_equal(row->pdata[csv->filter_columns[at]], wanted))
            return false;
    }
    return true;
}

static bool
parse_number(const char *text, double *ret_number)
{
    char *end = NULL;
    *ret_number = g_ascii_strtod(text, &end);
    return end != text && *end == '\0';
}

static bool
take_row(Csv *csv, GPtrArray *row, guint line, char **ret_why)
{
    if (row->len != csv->header->len) {
        *ret_why =
            g_strdup_printf("'%s' line %u has %u fields, not %u",
                            csv->query->path, line, row->len, csv->header->len);
        return false;
    }
    if (!is_match(csv, row))
        return true;
    csv->match_count++;
    if (!csv->query->column) {
        g_clear_pointer(&csv->row, g_ptr_array_unref);
        csv->row = g_ptr_array_ref(row);
        return true;
    }
    double sample = 0;
    if (!parse_number(row->pdata[csv->value_column], &sample)) {
        *ret_why = g_strdup_printf("'%s' line %u: '%s' is not a number",
                                   csv->query->path, line,
                                   (char *)row->pdata[csv->value_column]);
        return false;
    }
    g_array_append_val(csv->samples, sample);
    return true;
}

static bool
read_lines(Csv *csv, char *text, char **ret_why)
{
    guint line = 1;
    char *next = NULL;
    for (char *at = text; at && *at; at = next, line++) {
        next = strchr(at, '\n');
        if (next)
            *next++ = '\0';
        if (*at == '\0' || *at == '\r')
            continue;
        g_autoptr(GPtrArray) row = split_line(at);
        if (!csv->header) {
            csv->header = g_ptr_array_ref(row);
            if (!find_columns(csv, ret_why))
                return false;
        } else if (!take_row(csv, row, line, ret_why)) {
            return false;
        }
    }
    return true;
}

static GArray *
points_of_samples(const Csv *csv)
{
    GArray *points = g_array_new(FALSE, TRUE, sizeof(DistributionPoint));
    double *samples = (double *)(void *)csv->samples->data;
    gsl_sort(samples, 1, csv->samples->len);
    for (int percent = 1; percent <= 99; percent++) {
        DistributionPoint point = {.share = percent / 100.0};
        point.value = gsl_stats_quantile_from_sorted_data(
            samples, 1, csv->samples->len, point.share);
        g_array_append_val(points, point);
    }
    return points;
}

/* q05 is 0.05, q995 is 0.995. */
static bool
parse_quantile_column(const char *name, double *ret_share)
{
    size_t digit_count = strspn(name + 1, "0123456789");
    if (name[0] != 'q' || digit_count < 2 || name[1 + digit_count] != '\0' ||
        digit_count > 6)
        return false;
    g_autofree char *decimal = g_strdup_printf("0.%s", name + 1);
    return parse_number(decimal, ret_share);
}

static GArray *
points_of_row(const Csv *csv, char **ret_why)
{
    g_autoptr(GArray) points =
        g_array_new(FALSE, TRUE, sizeof(DistributionPoint));
    for (guint at = 0; at < csv->header->len; at++) {
        DistributionPoint point = {0};
        if (!parse_quantile_column(csv->header->pdata[at], &point.share))
            continue;
        if (!parse_number(csv->row->pdata[at], &point.value)) {
            *ret_why =
                g_strdup_printf("'%s': '%s' is not a number", csv->query->path,
                                (char *)csv->row->pdata[at]);
            return NULL;
        }
        g_array_append_val(points, point);
    }
    if (points->len == 0) {
        *ret_why = g_strdup_printf("'%s' has no columns of quantiles (q01, "
                                   "q50 ...); name one of samples with "
                                   "column=NAME",
                                   csv->query->path);
        return NULL;
    }
    return g_steal_pointer(&points);
}

static GArray *
make_points(const Csv *csv, char **ret_why)
{
    const char *path = csv->query->path;
    if (csv->match_count == 0) {
        *ret_why = g_strdup_printf("no row of '%s' matches", path);
        return NULL;
    }
    if (csv->query->column)
        return points_of_samples(csv);
    if (csv->match_count > 1) {
        *ret_why = g_strdup_printf("%u rows of '%s' match; one is needed",
                                   csv->match_count, path);
        return NULL;
    }
    return points_of_row(csv, ret_why);
}

GArray *
quantile_read(const QuantileQuery *query, char **ret_why)
{
    size_t text_bytes = 0;
    g_autofree char *text =
        input_read(query->path, QUANTILE_FILE_BYTES_MAX, &text_bytes, ret_why);
    if (!text)
        return NULL;
    Csv csv = {.query = query,
               .samples = g_array_new(FALSE, FALSE, sizeof(double))};
    GArray *points = NULL;
    if (read_lines(&csv, text, ret_why))
        points = make_points(&csv, ret_why);
    g_clear_pointer(&csv.header, g_ptr_array_unref);
    g_clear_pointer(&csv.row, g_ptr_array_unref);
    g_free(csv.filter_columns);
    g_array_unref(csv.samples);
    return points;
}
