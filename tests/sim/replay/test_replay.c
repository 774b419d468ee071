/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/replay/test_replay.c: what nodes did is what they do again.
 */
#include "sim/replay/replay.h"

#include <string.h>

#include "tests/town.h"

/* One download of 4 MB with its bytes, helped by two edges. */
static Coder
log_of_a_day(void)
{
    Coder log;
    coder_init_write(&log);
    Town *town = town_new();
    stage_log(town->stage, &log);
    town_open(town, 2);
    StageFile file = town_add_file(town, 4000000, true);
    stage_fetch(town->stage, town->client, &file, 7);
    stage_run_ns(town->stage, 30 * NS_PER_S);
    g_assert_cmpuint(
        stage_note_count(town->stage, town->client, NOTE_EDGE_CONNECTED), ==,
        2);
    town_free(town);
    return log;
}

/* Edges of many paces, of which few are tried at once and some fail; a CDN and
 * a data centre that are to end; slices that no piece ends with. */
static Town *
bad_town(Coder *log)
{
    Town *town = town_new();
    stage_log(town->stage, log);
    town->client_config.edge_probe_count = 3;
    town->client_config.retry_count = 3;
    town->client_config.stall_ns = 3 * NS_PER_S;
    town->manager_config.failure_ppm = 300000;
    town->keyring_config.slice_bytes = 10000;
    town_open(town, 20);
    for (uint32_t n = 0; n < town->edge_count; n++)
        stage_set_rate(town->stage, town->edges[n], town->client,
                       100000 + n * 7 % 11 * 60000);
    return town;
}

/* Three downloads one after another: of the second, sizes are all there is. */
static Coder
log_of_a_bad_day(void)
{
    static const Command DRAIN = {.kind = COMMAND_DRAIN};
    Coder log;
    coder_init_write(&log);
    Town *town = bad_town(&log);
    Stage *stage = town->stage;
    for (uint32_t i = 0; i < 3; i++) {
        StageFile file = town_add_file(town, 12000000, i != 1);
        stage_fetch(stage, town->client, &file, 7 + i);
    }
    stage_run_ns(stage, 14 * NS_PER_S + 500 * NS_PER_MS);
    stage_cut(stage, town->edges[0]);
    stage_kill(stage, town->edges[1]);
    stage_run_ns(stage, 5 * NS_PER_S);
    stage_command(stage, town->cdn, &DRAIN);
    for (uint32_t n = 2; n < 8; n++) {
        stage_run_ns(stage, 6 * NS_PER_S);
        stage_command(stage, town->edges[n + 6], &DRAIN);
        stage_kill(stage, town->edges[n]);
    }
    stage_run_ns(stage, 14 * NS_PER_S);
    stage_kill(stage, town->data_centre);
    stage_run_ns(stage, 200 * NS_PER_S);
    g_assert_cmpuint(stage_note_count(stage, town->client, NOTE_DOWNLOAD_DONE),
                     ==, 3);
    g_assert_cmpuint(stage_note_count(stage, town->client, NOTE_EDGE_LOST), >,
                     2);
    g_assert_cmpuint(stage_note_count(stage, town->client, NOTE_EDGE_REJOINED),
                     >, 0);
    g_assert_cmpuint(stage_delivered_bytes(stage, town->client), ==, 36000000);
    town_free(town);
    return log;
}

/* On the heap and of the exact size, so that a sanitizer sees more. */
static ReplayEnd
end_of(const uint8_t *log, size_t size_bytes)
{
    ReplayResult result;
    g_autofree uint8_t *copy = g_memdup2(log, size_bytes);
    replay_run(copy, size_bytes, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end == REPLAY_EQUAL || result.end == REPLAY_CUT, ==,
                    result.difference->len == 0);
    replay_clear(&result);
    return result.end;
}

static void
a_day_is_lived_again(void)
{
    Coder log = log_of_a_day();
    ReplayResult result;
    replay_run(log.out, log.at, REPLAY_STAYING, &result);
    g_assert_cmpstr(result.difference->str, ==, "");
    g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
    g_assert_cmpuint(result.node_count, ==, 7);
    g_assert_cmpuint(result.event_count, >, 500);
    g_assert_cmpuint(result.turn_count, ==, result.event_count);
    g_assert_cmpuint(result.open_count, ==, 0);
    g_test_message("%zu bytes, %u events", log.at, (guint)result.event_count);
    replay_clear(&result);
    coder_clear(&log);
}

static void
nodes_that_move_do_the_same(void)
{
    Coder logs[] = {log_of_a_day(), log_of_a_bad_day()};
    for (guint i = 0; i < G_N_ELEMENTS(logs); i++) {
        ReplayResult result;
        replay_run(logs[i].out, logs[i].at, REPLAY_MOVING, &result);
        g_assert_cmpstr(result.difference->str, ==, "");
        g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
        g_assert_cmpuint(result.turn_count, ==, result.event_count);
        g_test_message("%u events", (guint)result.event_count);
        replay_clear(&result);
        coder_clear(&logs[i]);
    }
}

