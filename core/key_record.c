/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_record.c: writes, reads, wraps and unwraps key records.
 */
#include "core/key_record.h"

#include <assert.h>
#include <string.h>

#include "core/number.h"

#define FLAG_ENCRYPTED 1u
#define HASH_SHA256 1u

static uint32_t
size_of(uint16_t wrap_alg)
{
    switch (wrap_alg) {
    case WRAP_KW:
        return KEY_RECORD_HEADER_BYTES + 40;
    case WRAP_GCM:
        return KEY_RECORD_HEADER_BYTES + 60;
    default:
        return 0;
    }
}

static void
write_header(const KeyRecord *record, uint8_t *bytes)
{
    memset(bytes, 0, KEY_RECORD_HEADER_BYTES);
    memcpy(bytes, "PXK1", 4);
    number_put(bytes + 4, 1, 2);
    number_put(bytes + 6, record->wrap_alg, 2);
    number_put(bytes + 8, record->master_id, 4);
    number_put(bytes + 12, record->alg, 2);
    number_put(bytes + 14, HASH_SHA256, 2);
    number_put(bytes + 16, record->slice_bytes, 4);
    number_put(bytes + 20, record->alg == ALG_PLAIN ? 0 : FLAG_ENCRYPTED, 4);
    memcpy(bytes + 24, record->key_id, KEY_ID_BYTES);
    memcpy(bytes + 40, record->file.bytes, sizeof record->file.bytes);
    number_put(bytes + 72, record->version, 8);
    number_put(bytes + 80, record->created_ms, 8);
    number_put(bytes + 88, record->not_after_ms, 8);
}

static bool
is_valid(const KeyRecord *record)
{
    return size_of(record->wrap_alg) > 0 && alg_is_known(record->alg) &&
           slice_bytes_is_valid(record->slice_bytes) && record->version > 0 &&
           record->not_after_ms >= record->created_ms;
}

bool
key_record_parse(const uint8_t *bytes, uint64_t size_bytes,
                 KeyRecord *ret_record)
{
    uint8_t again[KEY_RECORD_HEADER_BYTES];
    if (size_bytes < KEY_RECORD_HEADER_BYTES)
        return false;
    KeyRecord record = {
        .wrap_alg = (uint16_t)number_at(bytes + 6, 2),
        .alg = (uint16_t)number_at(bytes + 12, 2),
        .master_id = (uint32_t)number_at(bytes + 8, 4),
        .slice_bytes = (uint32_t)number_at(bytes + 16, 4),
        .version = number_at(bytes + 72, 8),
        .created_ms = number_at(bytes + 80, 8),
        .not_after_ms = number_at(bytes + 88, 8),
    };
    memcpy(record.key_id, bytes + 24, KEY_ID_BYTES);
    memcpy(record.file.bytes, bytes + 40, sizeof record.file.bytes);
    if (!is_valid(&record) || size_bytes != size_of(record.wrap_alg))
        return false;
    /* Magic, version, hash, flags and zeros have one right value each. */
    write_header(&record, again);
    if (memcmp(again, bytes, sizeof again) != 0)
        return false;
    *ret_record = record;
    return true;
}

uint32_t
key_record_wrap(Sealer *sealer, const KeyRecord *record,
                const uint8_t master_key[KEY_BYTES], const uint8_t nonce[12],
                const uint8_t basic_key[KEY_BYTES],
                uint8_t ret_bytes[static KEY_RECORD_BYTES_MAX])
{
    assert(is_valid(record));
    write_header(record, ret_bytes);
    KeyWrap wrap = {
        .header = ret_bytes,
        .header_bytes = KEY_RECORD_HEADER_BYTES,
    };
    uint8_t *body = ret_bytes + KEY_RECORD_HEADER_BYTES;
    seal_kek(sealer, master_key, record->key_id, &wrap);
    if (record->wrap_alg == WRAP_KW) {
        seal_wrap_kw(&wrap, basic_key, body);
    } else {
        memcpy(wrap.nonce, nonce, sizeof wrap.nonce);
        memcpy(body, nonce, sizeof wrap.nonce);
        seal_wrap_gcm(&wrap, basic_key, body + sizeof wrap.nonce);
    }
    seal_wipe(&wrap, sizeof wrap);
    return size_of(record->wrap_alg);
}

bool
key_record_unwrap(Sealer *sealer, const uint8_t *bytes, uint64_t size_bytes,
                  const uint8_t master_key[KEY_BYTES],
                  uint8_t ret_basic_key[static KEY_BYTES])
{
    KeyRecord record;
    if (!key_record_parse(bytes, size_bytes, &record))
        return false;
    KeyWrap wrap = {
        .header = bytes,
        .header_bytes = KEY_RECORD_HEADER_BYTES,
    };
    const uint8_t *body = bytes + KEY_RECORD_HEADER_BYTES;
    seal_kek(sealer, master_key, record.key_id, &wrap);
    bool is_right;
    if (record.wrap_alg == WRAP_KW) {
        is_right = seal_unwrap_kw(&wrap, body, ret_basic_key);
    } else {
        memcpy(wrap.nonce, body, sizeof wrap.nonce);
        is_right =
            seal_unwrap_gcm(&wrap, body + sizeof wrap.nonce, ret_basic_key);
    }
    seal_wipe(&wrap, sizeof wrap);
    return is_right;
}
