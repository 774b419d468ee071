/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/print.h: the tables on a terminal.
 */
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* A new text of the title and the grids; numbers are flush right. */
char *print_new_text(const json_t *summary, const GPtrArray *grids,
                     bool has_color);
/* To standard output; an error when it does not get there. */
bool print_out(const char *text, GError **error);