/* The log with every record that change makes another. */
static Coder
rewrite(const Coder *log, void (*change)(const TurnLogRecord *, Coder *))
{
    Coder other;
    TurnLogRecord record;
    uint64_t at_bytes = 0;
    coder_init_write(&other);
    while (turn_log_next(log->out, log->at, &at_bytes, &record) ==
           TURN_LOG_RECORD) {
        const uint8_t *bytes = log->out + record.at_bytes;
        size_t before = other.at;
        change(&record, &other);
        if (other.at == before)
            coder_lend(&other, &bytes, at_bytes - record.at_bytes);
    }
    return other;
}

static void
let_edges_probe_less(const TurnLogRecord *record, Coder *other)
{
    LoggedNode node;
    if (record->kind != TURN_LOG_NODE)
        return;
    g_assert_true(turn_log_parse_node(record, &node));
    if (node.role == ROLE_EDGE)
        node.edge.probe_bytes /= 2;
    turn_log_node(other, &node);
    logged_node_clear(&node);
}

static const char DETAILS[] =
    "\n"
    "  event      wake at 22.951923834 s\n"
    "  effect     1, of 2 expected and 2 got\n"
    "  expected   write on stream 2, 51 bytes, \"GET /v1/probe?bytes=32768 "
    "HTTP/1.1\\r\\nHost: byway\\r\\n\\r\\n\"\n"
    "  got        write on stream 2, 51 bytes, \"GET /v1/probe?bytes=16384 "
    "HTTP/1.1\\r\\nHost: byway\\r\\n\\r\\n\"\n";

static void
a_node_that_is_another_differs_and_is_told_of(void)
{
    Coder log = log_of_a_day();
    Coder other = rewrite(&log, let_edges_probe_less);
    ReplayResult result;
    replay_run(other.out, other.at, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end, ==, REPLAY_DIFFERS);
    g_test_message("%s", result.difference->str);
    g_assert_true(
        g_str_has_prefix(result.difference->str, "edge5, its event "));
    const char *details = strchr(result.difference->str, '\n');
    g_assert_nonnull(details);
    g_assert_cmpstr(details, ==, DETAILS);
    replay_clear(&result);
    coder_clear(&other);
    coder_clear(&log);
}

static void
let_clients_open_more(const TurnLogRecord *record, Coder *other)
{
    LoggedNode node;
    if (record->kind != TURN_LOG_NODE)
        return;
    g_assert_true(turn_log_parse_node(record, &node));
    if (node.role == ROLE_CLIENT)
        node.client.cdn_connections++;
    turn_log_node(other, &node);
    logged_node_clear(&node);
}

static void
a_stream_more_than_was_opened_has_a_number_of_its_own(void)
{
    Coder log = log_of_a_day();
    Coder other = rewrite(&log, let_clients_open_more);
    ReplayResult result;
    replay_run(other.out, other.at, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end, ==, REPLAY_DIFFERS);
    g_test_message("%s", result.difference->str);
    const char *got = strstr(result.difference->str, "  got ");
    g_assert_nonnull(got);
    g_assert_cmpstr(got, ==, "  got        connect on stream 2, peer 2\n");
    replay_clear(&result);
    coder_clear(&other);
    coder_clear(&log);
}

static void
a_flipped_byte_is_told(void)
{
    Coder log = log_of_a_day();
    TurnLogRecord head;
    uint64_t head_bytes = 0;
    turn_log_next(log.out, log.at, &head_bytes, &head);
    for (size_t at = 0; at < log.at; at += 1 + log.at / 50) {
        log.out[at] ^= 0x10;
        g_assert_cmpint(end_of(log.out, log.at), ==,
                        at < head_bytes ? REPLAY_FOREIGN : REPLAY_DAMAGED);
        log.out[at] ^= 0x10;
    }
    coder_clear(&log);
}

static void
a_log_that_is_cut_is_replayed_up_to_there(void)
{
    Coder log = log_of_a_day();
    ReplayResult result;
    size_t half = log.at / 2;
    replay_run(log.out, half, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end, ==, REPLAY_CUT);
    g_assert_cmpuint(result.at_bytes, <, half);
    g_assert_cmpuint(result.at_bytes, >, half - 100000);
    g_assert_cmpuint(result.turn_count, >, 100);
    replay_clear(&result);
    for (size_t size = log.at - 1; size > log.at - 60; size--)
        g_assert_cmpint(end_of(log.out, size), !=, REPLAY_DAMAGED);
    coder_clear(&log);
}

/* --- logs of a single CDN, written by hand -------------------------------- */

static void
add_node(Coder *log)
{
    static const uint8_t SEED[32] = {1};
    OriginConfig config;
    origin_config_init(&config, false);
    LoggedNode node = logged_node(ROLE_CDN, &config, SEED);
    turn_log_node(log, &node);
}

