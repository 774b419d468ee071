/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_serve.c: nothing that peers send breaks a serving role.
 *
 * The first byte picks the role; then runs of (stream, length, bytes) are
 * received on four streams, some of which end there; the disk answers every
 * read, and what the role writes must be responses that our own reader accepts.
 */
#include <glib.h>
#include <string.h>

#include "core/keyring.h"
#include "tests/desk.h"
#include "tests/fuzz/fuzz.h"

#define STREAM_COUNT 4u
#define ENDED_BIT 0x80u

typedef struct Scene {
    Solo *solo;
    Desk *desk; /* NULL: a key service */
    StreamId streams[STREAM_COUNT];
} Scene;

/* Forget a stream that the role closed; the next bytes open another. */
static void
look_at_turn(Scene *scene)
{
    for (uint32_t i = 0; i < STREAM_COUNT; i++) {
        StreamId stream = scene->streams[i];
        if (stream == STREAM_NONE)
            continue;
        solo_status(scene->solo, stream); /* asserts that it parses */
        if (solo_is_closed(scene->solo, stream))
            scene->streams[i] = STREAM_NONE;
    }
}

static void
answer_reads(Scene *scene)
{
    const Effect *read;
    while (scene->desk && (read = solo_effect(scene->solo, EFFECT_READ, 0))) {
        Effect copy = *read;
        desk_answer_read(scene->desk, &copy);
        look_at_turn(scene);
    }
}

/* What is not answered at once needs room, which never comes. */
static void
end_stream(Scene *scene, uint32_t slot)
{
    StreamId stream = scene->streams[slot];
    if (stream == STREAM_NONE)
        return;
    solo_take(scene->solo, (Event){.kind = EVENT_ENDED, .stream = stream});
    look_at_turn(scene);
    answer_reads(scene);
    if (scene->streams[slot] == STREAM_NONE)
        return;
    scene->streams[slot] = STREAM_NONE;
    solo_close(scene->solo, stream, CLOSE_RESET);
}

static void
act(Scene *scene, const uint8_t *bytes, size_t byte_count)
{
    size_t at = 1;
    while (at + 2 < byte_count) {
        uint32_t slot = bytes[at] % STREAM_COUNT;
        size_t size = MIN(1u + bytes[at + 1] * 4u, byte_count - at - 2);
        if (scene->streams[slot] == STREAM_NONE) {
            StreamId stream = solo_accept(scene->solo, 5 + slot);
            scene->streams[slot] = stream;
        }
        solo_receive(scene->solo, scene->streams[slot], bytes + at + 2, size);
        look_at_turn(scene);
        answer_reads(scene);
        if (bytes[at] & ENDED_BIT)
            end_stream(scene, slot);
        at += 2 + size;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    static const uint8_t SEED[32] = {9};
    if (byte_count < 1)
        return 0;
    Scene scene = {.solo = NULL};
    for (uint32_t i = 0; i < STREAM_COUNT; i++)
        scene.streams[i] = STREAM_NONE;
    if (bytes[0] % 2 == 0) {
        scene.desk = desk_new(false, 300000);
        scene.desk->has_payload = false;
        scene.solo = &scene.desk->solo;
        act(&scene, bytes, byte_count);
        desk_free(scene.desk);
        return 0;
    }
    KeyringConfig config;
    keyring_config_init(&config);
    Solo solo;
    scene.solo = &solo;
    solo_init(&solo, ROLE_KEY_SERVICE, &config, SEED);
    act(&scene, bytes, byte_count);
    solo_clear(&solo);
    return 0;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    uint32_t at = 0;
    if (n > 1)
        return 0;
    g_autofree char *text =
        n == 0 ? desk_get_text(1000, 200000)
               : g_strdup("POST /v1/key HTTP/1.1\r\nHost: byway\r\n"
                          "Content-Length: 48\r\n\r\n");
    ret_bytes[at++] = (uint8_t)n;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t size_bytes = (uint32_t)strlen(text);
        ret_bytes[at++] = i == 0 ? 0 : ENDED_BIT;
        ret_bytes[at++] = (uint8_t)(size_bytes / 4);
        memcpy(ret_bytes + at, text, size_bytes);
        at += size_bytes;
    }
    return at;
}
