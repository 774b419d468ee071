/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/scenario_write.c: a scenario back to YAML, by the schema.
 *
 * Every key is written, in base units where a unit would round, so that what
 * is read again is the same to the last bit.
 */
#include "sim/distribution_text.h"
#include "sim/schema.h"

#include <assert.h>
#include <string.h>

#define INDENT 2

/* What is being written, and how deep in the text. */
typedef struct Writer {
    GString *text;
    const Scenario *scenario;
} Writer;

/* A field of the struct at base. */
typedef struct Value {
    const Field *field;
    const char *base;
} Value;

static void write_section(Writer *writer, const Section *section,
                          const char *base, int depth);
static void write_field(Writer *writer, const Value *value, int depth);

static const char *
value_place(const Value *value)
{
    return value->base + value->field->offset;
}

static uint32_t
load_index(const char *place)
{
    uint32_t index = 0;
    memcpy(&index, place, sizeof index);
    return index;
}

static const void *
load_pointer(const char *place)
{
    const void *pointer = NULL;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

static uint64_t
load_integer(const Value *value)
{
    uint64_t whole = 0;
    if (value->field->size == sizeof(uint32_t))
        return load_index(value_place(value));
    memcpy(&whole, value_place(value), sizeof whole);
    return whole;
}

static double
load_number(const Value *value)
{
    double number = 0;
    memcpy(&number, value_place(value), sizeof number);
    return number;
}

static const char *
name_of(const Writer *writer, ReferenceKind kind, uint32_t index)
{
    const Scenario *scenario = writer->scenario;
    switch (kind) {
    case REFERENCE_ISP:
        return scenario->network.isps[index].name;
    case REFERENCE_REGION:
        return scenario->network.regions[index].name;
    case REFERENCE_NODE:
        return scenario->network.nodes[index].name;
    case REFERENCE_PROFILE:
        return scenario->network.profiles[index].name;
    case REFERENCE_HOST:
        return scenario->hosts[index].name;
    case REFERENCE_TRANSPORT:
        return scenario->transports[index].name;
    case REFERENCE_NONE:
    case REFERENCE_KIND_COUNT:
        break;
    }
    assert(false); /* only references have names */
    return "";
}

static void
write_quoted(GString *text, const char *string)
{
    g_string_append_c(text, '"');
    for (; *string; string++) {
        if (*string == '\n') {
            g_string_append(text, "\\n");
            continue;
        }
        if (*string == '"' || *string == '\\')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *string);
    }
    g_string_append_c(text, '"');
}

static void
write_word(GString *text, const Value *value)
{
    uint32_t number = load_index(value_place(value));
    g_string_append(text, word_text(value->field->words, number));
}

static void
write_queue(GString *text, const char *place)
{
    static const Dimension DIMENSIONS[] = {
        [PLAN_QUEUE_PACKETS] = DIMENSION_PACKETS,
        [PLAN_QUEUE_BYTES] = DIMENSION_SIZE,
        [PLAN_QUEUE_NS] = DIMENSION_TIME,
    };
    static const char *const NOTHING[] = {
        [PLAN_QUEUE_PACKETS] = "0 packets",
        [PLAN_QUEUE_BYTES] = "0 B",
        [PLAN_QUEUE_NS] = "0 ns",
    };
    PlanQueue queue;
    memcpy(&queue, place, sizeof queue);
    if (queue.limit == 0)
        g_string_append(text, NOTHING[queue.unit]);
    else
        unit_write(text, queue.limit, DIMENSIONS[queue.unit]);
}

static void
write_distribution(GString *text, const Value *value, const char *place)
{
    Distribution law;
    memcpy(&law, place, sizeof law);
    distribution_write(text, &law, value->field->dimension);
}

/* The list of an uneven profile, as a map in one line. */
static void
write_per_isp(Writer *writer, const Value *value)
{
    const Distribution *laws = load_pointer(value_place(value));
    uint32_t count = load_index(value->base + value->field->count_offset);
    if (count == 1) {
        write_distribution(writer->text, value, (const char *)laws);
        return;
    }
    g_string_append_c(writer->text, '{');
    for (uint32_t at = 0; at < count; at++) {
        g_string_append_printf(writer->text, "%s%s: \"", at ? ", " : "",
                               writer->scenario->network.isps[at].name);
        write_distribution(writer->text, value, (const char *)&laws[at]);
        g_string_append_c(writer->text, '"');
    }
    g_string_append_c(writer->text, '}');
}

static void
write_host_end(Writer *writer, const char *place)
{
    PlanHostEnd end;
    memcpy(&end, place, sizeof end);
    g_string_append(writer->text, name_of(writer, REFERENCE_HOST, end.host));
    if (end.member != PLAN_NONE)
        g_string_append_printf(writer->text, "%u", end.member);
}

static void
write_integer(GString *text, const Value *value)
{
    uint64_t whole = load_integer(value);
    if (value->field->word_for_max && whole == UINT64_MAX)
        g_string_append(text, value->field->word_for_max);
    else
        unit_write(text, whole, value->field->dimension);
}

