/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_http2.c: core's nodes serve HTTP/2 and know nothing of it.
 */
#include "core/wire.h"
#include "tests/live/http2_caller.h"
#include "tests/live/site.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define RANGE_BYTES 300000u
#define WINDOW_BYTES (1u << 20)
#define FLOOD_BYTES (4u << 20)
#define GROWTH_BYTES (10u << 20)

typedef struct Scene {
    Site site;
    Caller wire;
    Http2Caller caller;
    char *path; /* of the file */
} Scene;

static void
scene_dial(Scene *scene, SiteRole role, uint32_t window_bytes)
{
    caller_dial(&scene->wire, &scene->site.nodes[role].address);
    http2_caller_init(&scene->caller, &scene->wire, NULL, window_bytes);
}

static void
scene_init(Scene *scene)
{
    FileId file = site_file();
    char path[WIRE_FILE_PATH_BYTES_MAX];
    uint32_t path_bytes = wire_write_file_path(&file, SITE_VERSION, path);
    site_init(&scene->site);
    /* A slow machine may spend much of it on one read. */
    scene->site.host.limits.linger_timeout_ns = 2 * NS_PER_S;
    scene->path = g_strndup(path, path_bytes);
}

/* With a CDN that somebody has called. */
static void
scene_begin(Scene *scene)
{
    scene_init(scene);
    site_open(&scene->site, SITE_CDN);
    scene_dial(scene, SITE_CDN, WINDOW_BYTES);
}

static void
scene_hang_up(Scene *scene)
{
    http2_caller_clear(&scene->caller);
    caller_hang_up(&scene->wire);
}

static void
scene_end(Scene *scene)
{
    scene_hang_up(scene);
    site_clear(&scene->site);
    g_free(scene->path);
}

static void
wait_for(Scene *scene, const Http2Call *call)
{
    http2_caller_wait(&scene->caller, &scene->site.loop, call);
}

static void
run(Scene *scene, int64_t for_ns)
{
    int64_t end_ns = loop_read_clock(&scene->site.loop) + for_ns;
    while (loop_now_ns(&scene->site.loop) < end_ns) {
        http2_caller_step(&scene->caller);
        loopback_step(&scene->site.loop);
    }
}

static const Host *
cdn(const Scene *scene)
{
    return &scene->site.nodes[SITE_CDN].host;
}

static void
many_requests_share_a_connection(void)
{
    Scene scene;
    Http2Call *calls[8];
    scene_begin(&scene);
    for (uint32_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *range = g_strdup_printf("bytes=%u-%u", i * RANGE_BYTES,
                                                 (i + 1) * RANGE_BYTES - 1);
        calls[i] = http2_caller_get(&scene.caller, scene.path, range);
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        wait_for(&scene, calls[i]);
        g_assert_cmpuint(calls[i]->status, ==, 206);
        g_assert_cmpuint(calls[i]->error, ==, 0);
        loopback_compare(calls[i]->body,
                         scene.site.content + (size_t)i * RANGE_BYTES,
                         RANGE_BYTES);
    }
    Http2Call *all = http2_caller_get(&scene.caller, scene.path, NULL);
    wait_for(&scene, all);
    g_assert_cmpuint(all->status, ==, 200);
    loopback_compare(all->body, scene.site.content, SITE_FILE_BYTES);
    run(&scene, 20 * NS_PER_MS);
    g_assert_cmpuint(cdn(&scene)->accepted_count, ==, 1);
    g_assert_cmpuint(cdn(&scene)->conns.memory.held_bytes, ==, 0);
    scene_end(&scene);
}

/* The edge's order is to a stream of a session: what it passes on is what
 * HTTP/1.1 would have brought. */
static void
an_edge_relays_into_a_stream(void)
{
    Scene scene;
    Caller other;
    scene_init(&scene);
    site_open(&scene.site, SITE_KEY_SERVICE);
    site_open(&scene.site, SITE_DATA_CENTRE);
    site_open(&scene.site, SITE_EDGE);
    site_add_key(&scene.site);
    scene_dial(&scene, SITE_EDGE, WINDOW_BYTES);
    Http2Call *call =
        http2_caller_get(&scene.caller, scene.path, "bytes=0-2097151");
    wait_for(&scene, call);
    g_assert_cmpuint(call->status, ==, 206);
    caller_dial(&other, &scene.site.nodes[SITE_EDGE].address);
    g_autofree char *request = site_request(0, 2097152);
    caller_say(&other, &scene.site.loop, request);
    g_autoptr(GByteArray) sealed = site_take_response(&scene.site, &other, 206);
    loopback_compare(call->body, sealed->data, sealed->len);
    g_assert_cmpuint(scene.site.nodes[SITE_EDGE].host.count.forwards, ==, 2);
    caller_hang_up(&other);
    scene_end(&scene);
}

