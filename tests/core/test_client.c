/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_client.c: downloads in a small town, well served and badly.
 *
 * The stage checks every delivery: each byte once, in place, and equal to
 * the file's. So each test here also proves that.
 */
#include "tests/talk.h"
#include "tests/town.h"

#include <string.h>

#define MEGABYTE UINT64_C(1000000)

static uint64_t
count(const Town *town, NoteKind kind)
{
    return stage_note_count(town->stage, town->client, kind);
}

static uint64_t
sum(const Town *town, NoteKind kind)
{
    return stage_note_sum(town->stage, town->client, kind);
}

static uint64_t
last(const Town *town, NoteKind kind)
{
    return stage_note_last(town->stage, town->client, kind);
}

/* A town with edges whose client has begun to fetch a file. */
static Town *
town_fetching(uint32_t edge_count, uint64_t size_bytes)
{
    Town *town = town_new();
    town_open(town, edge_count);
    StageFile file = town_add_file(town, size_bytes, true);
    stage_fetch(town->stage, town->client, &file, 1);
    return town;
}

static void
assert_done(const Town *town, uint64_t size_bytes)
{
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_DONE), ==, 1);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_DONE), ==, size_bytes);
    g_assert_cmpuint(stage_delivered_bytes(town->stage, town->client), ==,
                     size_bytes);
    g_assert_cmpuint(sum(town, NOTE_CDN_BYTES) + sum(town, NOTE_EDGE_BYTES), ==,
                     size_bytes);
    g_assert_cmpuint(stage_open_stream_count(town->stage, town->client), ==, 0);
}

static void
a_fast_download_asks_nobody(void)
{
    Town *town = town_new();
    town_open(town, 4);
    stage_set_rate(town->stage, town->cdn, town->client, 6000000);
    StageFile file = town_add_file(town, 12 * MEGABYTE, true);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 20 * NS_PER_S);
    assert_done(town, 12 * MEGABYTE);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_SLOW), ==, 0);
    g_assert_cmpuint(sum(town, NOTE_EDGE_BYTES), ==, 0);
    town_free(town);
}

static void
two_kinds_of_source_deliver_each_byte_once(void)
{
    Town *town = town_fetching(6, 12 * MEGABYTE + 1);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 12 * MEGABYTE + 1);
    g_assert_cmpuint(sum(town, NOTE_CDN_BYTES), >, 3 * MEGABYTE);
    g_assert_cmpuint(sum(town, NOTE_EDGE_BYTES), >, 3 * MEGABYTE);
    g_assert_cmpuint(stage_work(town->stage, town->client, WORK_OPEN), >=,
                     sum(town, NOTE_EDGE_BYTES) / 16384);
    /* The data centre sent hardly more than was used: no duplicates. */
    g_assert_cmpuint(stage_body_sent_bytes(town->stage, town->data_centre), <,
                     sum(town, NOTE_EDGE_BYTES) * 11 / 10);
    town_free(town);
}

static void
the_window_after_the_trigger_is_measured(void)
{
    Town *town = town_new();
    town->client_config.window_ns[0] = 10 * NS_PER_S;
    town->client_config.window_ns[1] = 5 * NS_PER_S;
    town->client_config.window_ns[2] = 20 * NS_PER_S;
    town->client_config.window_count = 3;
    town->client_config.stops_after_window = true;
    town_open(town, 2);
    StageFile file = town_add_file(town, 100 * MEGABYTE, false);
    stage_hush(town->stage, NOTE_CDN_BYTES);
    stage_hush(town->stage, NOTE_EDGE_BYTES);
    stage_hush(town->stage, NOTE_REQUEST_SERVED);
    stage_fetch(town->stage, town->client, &file, 5);
    stage_run_ns(town->stage, 40 * NS_PER_S);
    /* Two CDN streams of 200 kB/s and two edge streams of 300 kB/s. */
    uint64_t total = last(town, NOTE_DOWNLOAD_MEASURED);
    g_assert_cmpuint(total, >, 900000);
    g_assert_cmpuint(total, <=, 1010000);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_EDGE_RATE) +
                         last(town, NOTE_DOWNLOAD_CDN_RATE),
                     ==, total);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_CDN_RATE), >, 370000);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_CDN_RATE), <=, 405000);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_WINDOW), ==, 2);
    g_assert_cmpuint(sum(town, NOTE_DOWNLOAD_WINDOW), ==, 25 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_STOPPED), ==, 1);
    g_assert_cmpuint(stage_open_stream_count(town->stage, town->client), ==, 0);
    town_free(town);
}

