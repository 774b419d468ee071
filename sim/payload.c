/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/payload.c: the bytes of simulated files, as a function of position.
 */
#include <glib.h>
#include <string.h>

#include "sim/world.h"

/* Eight bytes that stand together, the first in the lowest bits. */
static inline uint64_t
word_at(uint32_t file, uint64_t offset_bytes)
{
    uint64_t word = (offset_bytes / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15);
    word ^= (uint64_t)file << 32;
    return (word ^ (word >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
}

/* The bytes of the word that offset_bytes is in, from there on, at most
 * size_bytes of them; returns how many. */
static inline uint32_t
write_word(uint32_t file, uint64_t offset_bytes, uint32_t size_bytes,
           uint8_t bytes[static 8])
{
    uint32_t skipped = offset_bytes % 8;
    uint64_t word = GUINT64_TO_LE(word_at(file, offset_bytes) >> 8 * skipped);
    memcpy(bytes, &word, sizeof word);
    return MIN(8 - skipped, size_bytes);
}

Chunk *
payload_new(uint32_t file, uint64_t offset_bytes, uint32_t size_bytes)
{
    Chunk *chunk = chunk_new(size_bytes);
    for (uint32_t at = 0; at < size_bytes;) {
        uint8_t word[8];
        uint32_t count =
            write_word(file, offset_bytes + at, size_bytes - at, word);
        memcpy(chunk->bytes + at, word, count);
        at += count;
    }
    return chunk;
}

bool
payload_is_equal(const Extent *extent)
{
    const Chunk *chunk = extent->chunk;
    for (uint32_t at = 0; at < chunk->size_bytes;) {
        uint8_t word[8];
        uint32_t count = write_word(extent->file, extent->offset_bytes + at,
                                    chunk->size_bytes - at, word);
        if (memcmp(chunk->bytes + at, word, count) != 0)
            return false;
        at += count;
    }
    return true;
}

Payload
payload_check(const Extent *extent)
{
    if (!extent->chunk)
        return PAYLOAD_NONE;
    return payload_is_equal(extent) ? PAYLOAD_EQUAL : PAYLOAD_DIFFERENT;
}
