/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/agenda.h: what happens next.
 *
 * Entries are ordered by (time, key). The key names an entity (kind and
 * number), so the order of events at one instant depends on who they concern,
 * never on when they were scheduled. Agendas are lazy: an entity that changes
 * its mind leaves the old entry behind and ignores it when it comes up.
 *
 * Only the entries of the next 33 us or so are kept in order, in a heap small
 * enough for the fastest cache. Those of the second after that lie unsorted
 * in a wheel of buckets, and what is further off (edges that sleep for a
 * minute) in a heap of its own that is rarely touched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/coder.h"

/* At equal times, kinds take their turns in this order. */
typedef enum AgendaKind {
    AGENDA_PROCESS, /* congestion, background load */
    AGENDA_CHURN,   /* an edge comes or goes */
    AGENDA_LINK,    /* the head of a busy link reaches its far end */
    AGENDA_TIMER,   /* an endpoint's earliest timer */
    AGENDA_CPU,     /* a node's work is done */
    AGENDA_WAKE,    /* a node's wake_ns */
    AGENDA_FLOW,    /* a bare flow starts */
    AGENDA_COMMAND, /* the workload's next command */
    AGENDA_SAMPLE,  /* the recorder's next sample */
} AgendaKind;

typedef struct AgendaEntry {
    int64_t time_ns;
    uint64_t key;
} AgendaEntry;

typedef struct AgendaHeap {
    AgendaEntry *entries; /* 4-ary */
    uint32_t count;
    uint32_t capacity;
} AgendaHeap;

#define AGENDA_BATCH_ENTRIES 15u

/* A bucket of the wheel is a chain of batches. */
typedef struct AgendaBatch {
    uint32_t next;
    uint32_t count;
    AgendaEntry entries[AGENDA_BATCH_ENTRIES];
} AgendaBatch;

typedef struct Agenda {
    AgendaHeap near;       /* slots before near_slot, and nothing else */
    AgendaHeap far;        /* what was beyond the wheel when it came */
    uint64_t near_slot;    /* the first slot of the wheel */
    uint32_t *buckets;     /* first batch by slot modulo their number */
    uint64_t *busy;        /* a bit for each bucket that holds something */
    uint32_t bucket_count; /* a power of two */
    uint32_t slot_bits;    /* a slot is 2^slot_bits ns long */
    AgendaBatch *batches;
    uint32_t batch_count;
    uint32_t batch_capacity;
    uint32_t free_batch;
    uint32_t count; /* of all entries */
    uint64_t popped_total;
} Agenda;

/* Where several agendas share what happens, each has fewer and longer slots;
 * that changes no order. */
void agenda_init(Agenda *agenda, uint32_t share);
void agenda_clear(Agenda *agenda);
void agenda_push(Agenda *agenda, int64_t time_ns, AgendaKind kind, uint32_t id);
/* TIME_NEVER when nothing is left. */
int64_t agenda_peek_ns(Agenda *agenda);
AgendaEntry agenda_pop(Agenda *agenda);
/* All of it, written, or read into one that was initialised alike. */
void agenda_code(Agenda *agenda, Coder *coder);

/* Schedule an entity that keeps the time of its live entry in *entry_ns:
 * pushes only when time_ns is earlier than what already stands there. */
static inline void
agenda_move(Agenda *agenda, int64_t *entry_ns, int64_t time_ns, uint64_t key)
{
    if (time_ns >= *entry_ns)
        return;
    *entry_ns = time_ns;
    agenda_push(agenda, time_ns, (AgendaKind)(key >> 32), (uint32_t)key);
}

static inline uint64_t
agenda_key(AgendaKind kind, uint32_t id)
{
    return (uint64_t)kind << 32 | id;
}

static inline AgendaKind
agenda_kind(const AgendaEntry *entry)
{
    return (AgendaKind)(entry->key >> 32);
}