static void
a_head_comes_alone_and_an_end_from_behind(void)
{
    static const SiteRole ROLES[] = {SITE_CDN, SITE_DATA_CENTRE, SITE_EDGE};
    Scene scene;
    scene_init(&scene);
    site_open(&scene.site, SITE_KEY_SERVICE);
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++)
        site_open(&scene.site, ROLES[i]);
    site_add_key(&scene.site);
    const char *const fields[] = {":method", "HEAD",       ":scheme",    "http",
                                  ":path",   scene.path,   ":authority", "test",
                                  "range",   "bytes=0-99", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        scene_dial(&scene, ROLES[i], WINDOW_BYTES);
        Http2Call *call = http2_caller_ask(&scene.caller, fields, NULL);
        wait_for(&scene, call);
        g_assert_cmpuint(call->status, ==, 200);
        g_assert_cmpuint(call->error, ==, 0);
        g_assert_cmpuint(call->length_bytes, ==, SITE_FILE_BYTES);
        g_assert_cmpuint(call->body->len, ==, 0);
        call = http2_caller_get(&scene.caller, scene.path, "bytes=-500");
        wait_for(&scene, call);
        g_assert_cmpuint(call->status, ==, 206);
        g_assert_cmpuint(call->body->len, ==, 500);
        scene_hang_up(&scene);
    }
    scene_dial(&scene, SITE_CDN, WINDOW_BYTES);
    scene_end(&scene);
}

static void
a_body_reaches_the_node(void)
{
    Scene scene;
    scene_init(&scene);
    site_open(&scene.site, SITE_KEY_SERVICE);
    scene_dial(&scene, SITE_KEY_SERVICE, WINDOW_BYTES);
    const char *const fields[] = {":method",     "POST",    ":path",
                                  WIRE_PATH_KEY, ":scheme", "http",
                                  ":authority",  "test",    "content-length",
                                  "7",           NULL};
    Http2Call *call = http2_caller_ask(&scene.caller, fields, "nothing");
    wait_for(&scene, call);
    g_assert_cmpuint(call->status, ==, 400); /* seven bytes ask for nothing */
    g_assert_cmpuint(call->error, ==, 0);
    scene_end(&scene);
}

typedef struct Bad {
    const char *fields[15];
    const char *body;
    uint32_t status; /* 0: the stream is reset */
} Bad;

#define GET ":method", "GET", ":scheme", "http"
#define OF_TEST GET, ":authority", "test"

/* What core refuses of HTTP/1.1 it refuses of HTTP/2, with the same status. */
static void
the_strictest_reading_holds_here_too(void)
{
    static const Bad BAD[] = {
        {{OF_TEST, ":path", "/nothing", NULL}, NULL, 404},
        {{":method", "DELETE", ":scheme", "http", ":authority", "test", ":path",
          "/", NULL},
         NULL,
         501},
        {{OF_TEST, ":path", "/%41", NULL}, NULL, 400},
        {{OF_TEST, ":path", "/a/../b", NULL}, NULL, 400},
        {{OF_TEST, ":path", "http://test/", NULL}, NULL, 0},
        {{OF_TEST, ":path", "/a b", NULL}, NULL, 0},
        {{OF_TEST, ":path", "/", "host", "other", NULL}, NULL, 400},
        {{GET, ":path", "/", "host", "a@b", NULL}, NULL, 400},
        {{OF_TEST, ":path", "/", "range", "bytes=5-2", NULL}, NULL, 416},
        {{OF_TEST, ":path", "/", "range", "1-2", NULL}, NULL, 416},
        {{OF_TEST, ":path", "/", "expect", "100-continue", NULL}, NULL, 417},
        {{OF_TEST, ":path", "/", "content-length", "4", NULL}, "body", 400},
        {{OF_TEST, ":path", "/", "content-length", "9", NULL}, "body", 0},
        {{OF_TEST, ":path", "/", NULL}, "body", 501},
        {{OF_TEST, ":path", "/", "connection", "close", NULL}, NULL, 0},
        {{OF_TEST, ":path", "/", "x", "a\r\nHost: b", NULL}, NULL, 0},
        {{OF_TEST, ":path", "/", "transfer-encoding", "chunked", NULL},
         NULL,
         0},
        {{GET, ":path", "/", NULL}, NULL, 0},
    };
    for (uint32_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        Scene scene;
        scene_begin(&scene);
        Http2Call *call =
            http2_caller_ask(&scene.caller, BAD[i].fields, BAD[i].body);
        wait_for(&scene, call);
        if (call->status != BAD[i].status)
            g_test_message("row %u", i);
        g_assert_cmpuint(call->status, ==, BAD[i].status);
        g_assert_true(BAD[i].status != 0 || call->error != 0);
        scene_end(&scene);
    }
}

