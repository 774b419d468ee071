/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/outbox.c: bytes that a socket has not taken yet, in order.
 */
#include "live/outbox.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

struct OutPiece {
    OutPiece *next;
    Chunk *chunk;
    const uint8_t *bytes; /* in the chunk or in copied */
    uint32_t size_bytes;
    uint8_t copied[];
};

/* The least piece holds all of its chunk, and all pieces hold it once, in
 * whichever outboxes of an owner they are. */
static void
keep_chunk(Memory *memory, Chunk *chunk)
{
    if (chunk_ref(chunk)->kept_count++ == 0)
        memory->held_bytes += chunk->size_bytes;
}

static void
drop_chunk(Memory *memory, Chunk *chunk)
{
    if (--chunk->kept_count == 0)
        memory->held_bytes -= chunk->size_bytes;
    chunk_unref(chunk);
}

void
outbox_keep(Outbox *outbox, const OutSlice *slice, uint32_t start_bytes)
{
    assert(start_bytes < slice->size_bytes);
    uint32_t size_bytes = slice->size_bytes - start_bytes;
    uint32_t copied_bytes = slice->chunk ? 0 : size_bytes;
    OutPiece *piece = g_malloc(sizeof *piece + copied_bytes);
    *piece = (OutPiece){.size_bytes = size_bytes, .chunk = slice->chunk};
    if (slice->chunk) {
        keep_chunk(outbox->memory, slice->chunk);
        piece->bytes = slice->bytes + start_bytes;
    } else {
        outbox->memory->held_bytes += size_bytes;
        memcpy(piece->copied, slice->bytes + start_bytes, size_bytes);
        piece->bytes = piece->copied;
    }
    if (outbox->last)
        outbox->last->next = piece;
    else
        outbox->first = piece;
    outbox->last = piece;
    outbox->unsent_bytes += size_bytes;
}

uint32_t
outbox_gather(const Outbox *outbox, struct iovec *ret_pieces,
              uint32_t piece_count_max, uint64_t *ret_size_bytes)
{
    uint32_t count = 0;
    *ret_size_bytes = 0;
    for (const OutPiece *piece = outbox->first;
         piece && count < piece_count_max; piece = piece->next) {
        ret_pieces[count++] = (struct iovec){
            .iov_base = (void *)(uintptr_t)piece->bytes,
            .iov_len = piece->size_bytes,
        };
        *ret_size_bytes += piece->size_bytes;
    }
    return count;
}

OutSlice
outbox_peek(const Outbox *outbox, uint32_t size_bytes_max)
{
    const OutPiece *piece = outbox->first;
    assert(piece);
    return (OutSlice){piece->bytes, MIN(piece->size_bytes, size_bytes_max),
                      piece->chunk};
}

static void
drop_first(Outbox *outbox)
{
    OutPiece *piece = outbox->first;
    outbox->first = piece->next;
    if (!outbox->first)
        outbox->last = NULL;
    if (piece->chunk)
        drop_chunk(outbox->memory, piece->chunk);
    else
        outbox->memory->held_bytes -=
            (uint64_t)(piece->bytes + piece->size_bytes - piece->copied);
    g_free(piece);
}

void
outbox_advance(Outbox *outbox, uint64_t sent_bytes)
{
    assert(sent_bytes <= outbox->unsent_bytes);
    outbox->unsent_bytes -= sent_bytes;
    while (sent_bytes > 0) {
        OutPiece *piece = outbox->first;
        uint32_t part_bytes = (uint32_t)MIN(sent_bytes, piece->size_bytes);
        piece->bytes += part_bytes;
        piece->size_bytes -= part_bytes;
        sent_bytes -= part_bytes;
        if (piece->size_bytes == 0)
            drop_first(outbox);
    }
}

void
outbox_clear(Outbox *outbox)
{
    while (outbox->first)
        drop_first(outbox);
    outbox->unsent_bytes = 0;
}