static void
a_file_complete_within_the_window_counts_over_its_own_time(void)
{
    Town *town = town_fetching(4, 8 * MEGABYTE);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 8 * MEGABYTE);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_MEASURED), >, 1000000);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_MEASURED), ==, 1);
    town_free(town);
}

static void
an_own_line_below_the_threshold_is_beyond_help(void)
{
    Town *town = town_new();
    town_open(town, 8);
    stage_set_line(town->stage, town->client, 4000000, 4000000);
    StageFile file = town_add_file(town, 30 * MEGABYTE, false);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 90 * NS_PER_S);
    assert_done(town, 30 * MEGABYTE);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_MEASURED), <=, 500000);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_MEASURED), >, 450000);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_EDGE_RATE), >, 0);
    town_free(town);
}

static void
the_rest_of_a_dying_edge_is_fetched_elsewhere(void)
{
    Town *town = town_fetching(3, 12 * MEGABYTE);
    stage_run_ns(town->stage, 7 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_EDGE_CONNECTED), ==, 3);
    stage_kill(town->stage, town->edges[0]);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 12 * MEGABYTE);
    g_assert_cmpuint(count(town, NOTE_EDGE_LOST), ==, 1);
    town_free(town);
}

static void
an_edge_that_falls_silent_is_given_up(void)
{
    Town *town = town_new();
    town->client_config.stall_ns = 4 * NS_PER_S;
    town_open(town, 3);
    StageFile file = town_add_file(town, 20 * MEGABYTE, true);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 8 * NS_PER_S);
    stage_cut(town->stage, town->edges[1]);
    stage_run_ns(town->stage, 40 * NS_PER_S);
    assert_done(town, 20 * MEGABYTE);
    g_assert_cmpuint(last(town, NOTE_EDGE_LOST), ==, CLOSE_TIMED_OUT);
    town_free(town);
}

static void
when_all_edges_refuse_the_cdn_does_it_alone(void)
{
    Town *town = town_new();
    town_open(town, 5);
    for (uint32_t n = 0; n < 5; n++)
        stage_refuse(town->stage, town->edges[n]);
    StageFile file = town_add_file(town, 6 * MEGABYTE, true);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 6 * MEGABYTE);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), ==, 5);
    g_assert_cmpuint(count(town, NOTE_EDGE_REFUSED), ==, 5);
    /* It asked three times in all; nobody new could be named. */
    g_assert_cmpuint(count(town, NOTE_NODES_LISTED), ==, 3);
    g_assert_cmpuint(sum(town, NOTE_NODES_LISTED), ==, 5);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_EDGE_RATE), ==, 0);
    town_free(town);
}

static void
edges_that_are_gone_cost_the_connect_timeout(void)
{
    Town *town = town_new();
    town_open(town, 2);
    stage_cut(town->stage, town->edges[0]);
    StageFile file = town_add_file(town, 8 * MEGABYTE, true);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 8 * MEGABYTE);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), ==, 2);
    g_assert_cmpuint(count(town, NOTE_EDGE_CONNECTED), ==, 1);
    g_assert_cmpuint(last(town, NOTE_EDGE_REFUSED), ==, CLOSE_TIMED_OUT);
    town_free(town);
}

static void
a_manager_that_fails_is_asked_a_bounded_number_of_times(void)
{
    Town *town = town_new();
    town->manager_config.failure_ppm = 1000000;
    town_open(town, 5);
    StageFile file = town_add_file(town, 8 * MEGABYTE, true);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 40 * NS_PER_S);
    assert_done(town, 8 * MEGABYTE);
    g_assert_cmpuint(count(town, NOTE_NODES_FAILED), ==, 3);
    g_assert_cmpuint(last(town, NOTE_NODES_FAILED), ==, 503);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), ==, 0);
    town_free(town);
}

