/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_origin.c: ranges in the clear and sealed, block by block.
 */
#include <string.h>

#include "tests/desk.h"

/* What one turn sends at most. */
#define BLOCK_BYTES_MAX (STREAM_LOW_WATER_BYTES + 16384u)

static void
assert_plain(const Sent *sent, uint64_t offset_bytes, uint64_t size_bytes)
{
    g_assert_cmpuint(sent->body->len, ==, size_bytes);
    for (uint64_t i = 0; i < size_bytes; i++)
        g_assert_cmpuint(sent->body->data[i], ==,
                         desk_byte_at(offset_bytes + i));
}

/* Is this the range of the file that was sealed as a whole? */
static void
assert_sealed(const Desk *desk, const Sent *sent, uint64_t offset_bytes,
              uint64_t size_bytes)
{
    uint8_t *whole = g_malloc(desk->file_bytes);
    for (uint64_t i = 0; i < desk->file_bytes; i++)
        whole[i] = desk_byte_at(i);
    Sealer *sealer = sealer_new();
    SlicePlan plan = {.alg = desk->grant.alg,
                      .slice_bytes = desk->grant.slice_bytes};
    memcpy(plan.secret, desk->grant.secret, KEY_BYTES);
    g_assert_true(sealer_use(sealer, &plan));
    for (uint64_t at = 0; at < desk->file_bytes; at += plan.slice_bytes)
        sealer_seal(sealer, at / plan.slice_bytes, whole + at, whole + at,
                    (uint32_t)MIN(plan.slice_bytes, desk->file_bytes - at),
                    NULL);
    g_assert_cmpuint(sent->body->len, ==, size_bytes);
    g_assert_true(memcmp(sent->body->data, whole + offset_bytes, size_bytes) ==
                  0);
    sealer_free(sealer);
    g_free(whole);
}

static void
a_cdn_sends_a_whole_file_in_the_clear(void)
{
    Desk *desk = desk_new(false, 300000);
    Sent *sent = desk_fetch(desk, STREAM_NONE, 0, 0);
    HttpHead head = sent_head(sent);
    g_assert_cmpuint(head.status, ==, 200);
    g_assert_cmpuint(head.body_bytes, ==, 300000);
    assert_plain(sent, 0, 300000);
    g_assert_cmpuint(sent->sealed_slices, ==, 0);
    g_assert_cmpuint(sent->read_bytes, <, 300000 + 65537);
    sent_free(sent);
    desk_free(desk);
}

