/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/reader.c: sections, lists and maps of a scenario, by the schema.
 *
 * A section is read field by field in the order of its table; keys that no
 * field has are complained of. Reading goes on after an error, so that all
 * errors of a file are found.
 */
#include "sim/reader.h"

#include <assert.h>
#include <string.h>

/* What other tools call our keys. */
static const char *const SYNONYMS[][2] = {
    {"bandwidth", "rate"},     {"capacity", "rate"},      {"speed", "rate"},
    {"latency", "delay"},      {"buffer", "queue"},       {"size", "bytes"},
    {"source", "from"},        {"target", "to"},          {"destination", "to"},
    {"duration", "stop_time"}, {"end_time", "stop_time"},
};

/* Top-level keys of the format that this version cannot do. */
static const char *const LATER_KEYS[] = {"faults", NULL};

static void read_section(Reader *reader, const Section *section, Slot slot,
                         bool is_inherited);

void *
reader_own(Reader *reader, size_t size_bytes)
{
    void *memory = g_malloc0(size_bytes ? size_bytes : 1);
    g_ptr_array_add(reader->scenario->owned, memory);
    return memory;
}

static bool
is_authors_own(const char *key)
{
    return g_str_has_prefix(key, "x-");
}

/* Aliases make a small file large; what is read is bounded. */
static bool
count_read(Reader *reader, const TreeNode *node)
{
    if (reader->read_count == TREE_ENTRIES_MAX)
        complain(reader->complaints, node->mark,
                 "more than %u values, aliases counted each time",
                 TREE_ENTRIES_MAX);
    return reader->read_count++ < TREE_ENTRIES_MAX;
}

static const Field *
find_field(const Section *section, const char *key)
{
    for (uint32_t at = 0; at < section->field_count; at++) {
        if (g_str_equal(section->fields[at].key, key))
            return &section->fields[at];
    }
    return NULL;
}

static const char *
find_nearest_key(const Section *section, const char *key)
{
    const char *words[64] = {NULL};
    assert(section->field_count < G_N_ELEMENTS(words));
    for (uint32_t at = 0; at < section->field_count; at++)
        words[at] = section->fields[at].key;
    const char *nearest = complaint_nearest(key, words);
    for (guint at = 0; !nearest && at < G_N_ELEMENTS(SYNONYMS); at++) {
        const char *const synonym[] = {SYNONYMS[at][0], NULL};
        if (find_field(section, SYNONYMS[at][1]) &&
            complaint_nearest(key, synonym))
            nearest = SYNONYMS[at][1];
    }
    return nearest;
}

static void
complain_of_key(Reader *reader, const Section *section, const TreeEntry *entry)
{
    if (section == &SCHEMA_SCENARIO &&
        g_strv_contains(LATER_KEYS, entry->key)) {
        complain(reader->complaints, entry->key_mark,
                 "'%s' is part of the format, but this version of byway "
                 "cannot do it",
                 entry->key);
        return;
    }
    const char *nearest = find_nearest_key(section, entry->key);
    complain(reader->complaints, entry->key_mark,
             "unknown key '%s' in %s%s%s%s", entry->key, section->noun,
             nearest ? "; did you mean '" : "", nearest ? nearest : "",
             nearest ? "'?" : "");
}

static void
check_keys(Reader *reader, const Section *section, const TreeNode *map,
           const Field *skipped)
{
    for (uint32_t at = 0; at < map->entry_count; at++) {
        const TreeEntry *entry = &map->entries[at];
        const Field *field = find_field(section, entry->key);
        if ((!field || field == skipped) && !is_authors_own(entry->key))
            complain_of_key(reader, section, entry);
    }
}

/* What a field says when the file does not: its own text, as a tree. */
static const TreeNode *
parse_fallback(Reader *reader, const Field *field, Mark mark)
{
    TreeNode scalar = {
        .kind = TREE_SCALAR, .mark = mark, .text = field->fallback};
    bool is_tree = field->kind == FIELD_LIST || field->kind == FIELD_SECTION;
    if (!is_tree) {
        TreeNode *node = reader_own(reader, sizeof *node);
        *node = scalar;
        return node;
    }
    Tree tree;
    tree_init(&tree);
    bool is_parsed = tree_parse(&tree, field->fallback, strlen(field->fallback),
                                reader->complaints);
    assert(is_parsed);
    g_ptr_array_extend_and_steal(reader->scenario->owned,
                                 g_steal_pointer(&tree.owned));
    return tree.root;
}

static const TreeNode *
empty_map(Reader *reader, Mark mark)
{
    TreeNode *map = reader_own(reader, sizeof *map);
    *map = (TreeNode){.kind = TREE_MAP, .mark = mark, .text = ""};
    return map;
}

