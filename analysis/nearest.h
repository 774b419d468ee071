/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/nearest.h: which known name was probably meant.
 */
#pragma once

#include <stddef.h>

/* The name that takes the fewest edits to become `wrong` (lent from names),
 * the first of equals; NULL only when there are no names. */
const char *nearest_name(const char *wrong, const char *const *names,
                         size_t name_count);