static void
write_scalar(Writer *writer, const Value *value)
{
    const char *place = value_place(value);
    switch (value->field->kind) {
    case FIELD_NUMBER:
        unit_write_value(writer->text, load_number(value),
                         value->field->dimension);
        break;
    case FIELD_INTEGER:
        write_integer(writer->text, value);
        break;
    case FIELD_FLAG:
        g_string_append(writer->text, *(const bool *)place ? "true" : "false");
        break;
    case FIELD_TEXT:
        write_quoted(writer->text, load_pointer(place));
        break;
    case FIELD_NAME:
        g_string_append(writer->text, load_pointer(place));
        break;
    case FIELD_WORD:
        write_word(writer->text, value);
        break;
    case FIELD_QUEUE:
        write_queue(writer->text, place);
        break;
    case FIELD_DISTRIBUTION:
        write_distribution(writer->text, value, place);
        break;
    case FIELD_PER_ISP:
        write_per_isp(writer, value);
        break;
    case FIELD_REFERENCE:
        g_string_append(writer->text, name_of(writer, value->field->reference,
                                              load_index(place)));
        break;
    case FIELD_HOST_END:
        write_host_end(writer, place);
        break;
    case FIELD_SECTION:
    case FIELD_OPTION:
    case FIELD_LIST:
    case FIELD_MAP:
    case FIELD_KIND_COUNT:
        assert(false); /* not scalars: see write_field */
    }
}

/* [first, second], or the bare value. */
static void
write_inline(Writer *writer, const Section *section, const char *base)
{
    g_string_append(writer->text, section->shape == SECTION_TUPLE ? "[" : "");
    for (uint32_t at = 0; at < section->field_count; at++) {
        Value value = {&section->fields[at], base};
        g_string_append(writer->text, at ? ", " : "");
        write_scalar(writer, &value);
    }
    g_string_append(writer->text, section->shape == SECTION_TUPLE ? "]" : "");
}

static void
indent(Writer *writer, int depth)
{
    g_string_append_printf(writer->text, "\n%*s", depth * INDENT, "");
}

static void
write_list(Writer *writer, const Value *value, int depth)
{
    const Section *section = value->field->section;
    const char *items = load_pointer(value_place(value));
    uint32_t count = load_index(value->base + value->field->count_offset);
    bool is_inline = section->shape != SECTION_MAP || count == 0;
    g_string_append(writer->text, is_inline ? " [" : "");
    for (uint32_t at = 0; at < count; at++) {
        const char *item = items + at * section->size;
        if (is_inline) {
            g_string_append(writer->text, at ? ", " : "");
            write_inline(writer, section, item);
        } else {
            indent(writer, depth);
            g_string_append_c(writer->text, '-');
            write_section(writer, section, item, depth + 1);
        }
    }
    g_string_append(writer->text, is_inline ? "]" : "");
}

static void
write_map(Writer *writer, const Value *value, int depth)
{
    const Section *section = value->field->section;
    const char *items = load_pointer(value_place(value));
    uint32_t count = load_index(value->base + value->field->count_offset);
    g_string_append(writer->text, count ? "" : " {}");
    for (uint32_t at = 0; at < count; at++) {
        const char *item = items + at * section->size;
        Section rest = *section;
        rest.fields++; /* the name is the key */
        rest.field_count--;
        indent(writer, depth);
        g_string_append_printf(writer->text,
                               "%s:", (const char *)load_pointer(item));
        if (section->shape == SECTION_BARE)
            write_field(writer, &(Value){rest.fields, item}, depth + 1);
        else
            write_section(writer, &rest, item, depth + 1);
    }
}

static void
write_field(Writer *writer, const Value *value, int depth)
{
    const Field *field = value->field;
    switch (field->kind) {
    case FIELD_SECTION:
        if (field->section->shape == SECTION_MAP) {
            write_section(writer, field->section, value_place(value), depth);
            break;
        }
        g_string_append_c(writer->text, ' ');
        write_inline(writer, field->section, value_place(value));
        break;
    case FIELD_OPTION:
        write_section(writer, field->section, load_pointer(value_place(value)),
                      depth);
        break;
    case FIELD_LIST:
        write_list(writer, value, depth);
        break;
    case FIELD_MAP:
        write_map(writer, value, depth);
        break;
    case FIELD_NUMBER:
    case FIELD_INTEGER:
    case FIELD_FLAG:
    case FIELD_TEXT:
    case FIELD_NAME:
    case FIELD_WORD:
    case FIELD_QUEUE:
    case FIELD_DISTRIBUTION:
    case FIELD_PER_ISP:
    case FIELD_REFERENCE:
    case FIELD_HOST_END:
    case FIELD_KIND_COUNT:
        g_string_append_c(writer->text, ' ');
        write_scalar(writer, value);
        break;
    }
}

static bool
is_absent(const Value *value)
{
    const Field *field = value->field;
    const char *place = value_place(value);
    if (field->unless_offset &&
        load_index(value->base + field->unless_offset) != PLAN_NONE)
        return true;
    if (field->kind == FIELD_OPTION ||
        (field->is_optional &&
         (field->kind == FIELD_TEXT || field->kind == FIELD_NAME)))
        return load_pointer(place) == NULL;
    if (field->is_optional && field->kind == FIELD_REFERENCE)
        return load_index(place) == PLAN_NONE;
    return field->is_optional && field->kind == FIELD_NUMBER &&
           memcmp(place, &field->absent, sizeof field->absent) == 0;
}

static void
write_section(Writer *writer, const Section *section, const char *base,
              int depth)
{
    assert(base);
    bool is_item = writer->text->len > 0 &&
                   writer->text->str[writer->text->len - 1] == '-';
    for (uint32_t at = 0; at < section->field_count; at++) {
        Value value = {&section->fields[at], base};
        if (value.field->is_unwritten || is_absent(&value))
            continue;
        if (is_item)
            g_string_append_c(writer->text, ' ');
        else if (writer->text->len > 0)
            indent(writer, depth);
        is_item = false;
        g_string_append_printf(writer->text, "%s:", value.field->key);
        write_field(writer, &value, depth + 1);
    }
}

GString *
scenario_write(const Scenario *scenario)
{
    Writer writer = {.text = g_string_new(NULL), .scenario = scenario};
    write_section(&writer, &SCHEMA_SCENARIO, (const char *)scenario, 0);
    g_string_append_c(writer.text, '\n');
    return writer.text;
}
