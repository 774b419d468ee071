/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn_code.c: the layouts of events and effects in a turn log.
 */
#include "core/turn_log.h"

#include <glib.h>
#include <string.h>

#define EVENT_KIND_COUNT (EVENT_STOP + 1)
#define COMMAND_KIND_COUNT (COMMAND_DRAIN + 1)
#define CLOSE_REASON_COUNT (CLOSE_PROTOCOL + 1)
#define TRANSPORT_COUNT (TRANSPORT_TCP + 1)
#define EFFECT_KIND_COUNT (EFFECT_NOTE + 1)

/* A field that is not logged would be another event. */
#define IS_LP64 (sizeof(void *) == 8)
_Static_assert(!IS_LP64 || sizeof(Place) == 40, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Command) == 120, "code the new field");
_Static_assert(sizeof(WebName) == 1417, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Event) == 72, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Effect) == 56, "code the new field");

static CloseReason
code_reason(CloseReason reason, Coder *coder)
{
    return (CloseReason)coder_choice(coder, reason, CLOSE_REASON_COUNT);
}

static void
code_address(Address *address, Coder *coder)
{
    coder_bytes(coder, address->ip, sizeof address->ip);
    coder_u16(coder, &address->port);
}

static void
code_record(Record *record, Coder *coder)
{
    coder_bounded(coder, &record->key_bytes, sizeof record->key);
    coder_bytes(coder, record->key, record->key_bytes);
    coder_bounded(coder, &record->value_bytes, sizeof record->value);
    coder_bytes(coder, record->value, record->value_bytes);
}

/* All but the chunk. */
static void
code_extent(Extent *extent, Coder *coder)
{
    coder_u64(coder, &extent->offset_bytes);
    coder_u64(coder, &extent->size_bytes);
    coder_u64(coder, &extent->version);
    coder_u32(coder, &extent->file);
    coder_flag(coder, &extent->is_sealed);
}

/* --- events ------------------------------------------------------------ */

static void
code_chunk(Extent *extent, Coder *coder)
{
    bool has_chunk = extent->chunk != NULL;
    coder_flag(coder, &has_chunk);
    if (!has_chunk)
        return;
    if (coder->is_reading) {
        if (!coder_has(coder, extent->size_bytes))
            return;
        extent->chunk = chunk_new((uint32_t)extent->size_bytes);
    }
    coder_bytes(coder, extent->chunk->bytes, extent->chunk->size_bytes);
}

static void
code_place(Place *place, Coder *coder)
{
    coder_u32(coder, &place->self);
    coder_u32(coder, &place->manager);
    coder_u32(coder, &place->key_service);
    coder_u32(coder, &place->source);
    coder_u16(coder, &place->region);
    coder_u16(coder, &place->isp);
    code_address(&place->address, coder);
}

/* A text in an array that ends in 0. */
static void
code_text(char *text, uint32_t size_max, Coder *coder)
{
    uint32_t size_bytes =
        coder->is_reading ? 0 : (uint32_t)strnlen(text, size_max - 1);
    coder_bounded(coder, &size_bytes, size_max - 1);
    coder_bytes(coder, text, size_bytes);
    if (strnlen(text, size_max - 1) != size_bytes)
        coder->is_bad = true;
}

static void
code_name(Command *command, Coder *coder)
{
    bool has_name = command->name != NULL;
    coder_flag(coder, &has_name);
    if (!has_name)
        return;
    WebName *name =
        coder->is_reading ? g_new0(WebName, 1) : (WebName *)command->name;
    command->name = name;
    code_text(name->host, sizeof name->host, coder);
    code_text(name->path, sizeof name->path, coder);
    code_text(name->etag, sizeof name->etag, coder);
}

static void
code_missing(Command *command, Coder *coder)
{
    uint32_t count = command->missing ? command->missing_count : 0;
    coder_u32(coder, &count);
    if (count == 0)
        return;
    Range *read = NULL;
    if (coder->is_reading) {
        if (!coder_has(coder, count * (uint64_t)sizeof(Range)))
            return;
        command->missing = read = g_new0(Range, count);
        command->missing_count = count;
    }
    for (uint32_t i = 0; i < count; i++) {
        Range range = command->missing[i];
        coder_u64(coder, &range.start_bytes);
        coder_u64(coder, &range.end_bytes);
        if (read)
            read[i] = range;
    }
}

static void
code_command(Command *command, Coder *coder)
{
    command->kind =
        (CommandKind)coder_choice(coder, command->kind, COMMAND_KIND_COUNT);
    coder_u32(coder, &command->tag);
    coder_bytes(coder, command->file.bytes, sizeof command->file.bytes);
    coder_u64(coder, &command->file_bytes);
    coder_u64(coder, &command->version);
    code_name(command, coder);
    code_missing(command, coder);
    coder_u64(coder, &command->value);
    coder_bytes(coder, command->secret, sizeof command->secret);
}

