/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_tls.c: private connections, and whom they are made with.
 */
#include "live/conn.h"
#include "tests/live/authority.h"
#include "tests/live/caller.h"
#include "tests/live/tls_caller.h"

#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#define MANY_BYTES ((4u << 20) + 321)

/* A listener's side and a caller's, with what each heard. */
typedef struct End {
    Conns conns;
    Conn *conn;
    GString *trace;
    GByteArray *received;
    uint32_t read_bytes; /* at once */
} End;

typedef struct Scene {
    Loop loop;
    Authority authority;
    TlsContext *shown; /* by near */
    TlsContext *asked; /* by far */
    End near;
    End far;
    char *folder;
    uint32_t fd_count;
} Scene;

static void
hear(void *context, Conn *conn, ConnSignal signal)
{
    static const char *const WORDS[] = {
        [CONN_CONNECTED] = "connected ", [CONN_READABLE] = "",
        [CONN_DRAINED] = "drained ",     [CONN_ROOM] = "room ",
        [CONN_GONE] = "gone ",
    };
    End *end = context;
    uint32_t size_bytes = 0;
    g_string_append(end->trace, WORDS[signal]);
    if (signal != CONN_READABLE)
        return;
    switch (conn_read(conn, end->read_bytes, &size_bytes)) {
    case CONN_READ_BYTES:
        g_byte_array_append(end->received, end->conns.page->bytes, size_bytes);
        return;
    case CONN_READ_NOTHING:
        return;
    case CONN_READ_END:
        g_string_append(end->trace, "end ");
        conn_want_read(conn, false);
        return;
    case CONN_READ_LOST:
        g_string_append(end->trace, "lost ");
        return;
    }
}

static void
end_init(End *end, Loop *loop)
{
    static const ConnLimits LIMITS = {.connect_timeout_ns = 2 * NS_PER_S,
                                      .send_timeout_ns = 2 * NS_PER_S,
                                      .linger_timeout_ns = 200 * NS_PER_MS};
    conns_init(&end->conns, loop, &LIMITS);
    end->conns.hear = hear;
    end->conns.context = end;
    end->trace = g_string_new(NULL);
    end->received = g_byte_array_new();
    end->read_bytes = CONN_READ_BYTES_MAX;
}

static void
end_clear(End *end)
{
    if (end->conn)
        conn_close(end->conn, CLOSE_RESET);
    conns_clear(&end->conns);
    g_assert_cmpuint(end->conns.memory.held_bytes, ==, 0);
    g_string_free(end->trace, TRUE);
    g_byte_array_unref(end->received);
}

static TlsContext *
load(const Scene *scene, bool is_listener, const TlsFiles *names)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *certificate =
        names->certificate
            ? authority_path(&scene->authority, names->certificate)
            : NULL;
    g_autofree char *key =
        names->key ? authority_path(&scene->authority, names->key) : NULL;
    g_autofree char *ca =
        names->ca ? authority_path(&scene->authority, names->ca) : NULL;
    TlsFiles files = {certificate, key, ca, names->name};
    TlsContext *context = is_listener ? tls_context_new_listener(&files, &error)
                                      : tls_context_new_caller(&files, &error);
    g_assert_no_error(error);
    return context;
}

static void
scene_begin(Scene *scene)
{
    static const Claims SERVER = {"DNS:relay.test,IP:127.0.0.1", 5};
    static const Claims CLIENT = {"URI:urn:byway:3", 5};
    static const TlsFiles SHOWN = {"server.pem", "server.key", "root.pem",
                                   NULL};
    static const TlsFiles ASKED = {"client.pem", "client.key", "root.pem",
                                   "relay.test"};
    memset(scene, 0, sizeof *scene);
    scene->fd_count = loopback_fd_count();
    g_autoptr(GError) error = NULL;
    g_assert_true(loop_init(&scene->loop, &error));
    scene->folder = g_dir_make_tmp("byway-tls-XXXXXX", NULL);
    authority_init(&scene->authority, scene->folder, "root");
    authority_issue(&scene->authority, "server", &SERVER);
    authority_issue(&scene->authority, "client", &CLIENT);
    scene->shown = load(scene, true, &SHOWN);
    scene->asked = load(scene, false, &ASKED);
    end_init(&scene->near, &scene->loop);
    end_init(&scene->far, &scene->loop);
}

