/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_reader.h: from a tree to a LiveConfig, as the schema says.
 *
 * Recursion follows the schema's sections, never the depth of the input.
 */
#pragma once

#include "live/config_schema.h"
#include "sim/yaml/tree.h"

typedef struct ConfigReader {
    LiveConfig *config;
    Complaints *complaints;
    const char *directory; /* where relative paths start */
    GPtrArray *remarks;    /* of a check; NULL: only read */
} ConfigReader;

/* A key of the struct at base, and what the file says about it. */
typedef struct ConfigSlot {
    const ConfigKey *key;
    void *base;
    const TreeNode *node;
} ConfigSlot;

/* Read the whole file. */
void config_reader_read(ConfigReader *reader, const TreeNode *root);
/* Read a key that is one scalar. */
void config_reader_value(ConfigReader *reader, const ConfigSlot *slot);
/* The place of "peers.manager.id" or "listen.2" (the third of a list), or of
 * the nearest above that is there. */
Mark config_mark(const TreeNode *root, const char *path, ...)
    G_GNUC_PRINTF(2, 3);
/* Complain of what no key can see alone. Only when each was without fault. */
void config_rule_check(ConfigReader *reader, const TreeNode *root);

static inline void *
config_place_of(const ConfigKey *key, void *base)
{
    return (char *)base + key->offset;
}
