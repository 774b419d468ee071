/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/tree.h: a YAML text as scalars, lists and maps that know their
 * place.
 *
 * Aliases share their node, so a tree may be a graph, even with circles:
 * readers go only as deep as what they read. Merge keys are already merged,
 * keys of a map are different. A tree lives until tree_clear.
 */
#pragma once

#include "sim/yaml/complaint.h"

#include <stdbool.h>
#include <stddef.h>

/* Beyond any sensible scenario; a text over them is refused. */
#define TREE_TEXT_BYTES_MAX (4u << 20)
#define TREE_ENTRIES_MAX 1000000u
#define TREE_PATH_STEPS_MAX 64u

typedef enum TreeKind { TREE_SCALAR, TREE_LIST, TREE_MAP } TreeKind;

typedef struct TreeNode TreeNode;

typedef struct TreeEntry {
    const char *key; /* NULL in lists */
    Mark key_mark;
    TreeNode *value;
} TreeEntry;

struct TreeNode {
    TreeKind kind;
    Mark mark;
    const char *text; /* of a scalar; "" for none */
    TreeEntry *entries;
    uint32_t entry_count;
};

typedef struct Tree {
    TreeNode *root; /* NULL for an empty text */
    GPtrArray *owned;
} Tree;

void tree_init(Tree *tree);
void tree_clear(Tree *tree);
/* Parse a text of one YAML document. False with a complaint when it is not
 * one; a duplicate key is complained of and its first value kept. */
bool tree_parse(Tree *tree, const char *text, size_t text_bytes,
                Complaints *complaints);
/* Read the file that the key `base` names, a path from directory, and start
 * from it: maps are joined key by key, all else of this tree wins. */
bool tree_rebase(Tree *tree, const char *directory, Complaints *complaints);
/* Put a value at `key.path=value`; steps are keys, indices of lists or names
 * of their items. What the path goes through is copied, so that nothing else
 * that shares it changes. */
bool tree_override(Tree *tree, const char *override, uint32_t set_index,
                   Complaints *complaints);

/* Every node below root and itself, each once; free the array. */
GPtrArray *tree_nodes_new(TreeNode *root);
/* A node of its own with room for extra_count more entries. */
TreeNode *tree_copy_node(Tree *tree, const TreeNode *node,
                         uint32_t extra_count);
/* The value of a key, or NULL. */
const TreeEntry *tree_find(const TreeNode *map, const char *key);
/* "a map", "a list" or "the value 'x'". Free it. */
char *tree_describe(const TreeNode *node);
