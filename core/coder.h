/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/coder.h: a layout said once, for writing and for reading.
 *
 * A function names the fields of a struct one after another; the coder writes
 * them, or reads them back into the same struct. Numbers have their most
 * significant byte first, nothing is padded. What cannot be (the bytes end, a
 * flag is 2) makes a reading coder bad: it then reads zeros and takes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Coder {
    bool is_reading;
    bool is_bad;       /* reading; or whom a sink writes for says so */
    const uint8_t *in; /* reading: lent */
    uint8_t *out;      /* writing: grows */
    size_t at;         /* bytes read or written */
    size_t size_bytes; /* of in; room in out */
    /* Writing: who takes what is written, piece by piece, and makes room for
     * more; NULL: all of it stays in out. */
    void (*sink)(void *context, const uint8_t *bytes, size_t byte_count);
    void *context;
} Coder;

void coder_init_write(Coder *coder);
/* Give the sink what it has not got yet. */
void coder_flush(Coder *coder);
void coder_init_read(Coder *coder, const uint8_t *bytes, size_t byte_count);
/* Only for one that writes. */
void coder_clear(Coder *coder);
/* Has all been read, and made sense? */
bool coder_is_whole(const Coder *coder);

void coder_u8(Coder *coder, uint8_t *value);
void coder_u16(Coder *coder, uint16_t *value);
void coder_u32(Coder *coder, uint32_t *value);
void coder_u64(Coder *coder, uint64_t *value);
void coder_i64(Coder *coder, int64_t *value);
void coder_double(Coder *coder, double *value); /* its IEEE 754 bits */
void coder_flag(Coder *coder, bool *value);
/* A value of an enum of count: returns the one written or read. */
uint32_t coder_choice(Coder *coder, uint32_t value, uint32_t count);
/* A number of at most max, for a count or a size. */
void coder_bounded(Coder *coder, uint32_t *value, uint32_t max);
void coder_bytes(Coder *coder, void *bytes, size_t byte_count);
/* Bytes that are not copied: *bytes is written, or points into what is read
 * (NULL when the coder is bad). */
void coder_lend(Coder *coder, const uint8_t **bytes, size_t byte_count);
/* An array of its own, for g_free: what it holds is written, or a new one is
 * read. NULL for none, and when the coder is bad. Elements lie as they do in
 * memory, so only this build of the program can read them. */
void *coder_array(Coder *coder, void *array, size_t count,
                  size_t element_bytes);
/* Is so much left to read? If not, the coder is bad. Ask it before making
 * room for what a read count announces. */
bool coder_has(Coder *coder, uint64_t byte_count);

/* Names a struct that is coded by one value for each of its fields: a new
 * field breaks the build here, even one that only fills a gap. */
#define CODER_KNOWS(type, ...)                                                 \
    _Static_assert(sizeof((type){__VA_ARGS__}) == sizeof(type),                \
                   "code the new field")
