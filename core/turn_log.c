/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn_log.c: records, and what is in them.
 */
#include "core/turn_log.h"

#include <assert.h>
#include <string.h>

#include "core/dice.h"
#include "core/number.h"

#define HEADER_BYTES 8u
#define CHECK_BYTES 8u
#define MAGIC "byway turns\n"
#define MAGIC_BYTES (sizeof MAGIC - 1)

_Static_assert(TURN_LOG_FRAME_BYTES == HEADER_BYTES + CHECK_BYTES,
               "header and check are the frame");

uint64_t
turn_log_hash(const uint8_t *bytes, uint64_t size_bytes)
{
    uint64_t hash = dice_mix(size_bytes + 1);
    for (; size_bytes >= 8; size_bytes -= 8, bytes += 8)
        hash = dice_mix(hash ^ number_at(bytes, 8));
    return dice_mix(hash ^ number_at(bytes, (uint32_t)size_bytes));
}

/* --- records ----------------------------------------------------------- */

static size_t
begin_record(Coder *log)
{
    static const uint8_t ROOM[HEADER_BYTES] = {0};
    size_t start = log->at;
    const uint8_t *room = ROOM;
    assert(!log->is_reading);
    coder_lend(log, &room, sizeof ROOM);
    return start;
}

static void
end_record(Coder *log, size_t start, TurnLogKind kind)
{
    uint8_t *header = log->out + start;
    size_t size_bytes = log->at - start - HEADER_BYTES;
    assert(size_bytes <= UINT32_MAX);
    number_put(header, size_bytes, 4);
    number_put(header + 4, kind, 2);
    number_put(header + 6, turn_log_hash(header, 6) >> 48, 2);
    uint64_t check = turn_log_hash(header + HEADER_BYTES, size_bytes);
    coder_u64(log, &check);
}

TurnLogStep
turn_log_next(const uint8_t *log, uint64_t size_bytes, uint64_t *at_bytes,
              TurnLogRecord *ret_record)
{
    assert(*at_bytes <= size_bytes);
    uint64_t left_bytes = size_bytes - *at_bytes;
    if (left_bytes == 0)
        return TURN_LOG_END;
    if (left_bytes < HEADER_BYTES)
        return TURN_LOG_CUT;
    const uint8_t *header = log + *at_bytes;
    uint64_t kind = number_at(header + 4, 2);
    bool is_header = kind < TURN_LOG_KIND_COUNT &&
                     number_at(header + 6, 2) == turn_log_hash(header, 6) >> 48;
    if (!is_header)
        return TURN_LOG_DAMAGED;
    uint32_t body_bytes = (uint32_t)number_at(header, 4);
    if (left_bytes - HEADER_BYTES < (uint64_t)body_bytes + CHECK_BYTES)
        return TURN_LOG_CUT;
    const uint8_t *body = header + HEADER_BYTES;
    if (number_at(body + body_bytes, CHECK_BYTES) !=
        turn_log_hash(body, body_bytes))
        return TURN_LOG_DAMAGED;
    *ret_record =
        (TurnLogRecord){(TurnLogKind)kind, *at_bytes, body, body_bytes};
    *at_bytes += TURN_LOG_FRAME_BYTES + (uint64_t)body_bytes;
    return TURN_LOG_RECORD;
}

static Coder
open_body(const TurnLogRecord *record)
{
    Coder coder;
    coder_init_read(&coder, record->body, record->size_bytes);
    return coder;
}

/* --- heads and nodes --------------------------------------------------- */

void
turn_log_head(Coder *log, const char *writer)
{
    size_t start = begin_record(log);
    const uint8_t *magic = (const uint8_t *)MAGIC;
    coder_lend(log, &magic, MAGIC_BYTES);
    uint32_t version = TURN_LOG_VERSION;
    coder_u32(log, &version);
    const uint8_t *text = (const uint8_t *)writer;
    uint32_t text_bytes = (uint32_t)strnlen(writer, TURN_LOG_WRITER_BYTES_MAX);
    coder_u32(log, &text_bytes);
    coder_lend(log, &text, text_bytes);
    end_record(log, start, TURN_LOG_HEAD);
}

