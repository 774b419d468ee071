/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/registry.h: the manager's edges as they are kept over a restart.
 *
 * What is kept of an edge is its last registration and when it was heard, as
 * of now and then: a registration is kept, a report only when what is kept
 * has become old, so that 60,000 edges cost a few records a second. Records
 * wait for a moment and leave together. No answer waits for them: an edge
 * that the manager forgot is told so, and registers again.
 *
 *     key    u32 edge
 *     value  u64 ms when heard | a register message, without its cores and
 *            memory
 */
#pragma once

#include "core/coder.h"
#include "core/selection.h"
#include "core/turn.h"

typedef struct RegistryEntry {
    int64_t kept_ns;   /* when the edge was heard, as kept or to be kept */
    uint32_t next_due; /* in the list of those to be stored */
    bool is_due;
} RegistryEntry;

typedef struct Registry {
    RegistryEntry *entries; /* by the edge's index in the selection */
    uint32_t capacity;
    uint32_t first_due; /* EDGE_NONE: nothing is */
    int64_t flush_ns;   /* when to flush next; TIME_NEVER: nothing is due */
} Registry;

void registry_init(Registry *registry);
void registry_clear(Registry *registry);

/* Let the edge be stored soon, as heard at heard_ns; or forgotten, if it is
 * then unlisted. */
void registry_keep(Registry *registry, uint32_t edge, int64_t heard_ns,
                   int64_t now_ns);
/* The edge is kept already, as heard at heard_ns. */
void registry_restored(Registry *registry, uint32_t edge, int64_t heard_ns);
int64_t registry_kept_ns(const Registry *registry, uint32_t edge);
/* Store what is due, up to a bound, if it is time. */
void registry_flush(Registry *registry, const Selection *selection,
                    int64_t now_ns, Turn *turn);
/* Store all that is due now. */
void registry_flush_all(Registry *registry, const Selection *selection,
                        Turn *turn);

/* Read a record back; false unless it is an edge's. */
bool registry_parse(const Record *record, ListedEdge *ret_edge,
                    int64_t *ret_heard_ns);

/* Write it, or read it into an empty one, for a selection of so many edges. */
void registry_code(Registry *registry, uint32_t edge_count, Coder *coder);
