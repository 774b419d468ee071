/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/outline.h: which figures a run will have, before it is run.
 *
 * Whoever writes results writes those of nothing: the manifest, and each
 * table with its head and no more rows than it takes to name what figures are
 * grouped by. Their summary has the figures that the run's will have.
 */
#pragma once

typedef struct OutlineTexts {
    const char *manifest;
    const char *downloads; /* CSV; NULL where the run will write none */
    const char *flows;
    const char *links;
    const char *nodes;
} OutlineTexts;

/* A new list, ended by NULL, of the dotted paths of all figures. */
char **outline_new_paths(const OutlineTexts *texts);