static void
scene_end(Scene *scene)
{
    end_clear(&scene->near);
    end_clear(&scene->far);
    tls_context_free(scene->shown);
    tls_context_free(scene->asked);
    authority_clear(&scene->authority);
    loop_clear(&scene->loop);
    g_autoptr(GDir) files = g_dir_open(scene->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(files));) {
        g_autofree char *path = g_build_filename(scene->folder, name, NULL);
        g_remove(path);
    }
    g_rmdir(scene->folder);
    g_free(scene->folder);
    g_clear_pointer(&files, g_dir_close);
    g_assert_cmpuint(loopback_fd_count(), ==, scene->fd_count);
}

static Conn *
accept_one(Scene *scene, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    Conn *conn = conn_take_tls(&scene->near.conns, fd, scene->shown);
    g_assert_nonnull(conn);
    return conn;
}

/* The hands are not shaken yet. */
static void
scene_call(Scene *scene)
{
    Address address;
    int listener = loopback_listen(1, &address);
    ConnTarget target = {.address = &address, .tls = scene->asked};
    scene->far.conn = conn_connect(&scene->far.conns, &target);
    scene->near.conn = accept_one(scene, listener);
    close(listener);
}

static void
wait_for(Scene *scene, const End *end, const char *word)
{
    int64_t end_ns = loop_read_clock(&scene->loop) + CALLER_PATIENCE_NS;
    while (!strstr(end->trace->str, word)) {
        loopback_step(&scene->loop);
        g_assert_cmpint(loop_now_ns(&scene->loop), <, end_ns);
    }
}

static void
scene_meet(Scene *scene)
{
    scene_call(scene);
    wait_for(scene, &scene->near, "connected");
    wait_for(scene, &scene->far, "connected");
}

static void
wait_for_bytes(Scene *scene, const End *end, size_t byte_count)
{
    int64_t end_ns = loop_read_clock(&scene->loop) + CALLER_PATIENCE_NS;
    while (end->received->len < byte_count) {
        loopback_step(&scene->loop);
        g_assert_cmpint(loop_now_ns(&scene->loop), <, end_ns);
    }
}

static void
write_text(Conn *conn, const char *text)
{
    OutSlice slice = {(const uint8_t *)text, (uint32_t)strlen(text), NULL};
    conn_write(conn, &slice, 1);
}

static void
what_is_written_early_is_sent_after_the_handshake(void)
{
    Scene scene;
    scene_begin(&scene);
    scene_call(&scene);
    write_text(scene.far.conn, "ear");
    write_text(scene.far.conn, "ly");
    g_assert_cmpuint(scene.far.conns.memory.held_bytes, ==, 5);
    wait_for_bytes(&scene, &scene.near, 5);
    loopback_compare(scene.near.received, "early", 5);
    g_assert_cmpuint(scene.far.conns.memory.held_bytes, ==, 0);
    g_assert_cmpuint(scene.far.conns.count.connected, ==, 1);
    g_assert_cmpuint(scene.near.conns.count.connected, ==, 0);
    scene_end(&scene);
}

/* Heads of 100 bytes and bodies of every size, by reference; the reader
 * takes pieces that fit no record. */
