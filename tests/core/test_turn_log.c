/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_turn_log.c: what is logged is read back as it was.
 */
#include <glib.h>
#include <string.h>

#include "core/turn_log.h"

static void
check_equal(const void *one, size_t one_bytes, const void *other,
            size_t other_bytes)
{
    g_assert_cmpuint(one_bytes, ==, other_bytes);
    g_assert_true(memcmp(one, other, one_bytes) == 0);
}

/* Read what the log begins with; it must be whole. */
static TurnLogRecord
first_record(const Coder *log, TurnLogKind kind)
{
    TurnLogRecord record;
    uint64_t at_bytes = 0;
    g_assert_cmpint(turn_log_next(log->out, log->at, &at_bytes, &record), ==,
                    TURN_LOG_RECORD);
    g_assert_cmpint(record.kind, ==, kind);
    g_assert_cmpuint(at_bytes, ==, log->at);
    return record;
}

static void
write_and_read(Coder *log, const Event *event, LoggedEvent *ret_again)
{
    Coder second;
    coder_clear(log);
    turn_log_event(log, 7, event);
    TurnLogRecord record = first_record(log, TURN_LOG_EVENT);
    g_assert_true(turn_log_parse_event(&record, ret_again));
    g_assert_cmpuint(ret_again->node, ==, 7);
    g_assert_cmpint(ret_again->event.kind, ==, event->kind);
    g_assert_cmpuint(ret_again->event.stream, ==, event->stream);
    g_assert_cmpint(ret_again->event.now_ns, ==, event->now_ns);
    coder_init_write(&second);
    turn_log_event(&second, 7, &ret_again->event);
    check_equal(second.out, second.at, log->out, log->at);
    coder_clear(&second);
}

static void
events_with_nothing_to_them_come_back(void)
{
    static const EventKind KINDS[] = {EVENT_WAKE, EVENT_CONNECTED,
                                      EVENT_DRAINED, EVENT_ENDED, EVENT_STOP};
    Coder log;
    coder_init_write(&log);
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        Event event = {.kind = KINDS[i],
                       .stream = i % 2 ? 3 : STREAM_NONE,
                       .now_ns = INT64_C(1795245347123456789)};
        LoggedEvent again;
        write_and_read(&log, &event, &again);
        logged_event_clear(&again);
    }
    coder_clear(&log);
}

static void
events_that_point_somewhere_come_back(void)
{
    Coder log;
    coder_init_write(&log);
    Place place = {.self = 1, .manager = 2, .key_service = 3, .source = 4};
    place.region = 5;
    place.isp = 6;
    place.address = (Address){{[0] = 9, [15] = 8}, 8080};
    Event event = {.kind = EVENT_START, .stream = STREAM_NONE, .place = &place};
    LoggedEvent again;
    write_and_read(&log, &event, &again);
    check_equal(again.event.place, sizeof place, &place, sizeof place);

    Record record = {.key_bytes = 40, .value_bytes = 256};
    memset(record.key, 1, sizeof record.key);
    memset(record.value, 2, sizeof record.value);
    event.kind = EVENT_RESTORED;
    event.record = &record;
    write_and_read(&log, &event, &again);
    check_equal(again.event.record, sizeof record, &record, sizeof record);
    coder_clear(&log);
}

static void
commands_come_back(void)
{
    static const Range MISSING[] = {{0, 5}, {7, UINT64_MAX}};
    static const WebName NAME = {"example.org:81", "/a?b=c", "\"x\""};
    Coder log;
    LoggedEvent again;
    Command command = {.kind = COMMAND_ROTATE, .tag = 1, .file_bytes = 2};
    command.version = UINT64_MAX;
    command.value = 4;
    command.file.bytes[31] = 5;
    command.secret[0] = 6;
    Event event = {.kind = EVENT_COMMAND, .stream = STREAM_NONE};
    event.command = &command;
    coder_init_write(&log);
    write_and_read(&log, &event, &again);
    check_equal(again.event.command, sizeof command, &command, sizeof command);
    logged_event_clear(&again);

    command.kind = COMMAND_FETCH;
    command.name = &NAME;
    command.missing = MISSING;
    command.missing_count = 2;
    write_and_read(&log, &event, &again);
    check_equal(again.command.name, sizeof NAME, &NAME, sizeof NAME);
    check_equal(again.command.missing, sizeof MISSING, MISSING, sizeof MISSING);
    g_assert_cmpuint(again.command.missing_count, ==, 2);
    logged_event_clear(&again);
    coder_clear(&log);
}

