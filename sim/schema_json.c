/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/schema_json.c: the tables of keys as JSON Schema, draft 2020-12.
 *
 * Editors complete and check scenarios with it. Units are a pattern; ranges
 * and names are left to `byway check`. Maps of a file with a `base` need not be
 * whole, so what they must have is said in one place, for files without one.
 */
#include "sim/schema.h"

#include <assert.h>

#define INDENT 2
#define NUMBER "[-+]?[0-9.]+([eE][-+]?[0-9]+)?"
#define SECTIONS_MAX 64u

typedef struct JsonWriter {
    GString *text;
    int depth;
    const Section *sections[SECTIONS_MAX]; /* of $defs, in the order met */
    uint32_t section_count;
} JsonWriter;

static void
write_line(JsonWriter *writer)
{
    g_string_append_printf(writer->text, "\n%*s", writer->depth * INDENT, "");
}

static void
write_string(GString *text, const char *string)
{
    g_string_append_c(text, '"');
    for (; *string; string++) {
        if (*string == '"' || *string == '\\')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *string);
    }
    g_string_append_c(text, '"');
}

/* "name": "string" on a line of its own, after a comma. */
static void
write_member(JsonWriter *writer, const char *name, const char *string)
{
    g_string_append_c(writer->text, ',');
    write_line(writer);
    write_string(writer->text, name);
    g_string_append(writer->text, ": ");
    write_string(writer->text, string);
}

static const char *
number_pattern(Dimension dimension)
{
    switch (dimension) {
    case DIMENSION_RATIO:
        return "^" NUMBER " *%?$";
    case DIMENSION_TIME:
        return "^(0|" NUMBER " *(ns|us|ms|s|min|h|d))$";
    case DIMENSION_FINE_TIME:
        return "^(0|" NUMBER " *(ps|ns|us|ms|s))$";
    case DIMENSION_RATE:
        return "^(0|" NUMBER " *([kKMG]?(bit/s|bps|bit)|([kKMG]|[KMG]i)?B/s))$";
    case DIMENSION_SIZE:
        return "^(0|endless|" NUMBER " *([kKMG]|[KMG]i)?B)$";
    case DIMENSION_PACKETS:
        return "^(0|" NUMBER " *packets?)$";
    case DIMENSION_NONE:
    case DIMENSION_COUNT:
        break;
    }
    return "^" NUMBER " *(k|K|Ki)?$";
}

/* Numbers may stand bare where there is no unit, and 0 anywhere. */
static void
write_number_type(JsonWriter *writer, const Field *field)
{
    bool is_plain = field->dimension == DIMENSION_NONE ||
                    field->dimension == DIMENSION_RATIO;
    g_string_append(writer->text, "\"type\": [\"string\", \"number\"]");
    write_member(writer, "pattern", number_pattern(field->dimension));
    if (!is_plain) {
        g_string_append_c(writer->text, ',');
        write_line(writer);
        g_string_append(writer->text, "\"maximum\": 0");
    }
}

static void
write_words(JsonWriter *writer, const Field *field)
{
    g_string_append(writer->text, "\"enum\": [");
    for (const Word *word = field->words; word->word; word++) {
        g_string_append(writer->text, word == field->words ? "" : ", ");
        write_string(writer->text, word->word);
    }
    g_string_append_c(writer->text, ']');
}

/* One word, or a choice of them. */
static void
write_choice(JsonWriter *writer, const Field *field)
{
    g_string_append(writer->text, "\"anyOf\": [{");
    write_words(writer, field);
    g_string_append(writer->text, "}, {\"type\": \"string\", "
                                  "\"pattern\": \"^ *choice *[(]\"}]");
}

static uint32_t
section_index(JsonWriter *writer, const Section *section)
{
    for (uint32_t at = 0; at < writer->section_count; at++) {
        if (writer->sections[at] == section)
            return at;
    }
    assert(writer->section_count < SECTIONS_MAX);
    writer->sections[writer->section_count] = section;
    return writer->section_count++;
}

/* The noun as a name in $defs, where a blank would need escaping. */
static char *
definition_name(const Section *section)
{
    return g_strdelimit(g_strdup(section->noun), " ", '_');
}

