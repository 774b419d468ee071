/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/reader_name.c: names that a scenario uses, as indices of what has them.
 */
#include "sim/reader.h"

#include <assert.h>
#include <string.h>

#define NAMES_COMPARED_MAX 10000u

/* A list whose items begin with their name. */
typedef struct NameList {
    const char *items;
    size_t item_bytes;
    uint32_t count;
    GHashTable *indices; /* name to index + 1; only looked up, never walked */
} NameList;

static const char *
name_at(const NameList *list, uint32_t index)
{
    const char *name = NULL;
    assert(index < list->count);
    memcpy(&name, list->items + index * list->item_bytes, sizeof name);
    return name;
}

static NameList
list_names(const Scenario *scenario, ReferenceKind kind)
{
    const PlanNetwork *network = &scenario->network;
    switch (kind) {
    case REFERENCE_ISP:
        return (NameList){(const char *)network->isps, sizeof(PlanName),
                          network->isp_count, NULL};
    case REFERENCE_REGION:
        return (NameList){(const char *)network->regions, sizeof(PlanRegion),
                          network->region_count, NULL};
    case REFERENCE_NODE:
        return (NameList){(const char *)network->nodes, sizeof(PlanNode),
                          network->node_count, NULL};
    case REFERENCE_PROFILE:
        return (NameList){(const char *)network->profiles, sizeof(PlanProfile),
                          network->profile_count, NULL};
    case REFERENCE_HOST:
        return (NameList){(const char *)scenario->hosts, sizeof(PlanHost),
                          scenario->host_count, NULL};
    case REFERENCE_TRANSPORT:
        return (NameList){(const char *)scenario->transports,
                          sizeof(PlanTransport), scenario->transport_count,
                          NULL};
    case REFERENCE_NONE:
    case REFERENCE_KIND_COUNT:
        break;
    }
    return (NameList){NULL, 0, 0, NULL};
}

static void
index_names(NameList *list)
{
    list->indices = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t at = 0; at < list->count; at++) {
        const char *name = name_at(list, at);
        if (name)
            g_hash_table_insert(list->indices, (void *)name,
                                GUINT_TO_POINTER(at + 1));
    }
}

static uint32_t
find_name(const NameList *list, const char *name)
{
    guint found = GPOINTER_TO_UINT(g_hash_table_lookup(list->indices, name));
    return found ? found - 1 : PLAN_NONE;
}

/* "sender12": member 12 of the group "sender". */
static bool
find_member(const Scenario *scenario, const NameList *hosts, const char *name,
            PlanHostEnd *ret_end)
{
    size_t stem_bytes = strlen(name);
    while (stem_bytes > 0 && g_ascii_isdigit(name[stem_bytes - 1]))
        stem_bytes--;
    /* "a01" is not a member, and a stem may itself end in digits. */
    for (; name[stem_bytes]; stem_bytes++) {
        if (name[stem_bytes] == '0' && name[stem_bytes + 1])
            continue;
        g_autofree char *stem = g_strndup(name, stem_bytes);
        guint64 member = g_ascii_strtoull(name + stem_bytes, NULL, 10);
        uint32_t host = find_name(hosts, stem);
        if (host == PLAN_NONE || scenario->hosts[host].count < 2 ||
            member >= scenario->hosts[host].count)
            continue;
        *ret_end = (PlanHostEnd){.host = host, .member = (uint32_t)member};
        return true;
    }
    return false;
}

static void
complain_of_name(Reader *reader, const NameList *list, const Pending *pending)
{
    /* Looking for the nearest of many names for many errors takes long. */
    bool is_helpful = reader->complaints->list->len < COMPLAINTS_MAX &&
                      list->count < NAMES_COMPARED_MAX;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (uint32_t at = 0; is_helpful && at < list->count; at++) {
        if (name_at(list, at))
            g_ptr_array_add(words, (void *)name_at(list, at));
    }
    g_ptr_array_add(words, NULL);
    g_autofree char *suggestion =
        complaint_suggestion(pending->name, (const char *const *)words->pdata);
    complain(reader->complaints, pending->mark, "%s: there is no %s '%s'%s",
             pending->key, reference_noun(pending->kind), pending->name,
             suggestion);
}

static void
resolve_name(Reader *reader, const NameList *list, const Pending *pending)
{
    uint32_t index = find_name(list, pending->name);
    if (pending->end && index == PLAN_NONE &&
        find_member(reader->scenario, list, pending->name, pending->end))
        return;
    if (index == PLAN_NONE)
        complain_of_name(reader, list, pending);
    else if (pending->end)
        *pending->end = (PlanHostEnd){.host = index, .member = PLAN_NONE};
    else if (pending->point)
        pending->point->value = index;
    else
        *pending->slot = index;
}

/* A host and a member of a group must not be called the same. */
static void
check_members(Reader *reader, const NameList *hosts, const TreeNode *root)
{
    for (uint32_t at = 0; at < hosts->count; at++) {
        PlanHostEnd end;
        const char *name = name_at(hosts, at);
        if (!name || !find_member(reader->scenario, hosts, name, &end))
            continue;
        const TreeEntry *entry = tree_find(root, "hosts");
        assert(entry);
        complain(reader->complaints, entry->value->entries[at].value->mark,
                 "host '%s' is also a member of the group '%s'", name,
                 name_at(hosts, end.host));
    }
}

void
reader_resolve(Reader *reader, const TreeNode *root)
{
    NameList lists[REFERENCE_KIND_COUNT];
    for (guint at = 0; at < REFERENCE_KIND_COUNT; at++) {
        lists[at] = list_names(reader->scenario, (ReferenceKind)at);
        index_names(&lists[at]);
    }
    check_members(reader, &lists[REFERENCE_HOST], root);
    for (guint at = 0; at < reader->pendings->len; at++) {
        const Pending *pending = &g_array_index(reader->pendings, Pending, at);
        resolve_name(reader, &lists[pending->kind], pending);
    }
    for (guint at = 0; at < REFERENCE_KIND_COUNT; at++)
        g_hash_table_unref(lists[at].indices);
}
