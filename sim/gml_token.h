/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gml_token.h: words, numbers, strings and brackets of a GML text.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define GML_WORD_BYTES_MAX 63u

typedef enum GmlTokenKind {
    GML_WORD,
    GML_NUMBER,
    GML_STRING,
    GML_OPEN,
    GML_CLOSE,
    GML_END,
} GmlTokenKind;

/* What has just been read from a text. */
typedef struct GmlScanner {
    const char *at;
    const char *end;
    uint32_t line; /* from 1 */
    GmlTokenKind kind;
    char word[GML_WORD_BYTES_MAX + 1]; /* of GML_WORD */
    double number;                     /* of GML_NUMBER */
    const char *string;                /* of GML_STRING: lent from the text */
    size_t string_bytes;
    const char *problem; /* why gml_scan failed */
} GmlScanner;

/* Read the next token; false with a problem when there is none. */
bool gml_scan(GmlScanner *scanner);
/* A string with its HTML entities as UTF-8. Free it. */
char *gml_decode(const char *string, size_t string_bytes);
