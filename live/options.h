/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/options.h: reads the options of a verb.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Fill in what the entries point to; --help is an entry like any other.
 * False, with an error that names the option, when one is wrong. */
bool options_parse(const GOptionEntry *entries, int argc, char **argv,
                   GError **error);
