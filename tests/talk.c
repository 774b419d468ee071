/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/talk.c: makes events and looks into turns.
 */
#include "tests/talk.h"

#include <string.h>

static void
tell(Talk *talk, Event *event)
{
    event->now_ns = talk->now_ns;
    turn_begin(&talk->turn, &talk->pool);
    mover_turn(&talk->mover, &talk->node, event, &talk->turn);
    for (uint32_t i = 0; i < talk->turn.effect_count; i++)
        if (talk->turn.effects[i].kind == EFFECT_CLOSE)
            stream_pool_put(&talk->pool, talk->turn.effects[i].stream);
}

Talk *
talk_new(Role role, const void *config, uint8_t seed)
{
    Talk *talk = g_new0(Talk, 1);
    uint8_t seeds[32] = {seed};
    talk->node = node_new(role, config, seeds);
    mover_init(&talk->mover, config, seeds);
    talk->place = (Place){
        .self = 1,
        .manager = 2,
        .key_service = 3,
        .source = 4,
        .address = {.port = 4433},
    };
    turn_init(&talk->turn);
    Event event = {.kind = EVENT_START, .stream = STREAM_NONE};
    event.place = &talk->place;
    tell(talk, &event);
    return talk;
}

void
talk_free(Talk *talk)
{
    turn_clear(&talk->turn);
    stream_pool_clear(&talk->pool);
    node_free(talk->node);
    g_free(talk);
}

StreamId
talk_accept(Talk *talk, PeerId peer)
{
    StreamId stream = stream_pool_take(&talk->pool);
    Event event = {.kind = EVENT_ACCEPTED, .stream = stream};
    event.accepted.peer = peer;
    tell(talk, &event);
    return stream;
}

void
talk_connected(Talk *talk, StreamId stream)
{
    Event event = {.kind = EVENT_CONNECTED, .stream = stream};
    tell(talk, &event);
}

void
talk_say(Talk *talk, StreamId stream, const void *bytes, size_t size_bytes)
{
    Event event = {.kind = EVENT_RECEIVED, .stream = stream};
    event.received.bytes = bytes;
    event.received.size_bytes = size_bytes;
    tell(talk, &event);
}

void
talk_say_text(Talk *talk, StreamId stream, const char *text)
{
    talk_say(talk, stream, text, strlen(text));
}

void
talk_say_extent(Talk *talk, StreamId stream, uint64_t offset_bytes,
                uint64_t size_bytes)
{
    Event event = {.kind = EVENT_RECEIVED, .stream = stream};
    event.received.size_bytes = size_bytes;
    event.received.extent = (Extent){
        .offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .version = 1,
        .is_sealed = true,
    };
    tell(talk, &event);
}

void
talk_post(Talk *talk, StreamId stream, const char *path, const uint8_t *body,
          uint32_t body_bytes)
{
    char head_text[HTTP_WRITE_BYTES_MAX];
    HttpHead head = {
        .method = HTTP_POST,
        .target = path,
        .target_bytes = (uint32_t)strlen(path),
        .body_bytes = body_bytes,
    };
    uint32_t head_bytes = http_write_request(&head, head_text);
    g_autofree uint8_t *all = g_malloc(head_bytes + body_bytes);
    memcpy(all, head_text, head_bytes);
    memcpy(all + head_bytes, body, body_bytes);
    talk_say(talk, stream, all, head_bytes + body_bytes);
}

void
talk_forwarded(Talk *talk, StreamId stream, uint64_t size_bytes)
{
    Event event = {.kind = EVENT_FORWARDED, .stream = stream};
    event.forwarded.size_bytes = size_bytes;
    tell(talk, &event);
}

void
talk_close(Talk *talk, StreamId stream, CloseReason reason)
{
    Event event = {.kind = EVENT_CLOSED, .stream = stream};
    event.closed.reason = reason;
    tell(talk, &event);
    stream_pool_put(&talk->pool, stream);
}

void
talk_command(Talk *talk, const Command *command)
{
    Event event = {.kind = EVENT_COMMAND, .stream = STREAM_NONE};
    event.command = command;
    tell(talk, &event);
}

void
talk_wait_ns(Talk *talk, int64_t duration_ns)
{
    int64_t end_ns = talk->now_ns + duration_ns;
    while (talk->turn.wake_ns <= end_ns) {
        Event event = {.kind = EVENT_WAKE, .stream = STREAM_NONE};
        g_assert_cmpint(talk->turn.wake_ns, >, talk->now_ns);
        talk->now_ns = talk->turn.wake_ns;
        tell(talk, &event);
    }
    talk->now_ns = end_ns;
}

const Effect *
talk_effect(const Talk *talk, EffectKind kind, uint32_t n)
{
    for (uint32_t i = 0; i < talk->turn.effect_count; i++)
        if (talk->turn.effects[i].kind == kind && n-- == 0)
            return &talk->turn.effects[i];
    return NULL;
}

static GString *
gather(const Talk *talk, StreamId stream)
{
    GString *text = g_string_new(NULL);
    for (uint32_t i = 0; i < talk->turn.effect_count; i++) {
        const Effect *effect = &talk->turn.effects[i];
        if (effect->kind != EFFECT_WRITE || effect->stream != stream)
            continue;
        const uint8_t *bytes = talk->turn.bytes + effect->write.start_bytes;
        g_string_append_len(text, (const char *)bytes,
                            (gssize)effect->write.size_bytes);
    }
    return text;
}

char *
talk_written(const Talk *talk, StreamId stream)
{
    return g_string_free(gather(talk, stream), FALSE);
}

uint16_t
talk_status(const Talk *talk, StreamId stream)
{
    GString *text = gather(talk, stream);
    HttpReader reader;
    HttpInput input = {.bytes = (const uint8_t *)text->str,
                       .size_bytes = text->len};
    HttpPiece piece = {0};
    http_reader_init(&reader, HTTP_RESPONSES);
    HttpStep step =
        text->len > 0 ? http_reader_next(&reader, &input, &piece) : HTTP_MORE;
    uint16_t status = step == HTTP_HEAD ? piece.head.status : 0;
    http_reader_clear(&reader);
    g_string_free(text, TRUE);
    return status;
}

bool
talk_has_noted(const Talk *talk, NoteKind kind, PeerId about, uint64_t value)
{
    const Effect *effect;
    for (uint32_t n = 0; (effect = talk_effect(talk, EFFECT_NOTE, n)); n++)
        if (effect->note.kind == kind && effect->note.about == about &&
            effect->note.value == value)
            return true;
    return false;
}
