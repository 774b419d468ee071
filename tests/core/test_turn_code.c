/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_turn_code.c: what a driver keeps comes back from bytes.
 */
#include "core/event_code.h"
#include "core/turn_code.h"
#include "core/turn_log.h"

#include <glib.h>
#include <string.h>

static Chunk *
chunk_of(uint32_t size_bytes)
{
    Chunk *chunk = chunk_new(size_bytes);
    for (uint32_t i = 0; i < size_bytes; i++)
        chunk->bytes[i] = (uint8_t)(i * 7);
    return chunk;
}

/* One effect of each kind. */
static void
want_everything(Turn *turn, StreamPool *pool)
{
    static const FileId FILE_ID = {{1, 2, 3}};
    static const Address ADDRESS = {{4, 5}, 443};
    static const Record RECORD = {{6}, 1, {7, 8}, 2};
    Chunk *chunk = chunk_of(3000);
    Extent body = {.offset_bytes = 5, .size_bytes = 3000, .version = 2};
    turn_begin(turn, pool);
    StreamId stream = turn_connect(turn, 9, TRANSPORT_TCP);
    turn_write(turn, stream, "GET /", 5);
    turn_write_body(turn, stream, &body);
    body.chunk = chunk;
    body.file = 3;
    turn_deliver(turn, &body);
    turn_expect(turn, stream, 40);
    turn_forward(turn, stream, 7, UINT64_C(1) << 40);
    turn_close(turn, stream, CLOSE_PROTOCOL);
    turn_read(turn, 4, &FILE_ID, 11, 12);
    turn_store(turn, 5, &RECORD);
    turn_introduce(turn, 6, &ADDRESS);
    turn_work(turn, WORK_OPEN, 2, 32768);
    turn_note(turn, NOTE_EDGE_ONLINE, 8, 13);
    turn_wake(turn, 77 * NS_PER_S);
    chunk_unref(chunk);
}

static Coder
bytes_of(Turn *turn)
{
    Coder coder;
    coder_init_write(&coder);
    turn_code(turn, &coder);
    return coder;
}

/* As the log knows it: each effect with its bytes or their hash. */
static Coder
log_of(const Turn *turn)
{
    Coder log;
    coder_init_write(&log);
    turn_log_turn(&log, turn);
    return log;
}

static void
assert_bytes(const void *one, size_t one_bytes, const void *other,
             size_t other_bytes)
{
    g_assert_cmpuint(one_bytes, ==, other_bytes);
    g_assert_true(memcmp(one, other, one_bytes) == 0);
}

static void
assert_equal(const Coder *one, const Coder *other)
{
    assert_bytes(one->out, one->at, other->out, other->at);
}

static void
a_turn_that_waits_comes_back(void)
{
    StreamPool pool = {0};
    Turn turn, again;
    turn_init(&turn);
    turn_init(&again);
    want_everything(&turn, &pool);
    Coder bytes = bytes_of(&turn);
    Coder read;
    coder_init_read(&read, bytes.out, bytes.at);
    turn_code(&again, &read);
    g_assert_true(coder_is_whole(&read));
    Coder logs[2] = {log_of(&turn), log_of(&again)};
    assert_equal(&logs[0], &logs[1]);
    const Chunk *chunk = again.effects[3].extent.chunk;
    g_assert_cmpuint(chunk->ref_count, ==, 1);
    assert_bytes(chunk->bytes, chunk->size_bytes,
                 turn.effects[3].extent.chunk->bytes, 3000);
    /* It can be used like any other. */
    want_everything(&again, &pool);
    turn_clear(&again);
    turn_clear(&turn);
    stream_pool_clear(&pool);
    coder_clear(&logs[0]);
    coder_clear(&logs[1]);
    coder_clear(&bytes);
}

/* Read bytes that may be anything; on the heap, so that a sanitizer sees the
 * end. */
static bool
can_be_read(const uint8_t *bytes, size_t size_bytes)
{
    Turn turn;
    Coder coder;
    g_autofree uint8_t *copy = g_memdup2(bytes, size_bytes);
    turn_init(&turn);
    coder_init_read(&coder, copy, size_bytes);
    turn_code(&turn, &coder);
    bool is_whole = coder_is_whole(&coder);
    if (is_whole) { /* then it is a turn: it can be written and logged */
        Coder again = bytes_of(&turn);
        g_assert_cmpuint(again.at, ==, size_bytes);
        Coder log = log_of(&turn);
        coder_clear(&log);
        coder_clear(&again);
    }
    turn_clear(&turn);
    return is_whole;
}

static void
bytes_that_are_no_turn_are_refused(void)
{
    StreamPool pool = {0};
    Turn turn;
    uint32_t read_count = 0;
    turn_init(&turn);
    want_everything(&turn, &pool);
    Coder bytes = bytes_of(&turn);
    for (size_t size = 0; size < bytes.at; size++)
        g_assert_false(can_be_read(bytes.out, size));
    for (size_t at = 0; at < bytes.at; at++) {
        for (uint8_t bit = 1; bit; bit = (uint8_t)(bit << 1)) {
            bytes.out[at] ^= bit;
            read_count += can_be_read(bytes.out, bytes.at);
            bytes.out[at] ^= bit;
        }
    }
    g_assert_cmpuint(read_count, >, 8 * 3000); /* any byte of the body does */
    g_assert_cmpuint(read_count, <, 8 * bytes.at);
    coder_clear(&bytes);
    turn_clear(&turn);
    stream_pool_clear(&pool);
}

