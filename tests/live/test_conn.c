/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_conn.c: one socket, against peers of every kind.
 */
#include "live/conn.h"
#include "tests/live/caller.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MANY_BYTES (8u << 20)

/* One connection and what was heard of it; the reader keeps every byte. */
typedef struct Scene {
    Loop loop;
    Conns conns;
    Conn *conn;
    Caller caller;
    GString *trace;
    GByteArray *received;
    uint32_t read_bytes; /* at once */
    uint32_t fd_count;   /* before it began */
} Scene;

static void
read_some(Scene *scene, Conn *conn)
{
    uint32_t size_bytes = 0;
    switch (conn_read(conn, scene->read_bytes, &size_bytes)) {
    case CONN_READ_BYTES:
        g_byte_array_append(scene->received, scene->conns.page->bytes,
                            size_bytes);
        return;
    case CONN_READ_NOTHING:
        g_string_append(scene->trace, "nothing ");
        return;
    case CONN_READ_END:
        g_string_append(scene->trace, "end ");
        conn_want_read(conn, false);
        return;
    case CONN_READ_LOST:
        g_string_append_printf(scene->trace, "lost(%u) ", conn->reason);
        return;
    }
}

static void
hear(void *context, Conn *conn, ConnSignal signal)
{
    Scene *scene = context;
    switch (signal) {
    case CONN_CONNECTED:
        g_string_append(scene->trace, "connected ");
        return;
    case CONN_READABLE:
        read_some(scene, conn);
        return;
    case CONN_DRAINED:
        g_string_append(scene->trace, "drained ");
        return;
    case CONN_ROOM:
        g_string_append(scene->trace, "room ");
        return;
    case CONN_GONE:
        g_string_append_printf(scene->trace, "gone(%u) ", conn->reason);
        return;
    }
}

static void
scene_begin(Scene *scene)
{
    static const ConnLimits LIMITS = {.connect_timeout_ns = 200 * NS_PER_MS,
                                      .send_timeout_ns = 200 * NS_PER_MS,
                                      .linger_timeout_ns = 200 * NS_PER_MS};
    *scene = (Scene){.read_bytes = CONN_READ_BYTES_MAX};
    scene->fd_count = loopback_fd_count();
    g_autoptr(GError) error = NULL;
    g_assert_true(loop_init(&scene->loop, &error));
    conns_init(&scene->conns, &scene->loop, &LIMITS);
    scene->conns.hear = hear;
    scene->conns.context = scene;
    scene->trace = g_string_new(NULL);
    scene->received = g_byte_array_new();
}

static void
scene_connect(Scene *scene)
{
    scene_begin(scene);
    int ends[2];
    loopback_pair(ends);
    caller_take(&scene->caller, ends[0]);
    scene->conn = conn_take(&scene->conns, ends[1]);
    g_assert_nonnull(scene->conn);
}

static void
scene_end(Scene *scene)
{
    if (scene->conn)
        conn_close(scene->conn, CLOSE_RESET);
    conns_clear(&scene->conns);
    loop_clear(&scene->loop);
    if (scene->caller.heard)
        caller_hang_up(&scene->caller);
    g_string_free(scene->trace, TRUE);
    g_byte_array_unref(scene->received);
    g_assert_cmpuint(loopback_fd_count(), ==, scene->fd_count);
}

static void
scene_wait_for(Scene *scene, const char *word)
{
    int64_t end_ns = loop_read_clock(&scene->loop) + CALLER_PATIENCE_NS;
    while (!strstr(scene->trace->str, word)) {
        loopback_step(&scene->loop);
        g_assert_cmpint(loop_now_ns(&scene->loop), <, end_ns);
    }
}

static void
scene_wait_for_bytes(Scene *scene, size_t byte_count)
{
    int64_t end_ns = loop_read_clock(&scene->loop) + CALLER_PATIENCE_NS;
    while (scene->received->len < byte_count) {
        loopback_step(&scene->loop);
        g_assert_cmpint(loop_now_ns(&scene->loop), <, end_ns);
    }
}

/* Chunks and copied bytes in turn, more than any socket takes at once. */
static uint8_t *
write_much(Scene *scene)
{
    uint8_t *all = g_malloc(MANY_BYTES);
    loopback_fill(all, MANY_BYTES, 7);
    for (uint32_t at = 0; at < MANY_BYTES; at += 1u << 20) {
        Chunk *chunk = chunk_new(1000000);
        memcpy(chunk->bytes, all + at, chunk->size_bytes);
        OutSlice slices[] = {{chunk->bytes, chunk->size_bytes, chunk},
                             {all + at + chunk->size_bytes,
                              (1u << 20) - chunk->size_bytes, NULL}};
        conn_write(scene->conn, slices, 2);
        chunk_unref(chunk);
    }
    return all;
}