static void
without_a_key_edges_are_no_help(void)
{
    Town *town = town_new();
    town_open(town, 5);
    StageFile file = stage_add_file(town->stage, 6 * MEGABYTE, true);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 40 * NS_PER_S);
    assert_done(town, 6 * MEGABYTE);
    g_assert_cmpuint(last(town, NOTE_KEY_REFUSED), ==, 404);
    g_assert_cmpuint(count(town, NOTE_EDGE_BYTES), ==, 0);
    town_free(town);
}

/* Sealing hides, and does not protect: counter mode turns one flipped bit
 * of ciphertext into one flipped bit of the file, and nothing here notices.
 * Verification against signed hashes of the slices will stand before the
 * opening, and this test will then change its name. */
static void
a_bit_flipped_at_an_edge_arrives_undetected_under_ctr_alone(void)
{
    Town *town = town_fetching(1, 8 * MEGABYTE);
    stage_run_ns(town->stage, 6 * NS_PER_S);
    stage_flip_bit(town->stage, town->edges[0]);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 8 * MEGABYTE);
    g_assert_cmpuint(stage_damaged_bytes(town->stage, town->client), ==, 1);
    g_assert_cmpuint(count(town, NOTE_ANSWER_BAD), ==, 0);
    town_free(town);
}

static void
edges_finish_what_a_dead_cdn_began(void)
{
    Town *town = town_fetching(4, 12 * MEGABYTE);
    stage_run_ns(town->stage, 7 * NS_PER_S);
    stage_kill(town->stage, town->cdn);
    stage_run_ns(town->stage, 60 * NS_PER_S);
    assert_done(town, 12 * MEGABYTE);
    g_assert_cmpuint(sum(town, NOTE_CDN_BYTES), <, 4 * MEGABYTE);
    town_free(town);
}

static void
a_download_with_nobody_left_fails(void)
{
    Town *town = town_fetching(0, 12 * MEGABYTE);
    stage_run_ns(town->stage, 7 * NS_PER_S);
    stage_kill(town->stage, town->cdn);
    stage_run_ns(town->stage, 120 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_DONE), ==, 0);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_FAILED), ==, 1);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_MEASURED), ==, 1);
    /* Both streams were lost, and tried five times each. */
    g_assert_cmpuint(count(town, NOTE_CDN_REFUSED), ==, 12);
    g_assert_cmpuint(stage_open_stream_count(town->stage, town->client), ==, 0);
    town_free(town);
}

static void
the_quickest_to_connect_are_kept_and_the_rest_are_spares(void)
{
    Town *town = town_new();
    town->client_config.enough_ppm = 100000000; /* never enough */
    town_open(town, 12);
    StageFile file = town_add_file(town, 40 * MEGABYTE, false);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 8 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), ==, 12);
    g_assert_cmpuint(count(town, NOTE_EDGE_CONNECTED), ==, 12);
    for (uint32_t n = 0; n < 12; n++)
        g_assert_cmpuint(stage_body_sent_bytes(town->stage, town->edges[n]) > 0,
                         ==, n < 4);
    town_free(town);
}

static void
a_slow_edge_is_exchanged_for_a_spare(void)
{
    Town *town = town_new();
    town->client_config.enough_ppm = 100000000;
    town_open(town, 5);
    stage_set_rate(town->stage, town->edges[0], town->client, 200000);
    StageFile file = town_add_file(town, 60 * MEGABYTE, false);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 8 * NS_PER_S);
    g_assert_cmpuint(stage_body_sent_bytes(town->stage, town->edges[4]), ==, 0);
    stage_run_ns(town->stage, 32 * NS_PER_S);
    g_assert_cmpuint(stage_body_sent_bytes(town->stage, town->edges[4]), >,
                     4 * MEGABYTE);
    g_assert_cmpuint(stage_body_sent_bytes(town->stage, town->edges[0]), <,
                     MEGABYTE);
    /* Coming back to a spare is no second attempt at connectivity. */
    g_assert_cmpuint(count(town, NOTE_EDGE_REJOINED), ==, 1);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), ==, 5);
    g_assert_cmpuint(count(town, NOTE_EDGE_CONNECTED), ==, 5);
    town_free(town);
}