static void
a_cdn_sends_the_range_asked_for_cut_at_the_end(void)
{
    static const uint64_t RANGES[][3] = {
        {0, 1, 1},           {99999, 1, 1},
        {500, 70000, 70000}, {65536, 34464, 34464},
        {99990, 500, 10},    {40000, HTTP_RANGE_OPEN, 60000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(RANGES); i++) {
        Desk *desk = desk_new(false, 100000);
        Sent *sent = desk_fetch(desk, STREAM_NONE, RANGES[i][0], RANGES[i][1]);
        HttpHead head = sent_head(sent);
        g_assert_cmpuint(head.status, ==, 206);
        g_assert_cmpuint(head.range.offset_bytes, ==, RANGES[i][0]);
        g_assert_cmpuint(head.range.size_bytes, ==, RANGES[i][2]);
        g_assert_cmpuint(head.range.total_bytes, ==, 100000);
        assert_plain(sent, RANGES[i][0], RANGES[i][2]);
        sent_free(sent);
        desk_free(desk);
    }
}

static void
an_empty_file_is_an_empty_answer(void)
{
    Desk *desk = desk_new(false, 0);
    Sent *sent = desk_fetch(desk, STREAM_NONE, 0, 0);
    g_assert_cmpuint(sent_head(sent).status, ==, 200);
    g_assert_cmpuint(sent->body_bytes, ==, 0);
    sent_free(sent);
    desk_free(desk);
}

static void
a_data_centre_seals_ranges_as_parts_of_the_sealed_file(void)
{
    static const uint16_t ALGS[] = {ALG_CTR, ALG_CFB, ALG_CBC, ALG_CHACHA20,
                                    ALG_PAPER_CBC};
    static const uint64_t RANGES[][2] = {
        {0, 200005}, {16384, 16384}, {16383, 2}, {200000, 5}, {70001, 120003},
    };
    for (size_t a = 0; a < G_N_ELEMENTS(ALGS); a++)
        for (size_t i = 0; i < G_N_ELEMENTS(RANGES); i++) {
            Desk *desk = desk_new(true, 200005);
            desk->grant = desk_grant(ALGS[a], i % 2 ? 16384 : 1008);
            Sent *sent =
                desk_fetch(desk, STREAM_NONE, RANGES[i][0], RANGES[i][1]);
            g_assert_cmpuint(sent_head(sent).status, ==, 206);
            assert_sealed(desk, sent, RANGES[i][0], RANGES[i][1]);
            g_assert_cmpuint(sent->sealed_slices, >=,
                             RANGES[i][1] / desk->grant.slice_bytes);
            sent_free(sent);
            desk_free(desk);
        }
}

static void
a_short_range_costs_no_more_than_its_slices(void)
{
    Desk *desk = desk_new(true, 1 << 20);
    Sent *sent = desk_fetch(desk, STREAM_NONE, 16384 * 3 - 1, 2);
    g_assert_cmpuint(sent->sealed_slices, ==, 2);
    g_assert_cmpuint(sent->read_bytes, ==, 2 * 16384);
    sent_free(sent);
    desk_free(desk);
}

static void
without_payload_the_same_sizes_are_sent_and_marked_sealed(void)
{
    Desk *desk = desk_new(true, 1000000);
    desk->has_payload = false;
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(5, 900000);
    solo_receive_text(&desk->solo, stream, text);
    g_free(text);
    desk_answer_key(desk, 200);
    Effect read = *solo_effect(&desk->solo, EFFECT_READ, 0);
    desk_answer_read(desk, &read);
    const Effect *body = solo_effect(&desk->solo, EFFECT_WRITE_BODY, 0);
    g_assert_true(body->extent.is_sealed);
    g_assert_cmpuint(body->extent.offset_bytes, ==, 5);
    g_assert_null(body->extent.chunk);
    Sent *sent = sent_new();
    desk_play(desk, stream, sent);
    g_assert_cmpuint(sent->body_bytes, ==, 900000);
    g_assert_cmpuint(sent->body->len, ==, 0);
    g_assert_cmpuint(sent->sealed_slices, ==, (900005 + 16383) / 16384);
    sent_free(sent);
    desk_free(desk);
}

static void
a_stream_never_holds_more_than_a_block_and_the_low_water_mark(void)
{
    Desk *desk = desk_new(true, 10000000);
    desk->has_payload = false;
    Sent *sent = desk_fetch(desk, STREAM_NONE, 16383, 9000000);
    g_assert_cmpuint(sent->body_bytes, ==, 9000000);
    g_assert_cmpuint(sent->block_bytes_max, <=, BLOCK_BYTES_MAX);
    sent_free(sent);
    desk_free(desk);
}

static void
a_full_stream_is_read_for_no_further_until_it_drains(void)
{
    Desk *desk = desk_new(false, 1000000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 0);
    solo_receive_text(&desk->solo, stream, text);
    g_free(text);
    Effect read = *solo_effect(&desk->solo, EFFECT_READ, 0);
    desk_answer_read(desk, &read);
    g_assert_null(solo_effect(&desk->solo, EFFECT_READ, 0));
    solo_take(&desk->solo, (Event){.kind = EVENT_DRAINED, .stream = stream});
    g_assert_nonnull(solo_effect(&desk->solo, EFFECT_READ, 0));
    /* The peer leaves while the disk is busy; its answer finds nobody. */
    read = *solo_effect(&desk->solo, EFFECT_READ, 0);
    solo_close(&desk->solo, stream, CLOSE_RESET);
    desk_answer_read(desk, &read);
    g_assert_cmpuint(desk->solo.turn.effect_count, ==, 0);
    desk_free(desk);
}

static void
requests_on_a_kept_stream_are_answered_in_sequence(void)
{
    Desk *desk = desk_new(true, 100000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    Sent *first = desk_fetch(desk, stream, 0, 50000);
    Sent *second = desk_fetch(desk, stream, 50000, 50000);
    assert_sealed(desk, first, 0, 50000);
    assert_sealed(desk, second, 50000, 50000);
    g_assert_false(second->is_closed);
    sent_free(first);
    sent_free(second);
    desk_free(desk);
}

static void
pipelined_requests_wait_for_their_turn(void)
{
    Desk *desk = desk_new(false, 100000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *first = desk_get_text(0, 10);
    char *second = desk_get_text(20, 10);
    char *both = g_strconcat(first, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
                             second, NULL);
    Sent *sent = sent_new();
    solo_receive_text(&desk->solo, stream, both);
    desk_play(desk, stream, sent);
    g_byte_array_append(sent->heads, (const guint8 *)"", 1);
    const char *heads = (const char *)sent->heads->data;
    const char *missing = strstr(heads, "HTTP/1.1 404");
    g_assert_nonnull(missing);
    g_assert_nonnull(strstr(missing, "Content-Range: bytes 20-29/100000"));
    g_assert_cmpuint(sent->body->data[10], ==, desk_byte_at(20));
    sent_free(sent);
    g_free(both);
    g_free(first);
    g_free(second);
    desk_free(desk);
}

static void
a_peer_that_asks_for_too_much_at_once_is_reset(void)
{
    Desk *desk = desk_new(false, 100000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 10);
    for (uint32_t i = 0; i < 8; i++) {
        solo_receive_text(&desk->solo, stream, text);
        g_assert_false(solo_is_closed(&desk->solo, stream));
    }
    solo_receive_text(&desk->solo, stream, text);
    g_assert_true(solo_is_closed(&desk->solo, stream));
    g_free(text);
    desk_free(desk);
}

/* The status of one request, on a stream of its own. */
static uint16_t
status_of(Desk *desk, const char *text)
{
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    Sent *sent = sent_new();
    solo_receive_text(&desk->solo, stream, text);
    desk_play(desk, stream, sent);
    uint16_t status = sent_head(sent).status;
    sent_free(sent);
    return status;
}

static void
what_cannot_be_served_is_refused_with_its_reason(void)
{
    Desk *desk = desk_new(false, 1000);
    char *beyond = desk_get_text(1000, 1);
    g_assert_cmpuint(status_of(desk, beyond), ==, 416);
    g_free(beyond);
    g_assert_cmpuint(status_of(desk, "GET /f/00 HTTP/1.1\r\n"
                                     "Host: a\r\n\r\n"),
                     ==, 404);
    g_assert_cmpuint(status_of(desk, "POST /f/00 HTTP/1.1\r\nHost: a\r\n"
                                     "Content-Length: 3\r\n\r\nabc"),
                     ==, 405);
    g_assert_cmpuint(status_of(desk, "GET /f/00 HTTP/1.1\r\n\r\n"), ==, 400);
    /* A CDN has no business with edges' probes. */
    g_assert_cmpuint(status_of(desk, "GET /v1/probe?bytes=1 HTTP/1.1\r\n"
                                     "Host: a\r\n\r\n"),
                     ==, 404);
    /* Another version than the one that is there. */
    desk->version = 2;
    char *old = desk_get_text(0, 1);
    g_assert_cmpuint(status_of(desk, old), ==, 404);
    g_free(old);
    desk_free(desk);
}

static void
connection_close_ends_the_stream_after_the_answer(void)
{
    Desk *desk = desk_new(false, 1000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 10);
    char *last = g_strndup(text, strlen(text) - 2);
    char *closing = g_strconcat(last, "Connection: close\r\n\r\n", text, NULL);
    Sent *sent = sent_new();
    solo_receive_text(&desk->solo, stream, closing);
    desk_play(desk, stream, sent);
    g_assert_true(sent->is_closed);
    g_assert_true(sent_head(sent).is_last);
    g_assert_cmpuint(sent->body_bytes, ==, 10);
    sent_free(sent);
    g_free(closing);
    g_free(last);
    g_free(text);
    desk_free(desk);
}

static void
probes_are_answered_with_as_many_bytes_as_asked(void)
{
    Desk *desk = desk_new(true, 1000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    solo_receive_text(&desk->solo, stream,
                      "GET /v1/probe?bytes=4096 HTTP/1.1\r\nHost: a\r\n\r\n");
    GByteArray *bytes = solo_written(&desk->solo, stream);
    g_assert_cmpuint(solo_status(&desk->solo, stream), ==, 200);
    g_assert_cmpuint(bytes->len, >, 4096);
    g_assert_cmpuint(bytes->len, <, 4096 + 200);
    g_byte_array_unref(bytes);
    solo_receive_text(&desk->solo, stream,
                      "GET /v1/probe?bytes=65537 HTTP/1.1\r\n"
                      "Host: a\r\n\r\n");
    g_assert_cmpuint(solo_status(&desk->solo, stream), ==, 400);
    desk_free(desk);
}

static void
a_probe_waits_behind_a_file(void)
{
    Desk *desk = desk_new(true, 1000);
    g_autofree char *file = desk_get_text(0, 10);
    g_autofree char *both = g_strconcat(
        file, "GET /v1/probe?bytes=4096 HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    Sent *sent = sent_new();
    solo_receive_text(&desk->solo, stream, both);
    desk_answer_key(desk, 200);
    desk_play(desk, stream, sent);
    g_assert_cmpuint(sent->body_bytes, ==, 10);
    g_assert_cmpuint(sent->heads->len, >, 4096);
    sent_free(sent);
    desk_free(desk);
}

static void
a_key_is_asked_for_once_and_forgotten_after_five_minutes(void)
{
    Desk *desk = desk_new(true, 1000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    sent_free(desk_fetch(desk, stream, 0, 10));
    char *text = desk_get_text(0, 10);
    desk->solo.now_ns = 299 * NS_PER_S;
    solo_receive_text(&desk->solo, stream, text);
    g_assert_nonnull(solo_effect(&desk->solo, EFFECT_READ, 0));
    Effect read = *solo_effect(&desk->solo, EFFECT_READ, 0);
    desk_answer_read(desk, &read);
    desk->solo.now_ns = 300 * NS_PER_S;
    solo_receive_text(&desk->solo, stream, text);
    /* Over the stream that is still there. */
    g_assert_null(solo_effect(&desk->solo, EFFECT_READ, 0));
    g_assert_null(solo_effect(&desk->solo, EFFECT_CONNECT, 0));
    g_assert_cmpuint(solo_effect_count(&desk->solo, EFFECT_WRITE), ==, 2);
    g_free(text);
    desk_free(desk);
}

static void
two_streams_wait_for_one_key(void)
{
    Desk *desk = desk_new(true, 1000);
    char *text = desk_get_text(0, 10);
    StreamId first = solo_accept(&desk->solo, DESK_EDGE);
    StreamId second = solo_accept(&desk->solo, DESK_EDGE);
    solo_receive_text(&desk->solo, second, text);
    Effect connect = *solo_effect(&desk->solo, EFFECT_CONNECT, 0);
    solo_receive_text(&desk->solo, first, text);
    g_assert_null(solo_effect(&desk->solo, EFFECT_CONNECT, 0));
    /* The key service does not listen: both are told to come again. */
    solo_close(&desk->solo, connect.stream, CLOSE_REFUSED);
    g_assert_cmpuint(solo_status(&desk->solo, first), ==, 503);
    g_assert_cmpuint(solo_status(&desk->solo, second), ==, 503);
    /* And a second later it is tried anew. */
    desk->solo.now_ns += NS_PER_S;
    solo_receive_text(&desk->solo, first, text);
    solo_receive_text(&desk->solo, second, text);
    g_free(text);
    desk_free(desk);
}

/* What an edge is told when the key service answers so. */
static uint16_t
status_when_key_is(Desk *desk, uint16_t key_status)
{
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 10);
    solo_receive_text(&desk->solo, stream, text);
    g_free(text);
    desk_answer_key(desk, key_status);
    uint16_t status = solo_status(&desk->solo, stream);
    desk_free(desk);
    return status;
}

static void
without_a_usable_key_nothing_is_sent(void)
{
    g_assert_cmpuint(status_when_key_is(desk_new(true, 99), 404), ==, 404);
    g_assert_cmpuint(status_when_key_is(desk_new(true, 99), 410), ==, 410);
    g_assert_cmpuint(status_when_key_is(desk_new(true, 99), 403), ==, 503);
    Desk *desk = desk_new(true, 99);
    desk->grant.secret[0] ^= 1; /* not the key that was committed to */
    g_assert_cmpuint(status_when_key_is(desk, 200), ==, 503);
    desk = desk_new(true, 99);
    desk->grant.version = 2;
    g_assert_cmpuint(status_when_key_is(desk, 200), ==, 503);
    desk = desk_new(true, 99);
    desk->grant.not_after_ms = 0;
    g_assert_cmpuint(status_when_key_is(desk, 200), ==, 503);
    desk = desk_new(true, 99);
    desk->grant.alg = ALG_ECB;
    g_assert_cmpuint(status_when_key_is(desk, 200), ==, 503);
}

static void
a_refusal_answers_for_the_key_service_for_a_second(void)
{
    Desk *desk = desk_new(true, 99);
    g_autofree char *text = desk_get_text(0, 10);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    solo_receive_text(&desk->solo, stream, text);
    desk_answer_key(desk, 410);
    desk->solo.now_ns += NS_PER_S / 2;
    solo_receive_text(&desk->solo, stream, text);
    g_assert_cmpuint(solo_status(&desk->solo, stream), ==, 410);
    desk->solo.now_ns += NS_PER_S / 2;
    solo_receive_text(&desk->solo, stream, text);
    g_assert_cmpuint(solo_status(&desk->solo, stream), ==, 0);
    desk_free(desk);
}

static void
a_key_stream_that_ended_is_opened_anew(void)
{
    Desk *desk = desk_new(true, 1000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 10);
    solo_receive_text(&desk->solo, stream, text);
    StreamId keys = solo_effect(&desk->solo, EFFECT_CONNECT, 0)->stream;
    solo_take(&desk->solo, (Event){.kind = EVENT_CONNECTED, .stream = keys});
    /* The request and the end of the stream crossed. */
    solo_close(&desk->solo, keys, CLOSE_DONE);
    desk_answer_key(desk, 200);
    g_assert_nonnull(solo_effect(&desk->solo, EFFECT_READ, 0));
    g_free(text);
    desk_free(desk);
}

static void
a_key_stream_that_ends_again_and_again_is_not_chased(void)
{
    Desk *desk = desk_new(true, 1000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 10);
    solo_receive_text(&desk->solo, stream, text);
    for (uint32_t i = 0; i < 2; i++) {
        StreamId keys = solo_effect(&desk->solo, EFFECT_CONNECT, 0)->stream;
        solo_take(&desk->solo,
                  (Event){.kind = EVENT_CONNECTED, .stream = keys});
        solo_close(&desk->solo, keys, CLOSE_RESET);
    }
    g_assert_null(solo_effect(&desk->solo, EFFECT_CONNECT, 0));
    g_assert_cmpuint(solo_status(&desk->solo, stream), ==, 503);
    g_free(text);
    desk_free(desk);
}

static void
a_file_whose_key_says_plain_is_sent_as_it_is(void)
{
    Desk *desk = desk_new(true, 100000);
    desk->grant = desk_grant(ALG_PLAIN, 16384);
    Sent *sent = desk_fetch(desk, STREAM_NONE, 5, 90000);
    assert_plain(sent, 5, 90000);
    g_assert_cmpuint(sent->sealed_slices, ==, 0);
    sent_free(sent);
    desk_free(desk);
}

static void
a_silent_key_service_is_given_up_after_its_time(void)
{
    Desk *desk = desk_new(true, 99);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 10);
    solo_receive_text(&desk->solo, stream, text);
    g_free(text);
    solo_wake(&desk->solo);
    g_assert_cmpint(desk->solo.now_ns, ==, 5 * NS_PER_S);
    g_assert_cmpuint(solo_status(&desk->solo, stream), ==, 503);
    desk_free(desk);
}

static void
a_file_that_shrinks_under_way_resets_the_stream(void)
{
    Desk *desk = desk_new(false, 1000000);
    StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
    char *text = desk_get_text(0, 0);
    solo_receive_text(&desk->solo, stream, text);
    g_free(text);
    Effect read = *solo_effect(&desk->solo, EFFECT_READ, 0);
    desk_answer_read(desk, &read);
    desk->file_bytes = 100;
    Sent *sent = sent_new();
    desk_play(desk, stream, sent);
    g_assert_true(sent->is_closed);
    sent_free(sent);
    desk_free(desk);
}

static void
streams_beyond_the_limit_are_refused(void)
{
    Desk *desk = desk_new(false, 1000);
    desk->config.session_count_max = 2;
    solo_accept(&desk->solo, DESK_EDGE);
    solo_accept(&desk->solo, DESK_EDGE);
    StreamId third = solo_accept(&desk->solo, DESK_EDGE);
    g_assert_cmpuint(solo_status(&desk->solo, third), ==, 503);
    g_assert_true(solo_is_closed(&desk->solo, third));
    desk_free(desk);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origin/a_cdn_sends_a_whole_file_in_the_clear",
                    a_cdn_sends_a_whole_file_in_the_clear);
    g_test_add_func("/origin/a_cdn_sends_the_range_asked_for_cut_at_the_end",
                    a_cdn_sends_the_range_asked_for_cut_at_the_end);
    g_test_add_func("/origin/an_empty_file_is_an_empty_answer",
                    an_empty_file_is_an_empty_answer);
    g_test_add_func(
        "/origin/a_data_centre_seals_ranges_as_parts_of_the_sealed_file",
        a_data_centre_seals_ranges_as_parts_of_the_sealed_file);
    g_test_add_func("/origin/a_short_range_costs_no_more_than_its_slices",
                    a_short_range_costs_no_more_than_its_slices);
    g_test_add_func(
        "/origin/without_payload_the_same_sizes_are_sent_and_marked_sealed",
        without_payload_the_same_sizes_are_sent_and_marked_sealed);
    g_test_add_func(
        "/origin/a_stream_never_holds_more_than_a_block_and_the_low_water_mark",
        a_stream_never_holds_more_than_a_block_and_the_low_water_mark);
    g_test_add_func(
        "/origin/a_full_stream_is_read_for_no_further_until_it_drains",
        a_full_stream_is_read_for_no_further_until_it_drains);
    g_test_add_func(
        "/origin/requests_on_a_kept_stream_are_answered_in_sequence",
        requests_on_a_kept_stream_are_answered_in_sequence);
    g_test_add_func("/origin/pipelined_requests_wait_for_their_turn",
                    pipelined_requests_wait_for_their_turn);
    g_test_add_func("/origin/a_peer_that_asks_for_too_much_at_once_is_reset",
                    a_peer_that_asks_for_too_much_at_once_is_reset);
    g_test_add_func("/origin/what_cannot_be_served_is_refused_with_its_reason",
                    what_cannot_be_served_is_refused_with_its_reason);
    g_test_add_func("/origin/connection_close_ends_the_stream_after_the_answer",
                    connection_close_ends_the_stream_after_the_answer);
    g_test_add_func("/origin/probes_are_answered_with_as_many_bytes_as_asked",
                    probes_are_answered_with_as_many_bytes_as_asked);
    g_test_add_func(
        "/origin/a_key_is_asked_for_once_and_forgotten_after_five_minutes",
        a_key_is_asked_for_once_and_forgotten_after_five_minutes);
    g_test_add_func("/origin/two_streams_wait_for_one_key",
                    two_streams_wait_for_one_key);
    g_test_add_func("/origin/without_a_usable_key_nothing_is_sent",
                    without_a_usable_key_nothing_is_sent);
    g_test_add_func("/origin/a_silent_key_service_is_given_up_after_its_time",
                    a_silent_key_service_is_given_up_after_its_time);
    g_test_add_func("/origin/a_file_that_shrinks_under_way_resets_the_stream",
                    a_file_that_shrinks_under_way_resets_the_stream);
    g_test_add_func("/origin/a_probe_waits_behind_a_file",
                    a_probe_waits_behind_a_file);
    g_test_add_func(
        "/origin/a_refusal_answers_for_the_key_service_for_a_second",
        a_refusal_answers_for_the_key_service_for_a_second);
    g_test_add_func("/origin/streams_beyond_the_limit_are_refused",
                    streams_beyond_the_limit_are_refused);
    g_test_add_func("/origin/a_key_stream_that_ended_is_opened_anew",
                    a_key_stream_that_ended_is_opened_anew);
    g_test_add_func(
        "/origin/a_key_stream_that_ends_again_and_again_is_not_chased",
        a_key_stream_that_ends_again_and_again_is_not_chased);
    g_test_add_func("/origin/a_file_whose_key_says_plain_is_sent_as_it_is",
                    a_file_whose_key_says_plain_is_sent_as_it_is);
    return g_test_run();
}
