/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_key_record.c: only a record that we wrapped unwraps.
 */
#include <glib.h>
#include <string.h>

#include "core/key_record.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t MASTER_KEY[KEY_BYTES] = {1, 2, 3};

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    static const uint8_t NONCE[12] = {4};
    static const uint8_t BASIC_KEY[KEY_BYTES] = {5};
    uint8_t bytes[KEY_RECORD_BYTES_MAX];
    if (n > 1)
        return 0;
    KeyRecord record = {
        .wrap_alg = n == 0 ? WRAP_KW : WRAP_GCM,
        .alg = ALG_CTR,
        .master_id = 1,
        .slice_bytes = 16384,
        .version = 1,
        .not_after_ms = 1000,
    };
    Sealer *sealer = sealer_new();
    uint32_t size_bytes =
        key_record_wrap(sealer, &record, MASTER_KEY, NONCE, BASIC_KEY, bytes);
    memcpy(ret_bytes, bytes, size_bytes);
    sealer_free(sealer);
    return size_bytes;
}

static bool
is_example(const uint8_t *bytes, size_t byte_count)
{
    uint8_t example[FUZZ_BYTES_MAX];
    for (uint32_t n = 0; n < 2; n++)
        if (fuzz_example(n, example) == byte_count &&
            memcmp(example, bytes, byte_count) == 0)
            return true;
    return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    KeyRecord record;
    uint8_t basic_key[KEY_BYTES];
    if (!key_record_parse(bytes, byte_count, &record))
        return 0;
    g_assert_true(alg_is_known(record.alg));
    g_assert_true(slice_bytes_is_valid(record.slice_bytes));
    Sealer *sealer = sealer_new();
    bool is_unwrapped =
        key_record_unwrap(sealer, bytes, byte_count, MASTER_KEY, basic_key);
    sealer_free(sealer);
    g_assert_cmpint(is_unwrapped, ==, is_example(bytes, byte_count));
    return 0;
}
