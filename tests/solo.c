/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/solo.c: one role alone, handed event after event.
 */
#include "tests/solo.h"

#include <string.h>

void
solo_init(Solo *solo, Role role, const void *config, const uint8_t seed[32])
{
    memset(solo, 0, sizeof *solo);
    solo->node = node_new(role, config, seed);
    mover_init(&solo->mover, config, seed);
    turn_init(&solo->turn);
}

void
solo_clear(Solo *solo)
{
    node_free(solo->node);
    turn_clear(&solo->turn);
    stream_pool_clear(&solo->pool);
}

void
solo_take(Solo *solo, Event event)
{
    event.now_ns = solo->now_ns;
    turn_begin(&solo->turn, &solo->pool);
    mover_turn(&solo->mover, &solo->node, &event, &solo->turn);
    for (uint32_t i = 0; i < solo->turn.effect_count; i++)
        if (solo->turn.effects[i].kind == EFFECT_CLOSE)
            stream_pool_put(&solo->pool, solo->turn.effects[i].stream);
}

void
solo_start(Solo *solo, const Place *place)
{
    solo_take(
        solo,
        (Event){.kind = EVENT_START, .stream = STREAM_NONE, .place = place});
}

StreamId
solo_accept(Solo *solo, PeerId peer)
{
    StreamId stream = stream_pool_take(&solo->pool);
    solo_take(solo, (Event){.kind = EVENT_ACCEPTED,
                            .stream = stream,
                            .accepted = {.peer = peer}});
    return stream;
}

void
solo_receive(Solo *solo, StreamId stream, const void *bytes, size_t byte_count)
{
    solo_take(solo,
              (Event){.kind = EVENT_RECEIVED,
                      .stream = stream,
                      .received = {.bytes = bytes, .size_bytes = byte_count}});
}

void
solo_receive_text(Solo *solo, StreamId stream, const char *text)
{
    solo_receive(solo, stream, text, strlen(text));
}

void
solo_close(Solo *solo, StreamId stream, CloseReason reason)
{
    solo_take(solo, (Event){.kind = EVENT_CLOSED,
                            .stream = stream,
                            .closed = {.reason = reason}});
    stream_pool_put(&solo->pool, stream);
}

void
solo_wake(Solo *solo)
{
    g_assert_cmpint(solo->turn.wake_ns, <, TIME_NEVER);
    solo->now_ns = MAX(solo->now_ns, solo->turn.wake_ns);
    solo_take(solo, (Event){.kind = EVENT_WAKE, .stream = STREAM_NONE});
}

void
solo_stored(Solo *solo, uint32_t tag, bool is_durable)
{
    solo_take(solo, (Event){.kind = EVENT_STORED,
                            .stream = STREAM_NONE,
                            .stored = {.tag = tag, .is_durable = is_durable}});
}

const Effect *
solo_effect(const Solo *solo, EffectKind kind, uint32_t n)
{
    for (uint32_t i = 0; i < solo->turn.effect_count; i++)
        if (solo->turn.effects[i].kind == kind && n-- == 0)
            return &solo->turn.effects[i];
    return NULL;
}

uint32_t
solo_effect_count(const Solo *solo, EffectKind kind)
{
    uint32_t count = 0;
    while (solo_effect(solo, kind, count))
        count++;
    return count;
}

uint32_t
solo_note_count(const Solo *solo, NoteKind kind)
{
    uint32_t count = 0;
    const Effect *note;
    for (uint32_t n = 0; (note = solo_effect(solo, EFFECT_NOTE, n)); n++)
        count += note->note.kind == kind;
    return count;
}

const Record *
solo_record(const Solo *solo, const Effect *store)
{
    g_assert_cmpint(store->kind, ==, EFFECT_STORE);
    return &solo->turn.records[store->store.record];
}

GByteArray *
solo_written(const Solo *solo, StreamId stream)
{
    GByteArray *bytes = g_byte_array_new();
    const Effect *effect;
    for (uint32_t n = 0; (effect = solo_effect(solo, EFFECT_WRITE, n)); n++)
        if (effect->stream == stream)
            g_byte_array_append(bytes,
                                solo->turn.bytes + effect->write.start_bytes,
                                effect->write.size_bytes);
    return bytes;
}

uint16_t
solo_status(const Solo *solo, StreamId stream)
{
    GByteArray *bytes = solo_written(solo, stream);
    HttpReader reader;
    HttpPiece piece = {.status = 0};
    HttpInput input = {.bytes = bytes->data, .size_bytes = bytes->len};
    http_reader_init(&reader, HTTP_RESPONSES);
    HttpStep step = HTTP_MORE;
    if (bytes->len > 0)
        step = http_reader_next(&reader, &input, &piece);
    g_assert_cmpint(step, !=, HTTP_BAD);
    uint16_t status = step == HTTP_HEAD ? piece.head.status : 0;
    http_reader_clear(&reader);
    g_byte_array_unref(bytes);
    return status;
}

bool
solo_is_closed(const Solo *solo, StreamId stream)
{
    const Effect *effect;
    for (uint32_t n = 0; (effect = solo_effect(solo, EFFECT_CLOSE, n)); n++)
        if (effect->stream == stream)
            return true;
    return false;
}

uint64_t
solo_body_bytes(const Solo *solo, StreamId stream)
{
    uint64_t size_bytes = 0;
    const Effect *effect;
    for (uint32_t n = 0; (effect = solo_effect(solo, EFFECT_WRITE_BODY, n));
         n++)
        if (effect->stream == stream)
            size_bytes += effect->extent.size_bytes;
    return size_bytes;
}
