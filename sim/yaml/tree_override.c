/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/tree_override.c: `key.path=value` put into a tree.
 *
 * Every node on the path is copied first: an alias may share it.
 */
#include "sim/yaml/tree.h"

#include <string.h>

typedef struct Override {
    Tree *tree;
    Complaints *complaints;
    Mark mark;
} Override;

static TreeEntry *
add_key(const Override *override, TreeNode *map, const char *key)
{
    char *copy = g_strdup(key);
    g_ptr_array_add(override->tree->owned, copy);
    TreeEntry *entry = &map->entries[map->entry_count++];
    *entry = (TreeEntry){.key = copy, .key_mark = override->mark};
    return entry;
}

static bool
is_named(const TreeNode *item, const char *name)
{
    if (item->kind != TREE_MAP)
        return false;
    const TreeEntry *entry = tree_find(item, "name");
    return entry && entry->value->kind == TREE_SCALAR &&
           g_str_equal(entry->value->text, name);
}

/* The item of a list that a step means: its index, or its name. */
static TreeEntry *
find_item(const Override *override, TreeNode *list, const char *step)
{
    char *end = NULL;
    guint64 index = g_ascii_strtoull(step, &end, 10);
    bool is_index = g_ascii_isdigit(*step) && *end == '\0';
    if (is_index && index < list->entry_count)
        return &list->entries[index];
    for (uint32_t at = 0; at < list->entry_count; at++) {
        if (is_named(list->entries[at].value, step))
            return &list->entries[at];
    }
    complain(override->complaints, override->mark,
             "the list has %u items and none is '%s'", list->entry_count, step);
    return NULL;
}

/* The entry a step leads to; a key that is missing is added. */
static TreeEntry *
take_step(const Override *override, TreeNode *node, const char *step)
{
    if (node->kind == TREE_LIST)
        return find_item(override, node, step);
    if (node->kind == TREE_SCALAR) {
        g_autofree char *found = tree_describe(node);
        complain(override->complaints, override->mark,
                 "'%s' leads into %s, which holds no keys", step, found);
        return NULL;
    }
    for (uint32_t at = 0; at < node->entry_count; at++) {
        if (g_str_equal(node->entries[at].key, step))
            return &node->entries[at];
    }
    return add_key(override, node, step);
}

static TreeNode *
empty_map(const Override *override)
{
    TreeNode map = {.kind = TREE_MAP, .mark = override->mark, .text = ""};
    return tree_copy_node(override->tree, &map, 1);
}

static bool
put_value(const Override *override, char **steps, TreeNode *value)
{
    TreeNode **place = &override->tree->root;
    if (*place == NULL)
        *place = empty_map(override);
    for (; *steps; steps++) {
        bool is_empty = (*place)->kind == TREE_SCALAR && !*(*place)->text;
        *place = is_empty ? empty_map(override)
                          : tree_copy_node(override->tree, *place, 1);
        TreeEntry *entry = take_step(override, *place, *steps);
        if (!entry)
            return false;
        if (!entry->value)
            entry->value = empty_map(override);
        if (!steps[1]) {
            entry->key_mark = override->mark;
            entry->value = value;
            return true;
        }
        place = &entry->value;
    }
    return false;
}

/* Everything in the value is said to be at the option. */
static void
mark_tree(TreeNode *root, Mark mark)
{
    g_autoptr(GPtrArray) nodes = tree_nodes_new(root);
    for (guint at = 0; at < nodes->len; at++) {
        TreeNode *node = nodes->pdata[at];
        node->mark = mark;
        for (uint32_t i = 0; i < node->entry_count; i++)
            node->entries[i].key_mark = mark;
    }
}

static TreeNode *
parse_value(const Override *override, const char *text)
{
    Tree value;
    Complaints syntax;
    complaints_init(&syntax, "");
    tree_init(&value);
    bool is_parsed = tree_parse(&value, text, strlen(text), &syntax);
    if (!is_parsed)
        complain(override->complaints, override->mark,
                 "'%s' is not a YAML value", text);
    complaints_clear(&syntax);
    TreeNode *root = value.root;
    if (is_parsed && !root)
        root = tree_copy_node(&value,
                              &(TreeNode){.kind = TREE_SCALAR, .text = ""}, 0);
    /* The nodes live as long as the tree they are put into. */
    g_ptr_array_extend_and_steal(override->tree->owned,
                                 g_steal_pointer(&value.owned));
    if (!is_parsed)
        return NULL;
    mark_tree(root, override->mark);
    return root;
}

bool
tree_override(Tree *tree, const char *override_text, uint32_t set_index,
              Complaints *complaints)
{
    const char *equals = strchr(override_text, '=');
    size_t path_bytes =
        equals ? (size_t)(equals - override_text) : strlen(override_text);
    char *path = g_strndup(override_text, path_bytes);
    g_ptr_array_add(tree->owned, path);
    Override override = {.tree = tree,
                         .complaints = complaints,
                         .mark = {.set = path, .set_index = set_index}};
    g_auto(GStrv) steps = g_strsplit(path, ".", (gint)TREE_PATH_STEPS_MAX + 1);
    if (!equals || g_strv_contains((const char *const *)steps, "") ||
        g_strv_length(steps) == 0 ||
        g_strv_length(steps) > TREE_PATH_STEPS_MAX) {
        complain(complaints, override.mark, "expected key.path=value, not '%s'",
                 override_text);
        return false;
    }
    TreeNode *value = parse_value(&override, equals + 1);
    return value && put_value(&override, steps, value);
}
