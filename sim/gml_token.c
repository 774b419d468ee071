/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gml_token.c: the scanner below sim/gml.c.
 */
#include "sim/gml_token.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef struct Entity {
    const char *name;
    const char *utf8;
} Entity;

/* The five of XML and what GML's Latin 1 has for European place names. */
static const Entity ENTITIES[] = {
    {"amp", "&"},    {"lt", "<"},     {"gt", ">"},     {"quot", "\""},
    {"apos", "'"},   {"nbsp", " "},   {"auml", "ä"},   {"ouml", "ö"},
    {"uuml", "ü"},   {"Auml", "Ä"},   {"Ouml", "Ö"},   {"Uuml", "Ü"},
    {"szlig", "ß"},  {"eacute", "é"}, {"egrave", "è"}, {"aacute", "á"},
    {"iacute", "í"}, {"oacute", "ó"}, {"uacute", "ú"}, {"ntilde", "ñ"},
    {"ccedil", "ç"}, {"atilde", "ã"}, {"otilde", "õ"}, {"aring", "å"},
    {"oslash", "ø"}, {"aelig", "æ"},  {"ecirc", "ê"},  {"ocirc", "ô"},
};

static void
skip_blanks(GmlScanner *scanner)
{
    bool is_comment = false;
    for (; scanner->at < scanner->end; scanner->at++) {
        char c = *scanner->at;
        if (c == '\n') {
            scanner->line++;
            is_comment = false;
        } else if (c == '#') {
            is_comment = true;
        } else if (!is_comment && !g_ascii_isspace(c)) {
            return;
        }
    }
}

static bool
fail(GmlScanner *scanner, const char *problem)
{
    scanner->problem = problem;
    return false;
}

static bool
scan_string(GmlScanner *scanner)
{
    const char *start = ++scanner->at;
    while (scanner->at < scanner->end && *scanner->at != '"') {
        if (*scanner->at++ == '\n')
            scanner->line++;
    }
    if (scanner->at == scanner->end)
        return fail(scanner, "a string is not closed");
    scanner->kind = GML_STRING;
    scanner->string = start;
    scanner->string_bytes = (size_t)(scanner->at - start);
    scanner->at++;
    return true;
}

static bool
is_bare(char c)
{
    return g_ascii_isalnum(c) || strchr("_+-.", c);
}

/* A word or a number: both end where a blank or a bracket begins. */
static bool
scan_bare(GmlScanner *scanner)
{
    size_t bytes = 0;
    while (scanner->at < scanner->end && *scanner->at != '\0' &&
           is_bare(*scanner->at)) {
        if (bytes == GML_WORD_BYTES_MAX)
            return fail(scanner, "a word is too long");
        scanner->word[bytes++] = *scanner->at++;
    }
    scanner->word[bytes] = '\0';
    if (bytes == 0)
        return fail(scanner, "neither a word, a number, a string nor a list");
    scanner->kind = GML_WORD;
    if (g_ascii_isalpha(scanner->word[0]) || scanner->word[0] == '_')
        return true;
    char *end = NULL;
    scanner->kind = GML_NUMBER;
    scanner->number = g_ascii_strtod(scanner->word, &end);
    if (*end != '\0' || !isfinite(scanner->number))
        return fail(scanner, "not a number");
    return true;
}

bool
gml_scan(GmlScanner *scanner)
{
    skip_blanks(scanner);
    if (scanner->at == scanner->end) {
        scanner->kind = GML_END;
        return true;
    }
    if (*scanner->at == '"')
        return scan_string(scanner);
    if (*scanner->at == '[' || *scanner->at == ']') {
        scanner->kind = *scanner->at == '[' ? GML_OPEN : GML_CLOSE;
        scanner->at++;
        return true;
    }
    return scan_bare(scanner);
}

static bool
append_number(GString *text, const char *digits)
{
    bool is_hex = digits[0] == 'x' || digits[0] == 'X';
    char *end = NULL;
    guint64 code = g_ascii_strtoull(digits + is_hex, &end, is_hex ? 16 : 10);
    if (*end != '\0' || end == digits + is_hex || code > 0x10ffff ||
        !g_unichar_validate((gunichar)code))
        return false;
    g_string_append_unichar(text, (gunichar)code);
    return true;
}

static bool
append_entity(GString *text, const char *name)
{
    if (*name == '#')
        return append_number(text, name + 1);
    for (guint at = 0; at < G_N_ELEMENTS(ENTITIES); at++) {
        if (g_str_equal(ENTITIES[at].name, name)) {
            g_string_append(text, ENTITIES[at].utf8);
            return true;
        }
    }
    return false;
}

char *
gml_decode(const char *string, size_t string_bytes)
{
    GString *text = g_string_new(NULL);
    g_autofree char *copy = g_strndup(string, string_bytes);
    for (const char *at = copy; *at;) {
        const char *end = *at == '&' ? strchr(at, ';') : NULL;
        g_autofree char *name =
            end ? g_strndup(at + 1, (gsize)(end - at - 1)) : NULL;
        if (name && append_entity(text, name))
            at = end + 1;
        else
            g_string_append_c(text, *at++);
    }
    char *decoded = g_string_free(text, FALSE);
    if (g_utf8_validate(decoded, -1, NULL))
        return decoded;
    /* Old files are in Latin 1. */
    char *converted = g_utf8_make_valid(decoded, -1);
    g_free(decoded);
    return converted;
}
