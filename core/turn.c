/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn.c: collects what one node wants done.
 *
 * Arrays grow to what the busiest turn needed and are then reused, so a turn
 * in the steady state allocates nothing.
 */
#include "core/turn.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

void
turn_init(Turn *turn)
{
    memset(turn, 0, sizeof *turn);
    turn->wake_ns = TIME_NEVER;
}

static void
release_chunks(Turn *turn)
{
    for (uint32_t i = 0; i < turn->effect_count; i++) {
        Effect *effect = &turn->effects[i];
        bool is_body =
            effect->kind == EFFECT_WRITE_BODY || effect->kind == EFFECT_DELIVER;
        if (is_body && effect->extent.chunk)
            chunk_unref(effect->extent.chunk);
    }
}

void
turn_clear(Turn *turn)
{
    release_chunks(turn);
    g_free(turn->effects);
    g_free(turn->bytes);
    g_free(turn->records);
    turn_init(turn);
}

void
turn_begin(Turn *turn, StreamPool *pool)
{
    release_chunks(turn);
    turn->effect_count = 0;
    turn->byte_count = 0;
    turn->record_count = 0;
    turn->wake_ns = TIME_NEVER;
    turn->pool = pool;
}

static Effect *
push_effect(Turn *turn, EffectKind kind, StreamId stream)
{
    if (turn->effect_count == turn->effect_capacity) {
        turn->effect_capacity = MAX(8, 2 * turn->effect_capacity);
        turn->effects = g_renew(Effect, turn->effects, turn->effect_capacity);
    }
    Effect *effect = &turn->effects[turn->effect_count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    effect->stream = stream;
    return effect;
}

StreamId
turn_connect(Turn *turn, PeerId peer, Transport transport)
{
    StreamId stream = stream_pool_take(turn->pool);
    Effect *effect = push_effect(turn, EFFECT_CONNECT, stream);
    effect->connect.peer = peer;
    effect->connect.transport = transport;
    return stream;
}

void
turn_write(Turn *turn, StreamId stream, const void *bytes, size_t byte_count)
{
    assert(stream != STREAM_NONE);
    assert(byte_count < UINT32_MAX / 2);
    if (byte_count == 0)
        return;
    uint32_t need = turn->byte_count + (uint32_t)byte_count;
    if (need > turn->byte_capacity) {
        turn->byte_capacity = MAX(1024, 2 * need);
        turn->bytes = g_realloc(turn->bytes, turn->byte_capacity);
    }
    memcpy(turn->bytes + turn->byte_count, bytes, byte_count);
    Effect *effect = push_effect(turn, EFFECT_WRITE, stream);
    effect->write.start_bytes = turn->byte_count;
    effect->write.size_bytes = (uint32_t)byte_count;
    turn->byte_count = need;
}

static void
push_extent(Turn *turn, EffectKind kind, StreamId stream, const Extent *extent)
{
    assert(!extent->chunk || extent->chunk->size_bytes == extent->size_bytes);
    if (extent->size_bytes == 0)
        return;
    Effect *effect = push_effect(turn, kind, stream);
    effect->extent = *extent;
    if (extent->chunk)
        chunk_ref(extent->chunk);
}

void
turn_write_body(Turn *turn, StreamId stream, const Extent *extent)
{
    assert(stream != STREAM_NONE);
    push_extent(turn, EFFECT_WRITE_BODY, stream, extent);
}

void
turn_deliver(Turn *turn, const Extent *extent)
{
    assert(!extent->is_sealed);
    push_extent(turn, EFFECT_DELIVER, STREAM_NONE, extent);
}

void
turn_expect(Turn *turn, StreamId stream, uint64_t byte_count)
{
    assert(byte_count > 0);
    push_effect(turn, EFFECT_EXPECT, stream)->expect_bytes = byte_count;
}

void
turn_forward(Turn *turn, StreamId from, StreamId to, uint64_t byte_count)
{
    assert(from != to);
    assert(byte_count > 0);
    Effect *effect = push_effect(turn, EFFECT_FORWARD, from);
    effect->forward.to = to;
    effect->forward.size_bytes = byte_count;
}

void
turn_close(Turn *turn, StreamId stream, CloseReason reason)
{
    assert(stream != STREAM_NONE);
    push_effect(turn, EFFECT_CLOSE, stream)->close_reason = reason;
}

void
turn_read(Turn *turn, uint32_t tag, const FileId *file, uint64_t offset_bytes,
          uint32_t size_bytes)
{
    Effect *effect = push_effect(turn, EFFECT_READ, STREAM_NONE);
    effect->read.tag = tag;
    effect->read.file = *file;
    effect->read.offset_bytes = offset_bytes;
    effect->read.size_bytes = size_bytes;
}

void
turn_store(Turn *turn, uint32_t tag, const Record *record)
{
    assert(record->key_bytes > 0);
    assert(record->key_bytes <= sizeof record->key);
    assert(record->value_bytes <= sizeof record->value);
    if (turn->record_count == turn->record_capacity) {
        turn->record_capacity = MAX(4, 2 * turn->record_capacity);
        turn->records = g_renew(Record, turn->records, turn->record_capacity);
    }
    turn->records[turn->record_count] = *record;
    Effect *effect = push_effect(turn, EFFECT_STORE, STREAM_NONE);
    effect->store.tag = tag;
    effect->store.record = turn->record_count++;
}

void
turn_introduce(Turn *turn, PeerId peer, const Address *address)
{
    Effect *effect = push_effect(turn, EFFECT_INTRODUCE, STREAM_NONE);
    effect->introduce.peer = peer;
    effect->introduce.address = *address;
}

void
turn_work(Turn *turn, WorkKind kind, uint64_t units, uint64_t byte_count)
{
    Effect *effect = push_effect(turn, EFFECT_WORK, STREAM_NONE);
    effect->work.kind = kind;
    effect->work.units = units;
    effect->work.size_bytes = byte_count;
}

void
turn_note(Turn *turn, NoteKind kind, PeerId about, uint64_t value)
{
    Effect *effect = push_effect(turn, EFFECT_NOTE, STREAM_NONE);
    effect->note.kind = kind;
    effect->note.about = about;
    effect->note.value = value;
}

void
turn_wake(Turn *turn, int64_t at_ns)
{
    turn->wake_ns = MIN(turn->wake_ns, at_ns);
}

StreamId
stream_pool_take(StreamPool *pool)
{
    if (pool->free_count == 0) {
        uint32_t old = pool->capacity;
        pool->capacity = MAX(4, 2 * old);
        pool->free_ids = g_renew(StreamId, pool->free_ids, pool->capacity);
        for (uint32_t id = pool->capacity; id > old; id--)
            pool->free_ids[pool->free_count++] = id - 1;
    }
    return pool->free_ids[--pool->free_count];
}

void
stream_pool_put(StreamPool *pool, StreamId stream)
{
    assert(stream < pool->capacity);
    assert(pool->free_count < pool->capacity);
    pool->free_ids[pool->free_count++] = stream;
}

void
stream_pool_clear(StreamPool *pool)
{
    g_free(pool->free_ids);
    memset(pool, 0, sizeof *pool);
}
