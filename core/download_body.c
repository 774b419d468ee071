/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download_body.c: from body bytes of a source to bytes of the file.
 *
 * The CDN's are in the clear and go to the user as they come. An edge's are
 * ciphertext, in whole slices around what is wanted: a slice is opened when
 * it is complete, and only its wanted part is delivered. Where a simulation
 * carries sizes alone, the same slices are counted and nothing is opened.
 */
#include "core/download.h"

#include <string.h>

static Chunk *
copy_part(const uint8_t *bytes, uint64_t size_bytes)
{
    Chunk *chunk = chunk_new((uint32_t)size_bytes);
    memcpy(chunk->bytes, bytes, size_bytes);
    return chunk;
}

/* Deliver the wanted part of plain data; bytes is NULL for sizes alone. */
static void
deliver(Client *client, Source *source, const Extent *plain,
        const uint8_t *bytes, Turn *turn)
{
    Download *download = client->download;
    uint64_t end_bytes = plain->offset_bytes + plain->size_bytes;
    uint64_t from_bytes = MAX(plain->offset_bytes, source->wanted.start_bytes);
    uint64_t to_bytes = MIN(end_bytes, source->wanted.end_bytes);
    if (from_bytes >= to_bytes)
        return;
    assert(from_bytes == source->wanted.start_bytes);
    Extent part = *plain;
    part.offset_bytes = from_bytes;
    part.size_bytes = to_bytes - from_bytes;
    part.chunk = NULL;
    if (bytes)
        part.chunk = copy_part(bytes + (from_bytes - plain->offset_bytes),
                               part.size_bytes);
    turn_deliver(turn, &part);
    if (part.chunk)
        chunk_unref(part.chunk);
    source->wanted.start_bytes = to_bytes;
    source->done_bytes += part.size_bytes;
    source->failure_count = 0;
    download->done_bytes[source->kind] += part.size_bytes;
}

static uint32_t
slice_size_bytes(const Download *download, uint64_t start_bytes)
{
    uint64_t left_bytes = download->command.file_bytes - start_bytes;
    return (uint32_t)MIN(left_bytes, download->plan.slice_bytes);
}

/* Open the slices that these bytes complete. */
static bool
take_sealed_bytes(Client *client, Source *source, Extent plain,
                  const uint8_t *bytes, Turn *turn)
{
    const Download *download = client->download;
    uint64_t left_bytes = plain.size_bytes;
    if (!source->slice)
        source->slice = g_malloc(download->plan.slice_bytes);
    while (left_bytes > 0) {
        uint64_t slice = plain.offset_bytes / download->plan.slice_bytes;
        uint64_t start_bytes = slice * download->plan.slice_bytes;
        uint32_t size_bytes = slice_size_bytes(download, start_bytes);
        uint64_t need_bytes = size_bytes - source->slice_fill_bytes;
        uint32_t part_bytes = (uint32_t)MIN(left_bytes, need_bytes);
        memcpy(source->slice + source->slice_fill_bytes, bytes, part_bytes);
        source->slice_fill_bytes += part_bytes;
        bytes += part_bytes;
        left_bytes -= part_bytes;
        plain.offset_bytes += part_bytes;
        if (source->slice_fill_bytes < size_bytes)
            break;
        source->slice_fill_bytes = 0;
        turn_work(turn, WORK_OPEN, 1, size_bytes);
        if (!sealer_open(client->sealer, slice, source->slice, source->slice,
                         size_bytes, NULL))
            return false;
        Extent opened = plain;
        opened.offset_bytes = start_bytes;
        opened.size_bytes = size_bytes;
        deliver(client, source, &opened, source->slice, turn);
    }
    return true;
}

/* The same, for sizes alone. */
static void
take_sealed_size(Client *client, Source *source, Extent plain, Turn *turn)
{
    const Download *download = client->download;
    uint32_t slice_bytes = download->plan.slice_bytes;
    uint64_t end_bytes = plain.offset_bytes + plain.size_bytes;
    uint64_t whole_bytes = end_bytes - end_bytes % slice_bytes;
    if (end_bytes == download->command.file_bytes)
        whole_bytes = end_bytes;
    uint64_t start_bytes =
        plain.offset_bytes - plain.offset_bytes % slice_bytes;
    if (whole_bytes <= start_bytes)
        return;
    plain.offset_bytes = start_bytes;
    plain.size_bytes = whole_bytes - start_bytes;
    turn_work(turn, WORK_OPEN,
              (plain.size_bytes + slice_bytes - 1) / slice_bytes,
              plain.size_bytes);
    deliver(client, source, &plain, NULL, turn);
}

static bool
is_in_place(const Download *download, const Source *source,
            const HttpPiece *piece, bool is_sealed)
{
    uint64_t end_bytes = source->next_bytes + piece->size_bytes;
    if (source->state != SOURCE_ANSWERED || end_bytes > source->asked.end_bytes)
        return false;
    if (piece->bytes)
        return true;
    const Extent *extent = piece->extent;
    return extent->offset_bytes == source->next_bytes &&
           extent->version == download->command.version &&
           extent->is_sealed == is_sealed;
}

bool
source_take_body(Client *client, Source *source, const HttpPiece *piece,
                 Turn *turn)
{
    const Download *download = client->download;
    bool is_sealed =
        source->kind == SOURCE_EDGE && download->plan.alg != ALG_PLAIN;
    if (!is_in_place(download, source, piece, is_sealed))
        return false;
    const uint8_t *bytes = piece->bytes;
    if (!bytes && piece->extent->chunk)
        bytes = piece->extent->chunk->bytes;
    Extent plain = {
        .offset_bytes = source->next_bytes,
        .size_bytes = piece->size_bytes,
        .version = download->command.version,
        .file = piece->bytes ? download->command.tag : piece->extent->file,
    };
    source->next_bytes += piece->size_bytes;
    if (!is_sealed)
        deliver(client, source, &plain, bytes, turn);
    else if (bytes)
        return take_sealed_bytes(client, source, plain, bytes, turn);
    else
        take_sealed_size(client, source, plain, turn);
    return true;
}
