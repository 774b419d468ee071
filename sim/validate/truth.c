/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/truth.c: a CSV file of runs, gathered into cases.
 */
#include "sim/validate/truth.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "sim/validate/chosen.h"

typedef enum Column {
    COLUMN_CASE,
    COLUMN_GROUP,
    COLUMN_CC,
    COLUMN_IW,
    COLUMN_BYTES,
    COLUMN_RTT,
    COLUMN_RATE,
    COLUMN_QUEUE,
    COLUMN_LOSS,
    COLUMN_MAXTIME,
    COLUMN_COMPLETION,
    COLUMN_GOODPUT,
    COLUMN_NEEDED, /* those below may be missing: the usual is meant */
    COLUMN_CONNECTIONS = COLUMN_NEEDED,
    COLUMN_TOPO,
    COLUMN_SACK,
    COLUMN_IDLE_RESTART,
    COLUMN_IDLE,
    COLUMN_MPTCP,
    COLUMN_HYSTART,
    COLUMN_TAG,
    COLUMN_COUNT,
} Column;

typedef struct ColumnName {
    const char *name;
    const char *usual;
} ColumnName;

static const ColumnName COLUMNS[COLUMN_COUNT] = {
    [COLUMN_CASE] = {"case", NULL},
    [COLUMN_GROUP] = {"group", NULL},
    [COLUMN_CC] = {"cc", NULL},
    [COLUMN_IW] = {"iw", NULL},
    [COLUMN_BYTES] = {"bytes", NULL},
    [COLUMN_RTT] = {"rtt_ms", NULL},
    [COLUMN_RATE] = {"rate_mbps", NULL},
    [COLUMN_QUEUE] = {"qpkts", NULL},
    [COLUMN_LOSS] = {"loss", NULL},
    [COLUMN_MAXTIME] = {"maxtime_s", NULL},
    [COLUMN_COMPLETION] = {"fct_ms", NULL},
    [COLUMN_GOODPUT] = {"goodput_mbps", NULL},
    [COLUMN_CONNECTIONS] = {"nconn", "1"},
    [COLUMN_TOPO] = {"topo", "single"},
    [COLUMN_SACK] = {"sack", "1"},
    [COLUMN_IDLE_RESTART] = {"ssai", "1"},
    [COLUMN_IDLE] = {"idle_ms", "0"},
    [COLUMN_MPTCP] = {"mptcp", "0"},
    [COLUMN_HYSTART] = {"hystart", "1"},
    [COLUMN_TAG] = {"tag", ""},
};

typedef struct Table {
    const char *path;
    int place[COLUMN_COUNT]; /* -1: not in the file */
    guint line;
    GPtrArray *cases;
    GHashTable *by_name; /* lent names to lent cases; looked up only */
    char *why;
} Table;

static void
case_free(TruthCase *truth)
{
    g_free(truth->name);
    g_free(truth->group);
    g_free(truth->tag);
    g_free(truth->unlike);
    g_array_unref(truth->completion_ms);
    g_array_unref(truth->goodput_mbps);
    g_free(truth);
}

/* The fields of a line; quotes may hold commas, and "" stands for one. */
static GPtrArray *
split(const char *line)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
    GString *field = g_string_new(NULL);
    bool is_quoted = false;
    for (const char *at = line; *at && *at != '\r'; at++) {
        if (*at == '"' && is_quoted && at[1] == '"')
            g_string_append_c(field, *at++);
        else if (*at == '"')
            is_quoted = !is_quoted;
        else if (*at != ',' || is_quoted)
            g_string_append_c(field, *at);
        else {
            g_ptr_array_add(fields, g_string_free(field, FALSE));
            field = g_string_new(NULL);
        }
    }
    g_ptr_array_add(fields, g_string_free(field, FALSE));
    return fields;
}

static bool
find_columns(Table *table, const char *head)
{
    if (g_str_has_prefix(head, "\xef\xbb\xbf"))
        head += 3;
    g_autoptr(GPtrArray) names = split(head);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        guint place;
        table->place[column] = -1;
        if (g_ptr_array_find_with_equal_func(names, COLUMNS[column].name,
                                             g_str_equal, &place))
            table->place[column] = (int)place;
        else if (column < COLUMN_NEEDED) {
            table->why = g_strdup_printf("%s:1: no column '%s'", table->path,
                                         COLUMNS[column].name);
            return false;
        }
    }
    return true;
}

static const char *
text_of(const Table *table, const GPtrArray *fields, Column column)
{
    int place = table->place[column];
    const char *text = place < 0 ? "" : fields->pdata[place];
    if (*text == '\0' && COLUMNS[column].usual)
        return COLUMNS[column].usual;
    return text;
}

/* A number from 0 on; what is not leaves its reason in the table. */
static double
number_of(Table *table, const GPtrArray *fields, Column column)
{
    const char *text = text_of(table, fields, column);
    char *end;
    double number = g_ascii_strtod(text, &end);
    bool is_number = end != text && *end == '\0' && isfinite(number) &&
                     number >= 0 && number < 1e15;
    if (is_number)
        return number;
    if (!table->why)
        table->why = g_strdup_printf(
            "%s:%u: column '%s': '%s' is not a number from 0 on", table->path,
            table->line, COLUMNS[column].name, text);
    return 0;
}

static TruthControl
control_of(const char *text)
{
    if (strcmp(text, "reno") == 0)
        return TRUTH_RENO;
    return strcmp(text, "cubic") == 0 ? TRUTH_CUBIC : TRUTH_OTHER;
}