static void
enough_speed_adds_no_edges(void)
{
    Town *town = town_new();
    town_open(town, 8);
    for (uint32_t n = 0; n < 8; n++)
        stage_set_rate(town->stage, town->edges[n], town->client, 4000000);
    StageFile file = town_add_file(town, 60 * MEGABYTE, false);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 15 * NS_PER_S);
    /* 400 kB/s + 4 x 500 kB/s is above 1.3 MB/s: when an edge dies, the
     * others are still enough, and nobody takes its place. */
    stage_kill(town->stage, town->edges[0]);
    stage_run_ns(town->stage, 10 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), ==, 8);
    town_free(town);
}

static void
who_is_still_slow_asks_for_other_edges(void)
{
    Town *town = town_new();
    town->manager_config.node_count = 4;
    town_open(town, 12);
    for (uint32_t n = 0; n < 12; n++)
        stage_set_rate(town->stage, town->edges[n], town->client, 400000);
    StageFile file = town_add_file(town, 100 * MEGABYTE, false);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 60 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_NODES_LISTED), ==, 3);
    g_assert_cmpuint(sum(town, NOTE_NODES_LISTED), ==, 12);
    g_assert_cmpuint(count(town, NOTE_EDGE_TRIED), >, 4);
    town_free(town);
}

static void
downloads_wait_for_their_turn(void)
{
    Town *town = town_new();
    town->client_config.queue_count_max = 1;
    town_open(town, 0);
    StageFile empty = town_add_file(town, 0, true);
    StageFile small = town_add_file(town, 100000, true);
    StageFile first = town_add_file(town, 200000, true);
    stage_fetch(town->stage, town->client, &first, 1);
    stage_fetch(town->stage, town->client, &small, 2);
    stage_fetch(town->stage, town->client, &small, 3);
    stage_run_ns(town->stage, 4 * NS_PER_S);
    stage_fetch(town->stage, town->client, &empty, 4);
    stage_run_ns(town->stage, NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_DONE), ==, 3);
    g_assert_cmpuint(sum(town, NOTE_DOWNLOAD_DONE), ==, 300000);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_FAILED), ==, 1);
    town_free(town);
}

static void
a_download_judged_fast_can_be_stopped(void)
{
    Town *town = town_new();
    town->client_config.fast_stop_ns = 6 * NS_PER_S;
    town_open(town, 0);
    stage_set_rate(town->stage, town->cdn, town->client, 6000000);
    StageFile file = town_add_file(town, 100 * MEGABYTE, false);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 10 * NS_PER_S);
    g_assert_cmpuint(count(town, NOTE_DOWNLOAD_STOPPED), ==, 1);
    g_assert_cmpuint(last(town, NOTE_DOWNLOAD_STOPPED), >, 8 * MEGABYTE);
    town_free(town);
}

/* What a download's notes come to: one number for a whole run. */
static uint64_t
run_hash(bool has_payload)
{
    Town *town = town_new();
    town_open(town, 6);
    StageFile file = town_add_file(town, 12 * MEGABYTE + 5, has_payload);
    stage_fetch(town->stage, town->client, &file, 1);
    stage_run_ns(town->stage, 9 * NS_PER_S);
    stage_kill(town->stage, town->edges[2]);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    assert_done(town, 12 * MEGABYTE + 5);
    uint64_t hash = 0;
    for (NoteKind kind = 0; kind < NOTE_COUNT; kind++)
        hash = dice_mix(hash ^ dice_mix(sum(town, kind) + 1));
    town_free(town);
    return hash;
}

static void
sizes_alone_take_the_same_course_as_real_bytes(void)
{
    uint64_t hash = run_hash(true);
    g_assert_cmpuint(run_hash(true), ==, hash);
    g_assert_cmpuint(run_hash(false), ==, hash);
}

static Talk *
talk_fetching(const ClientConfig *config, StreamId *ret_cdn)
{
    Talk *talk = talk_new(ROLE_CLIENT, config, 1);
    Command command = {
        .kind = COMMAND_FETCH, .file_bytes = MEGABYTE, .version = 1};
    talk_command(talk, &command);
    *ret_cdn = talk_effect(talk, EFFECT_CONNECT, 0)->stream;
    talk_connected(talk, *ret_cdn);
    return talk;
}

