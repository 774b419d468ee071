/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_turn_log.c: no bytes break the reader of turn logs, and
 * what it accepts is written again as the same bytes.
 *
 * The first byte chooses: records with their checks, or, as no mutation gets
 * past those, the body of an event, a turn or a node.
 */
#include <assert.h>
#include <string.h>

#include "core/turn_log.h"
#include "tests/fuzz/fuzz.h"

static void
check_same(Coder *again, const TurnLogRecord *record)
{
    assert(again->at == record->size_bytes);
    assert(memcmp(again->out, record->body, again->at) == 0);
}

static void
try_event(const TurnLogRecord *record, Coder *again)
{
    LoggedEvent event;
    if (!turn_log_parse_event(record, &event))
        return;
    logged_event_code(&event, again);
    check_same(again, record);
    logged_event_clear(&event);
}

static void
try_turn(const TurnLogRecord *record, Coder *again)
{
    LoggedTurn turn;
    LoggedEffect effect;
    if (!turn_log_parse_turn(record, &turn))
        return;
    coder_i64(again, &turn.wake_ns);
    coder_u32(again, &turn.effect_count);
    while (logged_turn_next(&turn, &effect))
        logged_effect_code(&effect, again);
    check_same(again, record);
}

static void
try_node(const TurnLogRecord *record, Coder *again)
{
    LoggedNode node;
    if (!turn_log_parse_node(record, &node))
        return;
    logged_node_code(&node, again);
    check_same(again, record);
    logged_node_clear(&node);
}

static void
try_record(const TurnLogRecord *record)
{
    Coder again;
    LoggedHead head;
    coder_init_write(&again);
    if (record->kind == TURN_LOG_EVENT)
        try_event(record, &again);
    else if (record->kind == TURN_LOG_TURN)
        try_turn(record, &again);
    else if (record->kind == TURN_LOG_NODE)
        try_node(record, &again);
    else if (turn_log_parse_head(record, &head))
        assert(head.writer_bytes <= record->size_bytes);
    coder_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    TurnLogRecord record;
    uint64_t at_bytes = 0;
    if (byte_count == 0)
        return 0;
    TurnLogKind kind = (TurnLogKind)(bytes[0] % TURN_LOG_KIND_COUNT);
    if (kind != TURN_LOG_HEAD) {
        record = (TurnLogRecord){kind, 0, bytes + 1, (uint32_t)byte_count - 1};
        try_record(&record);
        return 0;
    }
    while (turn_log_next(bytes + 1, byte_count - 1, &at_bytes, &record) ==
           TURN_LOG_RECORD)
        try_record(&record);
    assert(at_bytes <= byte_count - 1);
    return 0;
}

/* --- examples ------------------------------------------------------------ */

static const uint8_t SOME_BYTES[1500] = "HTTP/1.1 200 OK\r\n\r\n";

static void
add_events(Coder *log)
{
    static const Place PLACE = {.self = 1};
    static const Range MISSING[] = {{0, 5}, {7, 9}};
    static const WebName NAME = {"example.org", "/a?b=c", "\"x\""};
    static const Command COMMAND = {
        .version = 1, .name = &NAME, .missing = MISSING, .missing_count = 2};
    static const Record RECORD = {.key_bytes = 2, .value_bytes = 3};
    Chunk *chunk = chunk_new(20);
    memset(chunk->bytes, 1, 20);
    for (EventKind kind = EVENT_START; kind <= EVENT_STOP; kind++) {
        Event event = {.kind = kind, .stream = 1, .now_ns = NS_PER_S};
        if (kind == EVENT_START)
            event.place = &PLACE;
        else if (kind == EVENT_COMMAND)
            event.command = &COMMAND;
        else if (kind == EVENT_RESTORED)
            event.record = &RECORD;
        else if (kind == EVENT_RECEIVED) {
            event.received.bytes = SOME_BYTES;
            event.received.size_bytes = 40;
        } else if (kind == EVENT_READ) {
            event.read.extent.size_bytes = 20;
            event.read.extent.chunk = chunk;
        }
        turn_log_event(log, 0, &event);
    }
    chunk_unref(chunk);
}

static void
add_turn(Coder *log)
{
    static const FileId FILE_ID = {{1}};
    static const Address ADDRESS = {{2}, 3};
    static const Record RECORD = {.key_bytes = 2, .value_bytes = 3};
    Turn turn;
    StreamPool pool = {0};
    turn_init(&turn);
    turn_begin(&turn, &pool);
    StreamId stream = turn_connect(&turn, 4, TRANSPORT_TCP);
    turn_write(&turn, stream, SOME_BYTES, 50);
    turn_write(&turn, stream, SOME_BYTES, sizeof SOME_BYTES);
    turn_write_body(&turn, stream, &(Extent){.size_bytes = 5});
    turn_expect(&turn, stream, 6);
    turn_forward(&turn, stream, 7, 8);
    turn_close(&turn, stream, CLOSE_RESET);
    turn_read(&turn, 9, &FILE_ID, 10, 11);
    turn_deliver(&turn, &(Extent){.size_bytes = 12});
    turn_store(&turn, 13, &RECORD);
    turn_introduce(&turn, 14, &ADDRESS);
    turn_work(&turn, WORK_KEY, 15, 16);
    turn_note(&turn, NOTE_CDN_BYTES, 17, 18);
    turn_log_turn(log, &turn);
    turn_clear(&turn);
    stream_pool_clear(&pool);
}

static void
add_nodes(Coder *log)
{
    static const uint8_t SEED[32] = {1};
    static const Region REGIONS[2] = {{1, 2}, {3, 4}};
    static const PeerId SERVICES[2] = {5, 6};
    ManagerConfig manager;
    KeyringConfig keyring;
    ClientConfig client;
    EdgeConfig edge;
    manager_config_init(&manager);
    manager.selection.regions = REGIONS;
    manager.selection.region_count = 2;
    keyring_config_init(&keyring);
    keyring.services = SERVICES;
    keyring.service_count = 2;
    client_config_init(&client);
    edge_config_init(&edge);
    const void *const configs[] = {[ROLE_CLIENT] = &client,
                                   [ROLE_EDGE] = &edge,
                                   [ROLE_MANAGER] = &manager,
                                   [ROLE_KEY_SERVICE] = &keyring};
    for (Role role = ROLE_CLIENT; role <= ROLE_KEY_SERVICE; role++) {
        LoggedNode node = logged_node(role, configs[role], SEED);
        turn_log_node(log, &node);
    }
}

/* First the whole log, then the body of each of its records. */
uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    Coder log;
    TurnLogRecord record;
    uint64_t at_bytes = 0;
    coder_init_write(&log);
    turn_log_head(&log, "an example");
    add_nodes(&log);
    add_events(&log);
    add_turn(&log);
    assert(log.at < FUZZ_BYTES_MAX);
    record = (TurnLogRecord){TURN_LOG_HEAD, 0, log.out, (uint32_t)log.at};
    for (uint32_t i = 0; i < n && record.size_bytes > 0; i++) {
        if (turn_log_next(log.out, log.at, &at_bytes, &record) !=
            TURN_LOG_RECORD)
            record.size_bytes = 0;
    }
    ret_bytes[0] = (uint8_t)record.kind;
    memcpy(ret_bytes + 1, record.body, record.size_bytes);
    uint32_t size_bytes = record.size_bytes > 0 ? record.size_bytes + 1 : 0;
    coder_clear(&log);
    return size_bytes;
}
