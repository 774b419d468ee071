/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/memory.h: what the buffers of one owner take together, at most.
 *
 * Buffers count themselves. As the bound comes near, those who fill them
 * take smaller portions; at it, what can wait does (live/relief.c).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* However scarce it is: so nobody waits for ever. */
#define MEMORY_PORTION_BYTES_MIN 4096u

typedef struct Memory {
    uint64_t held_bytes; /* what is under way in pipes, too */
    uint64_t held_bytes_max;
} Memory;

static inline uint64_t
memory_free_bytes(const Memory *memory)
{
    return memory->held_bytes < memory->held_bytes_max
               ? memory->held_bytes_max - memory->held_bytes
               : 0;
}

/* Would so much more be too much? */
static inline bool
memory_is_short(const Memory *memory, uint64_t size_bytes)
{
    return memory_free_bytes(memory) < size_bytes;
}

/* Is half of it gone? Then buffers are filled again when they are empty, and
 * not before. */
static inline bool
memory_is_scarce(const Memory *memory)
{
    return memory_free_bytes(memory) < memory->held_bytes_max / 2;
}

/* What one of many may take now. */
static inline uint32_t
memory_portion(const Memory *memory, uint32_t size_bytes_max)
{
    uint64_t share_bytes = memory_free_bytes(memory) / 256;
    if (share_bytes >= size_bytes_max)
        return size_bytes_max;
    return share_bytes > MEMORY_PORTION_BYTES_MIN ? (uint32_t)share_bytes
                                                  : MEMORY_PORTION_BYTES_MIN;
}
