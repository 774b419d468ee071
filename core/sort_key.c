/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/sort_key.c: sorts keys.
 */
#include "core/sort_key.h"

#include <stdlib.h>

static int
compare_keys(const void *a, const void *b)
{
    const SortKey *x = a;
    const SortKey *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return 0;
}

void
sort_keys(SortKey *keys, uint32_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
}
