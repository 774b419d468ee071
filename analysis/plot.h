/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/plot.h: one picture: data, a gnuplot script, and what it draws.
 *
 * plots/NAME.dat and plots/NAME.gp stay beside NAME.svg and NAME.png, so that
 * anyone can draw the picture again: cd plots && gnuplot NAME.gp
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Plot {
    char *name;      /* of its files */
    char *caption;   /* one sentence, for the page */
    int height;      /* of the picture, in pixels of a 720 wide one */
    GString *data;   /* cells apart by tabs, texts in quotes; blocks apart by
                        two empty lines */
    GString *script; /* what is between the terminal's set-up and its end; it
                        finds the data's file name in `data` */
} Plot;

/* Lends the strings. The title is drawn above the picture. */
Plot *plot_new(const char *name, const char *title, const char *caption);
void plot_free(Plot *plot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plot, plot_free)

/* Add a cell of data, and the tab or line break behind it. */
void plot_add_text(Plot *plot, const char *text, char end);
void plot_add_number(Plot *plot, double number, char end);

/* Colours that differ in grey too, as gnuplot writes them, with dashes and
 * point types to go with them; any index will do. */
const char *plot_color(size_t index);
const char *plot_dash(size_t index);
int plot_point(size_t index);

/* Write data and script into directory/plots, and have gnuplot draw them.
 * ret_has_gnuplot is false, and there is no error, where it is missing. Where
 * drawing fails there is no picture, not even an older one. */
bool plot_draw(const Plot *plot, const char *directory, bool *ret_has_gnuplot,
               GError **error);
