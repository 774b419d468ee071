/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/talk.h: one node, told one event at a time, and what it answered.
 *
 * For tests of a role alone: no world, no time but what the test says. What
 * a call left in the turn stays there until the next call.
 */
#pragma once

#include "core/http_reader.h"
#include "tests/mover.h"

#include <glib.h>

typedef struct Talk {
    Node *node;
    Mover mover;
    Place place;
    StreamPool pool;
    Turn turn;
    int64_t now_ns;
} Talk;

/* A node that has just been started, in region 0 and ISP 0. */
Talk *talk_new(Role role, const void *config, uint8_t seed);
void talk_free(Talk *talk);

StreamId talk_accept(Talk *talk, PeerId peer);
void talk_connected(Talk *talk, StreamId stream);
void talk_say(Talk *talk, StreamId stream, const void *bytes,
              size_t size_bytes);
void talk_say_text(Talk *talk, StreamId stream, const char *text);
void talk_say_extent(Talk *talk, StreamId stream, uint64_t offset_bytes,
                     uint64_t size_bytes);
void talk_post(Talk *talk, StreamId stream, const char *path,
               const uint8_t *body, uint32_t body_bytes);
void talk_forwarded(Talk *talk, StreamId stream, uint64_t size_bytes);
void talk_close(Talk *talk, StreamId stream, CloseReason reason);
void talk_command(Talk *talk, const Command *command);
/* Let time pass, with every wake that the node asked for. */
void talk_wait_ns(Talk *talk, int64_t duration_ns);

/* The n-th effect of a kind in the last turn, or NULL. */
const Effect *talk_effect(const Talk *talk, EffectKind kind, uint32_t n);
/* What the last turn wrote to a stream, as text; body bytes included. */
char *talk_written(const Talk *talk, StreamId stream);
/* The status of the first response in it; 0 when there is none. */
uint16_t talk_status(const Talk *talk, StreamId stream);
/* Was this noted in the last turn? */
bool talk_has_noted(const Talk *talk, NoteKind kind, PeerId about,
                    uint64_t value);
