/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_manager_restart.c: which edges outlive a manager.
 */
#include "core/manager.h"
#include "core/wire.h"
#include "tests/solo.h"

#include <string.h>

#define EDGE_STREAM_PEER 10u
#define CLIENT 900u

static const Region MAP[2] = {{52.37, 4.90}, {40.42, -3.70}};

/* A manager whose store keeps what it is given. */
typedef struct Office {
    ManagerConfig config;
    Solo solo;
    GHashTable *kept; /* edge to Record */
    uint32_t store_count;
    uint32_t batch_max; /* records in one turn */
} Office;

static void
office_open(Office *office)
{
    static const uint8_t SEED[32] = {1};
    static const Place PLACE = {.self = 1};
    solo_init(&office->solo, ROLE_MANAGER, &office->config, SEED);
    solo_start(&office->solo, &PLACE);
}

static Office *
office_new(void)
{
    Office *office = g_new0(Office, 1);
    manager_config_init(&office->config);
    office->config.selection.regions = MAP;
    office->config.selection.region_count = 2;
    office->config.selection.isp_count = 1;
    office->config.failure_ppm = 0;
    office->kept = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    office_open(office);
    return office;
}

static void
office_close(Office *office)
{
    solo_clear(&office->solo);
}

static void
office_free(Office *office)
{
    office_close(office);
    g_hash_table_destroy(office->kept);
    g_free(office);
}

static void
keep(Office *office)
{
    const Effect *store;
    uint32_t count = 0;
    for (; (store = solo_effect(&office->solo, EFFECT_STORE, count)); count++) {
        const Record *record = solo_record(&office->solo, store);
        gpointer edge =
            GUINT_TO_POINTER((guint)record->key[2] << 8 | record->key[3]);
        if (record->value_bytes > 0)
            g_hash_table_insert(office->kept, edge,
                                g_memdup2(record, sizeof *record));
        else
            g_hash_table_remove(office->kept, edge);
    }
    office->store_count += count;
    office->batch_max = MAX(office->batch_max, count);
}

static void
wait_s(Office *office, int64_t duration_s)
{
    int64_t end_ns = office->solo.now_ns + duration_s * NS_PER_S;
    while (office->solo.turn.wake_ns <= end_ns) {
        solo_wake(&office->solo);
        keep(office);
    }
    office->solo.now_ns = end_ns;
}

static void
restore(Office *office, const Record *record)
{
    solo_take(&office->solo, (Event){.kind = EVENT_RESTORED,
                                     .stream = STREAM_NONE,
                                     .record = record});
    g_assert_cmpuint(solo_effect_count(&office->solo, EFFECT_STORE), ==, 0);
}

/* The process dies and is back after a while. */
static void
restart(Office *office, int64_t pause_s)
{
    GHashTableIter iter;
    gpointer record;
    int64_t now_ns = office->solo.now_ns + pause_s * NS_PER_S;
    office_close(office);
    office_open(office);
    office->solo.now_ns = now_ns;
    g_hash_table_iter_init(&iter, office->kept);
    while (g_hash_table_iter_next(&iter, NULL, &record))
        restore(office, record);
}

static uint16_t
post(Office *office, const char *path, const uint8_t *body, uint32_t body_bytes)
{
    char head_bytes[HTTP_WRITE_BYTES_MAX];
    HttpHead head = {.method = HTTP_POST,
                     .target = path,
                     .target_bytes = (uint32_t)strlen(path),
                     .body_bytes = body_bytes};
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)head_bytes,
                        http_write_request(&head, head_bytes));
    g_byte_array_append(bytes, body, body_bytes);
    StreamId stream = solo_accept(&office->solo, EDGE_STREAM_PEER);
    solo_receive(&office->solo, stream, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    return solo_status(&office->solo, stream);
}

static void
say_register(Office *office, PeerId edge)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    RegisterMessage message = {.edge = edge,
                               .address = {.port = (uint16_t)(1000 + edge)},
                               .region = 1,
                               .uplink_bps = 30000000};
    uint32_t size_bytes = wire_write_register(&message, bytes);
    g_assert_cmpuint(post(office, WIRE_PATH_REGISTER, bytes, size_bytes), ==,
                     204);
}

