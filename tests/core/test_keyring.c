/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_keyring.c: a key's life, from durable to forgotten.
 */
#include <string.h>

#include "core/key_record.h"
#include "tests/keyroom.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)

static void
a_key_is_granted_once_its_record_is_durable(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_command_add(room, 7, 1);
    g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 1);
    uint32_t tag = solo_effect(&room->solo, EFFECT_STORE, 0)->store.tag;
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 503);
    solo_stored(&room->solo, tag, true);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_KEY_CREATED), ==, 1);
    KeyroomAnswer answer = keyroom_ask(room, 7, 1);
    g_assert_cmpuint(answer.status, ==, 200);
    g_assert_cmpuint(answer.grant.file_bytes, ==, 1007);
    g_assert_cmpuint(answer.grant.version, ==, 1);
    g_assert_cmpuint(answer.grant.not_after_ms, ==, 30u * 86400000u);
    g_assert_cmpuint(keyroom_ask(room, 7, 2).status, ==, 404);
    g_assert_cmpuint(keyroom_ask(room, 8, 0).status, ==, 404);
    keyroom_free(room);
}

static void
a_key_whose_record_was_not_stored_is_never_granted(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_command_add(room, 7, 1);
    keyroom_store_all(room, false);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 410);
    /* Nor is its version given to another key. */
    keyroom_command_add(room, 7, 1);
    g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
    keyroom_add(room, 7, 2);
    g_assert_cmpuint(keyroom_ask(room, 7, 0).status, ==, 200);
    keyroom_free(room);
}

static void
a_grant_carries_the_file_key_and_its_commitment(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    KeyroomAnswer answer = keyroom_ask(room, 7, 1);
    g_assert_cmpuint(answer.grant.alg, ==, ALG_CTR);
    g_assert_cmpuint(answer.grant.secret_kind, ==, SECRET_FILE_KEY);
    Sealer *sealer = sealer_new();
    uint8_t commit[KEY_BYTES];
    seal_commit(sealer, answer.grant.secret, commit);
    g_assert_true(memcmp(commit, answer.grant.commit, sizeof commit) == 0);
    sealer_free(sealer);
    /* The data centre seals with the same key. */
    KeyroomAnswer service = keyroom_ask_as(room, KEYROOM_SERVICE, 7, 1, true);
    g_assert_true(
        memcmp(service.grant.secret, answer.grant.secret, KEY_BYTES) == 0);
    keyroom_free(room);
}

static void
the_papers_ciphers_are_granted_the_basic_key_which_is_stored_wrapped(void)
{
    Keyroom *room = keyroom_new();
    room->config.alg = ALG_PAPER_CTR;
    keyroom_open(room);
    keyroom_command_add(room, 7, 1);
    const Effect *store = solo_effect(&room->solo, EFFECT_STORE, 0);
    Record record = *solo_record(&room->solo, store);
    keyroom_store_all(room, true);
    KeyroomAnswer answer = keyroom_ask(room, 7, 1);
    g_assert_cmpuint(answer.grant.secret_kind, ==, SECRET_BASIC_KEY);
    g_assert_null(memmem(record.value, record.value_bytes, answer.grant.secret,
                         KEY_BYTES));
    Sealer *sealer = sealer_new();
    uint8_t file_key[KEY_BYTES], commit[KEY_BYTES];
    FileId file = keyroom_file(7);
    seal_file_key(sealer, answer.grant.secret, &file, 1, file_key);
    seal_commit(sealer, file_key, commit);
    g_assert_true(memcmp(commit, answer.grant.commit, sizeof commit) == 0);
    sealer_free(sealer);
    keyroom_free(room);
}

static void
a_stranger_that_says_it_is_a_data_centre_gets_no_key(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    g_assert_cmpuint(keyroom_ask_as(room, KEYROOM_CLIENT, 7, 1, true).status,
                     ==, 403);
    g_assert_cmpuint(keyroom_ask_as(room, KEYROOM_SERVICE, 7, 1, true).status,
                     ==, 200);
    keyroom_free(room);
}

