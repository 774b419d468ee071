/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_keyring_restart.c: what outlives a key service.
 */
#include <string.h>

#include "core/key_record.h"
#include "tests/keyroom.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)

/* Wake the role for an hour, its stores answered; how often was this noted? */
static uint32_t
noted_within_an_hour(Keyroom *room, NoteKind kind)
{
    uint32_t count = 0;
    int64_t end_ns = room->solo.now_ns + 3600 * NS_PER_S;
    while (room->solo.turn.wake_ns < end_ns) {
        solo_wake(&room->solo);
        count += solo_note_count(&room->solo, kind);
        keyroom_store_all(room, true);
    }
    return count;
}

static bool
is_same_grant(const KeyroomAnswer *one, const KeyroomAnswer *two)
{
    return one->status == 200 && two->status == 200 &&
           memcmp(&one->grant, &two->grant, sizeof one->grant) == 0;
}

static uint32_t
master_of(const Record *kept)
{
    KeyRecord header;
    g_assert_true(key_record_parse(kept->value + KEYROOM_RECORD_START,
                                   kept->value_bytes - KEYROOM_RECORD_START,
                                   &header));
    return header.master_id;
}

static void
a_restarted_service_grants_the_same_keys_and_makes_others(void)
{
    Keyroom *room = keyroom_told(1);
    for (uint32_t file = 0; file < 20; file++)
        keyroom_add(room, file, 1 + file % 3);
    KeyroomAnswer before = keyroom_ask(room, 5, 3);
    keyroom_restart(room, 1, 1);
    for (uint32_t file = 0; file < 20; file++)
        g_assert_cmpuint(keyroom_ask(room, file, 1 + file % 3).status, ==, 200);
    KeyroomAnswer after = keyroom_ask(room, 5, 0);
    g_assert_true(is_same_grant(&before, &after));
    keyroom_add(room, 5, 4);
    KeyroomAnswer next = keyroom_ask(room, 5, 0);
    g_assert_cmpuint(next.grant.version, ==, 4);
    g_assert_true(memcmp(next.grant.secret, after.grant.secret, KEY_BYTES) !=
                  0);
    keyroom_free(room);
}

static void
what_was_not_durable_is_not_there_after_a_restart(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_command_add(room, 7, 1);
    keyroom_restart(room, 1, 1);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 404);
    keyroom_free(room);
}

static void
no_version_is_used_twice_not_even_a_dead_one(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 5);
    room->solo.now_ns = 31 * NS_PER_DAY;
    g_assert_cmpuint(keyroom_ask(room, 7, 5).status, ==, 410);
    for (uint32_t life = 0; life < 3; life++) {
        keyroom_restart(room, 1, 1);
        g_assert_cmpuint(keyroom_ask(room, 7, 5).status, ==, 410);
        for (uint64_t version = 0; version <= 5; version++) {
            keyroom_command_add(room, 7, version);
            g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==,
                             0);
        }
    }
    keyroom_add(room, 7, 6);
    g_assert_cmpuint(keyroom_ask(room, 7, 0).grant.version, ==, 6);
    keyroom_free(room);
}

static void
a_key_that_expired_while_nobody_was_there_is_buried(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 1);
    room->solo.now_ns = 31 * NS_PER_DAY;
    keyroom_restart(room, 1, 1);
    g_assert_cmpuint(noted_within_an_hour(room, NOTE_KEY_DELETED), ==, 1);
    g_assert_cmpuint(keyroom_kept(room, 0)->value_bytes, ==,
                     KEYROOM_RECORD_START);
    keyroom_free(room);
}

/* The crash came between "the new version is durable" and "the old one is
 * retired". Records come back in any order. */
static void
the_newest_alone_is_active_after_a_restart(void)
{
    for (uint32_t turned = 0; turned < 2; turned++) {
        Keyroom *room = keyroom_told(1);
        keyroom_add(room, 7, 1);
        Record first = *keyroom_kept(room, 0);
        keyroom_add(room, 7, 2);
        Record second = *keyroom_kept(room, 1);
        *keyroom_kept(room, turned) = first;
        *keyroom_kept(room, 1 - turned) = second;
        keyroom_restart(room, 1, 1);
        g_assert_cmpuint(
            keyroom_ask_as(room, KEYROOM_SERVICE, 7, 1, true).status, ==, 410);
        g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 200);
        g_assert_cmpuint(keyroom_ask(room, 7, 0).grant.version, ==, 2);
        noted_within_an_hour(room, NOTE_KEY_DELETED);
        g_assert_cmpuint(keyroom_kept(room, turned)->value[0], !=,
                         first.value[0]);
        g_assert_cmpuint(keyroom_kept(room, 1 - turned)->value[0], ==,
                         second.value[0]);
        keyroom_free(room);
    }
}

