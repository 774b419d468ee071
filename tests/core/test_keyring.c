/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_keyring.c: a key's life, from durable to forgotten.
 */
#include <string.h>

#include "core/key_record.h"
#include "core/keyring.h"
#include "core/wire.h"
#include "tests/solo.h"

#define CLIENT 5u
#define DATA_CENTRE 9u
#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)
#define RECORD_START_BYTES 13u /* in a stored value */

static const PeerId SERVICES[] = {DATA_CENTRE};

typedef struct World {
    KeyringConfig config;
    Solo solo;
} World;

typedef struct Answer {
    uint16_t status;
    KeyGrant grant;
} Answer;

static void
take(void *keyring, const Event *event, Turn *turn)
{
    keyring_turn(keyring, event, turn);
}

static void
world_open(World *world)
{
    static const uint8_t SEED[32] = {42};
    static const Place PLACE = {.self = 1};
    solo_init(&world->solo, keyring_new(&world->config, SEED), take);
    solo_start(&world->solo, &PLACE);
}

static World *
world_new(void)
{
    World *world = g_new0(World, 1);
    keyring_config_init(&world->config);
    world->config.services = SERVICES;
    world->config.service_count = G_N_ELEMENTS(SERVICES);
    return world;
}

static void
world_free(World *world)
{
    keyring_free(world->solo.node);
    solo_clear(&world->solo);
    g_free(world);
}

static FileId
file_of(uint32_t number)
{
    FileId file = {{(uint8_t)number, (uint8_t)(number >> 8)}};
    return file;
}

/* The command alone; its store is not answered yet. */
static void
command_add(World *world, uint32_t file, uint64_t version)
{
    Command command = {
        .kind = COMMAND_ADD_FILE,
        .file = file_of(file),
        .version = version,
        .file_bytes = 1000 + file,
    };
    solo_take(&world->solo, (Event){.kind = EVENT_COMMAND,
                                    .stream = STREAM_NONE,
                                    .command = &command});
}

/* Answer every store of this turn, and of those that follow from it. */
static void
store_all(World *world, bool is_durable)
{
    uint32_t tags[1024];
    uint32_t count = solo_effect_count(&world->solo, EFFECT_STORE);
    g_assert_cmpuint(count, <=, G_N_ELEMENTS(tags));
    for (uint32_t n = 0; n < count; n++)
        tags[n] = solo_effect(&world->solo, EFFECT_STORE, n)->store.tag;
    for (uint32_t n = 0; n < count; n++) {
        solo_stored(&world->solo, tags[n], is_durable);
        store_all(world, is_durable);
    }
}

static void
add(World *world, uint32_t file, uint64_t version)
{
    command_add(world, file, version);
    store_all(world, true);
}

static void
rotate(World *world, uint8_t first_of_secret)
{
    Command command = {.kind = COMMAND_ROTATE, .secret = {first_of_secret}};
    solo_take(&world->solo, (Event){.kind = EVENT_COMMAND,
                                    .stream = STREAM_NONE,
                                    .command = &command});
}