static void
a_new_version_retires_the_old_which_still_opens(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    KeyroomAnswer old = keyroom_ask(room, 7, 0);
    keyroom_command_add(room, 7, 2);
    uint32_t tag = solo_effect(&room->solo, EFFECT_STORE, 0)->store.tag;
    /* Until the new record is durable, the newest is the old one. */
    g_assert_cmpuint(keyroom_ask(room, 7, 0).grant.version, ==, 1);
    solo_stored(&room->solo, tag, true);
    keyroom_store_all(room, true);
    KeyroomAnswer newest = keyroom_ask(room, 7, 0);
    g_assert_cmpuint(newest.grant.version, ==, 2);
    g_assert_true(memcmp(newest.grant.secret, old.grant.secret, KEY_BYTES) !=
                  0);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 200);
    g_assert_cmpuint(keyroom_ask_as(room, KEYROOM_SERVICE, 7, 1, true).status,
                     ==, 410);
    keyroom_free(room);
}

static void
versions_only_grow(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 5);
    for (uint64_t version = 0; version <= 5; version++) {
        keyroom_command_add(room, 7, version);
        g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
        /* The newest once more is what a catalogue says at every start. */
        g_assert_cmpuint(solo_note_count(&room->solo, NOTE_REQUEST_REFUSED), ==,
                         version < 5);
    }
    keyroom_free(room);
}

static void
an_expired_key_is_refused_at_once_and_buried(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    room->solo.now_ns = 30 * NS_PER_DAY;
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 200);
    room->solo.now_ns += NS_PER_MS;
    StreamId stream = solo_accept(&room->solo, KEYROOM_CLIENT);
    GByteArray *bytes = keyroom_request(7, 1, false);
    solo_receive(&room->solo, stream, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    g_assert_cmpuint(keyroom_read_answer(&room->solo, stream).status, ==, 410);
    const Effect *store = solo_effect(&room->solo, EFFECT_STORE, 0);
    g_assert_nonnull(store);
    g_assert_cmpuint(solo_record(&room->solo, store)->value_bytes, ==,
                     KEYROOM_RECORD_START);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_KEY_DELETED), ==, 1);
    keyroom_free(room);
}

/* Wake the role until a day has passed; how many keys were deleted? */
static uint32_t
deleted_within_a_day(Keyroom *room)
{
    uint32_t count = 0;
    int64_t end_ns = room->solo.now_ns + NS_PER_DAY;
    /* The wish for the next wake is renewed on every turn. */
    do {
        solo_wake(&room->solo);
        count += solo_note_count(&room->solo, NOTE_KEY_DELETED);
        keyroom_store_all(room, true);
    } while (room->solo.now_ns < end_ns);
    return count;
}

static void
a_key_unused_for_ninety_days_is_deleted_and_a_used_one_is_not(void)
{
    Keyroom *room = keyroom_new();
    room->config.lifetime_ns = 1000 * NS_PER_DAY;
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    keyroom_add(room, 8, 1);
    room->solo.now_ns = 80 * NS_PER_DAY;
    g_assert_cmpuint(keyroom_ask(room, 8, 1).status, ==, 200);
    room->solo.now_ns = 90 * NS_PER_DAY;
    g_assert_cmpuint(deleted_within_a_day(room), ==, 1);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 410);
    g_assert_cmpuint(keyroom_ask(room, 8, 1).status, ==, 200);
    keyroom_free(room);
}

/* Who wrapped the record that a store keeps? */
static uint32_t
master_of(const Solo *solo, const Effect *store)
{
    const Record *record = solo_record(solo, store);
    KeyRecord header;
    g_assert_true(key_record_parse(record->value + KEYROOM_RECORD_START,
                                   record->value_bytes - KEYROOM_RECORD_START,
                                   &header));
    return header.master_id;
}