static void
events_with_numbers_come_back(void)
{
    Coder log;
    coder_init_write(&log);
    Event event = {.kind = EVENT_ACCEPTED, .stream = 1};
    event.accepted.peer = 77;
    LoggedEvent again;
    write_and_read(&log, &event, &again);
    g_assert_cmpuint(again.event.accepted.peer, ==, 77);

    event = (Event){.kind = EVENT_FORWARDED, .stream = 1};
    event.forwarded.size_bytes = UINT64_MAX;
    write_and_read(&log, &event, &again);
    g_assert_cmpuint(again.event.forwarded.size_bytes, ==, UINT64_MAX);

    event = (Event){.kind = EVENT_CLOSED, .stream = 1};
    event.closed.reason = CLOSE_PROTOCOL;
    write_and_read(&log, &event, &again);
    g_assert_cmpint(again.event.closed.reason, ==, CLOSE_PROTOCOL);

    event = (Event){.kind = EVENT_STORED, .stream = STREAM_NONE};
    event.stored.tag = 5;
    event.stored.is_durable = true;
    write_and_read(&log, &event, &again);
    g_assert_cmpuint(again.event.stored.tag, ==, 5);
    g_assert_true(again.event.stored.is_durable);
    coder_clear(&log);
}

static Chunk *
some_chunk(uint32_t size_bytes)
{
    Chunk *chunk = chunk_new(size_bytes);
    for (uint32_t i = 0; i < size_bytes; i++)
        chunk->bytes[i] = (uint8_t)(i * 7);
    return chunk;
}

static void
file_data_comes_back_with_and_without_its_bytes(void)
{
    Coder log;
    coder_init_write(&log);
    Chunk *chunk = some_chunk(5000);
    for (int i = 0; i < 2; i++) {
        Extent extent = {.offset_bytes = 1, .version = 3, .file = 4};
        extent.size_bytes = 5000;
        extent.is_sealed = true;
        extent.chunk = i == 0 ? NULL : chunk;
        Event event = {.kind = EVENT_RECEIVED, .stream = 1};
        event.received.extent = extent;
        event.received.size_bytes = 5000;
        LoggedEvent again;
        write_and_read(&log, &event, &again);
        g_assert_null(again.event.received.bytes);
        g_assert_cmpuint(again.event.received.size_bytes, ==, 5000);
        const Extent *read = &again.event.received.extent;
        g_assert_true(read->is_sealed);
        g_assert_cmpint(read->chunk != NULL, ==, i == 1);
        if (read->chunk)
            check_equal(read->chunk->bytes, read->chunk->size_bytes,
                        chunk->bytes, chunk->size_bytes);
        logged_event_clear(&again);

        event = (Event){.kind = EVENT_READ, .stream = STREAM_NONE};
        event.read.tag = 6;
        event.read.is_found = true;
        event.read.file_bytes = 123456;
        event.read.extent = extent;
        write_and_read(&log, &event, &again);
        g_assert_cmpuint(again.event.read.tag, ==, 6);
        g_assert_true(again.event.read.is_found);
        g_assert_cmpuint(again.event.read.file_bytes, ==, 123456);
        g_assert_cmpuint(again.event.read.extent.version, ==, 3);
        logged_event_clear(&again);
    }
    chunk_unref(chunk);
    coder_clear(&log);
}

static void
received_bytes_come_back_however_many(void)
{
    Coder log;
    coder_init_write(&log);
    Chunk *chunk = some_chunk(65536);
    for (uint32_t size = 1; size <= 65536; size *= 4) {
        Event event = {.kind = EVENT_RECEIVED, .stream = 1};
        event.received.bytes = chunk->bytes;
        event.received.size_bytes = size;
        LoggedEvent again;
        write_and_read(&log, &event, &again);
        check_equal(again.event.received.bytes, again.event.received.size_bytes,
                    chunk->bytes, size);
    }
    chunk_unref(chunk);
    coder_clear(&log);
}