static void
a_head_beyond_8_kib_is_not_taken(void)
{
    Scene scene;
    scene_begin(&scene);
    g_autofree char *much = g_strnfill(9000, 'a');
    const char *const fields[] = {OF_TEST, ":path", "/", "x-much", much, NULL};
    Http2Call *call = http2_caller_ask(&scene.caller, fields, NULL);
    wait_for(&scene, call);
    g_assert_cmpuint(call->error, ==, NGHTTP2_ENHANCE_YOUR_CALM);
    Http2Call *next = http2_caller_get(&scene.caller, "/nothing", NULL);
    wait_for(&scene, next);
    g_assert_cmpuint(next->status, ==, 404);
    scene_end(&scene);
}

/* What a peer does not take is not made: 64 KiB a stream, not the file. */
static void
a_closed_window_holds_the_body_back(void)
{
    Scene scene;
    Http2Call *calls[10];
    scene_init(&scene);
    site_open(&scene.site, SITE_CDN);
    scene_dial(&scene, SITE_CDN, 0);
    for (uint32_t i = 0; i < G_N_ELEMENTS(calls); i++)
        calls[i] = http2_caller_get(&scene.caller, scene.path, NULL);
    run(&scene, 100 * NS_PER_MS);
    g_assert_cmpuint(calls[0]->status, ==, 200);
    g_assert_cmpuint(calls[0]->body->len, ==, 0);
    uint64_t held_bytes = cdn(&scene)->conns.memory.held_bytes;
    g_assert_cmpuint(held_bytes, >, 0);
    g_assert_cmpuint(held_bytes, <=,
                     G_N_ELEMENTS(calls) * 4 * STREAM_LOW_WATER_BYTES);
    for (uint32_t i = 0; i < G_N_ELEMENTS(calls); i++)
        nghttp2_session_set_local_window_size(scene.caller.session,
                                              NGHTTP2_FLAG_NONE, calls[i]->id,
                                              WINDOW_BYTES);
    for (uint32_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        wait_for(&scene, calls[i]);
        loopback_compare(calls[i]->body, scene.site.content, SITE_FILE_BYTES);
    }
    scene_end(&scene);
}

static void
a_stream_that_is_reset_leaves_nothing_behind(void)
{
    Scene scene;
    scene_begin(&scene);
    for (uint32_t i = 0; i < 20; i++) {
        Http2Call *call = http2_caller_get(&scene.caller, scene.path, NULL);
        while (call->body->len == 0)
            run(&scene, 1);
        nghttp2_submit_rst_stream(scene.caller.session, NGHTTP2_FLAG_NONE,
                                  call->id, NGHTTP2_CANCEL);
        wait_for(&scene, call);
    }
    run(&scene, 50 * NS_PER_MS);
    g_assert_cmpuint(cdn(&scene)->accepted_count, ==, 1);
    g_assert_cmpuint(cdn(&scene)->conns.memory.held_bytes, ==, 0);
    Http2Call *call = http2_caller_get(&scene.caller, scene.path, NULL);
    wait_for(&scene, call);
    loopback_compare(call->body, scene.site.content, SITE_FILE_BYTES);
    scene_end(&scene);
}

static void
streams_count_against_the_limits(void)
{
    Scene scene;
    scene_init(&scene);
    scene.site.host.stream_count_max_per_peer = 3; /* one is the session */
    site_open(&scene.site, SITE_CDN);
    scene_dial(&scene, SITE_CDN, 0);
    Http2Call *first = http2_caller_get(&scene.caller, scene.path, NULL);
    Http2Call *second = http2_caller_get(&scene.caller, scene.path, NULL);
    Http2Call *third = http2_caller_get(&scene.caller, scene.path, NULL);
    wait_for(&scene, third);
    g_assert_cmpuint(third->error, ==, NGHTTP2_REFUSED_STREAM);
    g_assert_cmpuint(first->status, ==, 200);
    g_assert_cmpuint(second->status, ==, 200);
    scene_end(&scene);
}