static void
rotation_rewraps_every_record_in_batches_and_changes_no_key(void)
{
    Keyroom *room = keyroom_new();
    room->config.batch_count = 16;
    keyroom_open(room);
    for (uint32_t file = 0; file < 100; file++)
        keyroom_add(room, file, 1);
    KeyroomAnswer before = keyroom_ask(room, 55, 1);
    keyroom_tell_master(room, 0, 77);
    uint32_t rewrapped_count = 0;
    while (rewrapped_count < 100) {
        solo_wake(&room->solo);
        uint32_t count = solo_effect_count(&room->solo, EFFECT_STORE);
        g_assert_cmpuint(count, <=, 16);
        g_assert_cmpuint(count, >, 0);
        for (uint32_t n = 0; n < count; n++)
            g_assert_cmpuint(
                master_of(&room->solo,
                          solo_effect(&room->solo, EFFECT_STORE, n)),
                ==, 2);
        rewrapped_count += count;
        keyroom_store_all(room, true);
    }
    KeyroomAnswer after = keyroom_ask(room, 55, 1);
    g_assert_true(memcmp(&before.grant, &after.grant, sizeof before.grant) ==
                  0);
    keyroom_free(room);
}

static void
a_rewrap_that_was_not_stored_is_tried_again(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    keyroom_tell_master(room, 0, 77);
    solo_wake(&room->solo);
    g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 1);
    keyroom_store_all(room, false);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 200);
    solo_wake(&room->solo);
    const Effect *store = solo_effect(&room->solo, EFFECT_STORE, 0);
    g_assert_nonnull(store);
    g_assert_cmpuint(master_of(&room->solo, store), ==, 2);
    keyroom_store_all(room, true);
    /* One more look finds all in order, and the chore is over. */
    while (room->solo.turn.wake_ns < NS_PER_DAY) {
        solo_wake(&room->solo);
        g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
    }
    keyroom_free(room);
}

static void
requests_on_one_stream_are_answered_in_order(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    keyroom_add(room, 7, 1);
    StreamId stream = solo_accept(&room->solo, KEYROOM_CLIENT);
    GByteArray *bytes = keyroom_request(7, 1, false);
    GByteArray *second = keyroom_request(7, 9, false);
    g_byte_array_append(bytes, second->data, second->len);
    uint16_t statuses[2];
    uint32_t count = 0;
    for (guint i = 0; i < bytes->len; i++) {
        solo_receive(&room->solo, stream, bytes->data + i, 1);
        uint16_t status = solo_status(&room->solo, stream);
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
    keyroom_free(room);
}

static uint16_t
status_of_text(Keyroom *room, const char *text)
{
    StreamId stream = solo_accept(&room->solo, KEYROOM_CLIENT);
    solo_receive_text(&room->solo, stream, text);
    return solo_status(&room->solo, stream);
}

static void
what_is_no_key_request_is_refused(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    g_assert_cmpuint(status_of_text(room, "GET /v1/key HTTP/1.1\r\n"
                                          "Host: a\r\n\r\n"),
                     ==, 405);
    g_assert_cmpuint(status_of_text(room, "GET / HTTP/1.1\r\n"
                                          "Host: a\r\n\r\n"),
                     ==, 404);
    g_assert_cmpuint(status_of_text(room, "POST /v1/key HTTP/1.1\r\n"
                                          "Host: a\r\n"
                                          "Content-Length: 5\r\n\r\nhello"),
                     ==, 400);
    g_assert_cmpuint(status_of_text(room, "POST /v1/key HTTP/1.1\r\n"
                                          "Host: a\r\n"
                                          "Content-Length: 70000\r\n\r\n"),
                     ==, 413);
    g_assert_cmpuint(status_of_text(room, "key please\r\n"), ==, 0);
    g_assert_cmpuint(status_of_text(room, "key please\n"), ==, 400);
    keyroom_free(room);
}

static void
silent_streams_are_closed(void)
{
    Keyroom *room = keyroom_new();
    keyroom_open(room);
    StreamId stream = solo_accept(&room->solo, KEYROOM_CLIENT);
    solo_wake(&room->solo);
    g_assert_cmpint(room->solo.now_ns, ==, 120 * NS_PER_S);
    g_assert_true(solo_is_closed(&room->solo, stream));
    g_assert_cmpint(room->solo.turn.wake_ns, ==, NS_PER_DAY);
    keyroom_free(room);
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
