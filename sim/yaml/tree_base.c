/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/tree_base.c: a tree that starts from another file's.
 *
 * A variant of a scenario says only what is different. One step: the base of
 * a base is refused, so that a scenario is at most two files.
 */
#include "sim/yaml/input.h"
#include "sim/yaml/tree.h"

/* Two maps to be joined: what is at the place wins over the other. */
typedef struct Join {
    TreeNode **place;
    const TreeNode *base;
} Join;

/* What is still to be joined, and how much has been: aliases could make the
 * same few lines be joined for ever. */
typedef struct Joiner {
    Tree *tree;
    GArray *queue; /* Join */
    uint32_t entry_count;
} Joiner;

static void
push_maps(Joiner *joiner, TreeNode **place, const TreeNode *base)
{
    Join join = {.place = place, .base = base};
    if ((*place)->kind == TREE_MAP && base->kind == TREE_MAP)
        g_array_append_val(joiner->queue, join);
}

/* Join two maps; the pairs of maps within them go on the queue. */
static bool
join_maps(Joiner *joiner, Join join)
{
    uint32_t own_count = (*join.place)->entry_count;
    uint32_t base_count = join.base->entry_count;
    if (own_count + base_count + joiner->entry_count > TREE_ENTRIES_MAX)
        return false;
    joiner->entry_count += own_count + base_count;
    TreeNode *map = tree_copy_node(joiner->tree, *join.place, base_count);
    g_autoptr(GHashTable) own = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t at = 0; at < own_count; at++)
        g_hash_table_insert(own, (void *)map->entries[at].key,
                            &map->entries[at]);
    for (uint32_t at = 0; at < base_count; at++) {
        const TreeEntry *entry = &join.base->entries[at];
        TreeEntry *mine = g_hash_table_lookup(own, entry->key);
        if (mine)
            push_maps(joiner, &mine->value, entry->value);
        else
            map->entries[map->entry_count++] = *entry;
    }
    *join.place = map;
    return true;
}

static bool
join_trees(Tree *tree, const TreeNode *base)
{
    Joiner joiner = {.tree = tree,
                     .queue = g_array_new(FALSE, FALSE, sizeof(Join))};
    bool is_joined = true;
    push_maps(&joiner, &tree->root, base);
    for (guint at = 0; is_joined && at < joiner.queue->len; at++)
        is_joined = join_maps(&joiner, g_array_index(joiner.queue, Join, at));
    g_array_unref(joiner.queue);
    return is_joined;
}

static void
mark_base(TreeNode *root, const char *path)
{
    g_autoptr(GPtrArray) nodes = tree_nodes_new(root);
    for (guint at = 0; at < nodes->len; at++) {
        TreeNode *node = nodes->pdata[at];
        node->mark.base = path;
        for (uint32_t i = 0; i < node->entry_count; i++)
            node->entries[i].key_mark.base = path;
    }
}

static bool
check_base(const Tree *base, Mark mark, Complaints *complaints)
{
    if (!base->root || base->root->kind != TREE_MAP) {
        complain(complaints, mark, "base: the file is no map of keys");
        return false;
    }
    if (tree_find(base->root, "base"))
        complain(complaints, mark, "base: the file has a base itself");
    return !tree_find(base->root, "base");
}

static bool
parse_base(Tree *tree, Tree *base, const TreeNode *name, const char *path,
           Complaints *complaints)
{
    size_t text_bytes = 0;
    g_autofree char *why = NULL;
    g_autofree char *text =
        input_read(path, TREE_TEXT_BYTES_MAX, &text_bytes, &why);
    if (!text) {
        complain(complaints, name->mark, "base: %s", why);
        return false;
    }
    Complaints found;
    complaints_init(&found, path);
    bool is_parsed = tree_parse(base, text, text_bytes, &found);
    complaints_take(complaints, &found, path);
    complaints_clear(&found);
    is_parsed = is_parsed && check_base(base, name->mark, complaints);
    /* Its nodes live as long as the tree they become part of. */
    g_ptr_array_extend_and_steal(tree->owned, g_steal_pointer(&base->owned));
    return is_parsed;
}

bool
tree_rebase(Tree *tree, const char *directory, Complaints *complaints)
{
    const TreeEntry *entry = tree->root && tree->root->kind == TREE_MAP
                                 ? tree_find(tree->root, "base")
                                 : NULL;
    if (!entry || entry->value->kind != TREE_SCALAR || !*entry->value->text)
        return true;
    const TreeNode *name = entry->value;
    char *path = input_path(directory, name->text);
    g_ptr_array_add(tree->owned, path);
    Tree base;
    tree_init(&base);
    if (!parse_base(tree, &base, name, path, complaints)) {
        g_clear_pointer(&base.owned, g_ptr_array_unref);
        return false;
    }
    mark_base(base.root, path);
    Mark mark = name->mark;
    if (join_trees(tree, base.root))
        return true;
    complain(complaints, mark, "base: more than %u entries", TREE_ENTRIES_MAX);
    return false;
}
