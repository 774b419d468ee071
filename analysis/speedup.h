/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/speedup.h: how much edges helped: the figures of each mode's
 * downloads, and their differences between modes.
 */
#pragma once

#include "analysis/download.h"

/* Add the figures of one mode to its object in the summary. */
void speedup_add_mode(const Results *results, const DownloadSet *set,
                      size_t mode, json_t *object);
/* Add "sensitivity": S, F, N and R over the other windows in the file. */
bool speedup_add_sensitivity(const Results *results, size_t mode,
                             json_t *object, GError **error);
/* What each download adds to the two sums of a figure, a cause's share among
 * them. space has room for 2 * count. False when the figure is none of such
 * sums. */
bool speedup_measure(const char *name, const Download *downloads, size_t count,
                     double *space, RatioSample *ret_sample);
/* A new object: second minus first, with paired intervals. */
json_t *speedup_new_comparison(const DownloadSet *set, size_t first,
                               size_t second);
/* Names of the figures that comparisons hold, ended by NULL. */
const char *const *speedup_compared(void);
