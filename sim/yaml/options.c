/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/options.c: reads the options of a verb.
 */
#include "sim/yaml/options.h"

#include <string.h>

#include "sim/yaml/complaint.h"

/* A context does not tell its entries but in its help. */
static GPtrArray *
new_names(GOptionContext *context)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *help = g_option_context_get_help(context, FALSE, NULL);
    g_auto(GStrv) words = g_strsplit_set(help, " ,=\n", -1);
    for (char **word = words; *word; word++) {
        if (g_str_has_prefix(*word, "--"))
            g_ptr_array_add(names, g_strdup(*word + 2));
    }
    g_ptr_array_add(names, NULL);
    return names;
}

void
options_suggest(GOptionContext *context, GError *error)
{
    const char *option = strstr(error->message, "--");
    if (!option ||
        !g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
        return;
    g_autofree char *name = g_strndup(option + 2, strcspn(option + 2, "="));
    g_autoptr(GPtrArray) names = new_names(context);
    const char *nearest =
        complaint_nearest(name, (const char *const *)names->pdata);
    if (!nearest)
        return;
    char *message =
        g_strdup_printf("%s (did you mean --%s?)", error->message, nearest);
    g_free(error->message);
    error->message = message;
}

bool
options_parse(const GOptionEntry *entries, int argc, char **argv,
              GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) reason = NULL;
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, &argc, &argv, &reason))
        return true;
    options_suggest(context, reason);
    g_propagate_error(error, g_steal_pointer(&reason));
    return false;
}
