/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/gallery_link.c: a picture a mode of its busiest links over time.
 */
#include "analysis/gallery.h"

#include <math.h>

#define SHORT_DELAY_SECONDS 1e-5 /* what milliseconds would tell as 0.00 */

enum { CURVES_MAX = 5 };

typedef struct LinkColumns {
    size_t row_count;
    size_t *modes;
    const char **links;
    double *time_seconds;
    double *utilisation_ratio;
    double *queue_delay_seconds;
} LinkColumns;

/* A link of one mode, with what decides whether it is drawn. */
typedef struct Load {
    const char *link;
    double utilisation_sum;
    size_t count;
} Load;

static void
link_columns_clear(LinkColumns *columns)
{
    g_free(columns->modes);
    g_free(columns->links);
    g_free(columns->time_seconds);
    g_free(columns->utilisation_ratio);
    g_free(columns->queue_delay_seconds);
}

static bool
load_columns(LinkColumns *columns, const Results *results, GError **error)
{
    const Table *table = results->links;
    columns->row_count = table_row_count(table);
    columns->modes = results_new_row_modes(results, table, error);
    if (!columns->modes)
        return false;
    columns->links = table_new_texts(table, "link", error);
    if (!columns->links)
        return false;
    columns->time_seconds = table_new_numbers(table, "time_seconds", error);
    if (!columns->time_seconds)
        return false;
    columns->utilisation_ratio =
        table_new_numbers(table, "utilisation_ratio", error);
    if (!columns->utilisation_ratio)
        return false;
    columns->queue_delay_seconds =
        table_new_numbers(table, "queue_delay_seconds", error);
    return columns->queue_delay_seconds != NULL;
}

static int
compare_loads(gconstpointer left, gconstpointer right)
{
    const Load *a = left;
    const Load *b = right;
    double mean_a = a->utilisation_sum / (double)a->count;
    double mean_b = b->utilisation_sum / (double)b->count;
    if (mean_a != mean_b)
        return mean_a > mean_b ? -1 : 1;
    return g_strcmp0(a->link, b->link);
}

/* The mode's links, the busiest first. */
static GArray *
loads_new(const LinkColumns *columns, size_t mode)
{
    GArray *loads = g_array_new(FALSE, TRUE, sizeof(Load));
    g_autoptr(GHashTable) index_by_link =
        g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < columns->row_count; i++) {
        if (columns->modes[i] != mode)
            continue;
        gpointer index;
        if (!g_hash_table_lookup_extended(index_by_link, columns->links[i],
                                          NULL, &index)) {
            Load fresh = {columns->links[i], 0, 0};
            index = GUINT_TO_POINTER(loads->len);
            g_array_append_val(loads, fresh);
            g_hash_table_insert(index_by_link, (gpointer)columns->links[i],
                                index);
        }
        Load *load = &g_array_index(loads, Load, GPOINTER_TO_UINT(index));
        if (!isnan(columns->utilisation_ratio[i]))
            load->utilisation_sum += columns->utilisation_ratio[i];
        load->count++;
    }
    g_array_sort(loads, compare_loads);
    return loads;
}

static bool
is_row_of(const LinkColumns *columns, size_t row, size_t mode, const char *link)
{
    return columns->modes[row] == mode &&
           g_str_equal(columns->links[row], link);
}

static void
add_link_data(Plot *plot, const LinkColumns *columns, size_t mode,
              const char *link, double delay_scale)
{
    for (size_t i = 0; i < columns->row_count; i++) {
        if (!is_row_of(columns, i, mode, link))
            continue;
        plot_add_number(plot, columns->time_seconds[i], '\t');
        plot_add_number(plot, 100 * columns->utilisation_ratio[i], '\t');
        plot_add_number(plot, delay_scale * columns->queue_delay_seconds[i],
                        '\n');
    }
    g_string_append(plot->data, "\n\n");
}

/* Of the links that are drawn, once they are past the start; NAN is none. */
static double
longest_delay(const LinkColumns *columns, size_t mode, const GArray *loads,
              double start_seconds)
{
    double longest_seconds = 0;
    for (size_t i = 0; i < columns->row_count; i++) {
        if (columns->time_seconds[i] < start_seconds)
            continue;
        for (guint j = 0; j < MIN(loads->len, CURVES_MAX); j++) {
            const char *link = g_array_index(loads, Load, j).link;
            if (is_row_of(columns, i, mode, link))
                longest_seconds =
                    fmax(longest_seconds, columns->queue_delay_seconds[i]);
        }
    }
    return longest_seconds;
}

/* The end of the warm-up, in which next to nothing is sent, or 0 where the
 * run is not a whole interval beyond it. */