static GByteArray *
request_bytes(uint32_t file, uint64_t version, bool is_service)
{
    uint8_t body[WIRE_BYTES_MAX];
    char head_bytes[HTTP_WRITE_BYTES_MAX];
    KeyRequest request = {
        .file = file_of(file), .version = version, .is_service = is_service};
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

static Answer
read_answer(const Solo *solo, StreamId stream)
{
    Answer answer = {0};
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

static Answer
ask_as(World *world, PeerId peer, uint32_t file, uint64_t version,
       bool is_service)
{
    StreamId stream = solo_accept(&world->solo, peer);
    GByteArray *bytes = request_bytes(file, version, is_service);
    solo_receive(&world->solo, stream, bytes->data, bytes->len);
    Answer answer = read_answer(&world->solo, stream);
    g_byte_array_unref(bytes);
    store_all(world, true);
    solo_close(&world->solo, stream, CLOSE_DONE);
    return answer;
}

static Answer
ask(World *world, uint32_t file, uint64_t version)
{
    return ask_as(world, CLIENT, file, version, false);
}

static void
a_key_is_granted_once_its_record_is_durable(void)
{
    World *world = world_new();
    world_open(world);
    command_add(world, 7, 1);
    g_assert_cmpuint(solo_effect_count(&world->solo, EFFECT_STORE), ==, 1);
    uint32_t tag = solo_effect(&world->solo, EFFECT_STORE, 0)->store.tag;
    g_assert_cmpuint(ask(world, 7, 1).status, ==, 503);
    solo_stored(&world->solo, tag, true);
    g_assert_cmpuint(solo_note_count(&world->solo, NOTE_KEY_CREATED), ==, 1);
    Answer answer = ask(world, 7, 1);
    g_assert_cmpuint(answer.status, ==, 200);
    g_assert_cmpuint(answer.grant.file_bytes, ==, 1007);
    g_assert_cmpuint(answer.grant.version, ==, 1);
    g_assert_cmpuint(answer.grant.not_after_ms, ==, 30u * 86400000u);
    g_assert_cmpuint(ask(world, 7, 2).status, ==, 404);
    g_assert_cmpuint(ask(world, 8, 0).status, ==, 404);
    world_free(world);
}

static void
a_key_whose_record_was_not_stored_is_never_granted(void)
{
    World *world = world_new();
    world_open(world);
    command_add(world, 7, 1);
    store_all(world, false);
    g_assert_cmpuint(ask(world, 7, 1).status, ==, 410);
    /* Nor is its version given to another key. */
    command_add(world, 7, 1);
    g_assert_cmpuint(solo_effect_count(&world->solo, EFFECT_STORE), ==, 0);
    add(world, 7, 2);
    g_assert_cmpuint(ask(world, 7, 0).status, ==, 200);
    world_free(world);
}

static void
a_grant_carries_the_file_key_and_its_commitment(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 1);
    Answer answer = ask(world, 7, 1);
    g_assert_cmpuint(answer.grant.alg, ==, ALG_CTR);
    g_assert_cmpuint(answer.grant.secret_kind, ==, SECRET_FILE_KEY);
    Sealer *sealer = sealer_new();
    uint8_t commit[KEY_BYTES];
    seal_commit(sealer, answer.grant.secret, commit);
    g_assert_true(memcmp(commit, answer.grant.commit, sizeof commit) == 0);
    sealer_free(sealer);
    /* The data centre seals with the same key. */
    Answer service = ask_as(world, DATA_CENTRE, 7, 1, true);
    g_assert_true(
        memcmp(service.grant.secret, answer.grant.secret, KEY_BYTES) == 0);
    world_free(world);
}

static void
the_papers_ciphers_are_granted_the_basic_key_which_is_stored_wrapped(void)
{
    World *world = world_new();
    world->config.alg = ALG_PAPER_CTR;
    world_open(world);
    command_add(world, 7, 1);
    const Effect *store = solo_effect(&world->solo, EFFECT_STORE, 0);
    Record record = *solo_record(&world->solo, store);
    store_all(world, true);
    Answer answer = ask(world, 7, 1);
    g_assert_cmpuint(answer.grant.secret_kind, ==, SECRET_BASIC_KEY);
    g_assert_null(memmem(record.value, record.value_bytes, answer.grant.secret,
                         KEY_BYTES));
    Sealer *sealer = sealer_new();
    uint8_t file_key[KEY_BYTES], commit[KEY_BYTES];
    FileId file = file_of(7);
    seal_file_key(sealer, answer.grant.secret, &file, 1, file_key);
    seal_commit(sealer, file_key, commit);
    g_assert_true(memcmp(commit, answer.grant.commit, sizeof commit) == 0);
    sealer_free(sealer);
    world_free(world);
}

static void
a_stranger_that_says_it_is_a_data_centre_gets_no_key(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 1);
    g_assert_cmpuint(ask_as(world, CLIENT, 7, 1, true).status, ==, 403);
    g_assert_cmpuint(ask_as(world, DATA_CENTRE, 7, 1, true).status, ==, 200);
    world_free(world);
}

