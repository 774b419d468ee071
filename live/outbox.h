/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/outbox.h: bytes that a socket has not taken yet, in order.
 *
 * Chunks are kept by reference, other bytes are copied; an empty one holds
 * no memory.
 */
#pragma once

#include "core/event.h"
#include "live/memory.h"

#include <sys/uio.h>

typedef struct OutPiece OutPiece;

typedef struct Outbox {
    Memory *memory; /* lent: that they are counted in */
    OutPiece *first;
    OutPiece *last;
    uint64_t unsent_bytes;
} Outbox;

/* Bytes to send; without a chunk they are copied if they have to wait. */
typedef struct OutSlice {
    const uint8_t *bytes;
    uint32_t size_bytes;
    Chunk *chunk; /* holds the bytes, or NULL */
} OutSlice;

/* Keep a slice but for its first start_bytes, which are sent. */
void outbox_keep(Outbox *outbox, const OutSlice *slice, uint32_t start_bytes);
/* Name the first pieces; returns how many. They stay. */
uint32_t outbox_gather(const Outbox *outbox, struct iovec *ret_pieces,
                       uint32_t piece_count_max, uint64_t *ret_size_bytes);
/* The first piece, or its first size_bytes_max; there is one. */
OutSlice outbox_peek(const Outbox *outbox, uint32_t size_bytes_max);
/* The first sent_bytes are sent. */
void outbox_advance(Outbox *outbox, uint64_t sent_bytes);
void outbox_clear(Outbox *outbox);
