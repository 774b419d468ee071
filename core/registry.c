/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/registry.c: the manager's edges as they are kept over a restart.
 */
#include "core/registry.h"

#include "core/number.h"
#include "core/wire.h"

#include <assert.h>
#include <string.h>

#define FLUSH_INTERVAL_NS NS_PER_S
#define FLUSH_COUNT 1024u /* records in one turn */
#define EDGE_KEY_BYTES 4u
#define HEARD_BYTES 8u

CODER_KNOWS(Registry, 0, 0, 0, 0);
CODER_KNOWS(RegistryEntry, 0, 0, 0);

void
registry_init(Registry *registry)
{
    *registry = (Registry){.first_due = EDGE_NONE, .flush_ns = TIME_NEVER};
}

void
registry_clear(Registry *registry)
{
    g_free(registry->entries);
}

static void
reserve(Registry *registry, uint32_t edge)
{
    if (edge < registry->capacity)
        return;
    uint32_t old = registry->capacity;
    registry->capacity = MAX(MAX(16, 2 * old), edge + 1);
    registry->entries =
        g_renew(RegistryEntry, registry->entries, registry->capacity);
    memset(&registry->entries[old], 0,
           (registry->capacity - old) * sizeof *registry->entries);
}

void
registry_restored(Registry *registry, uint32_t edge, int64_t heard_ns)
{
    reserve(registry, edge);
    registry->entries[edge].kept_ns = heard_ns;
}

void
registry_keep(Registry *registry, uint32_t edge, int64_t heard_ns,
              int64_t now_ns)
{
    registry_restored(registry, edge, heard_ns);
    RegistryEntry *entry = &registry->entries[edge];
    if (entry->is_due)
        return;
    entry->is_due = true;
    entry->next_due = registry->first_due;
    registry->first_due = edge;
    if (registry->flush_ns == TIME_NEVER)
        registry->flush_ns = now_ns + FLUSH_INTERVAL_NS;
}

int64_t
registry_kept_ns(const Registry *registry, uint32_t edge)
{
    assert(edge < registry->capacity);
    return registry->entries[edge].kept_ns;
}

static uint32_t
write_value(const ListedEdge *edge, int64_t heard_ns, uint8_t *value)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    RegisterMessage message = {
        .edge = edge->peer,
        .address = edge->address,
        .region = edge->region,
        .isp = edge->isp,
        .uplink_bps = edge->health.bandwidth_bps,
    };
    uint32_t size_bytes = wire_write_register(&message, bytes);
    number_put(value, (uint64_t)(heard_ns / NS_PER_MS), HEARD_BYTES);
    memcpy(value + HEARD_BYTES, bytes, size_bytes);
    return HEARD_BYTES + size_bytes;
}

static void
store_first_due(Registry *registry, const Selection *selection, Turn *turn)
{
    uint32_t edge = registry->first_due;
    RegistryEntry *entry = &registry->entries[edge];
    const ListedEdge *listed = &selection->edges[edge];
    registry->first_due = entry->next_due;
    entry->is_due = false;
    Record record = {.key_bytes = EDGE_KEY_BYTES};
    number_put(record.key, listed->peer, EDGE_KEY_BYTES);
    if (listed->is_listed)
        record.value_bytes = write_value(listed, entry->kept_ns, record.value);
    turn_store(turn, edge, &record);
}

void
registry_flush(Registry *registry, const Selection *selection, int64_t now_ns,
               Turn *turn)
{
    if (now_ns < registry->flush_ns)
        return;
    for (uint32_t count = 0; count < FLUSH_COUNT; count++)
        if (registry->first_due != EDGE_NONE)
            store_first_due(registry, selection, turn);
    registry->flush_ns = registry->first_due != EDGE_NONE
                             ? now_ns + FLUSH_INTERVAL_NS
                             : TIME_NEVER;
}

void
registry_flush_all(Registry *registry, const Selection *selection, Turn *turn)
{
    while (registry->first_due != EDGE_NONE)
        store_first_due(registry, selection, turn);
    registry->flush_ns = TIME_NEVER;
}

bool
registry_parse(const Record *record, ListedEdge *ret_edge,
               int64_t *ret_heard_ns)
{
    RegisterMessage message;
    if (record->key_bytes != EDGE_KEY_BYTES ||
        record->value_bytes < HEARD_BYTES)
        return false;
    uint64_t heard_ms = number_at(record->value, HEARD_BYTES);
    if (heard_ms > INT64_MAX / NS_PER_MS ||
        !wire_parse_register(record->value + HEARD_BYTES,
                             record->value_bytes - HEARD_BYTES, &message) ||
        message.edge != number_at(record->key, EDGE_KEY_BYTES))
        return false;
    *ret_heard_ns = (int64_t)heard_ms * NS_PER_MS;
    *ret_edge = (ListedEdge){
        .peer = message.edge,
        .address = message.address,
        .region = message.region,
        .isp = message.isp,
        .health = {.bandwidth_bps = message.uplink_bps},
    };
    return true;
}

/* Those that are due, in their order, from which the list is made anew. */
static void
code_due(Registry *registry, uint32_t edge_count, Coder *coder)
{
    uint32_t count = 0;
    uint32_t *place = &registry->first_due;
    for (uint32_t edge = *place; edge != EDGE_NONE;
         edge = registry->entries[edge].next_due)
        count++;
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t edge = *place;
        coder_u32(coder, &edge);
        coder->is_bad |= edge >= edge_count ||
                         (coder->is_reading && registry->entries[edge].is_due);
        if (coder->is_bad)
            return;
        RegistryEntry *entry = &registry->entries[edge];
        if (coder->is_reading) {
            entry->is_due = true;
            entry->next_due = EDGE_NONE;
            *place = edge;
        }
        place = &entry->next_due;
    }
}

void
registry_code(Registry *registry, uint32_t edge_count, Coder *coder)
{
    coder_i64(coder, &registry->flush_ns);
    if (coder->is_reading && edge_count > 0)
        reserve(registry, edge_count - 1);
    assert(edge_count <= registry->capacity);
    for (uint32_t edge = 0; edge < edge_count; edge++)
        coder_i64(coder, &registry->entries[edge].kept_ns);
    code_due(registry, edge_count, coder);
}