static void
a_new_version_retires_the_old_which_still_opens(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 1);
    Answer old = ask(world, 7, 0);
    command_add(world, 7, 2);
    uint32_t tag = solo_effect(&world->solo, EFFECT_STORE, 0)->store.tag;
    /* Until the new record is durable, the newest is the old one. */
    g_assert_cmpuint(ask(world, 7, 0).grant.version, ==, 1);
    solo_stored(&world->solo, tag, true);
    store_all(world, true);
    Answer newest = ask(world, 7, 0);
    g_assert_cmpuint(newest.grant.version, ==, 2);
    g_assert_true(memcmp(newest.grant.secret, old.grant.secret, KEY_BYTES) !=
                  0);
    g_assert_cmpuint(ask(world, 7, 1).status, ==, 200);
    g_assert_cmpuint(ask_as(world, DATA_CENTRE, 7, 1, true).status, ==, 410);
    world_free(world);
}

static void
versions_only_grow(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 5);
    for (uint64_t version = 0; version <= 5; version++) {
        command_add(world, 7, version);
        g_assert_cmpuint(solo_effect_count(&world->solo, EFFECT_STORE), ==, 0);
        g_assert_cmpuint(solo_note_count(&world->solo, NOTE_REQUEST_REFUSED),
                         ==, 1);
    }
    world_free(world);
}

static void
an_expired_key_is_refused_at_once_and_buried(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 1);
    world->solo.now_ns = 30 * NS_PER_DAY;
    g_assert_cmpuint(ask(world, 7, 1).status, ==, 200);
    world->solo.now_ns += NS_PER_MS;
    StreamId stream = solo_accept(&world->solo, CLIENT);
    GByteArray *bytes = request_bytes(7, 1, false);
    solo_receive(&world->solo, stream, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    g_assert_cmpuint(read_answer(&world->solo, stream).status, ==, 410);
    const Effect *store = solo_effect(&world->solo, EFFECT_STORE, 0);
    g_assert_nonnull(store);
    g_assert_cmpuint(solo_record(&world->solo, store)->value_bytes, ==,
                     RECORD_START_BYTES);
    g_assert_cmpuint(solo_note_count(&world->solo, NOTE_KEY_DELETED), ==, 1);
    world_free(world);
}

/* Wake the role until a day has passed; how many keys were deleted? */
static uint32_t
deleted_within_a_day(World *world)
{
    uint32_t count = 0;
    int64_t end_ns = world->solo.now_ns + NS_PER_DAY;
    /* The wish for the next wake is renewed on every turn. */
    do {
        solo_wake(&world->solo);
        count += solo_note_count(&world->solo, NOTE_KEY_DELETED);
        store_all(world, true);
    } while (world->solo.now_ns < end_ns);
    return count;
}

static void
a_key_unused_for_ninety_days_is_deleted_and_a_used_one_is_not(void)
{
    World *world = world_new();
    world->config.lifetime_ns = 1000 * NS_PER_DAY;
    world_open(world);
    add(world, 7, 1);
    add(world, 8, 1);
    world->solo.now_ns = 80 * NS_PER_DAY;
    g_assert_cmpuint(ask(world, 8, 1).status, ==, 200);
    world->solo.now_ns = 90 * NS_PER_DAY;
    g_assert_cmpuint(deleted_within_a_day(world), ==, 1);
    g_assert_cmpuint(ask(world, 7, 1).status, ==, 410);
    g_assert_cmpuint(ask(world, 8, 1).status, ==, 200);
    world_free(world);
}

/* Who wrapped the record that a store keeps? */
static uint32_t
master_of(const Solo *solo, const Effect *store)
{
    const Record *record = solo_record(solo, store);
    KeyRecord header;
    g_assert_true(key_record_parse(record->value + RECORD_START_BYTES,
                                   record->value_bytes - RECORD_START_BYTES,
                                   &header));
    return header.master_id;
}

