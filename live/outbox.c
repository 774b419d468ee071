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
    uint32_t held_bytes;  /* of memory, as long as it is there */
    const uint8_t *bytes; /* in the chunk or in copied */
    uint32_t size_bytes;
    uint8_t copied[];
};

/* A chunk may be kept in pieces, in order and to its end: the last holds all
 * of it. */
static uint32_t
held_bytes_of(const OutSlice *slice, uint32_t size_bytes)
{
    const Chunk *chunk = slice->chunk;
    if (!chunk)
        return size_bytes;
    bool is_last =
        slice->bytes + slice->size_bytes == chunk->bytes + chunk->size_bytes;
    return is_last ? chunk->size_bytes : 0;
}

void
outbox_keep(Outbox *outbox, const OutSlice *slice, uint32_t start_bytes)
{
    assert(start_bytes < slice->size_bytes);
    uint32_t size_bytes = slice->size_bytes - start_bytes;
    uint32_t copied_bytes = slice->chunk ? 0 : size_bytes;
    OutPiece *piece = g_malloc(sizeof *piece + copied_bytes);
    *piece = (OutPiece){.size_bytes = size_bytes,
                        .held_bytes = held_bytes_of(slice, size_bytes)};
    outbox->memory->held_bytes += piece->held_bytes;
    if (slice->chunk) {
        piece->chunk = chunk_ref(slice->chunk);
        piece->bytes = slice->bytes + start_bytes;
    } else {
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
    outbox->memory->held_bytes -= piece->held_bytes;
    if (piece->chunk)
        chunk_unref(piece->chunk);
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