static void
a_drained_host_finishes_and_says_goodbye(void)
{
    Scene scene;
    scene_begin(&scene);
    Host *host = &scene.site.nodes[SITE_CDN].host;
    Http2Call *call = http2_caller_get(&scene.caller, scene.path, NULL);
    while (call->body->len == 0)
        run(&scene, 1);
    g_assert_false(host_drain(host));
    wait_for(&scene, call);
    loopback_compare(call->body, scene.site.content, SITE_FILE_BYTES);
    wait_for(&scene, NULL);
    g_assert_true(scene.caller.has_goaway);
    g_assert_cmpuint(scene.caller.goaway_error, ==, NGHTTP2_NO_ERROR);
    scene_hang_up(&scene);
    site_run(&scene.site, 20 * NS_PER_MS);
    g_assert_true(host_drain(host));
    site_clear(&scene.site);
    g_free(scene.path);
}

static void
who_asks_nothing_or_half_has_to_go(void)
{
    static const char HALF[] =
        PREFACE "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
                "\x00\x00\x01\x01\x01\x00\x00\x00\x01\x82"; /* no END_HEADERS */
    Scene scene;
    Caller half;
    scene_init(&scene);
    scene.site.host.head_timeout_ns = 200 * NS_PER_MS;
    scene.site.host.session_idle_ns = 200 * NS_PER_MS;
    site_open(&scene.site, SITE_CDN);
    scene_dial(&scene, SITE_CDN, WINDOW_BYTES);
    caller_dial(&half, &scene.site.nodes[SITE_CDN].address);
    caller_send(&half, &scene.site.loop, HALF, sizeof HALF - 1);
    wait_for(&scene, NULL);
    g_assert_true(scene.caller.has_goaway);
    caller_wait_for_end(&half, &scene.site.loop);
    g_assert_cmpuint(cdn(&scene)->accepted_count, ==, 0);
    caller_hang_up(&half);
    scene_end(&scene);
}

/* --- floods ------------------------------------------------------------- */

