/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/session.h: the streams that peers opened to a serving role.
 *
 * A flat array by stream number; a session is open from EVENT_ACCEPTED to
 * EVENT_CLOSED or the role's own turn_close. Sessions that hear nothing for
 * idle_ns are found by a scan now and then, not by a timer each.
 */
#pragma once

#include "core/http_reader.h"

typedef struct Session {
    HttpReader reader;
    int64_t last_ns; /* when something last happened here */
    PeerId peer;
    bool is_open;
    bool is_last; /* the request being read says Connection: close */
} Session;

typedef struct Sessions {
    Session *items; /* by stream */
    uint32_t capacity;
    uint32_t open_count;
    int64_t idle_ns;
    int64_t scan_ns; /* next scan; TIME_NEVER while none is open */
} Sessions;

void sessions_init(Sessions *sessions, int64_t idle_ns);
void sessions_clear(Sessions *sessions);

/* Open a session for an EVENT_ACCEPTED. */
void sessions_open(Sessions *sessions, const Event *event);
/* The open session of a stream, or NULL; valid until the next open. */
Session *sessions_peek(Sessions *sessions, StreamId stream);
void sessions_close(Sessions *sessions, StreamId stream);

/* Write them, or read them into what sessions_init made. */
void sessions_code(Sessions *sessions, Coder *coder);

/* Name the next idle session from *cursor on, which begins at 0; false, and
 * the next scan is set, when there is none or no scan is due. */
bool sessions_next_idle(Sessions *sessions, int64_t now_ns, StreamId *cursor);
