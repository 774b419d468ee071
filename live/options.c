/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/options.c: reads the options of a verb.
 */
#include "live/options.h"

bool
options_parse(const GOptionEntry *entries, int argc, char **argv,
              GError **error)
{
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    bool is_parsed = g_option_context_parse(context, &argc, &argv, error);
    g_option_context_free(context);
    return is_parsed;
}
