/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/pipe.h: what waits in one place of the stage, bytes and extents in
 * order, to be taken in pieces of any size.
 */
#pragma once

#include "core/event.h"

#include <glib.h>

typedef struct Piece {
    uint64_t size_bytes; /* 0: the end of the stream */
    uint8_t *bytes;      /* NULL: the extent */
    Extent extent;
} Piece;

typedef struct Pipe {
    GQueue pieces;
    uint64_t size_bytes;
} Pipe;

void pipe_init(Pipe *pipe);
void pipe_clear(Pipe *pipe);
void pipe_push_bytes(Pipe *pipe, const uint8_t *bytes, uint64_t size_bytes);
void pipe_push_extent(Pipe *pipe, const Extent *extent);
void pipe_push_end(Pipe *pipe);
void pipe_take(Pipe *pipe, Piece *piece);
/* The first piece, cut at size_bytes_max; NULL when nothing waits. */
Piece *pipe_steal(Pipe *pipe, uint64_t size_bytes_max);
bool pipe_is_empty(const Pipe *pipe);
void piece_free(Piece *piece);