static void
large_answers_arrive_whole_and_in_order(void)
{
    Scene scene;
    scene_begin(&scene);
    scene_meet(&scene);
    Chunk *chunk = chunk_new(MANY_BYTES);
    loopback_fill(chunk->bytes, MANY_BYTES, 7);
    scene.far.read_bytes = 9999;
    for (uint32_t at = 0, size_bytes = 1; at < MANY_BYTES;
         at += size_bytes, size_bytes = size_bytes * 3 % 200003) {
        uint32_t head_bytes = MIN(100, MANY_BYTES - at);
        size_bytes = MIN(MAX(size_bytes, head_bytes), MANY_BYTES - at);
        OutSlice slices[] = {
            {chunk->bytes + at, head_bytes, NULL},
            {chunk->bytes + at + head_bytes, size_bytes - head_bytes, chunk}};
        conn_write(scene.near.conn, slices, size_bytes > head_bytes ? 2 : 1);
    }
    wait_for_bytes(&scene, &scene.far, MANY_BYTES);
    loopback_compare(scene.far.received, chunk->bytes, MANY_BYTES);
    wait_for(&scene, &scene.near, "drained");
    g_assert_cmpuint(scene.near.conns.memory.held_bytes, ==, 0);
    chunk_unref(chunk);
    scene_end(&scene);
}

static void
a_reader_that_waits_slows_the_writer_down(void)
{
    Scene scene;
    scene_begin(&scene);
    scene_meet(&scene);
    conn_want_read(scene.far.conn, false);
    g_autofree uint8_t *bytes = g_malloc(2 * MANY_BYTES);
    loopback_fill(bytes, 2 * MANY_BYTES, 9);
    OutSlice slice = {bytes, 2 * MANY_BYTES, NULL};
    conn_write(scene.near.conn, &slice, 1);
    for (uint32_t i = 0; i < 20; i++)
        loopback_step(&scene.loop);
    g_assert_cmpuint(scene.far.received->len, ==, 0);
    g_assert_cmpuint(scene.near.conns.memory.held_bytes, >, 0);
    g_assert_cmpstr(scene.near.trace->str, ==, "connected ");
    conn_want_read(scene.far.conn, true);
    wait_for_bytes(&scene, &scene.far, 2 * MANY_BYTES);
    loopback_compare(scene.far.received, bytes, 2 * MANY_BYTES);
    scene_end(&scene);
}

static void
an_end_that_is_said_is_an_end_and_one_that_is_not_is_none(void)
{
    Scene scene;
    scene_begin(&scene);
    scene_meet(&scene);
    write_text(scene.near.conn, "last words");
    conn_close(scene.near.conn, CLOSE_DONE);
    scene.near.conn = NULL;
    wait_for(&scene, &scene.far, "end");
    loopback_compare(scene.far.received, "last words", 10);
    scene_end(&scene);

    scene_begin(&scene);
    scene_meet(&scene);
    shutdown(scene.near.conn->watch.fd, SHUT_WR); /* an attacker's FIN */
    wait_for(&scene, &scene.far, "lost");
    scene_end(&scene);
}

static void
expect_refusal(const TlsFiles *asked, const char *shown, const Claims *claims)
{
    Scene scene;
    scene_begin(&scene);
    g_autofree char *key = g_strconcat(shown, ".key", NULL);
    g_autofree char *certificate = g_strconcat(shown, ".pem", NULL);
    Authority other;
    authority_init(&other, scene.folder, "other");
    authority_issue(&scene.authority, shown, claims);
    authority_clear(&other);
    TlsFiles files = {certificate, key, NULL, NULL};
    tls_context_free(scene.shown);
    tls_context_free(scene.asked);
    scene.shown = load(&scene, true, &files);
    scene.asked = load(&scene, false, asked);
    scene_call(&scene);
    wait_for(&scene, &scene.far, "gone");
    wait_for(&scene, &scene.near, "gone");
    g_assert_cmpuint(scene.far.conn->reason, ==, CLOSE_PROTOCOL);
    scene_end(&scene);
}

