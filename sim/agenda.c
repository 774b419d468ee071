/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/agenda.c: a wheel between two heaps.
 *
 * The order is the heap's alone: a bucket is poured into the near heap as a
 * whole before any of its entries can be next, so the wheel needs no order
 * and its width changes no result.
 */
#include "sim/agenda.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/event.h"

/* With a thousand events a simulated millisecond, widths of 2^14 to 2^17 ns
 * take the same time, 2^20 ns about 7 % longer (the heap leaves the cache).
 * With thirty times as many, what is prefetched for a slot of this width still
 * fits a cache. */
#define SLOT_BITS 15
#define SLOT_BITS_MAX 20
#define WHEEL_BITS 30 /* of the time that the wheel spans */
#define BATCH_NONE UINT32_MAX

void
agenda_init(Agenda *agenda, uint32_t share)
{
    memset(agenda, 0, sizeof *agenda);
    agenda->free_batch = BATCH_NONE;
    agenda->slot_bits = SLOT_BITS;
    for (; share > 1 && agenda->slot_bits < SLOT_BITS_MAX; share /= 2)
        agenda->slot_bits++;
    agenda->bucket_count = 1u << (WHEEL_BITS - agenda->slot_bits);
}

void
agenda_clear(Agenda *agenda)
{
    g_free(agenda->near.entries);
    g_free(agenda->far.entries);
    g_free(agenda->buckets);
    g_free(agenda->busy);
    g_free(agenda->batches);
    agenda_init(agenda, 1);
}

static inline bool
is_before(const AgendaEntry *a, const AgendaEntry *b)
{
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns;
    return a->key < b->key;
}

static inline uint64_t
slot_of(const Agenda *agenda, const AgendaEntry *entry)
{
    return (uint64_t)entry->time_ns >> agenda->slot_bits;
}

static void
heap_push(AgendaHeap *heap, AgendaEntry entry)
{
    if (heap->count == heap->capacity) {
        heap->capacity = MAX(256, 2 * heap->capacity);
        heap->entries = g_renew(AgendaEntry, heap->entries, heap->capacity);
    }
    uint32_t hole = heap->count++;
    while (hole > 0) {
        uint32_t parent = (hole - 1) / 4;
        if (!is_before(&entry, &heap->entries[parent]))
            break;
        heap->entries[hole] = heap->entries[parent];
        hole = parent;
    }
    heap->entries[hole] = entry;
}

static uint32_t
earliest_child(const AgendaHeap *heap, uint32_t parent)
{
    uint32_t first = 4 * parent + 1;
    uint32_t end = MIN(first + 4, heap->count);
    uint32_t best = first;
    for (uint32_t child = first + 1; child < end; child++) {
        if (is_before(&heap->entries[child], &heap->entries[best]))
            best = child;
    }
    return best;
}

static AgendaEntry
heap_pop(AgendaHeap *heap)
{
    AgendaEntry top = heap->entries[0];
    AgendaEntry last = heap->entries[--heap->count];
    uint32_t hole = 0;
    while (4 * hole + 1 < heap->count) {
        uint32_t child = earliest_child(heap, hole);
        if (!is_before(&heap->entries[child], &last))
            break;
        heap->entries[hole] = heap->entries[child];
        hole = child;
    }
    if (heap->count > 0)
        heap->entries[hole] = last;
    return top;
}

static void
make_wheel(Agenda *agenda)
{
    agenda->buckets = g_new(uint32_t, agenda->bucket_count);
    for (uint32_t i = 0; i < agenda->bucket_count; i++)
        agenda->buckets[i] = BATCH_NONE;
    agenda->busy = g_new0(uint64_t, agenda->bucket_count / 64);
}

static uint32_t
take_batch(Agenda *agenda, uint32_t next)
{
    uint32_t batch = agenda->free_batch;
    if (batch != BATCH_NONE) {
        agenda->free_batch = agenda->batches[batch].next;
    } else {
        if (agenda->batch_count == agenda->batch_capacity) {
            agenda->batch_capacity = MAX(16, 2 * agenda->batch_capacity);
            agenda->batches =
                g_renew(AgendaBatch, agenda->batches, agenda->batch_capacity);
        }
        batch = agenda->batch_count++;
    }
    agenda->batches[batch].next = next;
    agenda->batches[batch].count = 0;
    return batch;
}

static void
wheel_push(Agenda *agenda, AgendaEntry entry)
{
    if (!agenda->buckets)
        make_wheel(agenda);
    uint32_t place =
        (uint32_t)(slot_of(agenda, &entry) & (agenda->bucket_count - 1));
    uint32_t batch = agenda->buckets[place];
    if (batch == BATCH_NONE ||
        agenda->batches[batch].count == AGENDA_BATCH_ENTRIES) {
        batch = take_batch(agenda, batch);
        agenda->buckets[place] = batch;
        agenda->busy[place / 64] |= UINT64_C(1) << (place % 64);
    }
    AgendaBatch *target = &agenda->batches[batch];
    target->entries[target->count++] = entry;
}

