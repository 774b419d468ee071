/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/replay.c: hands each node of a turn log its events again.
 */
#include "sim/replay/replay.h"

#include <assert.h>
#include <string.h>

#include "sim/replay/text.h"

/* Who moves rests for an event for each of these. */
#define REST_BYTES 16384u

/* A node of the log, alive again. */
typedef struct Player {
    LoggedNode logged;
    Node *node;
    uint64_t event_count;
    uint64_t rest_count; /* events until it moves */
    StreamPool pool;
} Player;

typedef struct Replay {
    ReplayWay way;
    GHashTable *players; /* by their id in the log */
    Turn turn;
    Coder again; /* the turn's record, as this node_turn makes it */
    /* The event whose turn comes next. */
    TurnLogRecord open;
    bool is_open;
    bool has_head;
    StreamId stream_max; /* the highest number seen: beyond it all are new */
    ReplayResult *result;
} Replay;

static void
player_free(void *context)
{
    Player *player = context;
    node_free(player->node);
    logged_node_clear(&player->logged);
    stream_pool_clear(&player->pool);
    g_free(player);
}

static GHashTable *
new_players(void)
{
    return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                 player_free);
}

static Player *
find_player(const Replay *replay, uint32_t id)
{
    return g_hash_table_lookup(replay->players, GUINT_TO_POINTER(id));
}

/* The replay is over. What does not even begin as a log is none. */
static bool
end(Replay *replay, ReplayEnd how, const TurnLogRecord *record,
    const char *reason)
{
    bool is_log = replay->has_head || how == REPLAY_FOREIGN;
    replay->result->end = is_log ? how : REPLAY_FOREIGN;
    replay->result->at_bytes = record->at_bytes;
    g_string_assign(replay->result->difference,
                    is_log ? reason : "this is no turn log");
    return false;
}

static bool
damaged(Replay *replay, const TurnLogRecord *record, const char *reason)
{
    return end(replay, REPLAY_DAMAGED, record, reason);
}

static void
see_stream(Replay *replay, StreamId stream)
{
    if (stream != STREAM_NONE)
        replay->stream_max = MAX(replay->stream_max, stream);
}

/* The streams that the recorded turn opened have their numbers again; a turn
 * that opens more is given numbers that the log does not know. */
static void
give_streams(Replay *replay, Player *player, LoggedTurn turn)
{
    LoggedEffect effect;
    StreamPool *pool = &player->pool;
    pool->free_ids = g_renew(StreamId, pool->free_ids, turn.effect_count + 1);
    pool->free_count = 0;
    while (logged_turn_next(&turn, &effect)) {
        if (effect.effect.kind == EFFECT_CONNECT) {
            pool->free_ids[pool->free_count++] = effect.effect.stream;
            see_stream(replay, effect.effect.stream);
        }
    }
    for (uint32_t i = 0; i < pool->free_count / 2; i++) {
        StreamId first = pool->free_ids[i];
        pool->free_ids[i] = pool->free_ids[pool->free_count - 1 - i];
        pool->free_ids[pool->free_count - 1 - i] = first;
    }
    pool->capacity = replay->stream_max + 1;
}

/* Let another node go on with what this one knows. */
static void
move(Player *player)
{
    Coder bytes, read;
    const LoggedNode *logged = &player->logged;
    if (player->rest_count > 0) {
        player->rest_count--;
        return;
    }
    coder_init_write(&bytes);
    node_code(player->node, &bytes);
    node_free(player->node);
    player->node =
        node_new(logged->role, logged_node_config(logged), logged->seed);
    coder_init_read(&read, bytes.out, bytes.at);
    node_code(player->node, &read);
    g_assert_true(coder_is_whole(&read));
    player->rest_count = bytes.at / REST_BYTES;
    coder_clear(&bytes);
}

/* Hand over the open event, so that replay->turn is what it leads to. */
static bool
hand_over(Replay *replay, const LoggedTurn *recorded, Player **ret_player)
{
    LoggedEvent logged;
    if (!turn_log_parse_event(&replay->open, &logged))
        return damaged(replay, &replay->open, "this is no event");
    Player *player = find_player(replay, logged.node);
    bool is_first = player && player->event_count == 0;
    bool is_start = logged.event.kind == EVENT_START;
    if (!player || is_first != is_start) {
        logged_event_clear(&logged);
        return damaged(replay, &replay->open,
                       player ? "a node must start, and only once"
                              : "this event is of a node that nobody named");
    }
    player->event_count++;
    see_stream(replay, logged.event.stream);
    give_streams(replay, player, *recorded);
    if (replay->way == REPLAY_MOVING)
        move(player);
    turn_begin(&replay->turn, &player->pool);
    node_turn(player->node, &logged.event, &replay->turn);
    logged_event_clear(&logged);
    *ret_player = player;
    return true;
}

/* An event without its turn: what it leads to cannot be compared, but it may
 * be what stopped the process. */
static bool
close_open_event(Replay *replay)
{
    const LoggedTurn nothing = {0};
    Player *player;
    if (!replay->is_open)
        return true;
    replay->is_open = false;
    replay->result->open_count++;
    return hand_over(replay, &nothing, &player);
}

