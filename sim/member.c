/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/member.c: writes JSON; flat enough to need no library for it.
 */
#include "sim/member.h"

#include <inttypes.h>

void
member_add_text(GString *json, const char *key, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_printf(json, "\"%s\": \"", key);
    for (const char *at = valid; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_printf(json, "\\%c", *at);
        else if ((unsigned char)*at < 0x20)
            g_string_append_printf(json, "\\u%04x", (unsigned)*at);
        else
            g_string_append_c(json, *at);
    }
    g_string_append(json, "\",\n");
}

void
member_add_count(GString *json, const char *key, uint64_t value)
{
    g_string_append_printf(json, "\"%s\": %" PRIu64 ",\n", key, value);
}

void
member_add_number(GString *json, const char *key, double value)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(buffer, sizeof buffer, "%.10g", value);
    g_string_append_printf(json, "\"%s\": %s,\n", key, buffer);
}

void
member_add_flag(GString *json, const char *key, bool flag)
{
    g_string_append_printf(json, "\"%s\": %s,\n", key, flag ? "true" : "false");
}

void
member_end(GString *json, const char *closing)
{
    if (g_str_has_suffix(json->str, ",\n"))
        g_string_truncate(json, json->len - 2);
    g_string_append_printf(json, "\n%s", closing);
}