static uint16_t
say_report(Office *office, PeerId edge)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    ReportMessage message = {.edge = edge, .free_uplink_bps = 20000000};
    uint32_t size_bytes = wire_write_report(&message, bytes);
    return post(office, WIRE_PATH_REPORT, bytes, size_bytes);
}

static NodeList
ask_nodes(Office *office)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    NodeRequest request = {.client = CLIENT, .region = 1, .wanted_count = 20};
    NodeList list;
    uint32_t size_bytes = wire_write_node_request(&request, bytes);
    g_assert_cmpuint(post(office, WIRE_PATH_NODES, bytes, size_bytes), ==, 200);
    const Effect *body = solo_effect(&office->solo, EFFECT_WRITE, 1);
    g_assert_true(
        wire_parse_node_list(office->solo.turn.bytes + body->write.start_bytes,
                             body->write.size_bytes, &list));
    return list;
}

static void
a_registered_edge_is_listed_after_a_restart_until_its_time_is_over(void)
{
    Office *office = office_new();
    say_register(office, 10);
    wait_s(office, 60);
    restart(office, 30);
    NodeList list = ask_nodes(office);
    g_assert_cmpuint(list.node_count, ==, 1);
    g_assert_cmpuint(list.nodes[0].edge, ==, 10);
    g_assert_cmpuint(list.nodes[0].address.port, ==, 1010);
    g_assert_cmpuint(list.nodes[0].region, ==, 1);
    wait_s(office, 900 - 90 - 1);
    g_assert_cmpuint(ask_nodes(office).node_count, ==, 1);
    wait_s(office, 1);
    g_assert_cmpuint(ask_nodes(office).node_count, ==, 0);
    wait_s(office, 2);
    g_assert_cmpuint(g_hash_table_size(office->kept), ==, 0);
    office_free(office);
}

static void
a_restored_edge_is_offline_until_it_reports(void)
{
    Office *office = office_new();
    say_register(office, 10);
    wait_s(office, 2);
    restart(office, 30);
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_EDGE_ONLINE), ==, 0);
    g_assert_cmpuint(say_report(office, 10), ==, 204);
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_EDGE_ONLINE), ==, 1);
    wait_s(office, 170);
    g_assert_cmpuint(say_report(office, 10), ==, 204);
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_EDGE_ONLINE), ==, 0);
    office_free(office);
}

static void
what_was_silent_for_too_long_is_forgotten(void)
{
    Office *office = office_new();
    say_register(office, 10);
    wait_s(office, 500);
    say_register(office, 11);
    wait_s(office, 2);
    restart(office, 500);
    NodeList list = ask_nodes(office);
    g_assert_cmpuint(list.node_count, ==, 1);
    g_assert_cmpuint(list.nodes[0].edge, ==, 11);
    wait_s(office, 2);
    g_assert_cmpuint(g_hash_table_size(office->kept), ==, 1);
    office_free(office);
}

static void
a_clock_that_was_set_back_keeps_no_edge_for_longer(void)
{
    Office *office = office_new();
    wait_s(office, 1000);
    say_register(office, 10);
    wait_s(office, 2);
    restart(office, -500);
    wait_s(office, 899);
    g_assert_cmpuint(ask_nodes(office).node_count, ==, 1);
    wait_s(office, 1);
    g_assert_cmpuint(ask_nodes(office).node_count, ==, 0);
    office_free(office);
}

static void
an_edge_that_registers_again_and_again_is_stored_once_a_second(void)
{
    Office *office = office_new();
    for (uint32_t n = 0; n < 100; n++)
        say_register(office, 10 + n % 2);
    wait_s(office, 2);
    g_assert_cmpuint(office->store_count, ==, 2);
    office_free(office);
}

/* Reports are not kept, but what is kept never becomes old. */
static void
an_edge_that_reports_for_days_is_kept_now_and_then(void)
{
    Office *office = office_new();
    say_register(office, 10);
    for (uint32_t minute = 0; minute < 600; minute++) {
        wait_s(office, 60);
        say_report(office, 10);
    }
    g_assert_cmpuint(office->store_count, >=, 100);
    g_assert_cmpuint(office->store_count, <=, 121);
    restart(office, 60);
    g_assert_cmpuint(ask_nodes(office).node_count, ==, 1);
    office_free(office);
}

