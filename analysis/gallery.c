/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/gallery.c: which pictures a run gets.
 */
#include "analysis/gallery.h"

#define CURVE_POINTS_MAX 500

GPtrArray *
gallery_new(const Results *results, const json_t *summary, GError **error)
{
    g_autoptr(GPtrArray) plots =
        g_ptr_array_new_with_free_func((GDestroyNotify)plot_free);
    bool is_whole =
        (!results_has_downloads(results) ||
         gallery_add_speedup(plots, results, summary, error)) &&
        (!results->flows || gallery_add_flows(plots, results, error)) &&
        (!results->links || gallery_add_links(plots, results, error));
    return is_whole ? g_steal_pointer(&plots) : NULL;
}

void
gallery_add_curve(Plot *plot, const double *sorted, size_t count, double scale)
{
    size_t stride = count / CURVE_POINTS_MAX + 1;
    double total = (double)count;
    if (count > 0) {
        plot_add_number(plot, sorted[0] * scale, '\t');
        plot_add_number(plot, 0, '\n');
    }
    for (size_t i = 0; i < count; i += i + stride < count ? stride : 1) {
        plot_add_number(plot, sorted[i] * scale, '\t');
        plot_add_number(plot, 100 * (double)(i + 1) / total, '\n');
    }
    if (count == 0)
        g_string_append(plot->data, "NaN\tNaN\n");
    g_string_append(plot->data, "\n\n");
}