static bool
is_absent(const TreeNode *node)
{
    return node->kind == TREE_SCALAR && *node->text == '\0';
}

static bool
check_kind(Reader *reader, const Slot *slot, TreeKind wanted)
{
    if (slot->node->kind == wanted)
        return true;
    g_autofree char *found = tree_describe(slot->node);
    complain(reader->complaints, slot->node->mark, "%s: expected %s, not %s",
             slot->field->key, wanted == TREE_MAP ? "a map" : "a list", found);
    return false;
}

static void
keep_list(const Slot *slot, const void *items, uint32_t count)
{
    memcpy(field_place(slot->field, slot->base), &items, sizeof items);
    memcpy((char *)slot->base + slot->field->count_offset, &count,
           sizeof count);
}

static const char *
name_of(const void *item)
{
    const char *name = NULL;
    memcpy(&name, item, sizeof name);
    return name;
}

/* Names within a list are different. */
static void
check_names(Reader *reader, const Slot *slot, const char *items, uint32_t count)
{
    const Section *section = slot->field->section;
    if (section->fields[0].kind != FIELD_NAME || section->fields[0].offset != 0)
        return;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t at = 0; at < count; at++) {
        const char *name = name_of(items + at * section->size);
        if (name && !g_hash_table_add(seen, (void *)name))
            complain(reader->complaints, slot->node->entries[at].value->mark,
                     "%s: a second %s is named '%s'", slot->field->key,
                     section->noun, name);
    }
}

static void
read_list(Reader *reader, const Slot *slot)
{
    const Section *section = slot->field->section;
    if (!check_kind(reader, slot, TREE_LIST))
        return;
    uint32_t count = slot->node->entry_count;
    char *items = reader_own(reader, section->size * count);
    for (uint32_t at = 0; at < count; at++) {
        const TreeNode *node = slot->node->entries[at].value;
        if (!count_read(reader, node))
            return;
        Slot item = {.field = slot->field,
                     .base = items + at * section->size,
                     .node = node};
        read_section(reader, section, item, false);
    }
    keep_list(slot, items, count);
    check_names(reader, slot, items, count);
}

/* One item of a map: its name is its key. */
static void
read_map_item(Reader *reader, const Slot *slot, const TreeEntry *entry,
              void *base, const void *origin)
{
    const Section *section = slot->field->section;
    TreeNode key = {
        .kind = TREE_SCALAR, .mark = entry->key_mark, .text = entry->key};
    if (origin)
        memcpy(base, origin, section->size);
    Slot name = {.field = &section->fields[0], .base = base, .node = &key};
    reader_read_value(reader, &name);
    Slot item = {.field = slot->field, .base = base, .node = entry->value};
    if (is_absent(entry->value))
        item.node = empty_map(reader, entry->key_mark);
    read_section(reader, section, item, origin != NULL);
}

/* `default` is the first item, and what the others start from. */
static uint32_t
read_default(Reader *reader, const Slot *slot, void *base)
{
    if (!slot->field->inherits)
        return 0;
    const TreeEntry *entry = tree_find(slot->node, "default");
    TreeEntry made = {.key = "default", .key_mark = slot->node->mark};
    if (!entry) {
        made.value = (TreeNode *)empty_map(reader, slot->node->mark);
        entry = &made;
    }
    read_map_item(reader, slot, entry, base, NULL);
    return 1;
}

static void
read_map(Reader *reader, const Slot *slot)
{
    const Section *section = slot->field->section;
    if (!check_kind(reader, slot, TREE_MAP))
        return;
    const TreeNode *map = slot->node;
    char *items = reader_own(reader, section->size * (map->entry_count + 1u));
    uint32_t count = read_default(reader, slot, items);
    const void *origin = slot->field->inherits ? items : NULL;
    for (uint32_t at = 0; at < map->entry_count; at++) {
        const TreeEntry *entry = &map->entries[at];
        bool is_read = origin && g_str_equal(entry->key, "default");
        if (is_read || is_authors_own(entry->key))
            continue;
        if (!count_read(reader, entry->value))
            return;
        read_map_item(reader, slot, entry, items + count * section->size,
                      origin);
        count++;
    }
    keep_list(slot, items, count);
}

static void
read_option(Reader *reader, const Slot *slot)
{
    void *base = reader_own(reader, slot->field->section->size);
    Slot inner = {.field = slot->field, .base = base, .node = slot->node};
    read_section(reader, slot->field->section, inner, false);
    memcpy(field_place(slot->field, slot->base), &base, sizeof base);
}

