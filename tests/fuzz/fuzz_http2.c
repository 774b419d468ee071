/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_http2.c: nothing that a caller sends breaks a session.
 *
 * The first byte says which role serves and whether a preface and settings
 * go before, the second how large the pieces are in which the rest comes. The
 * host behind is whole, with a socket. What it sends must be frames that a
 * caller may get, and when the caller has gone nothing must be left.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/keyring.h"
#include "core/origin.h"
#include "core/wire.h"
#include "live/http2.h"
#include "tests/fuzz/fuzz.h"

#define FILE_BYTES 300000u
#define FRAME_HEAD_BYTES 9u
#define FRAME_BYTES_MAX 16384u
#define KEY_REQUEST_BYTES 48u
#define STEP_COUNT_MAX 10000u
#define KEY_SERVICE_BIT 1u
#define PREFACE_BIT 2u

typedef struct Scene {
    Loop loop;
    Host host;
    KeyringConfig keyring;
    OriginConfig origin;
    int fd;
    uint8_t head[FRAME_HEAD_BYTES]; /* of the frame that is coming */
    uint32_t head_bytes;
    uint32_t left_bytes; /* of its payload */
    bool is_clear;       /* what comes is HTTP/1.1: not of interest here */
    bool has_heard;
} Scene;

static void
read_file(void *context, const Effect *effect, Event *event)
{
    (void)context;
    uint64_t start_bytes = MIN(effect->read.offset_bytes, FILE_BYTES);
    uint64_t size_bytes =
        MIN(effect->read.size_bytes, FILE_BYTES - start_bytes);
    event->read.is_found = true;
    event->read.file_bytes = FILE_BYTES;
    event->read.extent = (Extent){
        .offset_bytes = start_bytes, .size_bytes = size_bytes, .version = 1};
    if (size_bytes == 0)
        return;
    event->read.extent.chunk = chunk_new((uint32_t)size_bytes);
    memset(event->read.extent.chunk->bytes, 'x', size_bytes);
}

static void
store(void *context, uint32_t tag, const Record *record)
{
    Scene *scene = context;
    (void)record;
    host_stored(&scene->host, tag, true);
}

/* A server sends these, with so much in them. */
static void
check_head(Scene *scene)
{
    const uint8_t *head = scene->head;
    scene->left_bytes = (uint32_t)(head[0] << 16 | head[1] << 8 | head[2]);
    g_assert_cmpuint(scene->left_bytes, <=, FRAME_BYTES_MAX);
    g_assert_cmpuint(head[3], <=, NGHTTP2_CONTINUATION);
    g_assert_cmpuint(head[3], !=, NGHTTP2_PUSH_PROMISE);
    g_assert_cmpuint(head[3], !=, NGHTTP2_PRIORITY);
    scene->head_bytes = 0;
}

static void
check(Scene *scene, const uint8_t *bytes, size_t byte_count)
{
    if (!scene->has_heard)
        scene->is_clear = bytes[0] == 'H';
    scene->has_heard = true;
    if (scene->is_clear)
        return;
    for (size_t at = 0; at < byte_count;) {
        if (scene->left_bytes > 0) {
            size_t part_bytes = MIN(scene->left_bytes, byte_count - at);
            scene->left_bytes -= (uint32_t)part_bytes;
            at += part_bytes;
            continue;
        }
        scene->head[scene->head_bytes++] = bytes[at++];
        if (scene->head_bytes == FRAME_HEAD_BYTES)
            check_head(scene);
    }
}

/* Let the host work, and hear all that it says. */
static void
listen_to(Scene *scene)
{
    uint8_t bytes[65536];
    ssize_t size_bytes;
    do {
        loop_step(&scene->loop, 0);
        size_bytes = recv(scene->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size_bytes > 0)
            check(scene, bytes, (size_t)size_bytes);
    } while (size_bytes > 0);
}

static void
say(Scene *scene, const uint8_t *bytes, size_t byte_count, size_t piece_bytes)
{
    size_t at = 0;
    while (at < byte_count) {
        size_t part_bytes = MIN(piece_bytes, byte_count - at);
        ssize_t sent_bytes = send(scene->fd, bytes + at, part_bytes,
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent_bytes > 0)
            at += (size_t)sent_bytes;
        listen_to(scene);
        if (sent_bytes <= 0)
            return;
    }
}

