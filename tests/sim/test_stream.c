/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_stream.c: content in order, whatever it is cut into.
 */
#include "sim/stream.h"

#include <glib.h>
#include <string.h>

static Extent
extent_of(uint32_t file, uint64_t offset_bytes, uint64_t size_bytes)
{
    return (Extent){
        .file = file, .offset_bytes = offset_bytes, .size_bytes = size_bytes};
}

static void
assert_bytes(const Chunk *chunk, const char *expected)
{
    g_assert_cmpuint(chunk->size_bytes, >=, strlen(expected));
    g_assert_cmpint(memcmp(chunk->bytes, expected, strlen(expected)), ==, 0);
}

static void
write_bytes(Stream *stream, const char *text)
{
    Run run = run_of_bytes(text, (uint32_t)strlen(text));
    stream_append(stream, &run);
}

static void
write_extent(Stream *stream, const Extent *extent)
{
    Run run = run_of_extent(extent);
    stream_append(stream, &run);
}

/* As a relay does: the first bytes of one stream to the end of another. */
static void
relay(Stream *from, Stream *to, uint64_t size_bytes)
{
    while (size_bytes > 0) {
        uint64_t part = MIN(size_bytes, stream_peek(from)->size_bytes);
        Run run = run_part(stream_peek(from), part);
        stream_append(to, &run);
        stream_skip(from, part);
        size_bytes -= part;
    }
}

static void
heads_and_bodies_come_out_in_the_order_written(void)
{
    Stream stream = {0};
    Extent body = extent_of(7, 1000, 5000);
    write_bytes(&stream, "GET");
    write_extent(&stream, &body);
    write_bytes(&stream, "END");
    const Run *run = stream_peek(&stream);
    g_assert_true(run->is_bytes);
    assert_bytes(run->extent.chunk, "GET");
    stream_skip(&stream, 3);
    run = stream_peek(&stream);
    g_assert_false(run->is_bytes);
    g_assert_cmpuint(run->extent.offset_bytes, ==, 1000);
    stream_skip(&stream, 2000);
    g_assert_cmpuint(stream_peek(&stream)->extent.offset_bytes, ==, 3000);
    g_assert_cmpuint(stream_peek(&stream)->size_bytes, ==, 3000);
    stream_skip(&stream, 3000);
    assert_bytes(stream_peek(&stream)->extent.chunk, "END");
    stream_skip(&stream, 3);
    g_assert_cmpuint(stream.count, ==, 0);
    stream_clear(&stream);
}

static void
a_relayed_gigabyte_is_one_run(void)
{
    Stream stream = {0};
    const uint64_t piece_bytes = 65536;
    for (uint64_t i = 0; i < 16384; i++) {
        Extent piece = extent_of(1, i * piece_bytes, piece_bytes);
        write_extent(&stream, &piece);
    }
    g_assert_cmpuint(stream.count, ==, 1);
    g_assert_cmpuint(stream_peek(&stream)->size_bytes, ==, 1u << 30);
    stream_clear(&stream);
}

static void
other_files_versions_gaps_and_seals_do_not_merge(void)
{
    Extent first = extent_of(1, 0, 10);
    Extent others[] = {extent_of(2, 10, 10), extent_of(1, 11, 10),
                       extent_of(1, 10, 10), extent_of(1, 10, 10)};
    others[2].version = 3;
    others[3].is_sealed = true;
    for (uint32_t i = 0; i < G_N_ELEMENTS(others); i++) {
        Stream stream = {0};
        write_extent(&stream, &first);
        write_extent(&stream, &others[i]);
        g_assert_cmpuint(stream.count, ==, 2);
        stream_clear(&stream);
    }
}

static void
moving_cuts_runs_and_keeps_their_bytes(void)
{
    Stream from = {0};
    Stream to = {0};
    Extent body = extent_of(4, 0, 100);
    write_bytes(&from, "abcdef");
    write_extent(&from, &body);
    relay(&from, &to, 2);
    relay(&from, &to, 54);
    assert_bytes(stream_peek(&to)->extent.chunk, "ab");
    stream_skip(&to, 2);
    assert_bytes(stream_peek(&to)->extent.chunk, "cdef");
    stream_skip(&to, 4);
    g_assert_cmpuint(stream_peek(&to)->size_bytes, ==, 50);
    g_assert_cmpuint(stream_peek(&from)->extent.offset_bytes, ==, 50);
    g_assert_cmpuint(stream_peek(&from)->size_bytes, ==, 50);
    stream_clear(&from);
    stream_clear(&to);
}

/* Sampled downloads carry real bytes: a cut has just its own. */
static void
a_cut_of_a_run_with_bytes_has_a_chunk_of_its_size(void)
{
    Stream stream = {0};
    Extent body = extent_of(4, 500, 8);
    body.chunk = chunk_new(8);
    memcpy(body.chunk->bytes, "01234567", 8);
    write_extent(&stream, &body);
    chunk_unref(body.chunk);
    stream_skip(&stream, 3);
    Extent cut;
    run_cut(stream_peek(&stream), 4, &cut);
    g_assert_cmpuint(cut.offset_bytes, ==, 503);
    g_assert_cmpuint(cut.chunk->size_bytes, ==, 4);
    assert_bytes(cut.chunk, "3456");
    chunk_unref(cut.chunk);
    stream_clear(&stream);
}

static void
the_ring_keeps_its_order_when_it_grows_in_the_middle(void)
{
    Stream stream = {0};
    uint32_t next = 0;
    for (uint32_t file = 0; file < 300; file++) {
        Extent extent = extent_of(file, 0, 1);
        write_extent(&stream, &extent);
        if (file % 3 != 0)
            continue;
        g_assert_cmpuint(stream_peek(&stream)->extent.file, ==, next++);
        stream_skip(&stream, 1);
    }
    for (; stream.count > 0; stream_skip(&stream, 1))
        g_assert_cmpuint(stream_peek(&stream)->extent.file, ==, next++);
    g_assert_cmpuint(next, ==, 300);
    stream_clear(&stream);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/order",
                    heads_and_bodies_come_out_in_the_order_written);
    g_test_add_func("/stream/merge", a_relayed_gigabyte_is_one_run);
    g_test_add_func("/stream/apart",
                    other_files_versions_gaps_and_seals_do_not_merge);
    g_test_add_func("/stream/move", moving_cuts_runs_and_keeps_their_bytes);
    g_test_add_func("/stream/cut",
                    a_cut_of_a_run_with_bytes_has_a_chunk_of_its_size);
    g_test_add_func("/stream/ring",
                    the_ring_keeps_its_order_when_it_grows_in_the_middle);
    return g_test_run();
}
