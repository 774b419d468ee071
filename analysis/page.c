/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/page.c: report.html.
 */
#include "analysis/page.h"

#include "analysis/figure.h"
#include "analysis/grid.h"
#include "analysis/metric.h"
#include "analysis/plot.h"
#include "analysis/summary.h"

#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<style>\n"
    "body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; "
    "margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }\n"
    "table { border-collapse: collapse; margin: .5rem 0; "
    "font-variant-numeric: tabular-nums }\n"
    "th, td { padding: .15rem .8rem; border-bottom: 1px solid #ddd; "
    "text-align: right }\n"
    "th:first-child, td:first-child { text-align: left }\n"
    "td.text { text-align: left }\n"
    "figure { margin: 1.5rem 0 } figcaption, .note { color: #555 }\n"
    "svg { max-width: 100%; height: auto }\n"
    ".met { color: #06703a } .missed { color: #b00020; font-weight: bold }\n"
    "</style>\n";

static void
append_escaped(GString *html, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append(html, escaped);
}

static void
append_element(GString *html, const char *tag, const char *text)
{
    g_string_append_printf(html, "<%s>", tag);
    append_escaped(html, text);
    g_string_append_printf(html, "</%.*s>", (int)strcspn(tag, " "), tag);
}

static const char *
cell_tag(guint row, const char *cell)
{
    if (row == 0)
        return "th";
    if (g_str_equal(cell, "met"))
        return "td class=\"met\"";
    return g_str_equal(cell, "MISSED") ? "td class=\"missed\"" : "td";
}

static void
append_grid(GString *html, const Grid *grid)
{
    append_element(html, "h2", grid->title);
    g_string_append(html, "\n<table>\n");
    for (guint row = 0; row < grid->rows->len; row++) {
        g_string_append(html, "<tr>");
        for (guint column = 0; column < grid_column_count(grid); column++) {
            const char *cell = grid_cell(grid, row, column);
            append_element(html, cell_tag(row, cell), cell);
        }
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</table>\n");
    if (grid->note)
        append_element(html, "p class=\"note\"", grid->note);
}

/* The picture's SVG without its XML prologue; its ids get the plot's name in
 * front, since several pictures share the page. */
static void
append_picture(GString *html, const Page *page, const Plot *plot)
{
    static const char *const marks[] = {"id=\"", "id='", "href=\"#", "href='#",
                                        "url(#"};
    g_autofree char *name = g_strconcat(plot->name, ".svg", NULL);
    g_autofree char *path =
        g_build_filename(page->results->directory, "plots", name, NULL);
    g_autofree char *svg = NULL;
    if (!g_file_get_contents(path, &svg, NULL, NULL)) {
        append_element(html, "p class=\"note\"",
                       "A picture could not be drawn; its data and script are "
                       "in plots/:");
        append_element(html, "p class=\"note\"", plot->caption);
        return;
    }
    const char *start = strstr(svg, "<svg");
    g_autoptr(GString) picture = g_string_new(start ? start : svg);
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *marked =
            g_strdup_printf("%s%s-", marks[i], plot->name);
        g_string_replace(picture, marks[i], marked, 0);
    }
    g_string_append(html, "<figure>\n");
    g_string_append(html, picture->str);
    append_element(html, "figcaption", plot->caption);
    g_string_append(html, "</figure>\n");
}

static void
append_pictures(GString *html, const Page *page)
{
    append_element(html, "h2", "Pictures");
    if (page->plot_note) {
        append_element(html, "p class=\"note\"", page->plot_note);
        return;
    }
    for (guint i = 0; i < page->plots->len; i++)
        append_picture(html, page, page->plots->pdata[i]);
}

/* Whether any object below holds a figure of that name. */
static bool
has_figure(const json_t *object, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (g_str_equal(key, name))
            return true;
        if (json_is_object(value) && has_figure(value, name))
            return true;
    }
    return false;
}

static void
append_definitions(GString *html, const json_t *summary)
{
    append_element(html, "h2", "What the figures mean");
    g_string_append(html, "\n<table>\n<tr><th>figure of summary.json</th>"
                          "<th>shown as</th><th>definition</th></tr>\n");
    size_t count;
    const Metric *metrics = metric_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (!has_figure(summary, metrics[i].name))
            continue;
        g_string_append(html, "<tr>");
        append_element(html, "td", metrics[i].name);
        append_element(html, "td class=\"text\"", metrics[i].label);
        append_element(html, "td class=\"text\"", metrics[i].definition);
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</table>\n<p class=\"note\">Intervals: ");
    append_escaped(
        html, json_string_value(json_object_get(summary, "interval_method")));
    g_string_append(html, ". Percentiles: ");
    append_escaped(
        html, json_string_value(json_object_get(summary, "percentile_method")));
    g_string_append(html, ".</p>\n");
}

static void
append_provenance(GString *html, const json_t *manifest)
{
    append_element(html, "h2", "Where this came from");
    g_string_append(html, "\n<table>\n");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)manifest, key, value)
    {
        if (json_is_array(value) || json_is_object(value))
            continue;
        g_autofree char *text = json_is_string(value)
                                    ? g_strdup(json_string_value(value))
                                    : json_dumps(value, JSON_ENCODE_ANY);
        g_string_append(html, "<tr>");
        append_element(html, "td", key);
        append_element(html, "td class=\"text\"", text);
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</table>\n");
}

bool
page_write(const Page *page, GError **error)
{
    g_autoptr(GString) html = g_string_new(head);
    const char *title =
        json_string_value(json_object_get(page->summary, "title"));
    append_element(html, "title", title ? title : "untitled");
    g_string_append(html, "</head>\n<body>\n");
    append_element(html, "h1", title ? title : "untitled");
    const char *shortfall = summary_shortfall(page->summary);
    if (shortfall) {
        g_autofree char *text = g_strdup_printf("Incomplete: %s.", shortfall);
        append_element(html, "p class=\"missed\"", text);
    }
    for (guint i = 0; i < page->grids->len; i++)
        append_grid(html, page->grids->pdata[i]);
    append_pictures(html, page);
    append_definitions(html, page->summary);
    append_provenance(html, page->results->manifest);
    g_string_append(html, "</body>\n</html>\n");
    g_autofree char *path =
        g_build_filename(page->results->directory, "report.html", NULL);
    return g_file_set_contents(path, html->str, (gssize)html->len, error);
}
