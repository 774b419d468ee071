/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/page.h: report.html, one page that needs nothing beside it.
 */
#pragma once

#include "analysis/results.h"

typedef struct Page {
    const Results *results;
    const json_t *summary;
    const GPtrArray *grids;
    const GPtrArray *plots; /* of Plot */
    const char *plot_note;  /* why there are no pictures; NULL: there are */
} Page;

/* Write directory/report.html with tables, pictures, definitions and where
 * it all came from. */
bool page_write(const Page *page, GError **error);
