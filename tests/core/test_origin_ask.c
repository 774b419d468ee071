/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_origin_ask.c: heads alone, and ends of files.
 */
#include <string.h>

#include "tests/desk.h"

#define FILE_BYTES 200005u

/* Ask for the file, with this method and, unless it is 0, this suffix. */
static Sent *
ask(Desk *desk, StreamId stream, HttpMethod method, uint64_t suffix_bytes)
{
    char path[WIRE_FILE_PATH_BYTES_MAX];
    char bytes[HTTP_WRITE_BYTES_MAX];
    HttpHead head = {
        .method = method,
        .target = path,
        .target_bytes = wire_write_file_path(&DESK_FILE, 1, path),
        .has_range = suffix_bytes > 0,
        .range = {.offset_bytes = HTTP_RANGE_SUFFIX,
                  .size_bytes = suffix_bytes},
    };
    g_autofree char *text = g_strndup(bytes, http_write_request(&head, bytes));
    return desk_ask(desk, stream, text);
}

static void
compare_with_range(Desk *desk, const Sent *sent, uint64_t size_bytes)
{
    Sent *range =
        desk_fetch(desk, STREAM_NONE, FILE_BYTES - size_bytes, size_bytes);
    HttpHead head = sent_head(sent);
    g_assert_cmpuint(head.status, ==, 206);
    g_assert_cmpuint(head.range.offset_bytes, ==, FILE_BYTES - size_bytes);
    g_assert_cmpuint(head.range.total_bytes, ==, FILE_BYTES);
    g_assert_cmpuint(head.body_bytes, ==, size_bytes);
    g_assert_cmpuint(sent->body->len, ==, range->body->len);
    g_assert_true(memcmp(sent->body->data, range->body->data, size_bytes) == 0);
    sent_free(range);
}

static void
a_suffix_is_the_end_of_the_file_or_all_of_it(void)
{
    static const uint64_t SUFFIXES[][2] = {{1, 1},
                                           {16384, 16384},
                                           {70000, 70000},
                                           {FILE_BYTES, FILE_BYTES},
                                           {1 << 30, FILE_BYTES}};
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(SUFFIXES); i++) {
        const uint64_t *suffix = SUFFIXES[i / 2];
        Desk *desk = desk_new(i % 2 == 1, FILE_BYTES);
        Sent *sent = ask(desk, STREAM_NONE, HTTP_GET, suffix[0]);
        compare_with_range(desk, sent, suffix[1]);
        sent_free(sent);
        desk_free(desk);
    }
}

static void
an_empty_file_has_no_end_to_send(void)
{
    Desk *desk = desk_new(false, 0);
    Sent *sent = ask(desk, STREAM_NONE, HTTP_GET, 5);
    g_assert_cmpuint(sent_head(sent).status, ==, 416);
    g_assert_true(sent_head(sent).has_range);
    g_assert_cmpuint(sent_head(sent).range.total_bytes, ==, 0);
    sent_free(sent);
    desk_free(desk);
}

static void
head_is_answered_by_the_head_of_get_alone(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        Desk *desk = desk_new(i == 1, FILE_BYTES);
        StreamId stream = solo_accept(&desk->solo, DESK_EDGE);
        Sent *sent = ask(desk, stream, HTTP_HEAD_ONLY, 0);
        g_assert_cmpuint(sent_head(sent).status, ==, 200);
        g_assert_cmpuint(sent_head(sent).body_bytes, ==, FILE_BYTES);
        g_assert_cmpuint(sent->body_bytes, ==, 0);
        g_assert_cmpuint(sent->sealed_slices, ==, 0);
        g_assert_cmpuint(sent->read_bytes, <=, 16384);
        g_assert_false(sent->is_closed);
        sent_free(sent);
        /* The stream serves on. */
        sent = desk_fetch(desk, stream, 0, 100);
        g_assert_cmpuint(sent_head(sent).status, ==, 206);
        g_assert_cmpuint(sent->body_bytes, ==, 100);
        sent_free(sent);
        desk_free(desk);
    }
}

#define STORY(name) g_test_add_func("/origin_ask/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_suffix_is_the_end_of_the_file_or_all_of_it);
    STORY(an_empty_file_has_no_end_to_send);
    STORY(head_is_answered_by_the_head_of_get_alone);
    return g_test_run();
}
