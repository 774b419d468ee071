/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/session.c: the streams that peers opened to a serving role.
 */
#include "core/session.h"

#include "core/turn_code.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

CODER_KNOWS(Sessions, 0, 0, 0, 0, 0);
CODER_KNOWS(Session, {0}, 0, 0, 0, 0);

void
sessions_init(Sessions *sessions, int64_t idle_ns)
{
    assert(idle_ns > 1);
    memset(sessions, 0, sizeof *sessions);
    sessions->idle_ns = idle_ns;
    sessions->scan_ns = TIME_NEVER;
}

void
sessions_clear(Sessions *sessions)
{
    for (uint32_t i = 0; i < sessions->capacity; i++)
        if (sessions->items[i].is_open)
            http_reader_clear(&sessions->items[i].reader);
    g_free(sessions->items);
    memset(sessions, 0, sizeof *sessions);
}

static Session *
open_session(Sessions *sessions, StreamId stream)
{
    if (stream >= sessions->capacity) {
        uint32_t old = sessions->capacity;
        sessions->capacity = MAX(stream + 1, MAX(8, 2 * old));
        sessions->items = g_renew(Session, sessions->items, sessions->capacity);
        memset(sessions->items + old, 0,
               (sessions->capacity - old) * sizeof *sessions->items);
    }
    Session *session = &sessions->items[stream];
    assert(!session->is_open);
    *session = (Session){.is_open = true};
    http_reader_init(&session->reader, HTTP_REQUESTS);
    sessions->open_count++;
    return session;
}

void
sessions_open(Sessions *sessions, const Event *event)
{
    assert(event->kind == EVENT_ACCEPTED);
    Session *session = open_session(sessions, event->stream);
    session->last_ns = event->now_ns;
    session->peer = event->accepted.peer;
    if (sessions->scan_ns == TIME_NEVER)
        sessions->scan_ns = event->now_ns + sessions->idle_ns;
}

Session *
sessions_peek(Sessions *sessions, StreamId stream)
{
    if (stream >= sessions->capacity || !sessions->items[stream].is_open)
        return NULL;
    return &sessions->items[stream];
}

void
sessions_close(Sessions *sessions, StreamId stream)
{
    Session *session = sessions_peek(sessions, stream);
    assert(session);
    http_reader_clear(&session->reader);
    session->is_open = false;
    assert(sessions->open_count > 0);
    sessions->open_count--;
}

bool
sessions_next_idle(Sessions *sessions, int64_t now_ns, StreamId *cursor)
{
    if (now_ns < sessions->scan_ns)
        return false;
    for (; *cursor < sessions->capacity; (*cursor)++) {
        const Session *session = &sessions->items[*cursor];
        if (session->is_open && now_ns - session->last_ns >= sessions->idle_ns)
            return true;
    }
    sessions->scan_ns =
        sessions->open_count > 0 ? now_ns + sessions->idle_ns / 2 : TIME_NEVER;
    return false;
}

/* Sessions are written by rising numbers of their streams. */
static StreamId
next_open(const Sessions *sessions, StreamId stream)
{
    while (!sessions->items[stream].is_open)
        stream++;
    return stream;
}

void
sessions_code(Sessions *sessions, Coder *coder)
{
    StreamId stream = 0;
    uint32_t count = sessions->open_count;
    coder_i64(coder, &sessions->scan_ns);
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count; i++, stream++) {
        if (!coder->is_reading)
            stream = next_open(sessions, stream);
        coder_bounded(coder, &stream, STREAM_COUNT_MAX);
        Session *session = sessions_peek(sessions, stream);
        if (coder->is_reading) {
            coder->is_bad |= session != NULL;
            if (coder->is_bad)
                return;
            session = open_session(sessions, stream);
        }
        coder_u32(coder, &session->peer);
        coder_i64(coder, &session->last_ns);
        coder_flag(coder, &session->is_last);
        http_reader_code(&session->reader, coder);
    }
}