void
agenda_push(Agenda *agenda, int64_t time_ns, AgendaKind kind, uint32_t id)
{
    assert(time_ns >= 0);
    assert(time_ns != TIME_NEVER);
    AgendaEntry entry = {time_ns, agenda_key(kind, id)};
    agenda->count++;
    uint64_t slot = slot_of(agenda, &entry);
    if (slot < agenda->near_slot)
        heap_push(&agenda->near, entry);
    else if (slot - agenda->near_slot < agenda->bucket_count)
        wheel_push(agenda, entry);
    else
        heap_push(&agenda->far, entry);
}

/* The first slot of the wheel that holds something, or UINT64_MAX. */
static uint64_t
first_busy_slot(const Agenda *agenda)
{
    if (!agenda->busy)
        return UINT64_MAX;
    uint32_t start = (uint32_t)(agenda->near_slot & (agenda->bucket_count - 1));
    uint32_t word = start / 64;
    uint64_t bits = agenda->busy[word] & (UINT64_MAX << (start % 64));
    /* Once around, and the first word's lower part again. */
    for (uint32_t i = 0; i <= agenda->bucket_count / 64; i++) {
        if (bits != 0) {
            uint32_t place = word * 64 + (uint32_t)__builtin_ctzll(bits);
            return agenda->near_slot +
                   ((place - start) & (agenda->bucket_count - 1));
        }
        word = (word + 1) % (agenda->bucket_count / 64);
        bits = agenda->busy[word];
    }
    return UINT64_MAX;
}

static void
pour_bucket(Agenda *agenda, uint64_t slot)
{
    uint32_t place = (uint32_t)(slot & (agenda->bucket_count - 1));
    uint32_t batch = agenda->buckets[place];
    while (batch != BATCH_NONE) {
        AgendaBatch *poured = &agenda->batches[batch];
        for (uint32_t i = 0; i < poured->count; i++)
            heap_push(&agenda->near, poured->entries[i]);
        uint32_t next = poured->next;
        poured->next = agenda->free_batch;
        agenda->free_batch = batch;
        batch = next;
    }
    agenda->buckets[place] = BATCH_NONE;
    agenda->busy[place / 64] &= ~(UINT64_C(1) << (place % 64));
}

/* Bring the earliest slot that holds something into the near heap. */
static void
refill(Agenda *agenda)
{
    uint64_t wheel_slot = first_busy_slot(agenda);
    uint64_t far_slot = UINT64_MAX;
    if (agenda->far.count > 0)
        far_slot = slot_of(agenda, &agenda->far.entries[0]);
    uint64_t slot = MIN(wheel_slot, far_slot);
    if (wheel_slot == slot)
        pour_bucket(agenda, slot);
    while (agenda->far.count > 0 &&
           slot_of(agenda, &agenda->far.entries[0]) == slot)
        heap_push(&agenda->near, heap_pop(&agenda->far));
    agenda->near_slot = slot + 1;
}

int64_t
agenda_peek_ns(Agenda *agenda)
{
    if (agenda->count == 0)
        return TIME_NEVER;
    if (agenda->near.count == 0)
        refill(agenda);
    return agenda->near.entries[0].time_ns;
}

AgendaEntry
agenda_pop(Agenda *agenda)
{
    assert(agenda->count > 0);
    if (agenda->near.count == 0)
        refill(agenda);
    agenda->count--;
    agenda->popped_total++;
    return heap_pop(&agenda->near);
}

CODER_KNOWS(AgendaHeap, 0, 0, 0);
CODER_KNOWS(Agenda, {0}, {0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

static void
code_heap(AgendaHeap *heap, Coder *coder)
{
    coder_u32(coder, &heap->count);
    if (coder->is_reading) {
        g_free(heap->entries);
        heap->capacity = heap->count;
    }
    heap->entries =
        coder_array(coder, heap->entries, heap->count, sizeof(AgendaEntry));
}

static void
code_wheel(Agenda *agenda, Coder *coder)
{
    bool has_wheel = agenda->buckets;
    coder_flag(coder, &has_wheel);
    if (!has_wheel)
        return;
    if (!agenda->buckets)
        make_wheel(agenda);
    coder_bytes(coder, agenda->buckets,
                agenda->bucket_count * sizeof *agenda->buckets);
    coder_bytes(coder, agenda->busy,
                agenda->bucket_count / 64 * sizeof *agenda->busy);
}

void
agenda_code(Agenda *agenda, Coder *coder)
{
    if (coder->is_reading) {
        g_free(agenda->batches);
        g_free(agenda->buckets);
        g_free(agenda->busy);
        agenda->buckets = NULL;
        agenda->busy = NULL;
    }
    code_heap(&agenda->near, coder);
    code_heap(&agenda->far, coder);
    code_wheel(agenda, coder);
    coder_u32(coder, &agenda->batch_count);
    agenda->batches = coder_array(coder, agenda->batches, agenda->batch_count,
                                  sizeof(AgendaBatch));
    if (coder->is_reading)
        agenda->batch_capacity = agenda->batch_count;
    coder_u32(coder, &agenda->free_batch);
    coder_u64(coder, &agenda->near_slot);
    coder_u32(coder, &agenda->count);
    coder_u64(coder, &agenda->popped_total);
}