static void
what_the_kernel_does_not_take_is_sent_later_in_order(void)
{
    Scene scene;
    scene_connect(&scene);
    g_autofree uint8_t *all = write_much(&scene);
    g_assert_cmpuint(scene.conn->out.unsent_bytes, >, 1u << 20);
    g_string_truncate(scene.trace, 0); /* the first ones went at once */
    conn_want_room(scene.conn);
    caller_wait(&scene.caller, &scene.loop, MANY_BYTES);
    loopback_compare(scene.caller.heard, all, MANY_BYTES);
    scene_wait_for(&scene, "room");
    g_assert_cmpstr(scene.trace->str, ==, "drained room ");
    g_assert_cmpuint(scene.conn->out.unsent_bytes, ==, 0);
    g_assert_cmpuint(scene.conns.count.sent_bytes, ==, MANY_BYTES);
    scene_end(&scene);
}

static void
a_write_beyond_the_mark_is_always_told_drained(void)
{
    Scene scene;
    scene_connect(&scene);
    Chunk *chunk = chunk_new(STREAM_LOW_WATER_BYTES + 1);
    memset(chunk->bytes, 'x', chunk->size_bytes);
    OutSlice slice = {chunk->bytes, STREAM_LOW_WATER_BYTES, chunk};
    conn_write(scene.conn, &slice, 1);
    g_assert_cmpstr(scene.trace->str, ==, "");
    caller_wait(&scene.caller, &scene.loop, STREAM_LOW_WATER_BYTES);
    slice.size_bytes = chunk->size_bytes;
    conn_write(scene.conn, &slice, 1);
    scene_wait_for(&scene, "drained");
    chunk_unref(chunk);
    scene_end(&scene);
}

static void
nothing_is_heard_before_what_is_expected_waits(void)
{
    Scene scene;
    scene_connect(&scene);
    uint8_t bytes[20000];
    loopback_fill(bytes, sizeof bytes, 1);
    conn_expect(scene.conn, sizeof bytes);
    caller_send(&scene.caller, &scene.loop, bytes, sizeof bytes - 1);
    for (uint32_t i = 0; i < 20; i++)
        loopback_step(&scene.loop);
    g_assert_cmpuint(scene.received->len, ==, 0);
    caller_send(&scene.caller, &scene.loop, bytes + sizeof bytes - 1, 1);
    scene_wait_for_bytes(&scene, sizeof bytes);
    loopback_compare(scene.received, bytes, sizeof bytes);
    g_assert_cmpstr(scene.trace->str, ==, "");
    scene_end(&scene);
}

static void
bytes_come_before_the_end_however_many_are_expected(void)
{
    Scene scene;
    scene_connect(&scene);
    scene.read_bytes = 2;
    conn_expect(scene.conn, 1 << 20);
    caller_say(&scene.caller, &scene.loop, "hello");
    shutdown(scene.caller.fd, SHUT_WR);
    scene_wait_for(&scene, "end");
    loopback_compare(scene.received, "hello", 5);
    g_assert_cmpstr(scene.trace->str, ==, "end ");
    scene_end(&scene);
}

static void
a_reset_is_told_after_a_failed_send_too(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        Scene scene;
        scene_connect(&scene);
        caller_reset(&scene.caller);
        OutSlice slice = {(const uint8_t *)"x", 1, NULL};
        if (i == 1)
            conn_write(scene.conn, &slice, 1);
        conn_write(scene.conn, &slice, 1);
        scene_wait_for(&scene, "lost");
        g_autofree char *wanted = g_strdup_printf("lost(%u) ", CLOSE_RESET);
        g_assert_cmpstr(scene.trace->str, ==, wanted);
        conn_write(scene.conn, &slice, 1); /* swallowed */
        scene_end(&scene);
    }
}

static void
a_reset_is_told_though_nobody_wants_to_read(void)
{
    Scene scene;
    scene_connect(&scene);
    conn_want_read(scene.conn, false);
    caller_say(&scene.caller, &scene.loop, "unread");
    loopback_step(&scene.loop);
    caller_reset(&scene.caller);
    scene_wait_for(&scene, "gone");
    g_assert_cmpuint(scene.received->len, ==, 0);
    scene_end(&scene);
}

