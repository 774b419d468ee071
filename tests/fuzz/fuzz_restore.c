/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_restore.c: whatever a store hands back, roles go on.
 *
 * An input is records, one after another: u8 key bytes | key | u8 value bytes
 * | value. They are restored in a key service and in a manager, which then
 * serve. Only a record that the key service itself made is granted.
 */
#include <glib.h>
#include <string.h>

#include "core/manager.h"
#include "core/seal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/keyroom.h"

#define FILE_COUNT 3u

/* The records of a key service with some versions, and of one edge. */
static void
fill_examples(Keyroom *room)
{
    uint8_t message_bytes[WIRE_BYTES_MAX];
    const RegisterMessage message = {.edge = 7, .uplink_bps = 30000000};
    keyroom_add(room, 0, 1);
    keyroom_add(room, 1, 1);
    keyroom_add(room, 1, 2);
    keyroom_tell_master(room, 2, keyroom_secret(2));
    keyroom_add(room, 2, 9);
    uint32_t size_bytes = wire_write_register(&message, message_bytes);
    Record edge = {
        .key = {0, 0, 0, 7}, .key_bytes = 4, .value_bytes = 8 + size_bytes};
    memcpy(edge.value + 8, message_bytes, size_bytes);
    g_array_append_val(room->kept, edge);
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    uint32_t byte_count = 0;
    if (n > 0)
        return 0;
    Keyroom *room = keyroom_told(1);
    fill_examples(room);
    for (guint i = 0; i < room->kept->len; i++) {
        const Record *record = keyroom_kept(room, i);
        ret_bytes[byte_count++] = (uint8_t)record->key_bytes;
        memcpy(ret_bytes + byte_count, record->key, record->key_bytes);
        byte_count += record->key_bytes;
        ret_bytes[byte_count++] = (uint8_t)record->value_bytes;
        memcpy(ret_bytes + byte_count, record->value, record->value_bytes);
        byte_count += record->value_bytes;
    }
    keyroom_free(room);
    return byte_count;
}

/* Take up to byte_max bytes that the next byte announces. */
static uint32_t
take_field(const uint8_t **bytes, size_t *byte_count, uint8_t *ret_field,
           uint32_t byte_max)
{
    if (*byte_count == 0)
        return 0;
    size_t size = MIN((size_t) * *bytes, MIN(byte_max, *byte_count - 1));
    memcpy(ret_field, *bytes + 1, size);
    *bytes += 1 + size;
    *byte_count -= 1 + size;
    return (uint32_t)size;
}

static void
open_manager(ManagerConfig *config, Solo *solo)
{
    static const Region MAP[1] = {{52.37, 4.90}};
    static const uint8_t SEED[32] = {1};
    static const Place PLACE = {.self = 1};
    manager_config_init(config);
    config->selection.regions = MAP;
    config->selection.region_count = 1;
    config->selection.isp_count = 1;
    solo_init(solo, ROLE_MANAGER, config, SEED);
    solo_start(solo, &PLACE);
}

/* A key that is granted is one that the examples' service granted. */
static void
compare_grants(Keyroom *room, Keyroom *honest)
{
    for (uint32_t file = 0; file < FILE_COUNT; file++) {
        for (uint64_t version = 0; version <= 2; version++) {
            KeyroomAnswer said = keyroom_ask(room, file, version);
            if (said.status != 200)
                continue;
            KeyroomAnswer true_one =
                keyroom_ask(honest, file, said.grant.version);
            g_assert_cmpuint(true_one.status, ==, 200);
            g_assert_true(memcmp(said.grant.secret, true_one.grant.secret,
                                 KEY_BYTES) == 0);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    Keyroom *room = keyroom_told(2);
    Keyroom *honest = keyroom_told(1);
    ManagerConfig config;
    Solo office;
    open_manager(&config, &office);
    fill_examples(honest);
    while (byte_count > 0) {
        Record record = {0};
        record.key_bytes =
            take_field(&bytes, &byte_count, record.key, sizeof record.key);
        record.value_bytes = take_field(&bytes, &byte_count, record.value,
                                        sizeof record.value - 1);
        Event event = {
            .kind = EVENT_RESTORED, .stream = STREAM_NONE, .record = &record};
        keyroom_restore(room, &record);
        solo_take(&office, event);
    }
    compare_grants(room, honest);
    for (uint32_t n = 0; n < 10; n++) {
        solo_wake(&room->solo);
        keyroom_store_all(room, n % 3 > 0);
        solo_wake(&office);
    }
    compare_grants(room, honest);
    keyroom_add(room, 0, UINT64_MAX);
    solo_clear(&office);
    keyroom_free(honest);
    keyroom_free(room);
    return 0;
}
