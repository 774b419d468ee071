/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn_code.c: the layouts of turns, and of what a turn log has of them.
 */
#include "core/turn_code.h"

#include "core/event_code.h"
#include "core/turn_log.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#define TRANSPORT_COUNT (TRANSPORT_TCP + 1)
#define EFFECT_KIND_COUNT (EFFECT_NOTE + 1)
#define RECORD_BYTES_MIN 8u
#define EFFECT_BYTES_MIN 5u

/* A field that is not coded would be another turn. */
#define IS_LP64 (sizeof(void *) == 8)
_Static_assert(!IS_LP64 || sizeof(Effect) == 56, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Turn) == 64, "code the new field");
_Static_assert(!IS_LP64 || sizeof(StreamPool) == 16, "code the new field");

/* --- logged events ------------------------------------------------------ */

void
logged_event_code(LoggedEvent *logged, Coder *coder)
{
    Event *event = &logged->event;
    if (coder->is_reading)
        memset(logged, 0, sizeof *logged);
    coder_u32(coder, &logged->node);
    event_code_head(event, coder);
    if (event->kind == EVENT_START) {
        place_code(&logged->place, coder);
        event->place = &logged->place;
    } else if (event->kind == EVENT_COMMAND) {
        command_code(&logged->command, coder);
        event->command = &logged->command;
    } else if (event->kind == EVENT_RESTORED) {
        record_code(&logged->record, coder);
        event->record = &logged->record;
    }
    event_code_detail(event, coder);
}

void
logged_event_clear(LoggedEvent *logged)
{
    Event *event = &logged->event;
    Chunk *chunk = NULL;
    if (event->kind == EVENT_READ)
        chunk = event->read.extent.chunk;
    else if (event->kind == EVENT_RECEIVED)
        chunk = event->received.extent.chunk;
    if (chunk)
        chunk_unref(chunk);
    if (event->kind == EVENT_COMMAND)
        command_clear(&logged->command);
    memset(logged, 0, sizeof *logged);
}

/* --- effects ------------------------------------------------------------ */

static void
code_body(LoggedEffect *logged, Coder *coder)
{
    coder_flag(coder, &logged->has_body);
    if (!logged->has_body)
        return;
    coder_u32(coder, &logged->body_bytes);
    if (logged->body_bytes <= TURN_LOG_BODY_BYTES_MAX) {
        coder_lend(coder, &logged->body, logged->body_bytes);
        return;
    }
    if (logged->body)
        logged->body_hash = turn_log_hash(logged->body, logged->body_bytes);
    coder_u64(coder, &logged->body_hash);
}

static void
code_request(Effect *effect, Coder *coder)
{
    coder_u32(coder, &effect->read.tag);
    coder_u32(coder, &effect->read.size_bytes);
    coder_u64(coder, &effect->read.offset_bytes);
    coder_bytes(coder, effect->read.file.bytes, sizeof effect->read.file.bytes);
}

static void
code_note(Effect *effect, Coder *coder)
{
    effect->note.kind =
        (NoteKind)coder_choice(coder, effect->note.kind, NOTE_COUNT);
    coder_u32(coder, &effect->note.about);
    coder_u64(coder, &effect->note.value);
}

static void
code_work(Effect *effect, Coder *coder)
{
    effect->work.kind =
        (WorkKind)coder_choice(coder, effect->work.kind, WORK_COUNT);
    coder_u64(coder, &effect->work.units);
    coder_u64(coder, &effect->work.size_bytes);
}

static void
code_head(Effect *effect, Coder *coder)
{
    effect->kind =
        (EffectKind)coder_choice(coder, effect->kind, EFFECT_KIND_COUNT);
    coder_u32(coder, &effect->stream);
}

/* What is in the effect itself, not elsewhere in its turn or in a chunk. */
static void
code_want(Effect *effect, Coder *coder)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        coder_u32(coder, &effect->connect.peer);
        effect->connect.transport = (Transport)coder_choice(
            coder, effect->connect.transport, TRANSPORT_COUNT);
        return;
    case EFFECT_EXPECT:
        coder_u64(coder, &effect->expect_bytes);
        return;
    case EFFECT_FORWARD:
        coder_u32(coder, &effect->forward.to);
        coder_u64(coder, &effect->forward.size_bytes);
        return;
    case EFFECT_CLOSE:
        effect->close_reason = close_reason_code(effect->close_reason, coder);
        return;
    case EFFECT_READ:
        code_request(effect, coder);
        return;
    case EFFECT_STORE:
        coder_u32(coder, &effect->store.tag);
        return;
    case EFFECT_INTRODUCE:
        coder_u32(coder, &effect->introduce.peer);
        address_code(&effect->introduce.address, coder);
        return;
    case EFFECT_WORK:
        code_work(effect, coder);
        return;
    case EFFECT_NOTE:
        code_note(effect, coder);
        return;
    case EFFECT_WRITE:
    case EFFECT_WRITE_BODY:
    case EFFECT_DELIVER:
        return;
    }
}

