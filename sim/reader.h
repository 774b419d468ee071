/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/reader.h: from a tree to structs, as the schema says.
 *
 * Recursion follows the schema's sections, never the depth of the input.
 */
#pragma once

#include "sim/schema.h"
#include "sim/yaml/tree.h"

/* A name that waits for the list it names something of. */
typedef struct Pending {
    ReferenceKind kind;
    const char *key;
    const char *name;
    Mark mark;
    uint32_t *slot; /* one of these three is set */
    PlanHostEnd *end;
    DistributionPoint *point;
} Pending;

typedef struct Reader {
    Scenario *scenario;
    Complaints *complaints;
    const char *directory; /* where relative paths start */
    GArray *pendings;
    uint32_t read_count; /* of nodes, against TREE_ENTRIES_MAX */
} Reader;

/* A field of the struct at base, and what the file says about it. */
typedef struct Slot {
    const Field *field;
    void *base;
    const TreeNode *node;
} Slot;

/* Read the whole file into reader->scenario, names still pending. */
void reader_read(Reader *reader, const TreeNode *root);
/* Read a field that is one scalar, or a per-ISP map of them. */
void reader_read_value(Reader *reader, const Slot *slot);
/* Keep memory for the scenario's life. */
void *reader_own(Reader *reader, size_t size_bytes);
/* Look up all pending names; root is what was read. */
void reader_resolve(Reader *reader, const TreeNode *root);
