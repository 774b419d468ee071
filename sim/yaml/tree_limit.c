/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/tree_limit.c: count depth, anchors and aliases before all else.
 */
#include "sim/yaml/tree_limit.h"

#include <string.h>

typedef struct Shape {
    uint32_t depth;
    uint32_t anchor_count;
    uint32_t alias_count;
} Shape;

Mark
tree_limit_mark(yaml_mark_t mark)
{
    return (Mark){.line = (uint32_t)mark.line + 1,
                  .column = (uint32_t)mark.column + 1};
}

void
tree_limit_complain(Complaints *complaints, const yaml_parser_t *parser)
{
    complain(complaints, tree_limit_mark(parser->problem_mark), "YAML: %s%s%s",
             parser->problem ? parser->problem : "not YAML",
             parser->context ? " " : "",
             parser->context ? parser->context : "");
}

/* libyaml reads ahead and tells only the offset of bytes that are no text. */
static void
complain_of_bytes(Complaints *complaints, const yaml_parser_t *parser,
                  const char *text)
{
    Mark mark = {.line = 1, .column = 1};
    for (size_t at = 0; at < parser->problem_offset; at++) {
        bool is_end = text[at] == '\n';
        mark.line += is_end;
        mark.column = is_end ? 1 : mark.column + 1;
    }
    complain(complaints, mark, "YAML: %s", parser->problem);
}

void
tree_limit_open(yaml_parser_t *parser, const char *text, size_t text_bytes)
{
    if (!yaml_parser_initialize(parser))
        g_error("out of memory");
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)text,
                                 text_bytes);
}

static void
count_event(Shape *shape, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SEQUENCE_START_EVENT:
        shape->depth++;
        shape->anchor_count += event->data.sequence_start.anchor != NULL;
        break;
    case YAML_MAPPING_START_EVENT:
        shape->depth++;
        shape->anchor_count += event->data.mapping_start.anchor != NULL;
        break;
    case YAML_SCALAR_EVENT:
        shape->anchor_count += event->data.scalar.anchor != NULL;
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        shape->depth--;
        break;
    case YAML_ALIAS_EVENT:
        shape->alias_count++;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

static const char *
find_excess(const Shape *shape)
{
    if (shape->depth > TREE_DEPTH_MAX)
        return "nested too deep";
    if (shape->anchor_count > TREE_ANCHORS_MAX)
        return "too many anchors";
    return shape->alias_count > TREE_ALIASES_MAX ? "too many aliases" : NULL;
}

/* Scenarios use no tags; directives for them stand at the start of a line. */
static const char *
find_tag_directive(const char *text, size_t text_bytes)
{
    static const char DIRECTIVE[] = "\n%TAG";
    size_t bytes = strlen(DIRECTIVE);
    if (text_bytes >= bytes - 1 && memcmp(text, DIRECTIVE + 1, bytes - 1) == 0)
        return text;
    return g_strstr_len(text, (gssize)text_bytes, DIRECTIVE);
}

static bool
check_events(yaml_parser_t *parser, const char *text, Complaints *complaints)
{
    Shape shape = {0};
    for (bool is_end = false; !is_end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_READER_ERROR)
                complain_of_bytes(complaints, parser, text);
            else
                tree_limit_complain(complaints, parser);
            return false;
        }
        Mark mark = tree_limit_mark(event.start_mark);
        count_event(&shape, &event);
        is_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        const char *excess = find_excess(&shape);
        if (excess) {
            complain(complaints, mark, "%s", excess);
            return false;
        }
    }
    return true;
}

bool
tree_limit_check(const char *text, size_t text_bytes, Complaints *complaints)
{
    if (find_tag_directive(text, text_bytes)) {
        complain(complaints, (Mark){.line = 1, .column = 1},
                 "YAML tags are not used in scenarios");
        return false;
    }
    yaml_parser_t parser;
    tree_limit_open(&parser, text, text_bytes);
    bool is_checked = check_events(&parser, text, complaints);
    yaml_parser_delete(&parser);
    return is_checked;
}