static void
scene_begin(Scene *scene, bool is_key_service)
{
    static const Address CALLER = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    HostConfig config = {
        .role = is_key_service ? ROLE_KEY_SERVICE : ROLE_CDN,
        .role_config =
            is_key_service ? (const void *)&scene->keyring : &scene->origin,
        .stream_count_max = 200,
        .stream_count_max_per_peer = 200,
        .pipe_count_max = 4,
        .memory_bytes_max = 16u << 20,
        .head_timeout_ns = 10 * NS_PER_S,
        .session_idle_ns = 60 * NS_PER_S,
        .limits = {.connect_timeout_ns = NS_PER_S,
                   .send_timeout_ns = NS_PER_S,
                   .linger_timeout_ns = NS_PER_S},
        .sink = {.context = scene, .read = read_file, .store = store},
    };
    int ends[2];
    memset(scene, 0, sizeof *scene);
    keyring_config_init(&scene->keyring);
    origin_config_init(&scene->origin, false);
    g_assert_true(loop_init(&scene->loop, NULL));
    g_assert_cmpint(socketpair(AF_UNIX,
                               SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                               ends),
                    ==, 0);
    scene->fd = ends[0];
    host_init(&scene->host, &scene->loop, &config);
    host_start(&scene->host);
    host_accept(&scene->host, ends[1], &CALLER, NULL);
}

static void
scene_end(Scene *scene)
{
    Host *host = &scene->host;
    close(scene->fd);
    for (uint32_t i = 0; host->accepted_count > 0 || host->conns.parting; i++) {
        loop_step(&scene->loop, 0);
        g_assert_cmpuint(i, <, STEP_COUNT_MAX);
    }
    g_assert_null(host->sessions);
    g_assert_cmpuint(host->conns.memory.held_bytes, ==, 0);
    host_clear(host);
    loop_clear(&scene->loop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    static const uint8_t SETTINGS[FRAME_HEAD_BYTES] = {[3] = NGHTTP2_SETTINGS};
    static const char PREFACE[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    Scene scene;
    if (byte_count < 2)
        return 0;
    scene_begin(&scene, bytes[0] & KEY_SERVICE_BIT);
    if (bytes[0] & PREFACE_BIT) {
        say(&scene, (const uint8_t *)PREFACE, sizeof PREFACE - 1, 100);
        say(&scene, SETTINGS, sizeof SETTINGS, 100);
    }
    say(&scene, bytes + 2, byte_count - 2, 1u + bytes[1] * 64u);
    scene_end(&scene);
    return 0;
}

/* --- what a good caller says -------------------------------------------- */

static nghttp2_nv
field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value,
                        strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static void
ask(nghttp2_session *session, bool is_post)
{
    FileId file = {{1}};
    char path[WIRE_FILE_PATH_BYTES_MAX + 1] = WIRE_PATH_KEY;
    if (!is_post)
        path[wire_write_file_path(&file, 1, path)] = '\0';
    nghttp2_nv fields[] = {
        field(":method", is_post ? "POST" : "GET"),
        field(":scheme", "http"),
        field(":authority", "byway"),
        field(":path", path),
        field(is_post ? "content-length" : "range",
              is_post ? "48" : "bytes=5-200000"),
    };
    nghttp2_submit_headers(
        session, is_post ? NGHTTP2_FLAG_NONE : NGHTTP2_FLAG_END_STREAM, -1,
        NULL, fields, G_N_ELEMENTS(fields), NULL);
}

static uint32_t
write_body(uint8_t stream, uint8_t *ret_bytes)
{
    memset(ret_bytes, 0, FRAME_HEAD_BYTES + KEY_REQUEST_BYTES);
    ret_bytes[2] = KEY_REQUEST_BYTES;
    ret_bytes[4] = NGHTTP2_FLAG_END_STREAM;
    ret_bytes[8] = stream;
    return FRAME_HEAD_BYTES + KEY_REQUEST_BYTES;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    nghttp2_session_callbacks *calls;
    nghttp2_session *session;
    const uint8_t *bytes;
    ssize_t size_bytes;
    uint32_t at = 0;
    if (n > 3)
        return 0;
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_client_new(&session, calls, NULL);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0);
    for (uint32_t i = 0; i <= n; i++)
        ask(session, n % 2 == 1);
    nghttp2_submit_ping(session, NGHTTP2_FLAG_NONE, NULL);
    ret_bytes[at++] = n % 2 == 1 ? KEY_SERVICE_BIT : 0;
    ret_bytes[at++] = (uint8_t)(1 + n * 20);
    while ((size_bytes = nghttp2_session_mem_send(session, &bytes)) > 0) {
        memcpy(ret_bytes + at, bytes, (size_t)size_bytes);
        at += (uint32_t)size_bytes;
    }
    for (uint8_t i = 0; i <= n && n % 2 == 1; i++)
        at += write_body((uint8_t)(1 + 2 * i), ret_bytes + at);
    nghttp2_session_del(session);
    nghttp2_session_callbacks_del(calls);
    return at;
}