static void
an_answer_to_another_question_is_refused(void)
{
    /* Asked: 491,520 bytes of 1,000,000, from 0 on. */
    static const char *const HEADS[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 491520\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Length: 491520\r\n"
        "Content-Range: bytes 16384-507903/1000000\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Length: 491520\r\n"
        "Content-Range: bytes 0-491519/1000001\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Length: 16384\r\n"
        "Content-Range: bytes 0-16383/1000000\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 206 P\r\n\r\n",
    };
    ClientConfig config;
    client_config_init(&config);
    config.cdn_connections = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(HEADS); i++) {
        StreamId cdn;
        Talk *talk = talk_fetching(&config, &cdn);
        g_autofree char *request = talk_written(talk, cdn);
        g_assert_nonnull(strstr(request, "Range: bytes=0-491519\r\n"));
        talk_say_text(talk, cdn, HEADS[i]);
        g_assert_cmpuint(talk_effect(talk, EFFECT_CLOSE, 0)->close_reason, ==,
                         CLOSE_PROTOCOL);
        g_assert_null(talk_effect(talk, EFFECT_DELIVER, 0));
        talk_free(talk);
    }
}

static void
data_from_elsewhere_in_the_file_is_refused(void)
{
    ClientConfig config;
    client_config_init(&config);
    config.cdn_connections = 1;
    StreamId cdn;
    Talk *talk = talk_fetching(&config, &cdn);
    talk_say_text(talk, cdn,
                  "HTTP/1.1 206 P\r\nContent-Length: 491520\r\n"
                  "Content-Range: bytes 0-491519/1000000\r\n\r\n");
    g_assert_null(talk_effect(talk, EFFECT_CLOSE, 0));
    /* Sealed data has no business on a stream of the CDN. */
    talk_say_extent(talk, cdn, 0, 16384);
    g_assert_nonnull(talk_effect(talk, EFFECT_CLOSE, 0));
    g_assert_null(talk_effect(talk, EFFECT_DELIVER, 0));
    talk_free(talk);
}

static void
bytes_of_a_live_stream_become_data_of_the_file(void)
{
    ClientConfig config;
    client_config_init(&config);
    config.cdn_connections = 1;
    StreamId cdn;
    Talk *talk = talk_fetching(&config, &cdn);
    talk_say_text(talk, cdn,
                  "HTTP/1.1 206 P\r\nContent-Length: 491520\r\n"
                  "Content-Range: bytes 0-491519/1000000\r\n\r\nhello");
    const Extent *extent = &talk_effect(talk, EFFECT_DELIVER, 0)->extent;
    g_assert_cmpuint(extent->offset_bytes, ==, 0);
    g_assert_cmpuint(extent->size_bytes, ==, 5);
    g_assert_true(memcmp(extent->chunk->bytes, "hello", 5) == 0);
    talk_free(talk);
}

#define STORY(name) g_test_add_func("/client/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_fast_download_asks_nobody);
    STORY(two_kinds_of_source_deliver_each_byte_once);
    STORY(the_window_after_the_trigger_is_measured);
    STORY(a_file_complete_within_the_window_counts_over_its_own_time);
    STORY(an_own_line_below_the_threshold_is_beyond_help);
    STORY(the_rest_of_a_dying_edge_is_fetched_elsewhere);
    STORY(an_edge_that_falls_silent_is_given_up);
    STORY(when_all_edges_refuse_the_cdn_does_it_alone);
    STORY(edges_that_are_gone_cost_the_connect_timeout);
    STORY(a_manager_that_fails_is_asked_a_bounded_number_of_times);
    STORY(without_a_key_edges_are_no_help);
    STORY(a_bit_flipped_at_an_edge_arrives_undetected_under_ctr_alone);
    STORY(edges_finish_what_a_dead_cdn_began);
    STORY(a_download_with_nobody_left_fails);
    STORY(the_quickest_to_connect_are_kept_and_the_rest_are_spares);
    STORY(a_slow_edge_is_exchanged_for_a_spare);
    STORY(enough_speed_adds_no_edges);
    STORY(who_is_still_slow_asks_for_other_edges);
    STORY(downloads_wait_for_their_turn);
    STORY(a_download_judged_fast_can_be_stopped);
    STORY(sizes_alone_take_the_same_course_as_real_bytes);
    STORY(an_answer_to_another_question_is_refused);
    STORY(data_from_elsewhere_in_the_file_is_refused);
    STORY(bytes_of_a_live_stream_become_data_of_the_file);
    return g_test_run();
}
