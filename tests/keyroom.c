/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/keyroom.c: a key service alone, with a store that keeps.
 */
#include "tests/keyroom.h"

#include <string.h>

static const PeerId SERVICES[] = {KEYROOM_SERVICE};

void
keyroom_open(Keyroom *room)
{
    static const Place PLACE = {.self = 1};
    const uint8_t seed[32] = {42, ++room->life};
    solo_init(&room->solo, ROLE_KEY_SERVICE, &room->config, seed);
    solo_start(&room->solo, &PLACE);
}

Keyroom *
keyroom_new(void)
{
    Keyroom *room = g_new0(Keyroom, 1);
    keyring_config_init(&room->config);
    room->config.batch_count = 1; /* so that a pass takes many turns */
    room->config.services = SERVICES;
    room->config.service_count = G_N_ELEMENTS(SERVICES);
    room->kept = g_array_new(FALSE, FALSE, sizeof(Record));
    return room;
}

void
keyroom_free(Keyroom *room)
{
    solo_clear(&room->solo);
    g_array_unref(room->kept);
    g_free(room);
}

FileId
keyroom_file(uint32_t number)
{
    FileId file = {{(uint8_t)number, (uint8_t)(number >> 8)}};
    return file;
}

void
keyroom_command_add(Keyroom *room, uint32_t file, uint64_t version)
{
    Command command = {
        .kind = COMMAND_ADD_FILE,
        .file = keyroom_file(file),
        .version = version,
        .file_bytes = 1000 + file,
    };
    solo_take(&room->solo, (Event){.kind = EVENT_COMMAND,
                                   .stream = STREAM_NONE,
                                   .command = &command});
}

Record *
keyroom_kept(const Keyroom *room, guint place)
{
    return &g_array_index(room->kept, Record, place);
}

static void
keep(Keyroom *room, const Record *record)
{
    for (guint i = 0; i < room->kept->len; i++) {
        Record *old = keyroom_kept(room, i);
        if (memcmp(old->key, record->key, sizeof old->key) == 0) {
            *old = *record;
            return;
        }
    }
    g_array_append_val(room->kept, *record);
}

void
keyroom_store_all(Keyroom *room, bool is_durable)
{
    uint32_t tags[1024];
    uint32_t count = solo_effect_count(&room->solo, EFFECT_STORE);
    g_assert_cmpuint(count, <=, G_N_ELEMENTS(tags));
    for (uint32_t n = 0; n < count; n++) {
        const Effect *store = solo_effect(&room->solo, EFFECT_STORE, n);
        tags[n] = store->store.tag;
        if (is_durable)
            keep(room, solo_record(&room->solo, store));
    }
    for (uint32_t n = 0; n < count; n++) {
        solo_stored(&room->solo, tags[n], is_durable);
        keyroom_store_all(room, is_durable);
    }
}

void
keyroom_add(Keyroom *room, uint32_t file, uint64_t version)
{
    keyroom_command_add(room, file, version);
    keyroom_store_all(room, true);
}

void
keyroom_tell_master(Keyroom *room, uint64_t id, uint8_t first_of_secret)
{
    Command command = {
        .kind = COMMAND_ROTATE, .value = id, .secret = {first_of_secret}};
    solo_take(&room->solo, (Event){.kind = EVENT_COMMAND,
                                   .stream = STREAM_NONE,
                                   .command = &command});
}

uint8_t
keyroom_secret(uint64_t id)
{
    return (uint8_t)(70 + id);
}

void
keyroom_restore(Keyroom *room, const Record *record)
{
    solo_take(&room->solo, (Event){.kind = EVENT_RESTORED,
                                   .stream = STREAM_NONE,
                                   .record = record});
    /* Nothing is stored while the store is being read. */
    g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
}

void
keyroom_restart(Keyroom *room, uint32_t first_master, uint32_t last_master)
{
    int64_t now_ns = room->solo.now_ns;
    solo_clear(&room->solo);
    keyroom_open(room);
    room->solo.now_ns = now_ns;
    for (uint32_t id = first_master; id <= last_master; id++)
        keyroom_tell_master(room, id, keyroom_secret(id));
    for (guint i = 0; i < room->kept->len; i++)
        keyroom_restore(room, keyroom_kept(room, i));
}

Keyroom *
keyroom_told(uint32_t master_count)
{
    Keyroom *room = keyroom_new();
    room->config.is_master_told = true;
    keyroom_open(room);
    for (uint32_t id = 1; id <= master_count; id++)
        keyroom_tell_master(room, id, keyroom_secret(id));
    return room;
}

GByteArray *
keyroom_request(uint32_t file, uint64_t version, bool is_service)
{
    uint8_t body[WIRE_BYTES_MAX];
    char head_bytes[HTTP_WRITE_BYTES_MAX];
    KeyRequest request = {.file = keyroom_file(file),
                          .version = version,
                          .is_service = is_service};
    HttpHead head = {
        .method = HTTP_POST,
        .target = WIRE_PATH_KEY,
        .target_bytes = sizeof WIRE_PATH_KEY - 1,
        .body_bytes = wire_write_key_request(&request, body),
    };
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)head_bytes,
                        http_write_request(&head, head_bytes));
    g_byte_array_append(bytes, body, (guint)head.body_bytes);
    return bytes;
}

KeyroomAnswer
keyroom_read_answer(const Solo *solo, StreamId stream)
{
    KeyroomAnswer answer = {0};
    GByteArray *bytes = solo_written(solo, stream);
    HttpInput input = {.bytes = bytes->data, .size_bytes = bytes->len};
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_RESPONSES);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_HEAD);
    answer.status = piece.head.status;
    g_assert_true(http_reader_collect(&reader));
    if (answer.status == 200) {
        g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==,
                        HTTP_BODY);
        g_assert_true(
            wire_parse_key_grant(piece.bytes, piece.size_bytes, &answer.grant));
    }
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_END);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_MORE);
    http_reader_clear(&reader);
    g_byte_array_unref(bytes);
    return answer;
}

KeyroomAnswer
keyroom_ask_as(Keyroom *room, PeerId peer, uint32_t file, uint64_t version,
               bool is_service)
{
    StreamId stream = solo_accept(&room->solo, peer);
    GByteArray *bytes = keyroom_request(file, version, is_service);
    solo_receive(&room->solo, stream, bytes->data, bytes->len);
    KeyroomAnswer answer = keyroom_read_answer(&room->solo, stream);
    g_byte_array_unref(bytes);
    keyroom_store_all(room, true);
    solo_close(&room->solo, stream, CLOSE_DONE);
    return answer;
}

KeyroomAnswer
keyroom_ask(Keyroom *room, uint32_t file, uint64_t version)
{
    return keyroom_ask_as(room, KEYROOM_CLIENT, file, version, false);
}
