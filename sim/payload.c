/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/payload.c: the bytes of simulated files, as a function of position.
 */
#include <glib.h>
#include <string.h>

#include "sim/world.h"

static uint8_t
byte_at(uint32_t file, uint64_t offset_bytes)
{
    uint64_t word = (offset_bytes / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15);
    word ^= (uint64_t)file << 32;
    word = (word ^ (word >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint8_t)(word >> (8 * (offset_bytes % 8)));
}

Chunk *
payload_new(uint32_t file, uint64_t offset_bytes, uint32_t size_bytes)
{
    Chunk *chunk = chunk_new(size_bytes);
    for (uint32_t i = 0; i < size_bytes; i++)
        chunk->bytes[i] = byte_at(file, offset_bytes + i);
    return chunk;
}

bool
payload_is_equal(const Extent *extent)
{
    for (uint32_t i = 0; i < extent->chunk->size_bytes; i++) {
        if (extent->chunk->bytes[i] !=
            byte_at(extent->file, extent->offset_bytes + i))
            return false;
    }
    return true;
}