static void
tell_place(Replay *replay, const Player *player)
{
    const LoggedNode *node = &player->logged;
    g_string_append_printf(replay->result->difference,
                           "%s%u, its event %" G_GUINT64_FORMAT
                           ", at byte %" G_GUINT64_FORMAT " of the log:\n",
                           role_name(node->role), node->number,
                           player->event_count, replay->open.at_bytes);
    LoggedEvent event;
    if (!turn_log_parse_event(&replay->open, &event))
        g_assert_not_reached(); /* it has been handed over */
    g_string_append(replay->result->difference, "  event      ");
    text_add_event(replay->result->difference, &event.event);
    g_string_append_c(replay->result->difference, '\n');
    logged_event_clear(&event);
}

static void
compare_turn(Replay *replay, const Player *player, const TurnLogRecord *record)
{
    uint64_t at_bytes = 0;
    TurnLogRecord again;
    LoggedTurn turns[2];
    replay->again.at = 0;
    turn_log_turn(&replay->again, &replay->turn);
    TurnLogStep step =
        turn_log_next(replay->again.out, replay->again.at, &at_bytes, &again);
    g_assert_cmpint(step, ==, TURN_LOG_RECORD);
    if (again.size_bytes == record->size_bytes &&
        memcmp(again.body, record->body, again.size_bytes) == 0)
        return;
    bool is_good = turn_log_parse_turn(record, &turns[0]) &&
                   turn_log_parse_turn(&again, &turns[1]);
    g_assert_true(is_good);
    end(replay, REPLAY_DIFFERS, record, "");
    tell_place(replay, player);
    text_add_difference(replay->result->difference, turns[0], turns[1]);
}

static bool
take_head(Replay *replay, const TurnLogRecord *record)
{
    LoggedHead head;
    if (!turn_log_parse_head(record, &head))
        return damaged(replay, record, "this is no head");
    if (head.version != TURN_LOG_VERSION)
        return end(replay, REPLAY_FOREIGN, record,
                   "this turn log is of another version of byway");
    replay->has_head = true;
    g_hash_table_remove_all(replay->players);
    return true;
}

static bool
take_node(Replay *replay, const TurnLogRecord *record)
{
    Player *player = g_new0(Player, 1);
    if (!turn_log_parse_node(record, &player->logged)) {
        g_free(player);
        return damaged(replay, record, "this is no node");
    }
    const LoggedNode *node = &player->logged;
    player->node = node_new(node->role, logged_node_config(node), node->seed);
    g_hash_table_replace(replay->players, GUINT_TO_POINTER(node->id), player);
    replay->result->node_count++;
    return true;
}

static bool
take_turn(Replay *replay, const TurnLogRecord *record)
{
    LoggedTurn turn;
    Player *player;
    if (!replay->is_open)
        return damaged(replay, record, "this turn has no event");
    if (!turn_log_parse_turn(record, &turn))
        return damaged(replay, record, "this is no turn");
    if (!hand_over(replay, &turn, &player))
        return false;
    replay->is_open = false;
    replay->result->turn_count++;
    compare_turn(replay, player, record);
    return replay->result->end == REPLAY_EQUAL;
}

static bool
take_record(Replay *replay, const TurnLogRecord *record)
{
    if (!replay->has_head && record->kind != TURN_LOG_HEAD)
        return damaged(replay, record, "a log begins with a head");
    if (record->kind == TURN_LOG_HEAD && !close_open_event(replay))
        return false;
    switch (record->kind) {
    case TURN_LOG_HEAD:
        return take_head(replay, record);
    case TURN_LOG_NODE:
        return replay->is_open ? damaged(replay, record, "a turn is missing")
                               : take_node(replay, record);
    case TURN_LOG_EVENT:
        if (replay->is_open)
            return damaged(replay, record, "a turn is missing");
        replay->open = *record;
        replay->is_open = true;
        replay->result->event_count++;
        return true;
    case TURN_LOG_TURN:
        return take_turn(replay, record);
    case TURN_LOG_KIND_COUNT:
        break;
    }
    g_assert_not_reached();
}

static void
read_log(Replay *replay, const uint8_t *log, uint64_t size_bytes)
{
    uint64_t at_bytes = 0;
    TurnLogRecord record;
    TurnLogStep step;
    do {
        record = (TurnLogRecord){.at_bytes = at_bytes};
        step = turn_log_next(log, size_bytes, &at_bytes, &record);
        if (step == TURN_LOG_RECORD && !take_record(replay, &record))
            return;
    } while (step == TURN_LOG_RECORD);
    if (step == TURN_LOG_DAMAGED)
        damaged(replay, &record, "these bytes are not what was written");
    else if (!replay->has_head)
        damaged(replay, &record, "there is no head");
    else if (close_open_event(replay) && step == TURN_LOG_CUT)
        end(replay, REPLAY_CUT, &record, "");
}

void
replay_run(const uint8_t *log, uint64_t size_bytes, ReplayWay way,
           ReplayResult *result)
{
    Replay replay = {.way = way, .players = new_players(), .result = result};
    *result = (ReplayResult){.difference = g_string_new(NULL)};
    turn_init(&replay.turn);
    coder_init_write(&replay.again);
    read_log(&replay, log, size_bytes);
    g_hash_table_unref(replay.players);
    turn_clear(&replay.turn);
    coder_clear(&replay.again);
}

void
replay_clear(ReplayResult *result)
{
    g_string_free(result->difference, true);
}