static void
a_server_without_the_right_certificate_is_not_spoken_to(void)
{
    static const TlsFiles ROOT = {NULL, NULL, "root.pem", "relay.test"};
    static const TlsFiles OTHER = {NULL, NULL, "other.pem", "relay.test"};
    static const TlsFiles ADDRESS = {NULL, NULL, "root.pem", "127.0.0.1"};
    static const TlsFiles SYSTEM = {NULL, NULL, NULL, "relay.test"};
    static const Claims RIGHT = {"DNS:relay.test", 5};
    static const Claims LATE = {"DNS:relay.test", -1};
    static const Claims WRONG = {"DNS:relay.test.example", 5};
    static const Claims PART = {"DNS:r*.test", 5};
    static const Claims NAMELESS = {NULL, 5};
    expect_refusal(&ROOT, "late", &LATE);
    expect_refusal(&ROOT, "wrong", &WRONG);
    expect_refusal(&ROOT, "part", &PART);
    expect_refusal(&ROOT, "nameless", &NAMELESS);
    expect_refusal(&OTHER, "right", &RIGHT);
    expect_refusal(&ADDRESS, "right", &RIGHT);
    expect_refusal(&SYSTEM, "right", &RIGHT);
}

static void
a_peer_is_who_its_certificate_says(void)
{
    Scene scene;
    scene_begin(&scene);
    scene_meet(&scene);
    const Tls *tls = scene.near.conn->tls;
    g_assert_true(tls_peer_is(tls, "urn:byway:3"));
    g_assert_false(tls_peer_is(tls, "urn:byway:33"));
    g_assert_false(tls_peer_is(tls, "urn:byway:"));
    g_assert_false(tls_peer_is(tls, "DNS:relay.test"));
    EVP_PKEY *key = SSL_get_privatekey(scene.far.conn->tls->ssl);
    uint8_t *bytes = NULL;
    int size_bytes = i2d_PUBKEY(key, &bytes);
    g_autofree char *hash = g_compute_checksum_for_data(
        G_CHECKSUM_SHA256, bytes, (gsize)size_bytes);
    g_autofree char *identity = g_strconcat("sha256:", hash, NULL);
    OPENSSL_free(bytes);
    g_assert_true(tls_is_identity(identity));
    g_assert_true(tls_peer_is(tls, identity));
    identity[10] = identity[10] == '0' ? '1' : '0';
    g_assert_false(tls_peer_is(tls, identity));
    g_assert_false(tls_is_identity("sha256:0123"));
    g_assert_false(tls_is_identity("somebody"));
    scene_end(&scene);
}

/* The second time nothing is signed. */
static void
who_comes_back_brings_a_ticket(void)
{
    Scene scene;
    scene_begin(&scene);
    scene_meet(&scene);
    g_assert_false(SSL_session_reused(scene.near.conn->tls->ssl));
    write_text(scene.near.conn, "and a ticket");
    wait_for_bytes(&scene, &scene.far, 12);
    conn_close(scene.near.conn, CLOSE_DONE);
    conn_close(scene.far.conn, CLOSE_DONE);
    g_string_truncate(scene.near.trace, 0);
    g_string_truncate(scene.far.trace, 0);
    scene_meet(&scene);
    g_assert_true(SSL_session_reused(scene.near.conn->tls->ssl));
    g_assert_true(tls_peer_is(scene.near.conn->tls, "urn:byway:3"));
    scene_end(&scene);
}

static bool
shakes_hands(Scene *scene, int version_max, const char *protocol)
{
    Address address;
    int listener = loopback_listen(1, &address);
    g_autofree char *ca = authority_path(&scene->authority, "root.pem");
    TlsCallerWish wish = {
        .ca = ca, .version_max = version_max, .protocol = protocol};
    TlsCaller caller;
    tls_caller_dial(&caller, &address, &wish);
    scene->near.conn = accept_one(scene, listener);
    close(listener);
    bool is_shaken = tls_caller_shake_hands(&caller, &scene->loop);
    if (is_shaken)
        wait_for(scene, &scene->near, "connected");
    g_string_truncate(scene->near.trace, 0);
    conn_close(scene->near.conn, CLOSE_DONE);
    scene->near.conn = NULL;
    tls_caller_hang_up(&caller);
    return is_shaken;
}