static uint64_t
resident_bytes(void)
{
    g_autofree char *text = NULL;
    unsigned long pages = 0;
    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    g_assert_cmpint(sscanf(text, "%*u %lu", &pages), ==, 1);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void
add_frame(GByteArray *flood, uint8_t type, uint8_t flags, uint32_t id,
          const char *text)
{
    size_t size_bytes = text ? strlen(text) : 0;
    const uint8_t head[9] = {0,
                             0,
                             (uint8_t)size_bytes,
                             type,
                             flags,
                             (uint8_t)(id >> 24),
                             (uint8_t)(id >> 16),
                             (uint8_t)(id >> 8),
                             (uint8_t)id};
    g_byte_array_append(flood, head, sizeof head);
    g_byte_array_append(flood, (const guint8 *)text, (guint)size_bytes);
}

/* :method GET, :scheme http, :path /, host test: RFC 7541, by its tables. */
#define BLOCK "\x82\x86\x84\x41\x04test"

static void
add_reset(GByteArray *flood, uint32_t id)
{
    add_frame(flood, NGHTTP2_HEADERS, 5, id, BLOCK);
    add_frame(flood, NGHTTP2_RST_STREAM, 0, id, NULL);
    g_byte_array_set_size(flood, flood->len - 9);
    const uint8_t reset[13] = {
        0, 0, 4, 3, 0, 0, 0, (uint8_t)(id >> 8), (uint8_t)id, 0, 0, 0, 8};
    g_byte_array_append(flood, reset, sizeof reset);
}

static void
add_ping(GByteArray *flood, uint32_t id)
{
    g_assert_cmpuint(id, >, 0);
    add_frame(flood, NGHTTP2_PING, 0, 0, "8 bytes!");
}

static void
add_settings(GByteArray *flood, uint32_t id)
{
    g_assert_cmpuint(id, >, 0);
    add_frame(flood, NGHTTP2_SETTINGS, 0, 0, NULL);
}

static void
add_continuation(GByteArray *flood, uint32_t id)
{
    if (id == 1)
        add_frame(flood, NGHTTP2_HEADERS, 0, 1, BLOCK);
    add_frame(flood, NGHTTP2_CONTINUATION, 0, 1, "\x40\x01x\x01y");
}

static void
add_priority(GByteArray *flood, uint32_t id)
{
    add_frame(flood, NGHTTP2_PRIORITY, 0, id, "\x01\x01\x01\x01\x01");
}

static void
add_empty(GByteArray *flood, uint32_t id)
{
    if (id == 1)
        add_frame(flood, NGHTTP2_HEADERS, 4, 1, BLOCK);
    add_frame(flood, NGHTTP2_DATA, 0, 1, NULL);
}

/* A stream error that we have to answer with a reset. */
static void
add_provocation(GByteArray *flood, uint32_t id)
{
    static const uint8_t UPDATE[4] = {0x7f, 0xff, 0xff, 0xff};
    add_frame(flood, NGHTTP2_HEADERS, 4, id, BLOCK);
    add_frame(flood, NGHTTP2_WINDOW_UPDATE, 0, id, "1234");
    g_byte_array_set_size(flood, flood->len - 4);
    g_byte_array_append(flood, UPDATE, sizeof UPDATE);
}

typedef void (*AddFrames)(GByteArray *flood, uint32_t id);

/* It ends within a second, with a word, and costs next to nothing; a caller
 * beside it is served as ever. */
static void
a_flood_ends_in_goaway(gconstpointer data)
{
    AddFrames add = *(const AddFrames *)data;
    Scene scene;
    Caller flooder;
    scene_begin(&scene);
    g_autoptr(GByteArray) flood = g_byte_array_new();
    g_byte_array_append(flood, (const guint8 *)PREFACE, sizeof PREFACE - 1);
    add_frame(flood, NGHTTP2_SETTINGS, 0, 0, NULL);
    for (uint32_t id = 1; flood->len < FLOOD_BYTES && id < 65000; id += 2)
        add(flood, id);
    caller_dial(&flooder, &scene.site.nodes[SITE_CDN].address);
    uint64_t before_bytes = resident_bytes();
    int64_t start_ns = loop_read_clock(&scene.site.loop);
    size_t sent_bytes = 0;
    while (!flooder.is_ended && !flooder.error) {
        sent_bytes += caller_try_send(&flooder, flood->data + sent_bytes,
                                      MIN(65536, flood->len - sent_bytes));
        loopback_step(&scene.site.loop);
        caller_listen(&flooder, 65536);
        g_assert_cmpint(loop_now_ns(&scene.site.loop) - start_ns, <, NS_PER_S);
    }
    g_assert_cmpuint(resident_bytes(), <, before_bytes + GROWTH_BYTES);
    /* GOAWAY (7), with ENHANCE_YOUR_CALM (11). */
    static const uint8_t END[] = {0, 0, 0, 11};
    g_assert_cmpuint(flooder.heard->len, >=, 17);
    g_assert_cmpuint(flooder.heard->data[flooder.heard->len - 14], ==, 7);
    g_assert_true(memcmp(flooder.heard->data + flooder.heard->len - 4, END,
                         sizeof END) == 0);
    Http2Call *call = http2_caller_get(&scene.caller, scene.path, NULL);
    wait_for(&scene, call);
    loopback_compare(call->body, scene.site.content, SITE_FILE_BYTES);
    g_assert_cmpuint(cdn(&scene)->accepted_count, <=, 2);
    caller_hang_up(&flooder);
    scene_end(&scene);
}

#define STORY(name) g_test_add_func("/http2/" #name, name)
#define FLOOD(name)                                                            \
    g_test_add_data_func("/http2/flood/" #name,                                \
                         &(const AddFrames){add_##name},                       \
                         a_flood_ends_in_goaway)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(many_requests_share_a_connection);
    STORY(an_edge_relays_into_a_stream);
    STORY(a_head_comes_alone_and_an_end_from_behind);
    STORY(a_body_reaches_the_node);
    STORY(the_strictest_reading_holds_here_too);
    STORY(a_head_beyond_8_kib_is_not_taken);
    STORY(a_closed_window_holds_the_body_back);
    STORY(a_stream_that_is_reset_leaves_nothing_behind);
    STORY(streams_count_against_the_limits);
    STORY(a_drained_host_finishes_and_says_goodbye);
    STORY(who_asks_nothing_or_half_has_to_go);
    FLOOD(reset);
    FLOOD(ping);
    FLOOD(settings);
    FLOOD(continuation);
    FLOOD(empty);
    FLOOD(priority);
    FLOOD(provocation);
    return g_test_run();
}
