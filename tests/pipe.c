/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/pipe.c: cuts bytes and extents without losing where they belong.
 */
#include "tests/pipe.h"

#include <assert.h>
#include <string.h>

void
pipe_init(Pipe *pipe)
{
    g_queue_init(&pipe->pieces);
    pipe->size_bytes = 0;
}

void
pipe_clear(Pipe *pipe)
{
    for (Piece *piece; (piece = g_queue_pop_head(&pipe->pieces));)
        piece_free(piece);
    pipe->size_bytes = 0;
}

void
piece_free(Piece *piece)
{
    if (piece->extent.chunk)
        chunk_unref(piece->extent.chunk);
    g_free(piece->bytes);
    g_free(piece);
}

void
pipe_take(Pipe *pipe, Piece *piece)
{
    pipe->size_bytes += piece->size_bytes;
    g_queue_push_tail(&pipe->pieces, piece);
}

void
pipe_push_bytes(Pipe *pipe, const uint8_t *bytes, uint64_t size_bytes)
{
    assert(size_bytes > 0);
    Piece *piece = g_new0(Piece, 1);
    piece->size_bytes = size_bytes;
    piece->bytes = g_memdup2(bytes, size_bytes);
    pipe_take(pipe, piece);
}

void
pipe_push_extent(Pipe *pipe, const Extent *extent)
{
    assert(extent->size_bytes > 0);
    Piece *piece = g_new0(Piece, 1);
    piece->size_bytes = extent->size_bytes;
    piece->extent = *extent;
    if (extent->chunk)
        chunk_ref(extent->chunk);
    pipe_take(pipe, piece);
}

void
pipe_push_end(Pipe *pipe)
{
    pipe_take(pipe, g_new0(Piece, 1));
}

bool
pipe_is_empty(const Pipe *pipe)
{
    return pipe->pieces.length == 0;
}

static Chunk *
cut_chunk(const Chunk *chunk, uint64_t start_bytes, uint64_t size_bytes)
{
    Chunk *cut = chunk_new((uint32_t)size_bytes);
    memcpy(cut->bytes, chunk->bytes + start_bytes, size_bytes);
    return cut;
}

static Piece *
cut_piece(Piece *whole, uint64_t size_bytes)
{
    Piece *first = g_new0(Piece, 1);
    uint64_t left_bytes = whole->size_bytes - size_bytes;
    first->size_bytes = size_bytes;
    whole->size_bytes = left_bytes;
    if (whole->bytes) {
        first->bytes = g_memdup2(whole->bytes, size_bytes);
        memmove(whole->bytes, whole->bytes + size_bytes, left_bytes);
        return first;
    }
    first->extent = whole->extent;
    first->extent.size_bytes = size_bytes;
    whole->extent.offset_bytes += size_bytes;
    whole->extent.size_bytes = left_bytes;
    Chunk *chunk = whole->extent.chunk;
    if (chunk) {
        first->extent.chunk = cut_chunk(chunk, 0, size_bytes);
        whole->extent.chunk = cut_chunk(chunk, size_bytes, left_bytes);
        chunk_unref(chunk);
    }
    return first;
}

Piece *
pipe_steal(Pipe *pipe, uint64_t size_bytes_max)
{
    Piece *head = g_queue_peek_head(&pipe->pieces);
    if (!head)
        return NULL;
    if (head->size_bytes > size_bytes_max)
        head = cut_piece(head, size_bytes_max);
    else
        g_queue_pop_head(&pipe->pieces);
    pipe->size_bytes -= head->size_bytes;
    return head;
}