static void
write_reference(JsonWriter *writer, const Section *section)
{
    g_autofree char *name = definition_name(section);
    section_index(writer, section);
    g_string_append_printf(writer->text, "\"$ref\": \"#/$defs/%s\"", name);
}

static void
write_items(JsonWriter *writer, const Field *field)
{
    bool is_list = field->kind == FIELD_LIST;
    g_string_append_printf(writer->text, "\"type\": \"%s\",",
                           is_list ? "array" : "object");
    write_line(writer);
    g_string_append_printf(writer->text, "\"%s\": {",
                           is_list ? "items" : "additionalProperties");
    write_reference(writer, field->section);
    g_string_append_c(writer->text, '}');
}

static void
write_type(JsonWriter *writer, const Field *field)
{
    switch (field->kind) {
    case FIELD_NUMBER:
    case FIELD_INTEGER:
        write_number_type(writer, field);
        break;
    case FIELD_FLAG:
        g_string_append(writer->text, "\"type\": \"boolean\"");
        break;
    case FIELD_WORD:
        write_words(writer, field);
        break;
    case FIELD_TEXT:
        g_string_append(writer->text,
                        "\"type\": [\"string\", \"number\", \"boolean\"]");
        break;
    case FIELD_NAME:
    case FIELD_REFERENCE:
    case FIELD_HOST_END:
    case FIELD_QUEUE:
        g_string_append(writer->text, "\"type\": [\"string\", \"number\"]");
        break;
    case FIELD_DISTRIBUTION:
        if (field->words)
            write_choice(writer, field);
        else
            g_string_append(writer->text, "\"type\": [\"string\", \"number\"]");
        break;
    case FIELD_PER_ISP:
        g_string_append(writer->text,
                        "\"type\": [\"string\", \"number\", \"object\"]");
        break;
    case FIELD_SECTION:
    case FIELD_OPTION:
        write_reference(writer, field->section);
        break;
    case FIELD_LIST:
    case FIELD_MAP:
        write_items(writer, field);
        break;
    case FIELD_KIND_COUNT:
        assert(false);
    }
}

static void
write_field(JsonWriter *writer, const Field *field)
{
    write_line(writer);
    write_string(writer->text, field->key);
    g_string_append(writer->text, ": {");
    writer->depth++;
    write_line(writer);
    write_type(writer, field);
    write_member(writer, "description", field->doc);
    if (field->fallback)
        write_member(writer, "default", field->fallback);
    writer->depth--;
    write_line(writer);
    g_string_append_c(writer->text, '}');
}

static bool
is_required(const Field *field)
{
    return !field->fallback && !field->is_optional &&
           field->kind != FIELD_OPTION && field->kind != FIELD_SECTION;
}

static void
write_required(JsonWriter *writer, const Section *section, uint32_t first)
{
    uint32_t written_count = 0;
    g_string_append(writer->text, "\"required\": [");
    for (uint32_t at = first; at < section->field_count; at++) {
        if (!is_required(&section->fields[at]))
            continue;
        g_string_append(writer->text, written_count++ ? ", " : "");
        write_string(writer->text, section->fields[at].key);
    }
    g_string_append_c(writer->text, ']');
}

/* Whether a base may bring what a file's own map lacks: lists it replaces. */
static bool
is_joined(const Field *field)
{
    return field->section && field->section->shape == SECTION_MAP &&
           field->kind != FIELD_LIST;
}

static bool
has_joined(const Section *holder, const Section *section)
{
    for (uint32_t at = 0; at < holder->field_count; at++) {
        const Field *field = &holder->fields[at];
        if (is_joined(field) &&
            (field->section == section || has_joined(field->section, section)))
            return true;
    }
    return false;
}

/* What a map must have, and the maps in it, as a schema of its own. */
static void
write_whole(JsonWriter *writer, const Section *section, uint32_t first)
{
    uint32_t written_count = 0;
    write_required(writer, section, first);
    g_string_append(writer->text, ", \"properties\": {");
    writer->depth++;
    for (uint32_t at = first; at < section->field_count; at++) {
        const Field *field = &section->fields[at];
        if (!is_joined(field))
            continue;
        bool is_map = field->kind == FIELD_MAP;
        g_string_append(writer->text, written_count++ ? "," : "");
        write_line(writer);
        write_string(writer->text, field->key);
        g_string_append(writer->text,
                        is_map ? ": {\"additionalProperties\": {" : ": {");
        write_whole(writer, field->section, is_map ? 1 : 0);
        g_string_append(writer->text, is_map ? "}}" : "}");
    }
    writer->depth--;
    g_string_append_c(writer->text, '}');
}

