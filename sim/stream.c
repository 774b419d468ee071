/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/stream.c: a ring of runs.
 */
#include "sim/stream.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/event_code.h"

static Run *
run_at(const Stream *stream, uint32_t index)
{
    return &stream->runs[(stream->head + index) & (stream->capacity - 1)];
}

void
run_clear(Run *run)
{
    if (run->extent.chunk)
        chunk_unref(run->extent.chunk);
    run->extent.chunk = NULL;
}

void
stream_clear(Stream *stream)
{
    for (uint32_t i = 0; i < stream->count; i++)
        run_clear(run_at(stream, i));
    g_free(stream->runs);
    memset(stream, 0, sizeof *stream);
}

static Chunk *
chunk_copy(const Chunk *chunk, uint64_t offset_bytes, uint64_t size_bytes)
{
    Chunk *copy = chunk_new((uint32_t)size_bytes);
    memcpy(copy->bytes, chunk->bytes + offset_bytes, size_bytes);
    return copy;
}

static Run *
push(Stream *stream)
{
    if (stream->count == stream->capacity) {
        uint32_t capacity = MAX(4, 2 * stream->capacity);
        Run *runs = g_new(Run, capacity);
        for (uint32_t i = 0; i < stream->count; i++)
            runs[i] = *run_at(stream, i);
        g_free(stream->runs);
        stream->runs = runs;
        stream->capacity = capacity;
        stream->head = 0;
    }
    Run *run = run_at(stream, stream->count++);
    memset(run, 0, sizeof *run);
    return run;
}

Run
run_of_bytes(const void *bytes, uint32_t size_bytes)
{
    assert(size_bytes > 0);
    Run run = {.is_bytes = true, .size_bytes = size_bytes};
    run.extent.chunk = chunk_new(size_bytes);
    memcpy(run.extent.chunk->bytes, bytes, size_bytes);
    return run;
}

Run
run_of_extent(const Extent *extent)
{
    assert(extent->size_bytes > 0);
    Run run = {.extent = *extent, .size_bytes = extent->size_bytes};
    if (extent->chunk)
        run.extent.chunk = chunk_copy(extent->chunk, 0, extent->size_bytes);
    return run;
}

Run
run_part(const Run *run, uint64_t size_bytes)
{
    assert(size_bytes > 0);
    assert(size_bytes <= run->size_bytes);
    Run part = *run;
    part.size_bytes = size_bytes;
    part.chunk_offset = 0;
    if (run->extent.chunk)
        part.extent.chunk =
            chunk_copy(run->extent.chunk, run->chunk_offset, size_bytes);
    return part;
}

static bool
continues(const Run *run, const Run *next)
{
    const Extent *old = &run->extent;
    const Extent *extent = &next->extent;
    return !run->is_bytes && !next->is_bytes && !old->chunk && !extent->chunk &&
           old->file == extent->file && old->version == extent->version &&
           old->is_sealed == extent->is_sealed &&
           old->offset_bytes + run->size_bytes == extent->offset_bytes;
}

void
stream_append(Stream *stream, const Run *run)
{
    if (stream->count) {
        Run *last = run_at(stream, stream->count - 1);
        if (continues(last, run)) {
            last->size_bytes += run->size_bytes;
            return;
        }
    }
    *push(stream) = *run;
}

const Run *
stream_peek(const Stream *stream)
{
    assert(stream->count > 0);
    return run_at(stream, 0);
}

void
stream_skip(Stream *stream, uint64_t size_bytes)
{
    assert(stream->count > 0);
    Run *run = run_at(stream, 0);
    assert(size_bytes <= run->size_bytes);
    run->size_bytes -= size_bytes;
    run->chunk_offset += size_bytes;
    run->extent.offset_bytes += size_bytes;
    if (run->size_bytes > 0)
        return;
    run_clear(run);
    stream->head = (stream->head + 1) & (stream->capacity - 1);
    stream->count--;
    if (stream->count == 0)
        stream_clear(stream); /* most have nothing waiting, mostly */
}

void
run_cut(const Run *run, uint64_t size_bytes, Extent *ret_extent)
{
    assert(!run->is_bytes);
    assert(size_bytes <= run->size_bytes);
    *ret_extent = run->extent;
    ret_extent->size_bytes = size_bytes;
    if (!run->extent.chunk)
        return;
    ret_extent->chunk =
        chunk_copy(run->extent.chunk, run->chunk_offset, size_bytes);
}

CODER_KNOWS(Run, 0, 0, {0}, 0);
CODER_KNOWS(Stream, 0, 0, 0, 0);

void
run_code(Run *run, Coder *coder)
{
    coder_u64(coder, &run->size_bytes);
    coder_u64(coder, &run->chunk_offset);
    coder_flag(coder, &run->is_bytes);
    extent_code(&run->extent, coder);
}

void
stream_code(Stream *stream, Coder *coder)
{
    uint32_t count = stream->count;
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count && !coder->is_bad; i++) {
        Run *run = coder->is_reading ? push(stream) : run_at(stream, i);
        run_code(run, coder);
    }
}