static void
only_what_is_thought_safe_is_agreed_on(void)
{
    Scene scene;
    scene_begin(&scene);
    g_assert_false(shakes_hands(&scene, TLS1_VERSION, NULL));
    g_assert_false(shakes_hands(&scene, TLS1_1_VERSION, NULL));
    g_assert_true(shakes_hands(&scene, TLS1_2_VERSION, NULL));
    g_assert_true(shakes_hands(&scene, TLS1_3_VERSION, NULL));
    g_assert_true(shakes_hands(&scene, TLS1_3_VERSION, "http/1.1"));
    g_assert_false(shakes_hands(&scene, TLS1_3_VERSION, "spdy/3"));
    scene_end(&scene);
}

/* By the name of the one who signed it. */
static bool
shows(Scene *scene, const char *stem)
{
    scene_call(scene);
    wait_for(scene, &scene->near, "connected");
    wait_for(scene, &scene->far, "connected");
    const X509 *certificate =
        SSL_get0_peer_certificate(scene->far.conn->tls->ssl);
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                              NID_commonName, name, sizeof name);
    conn_close(scene->near.conn, CLOSE_RESET);
    conn_close(scene->far.conn, CLOSE_RESET);
    scene->near.conn = scene->far.conn = NULL;
    g_string_truncate(scene->near.trace, 0);
    g_string_truncate(scene->far.trace, 0);
    return strcmp(name, stem) == 0;
}

static void
replace(const Scene *scene, const char *from, const char *to)
{
    g_autofree char *source = authority_path(&scene->authority, from);
    g_autofree char *target = authority_path(&scene->authority, to);
    g_assert_cmpint(g_rename(source, target), ==, 0);
}

static void
a_new_certificate_is_shown_and_a_bad_one_is_not(void)
{
    static const Claims CLAIMS = {"DNS:relay.test", 7};
    Scene scene;
    int day_count = 0;
    scene_begin(&scene);
    g_assert_true(tls_context_days_left(scene.shown, &day_count));
    g_assert_cmpint(day_count, ==, 5);
    g_assert_true(shows(&scene, "server"));
    authority_issue(&scene.authority, "next", &CLAIMS);
    replace(&scene, "next.pem", "server.pem");
    g_autoptr(GError) error = NULL;
    g_assert_false(tls_context_reload(scene.shown, &error));
    g_assert_nonnull(strstr(error->message, "is not the key of"));
    g_assert_true(shows(&scene, "server"));
    replace(&scene, "next.key", "server.key");
    g_clear_error(&error);
    g_assert_true(tls_context_reload(scene.shown, &error));
    g_assert_true(tls_context_days_left(scene.shown, &day_count));
    g_assert_cmpint(day_count, ==, 7);
    g_assert_true(shows(&scene, "next"));
    scene_end(&scene);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tls/what_is_written_early_is_sent_after_the_handshake",
                    what_is_written_early_is_sent_after_the_handshake);
    g_test_add_func("/tls/large_answers_arrive_whole_and_in_order",
                    large_answers_arrive_whole_and_in_order);
    g_test_add_func("/tls/a_reader_that_waits_slows_the_writer_down",
                    a_reader_that_waits_slows_the_writer_down);
    g_test_add_func(
        "/tls/an_end_that_is_said_is_an_end_and_one_that_is_not_is_none",
        an_end_that_is_said_is_an_end_and_one_that_is_not_is_none);
    g_test_add_func(
        "/tls/a_server_without_the_right_certificate_is_not_spoken_to",
        a_server_without_the_right_certificate_is_not_spoken_to);
    g_test_add_func("/tls/a_peer_is_who_its_certificate_says",
                    a_peer_is_who_its_certificate_says);
    g_test_add_func("/tls/who_comes_back_brings_a_ticket",
                    who_comes_back_brings_a_ticket);
    g_test_add_func("/tls/only_what_is_thought_safe_is_agreed_on",
                    only_what_is_thought_safe_is_agreed_on);
    g_test_add_func("/tls/a_new_certificate_is_shown_and_a_bad_one_is_not",
                    a_new_certificate_is_shown_and_a_bad_one_is_not);
    return g_test_run();
}