/* Every effect there is, each with numbers of its own. */
static void
want_everything(Turn *turn, const Chunk *long_chunk, Chunk *short_chunk)
{
    static const FileId FILE_ID = {{1, 2, 3}};
    static const Address ADDRESS = {{4, 5, 6}, 7};
    Record record = {.key = {1}, .key_bytes = 1, .value_bytes = 0};
    Extent extent = {.size_bytes = 100, .version = 8, .chunk = short_chunk};
    StreamId stream = turn_connect(turn, 9, TRANSPORT_TCP);
    turn_write(turn, stream, "GET / HTTP/1.1", 14);
    turn_write(turn, stream, long_chunk->bytes, long_chunk->size_bytes);
    turn_write_body(turn, stream, &extent);
    turn_deliver(turn, &(Extent){.size_bytes = 10, .file = 11});
    turn_expect(turn, stream, 12);
    turn_forward(turn, stream, stream + 1, 13);
    turn_close(turn, stream, CLOSE_TIMED_OUT);
    turn_read(turn, 14, &FILE_ID, 15, 16);
    turn_store(turn, 17, &record);
    turn_introduce(turn, 18, &ADDRESS);
    turn_work(turn, WORK_RANK, 19, 20);
    turn_note(turn, NOTE_EDGE_LOST, 21, 22);
    turn_wake(turn, 23);
}

static void
check_body(const LoggedEffect *logged, const uint8_t *bytes,
           uint32_t byte_count)
{
    g_assert_true(logged->has_body);
    g_assert_cmpuint(logged->body_bytes, ==, byte_count);
    if (byte_count <= TURN_LOG_BODY_BYTES_MAX)
        check_equal(logged->body, logged->body_bytes, bytes, byte_count);
    else
        g_assert_cmpuint(logged->body_hash, ==,
                         turn_log_hash(bytes, byte_count));
}

static void
check_effect(const Turn *turn, const Effect *effect, const LoggedEffect *logged)
{
    const Effect *again = &logged->effect;
    g_assert_cmpint(again->kind, ==, effect->kind);
    g_assert_cmpuint(again->stream, ==, effect->stream);
    const Chunk *chunk = effect->extent.chunk;
    switch (effect->kind) {
    case EFFECT_WRITE:
        check_body(logged, turn->bytes + effect->write.start_bytes,
                   effect->write.size_bytes);
        return;
    case EFFECT_WRITE_BODY:
    case EFFECT_DELIVER:
        check_equal(&again->extent, offsetof(Extent, chunk), &effect->extent,
                    offsetof(Extent, chunk));
        g_assert_cmpint(logged->has_body, ==, chunk != NULL);
        if (chunk)
            check_body(logged, chunk->bytes, chunk->size_bytes);
        return;
    case EFFECT_STORE:
        g_assert_cmpuint(again->store.tag, ==, effect->store.tag);
        g_assert_cmpuint(logged->record.key_bytes, ==, 1);
        g_assert_cmpuint(logged->record.key[0], ==, 1);
        return;
    case EFFECT_CONNECT:
    case EFFECT_EXPECT:
    case EFFECT_FORWARD:
    case EFFECT_CLOSE:
    case EFFECT_READ:
    case EFFECT_INTRODUCE:
    case EFFECT_WORK:
    case EFFECT_NOTE:
        check_equal(again, sizeof *again, effect, sizeof *effect);
        return;
    }
}

