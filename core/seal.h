/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/seal.h: slices into ciphertext of equal length and back, and keys.
 *
 * A file version has a basic key; its file key is derived from it and bound
 * to file and version; each slice has a key of its own, so that any slice is
 * sealed or opened alone. Sealing hides; it does not protect from change: a
 * flipped bit is noticed only by whoever holds hashes of the slices.
 */
#pragma once

#include "core/coder.h"
#include "core/event.h"

#define KEY_BYTES 32u
#define KEY_ID_BYTES 16u
#define SLICE_BYTES_MAX 16384u
#define SEAL_TAG_BYTES 16u

/* Numbers are on the wire and in key records. */
typedef enum Alg {
    ALG_PLAIN = 0x0000,
    ALG_PAPER_CTR = 0x0001, /* the paper's own: key SHA-256(BK, slice) */
    ALG_PAPER_CFB = 0x0002,
    ALG_PAPER_CBC = 0x0003,
    ALG_CTR = 0x0011, /* AES-256-CTR: the default */
    ALG_CFB = 0x0012,
    ALG_CBC = 0x0013, /* residual block termination for tails */
    ALG_GCM = 0x0014, /* tag apart from the ciphertext */
    ALG_CHACHA20 = 0x0015,
    ALG_ECB = 0x00ec, /* refused, always */
} Alg;

/* May slices be sealed with this number? ECB and unknown ones: never. */
bool alg_is_known(uint16_t alg);
/* Does a slice key hash the basic key itself? */
bool alg_is_paper(uint16_t alg);
bool slice_bytes_is_valid(uint32_t slice_bytes);

typedef struct SlicePlan {
    uint16_t alg;
    uint32_t slice_bytes;
    uint8_t secret[KEY_BYTES]; /* the file key; paper: the basic key */
} SlicePlan;

/* Its secret stands in the clear. */
void slice_plan_code(SlicePlan *plan, Coder *coder);

typedef struct SliceKey {
    uint8_t key[KEY_BYTES];
    uint8_t iv[16]; /* as the cipher takes it */
} SliceKey;

/* Reused cipher and hash contexts; one for each node that needs any. */
typedef struct Sealer Sealer;

Sealer *sealer_new(void);
void sealer_free(Sealer *sealer);

/* prk: what a client gets instead of the basic key. */
void seal_file_key(Sealer *sealer, const uint8_t basic_key[KEY_BYTES],
                   const FileId *file, uint64_t version,
                   uint8_t ret_file_key[static KEY_BYTES]);
/* Proves which file key was meant, without telling it. */
void seal_commit(Sealer *sealer, const uint8_t file_key[KEY_BYTES],
                 uint8_t ret_commit[static KEY_BYTES]);

/* Take a plan into use: every later seal_slice and open_slice follows it.
 * False, and the sealer has no plan, when it is not valid. */
bool sealer_use(Sealer *sealer, const SlicePlan *plan);
void sealer_slice_key(Sealer *sealer, uint64_t slice, SliceKey *ret_key);
/* Seal or open one slice of 1 to plan->slice_bytes; from and to may be
 * the same buffer. tag is written or checked for GCM and else untouched (may
 * be NULL then). Opening fails only on a wrong tag, or a NULL one. */
void sealer_seal(Sealer *sealer, uint64_t slice, const uint8_t *from,
                 uint8_t *to, uint32_t size_bytes, uint8_t *ret_tag);
bool sealer_open(Sealer *sealer, uint64_t slice, const uint8_t *from,
                 uint8_t *to, uint32_t size_bytes, const uint8_t *tag);

/* What hides a basic key in its record: a key made from the master key and
 * the whole header, so that no header can be edited or moved. */
typedef struct KeyWrap {
    const uint8_t *header; /* lent */
    uint32_t header_bytes;
    uint8_t kek[KEY_BYTES];
    uint8_t nonce[12]; /* of the GCM kind only; never twice with one kek */
} KeyWrap;

void seal_kek(Sealer *sealer, const uint8_t master_key[KEY_BYTES],
              const uint8_t key_id[KEY_ID_BYTES], KeyWrap *wrap);
/* RFC 3394: 40 bytes. */
void seal_wrap_kw(const KeyWrap *wrap, const uint8_t key[KEY_BYTES],
                  uint8_t ret_wrapped[static 40]);
bool seal_unwrap_kw(const KeyWrap *wrap, const uint8_t wrapped[40],
                    uint8_t ret_key[static KEY_BYTES]);
/* AES-256-GCM over the header: ciphertext and tag, 48 bytes. */
void seal_wrap_gcm(const KeyWrap *wrap, const uint8_t key[KEY_BYTES],
                   uint8_t ret_wrapped[static 48]);
bool seal_unwrap_gcm(const KeyWrap *wrap, const uint8_t wrapped[48],
                     uint8_t ret_key[static KEY_BYTES]);

/* The counter-th 64 bytes that follow from a seed; each counter once. */
void seal_draw(Sealer *sealer, const uint8_t seed[32], uint64_t counter,
               uint8_t ret_bytes[static 64]);
/* Overwrite a secret for good. */
void seal_wipe(void *secret, size_t byte_count);
