/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/agenda.c: a 4-ary heap, whose four children share a cache line.
 */
#include "sim/agenda.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/event.h"

void
agenda_init(Agenda *agenda)
{
    memset(agenda, 0, sizeof *agenda);
}

void
agenda_clear(Agenda *agenda)
{
    g_free(agenda->entries);
    agenda_init(agenda);
}

static inline bool
is_before(const AgendaEntry *a, const AgendaEntry *b)
{
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns;
    return a->key < b->key;
}

void
agenda_push(Agenda *agenda, int64_t time_ns, AgendaKind kind, uint32_t id)
{
    assert(time_ns >= 0);
    assert(time_ns != TIME_NEVER);
    if (agenda->count == agenda->capacity) {
        agenda->capacity = MAX(256, 2 * agenda->capacity);
        agenda->entries =
            g_renew(AgendaEntry, agenda->entries, agenda->capacity);
    }
    AgendaEntry entry = {time_ns, agenda_key(kind, id)};
    uint32_t hole = agenda->count++;
    while (hole > 0) {
        uint32_t parent = (hole - 1) / 4;
        if (!is_before(&entry, &agenda->entries[parent]))
            break;
        agenda->entries[hole] = agenda->entries[parent];
        hole = parent;
    }
    agenda->entries[hole] = entry;
}

int64_t
agenda_peek_ns(const Agenda *agenda)
{
    return agenda->count ? agenda->entries[0].time_ns : TIME_NEVER;
}

static uint32_t
earliest_child(const Agenda *agenda, uint32_t parent)
{
    uint32_t first = 4 * parent + 1;
    uint32_t end = MIN(first + 4, agenda->count);
    uint32_t best = first;
    for (uint32_t child = first + 1; child < end; child++) {
        if (is_before(&agenda->entries[child], &agenda->entries[best]))
            best = child;
    }
    return best;
}

AgendaEntry
agenda_pop(Agenda *agenda)
{
    assert(agenda->count > 0);
    AgendaEntry top = agenda->entries[0];
    AgendaEntry last = agenda->entries[--agenda->count];
    uint32_t hole = 0;
    while (4 * hole + 1 < agenda->count) {
        uint32_t child = earliest_child(agenda, hole);
        if (!is_before(&agenda->entries[child], &last))
            break;
        agenda->entries[hole] = agenda->entries[child];
        hole = child;
    }
    if (agenda->count > 0)
        agenda->entries[hole] = last;
    agenda->popped_total++;
    return top;
}