static void
thousands_are_stored_in_few_batches_and_come_back_in_order(void)
{
    Office *office = office_new();
    for (PeerId edge = 0; edge < 5000; edge++) {
        say_register(office, edge * 7919 % 5000);
        g_assert_cmpuint(solo_effect_count(&office->solo, EFFECT_STORE), ==, 0);
        office->solo.now_ns += NS_PER_MS / 10;
    }
    wait_s(office, 6);
    g_assert_cmpuint(office->store_count, ==, 5000);
    g_assert_cmpuint(office->batch_max, ==, 1024);
    restart(office, 890);
    uint32_t last = 5000;
    /* The last ones registered 896 s ago, the first half a second before. */
    while (last > 0) {
        solo_wake(&office->solo);
        keep(office);
        g_assert_cmpuint(g_hash_table_size(office->kept), <=, last);
        last = g_hash_table_size(office->kept);
        g_assert_cmpint(office->solo.now_ns, <, 1000 * NS_PER_S);
    }
    office_free(office);
}

static void
the_last_word_is_stored_when_the_process_ends(void)
{
    Office *office = office_new();
    say_register(office, 10);
    solo_take(&office->solo,
              (Event){.kind = EVENT_STOP, .stream = STREAM_NONE});
    g_assert_cmpuint(solo_effect_count(&office->solo, EFFECT_STORE), ==, 1);
    office_free(office);
}

static void
records_that_make_no_sense_are_noted_and_left_out(void)
{
    Office *office = office_new();
    say_register(office, 10);
    say_register(office, 12);
    wait_s(office, 2);
    const Record *other =
        g_hash_table_lookup(office->kept, GUINT_TO_POINTER(12));
    Record good =
        *(Record *)g_hash_table_lookup(office->kept, GUINT_TO_POINTER(10));
    Record bad[5] = {good, good, good, good, good};
    bad[0].key_bytes = 3;
    bad[1].key[3] = 11;     /* another edge's */
    bad[2].value_bytes--;   /* cut */
    bad[3].value[0] = 0x80; /* from beyond the end of time */
    bad[4].value_bytes = 7;
    office_close(office);
    office->config.edge_count_max = 1;
    office_open(office);
    for (uint32_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        restore(office, &bad[i]);
        g_assert_cmpuint(solo_note_count(&office->solo, NOTE_RECORD_BAD), ==,
                         1);
    }
    restore(office, &good);
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_RECORD_BAD), ==, 0);
    restore(office, &good); /* twice */
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_RECORD_BAD), ==, 1);
    restore(office, other); /* one too many */
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_RECORD_BAD), ==, 1);
    g_assert_cmpuint(ask_nodes(office).node_count, ==, 1);
    office_free(office);
}

static void
a_region_that_left_the_map_takes_its_edges_with_it(void)
{
    Office *office = office_new();
    say_register(office, 10);
    wait_s(office, 2);
    office->config.selection.region_count = 1;
    restart(office, 1);
    g_assert_cmpuint(solo_note_count(&office->solo, NOTE_RECORD_BAD), ==, 1);
    g_assert_cmpuint(say_report(office, 10), ==, 404);
    office_free(office);
}

#define STORY(name) g_test_add_func("/manager_restart/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_registered_edge_is_listed_after_a_restart_until_its_time_is_over);
    STORY(a_restored_edge_is_offline_until_it_reports);
    STORY(what_was_silent_for_too_long_is_forgotten);
    STORY(a_clock_that_was_set_back_keeps_no_edge_for_longer);
    STORY(an_edge_that_registers_again_and_again_is_stored_once_a_second);
    STORY(an_edge_that_reports_for_days_is_kept_now_and_then);
    STORY(thousands_are_stored_in_few_batches_and_come_back_in_order);
    STORY(the_last_word_is_stored_when_the_process_ends);
    STORY(records_that_make_no_sense_are_noted_and_left_out);
    STORY(a_region_that_left_the_map_takes_its_edges_with_it);
    return g_test_run();
}
