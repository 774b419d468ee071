/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/stream.h: what one direction of a connection carries, in order.
 *
 * Packets carry byte counts only; the content waits here, from the moment it
 * is written until the other side reads it. Runs of file data that continue
 * one another are one run, so a relayed gigabyte is a single entry.
 */
#pragma once

#include "core/coder.h"
#include "core/event.h"

typedef struct Run {
    uint64_t size_bytes;
    uint64_t chunk_offset; /* of the run's first byte in its chunk */
    Extent extent;         /* size_bytes stands above, not in it */
    bool is_bytes;         /* real bytes: message heads and small bodies */
} Run;

typedef struct Stream {
    Run *runs;
    uint32_t head;
    uint32_t count;
    uint32_t capacity; /* a power of two, or 0 */
} Stream;

void stream_clear(Stream *stream);
/* Takes the run, with its reference. */
void stream_append(Stream *stream, const Run *run);
/* The first run; lent until the next call. There must be one. */
const Run *stream_peek(const Stream *stream);
/* Drop the first size_bytes, which lie in the first run. */
void stream_skip(Stream *stream, uint64_t size_bytes);
/* All that waits, written, or read into an empty stream. */
void stream_code(Stream *stream, Coder *coder);
void run_code(Run *run, Coder *coder);

/* Runs with chunks of their own, each with one reference. */
Run run_of_bytes(const void *bytes, uint32_t size_bytes);
Run run_of_extent(const Extent *extent);
/* The first size_bytes of a run. */
Run run_part(const Run *run, uint64_t size_bytes);
void run_clear(Run *run);
/* The first size_bytes of a file run as an extent of its own, with one
 * reference to a chunk of just that size; *ret_extent is the caller's. */
void run_cut(const Run *run, uint64_t size_bytes, Extent *ret_extent);