/* What the model does not have, if the case needs it. */
static char *
find_unlike(const Table *table, const GPtrArray *fields)
{
    const char *control = text_of(table, fields, COLUMN_CC);
    const char *tag = text_of(table, fields, COLUMN_TAG);
    if (control_of(control) == TRUTH_OTHER)
        return g_strdup_printf("congestion control %s is not modelled",
                               control);
    if (strcmp(text_of(table, fields, COLUMN_TOPO), "single") != 0)
        return g_strdup("more than one path or client");
    if (strcmp(text_of(table, fields, COLUMN_MPTCP), "0") != 0)
        return g_strdup("MPTCP is not modelled");
    if (strcmp(text_of(table, fields, COLUMN_SACK), "1") != 0)
        return g_strdup("TCP without SACK is not modelled");
    if (strcmp(text_of(table, fields, COLUMN_CONNECTIONS), "1") != 0)
        return g_strdup("several connections");
    if (strcmp(text_of(table, fields, COLUMN_IDLE), "0") != 0)
        return g_strdup("a second transfer after a pause");
    if (*tag != '\0' && strcmp(tag, "endless") != 0 &&
        !g_str_has_prefix(tag, CHOSEN_PREFIX))
        return g_strdup_printf("tag '%s'", tag);
    return NULL;
}

static TruthCase *
new_case(Table *table, const GPtrArray *fields)
{
    TruthCase *truth = g_new0(TruthCase, 1);
    truth->name = g_strdup(text_of(table, fields, COLUMN_CASE));
    truth->group = g_strdup(text_of(table, fields, COLUMN_GROUP));
    truth->tag = g_strdup(text_of(table, fields, COLUMN_TAG));
    truth->unlike = find_unlike(table, fields);
    truth->control = control_of(text_of(table, fields, COLUMN_CC));
    truth->initial_window = (uint32_t)number_of(table, fields, COLUMN_IW);
    truth->queue_packets = (uint32_t)number_of(table, fields, COLUMN_QUEUE);
    truth->size_bytes = (uint64_t)number_of(table, fields, COLUMN_BYTES);
    truth->rtt_ns = (int64_t)(1e6 * number_of(table, fields, COLUMN_RTT) + 0.5);
    truth->max_ns =
        (int64_t)(1e9 * number_of(table, fields, COLUMN_MAXTIME) + 0.5);
    truth->rate_bps =
        (uint64_t)(1e6 * number_of(table, fields, COLUMN_RATE) + 0.5);
    truth->loss_ratio = number_of(table, fields, COLUMN_LOSS);
    truth->has_idle_restart =
        number_of(table, fields, COLUMN_IDLE_RESTART) != 0;
    truth->has_hystart = number_of(table, fields, COLUMN_HYSTART) != 0;
    truth->completion_ms = g_array_new(false, false, sizeof(double));
    truth->goodput_mbps = g_array_new(false, false, sizeof(double));
    return truth;
}

static void
add_row(Table *table, const GPtrArray *fields)
{
    const char *name = text_of(table, fields, COLUMN_CASE);
    TruthCase *truth = g_hash_table_lookup(table->by_name, name);
    if (!truth) {
        truth = new_case(table, fields);
        g_ptr_array_add(table->cases, truth);
        g_hash_table_insert(table->by_name, truth->name, truth);
    }
    if (truth->unlike)
        return;
    double goodput_mbps = number_of(table, fields, COLUMN_GOODPUT);
    g_array_append_val(truth->goodput_mbps, goodput_mbps);
    if (truth->size_bytes == 0)
        return;
    double completion_ms = number_of(table, fields, COLUMN_COMPLETION);
    g_array_append_val(truth->completion_ms, completion_ms);
}

static void
read_lines(Table *table, char **lines)
{
    if (!find_columns(table, lines[0] ? lines[0] : ""))
        return;
    guint field_count = 0;
    for (int column = 0; column < COLUMN_COUNT; column++)
        field_count = MAX(field_count, (guint)(table->place[column] + 1));
    for (guint i = 1; lines[i] && !table->why; i++) {
        if (*g_strstrip(lines[i]) == '\0')
            continue;
        table->line = i + 1;
        g_autoptr(GPtrArray) fields = split(lines[i]);
        if (fields->len < field_count)
            table->why = g_strdup_printf("%s:%u: %u fields where the head has "
                                         "at least %u",
                                         table->path, table->line, fields->len,
                                         field_count);
        else
            add_row(table, fields);
    }
    if (!table->why && table->cases->len == 0)
        table->why = g_strdup_printf("%s: no rows", table->path);
}

GPtrArray *
truth_read(const char *path, char **ret_why)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        *ret_why = g_strdup(error->message);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Table table = {
        .path = path,
        .cases = g_ptr_array_new_with_free_func((GDestroyNotify)case_free),
        .by_name = g_hash_table_new(g_str_hash, g_str_equal),
    };
    read_lines(&table, lines);
    g_hash_table_unref(table.by_name);
    if (!table.why)
        return table.cases;
    g_ptr_array_unref(table.cases);
    *ret_why = table.why;
    return NULL;
}

static int
compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double
truth_median(const GArray *values)
{
    guint count = values->len;
    g_assert(count > 0);
    double *sorted = g_memdup2(values->data, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    g_free(sorted);
    return median;
}

double
truth_mean(const GArray *values)
{
    double sum = 0;
    for (guint i = 0; i < values->len; i++)
        sum += g_array_index(values, double, i);
    return sum / values->len;
}
