/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_record.h: a basic key at rest, wrapped by a master key.
 *
 *      0 "PXK1" | 4 u16 1 | 6 u16 wrap_alg | 8 u32 mk_id | 12 u16 alg
 *     14 u16 hash_alg | 16 u32 slice_bytes | 20 u32 flags, b0 encrypted
 *     24 key_id[16] | 40 file[32] | 72 u64 version | 80 u64 created_ms
 *     88 u64 not_after_ms | 96 zeros[32]
 *    128 WRAP_KW: wrapped[40], or WRAP_GCM: nonce[12] sealed[32] tag[16]
 *
 * The header is bound into the key that wraps: change any bit of it, or
 * move it to another record, and the record does not unwrap.
 */
#pragma once

#include "core/seal.h"

#define KEY_RECORD_HEADER_BYTES 128u
#define KEY_RECORD_BYTES_MAX 188u

typedef enum WrapAlg {
    WRAP_KW = 1,  /* 168 bytes, deterministic */
    WRAP_GCM = 2, /* 188 bytes, the default */
} WrapAlg;

typedef struct KeyRecord {
    uint16_t wrap_alg;
    uint16_t alg;
    uint32_t master_id;
    uint32_t slice_bytes;
    uint8_t key_id[KEY_ID_BYTES];
    FileId file;
    uint64_t version; /* at least 1 */
    uint64_t created_ms;
    uint64_t not_after_ms;
} KeyRecord;

/* Write a record whose fields are valid. nonce is used by WRAP_GCM only and
 * must never come twice for one header. Returns the size. */
uint32_t key_record_wrap(Sealer *sealer, const KeyRecord *record,
                         const uint8_t master_key[KEY_BYTES],
                         const uint8_t nonce[12],
                         const uint8_t basic_key[KEY_BYTES],
                         uint8_t ret_bytes[static KEY_RECORD_BYTES_MAX]);
/* Read the header of a record; false unless the record is well-formed. */
bool key_record_parse(const uint8_t *bytes, uint64_t size_bytes,
                      KeyRecord *ret_record);
/* Unwrap a record that key_record_parse accepted; false if it was changed or
 * the master key is another. */
bool key_record_unwrap(Sealer *sealer, const uint8_t *bytes,
                       uint64_t size_bytes, const uint8_t master_key[KEY_BYTES],
                       uint8_t ret_basic_key[static KEY_BYTES]);
