/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/options.h: reads the options of a verb.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Fill in what the entries point to; --help is an entry like any other.
 * False, with an error that names the option, when one is wrong. */
bool options_parse(const GOptionEntry *entries, int argc, char **argv,
                   GError **error);
/* The context's error, when it is of an option that it does not know: add the
 * one that may have been meant. */
void options_suggest(GOptionContext *context, GError *error);