/* What the newest version was is not known: nothing is sealed with the one
 * before it, whatever the store says. */
static void
a_newest_version_that_does_not_open_is_still_the_newest(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 1);
    Record first = *keyroom_kept(room, 0);
    keyroom_add(room, 7, 2);
    *keyroom_kept(room, 0) = first;
    keyroom_kept(room, 1)->value[KEYROOM_RECORD_START] ^= 1;
    keyroom_restart(room, 1, 1);
    g_assert_cmpuint(keyroom_ask(room, 7, 0).status, ==, 503);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 200);
    g_assert_cmpuint(keyroom_ask_as(room, KEYROOM_SERVICE, 7, 1, true).status,
                     ==, 410);
    keyroom_free(room);
}

static void
a_rotation_that_a_crash_cut_short_is_finished(void)
{
    Keyroom *room = keyroom_told(1);
    room->config.batch_count = 16;
    for (uint32_t file = 0; file < 100; file++)
        keyroom_add(room, file, 1);
    KeyroomAnswer before = keyroom_ask(room, 55, 1);
    keyroom_tell_master(room, 2, keyroom_secret(2));
    solo_wake(&room->solo);
    keyroom_store_all(room, true);
    solo_wake(&room->solo); /* this batch is lost */
    uint32_t old_count = 0;
    for (guint i = 0; i < 100; i++)
        old_count += master_of(keyroom_kept(room, i)) == 1;
    g_assert_cmpuint(old_count, ==, 84);
    keyroom_restart(room, 1, 2);
    g_assert_cmpuint(keyroom_ask(room, 55, 1).status, ==, 200);
    g_assert_cmpuint(noted_within_an_hour(room, NOTE_MASTERS_ENDED), ==, 1);
    for (guint i = 0; i < 100; i++)
        g_assert_cmpuint(master_of(keyroom_kept(room, i)), ==, 2);
    /* The old master key is not needed any more, as was said. */
    keyroom_restart(room, 2, 2);
    KeyroomAnswer after = keyroom_ask(room, 55, 1);
    g_assert_true(is_same_grant(&before, &after));
    keyroom_free(room);
}

static void
without_its_master_key_a_record_waits_for_a_better_start(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 1);
    Record kept = *keyroom_kept(room, 0);
    KeyroomAnswer before = keyroom_ask(room, 7, 1);
    keyroom_restart(room, 2, 3);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_RECORD_BAD), ==, 1);
    g_assert_cmpuint(solo_effect(&room->solo, EFFECT_NOTE, 0)->note.value, ==,
                     1);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 503);
    keyroom_command_add(room, 7, 1);
    g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
    noted_within_an_hour(room, NOTE_RECORD_BAD);
    g_assert_true(memcmp(&kept, keyroom_kept(room, 0), sizeof kept) == 0);
    keyroom_restart(room, 1, 1);
    KeyroomAnswer after = keyroom_ask(room, 7, 1);
    g_assert_true(is_same_grant(&before, &after));
    keyroom_free(room);
}

/* What the record says of itself stays true: the old master key is needed,
 * so nobody is told to throw it away. */
static void
a_record_that_does_not_open_holds_its_master_key(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 1);
    keyroom_add(room, 8, 1);
    keyroom_kept(room, 0)->value[KEYROOM_RECORD_START + 150] ^= 1;
    keyroom_restart(room, 1, 2);
    g_assert_cmpuint(noted_within_an_hour(room, NOTE_MASTERS_ENDED), ==, 0);
    g_assert_cmpuint(master_of(keyroom_kept(room, 1)), ==, 2);
    room->solo.now_ns = 31 * NS_PER_DAY;
    g_assert_cmpuint(noted_within_an_hour(room, NOTE_MASTERS_ENDED), ==, 1);
    keyroom_free(room);
}

