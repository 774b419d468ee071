/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_key_record.c: keys at rest, bound to all that is said of
 * them.
 *
 * The vectors of the specification: basic key 00..1f, master key 60..7f
 * with number 7, key id 10..1f, file a0..bf, 30 days from T0.
 */
#include <glib.h>
#include <string.h>

#include "core/key_record.h"

#define DAY_MS UINT64_C(86400000)

static const char *const KW_HEX =
    "50584b3100010001000000070011000100004000000000011011121314151617"
    "18191a1b1c1d1e1fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7"
    "b8b9babbbcbdbebf00000000000000010000019b76daa8000000019c11597000"
    "0000000000000000000000000000000000000000000000000000000000000000"
    "00d3396e01c7c9a1e143a7884e0409b0b85dd7167cecdd36534d324c760eccdd"
    "64e06fab09ddaf05";
static const char *const GCM_HEX =
    "50584b3100010002000000070011000100004000000000011011121314151617"
    "18191a1b1c1d1e1fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7"
    "b8b9babbbcbdbebf00000000000000010000019b76daa8000000019c11597000"
    "0000000000000000000000000000000000000000000000000000000000000000"
    "f0f1f2f3f4f5f6f7f8f9fafb784fcab560a87beb3811fe3a8818ffa290a36c3d"
    "32776160c606ecc45e0c23537c78c1aff78395e6be8e9371fcf16576";
static const char *const KW_KEK_HEX =
    "5f57477570c1605ab3c936fe3287cbf07340ed3855a6f309249d634dc4a33eed";
static const char *const GCM_KEK_HEX =
    "85073da6814a2d1ee33d73cdcee9e1ee2e3383431351b7827acf2a60a1cdaa31";

typedef struct Wrapped {
    uint8_t bytes[KEY_RECORD_BYTES_MAX];
    uint32_t size_bytes;
} Wrapped;

static void
count_up(uint8_t *bytes, size_t byte_count, size_t first)
{
    for (size_t i = 0; i < byte_count; i++)
        bytes[i] = (uint8_t)(first + i);
}

static void
assert_hex(const uint8_t *bytes, size_t byte_count, const char *hex)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < byte_count; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    g_assert_cmpstr(text->str, ==, hex);
    g_string_free(text, TRUE);
}

static KeyRecord
example_record(uint16_t wrap_alg)
{
    KeyRecord record = {
        .wrap_alg = wrap_alg,
        .alg = ALG_CTR,
        .master_id = 7,
        .slice_bytes = 16384,
        .version = 1,
        .created_ms = UINT64_C(1767225600000),
        .not_after_ms = UINT64_C(1767225600000) + 30 * DAY_MS,
    };
    count_up(record.key_id, sizeof record.key_id, 0x10);
    count_up(record.file.bytes, sizeof record.file.bytes, 0xa0);
    return record;
}

static Wrapped
example_wrapped(Sealer *sealer, uint16_t wrap_alg)
{
    Wrapped wrapped;
    uint8_t master_key[KEY_BYTES], basic_key[KEY_BYTES], nonce[12];
    count_up(master_key, sizeof master_key, 0x60);
    count_up(basic_key, sizeof basic_key, 0);
    count_up(nonce, sizeof nonce, 0xf0);
    KeyRecord record = example_record(wrap_alg);
    wrapped.size_bytes = key_record_wrap(sealer, &record, master_key, nonce,
                                         basic_key, wrapped.bytes);
    return wrapped;
}

static bool
unwraps(Sealer *sealer, const Wrapped *wrapped, size_t first_of_master)
{
    uint8_t master_key[KEY_BYTES], basic_key[KEY_BYTES], expected[KEY_BYTES];
    count_up(master_key, sizeof master_key, first_of_master);
    count_up(expected, sizeof expected, 0);
    if (!key_record_unwrap(sealer, wrapped->bytes, wrapped->size_bytes,
                           master_key, basic_key))
        return false;
    g_assert_true(memcmp(basic_key, expected, KEY_BYTES) == 0);
    return true;
}

static void
records_are_the_known_ones_and_unwrap(void)
{
    Sealer *sealer = sealer_new();
    Wrapped wrapped = example_wrapped(sealer, WRAP_KW);
    assert_hex(wrapped.bytes, wrapped.size_bytes, KW_HEX);
    g_assert_true(unwraps(sealer, &wrapped, 0x60));
    wrapped = example_wrapped(sealer, WRAP_GCM);
    assert_hex(wrapped.bytes, wrapped.size_bytes, GCM_HEX);
    g_assert_true(unwraps(sealer, &wrapped, 0x60));
    sealer_free(sealer);
}

