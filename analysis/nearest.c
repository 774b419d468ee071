/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/nearest.c: edit distance (Levenshtein 1966), two rows at a time.
 */
#include "analysis/nearest.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

static size_t
edit_distance(const char *a, const char *b)
{
    size_t size = strlen(b);
    g_autofree size_t *row = g_new(size_t, size + 1);
    for (size_t j = 0; j <= size; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= size; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(MIN(row[j], row[j - 1]) + 1, replaced);
        }
    }
    return row[size];
}

const char *
nearest_name(const char *wrong, const char *const *names, size_t name_count)
{
    const char *nearest = NULL;
    size_t distance_min = SIZE_MAX;
    for (size_t i = 0; i < name_count; i++) {
        size_t distance = edit_distance(wrong, names[i]);
        if (distance < distance_min) {
            distance_min = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