static void
read_field(Reader *reader, const Slot *slot)
{
    Slot inner = *slot;
    switch (slot->field->kind) {
    case FIELD_SECTION:
        inner.base = field_place(slot->field, slot->base);
        read_section(reader, slot->field->section, inner, false);
        break;
    case FIELD_OPTION:
        read_option(reader, slot);
        break;
    case FIELD_LIST:
        read_list(reader, slot);
        break;
    case FIELD_MAP:
        read_map(reader, slot);
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
        reader_read_value(reader, slot);
        break;
    }
}

/* An optional field that the file leaves out. */
static void
leave_absent(const Slot *slot)
{
    const uint32_t none = PLAN_NONE;
    void *place = field_place(slot->field, slot->base);
    if (slot->field->kind == FIELD_REFERENCE)
        memcpy(place, &none, sizeof none);
    else if (slot->field->kind == FIELD_NUMBER)
        memcpy(place, &slot->field->absent, sizeof slot->field->absent);
}

/* What a field is when the file does not mention it. */
static void
read_missing(Reader *reader, const Section *section, Slot slot, Mark mark)
{
    const Field *field = slot.field;
    bool is_whole_section = field->kind == FIELD_SECTION && !field->fallback;
    bool is_inheriting = field->kind == FIELD_MAP && field->inherits;
    if (is_whole_section || is_inheriting) {
        slot.node = empty_map(reader, mark);
        read_field(reader, &slot);
    } else if (field->fallback) {
        slot.node = parse_fallback(reader, field, mark);
        read_field(reader, &slot);
    } else if (field->is_optional || field->kind == FIELD_OPTION) {
        leave_absent(&slot);
    } else {
        complain(reader->complaints, mark, "%s lacks '%s'", section->noun,
                 field->key);
    }
}

static bool
is_ruled_out(const Field *field, const void *base)
{
    uint32_t reference = PLAN_NONE;
    if (field->unless_offset)
        memcpy(&reference, (const char *)base + field->unless_offset,
               sizeof reference);
    return reference != PLAN_NONE;
}

static void
read_map_section(Reader *reader, const Section *section, const Slot *slot,
                 bool is_inherited)
{
    bool is_named_by_key = slot->field && slot->field->kind == FIELD_MAP;
    const Field *skipped = is_named_by_key ? &section->fields[0] : NULL;
    if (slot->field && !check_kind(reader, slot, TREE_MAP))
        return;
    check_keys(reader, section, slot->node, skipped);
    for (uint32_t at = 0; at < section->field_count; at++) {
        const Field *field = &section->fields[at];
        const TreeEntry *entry = tree_find(slot->node, field->key);
        Slot inner = {.field = field, .base = slot->base};
        if (field == skipped)
            continue;
        if (entry && is_ruled_out(field, slot->base))
            complain(reader->complaints, entry->key_mark,
                     "'%s' has no effect beside 'profile'", field->key);
        bool may_be_empty = field->kind >= FIELD_SECTION || field->is_optional;
        bool is_given = entry && !(may_be_empty && is_absent(entry->value));
        if (is_given) {
            inner.node = entry->value;
            read_field(reader, &inner);
        } else if (!is_inherited) {
            read_missing(reader, section, inner, slot->node->mark);
        }
    }
}

static void
read_tuple(Reader *reader, const Section *section, const Slot *slot)
{
    const TreeNode *list = slot->node;
    if (list->kind != TREE_LIST || list->entry_count != section->field_count) {
        complain(reader->complaints, list->mark,
                 "%s: expected a list of %u: [%s, %s]", slot->field->key,
                 section->field_count, section->fields[0].key,
                 section->fields[1].key);
        return;
    }
    for (uint32_t at = 0; at < section->field_count; at++) {
        Slot inner = {.field = &section->fields[at],
                      .base = slot->base,
                      .node = list->entries[at].value};
        read_field(reader, &inner);
    }
}

static void
read_section(Reader *reader, const Section *section, Slot slot,
             bool is_inherited)
{
    if (!count_read(reader, slot.node))
        return;
    switch (section->shape) {
    case SECTION_MAP:
        read_map_section(reader, section, &slot, is_inherited);
        break;
    case SECTION_TUPLE:
        assert(section->field_count == 2);
        read_tuple(reader, section, &slot);
        break;
    case SECTION_BARE:
        slot.field = &section->fields[section->field_count - 1];
        read_field(reader, &slot);
        break;
    }
}

void
reader_read(Reader *reader, const TreeNode *root)
{
    if (root->kind != TREE_MAP) {
        g_autofree char *found = tree_describe(root);
        complain(reader->complaints, root->mark,
                 "a scenario is a map of keys, not %s", found);
        return;
    }
    Slot slot = {.base = reader->scenario, .node = root};
    read_section(reader, &SCHEMA_SCENARIO, slot, false);
}