static void
rotation_rewraps_every_record_in_batches_and_changes_no_key(void)
{
    World *world = world_new();
    world->config.batch_count = 16;
    world_open(world);
    for (uint32_t file = 0; file < 100; file++)
        add(world, file, 1);
    Answer before = ask(world, 55, 1);
    rotate(world, 77);
    uint32_t rewrapped_count = 0;
    while (rewrapped_count < 100) {
        solo_wake(&world->solo);
        uint32_t count = solo_effect_count(&world->solo, EFFECT_STORE);
        g_assert_cmpuint(count, <=, 16);
        g_assert_cmpuint(count, >, 0);
        for (uint32_t n = 0; n < count; n++)
            g_assert_cmpuint(
                master_of(&world->solo,
                          solo_effect(&world->solo, EFFECT_STORE, n)),
                ==, 2);
        rewrapped_count += count;
        store_all(world, true);
    }
    Answer after = ask(world, 55, 1);
    g_assert_true(memcmp(&before.grant, &after.grant, sizeof before.grant) ==
                  0);
    world_free(world);
}

static void
a_rewrap_that_was_not_stored_is_tried_again(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 1);
    rotate(world, 77);
    solo_wake(&world->solo);
    g_assert_cmpuint(solo_effect_count(&world->solo, EFFECT_STORE), ==, 1);
    store_all(world, false);
    g_assert_cmpuint(ask(world, 7, 1).status, ==, 200);
    solo_wake(&world->solo);
    const Effect *store = solo_effect(&world->solo, EFFECT_STORE, 0);
    g_assert_nonnull(store);
    g_assert_cmpuint(master_of(&world->solo, store), ==, 2);
    store_all(world, true);
    /* One more look finds all in order, and the chore is over. */
    while (world->solo.turn.wake_ns < NS_PER_DAY) {
        solo_wake(&world->solo);
        g_assert_cmpuint(solo_effect_count(&world->solo, EFFECT_STORE), ==, 0);
    }
    world_free(world);
}

static void
requests_on_one_stream_are_answered_in_order(void)
{
    World *world = world_new();
    world_open(world);
    add(world, 7, 1);
    StreamId stream = solo_accept(&world->solo, CLIENT);
    GByteArray *bytes = request_bytes(7, 1, false);
    GByteArray *second = request_bytes(7, 9, false);
    g_byte_array_append(bytes, second->data, second->len);
    uint16_t statuses[2];
    uint32_t count = 0;
    for (guint i = 0; i < bytes->len; i++) {
        solo_receive(&world->solo, stream, bytes->data + i, 1);
        uint16_t status = solo_status(&world->solo, stream);
        if (status == 0)
            continue;
        g_assert_cmpuint(count, <, 2);
        statuses[count++] = status;
    }
    g_assert_cmpuint(count, ==, 2);
    g_assert_cmpuint(statuses[0], ==, 200);
    g_assert_cmpuint(statuses[1], ==, 404);
    g_byte_array_unref(second);
    g_byte_array_unref(bytes);
    world_free(world);
}

static uint16_t
status_of_text(World *world, const char *text)
{
    StreamId stream = solo_accept(&world->solo, CLIENT);
    solo_receive_text(&world->solo, stream, text);
    return solo_status(&world->solo, stream);
}

static void
what_is_no_key_request_is_refused(void)
{
    World *world = world_new();
    world_open(world);
    g_assert_cmpuint(status_of_text(world, "GET /v1/key HTTP/1.1\r\n"
                                           "Host: a\r\n\r\n"),
                     ==, 405);
    g_assert_cmpuint(status_of_text(world, "GET / HTTP/1.1\r\n"
                                           "Host: a\r\n\r\n"),
                     ==, 404);
    g_assert_cmpuint(status_of_text(world, "POST /v1/key HTTP/1.1\r\n"
                                           "Host: a\r\n"
                                           "Content-Length: 5\r\n\r\nhello"),
                     ==, 400);
    g_assert_cmpuint(status_of_text(world, "POST /v1/key HTTP/1.1\r\n"
                                           "Host: a\r\n"
                                           "Content-Length: 70000\r\n\r\n"),
                     ==, 413);
    g_assert_cmpuint(status_of_text(world, "key please\r\n"), ==, 0);
    g_assert_cmpuint(status_of_text(world, "key please\n"), ==, 400);
    world_free(world);
}