static void
every_effect_comes_back(void)
{
    Turn turn;
    StreamPool pool = {0};
    Coder log;
    LoggedTurn read;
    LoggedEffect logged;
    Chunk *long_chunk = some_chunk(TURN_LOG_BODY_BYTES_MAX + 1);
    Chunk *short_chunk = some_chunk(100);
    uint32_t kinds = 0;
    turn_init(&turn);
    turn_begin(&turn, &pool);
    want_everything(&turn, long_chunk, short_chunk);
    coder_init_write(&log);
    turn_log_turn(&log, &turn);
    TurnLogRecord record = first_record(&log, TURN_LOG_TURN);
    g_assert_true(turn_log_parse_turn(&record, &read));
    g_assert_cmpint(read.wake_ns, ==, 23);
    for (uint32_t i = 0; i < turn.effect_count; i++) {
        g_assert_true(logged_turn_next(&read, &logged));
        check_effect(&turn, &turn.effects[i], &logged);
        kinds |= 1u << logged.effect.kind;
    }
    g_assert_false(logged_turn_next(&read, &logged));
    g_assert_cmpuint(kinds, ==, (1u << (EFFECT_NOTE + 1)) - 1);
    coder_clear(&log);
    turn_clear(&turn);
    stream_pool_clear(&pool);
    chunk_unref(long_chunk);
    chunk_unref(short_chunk);
}

static void
a_byte_of_a_long_body_changes_its_hash(void)
{
    Chunk *chunk = some_chunk(2001);
    uint64_t before = turn_log_hash(chunk->bytes, 2001);
    for (uint32_t i = 0; i < 2001; i++) {
        chunk->bytes[i] ^= 0x20;
        g_assert_cmpuint(turn_log_hash(chunk->bytes, 2001), !=, before);
        chunk->bytes[i] ^= 0x20;
    }
    g_assert_cmpuint(turn_log_hash(chunk->bytes, 2000), !=, before);
    chunk_unref(chunk);
}

/* --- nodes -------------------------------------------------------------- */

static LoggedNode
node_again(Role role, const void *config)
{
    static const uint8_t SEED[32] = {[31] = 9};
    Coder log;
    LoggedNode read;
    LoggedNode node = logged_node(role, config, SEED);
    node.id = 1;
    node.number = 2;
    coder_init_write(&log);
    turn_log_node(&log, &node);
    TurnLogRecord record = first_record(&log, TURN_LOG_NODE);
    g_assert_true(turn_log_parse_node(&record, &read));
    g_assert_cmpuint(read.id, ==, 1);
    g_assert_cmpuint(read.number, ==, 2);
    g_assert_cmpint(read.role, ==, role);
    check_equal(read.seed, 32, SEED, 32);
    coder_clear(&log);
    return read;
}

/* Equal but for padding: zeros here, as inits assign whole structs. */
static void
simple_configs_come_back(void)
{
    ClientConfig client;
    EdgeConfig edge;
    client_config_init(&client);
    client.window_ns[3] = INT64_MIN;
    client.stops_after_window = true;
    LoggedNode node = node_again(ROLE_CLIENT, &client);
    g_assert_cmpuint(node.client.slow_bps, ==, client.slow_bps);
    g_assert_cmpuint(node.client.block_bytes_max, ==, client.block_bytes_max);
    g_assert_cmpint(node.client.window_ns[3], ==, INT64_MIN);
    g_assert_true(node.client.stops_after_window);
    g_assert_cmpint(node.client.fast_stop_ns, ==, client.fast_stop_ns);

    edge_config_init(&edge);
    edge.memory_bytes = 1;
    node = node_again(ROLE_EDGE, &edge);
    g_assert_cmpint(node.edge.register_spread_ns, ==, edge.register_spread_ns);
    g_assert_cmpuint(node.edge.core_count, ==, edge.core_count);
    g_assert_cmpuint(node.edge.memory_bytes, ==, 1);

    for (Role role = ROLE_DATA_CENTRE; role <= ROLE_CDN; role++) {
        OriginConfig origin;
        origin_config_init(&origin, role == ROLE_DATA_CENTRE);
        node = node_again(role, &origin);
        g_assert_cmpint(node.origin.is_sealing, ==, origin.is_sealing);
        g_assert_cmpint(node.origin.key_timeout_ns, ==, origin.key_timeout_ns);
    }
}

