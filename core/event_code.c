/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/event_code.c: the layouts of what events hold.
 */
#include "core/event_code.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#define EVENT_KIND_COUNT (EVENT_STOP + 1)
#define COMMAND_KIND_COUNT (COMMAND_DRAIN + 1)
#define CLOSE_REASON_COUNT (CLOSE_PROTOCOL + 1)

/* A field that is not coded would be another event. */
#define IS_LP64 (sizeof(void *) == 8)
_Static_assert(sizeof(Address) == 18, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Place) == 40, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Command) == 120, "code the new field");
_Static_assert(sizeof(WebName) == 1417, "code the new field");
_Static_assert(sizeof(Record) == 304, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Extent) == 40, "code the new field");
_Static_assert(sizeof(Chunk) == 12, "code the new field");
_Static_assert(!IS_LP64 || sizeof(Event) == 72, "code the new field");

CloseReason
close_reason_code(CloseReason reason, Coder *coder)
{
    return (CloseReason)coder_choice(coder, reason, CLOSE_REASON_COUNT);
}

void
address_code(Address *address, Coder *coder)
{
    coder_bytes(coder, address->ip, sizeof address->ip);
    coder_u16(coder, &address->port);
}

void
place_code(Place *place, Coder *coder)
{
    coder_u32(coder, &place->self);
    coder_u32(coder, &place->manager);
    coder_u32(coder, &place->key_service);
    coder_u32(coder, &place->source);
    coder_u16(coder, &place->region);
    coder_u16(coder, &place->isp);
    address_code(&place->address, coder);
}

void
record_code(Record *record, Coder *coder)
{
    coder_bounded(coder, &record->key_bytes, sizeof record->key);
    coder_bytes(coder, record->key, record->key_bytes);
    coder_bounded(coder, &record->value_bytes, sizeof record->value);
    coder_bytes(coder, record->value, record->value_bytes);
}

/* --- extents ----------------------------------------------------------- */

void
extent_code_bare(Extent *extent, Coder *coder)
{
    coder_u64(coder, &extent->offset_bytes);
    coder_u64(coder, &extent->size_bytes);
    coder_u64(coder, &extent->version);
    coder_u32(coder, &extent->file);
    coder_flag(coder, &extent->is_sealed);
}

/* The bytes alone: how many is said elsewhere. */
static void
code_chunk(Chunk **chunk, uint64_t size_bytes, Coder *coder)
{
    if (coder->is_reading) {
        coder->is_bad |= size_bytes > UINT32_MAX;
        if (!coder_has(coder, size_bytes))
            return;
        *chunk = chunk_new((uint32_t)size_bytes);
    }
    coder_bytes(coder, (*chunk)->bytes, size_bytes);
}

void
extent_code(Extent *extent, Coder *coder)
{
    bool has_chunk = extent->chunk != NULL;
    uint32_t size_bytes = has_chunk ? extent->chunk->size_bytes : 0;
    extent_code_bare(extent, coder);
    coder_flag(coder, &has_chunk);
    if (!has_chunk)
        return;
    coder_u32(coder, &size_bytes);
    code_chunk(&extent->chunk, size_bytes, coder);
}

/* As events have it: all of the chunk is meant. */
static void
code_whole_extent(Extent *extent, Coder *coder)
{
    bool has_chunk = extent->chunk != NULL;
    extent_code_bare(extent, coder);
    coder_flag(coder, &has_chunk);
    if (has_chunk)
        code_chunk(&extent->chunk, extent->size_bytes, coder);
}

/* --- commands ---------------------------------------------------------- */

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
        range_code(&range, coder);
        if (read)
            read[i] = range;
    }
}

void
command_code(Command *command, Coder *coder)
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

/* --- events ------------------------------------------------------------ */

static void
code_received(Event *event, Coder *coder)
{
    bool is_bytes = event->received.bytes != NULL;
    coder_flag(coder, &is_bytes);
    if (!is_bytes) {
        code_whole_extent(&event->received.extent, coder);
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
    code_whole_extent(&event->read.extent, coder);
}

void
event_code_head(Event *event, Coder *coder)
{
    event->kind = (EventKind)coder_choice(coder, event->kind, EVENT_KIND_COUNT);
    coder_u32(coder, &event->stream);
    coder_i64(coder, &event->now_ns);
}

void
event_code_detail(Event *event, Coder *coder)
{
    switch (event->kind) {
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
        event->closed.reason = close_reason_code(event->closed.reason, coder);
        return;
    case EVENT_READ:
        code_read(event, coder);
        return;
    case EVENT_STORED:
        coder_u32(coder, &event->stored.tag);
        coder_flag(coder, &event->stored.is_durable);
        return;
    case EVENT_START: /* what they point to is their owner's to code */
    case EVENT_COMMAND:
    case EVENT_RESTORED:
    case EVENT_WAKE:
    case EVENT_CONNECTED:
    case EVENT_DRAINED:
    case EVENT_ENDED:
    case EVENT_STOP:
        return;
    }
}

void
event_code(Event *event, Coder *coder)
{
    event_code_head(event, coder);
    bool is_pointing =
        event->kind == EVENT_START || event->kind == EVENT_COMMAND ||
        event->kind == EVENT_RECEIVED || event->kind == EVENT_RESTORED;
    assert(coder->is_reading || !is_pointing);
    if (is_pointing) {
        coder->is_bad = true;
        event->kind = EVENT_STOP; /* with nothing to release */
    }
    event_code_detail(event, coder);
}
