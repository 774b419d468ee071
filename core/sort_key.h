/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/sort_key.h: numbers to be put in the order of their keys.
 */
#pragma once

#include <stdint.h>

/* Ties are broken by number, so that the order is total. */
typedef struct SortKey {
    uint64_t key;
    uint32_t number;
} SortKey;

void sort_keys(SortKey *keys, uint32_t count);