bool
turn_log_parse_head(const TurnLogRecord *record, LoggedHead *ret_head)
{
    Coder coder = open_body(record);
    LoggedHead head = {0};
    const uint8_t *magic;
    const uint8_t *text = NULL;
    coder_lend(&coder, &magic, MAGIC_BYTES);
    if (!magic || memcmp(magic, MAGIC, MAGIC_BYTES) != 0)
        return false;
    coder_u32(&coder, &head.version);
    if (head.version == TURN_LOG_VERSION) {
        coder_bounded(&coder, &head.writer_bytes, TURN_LOG_WRITER_BYTES_MAX);
        coder_lend(&coder, &text, head.writer_bytes);
        if (!coder_is_whole(&coder))
            return false;
    }
    head.writer = (const char *)text;
    *ret_head = head;
    return !coder.is_bad;
}

void
turn_log_node(Coder *log, LoggedNode *node)
{
    size_t start = begin_record(log);
    logged_node_code(node, log);
    end_record(log, start, TURN_LOG_NODE);
}

bool
turn_log_parse_node(const TurnLogRecord *record, LoggedNode *ret_node)
{
    Coder coder = open_body(record);
    logged_node_code(ret_node, &coder);
    if (coder_is_whole(&coder))
        return true;
    logged_node_clear(ret_node);
    return false;
}

/* --- events and turns -------------------------------------------------- */

void
turn_log_event(Coder *log, uint32_t node, const Event *event)
{
    LoggedEvent logged;
    logged.node = node;
    logged.event = *event;
    if (event->kind == EVENT_START)
        logged.place = *event->place;
    else if (event->kind == EVENT_COMMAND)
        logged.command = *event->command;
    else if (event->kind == EVENT_RESTORED)
        logged.record = *event->record;
    size_t start = begin_record(log);
    logged_event_code(&logged, log);
    end_record(log, start, TURN_LOG_EVENT);
}

bool
turn_log_parse_event(const TurnLogRecord *record, LoggedEvent *ret_event)
{
    Coder coder = open_body(record);
    logged_event_code(ret_event, &coder);
    if (coder_is_whole(&coder))
        return true;
    logged_event_clear(ret_event);
    return false;
}

/* Gather what turn and effect keep apart. */
static void
write_effect(Coder *log, const Turn *turn, const Effect *effect)
{
    LoggedEffect logged;
    logged.effect = *effect;
    logged.has_body = false;
    if (effect->kind == EFFECT_WRITE) {
        logged.has_body = true;
        logged.body = turn->bytes + effect->write.start_bytes;
        logged.body_bytes = effect->write.size_bytes;
    } else if (effect->kind == EFFECT_WRITE_BODY ||
               effect->kind == EFFECT_DELIVER) {
        const Chunk *chunk = effect->extent.chunk;
        logged.has_body = chunk != NULL;
        logged.body = chunk ? chunk->bytes : NULL;
        logged.body_bytes = chunk ? chunk->size_bytes : 0;
    } else if (effect->kind == EFFECT_STORE) {
        logged.record = turn->records[effect->store.record];
    }
    logged_effect_code(&logged, log);
}

void
turn_log_turn(Coder *log, const Turn *turn)
{
    size_t start = begin_record(log);
    int64_t wake_ns = turn->wake_ns;
    uint32_t effect_count = turn->effect_count;
    coder_i64(log, &wake_ns);
    coder_u32(log, &effect_count);
    for (uint32_t i = 0; i < effect_count; i++)
        write_effect(log, turn, &turn->effects[i]);
    end_record(log, start, TURN_LOG_TURN);
}

bool
logged_turn_next(LoggedTurn *turn, LoggedEffect *ret_effect)
{
    if (turn->read_count == turn->effect_count || turn->coder.is_bad)
        return false;
    turn->read_count++;
    logged_effect_code(ret_effect, &turn->coder);
    return !turn->coder.is_bad;
}

bool
turn_log_parse_turn(const TurnLogRecord *record, LoggedTurn *ret_turn)
{
    LoggedTurn turn = {.coder = open_body(record)};
    coder_i64(&turn.coder, &turn.wake_ns);
    coder_u32(&turn.coder, &turn.effect_count);
    LoggedTurn rest = turn;
    LoggedEffect effect;
    while (logged_turn_next(&rest, &effect))
        continue;
    *ret_turn = turn;
    return coder_is_whole(&rest.coder);
}
