/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/tree.c: libyaml's document, flattened into nodes with places.
 *
 * Nothing here recurses: nodes are made in the order of the document, then
 * linked, then merged in rounds.
 */
#include "sim/yaml/tree.h"
#include "sim/yaml/tree_limit.h"

#include <assert.h>
#include <string.h>

typedef struct Builder {
    Tree *tree;
    Complaints *complaints;
    yaml_document_t document;
    TreeNode *nodes; /* document node n is nodes[n - 1] */
    uint32_t node_count;
    uint64_t entry_count; /* of all nodes, against TREE_ENTRIES_MAX */
} Builder;

void
tree_init(Tree *tree)
{
    tree->root = NULL;
    tree->owned = g_ptr_array_new_with_free_func(g_free);
}

void
tree_clear(Tree *tree)
{
    g_ptr_array_unref(tree->owned);
    tree->owned = NULL;
    tree->root = NULL;
}

const TreeEntry *
tree_find(const TreeNode *map, const char *key)
{
    assert(map->kind == TREE_MAP);
    for (uint32_t at = 0; at < map->entry_count; at++) {
        if (g_str_equal(map->entries[at].key, key))
            return &map->entries[at];
    }
    return NULL;
}

GPtrArray *
tree_nodes_new(TreeNode *root)
{
    GPtrArray *nodes = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_ptr_array_add(nodes, root);
    g_hash_table_add(seen, root);
    for (guint at = 0; at < nodes->len; at++) {
        const TreeNode *node = nodes->pdata[at];
        for (uint32_t i = 0; i < node->entry_count; i++) {
            if (g_hash_table_add(seen, node->entries[i].value))
                g_ptr_array_add(nodes, node->entries[i].value);
        }
    }
    return nodes;
}

TreeNode *
tree_copy_node(Tree *tree, const TreeNode *node, uint32_t extra_count)
{
    TreeNode *copy = g_new(TreeNode, 1);
    *copy = *node;
    g_ptr_array_add(tree->owned, copy);
    if (node->kind == TREE_SCALAR)
        return copy;
    copy->entries = g_new0(TreeEntry, node->entry_count + extra_count + 1u);
    for (uint32_t at = 0; at < node->entry_count; at++)
        copy->entries[at] = node->entries[at];
    g_ptr_array_add(tree->owned, copy->entries);
    return copy;
}

char *
tree_describe(const TreeNode *node)
{
    switch (node->kind) {
    case TREE_LIST:
        return g_strdup("a list");
    case TREE_MAP:
        return g_strdup("a map");
    case TREE_SCALAR:
        break;
    }
    return *node->text ? g_strdup_printf("the value '%s'", node->text)
                       : g_strdup("nothing");
}

static TreeNode *
builder_node(const Builder *builder, int id)
{
    assert(id >= 1);
    assert((uint32_t)id <= builder->node_count);
    return &builder->nodes[id - 1];
}

static TreeEntry *
own_entries(Builder *builder, uint32_t count)
{
    builder->entry_count += count;
    TreeEntry *entries = g_new0(TreeEntry, count + 1u);
    g_ptr_array_add(builder->tree->owned, entries);
    return entries;
}

static void
link_list(Builder *builder, const yaml_node_t *from, TreeNode *list)
{
    const yaml_node_item_t *items = from->data.sequence.items.start;
    list->entry_count = (uint32_t)(from->data.sequence.items.top - items);
    list->entries = own_entries(builder, list->entry_count);
    for (uint32_t at = 0; at < list->entry_count; at++)
        list->entries[at].value = builder_node(builder, items[at]);
}

static bool
is_merge(const TreeEntry *entry)
{
    return g_str_equal(entry->key, "<<");
}

static void
link_map(Builder *builder, const yaml_node_t *from, TreeNode *map)
{
    const yaml_node_pair_t *pairs = from->data.mapping.pairs.start;
    uint32_t pair_count = (uint32_t)(from->data.mapping.pairs.top - pairs);
    map->entries = own_entries(builder, pair_count);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t at = 0; at < pair_count; at++) {
        const TreeNode *key = builder_node(builder, pairs[at].key);
        if (key->kind != TREE_SCALAR) {
            complain(builder->complaints, key->mark,
                     "a key must be a word, not %s",
                     key->kind == TREE_LIST ? "a list" : "a map");
            continue;
        }
        const TreeNode *first = g_hash_table_lookup(seen, key->text);
        if (first) {
            complain(builder->complaints, key->mark,
                     "key '%s' is already given in line %u", key->text,
                     first->mark.line);
            continue;
        }
        g_hash_table_insert(seen, (void *)key->text, (void *)key);
        map->entries[map->entry_count++] =
            (TreeEntry){.key = key->text,
                        .key_mark = key->mark,
                        .value = builder_node(builder, pairs[at].value)};
    }
}