static void
connections_come_up_are_refused_or_time_out(void)
{
    Scene scene;
    scene_begin(&scene);
    Address address;
    int listener = loopback_listen(0, &address);
    const ConnTarget target = {.address = &address};
    scene.conn = conn_connect(&scene.conns, &target);
    OutSlice slice = {(const uint8_t *)"early", 5, NULL};
    conn_write(scene.conn, &slice, 1);
    scene_wait_for(&scene, "connected");
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    caller_take(&scene.caller, fd);
    caller_wait(&scene.caller, &scene.loop, 5);
    loopback_compare(scene.caller.heard, "early", 5);
    conn_close(scene.conn, CLOSE_DONE);

    /* Fill the row of those who wait to be accepted. */
    Conn *waiting[8];
    for (uint32_t i = 0; i < G_N_ELEMENTS(waiting); i++)
        waiting[i] = conn_connect(&scene.conns, &target);
    g_autofree char *timed_out = g_strdup_printf("gone(%u)", CLOSE_TIMED_OUT);
    scene_wait_for(&scene, timed_out);
    for (uint32_t i = 0; i < G_N_ELEMENTS(waiting); i++)
        conn_close(waiting[i], CLOSE_RESET);

    close(listener);
    scene.conn = conn_connect(&scene.conns, &target);
    g_autofree char *refused = g_strdup_printf("gone(%u)", CLOSE_REFUSED);
    scene_wait_for(&scene, refused);
    scene_end(&scene);
}

static void
a_parting_one_sends_the_rest_and_reads_what_comes_away(void)
{
    Scene scene;
    scene_connect(&scene);
    g_autofree uint8_t *all = write_much(&scene);
    caller_say(&scene.caller, &scene.loop, "never read by us");
    conn_close(scene.conn, CLOSE_DONE);
    scene.conn = NULL;
    caller_say(&scene.caller, &scene.loop, "nor this");
    caller_wait_for_end(&scene.caller, &scene.loop);
    g_assert_cmpint(scene.caller.error, ==, 0);
    loopback_compare(scene.caller.heard, all, MANY_BYTES);
    g_assert_nonnull(scene.conns.parting);
    caller_hang_up(&scene.caller);
    while (scene.conns.parting)
        loopback_step(&scene.loop);
    g_assert_cmpuint(scene.conns.count.reset, ==, 0);
    scene_end(&scene);
}

static void
a_parting_one_waits_for_nobody_for_ever(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        Scene scene;
        scene_connect(&scene);
        g_autofree uint8_t *all = i == 1 ? write_much(&scene) : NULL;
        conn_close(scene.conn, CLOSE_DONE); /* the caller never reads */
        scene.conn = NULL;
        int64_t end_ns = loop_read_clock(&scene.loop) + CALLER_PATIENCE_NS;
        while (scene.conns.parting) {
            loopback_step(&scene.loop);
            g_assert_cmpint(loop_now_ns(&scene.loop), <, end_ns);
        }
        g_assert_cmpuint(scene.conns.count.reset, ==, i);
        g_assert_cmpuint(scene.conns.open_count, ==, 0);
        scene_end(&scene);
    }
}

static void
any_other_way_to_close_resets(void)
{
    Scene scene;
    scene_connect(&scene);
    conn_close(scene.conn, CLOSE_PROTOCOL);
    scene.conn = NULL;
    caller_wait_for_end(&scene.caller, &scene.loop);
    g_assert_cmpint(scene.caller.error, ==, ECONNRESET);
    scene_end(&scene);
}

#define STORY(name) g_test_add_func("/conn/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(what_the_kernel_does_not_take_is_sent_later_in_order);
    STORY(a_write_beyond_the_mark_is_always_told_drained);
    STORY(nothing_is_heard_before_what_is_expected_waits);
    STORY(bytes_come_before_the_end_however_many_are_expected);
    STORY(a_reset_is_told_after_a_failed_send_too);
    STORY(a_reset_is_told_though_nobody_wants_to_read);
    STORY(connections_come_up_are_refused_or_time_out);
    STORY(a_parting_one_sends_the_rest_and_reads_what_comes_away);
    STORY(a_parting_one_waits_for_nobody_for_ever);
    STORY(any_other_way_to_close_resets);
    return g_test_run();
}