static void
silent_streams_are_closed(void)
{
    World *world = world_new();
    world_open(world);
    StreamId stream = solo_accept(&world->solo, CLIENT);
    solo_wake(&world->solo);
    g_assert_cmpint(world->solo.now_ns, ==, 120 * NS_PER_S);
    g_assert_true(solo_is_closed(&world->solo, stream));
    g_assert_cmpint(world->solo.turn.wake_ns, ==, NS_PER_DAY);
    world_free(world);
}

static void
figures_that_make_no_keys_are_refused(void)
{
    KeyringConfig config;
    keyring_config_init(&config);
    g_assert_true(keyring_config_is_valid(&config));
    config.alg = ALG_ECB;
    g_assert_false(keyring_config_is_valid(&config));
    config.alg = ALG_GCM; /* nothing carries its tags */
    g_assert_false(keyring_config_is_valid(&config));
    keyring_config_init(&config);
    config.slice_bytes = 16400;
    g_assert_false(keyring_config_is_valid(&config));
    keyring_config_init(&config);
    config.wrap_alg = 3;
    g_assert_false(keyring_config_is_valid(&config));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keyring/a_key_is_granted_once_its_record_is_durable",
                    a_key_is_granted_once_its_record_is_durable);
    g_test_add_func(
        "/keyring/a_key_whose_record_was_not_stored_is_never_granted",
        a_key_whose_record_was_not_stored_is_never_granted);
    g_test_add_func("/keyring/a_grant_carries_the_file_key_and_its_commitment",
                    a_grant_carries_the_file_key_and_its_commitment);
    g_test_add_func(
        "/keyring/"
        "the_papers_ciphers_are_granted_the_basic_key_which_is_stored_wrapped",
        the_papers_ciphers_are_granted_the_basic_key_which_is_stored_wrapped);
    g_test_add_func(
        "/keyring/a_stranger_that_says_it_is_a_data_centre_gets_no_key",
        a_stranger_that_says_it_is_a_data_centre_gets_no_key);
    g_test_add_func("/keyring/a_new_version_retires_the_old_which_still_opens",
                    a_new_version_retires_the_old_which_still_opens);
    g_test_add_func("/keyring/versions_only_grow", versions_only_grow);
    g_test_add_func("/keyring/an_expired_key_is_refused_at_once_and_buried",
                    an_expired_key_is_refused_at_once_and_buried);
    g_test_add_func(
        "/keyring/"
        "a_key_unused_for_ninety_days_is_deleted_and_a_used_one_is_not",
        a_key_unused_for_ninety_days_is_deleted_and_a_used_one_is_not);
    g_test_add_func(
        "/keyring/rotation_rewraps_every_record_in_batches_and_changes_no_key",
        rotation_rewraps_every_record_in_batches_and_changes_no_key);
    g_test_add_func("/keyring/a_rewrap_that_was_not_stored_is_tried_again",
                    a_rewrap_that_was_not_stored_is_tried_again);
    g_test_add_func("/keyring/requests_on_one_stream_are_answered_in_order",
                    requests_on_one_stream_are_answered_in_order);
    g_test_add_func("/keyring/what_is_no_key_request_is_refused",
                    what_is_no_key_request_is_refused);
    g_test_add_func("/keyring/silent_streams_are_closed",
                    silent_streams_are_closed);
    g_test_add_func("/keyring/figures_that_make_no_keys_are_refused",
                    figures_that_make_no_keys_are_refused);
    return g_test_run();
}
