/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/report.h: a result directory in; summary.json, the table on the
 * terminal, pictures and report.html out.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum ColorMode {
    COLOR_AUTO, /* when stdout is a terminal and NO_COLOR is not set */
    COLOR_ALWAYS,
    COLOR_NEVER,
} ColorMode;

typedef struct ReportOptions {
    ColorMode color;
    bool is_quiet;     /* no table on stdout */
    bool has_no_plots; /* no pictures; the page says so */
} ReportOptions;

/* Write everything a report consists of into directory, and print the table.
 * A missing gnuplot costs a warning and the pictures, no more. An expectation
 * that was missed is no error: it is told in the flag, and in a warning; one
 * of an unknown figure is, but only once all else is written. Warnings (char
 * *) are added to those that are there. */
bool report_write(const char *directory, const ReportOptions *options,
                  bool *ret_expectations_met, GPtrArray *warnings,
                  GError **error);

/* The value of --color; false when it is none of auto, always, never. */
bool report_parse_color(const char *text, ColorMode *ret_color);
bool report_has_color(ColorMode color);

/* The verb: report [OPTION...] DIR. Returns the program's exit code. */
int report_main(int argc, char **argv);
