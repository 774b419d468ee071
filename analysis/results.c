/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/results.c: reads a result directory.
 */
#include "analysis/results.h"

#include "analysis/figure.h"

#include <math.h>

static json_t *
load_manifest(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "manifest.json", NULL);
    json_error_t fault;
    json_t *manifest = json_load_file(path, JSON_REJECT_DUPLICATES, &fault);
    if (!manifest && !g_file_test(path, G_FILE_TEST_EXISTS))
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "%s: no manifest.json, so no results of a run", directory);
    else if (!manifest)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%d:%d: %s",
                    path, fault.line, fault.column, fault.text);
    return manifest;
}

/* A table that is not there is no error here; one that cannot be read is. */
static bool
load_table(const char *directory, const char *name, Table **ret_table,
           GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return true;
    Table *table = table_new_from_file(path, error);
    if (!table)
        return false;
    *ret_table = table;
    return true;
}

static bool
refuse(const Results *results, const char *what, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "%s/manifest.json: expected %s", results->directory, what);
    return false;
}

static bool
check_manifest(const Results *results, GError **error)
{
    if (results_mode_count(results) == 0)
        return refuse(results, "a list of modes", error);
    for (size_t i = 0; i < results_mode_count(results); i++) {
        if (!json_is_string(json_object_get(results_mode(results, i), "mode")))
            return refuse(results, "a name in every mode", error);
    }
    const char *workload =
        json_string_value(json_object_get(results->manifest, "workload"));
    bool is_flows = g_strcmp0(workload, "flows") == 0;
    if (!is_flows && g_strcmp0(workload, "downloads") != 0)
        return refuse(results, "workload \"downloads\" or \"flows\"", error);
    if (!is_flows &&
        !(results_number(results, "slow_threshold_bytes_per_second") > 0 &&
          results_number(results, "fix_bytes_per_second") > 0))
        return refuse(results,
                      "slow_threshold_bytes_per_second and "
                      "fix_bytes_per_second",
                      error);
    return true;
}

Results *
results_new_from_directory(const char *directory, GError **error)
{
    g_autoptr(Results) results = g_new0(Results, 1);
    results->directory = g_strdup(directory);
    results->manifest = load_manifest(directory, error);
    bool is_whole =
        results->manifest &&
        load_table(directory, "downloads.csv", &results->downloads, error) &&
        load_table(directory, "flows.csv", &results->flows, error) &&
        load_table(directory, "links.csv", &results->links, error) &&
        load_table(directory, "nodes.csv", &results->nodes, error) &&
        check_manifest(results, error);
    return is_whole ? g_steal_pointer(&results) : NULL;
}

void
results_free(Results *results)
{
    g_free(results->directory);
    json_decref(results->manifest);
    g_clear_pointer(&results->downloads, table_free);
    g_clear_pointer(&results->flows, table_free);
    g_clear_pointer(&results->links, table_free);
    g_clear_pointer(&results->nodes, table_free);
    g_free(results);
}

bool
results_has_downloads(const Results *results)
{
    const json_t *workload = json_object_get(results->manifest, "workload");
    return g_str_equal(json_string_value(workload), "downloads");
}

size_t
results_mode_count(const Results *results)
{
    return json_array_size(json_object_get(results->manifest, "modes"));
}

const json_t *
results_mode(const Results *results, size_t mode)
{
    return json_array_get(json_object_get(results->manifest, "modes"), mode);
}

const char *
results_mode_name(const Results *results, size_t mode)
{
    return json_string_value(
        json_object_get(results_mode(results, mode), "mode"));
}

double
results_number(const Results *results, const char *name)
{
    return figure_find(results->manifest, name);
}

static bool
find_mode(const Results *results, const char *name, size_t *ret_mode)
{
    for (size_t i = 0; i < results_mode_count(results); i++) {
        if (g_str_equal(results_mode_name(results, i), name)) {
            *ret_mode = i;
            return true;
        }
    }
    return false;
}

size_t *
results_new_row_modes(const Results *results, const Table *table,
                      GError **error)
{
    g_autofree const char **names = table_new_texts(table, "mode", error);
    if (!names)
        return NULL;
    g_autofree size_t *modes = g_new(size_t, table_row_count(table) + 1);
    for (size_t i = 0; i < table_row_count(table); i++) {
        if (!find_mode(results, names[i], &modes[i])) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s: mode '%s' is not in manifest.json",
                        results->directory, names[i]);
            return NULL;
        }
    }
    return g_steal_pointer(&modes);
}

bool
results_check_rows(const Results *results, GError **error)
{
    if (!results_has_downloads(results))
        return true;
    g_autofree size_t *modes =
        results->downloads
            ? results_new_row_modes(results, results->downloads, error)
            : g_new(size_t, 1);
    if (!modes)
        return false;
    size_t row_count =
        results->downloads ? table_row_count(results->downloads) : 0;
    for (size_t mode = 0; mode < results_mode_count(results); mode++) {
        double count = 0;
        for (size_t i = 0; i < row_count; i++)
            count += modes[i] == mode;
        double expected =
            figure_find(results_mode(results, mode), "candidates");
        if (isnan(expected) || count == expected)
            continue;
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s/downloads.csv: %.0f rows of mode %s, expected %.0f as "
                    "in manifest.json",
                    results->directory, count, results_mode_name(results, mode),
                    expected);
        return false;
    }
    return true;
}
