/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_change.c: what differs between two configurations.
 */
#include "live/config_schema.h"

#include <assert.h>
#include <string.h>

typedef struct Comparison {
    Role role;
    GPtrArray *paths;
} Comparison;

static void compare_section(const Comparison *comparison,
                            const ConfigSection *section, const char *path,
                            const char *old, const char *new);

static bool
is_same_text(const char *old, const char *new)
{
    const char *old_text;
    const char *new_text;
    memcpy(&old_text, old, sizeof old_text);
    memcpy(&new_text, new, sizeof new_text);
    return g_strcmp0(old_text, new_text) == 0;
}

static bool
is_same(const ConfigKey *key, const char *old, const char *new)
{
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_DIRECTORY:
    case CONFIG_STATE:
        return is_same_text(old, new);
    case CONFIG_ROLE: /* it was refused if it is not the same */
        return true;
    case CONFIG_INTEGER:
    case CONFIG_PPM:
    case CONFIG_NUMBER:
    case CONFIG_FLAG:
    case CONFIG_WORD:
    case CONFIG_ADDRESS:
    case CONFIG_HOST:
    case CONFIG_SECRET:
        return memcmp(old, new, key->size) == 0;
    case CONFIG_SECTION:
    case CONFIG_LIST:
        break;
    }
    assert(false);
    return false;
}

static uint32_t
count_of(const ConfigKey *key, const char *base)
{
    uint32_t count = 0; /* little-endian or not: of 2 or 4 bytes */
    uint16_t small = 0;
    if (key->count_size == sizeof count) {
        memcpy(&count, base + key->count_offset, sizeof count);
        return count;
    }
    assert(key->count_size == sizeof small);
    memcpy(&small, base + key->count_offset, sizeof small);
    return small;
}

static void
compare_list(const Comparison *comparison, const ConfigKey *key,
             const char *path, const char *old_base, const char *new_base)
{
    uint32_t count = count_of(key, old_base);
    if (count != count_of(key, new_base)) {
        g_ptr_array_add(comparison->paths, g_strdup(path));
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        g_autofree char *item = g_strdup_printf("%s.%u", path, i);
        size_t start = key->offset + i * key->section->size;
        compare_section(comparison, key->section, item, old_base + start,
                        new_base + start);
    }
}

static void
compare_section(const Comparison *comparison, const ConfigSection *section,
                const char *path, const char *old, const char *new)
{
    for (uint32_t i = 0; i < section->key_count; i++) {
        const ConfigKey *key = &section->keys[i];
        bool is_live = (key->live_for & ROLE_BIT(comparison->role)) != 0;
        if (is_live || !config_key_is_for(key, comparison->role))
            continue;
        g_autofree char *inner = *path
                                     ? g_strdup_printf("%s.%s", path, key->key)
                                     : g_strdup(key->key);
        if (key->kind == CONFIG_LIST)
            compare_list(comparison, key, inner, old, new);
        else if (key->kind == CONFIG_SECTION)
            compare_section(comparison, key->section, inner, old + key->offset,
                            new + key->offset);
        else if (!is_same(key, old + key->offset, new + key->offset))
            g_ptr_array_add(comparison->paths, g_steal_pointer(&inner));
    }
}

void
config_find_changes(const LiveConfig *old, const LiveConfig *new,
                    GPtrArray *ret_paths)
{
    const Comparison comparison = {old->role, ret_paths};
    assert(old->role == new->role);
    compare_section(&comparison, &CONFIG_SCHEMA, "", (const char *)old,
                    (const char *)new);
}