static void
link_node(Builder *builder, uint32_t at)
{
    const yaml_node_t *from =
        yaml_document_get_node(&builder->document, (int)at + 1);
    TreeNode *node = &builder->nodes[at];
    if (node->kind == TREE_LIST)
        link_list(builder, from, node);
    else if (node->kind == TREE_MAP)
        link_map(builder, from, node);
}

static char *
own_text(Tree *tree, const void *text)
{
    char *copy = g_strdup(text);
    g_ptr_array_add(tree->owned, copy);
    return copy;
}

/* Bytes below a blank would end up in messages and names. */
static bool
check_text(Builder *builder, const TreeNode *node, size_t text_bytes)
{
    bool is_clean = strlen(node->text) == text_bytes;
    for (const char *at = node->text; is_clean && *at; at++)
        is_clean = (guchar)*at >= ' ' || *at == '\n' || *at == '\t';
    if (!is_clean)
        complain(builder->complaints, node->mark,
                 "a value holds a control character");
    return is_clean;
}

/* YAML's words for no value; in quotes they are words. */
static bool
is_null(const yaml_node_t *scalar)
{
    const char *text = (const char *)scalar->data.scalar.value;
    return scalar->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (g_str_equal(text, "~") || g_str_equal(text, "null"));
}

static bool
make_node(Builder *builder, uint32_t at)
{
    const yaml_node_t *from =
        yaml_document_get_node(&builder->document, (int)at + 1);
    TreeNode *node = &builder->nodes[at];
    node->mark = tree_limit_mark(from->start_mark);
    if (from->type == YAML_SEQUENCE_NODE) {
        node->kind = TREE_LIST;
    } else if (from->type == YAML_MAPPING_NODE) {
        node->kind = TREE_MAP;
    } else {
        node->kind = TREE_SCALAR;
        node->text = own_text(builder->tree, from->data.scalar.value);
        if (is_null(from))
            node->text = "";
        else
            return check_text(builder, node, from->data.scalar.length);
    }
    return true;
}

static TreeEntry *
find_merge(const TreeNode *node)
{
    for (uint32_t at = 0; at < node->entry_count; at++) {
        if (is_merge(&node->entries[at]))
            return &node->entries[at];
    }
    return NULL;
}

static bool
is_flat_map(const TreeNode *node)
{
    return node->kind == TREE_MAP && !find_merge(node);
}

/* Whether all that a merge key names are maps without one of their own. */
static bool
is_mergeable(const TreeNode *source)
{
    if (source->kind != TREE_LIST)
        return is_flat_map(source);
    for (uint32_t at = 0; at < source->entry_count; at++) {
        if (!is_flat_map(source->entries[at].value))
            return false;
    }
    return true;
}

static uint32_t
append_missing(TreeEntry *entries, uint32_t count, GHashTable *seen,
               const TreeNode *source)
{
    for (uint32_t at = 0; at < source->entry_count; at++) {
        const TreeEntry *entry = &source->entries[at];
        if (g_hash_table_add(seen, (void *)entry->key))
            entries[count++] = *entry;
    }
    return count;
}

static uint32_t
count_sources(const TreeNode *source)
{
    uint64_t count = source->entry_count;
    if (source->kind == TREE_LIST) {
        count = 0;
        for (uint32_t at = 0; at < source->entry_count; at++)
            count += source->entries[at].value->entry_count;
    }
    return (uint32_t)MIN(count, TREE_ENTRIES_MAX);
}