static void
configs_bring_what_they_point_to(void)
{
    static const Region REGIONS[] = {{39.9, 116.4}, {-33.9, 151.2}};
    static const PeerId SERVICES[] = {3, 5, 8};
    ManagerConfig manager;
    manager_config_init(&manager);
    manager.selection.regions = REGIONS;
    manager.selection.region_count = 2;
    manager.policy = SELECT_RANDOM;
    LoggedNode node = node_again(ROLE_MANAGER, &manager);
    g_assert_true(node.manager.selection.regions != REGIONS);
    check_equal(node.manager.selection.regions, sizeof REGIONS, REGIONS,
                sizeof REGIONS);
    g_assert_cmpint(node.manager.policy, ==, SELECT_RANDOM);
    g_assert_cmpuint(node.manager.edge_count_max, ==, manager.edge_count_max);
    logged_node_clear(&node);

    KeyringConfig keyring;
    keyring_config_init(&keyring);
    keyring.services = SERVICES;
    keyring.service_count = 3;
    node = node_again(ROLE_KEY_SERVICE, &keyring);
    check_equal(node.keyring.services, sizeof SERVICES, SERVICES,
                sizeof SERVICES);
    g_assert_cmpint(node.keyring.stream_idle_ns, ==, keyring.stream_idle_ns);
    logged_node_clear(&node);
}

/* --- damage -------------------------------------------------------------- */

static void
write_some_log(Coder *log)
{
    Event event = {.kind = EVENT_RECEIVED, .stream = 3};
    event.received.bytes = (const uint8_t *)"hello";
    event.received.size_bytes = 5;
    coder_init_write(log);
    turn_log_head(log, "a test");
    turn_log_event(log, 0, &event);
}

static TurnLogStep
last_step(const uint8_t *log, uint64_t size_bytes)
{
    TurnLogRecord record;
    TurnLogStep step;
    uint64_t at_bytes = 0;
    do
        step = turn_log_next(log, size_bytes, &at_bytes, &record);
    while (step == TURN_LOG_RECORD);
    return step;
}

static void
every_flipped_bit_is_seen(void)
{
    Coder log;
    write_some_log(&log);
    g_assert_cmpint(last_step(log.out, log.at), ==, TURN_LOG_END);
    for (size_t bit = 0; bit < 8 * log.at; bit++) {
        log.out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        g_assert_cmpint(last_step(log.out, log.at), ==, TURN_LOG_DAMAGED);
        log.out[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    coder_clear(&log);
}

static void
a_log_that_is_cut_says_so(void)
{
    Coder log;
    TurnLogRecord record;
    uint64_t head_bytes = 0;
    write_some_log(&log);
    turn_log_next(log.out, log.at, &head_bytes, &record);
    for (size_t size = 1; size < log.at; size++) {
        g_autofree uint8_t *cut = g_memdup2(log.out, size);
        g_assert_cmpint(last_step(cut, size), ==,
                        size == head_bytes ? TURN_LOG_END : TURN_LOG_CUT);
    }
    coder_clear(&log);
}

static void
a_head_says_who_wrote_it(void)
{
    Coder log;
    LoggedHead head;
    coder_init_write(&log);
    turn_log_head(&log, "a test");
    TurnLogRecord record = first_record(&log, TURN_LOG_HEAD);
    g_assert_true(turn_log_parse_head(&record, &head));
    g_assert_cmpuint(head.version, ==, TURN_LOG_VERSION);
    check_equal(head.writer, head.writer_bytes, "a test", 6);
    coder_clear(&log);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turn_log/bare", events_with_nothing_to_them_come_back);
    g_test_add_func("/turn_log/pointing",
                    events_that_point_somewhere_come_back);
    g_test_add_func("/turn_log/commands", commands_come_back);
    g_test_add_func("/turn_log/numbers", events_with_numbers_come_back);
    g_test_add_func("/turn_log/file_data",
                    file_data_comes_back_with_and_without_its_bytes);
    g_test_add_func("/turn_log/bytes", received_bytes_come_back_however_many);
    g_test_add_func("/turn_log/effects", every_effect_comes_back);
    g_test_add_func("/turn_log/hash", a_byte_of_a_long_body_changes_its_hash);
    g_test_add_func("/turn_log/configs", simple_configs_come_back);
    g_test_add_func("/turn_log/pointing_configs",
                    configs_bring_what_they_point_to);
    g_test_add_func("/turn_log/flipped", every_flipped_bit_is_seen);
    g_test_add_func("/turn_log/cut", a_log_that_is_cut_says_so);
    g_test_add_func("/turn_log/head", a_head_says_who_wrote_it);
    return g_test_run();
}
