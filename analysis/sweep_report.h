/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/sweep_report.h: what is made of the runs of a sweep: sweep.csv,
 * sweep_points.csv, the table on the terminal, and pictures.
 */
#pragma once

#include "analysis/report.h"
#include "analysis/sweep.h"

/* Whether a directory is a sweep's. */
bool sweep_is_in(const char *directory);
/* As report_write; there are no expectations. */
bool sweep_report_write(const char *directory, const ReportOptions *options,
                        GPtrArray *warnings, GError **error);

/* A new array of Plot: for each key whose values are numbers, the first
 * figure of the table against it (analysis/gallery_sweep.c). */
GPtrArray *gallery_new_of_sweep(const Sweep *sweep);