/* The first field of a map's items is their key. */
static void
write_object(JsonWriter *writer, const Section *section, uint32_t first)
{
    g_string_append(writer->text, "\"type\": \"object\",");
    write_line(writer);
    g_string_append(writer->text, "\"properties\": {");
    writer->depth++;
    for (uint32_t at = first; at < section->field_count; at++) {
        g_string_append(writer->text, at > first ? "," : "");
        write_field(writer, &section->fields[at]);
    }
    writer->depth--;
    write_line(writer);
    g_string_append(writer->text, "},");
    write_line(writer);
    if (section != &SCHEMA_SCENARIO && !has_joined(&SCHEMA_SCENARIO, section)) {
        write_required(writer, section, first);
        g_string_append_c(writer->text, ',');
        write_line(writer);
    }
    g_string_append(writer->text,
                    "\"patternProperties\": {\"^(x-.*|<<)$\": {}},");
    write_line(writer);
    g_string_append(writer->text, "\"additionalProperties\": false");
}

static void
write_tuple(JsonWriter *writer, const Section *section)
{
    g_string_append(writer->text, "\"type\": \"array\",");
    write_line(writer);
    g_string_append_printf(writer->text, "\"minItems\": %u,",
                           section->field_count);
    write_line(writer);
    g_string_append_printf(writer->text, "\"maxItems\": %u",
                           section->field_count);
}

static void
write_section(JsonWriter *writer, const Section *section, bool is_named_by_key)
{
    switch (section->shape) {
    case SECTION_MAP:
        write_object(writer, section, is_named_by_key ? 1 : 0);
        break;
    case SECTION_TUPLE:
        write_tuple(writer, section);
        break;
    case SECTION_BARE:
        write_type(writer, &section->fields[section->field_count - 1]);
        break;
    }
}

/* Whether some map among the sections met so far holds this one. */
static bool
is_named_by_key(const JsonWriter *writer, const Section *section)
{
    for (uint32_t at = 0; at < writer->section_count; at++) {
        const Section *holder = writer->sections[at];
        for (uint32_t i = 0; i < holder->field_count; i++) {
            const Field *field = &holder->fields[i];
            if (field->kind == FIELD_MAP && field->section == section)
                return true;
        }
    }
    return false;
}

GString *
schema_write_json(void)
{
    JsonWriter writer = {.text = g_string_new("{"), .depth = 1};
    write_line(&writer);
    g_string_append(
        writer.text,
        "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\"");
    write_member(&writer, "title", "byway scenario");
    g_string_append_c(writer.text, ',');
    write_line(&writer);
    section_index(&writer, &SCHEMA_SCENARIO);
    write_section(&writer, &SCHEMA_SCENARIO, false);
    g_string_append_c(writer.text, ',');
    write_line(&writer);
    g_string_append(writer.text, "\"if\": {\"required\": [\"base\"]},");
    write_line(&writer);
    g_string_append(writer.text, "\"else\": {");
    write_whole(&writer, &SCHEMA_SCENARIO, 0);
    g_string_append(writer.text, "},");
    write_line(&writer);
    g_string_append(writer.text, "\"$defs\": {");
    writer.depth++;
    /* Writing one section may meet others, which follow it. */
    for (uint32_t at = 1; at < writer.section_count; at++) {
        const Section *section = writer.sections[at];
        g_autofree char *name = definition_name(section);
        g_string_append(writer.text, at > 1 ? "," : "");
        write_line(&writer);
        write_string(writer.text, name);
        g_string_append(writer.text, ": {");
        writer.depth++;
        write_line(&writer);
        write_section(&writer, section, is_named_by_key(&writer, section));
        writer.depth--;
        write_line(&writer);
        g_string_append_c(writer.text, '}');
    }
    writer.depth--;
    write_line(&writer);
    g_string_append(writer.text, "}\n}\n");
    return writer.text;
}