static void
add_event(Coder *log, EventKind kind)
{
    static const Place PLACE = {.self = 1};
    Event event = {.kind = kind, .stream = STREAM_NONE};
    if (kind == EVENT_START)
        event.place = &PLACE;
    turn_log_event(log, 0, &event);
}

static void
add_turn(Coder *log)
{
    Turn turn;
    turn_init(&turn);
    turn_log_turn(log, &turn);
    turn_clear(&turn);
}

static Coder
log_of_a_start(void)
{
    Coder log;
    coder_init_write(&log);
    turn_log_head(&log, "a test");
    add_node(&log);
    add_event(&log, EVENT_START);
    add_turn(&log);
    g_assert_cmpint(end_of(log.out, log.at), ==, REPLAY_EQUAL);
    return log;
}

static void
the_event_that_a_process_ended_in_is_handed_over(void)
{
    ReplayResult result;
    Coder log = log_of_a_start();
    add_event(&log, EVENT_WAKE);
    replay_run(log.out, log.at, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
    g_assert_cmpuint(result.event_count, ==, 2);
    g_assert_cmpuint(result.turn_count, ==, 1);
    g_assert_cmpuint(result.open_count, ==, 1);
    replay_clear(&result);
    coder_clear(&log);
}

static void
logs_that_are_joined_are_replayed_one_by_one(void)
{
    ReplayResult result;
    Coder log = log_of_a_start();
    Coder next = log_of_a_start();
    add_event(&log, EVENT_WAKE); /* without its turn */
    const uint8_t *bytes = next.out;
    coder_lend(&log, &bytes, next.at);
    replay_run(log.out, log.at, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
    g_assert_cmpuint(result.node_count, ==, 2);
    g_assert_cmpuint(result.turn_count, ==, 2);
    g_assert_cmpuint(result.open_count, ==, 1);
    replay_clear(&result);
    coder_clear(&next);
    coder_clear(&log);
}

static void
expect_damage(Coder *log, const char *reason)
{
    ReplayResult result;
    replay_run(log->out, log->at, REPLAY_STAYING, &result);
    g_assert_cmpint(result.end, ==, REPLAY_DAMAGED);
    g_assert_cmpstr(result.difference->str, ==, reason);
    replay_clear(&result);
    coder_clear(log);
}

static void
records_in_an_order_that_cannot_be_are_told(void)
{
    Coder log = log_of_a_start();
    add_turn(&log);
    expect_damage(&log, "this turn has no event");
    log = log_of_a_start();
    add_event(&log, EVENT_WAKE);
    add_event(&log, EVENT_WAKE);
    expect_damage(&log, "a turn is missing");
    log = log_of_a_start();
    add_event(&log, EVENT_WAKE);
    add_node(&log);
    expect_damage(&log, "a turn is missing");
    log = log_of_a_start();
    add_event(&log, EVENT_START);
    expect_damage(&log, "a node must start, and only once");
    log = log_of_a_start();
    add_node(&log);
    add_event(&log, EVENT_WAKE);
    expect_damage(&log, "a node must start, and only once");
    log = log_of_a_start();
    turn_log_head(&log, "a test");
    add_event(&log, EVENT_WAKE);
    expect_damage(&log, "this event is of a node that nobody named");
}

static void
what_is_no_log_is_not_replayed(void)
{
    static const uint8_t TEXT[] = "byway: 1\ntitle: first\n";
    Coder log;
    g_assert_cmpint(end_of(TEXT, sizeof TEXT), ==, REPLAY_FOREIGN);
    g_assert_cmpint(end_of(TEXT, 3), ==, REPLAY_FOREIGN);
    g_assert_cmpint(end_of(NULL, 0), ==, REPLAY_FOREIGN);
    coder_init_write(&log);
    add_node(&log);
    g_assert_cmpint(end_of(log.out, log.at), ==, REPLAY_FOREIGN);
    coder_clear(&log);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/replay/day", a_day_is_lived_again);
    g_test_add_func("/replay/moving", nodes_that_move_do_the_same);
    g_test_add_func("/replay/another",
                    a_node_that_is_another_differs_and_is_told_of);
    g_test_add_func("/replay/more_streams",
                    a_stream_more_than_was_opened_has_a_number_of_its_own);
    g_test_add_func("/replay/flipped", a_flipped_byte_is_told);
    g_test_add_func("/replay/cut", a_log_that_is_cut_is_replayed_up_to_there);
    g_test_add_func("/replay/ended_in",
                    the_event_that_a_process_ended_in_is_handed_over);
    g_test_add_func("/replay/joined",
                    logs_that_are_joined_are_replayed_one_by_one);
    g_test_add_func("/replay/order",
                    records_in_an_order_that_cannot_be_are_told);
    g_test_add_func("/replay/foreign", what_is_no_log_is_not_replayed);
    return g_test_run();
}