static void
code_received(Event *event, Coder *coder)
{
    bool is_bytes = event->received.bytes != NULL;
    coder_flag(coder, &is_bytes);
    if (!is_bytes) {
        code_extent(&event->received.extent, coder);
        code_chunk(&event->received.extent, coder);
        event->received.size_bytes = event->received.extent.size_bytes;
        return;
    }
    coder_u64(coder, &event->received.size_bytes);
    bool is_there =
        !coder->is_reading || coder_has(coder, event->received.size_bytes);
    if (is_there)
        coder_lend(coder, &event->received.bytes, event->received.size_bytes);
}

static void
code_read(Event *event, Coder *coder)
{
    coder_u32(coder, &event->read.tag);
    coder_flag(coder, &event->read.is_found);
    coder_u64(coder, &event->read.file_bytes);
    code_extent(&event->read.extent, coder);
    code_chunk(&event->read.extent, coder);
}

static void
code_detail(LoggedEvent *logged, Coder *coder)
{
    Event *event = &logged->event;
    switch (event->kind) {
    case EVENT_START:
        code_place(&logged->place, coder);
        event->place = &logged->place;
        return;
    case EVENT_COMMAND:
        code_command(&logged->command, coder);
        event->command = &logged->command;
        return;
    case EVENT_RESTORED:
        code_record(&logged->record, coder);
        event->record = &logged->record;
        return;
    case EVENT_ACCEPTED:
        coder_u32(coder, &event->accepted.peer);
        return;
    case EVENT_RECEIVED:
        code_received(event, coder);
        return;
    case EVENT_FORWARDED:
        coder_u64(coder, &event->forwarded.size_bytes);
        return;
    case EVENT_CLOSED:
        event->closed.reason = code_reason(event->closed.reason, coder);
        return;
    case EVENT_READ:
        code_read(event, coder);
        return;
    case EVENT_STORED:
        coder_u32(coder, &event->stored.tag);
        coder_flag(coder, &event->stored.is_durable);
        return;
    case EVENT_WAKE:
    case EVENT_CONNECTED:
    case EVENT_DRAINED:
    case EVENT_ENDED:
    case EVENT_STOP:
        return;
    }
}

void
logged_event_code(LoggedEvent *logged, Coder *coder)
{
    Event *event = &logged->event;
    if (coder->is_reading)
        memset(logged, 0, sizeof *logged);
    coder_u32(coder, &logged->node);
    event->kind = (EventKind)coder_choice(coder, event->kind, EVENT_KIND_COUNT);
    coder_u32(coder, &event->stream);
    coder_i64(coder, &event->now_ns);
    code_detail(logged, coder);
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

void
logged_effect_code(LoggedEffect *logged, Coder *coder)
{
    Effect *effect = &logged->effect;
    if (coder->is_reading)
        memset(logged, 0, sizeof *logged);
    effect->kind =
        (EffectKind)coder_choice(coder, effect->kind, EFFECT_KIND_COUNT);
    coder_u32(coder, &effect->stream);
    switch (effect->kind) {
    case EFFECT_CONNECT:
        coder_u32(coder, &effect->connect.peer);
        effect->connect.transport = (Transport)coder_choice(
            coder, effect->connect.transport, TRANSPORT_COUNT);
        return;
    case EFFECT_WRITE:
        code_body(logged, coder);
        return;
    case EFFECT_WRITE_BODY:
    case EFFECT_DELIVER:
        code_extent(&effect->extent, coder);
        code_body(logged, coder);
        return;
    case EFFECT_EXPECT:
        coder_u64(coder, &effect->expect_bytes);
        return;
    case EFFECT_FORWARD:
        coder_u32(coder, &effect->forward.to);
        coder_u64(coder, &effect->forward.size_bytes);
        return;
    case EFFECT_CLOSE:
        effect->close_reason = code_reason(effect->close_reason, coder);
        return;
    case EFFECT_READ:
        code_request(effect, coder);
        return;
    case EFFECT_STORE:
        coder_u32(coder, &effect->store.tag);
        code_record(&logged->record, coder);
        return;
    case EFFECT_INTRODUCE:
        coder_u32(coder, &effect->introduce.peer);
        code_address(&effect->introduce.address, coder);
        return;
    case EFFECT_WORK:
        code_work(effect, coder);
        return;
    case EFFECT_NOTE:
        code_note(effect, coder);
        return;
    }
}
