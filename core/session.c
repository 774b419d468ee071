/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/session.c: the streams that peers opened to a serving role.
 */
#include "core/session.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

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

void
sessions_open(Sessions *sessions, const Event *event)
{
    assert(event->kind == EVENT_ACCEPTED);
    if (event->stream >= sessions->capacity) {
        uint32_t old = sessions->capacity;
        sessions->capacity = MAX(event->stream + 1, MAX(8, 2 * old));
        sessions->items = g_renew(Session, sessions->items, sessions->capacity);
        memset(sessions->items + old, 0,
               (sessions->capacity - old) * sizeof *sessions->items);
    }
    Session *session = &sessions->items[event->stream];
    assert(!session->is_open);
    *session = (Session){
        .last_ns = event->now_ns,
        .peer = event->accepted.peer,
        .is_open = true,
    };
    http_reader_init(&session->reader, HTTP_REQUESTS);
    sessions->open_count++;
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