static void
a_pool_gives_the_same_numbers(void)
{
    StreamPool pool = {0};
    StreamPool again = {0};
    for (int i = 0; i < 7; i++)
        stream_pool_take(&pool);
    stream_pool_put(&pool, 2);
    stream_pool_put(&pool, 5);
    stream_pool_put(&pool, 0);
    Coder bytes, read;
    coder_init_write(&bytes);
    stream_pool_code(&pool, &bytes);
    coder_init_read(&read, bytes.out, bytes.at);
    stream_pool_code(&again, &read);
    g_assert_true(coder_is_whole(&read));
    for (int i = 0; i < 20; i++)
        g_assert_cmpuint(stream_pool_take(&again), ==, stream_pool_take(&pool));
    for (StreamId stream = 20; stream > 0; stream--)
        stream_pool_put(&again, stream); /* there is room for them all */
    stream_pool_clear(&again);
    for (size_t size = 0; size < bytes.at; size++) {
        coder_init_read(&read, bytes.out, size);
        stream_pool_code(&again, &read);
        g_assert_true(read.is_bad);
        stream_pool_clear(&again);
    }
    coder_clear(&bytes);
    stream_pool_clear(&pool);
}

static Event
read_back(Event *event, bool *ret_is_whole)
{
    Event again = {0};
    Coder bytes, read;
    coder_init_write(&bytes);
    event_code(event, &bytes);
    coder_init_read(&read, bytes.out, bytes.at);
    event_code(&again, &read);
    *ret_is_whole = coder_is_whole(&read);
    coder_clear(&bytes);
    return again;
}

static void
an_event_that_is_kept_comes_back(void)
{
    bool is_whole;
    Event event = {.kind = EVENT_READ, .stream = STREAM_NONE, .now_ns = -1};
    event.read.tag = 3;
    event.read.is_found = true;
    event.read.file_bytes = 1000;
    event.read.extent = (Extent){.size_bytes = 100, .chunk = chunk_of(100)};
    Event again = read_back(&event, &is_whole);
    g_assert_true(is_whole);
    g_assert_cmpint(again.kind, ==, EVENT_READ);
    g_assert_cmpint(again.now_ns, ==, -1);
    g_assert_cmpuint(again.read.tag, ==, 3);
    assert_bytes(again.read.extent.chunk->bytes, 100,
                 event.read.extent.chunk->bytes, 100);
    chunk_unref(again.read.extent.chunk);
    chunk_unref(event.read.extent.chunk);

    event = (Event){.kind = EVENT_STORED, .stream = STREAM_NONE};
    event.stored.tag = 4;
    event.stored.is_durable = true;
    again = read_back(&event, &is_whole);
    g_assert_true(is_whole);
    g_assert_cmpuint(again.stored.tag, ==, 4);
    g_assert_true(again.stored.is_durable);

    event = (Event){.kind = EVENT_FORWARDED, .stream = 8, .now_ns = 9};
    event.forwarded.size_bytes = UINT64_MAX;
    again = read_back(&event, &is_whole);
    g_assert_true(is_whole);
    g_assert_cmpuint(again.stream, ==, 8);
    g_assert_cmpuint(again.forwarded.size_bytes, ==, UINT64_MAX);
}

static void
an_event_that_points_elsewhere_is_not_read(void)
{
    for (uint8_t kind = EVENT_START; kind <= EVENT_STOP + 1; kind++) {
        const uint8_t BYTES[64] = {kind};
        Event event = {0};
        Coder read;
        coder_init_read(&read, BYTES, sizeof BYTES);
        event_code(&event, &read);
        g_assert_cmpint(read.is_bad, ==,
                        kind == EVENT_START || kind == EVENT_COMMAND ||
                            kind == EVENT_RECEIVED || kind == EVENT_RESTORED ||
                            kind > EVENT_STOP);
    }
}

/* A driver's extents may be parts of a longer chunk. */
static void
an_extent_keeps_its_whole_chunk(void)
{
    Extent extent = {.offset_bytes = 1,
                     .version = 2,
                     .file = 3,
                     .is_sealed = true,
                     .chunk = chunk_of(500)};
    Extent again = {0};
    Coder bytes, read;
    coder_init_write(&bytes);
    extent_code(&extent, &bytes);
    coder_init_read(&read, bytes.out, bytes.at);
    extent_code(&again, &read);
    g_assert_true(coder_is_whole(&read));
    g_assert_cmpuint(again.offset_bytes, ==, 1);
    g_assert_cmpuint(again.size_bytes, ==, 0);
    g_assert_cmpuint(again.version, ==, 2);
    g_assert_cmpuint(again.file, ==, 3);
    g_assert_true(again.is_sealed);
    assert_bytes(again.chunk->bytes, again.chunk->size_bytes,
                 extent.chunk->bytes, 500);
    chunk_unref(again.chunk);
    chunk_unref(extent.chunk);
    coder_clear(&bytes);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turn_code/turn", a_turn_that_waits_comes_back);
    g_test_add_func("/turn_code/no_turn", bytes_that_are_no_turn_are_refused);
    g_test_add_func("/turn_code/pool", a_pool_gives_the_same_numbers);
    g_test_add_func("/turn_code/event", an_event_that_is_kept_comes_back);
    g_test_add_func("/turn_code/pointing",
                    an_event_that_points_elsewhere_is_not_read);
    g_test_add_func("/turn_code/extent", an_extent_keeps_its_whole_chunk);
    return g_test_run();
}
