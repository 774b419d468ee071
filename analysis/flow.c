/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/flow.c: the figures of flows.csv, links.csv and nodes.csv.
 *
 * All three group the rows of one mode by a text column (transport, link,
 * role) and sum up or order the numbers of each group.
 */
#include "analysis/flow.h"

#include "analysis/figure.h"

#include <math.h>

/* The rows of a table that belong together. */
typedef struct Group {
    const Table *table;
    const bool *is_member; /* a flag a row */
    json_t *object;        /* where their figures go */
} Group;

/* Gather the group's numbers that are there; ret_count tells how many. */
static double *
gather(const Group *group, const char *column, size_t *ret_count,
       GError **error)
{
    double *numbers = table_new_numbers(group->table, column, error);
    if (!numbers)
        return NULL;
    size_t count = 0;
    for (size_t i = 0; i < table_row_count(group->table); i++) {
        if (group->is_member[i] && !isnan(numbers[i]))
            numbers[count++] = numbers[i];
    }
    *ret_count = count;
    return numbers;
}

static bool
add_distribution(const Group *group, const char *column, const char *name,
                 GError **error)
{
    size_t count;
    g_autofree double *numbers = gather(group, column, &count, error);
    if (!numbers)
        return false;
    figure_set_distribution(group->object, name, numbers, count);
    return true;
}

static bool
add_sum(const Group *group, const char *column, GError **error)
{
    size_t count;
    g_autofree double *numbers = gather(group, column, &count, error);
    if (!numbers)
        return false;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    figure_set(group->object, column, sum);
    return true;
}

/* A counter that only grows: its last value is its largest. */
static bool
add_last(const Group *group, const char *column, GError **error)
{
    size_t count;
    g_autofree double *numbers = gather(group, column, &count, error);
    if (!numbers)
        return false;
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = MAX(largest, numbers[i]);
    figure_set(group->object, column, largest);
    return true;
}

static void
add_count(const Group *group, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < table_row_count(group->table); i++)
        count += group->is_member[i];
    figure_set_count(group->object, name, count);
}

static bool
add_flow_figures(const Group *group, GError **error)
{
    size_t completed_count;
    g_autofree double *seconds =
        gather(group, "completion_seconds", &completed_count, error);
    if (!seconds)
        return false;
    add_count(group, "count");
    figure_set_count(group->object, "completed", completed_count);
    return add_distribution(group, "completion_seconds",
                            "flow_completion_seconds", error) &&
           add_distribution(group, "connect_seconds", "connect_seconds",
                            error) &&
           add_distribution(group, "first_byte_seconds", "first_byte_seconds",
                            error) &&
           add_distribution(group, "goodput_bits_per_second",
                            "goodput_bits_per_second", error) &&
           add_sum(group, "delivered_bytes", error) &&
           add_sum(group, "retransmitted_segments_total", error) &&
           add_sum(group, "timeouts_total", error);
}

static bool
add_link_figures(const Group *group, GError **error)
{
    return add_distribution(group, "utilisation_ratio", "utilisation_ratio",
                            error) &&
           add_distribution(group, "queue_delay_seconds", "queue_delay_seconds",
                            error) &&
           add_last(group, "queue_packets_max", error) &&
           add_last(group, "packets_total", error) &&
           add_last(group, "dropped_queue_total", error) &&
           add_last(group, "dropped_aqm_total", error) &&
           add_last(group, "dropped_loss_total", error);
}

static bool
add_role_figures(const Group *group, GError **error)
{
    add_count(group, "count");
    return add_sum(group, "connections_total", error) &&
           add_sum(group, "sent_bytes", error) &&
           add_sum(group, "received_bytes", error) &&
           add_distribution(group, "cpu_busy_seconds", "cpu_busy_seconds",
                            error) &&
           add_sum(group, "requests_total", error);
}

/* A flag a row: whether it is of the mode. */
static bool *
new_mode_flags(const Results *results, const Table *table, size_t mode,
               GError **error)
{
    g_autofree size_t *modes = results_new_row_modes(results, table, error);
    if (!modes)
        return NULL;
    bool *flags = g_new(bool, table_row_count(table) + 1);
    for (size_t i = 0; i < table_row_count(table); i++)
        flags[i] = mode == MODE_ALL || modes[i] == mode;
    return flags;
}

typedef bool (*AddFigures)(const Group *group, GError **error);

/* Add the figures of each value of a text column, in order of appearance. */
static bool
add_grouped(const Group *whole, const char *column, AddFigures add,
            GError **error)
{
    size_t row_count = table_row_count(whole->table);
    g_autofree const char **texts =
        table_new_texts(whole->table, column, error);
    if (!texts)
        return false;
    g_autofree bool *flags = g_new(bool, row_count + 1);
    for (size_t i = 0; i < row_count; i++) {
        if (!whole->is_member[i] || json_object_get(whole->object, texts[i]))
            continue;
        for (size_t j = 0; j < row_count; j++)
            flags[j] = whole->is_member[j] && g_str_equal(texts[j], texts[i]);
        Group group = {whole->table, flags, json_object()};
        json_object_set_new(whole->object, texts[i], group.object);
        if (!add(&group, error))
            return false;
    }
    return true;
}

static json_t *
add_object(json_t *object, const char *name)
{
    json_t *inner = json_object();
    json_object_set_new(object, name, inner);
    return inner;
}

bool
flow_add(const Results *results, size_t mode, json_t *object, GError **error)
{
    g_autofree bool *flags =
        new_mode_flags(results, results->flows, mode, error);
    if (!flags)
        return false;
    Group flows = {results->flows, flags, add_object(object, "flows")};
    if (!add_flow_figures(&flows, error))
        return false;
    Group transports = {results->flows, flags, json_object()};
    bool is_whole =
        add_grouped(&transports, "transport", add_flow_figures, error);
    if (json_object_size(transports.object) > 1)
        json_object_set(flows.object, "transports", transports.object);
    json_decref(transports.object);
    return is_whole;
}

bool
flow_add_links(const Results *results, size_t mode, json_t *object,
               GError **error)
{
    g_autofree bool *flags =
        new_mode_flags(results, results->links, mode, error);
    if (!flags)
        return false;
    Group links = {results->links, flags, add_object(object, "links")};
    return add_grouped(&links, "link", add_link_figures, error);
}

bool
flow_add_roles(const Results *results, size_t mode, json_t *object,
               GError **error)
{
    g_autofree bool *flags =
        new_mode_flags(results, results->nodes, mode, error);
    if (!flags)
        return false;
    Group roles = {results->nodes, flags, add_object(object, "roles")};
    return add_grouped(&roles, "role", add_role_figures, error);
}