static double
start_of(const LinkColumns *columns, const Results *results, size_t mode)
{
    double warmup_seconds = results_number(results, "warmup_seconds");
    for (size_t i = 0; i < columns->row_count; i++) {
        if (columns->modes[i] == mode &&
            columns->time_seconds[i] > warmup_seconds)
            return warmup_seconds;
    }
    return 0;
}

static void
add_panel(Plot *plot, const GArray *loads, int column)
{
    guint count = MIN(loads->len, CURVES_MAX);
    g_string_append(plot->script, "    plot ");
    for (guint i = 0; i < count; i++) {
        g_autofree char *name = g_strdup(g_array_index(loads, Load, i).link);
        g_strdelimit(name, "\"\\\n`", ' ');
        g_string_append_printf(
            plot->script,
            "%sdata index %u using 1:%d with lines title \"%s\" linecolor rgb "
            "\"%s\" linewidth 1.6 dashtype %s",
            i > 0 ? ", \\\n        " : "", i, column, name, plot_color(i),
            plot_dash(i));
    }
    g_string_append_c(plot->script, '\n');
}

/* Place a panel between two heights, told in pixels from the top. */
static void
place_panel(Plot *plot, int top, int bottom)
{
    g_string_append_printf(plot->script,
                           "    set tmargin at screen %.4f\n"
                           "    set bmargin at screen %.4f\n",
                           1 - (double)top / plot->height,
                           1 - (double)bottom / plot->height);
}

/* Two panels with one time axis: how busy above, how long the wait below. */
static void
add_panels(Plot *plot, const GArray *loads, double start_seconds,
           const char *delay_unit)
{
    int count = (int)MIN(loads->len, CURVES_MAX);
    plot->height = 585 + 24 * count;
    g_string_append(plot->script, "    set multiplot\n"
                                  "    set lmargin at screen 0.16\n"
                                  "    set rmargin at screen 0.96\n"
                                  "    set autoscale xfix\n"
                                  "    set ylabel \"Utilisation (%)\"\n"
                                  "    set yrange [0:*]\n"
                                  "    unset key\n");
    if (start_seconds > 0)
        g_string_append_printf(plot->script, "    set xrange [%g:*]\n",
                               start_seconds);
    place_panel(plot, 40, 255);
    add_panel(plot, loads, 2);
    place_panel(plot, 300, 515);
    g_string_append_printf(
        plot->script,
        "    unset title\n"
        "    set key at screen 0.5, 0.01 center bottom vertical "
        "maxrows 5 reverse Left samplen 3\n"
        "    set ylabel \"Queue delay (%s)\"\n"
        "    set xlabel \"Simulated time (s)\"\n",
        delay_unit);
    add_panel(plot, loads, 3);
    g_string_append(plot->script, "    unset multiplot\n");
}

static Plot *
links_new(const LinkColumns *columns, const Results *results, size_t mode)
{
    const char *mode_name = results_mode_name(results, mode);
    g_autofree char *name = g_strdup_printf("links-%s", mode_name);
    g_strcanon(name,
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
               "0123456789-_",
               '-');
    g_autofree char *title =
        g_strdup_printf("The busiest watched links, %s", mode_name);
    g_autofree char *caption = g_strdup_printf(
        "Mode %s: utilisation and mean queue delay of the watched links with "
        "the highest mean utilisation, per interval, from the end of the "
        "warm-up.",
        mode_name);
    g_autoptr(GArray) loads = loads_new(columns, mode);
    double start_seconds = start_of(columns, results, mode);
    bool is_short = longest_delay(columns, mode, loads, start_seconds) <
                    SHORT_DELAY_SECONDS;
    Plot *plot = plot_new(name, title, caption);
    for (guint i = 0; i < MIN(loads->len, CURVES_MAX); i++)
        add_link_data(plot, columns, mode, g_array_index(loads, Load, i).link,
                      is_short ? 1e6 : 1e3);
    add_panels(plot, loads, start_seconds, is_short ? "µs" : "ms");
    return plot;
}

static bool
has_rows(const LinkColumns *columns, size_t mode)
{
    for (size_t i = 0; i < columns->row_count; i++) {
        if (columns->modes[i] == mode)
            return true;
    }
    return false;
}

bool
gallery_add_links(GPtrArray *plots, const Results *results, GError **error)
{
    LinkColumns columns = {0};
    bool is_whole = load_columns(&columns, results, error);
    for (size_t i = 0; is_whole && i < results_mode_count(results); i++) {
        if (has_rows(&columns, i))
            g_ptr_array_add(plots, links_new(&columns, results, i));
    }
    link_columns_clear(&columns);
    return is_whole;
}
