/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/gallery.h: which pictures a run gets, and what is on each.
 */
#pragma once

#include "analysis/plot.h"
#include "analysis/results.h"

/* A new array of Plot: all that the results have data for. */
GPtrArray *gallery_new(const Results *results, const json_t *summary,
                       GError **error);

/* Of downloads: outcomes, ratios, speeds (gallery_speedup.c). */
bool gallery_add_speedup(GPtrArray *plots, const Results *results,
                         const json_t *summary, GError **error);
/* Of flows: completion times and goodput (gallery_flow.c). */
bool gallery_add_flows(GPtrArray *plots, const Results *results,
                       GError **error);
/* Of links: utilisation and queue delay over time (gallery_link.c). */
bool gallery_add_links(GPtrArray *plots, const Results *results,
                       GError **error);

/* Add a block: the cumulative distribution of sorted values, thinned to what
 * the eye can see, in percent. */
void gallery_add_curve(Plot *plot, const double *sorted, size_t count,
                       double scale);
