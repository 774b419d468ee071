/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/unit.h: `NUMBER [blank] UNIT` to base units, and back.
 *
 * Base units: ns, ps where a ns is too coarse, bit/s, bytes, a ratio. Units
 * are case-sensitive, except that K is k.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum Dimension {
    DIMENSION_NONE,
    DIMENSION_RATIO,
    DIMENSION_TIME,      /* ns */
    DIMENSION_FINE_TIME, /* ps */
    DIMENSION_RATE,      /* bit/s */
    DIMENSION_SIZE,      /* bytes */
    DIMENSION_PACKETS,
    DIMENSION_COUNT,
} Dimension;

typedef struct Quantity {
    double value;   /* in base units */
    uint64_t whole; /* the same, exact, when is_whole */
    bool is_whole;
    bool is_negative;
} Quantity;

/* "a time", "a rate" ... for messages. */
const char *dimension_phrase(Dimension dimension);
/* "5 ms", "10 Mbit/s" ... for messages. */
const char *dimension_example(Dimension dimension);

/* Parse the whole text. On failure *ret_why (free it) says what is wrong
 * with it, in a sentence without its place. */
bool unit_parse(const char *text, Dimension dimension, Quantity *ret_quantity,
                char **ret_why);
/* Least and greatest value in base units; a max of 0 is no bound. */
typedef struct Bounds {
    double min;
    double max;
} Bounds;

/* NULL when value is in range, or what is wrong with it, to be freed. text
 * is what the file calls the value. */
char *range_complaint(Bounds range, const char *text, double value,
                      Dimension dimension);
/* Whether text is a number with a unit of this dimension. */
bool unit_has(const char *text, Dimension dimension);
/* Append whole base units in the largest unit that divides them. */
void unit_write(GString *text, uint64_t whole, Dimension dimension);
/* Append a value with all its digits, in base units. */
void unit_write_value(GString *text, double value, Dimension dimension);