static void
the_wrapping_keys_are_the_known_ones(void)
{
    Sealer *sealer = sealer_new();
    uint8_t master_key[KEY_BYTES];
    count_up(master_key, sizeof master_key, 0x60);
    for (uint16_t alg = WRAP_KW; alg <= WRAP_GCM; alg++) {
        Wrapped wrapped = example_wrapped(sealer, alg);
        KeyRecord record = example_record(alg);
        KeyWrap wrap = {.header = wrapped.bytes,
                        .header_bytes = KEY_RECORD_HEADER_BYTES};
        seal_kek(sealer, master_key, record.key_id, &wrap);
        assert_hex(wrap.kek, sizeof wrap.kek,
                   alg == WRAP_KW ? KW_KEK_HEX : GCM_KEK_HEX);
    }
    sealer_free(sealer);
}

static void
a_record_reads_back(void)
{
    Sealer *sealer = sealer_new();
    Wrapped wrapped = example_wrapped(sealer, WRAP_GCM);
    KeyRecord said = example_record(WRAP_GCM);
    KeyRecord heard;
    g_assert_true(key_record_parse(wrapped.bytes, wrapped.size_bytes, &heard));
    g_assert_cmpuint(heard.wrap_alg, ==, said.wrap_alg);
    g_assert_cmpuint(heard.alg, ==, said.alg);
    g_assert_cmpuint(heard.master_id, ==, said.master_id);
    g_assert_cmpuint(heard.slice_bytes, ==, said.slice_bytes);
    g_assert_cmpuint(heard.version, ==, said.version);
    g_assert_cmpuint(heard.created_ms, ==, said.created_ms);
    g_assert_cmpuint(heard.not_after_ms, ==, said.not_after_ms);
    g_assert_true(memcmp(&heard.file, &said.file, sizeof said.file) == 0);
    g_assert_true(memcmp(heard.key_id, said.key_id, KEY_ID_BYTES) == 0);
    sealer_free(sealer);
}

static void
no_bit_of_a_record_can_be_changed(void)
{
    Sealer *sealer = sealer_new();
    for (uint16_t alg = WRAP_KW; alg <= WRAP_GCM; alg++) {
        Wrapped wrapped = example_wrapped(sealer, alg);
        for (uint32_t bit = 0; bit < 8 * wrapped.size_bytes; bit++) {
            wrapped.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            g_assert_false(unwraps(sealer, &wrapped, 0x60));
            wrapped.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        g_assert_true(unwraps(sealer, &wrapped, 0x60));
    }
    sealer_free(sealer);
}

static void
another_master_key_does_not_unwrap(void)
{
    Sealer *sealer = sealer_new();
    Wrapped kw = example_wrapped(sealer, WRAP_KW);
    Wrapped gcm = example_wrapped(sealer, WRAP_GCM);
    g_assert_false(unwraps(sealer, &kw, 0x61));
    g_assert_false(unwraps(sealer, &gcm, 0x61));
    sealer_free(sealer);
}

static void
a_record_of_any_other_length_is_refused(void)
{
    Sealer *sealer = sealer_new();
    Wrapped wrapped = example_wrapped(sealer, WRAP_GCM);
    KeyRecord record;
    for (uint32_t size = 0; size < wrapped.size_bytes; size++) {
        uint8_t *copy = g_memdup2(wrapped.bytes, size);
        g_assert_false(key_record_parse(copy, size, &record));
        g_free(copy);
    }
    g_assert_false(
        key_record_parse(wrapped.bytes, wrapped.size_bytes + 1, &record));
    sealer_free(sealer);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/key_record/records_are_the_known_ones_and_unwrap",
                    records_are_the_known_ones_and_unwrap);
    g_test_add_func("/key_record/the_wrapping_keys_are_the_known_ones",
                    the_wrapping_keys_are_the_known_ones);
    g_test_add_func("/key_record/a_record_reads_back", a_record_reads_back);
    g_test_add_func("/key_record/no_bit_of_a_record_can_be_changed",
                    no_bit_of_a_record_can_be_changed);
    g_test_add_func("/key_record/another_master_key_does_not_unwrap",
                    another_master_key_does_not_unwrap);
    g_test_add_func("/key_record/a_record_of_any_other_length_is_refused",
                    a_record_of_any_other_length_is_refused);
    return g_test_run();
}
