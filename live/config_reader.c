/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_reader.c: sections and lists of a configuration, by the schema.
 *
 * Reading goes on after an error, so that all errors of a file are found. A
 * key that has no effect in the role is an error too.
 */
#include "live/config_reader.h"

#include <assert.h>
#include <string.h>

static void read_section(ConfigReader *reader, const ConfigSection *section,
                         const ConfigSlot *slot);

static const ConfigKey *
find_key(const ConfigSection *section, const char *name)
{
    for (uint32_t at = 0; at < section->key_count; at++) {
        if (g_str_equal(section->keys[at].key, name))
            return &section->keys[at];
    }
    return NULL;
}

static void
complain_of_unknown(ConfigReader *reader, const ConfigSection *section,
                    const TreeEntry *entry)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (uint32_t at = 0; at < section->key_count; at++) {
        if (config_key_is_for(&section->keys[at], reader->config->role))
            g_ptr_array_add(words, (char *)section->keys[at].key);
    }
    g_ptr_array_add(words, NULL);
    g_autofree char *suggestion =
        complaint_suggestion(entry->key, (const char *const *)words->pdata);
    complain(reader->complaints, entry->key_mark, "unknown key '%s' in %s%s",
             entry->key, section->noun, suggestion);
}

static void
check_keys(ConfigReader *reader, const ConfigSection *section,
           const TreeNode *map)
{
    for (uint32_t at = 0; at < map->entry_count; at++) {
        const TreeEntry *entry = &map->entries[at];
        const ConfigKey *key = find_key(section, entry->key);
        if (g_str_has_prefix(entry->key, "x-")) /* the author's own */
            continue;
        if (!key)
            complain_of_unknown(reader, section, entry);
        else if (!config_key_is_for(key, reader->config->role))
            complain(reader->complaints, entry->key_mark,
                     "'%s' has no effect in the role %s", entry->key,
                     role_name(reader->config->role));
    }
}

static bool
check_kind(ConfigReader *reader, const ConfigSlot *slot, TreeKind wanted)
{
    if (slot->node->kind == wanted)
        return true;
    g_autofree char *found = tree_describe(slot->node);
    complain(reader->complaints, slot->node->mark, "%s: expected %s, not %s",
             slot->key->key, wanted == TREE_MAP ? "a map" : "a list", found);
    return false;
}

static void
read_item(ConfigReader *reader, const ConfigSlot *slot, uint32_t at,
          const TreeNode *node)
{
    const ConfigSection *section = slot->key->section;
    char *items = config_place_of(slot->key, slot->base);
    ConfigSlot item = {slot->key, items + at * section->size, node};
    bool is_bare = section->is_bare && node->kind == TREE_SCALAR;
    ConfigKey bare = section->keys[0];
    bare.key = slot->key->key;
    if (is_bare)
        item.key = &bare;
    if (is_bare)
        config_reader_value(reader, &item);
    else if (check_kind(reader, &item, TREE_MAP))
        read_section(reader, section, &item);
}

static void
keep_count(const ConfigSlot *slot, uint32_t count)
{
    char *place = (char *)slot->base + slot->key->count_offset;
    uint16_t small = (uint16_t)count;
    bool is_small = slot->key->count_size == sizeof small;
    assert(is_small || slot->key->count_size == sizeof count);
    if (is_small)
        memcpy(place, &small, sizeof small);
    else
        memcpy(place, &count, sizeof count);
}

static void
read_list(ConfigReader *reader, const ConfigSlot *slot)
{
    const TreeNode *list = slot->node;
    if (slot->key->may_be_bare && list->kind != TREE_LIST) {
        read_item(reader, slot, 0, list);
        keep_count(slot, 1);
        return;
    }
    if (!check_kind(reader, slot, TREE_LIST))
        return;
    if (list->entry_count == 0 || list->entry_count > slot->key->item_max) {
        complain(reader->complaints, list->mark,
                 "%s: a list of %u; expected 1 to %u", slot->key->key,
                 list->entry_count, slot->key->item_max);
        return;
    }
    for (uint32_t at = 0; at < list->entry_count; at++)
        read_item(reader, slot, at, list->entries[at].value);
    keep_count(slot, list->entry_count);
}

static void
read_key(ConfigReader *reader, const ConfigSlot *slot)
{
    ConfigSlot inner = {slot->key, config_place_of(slot->key, slot->base),
                        slot->node};
    if (slot->key->kind == CONFIG_LIST)
        read_list(reader, slot);
    else if (slot->key->kind != CONFIG_SECTION)
        config_reader_value(reader, slot);
    else if (check_kind(reader, slot, TREE_MAP))
        read_section(reader, slot->key->section, &inner);
}

/* Keys that are left out keep their defaults. */
static void
read_section(ConfigReader *reader, const ConfigSection *section,
             const ConfigSlot *slot)
{
    Role role = reader->config->role;
    check_keys(reader, section, slot->node);
    for (uint32_t at = 0; at < section->key_count; at++) {
        const ConfigKey *key = &section->keys[at];
        const TreeEntry *entry = tree_find(slot->node, key->key);
        ConfigSlot inner = {key, slot->base, entry ? entry->value : NULL};
        if (!config_key_is_for(key, role))
            continue;
        if (entry)
            read_key(reader, &inner);
        else if (key->needed_by & ROLE_BIT(role))
            complain(reader->complaints, slot->node->mark, "%s lacks '%s'",
                     section->noun, key->key);
    }
}

/* Nothing else of another role's file is worth a word. */
static bool
is_for_this_role(ConfigReader *reader, const TreeNode *root)
{
    guint complaint_count = reader->complaints->list->len;
    const TreeEntry *entry = tree_find(root, "role");
    if (entry) {
        ConfigSlot slot = {find_key(&CONFIG_SCHEMA, "role"), reader->config,
                           entry->value};
        config_reader_value(reader, &slot);
    }
    return reader->complaints->list->len == complaint_count;
}

void
config_reader_read(ConfigReader *reader, const TreeNode *root)
{
    if (root->kind != TREE_MAP) {
        g_autofree char *found = tree_describe(root);
        complain(reader->complaints, root->mark,
                 "a configuration is a map of keys, not %s", found);
        return;
    }
    ConfigSlot slot = {NULL, reader->config, root};
    if (is_for_this_role(reader, root))
        read_section(reader, &CONFIG_SCHEMA, &slot);
}
