/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/outline.c: the figures of a run in which nothing happened.
 */
#include "analysis/outline.h"

#include "analysis/figure.h"
#include "analysis/summary.h"

static Table *
read_table(const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    Table *table = text ? table_new_from_text(name, text, &error) : NULL;
    g_assert_no_error(error);
    return table;
}

char **
outline_new_paths(const OutlineTexts *texts)
{
    g_autoptr(Results) results = g_new0(Results, 1);
    results->directory = g_strdup("outline");
    results->manifest = json_loads(texts->manifest, 0, NULL);
    g_assert(results->manifest);
    results->downloads = read_table("downloads.csv", texts->downloads);
    results->flows = read_table("flows.csv", texts->flows);
    results->links = read_table("links.csv", texts->links);
    results->nodes = read_table("nodes.csv", texts->nodes);
    g_autoptr(GError) error = NULL;
    json_t *summary = summary_new(results, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    figure_add_paths(summary, "", paths);
    json_decref(summary);
    g_ptr_array_add(paths, NULL);
    return (char **)g_ptr_array_steal(paths, NULL);
}
