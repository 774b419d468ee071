/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/number.h: numbers in bytes, the most significant first.
 */
#pragma once

#include <stdint.h>

static inline void
number_put(uint8_t *at, uint64_t value, uint32_t byte_count)
{
    for (uint32_t i = 0; i < byte_count; i++)
        at[i] = (uint8_t)(value >> 8 * (byte_count - 1 - i));
}

static inline uint64_t
number_at(const uint8_t *at, uint32_t byte_count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < byte_count; i++)
        value = value << 8 | at[i];
    return value;
}