static bool
is_body(const Effect *effect)
{
    return effect->kind == EFFECT_WRITE_BODY || effect->kind == EFFECT_DELIVER;
}

void
logged_effect_code(LoggedEffect *logged, Coder *coder)
{
    Effect *effect = &logged->effect;
    if (coder->is_reading)
        memset(logged, 0, sizeof *logged);
    code_head(effect, coder);
    code_want(effect, coder);
    if (is_body(effect))
        extent_code_bare(&effect->extent, coder);
    if (is_body(effect) || effect->kind == EFFECT_WRITE)
        code_body(logged, coder);
    if (effect->kind == EFFECT_STORE)
        record_code(&logged->record, coder);
}

/* --- turns that wait ---------------------------------------------------- */

static void
code_effect(Effect *effect, Coder *coder)
{
    code_head(effect, coder);
    code_want(effect, coder);
    if (effect->kind == EFFECT_WRITE) {
        coder_u32(coder, &effect->write.start_bytes);
        coder_u32(coder, &effect->write.size_bytes);
    }
    if (is_body(effect))
        extent_code(&effect->extent, coder);
    if (effect->kind == EFFECT_STORE)
        coder_u32(coder, &effect->store.record);
}

/* Does what it names elsewhere exist? */
static bool
is_possible(const Turn *turn, const Effect *effect)
{
    if (effect->kind == EFFECT_WRITE)
        return effect->write.start_bytes <= turn->byte_count &&
               effect->write.size_bytes <=
                   turn->byte_count - effect->write.start_bytes;
    if (effect->kind == EFFECT_STORE)
        return effect->store.record < turn->record_count;
    return !is_body(effect) || !effect->extent.chunk ||
           effect->extent.chunk->size_bytes == effect->extent.size_bytes;
}

/* Room for what the bytes announce, if they can hold it. */
static void
make_room(Turn *turn, Coder *coder)
{
    if (coder_has(coder, turn->byte_count)) {
        turn->byte_capacity = turn->byte_count;
        turn->bytes = g_malloc(turn->byte_capacity);
    }
    if (coder_has(coder, (uint64_t)turn->record_count * RECORD_BYTES_MIN)) {
        turn->record_capacity = turn->record_count;
        turn->records = g_new0(Record, turn->record_capacity);
    }
    if (coder_has(coder, (uint64_t)turn->effect_count * EFFECT_BYTES_MIN)) {
        turn->effect_capacity = turn->effect_count;
        turn->effects = g_new0(Effect, turn->effect_capacity);
    }
    if (coder->is_bad)
        turn->byte_count = turn->record_count = turn->effect_count = 0;
}

void
turn_code(Turn *turn, Coder *coder)
{
    coder_i64(coder, &turn->wake_ns);
    coder_u32(coder, &turn->byte_count);
    coder_u32(coder, &turn->record_count);
    coder_u32(coder, &turn->effect_count);
    if (coder->is_reading)
        make_room(turn, coder);
    coder_bytes(coder, turn->bytes, turn->byte_count);
    for (uint32_t i = 0; i < turn->record_count; i++)
        record_code(&turn->records[i], coder);
    for (uint32_t i = 0; i < turn->effect_count; i++) {
        code_effect(&turn->effects[i], coder);
        coder->is_bad |= !is_possible(turn, &turn->effects[i]);
    }
}

void
stream_pool_code(StreamPool *pool, Coder *coder)
{
    coder_bounded(coder, &pool->capacity, STREAM_COUNT_MAX);
    coder_bounded(coder, &pool->free_count, pool->capacity);
    if (coder->is_reading) {
        if (!coder_has(coder, (uint64_t)pool->free_count * sizeof(StreamId))) {
            memset(pool, 0, sizeof *pool);
            return;
        }
        pool->free_ids = g_new0(StreamId, pool->capacity);
    }
    for (uint32_t i = 0; i < pool->free_count; i++) {
        coder_u32(coder, &pool->free_ids[i]);
        coder->is_bad |= pool->free_ids[i] >= pool->capacity;
    }
}
