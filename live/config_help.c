/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_help.c: the keys of a role as a file of that role.
 *
 * What is printed can be read back: keys that must be said have an example,
 * all others stand there with their defaults.
 */
#include "live/config_schema.h"

#include <assert.h>
#include <string.h>

#define COMMENT_COLUMN 34
#define INDENT 2

typedef struct Help {
    GString *text;
    Role role;
    int indent;
} Help;

static void write_section(Help *help, const ConfigSection *section,
                          const void *base);

static uint64_t
integer_of(const ConfigKey *key, const void *place)
{
    uint64_t large = 0;
    uint32_t middle = 0;
    uint16_t small = 0;
    if (key->size == sizeof small) {
        memcpy(&small, place, sizeof small);
        return small;
    }
    if (key->size == sizeof middle) {
        memcpy(&middle, place, sizeof middle);
        return middle;
    }
    assert(key->size == sizeof large);
    memcpy(&large, place, sizeof large);
    return large;
}

static const char *
word_of(const ConfigKey *key, uint64_t value)
{
    const ConfigWord *word = key->words;
    while (word->word && word->value != value)
        word++;
    assert(word->word);
    return word->word;
}

/* What the struct holds, as a file says it. */
static void
write_default(Help *help, const ConfigKey *key, const void *place)
{
    GString *text = help->text;
    bool is_true = false;
    const char *words = NULL;
    switch (key->kind) {
    case CONFIG_INTEGER:
        unit_write(text, integer_of(key, place), key->dimension);
        break;
    case CONFIG_PPM:
        unit_write_value(text, (double)integer_of(key, place) / 1e6,
                         DIMENSION_NONE);
        break;
    case CONFIG_FLAG:
        memcpy(&is_true, place, sizeof is_true);
        g_string_append(text, is_true ? "true" : "false");
        break;
    case CONFIG_TEXT:
        memcpy(&words, place, sizeof words);
        g_string_append(text, words);
        break;
    case CONFIG_WORD:
        g_string_append(text, word_of(key, integer_of(key, place)));
        break;
    case CONFIG_ROLE:
        g_string_append(text, role_name(help->role));
        break;
    case CONFIG_NUMBER:
    case CONFIG_ADDRESS:
    case CONFIG_HOST:
    case CONFIG_SECRET:
    case CONFIG_PATH:
    case CONFIG_DIRECTORY:
    case CONFIG_STATE:
    case CONFIG_SECTION:
    case CONFIG_LIST:
        assert(false); /* has an example, a fallback or keys of its own */
    }
}

static void
write_bound(GString *text, const ConfigKey *key, double bound)
{
    if (key->kind == CONFIG_INTEGER)
        unit_write(text, (uint64_t)bound, key->dimension);
    else
        unit_write_value(text, bound, key->dimension);
}

/* Meaning, then what it may be. */
static void
write_comment(Help *help, const ConfigKey *key, gsize line_start)
{
    GString *text = help->text;
    gsize width = text->len - line_start;
    int pad = width < COMMENT_COLUMN ? COMMENT_COLUMN - (int)width : 1;
    g_string_append_printf(text, "%*s# %s", pad, "", key->doc);
    if (key->needed_by & ROLE_BIT(help->role))
        g_string_append(text, " Needed.");
    else if (key->fallback)
        g_string_append_printf(text, " Default: %s.", key->fallback);
    for (const ConfigWord *word = key->words; word && word->word; word++)
        g_string_append_printf(
            text, "%s%s", word == key->words ? " One of " : ", ", word->word);
    if (key->words)
        g_string_append_c(text, '.');
    if (key->range.max > key->range.min) {
        g_string_append(text, " (");
        write_bound(text, key, key->range.min);
        g_string_append(text, " to ");
        write_bound(text, key, key->range.max);
        g_string_append_c(text, ')');
    }
    g_string_append_c(text, '\n');
}

static void
write_value(Help *help, const ConfigKey *key, const void *place)
{
    if (key->example)
        g_string_append(help->text, key->example);
    else
        write_default(help, key, place);
}

static void
write_inner(Help *help, const ConfigSection *section, const void *base)
{
    help->indent += INDENT;
    write_section(help, section, base);
    help->indent -= INDENT;
}

/* What no value stands for when it is left out, is: in a comment. */
static void
write_key(Help *help, const ConfigKey *key, const void *base)
{
    const char *place = (const char *)base + key->offset;
    bool has_keys = key->section && !key->example;
    bool is_needed = (key->needed_by & ROLE_BIT(help->role)) != 0;
    bool is_left_out = key->fallback && !is_needed;
    gsize line_start = help->text->len;
    g_string_append_printf(help->text, "%*s%s%s:", help->indent, "",
                           is_left_out ? "# " : "", key->key);
    if (key->example || (!has_keys && !is_left_out)) {
        g_string_append_c(help->text, ' ');
        write_value(help, key, place);
    }
    write_comment(help, key, line_start);
    if (!has_keys)
        return;
    gsize inner_start = help->text->len;
    bool is_list = key->kind == CONFIG_LIST;
    help->indent += is_list ? INDENT : 0;
    write_inner(help, key->section, place);
    help->indent -= is_list ? INDENT : 0;
    if (is_list) /* the dash of its one item */
        help->text->str[inner_start + (gsize)help->indent + INDENT] = '-';
}

static void
write_section(Help *help, const ConfigSection *section, const void *base)
{
    for (uint32_t at = 0; at < section->key_count; at++) {
        if (config_key_is_for(&section->keys[at], help->role))
            write_key(help, &section->keys[at], base);
    }
}

void
config_write_help(GString *text, Role role)
{
    g_autoptr(LiveConfig) config = config_new(role);
    Help help = {text, role, 0};
    write_section(&help, &CONFIG_SCHEMA, config);
}