/* The map's own keys win, then the earlier source. */
static void
merge_map(Builder *builder, TreeNode *map, const TreeNode *source)
{
    uint32_t extra_count = count_sources(source);
    if (builder->entry_count + extra_count > TREE_ENTRIES_MAX) {
        builder->entry_count = TREE_ENTRIES_MAX + 1;
        return;
    }
    uint32_t own_count = map->entry_count;
    TreeEntry *own = map->entries;
    map->entries = own_entries(builder, own_count + extra_count);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(seen, (void *)"<<");
    TreeNode mine = {.entries = own, .entry_count = own_count};
    uint32_t count = append_missing(map->entries, 0, seen, &mine);
    if (source->kind == TREE_MAP)
        count = append_missing(map->entries, count, seen, source);
    for (uint32_t at = 0; source->kind == TREE_LIST && at < source->entry_count;
         at++)
        count = append_missing(map->entries, count, seen,
                               source->entries[at].value);
    map->entry_count = count;
}

/* One round; returns how many merge keys could not be merged yet. */
static uint32_t
merge_round(Builder *builder, TreeNode **ret_stuck)
{
    uint32_t stuck_count = 0;
    for (uint32_t at = 0; at < builder->node_count; at++) {
        TreeNode *node = &builder->nodes[at];
        const TreeEntry *merge =
            node->kind == TREE_MAP ? find_merge(node) : NULL;
        if (!merge)
            continue;
        if (is_mergeable(merge->value)) {
            merge_map(builder, node, merge->value);
            continue;
        }
        *ret_stuck = node;
        stuck_count++;
    }
    return stuck_count;
}

static bool
merge_all(Builder *builder)
{
    TreeNode *stuck = NULL;
    uint32_t stuck_count = 1;
    for (uint32_t round = 0; round < TREE_DEPTH_MAX && stuck_count; round++)
        stuck_count = merge_round(builder, &stuck);
    if (stuck_count)
        complain(builder->complaints, find_merge(stuck)->key_mark,
                 "'<<' takes a map or a list of maps, and no circle of them");
    return stuck_count == 0;
}

static bool
build(Builder *builder)
{
    yaml_document_t *document = &builder->document;
    builder->node_count =
        (uint32_t)(document->nodes.top - document->nodes.start);
    if (builder->node_count == 0)
        return true;
    builder->nodes = g_new0(TreeNode, builder->node_count);
    g_ptr_array_add(builder->tree->owned, builder->nodes);
    bool is_clean = true;
    for (uint32_t at = 0; at < builder->node_count; at++)
        is_clean = make_node(builder, at) && is_clean;
    for (uint32_t at = 0; is_clean && at < builder->node_count; at++)
        link_node(builder, at);
    is_clean = is_clean && merge_all(builder);
    if (builder->entry_count > TREE_ENTRIES_MAX) {
        complain(builder->complaints, builder->nodes[0].mark,
                 "more than %u entries", TREE_ENTRIES_MAX);
        return false;
    }
    builder->tree->root = &builder->nodes[0];
    return is_clean;
}

static bool
load_document(yaml_parser_t *parser, Builder *builder)
{
    if (!yaml_parser_load(parser, &builder->document)) {
        tree_limit_complain(builder->complaints, parser);
        return false;
    }
    bool is_built = build(builder);
    yaml_document_delete(&builder->document);
    yaml_document_t next;
    if (!is_built || !builder->tree->root)
        return is_built;
    if (!yaml_parser_load(parser, &next)) {
        tree_limit_complain(builder->complaints, parser);
        return false;
    }
    const yaml_node_t *second = yaml_document_get_root_node(&next);
    if (second)
        complain(builder->complaints, tree_limit_mark(second->start_mark),
                 "a second document; a scenario is one");
    yaml_document_delete(&next);
    return second == NULL;
}

bool
tree_parse(Tree *tree, const char *text, size_t text_bytes,
           Complaints *complaints)
{
    if (text_bytes > TREE_TEXT_BYTES_MAX) {
        complain(complaints, (Mark){.line = 1, .column = 1},
                 "longer than %u bytes", TREE_TEXT_BYTES_MAX);
        return false;
    }
    if (!tree_limit_check(text, text_bytes, complaints))
        return false;
    yaml_parser_t parser;
    tree_limit_open(&parser, text, text_bytes);
    Builder builder = {.tree = tree, .complaints = complaints};
    bool is_parsed = load_document(&parser, &builder);
    yaml_parser_delete(&parser);
    return is_parsed;
}