/* Only what is outside the wrapped record may change without notice. */
static void
a_record_with_one_wrong_bit_is_refused_and_the_others_are_not(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 1);
    keyroom_add(room, 8, 1);
    Record kept = *keyroom_kept(room, 0);
    for (uint32_t bit = 0; bit < 8 * kept.value_bytes; bit++) {
        Record *damaged = keyroom_kept(room, 0);
        *damaged = kept;
        damaged->value[bit / 8] ^= (uint8_t)(1u << bit % 8);
        keyroom_restart(room, 1, 1);
        bool is_bound = bit >= 8 * KEYROOM_RECORD_START;
        uint16_t status = keyroom_ask(room, 7, 1).status;
        if (is_bound)
            g_assert_cmpuint(status, ==, 503);
        g_assert_cmpuint(keyroom_ask(room, 8, 1).status, ==, 200);
        keyroom_command_add(room, 7, 1);
        g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
    }
    keyroom_free(room);
}

static void
a_record_under_another_files_key_is_refused(void)
{
    Keyroom *room = keyroom_told(1);
    keyroom_add(room, 7, 1);
    keyroom_add(room, 8, 1);
    Record *seventh = keyroom_kept(room, 0);
    Record *eighth = keyroom_kept(room, 1);
    memcpy(seventh->value, eighth->value, sizeof seventh->value);
    keyroom_restart(room, 1, 1);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 503);
    g_assert_cmpuint(keyroom_ask(room, 8, 1).status, ==, 200);
    /* Nor under another version's. */
    keyroom_add(room, 9, 1);
    keyroom_kept(room, 2)->key[39] = 2;
    keyroom_restart(room, 1, 1);
    g_assert_cmpuint(keyroom_ask(room, 9, 2).status, ==, 503);
    /* Nor does one come in twice, or one that is no key's. */
    keyroom_restore(room, keyroom_kept(room, 1));
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_RECORD_BAD), ==, 1);
    Record strange = {.key_bytes = 4, .value_bytes = 1};
    keyroom_restore(room, &strange);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_RECORD_BAD), ==, 1);
    keyroom_free(room);
}

static void
a_number_has_one_master_key(void)
{
    Keyroom *room = keyroom_told(2);
    keyroom_add(room, 7, 1);
    keyroom_tell_master(room, 2, keyroom_secret(2));
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_REQUEST_REFUSED), ==, 0);
    keyroom_tell_master(room, 2, 99);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_REQUEST_REFUSED), ==, 1);
    keyroom_tell_master(room, UINT64_C(1) << 32, 99);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_REQUEST_REFUSED), ==, 1);
    g_assert_cmpuint(keyroom_ask(room, 7, 1).status, ==, 200);
    g_assert_cmpuint(master_of(keyroom_kept(room, 0)), ==, 2);
    keyroom_free(room);
}

static void
without_a_master_key_no_key_is_made(void)
{
    Keyroom *room = keyroom_told(0);
    keyroom_command_add(room, 7, 1);
    g_assert_cmpuint(solo_effect_count(&room->solo, EFFECT_STORE), ==, 0);
    g_assert_cmpuint(solo_note_count(&room->solo, NOTE_REQUEST_REFUSED), ==, 1);
    keyroom_tell_master(room, 3, keyroom_secret(3));
    keyroom_add(room, 7, 1);
    g_assert_cmpuint(master_of(keyroom_kept(room, 0)), ==, 3);
    keyroom_free(room);
}

#define STORY(name) g_test_add_func("/keyring_restart/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_restarted_service_grants_the_same_keys_and_makes_others);
    STORY(what_was_not_durable_is_not_there_after_a_restart);
    STORY(no_version_is_used_twice_not_even_a_dead_one);
    STORY(a_key_that_expired_while_nobody_was_there_is_buried);
    STORY(the_newest_alone_is_active_after_a_restart);
    STORY(a_newest_version_that_does_not_open_is_still_the_newest);
    STORY(a_rotation_that_a_crash_cut_short_is_finished);
    STORY(without_its_master_key_a_record_waits_for_a_better_start);
    STORY(a_record_that_does_not_open_holds_its_master_key);
    STORY(a_record_with_one_wrong_bit_is_refused_and_the_others_are_not);
    STORY(a_record_under_another_files_key_is_refused);
    STORY(a_number_has_one_master_key);
    STORY(without_a_master_key_no_key_is_made);
    return g_test_run();
}
