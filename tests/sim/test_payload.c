/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_payload.c: a byte of a simulated file depends on where it
 * stands, not on how it came.
 */
#include "sim/world.h"

#include <glib.h>
#include <string.h>

enum { FILE_NUMBER = 7, OFFSET_BYTES = 12345, SIZE_BYTES = 61 };

static Extent
extent_of(Chunk *chunk)
{
    return (Extent){
        .file = FILE_NUMBER,
        .offset_bytes = OFFSET_BYTES,
        .size_bytes = chunk->size_bytes,
        .chunk = chunk,
    };
}

static void
pieces_agree_with_the_whole(void)
{
    Chunk *whole = payload_new(FILE_NUMBER, OFFSET_BYTES, SIZE_BYTES);
    for (uint32_t start = 0; start < SIZE_BYTES; start++)
        for (uint32_t size = 1; size <= SIZE_BYTES - start; size++) {
            Chunk *piece = payload_new(FILE_NUMBER, OFFSET_BYTES + start, size);
            g_assert_true(memcmp(piece->bytes, whole->bytes + start, size) ==
                          0);
            chunk_unref(piece);
        }
    chunk_unref(whole);
}

static void
any_flipped_byte_is_seen(void)
{
    Chunk *chunk = payload_new(FILE_NUMBER, OFFSET_BYTES, SIZE_BYTES);
    Extent extent = extent_of(chunk);
    g_assert_true(payload_is_equal(&extent));
    for (uint32_t i = 0; i < SIZE_BYTES; i++) {
        chunk->bytes[i] ^= 1;
        g_assert_false(payload_is_equal(&extent));
        chunk->bytes[i] ^= 1;
    }
    chunk_unref(chunk);
}

static void
files_and_places_differ(void)
{
    Chunk *chunk = payload_new(FILE_NUMBER, OFFSET_BYTES, SIZE_BYTES);
    Extent extent = extent_of(chunk);
    extent.file++;
    g_assert_false(payload_is_equal(&extent));
    extent = extent_of(chunk);
    extent.offset_bytes++;
    g_assert_false(payload_is_equal(&extent));
    chunk_unref(chunk);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/payload/pieces_agree_with_the_whole",
                    pieces_agree_with_the_whole);
    g_test_add_func("/payload/any_flipped_byte_is_seen",
                    any_flipped_byte_is_seen);
    g_test_add_func("/payload/files_and_places_differ",
                    files_and_places_differ);
    return g_test_run();
}
