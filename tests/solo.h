/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/solo.h: one role alone, handed event after event.
 *
 * The test plays driver and peers. Each call is one turn; what the role left
 * in it is read until the next call.
 */
#pragma once

#include <glib.h>

#include "core/http_reader.h"
#include "tests/mover.h"

typedef struct Solo {
    Node *node;
    Mover mover;
    Turn turn;
    StreamPool pool;
    int64_t now_ns;
} Solo;

void solo_init(Solo *solo, Role role, const void *config,
               const uint8_t seed[32]);
void solo_clear(Solo *solo);

/* Hand over an event; now_ns is filled in. */
void solo_take(Solo *solo, Event event);
void solo_start(Solo *solo, const Place *place);
StreamId solo_accept(Solo *solo, PeerId peer);
void solo_receive(Solo *solo, StreamId stream, const void *bytes,
                  size_t byte_count);
void solo_receive_text(Solo *solo, StreamId stream, const char *text);
void solo_close(Solo *solo, StreamId stream, CloseReason reason);
/* Let time pass up to the wake that the role wished for, and wake it. */
void solo_wake(Solo *solo);
/* Answer an EFFECT_STORE of an earlier turn. */
void solo_stored(Solo *solo, uint32_t tag, bool is_durable);

/* The n-th effect of a kind in this turn, or NULL. */
const Effect *solo_effect(const Solo *solo, EffectKind kind, uint32_t n);
uint32_t solo_effect_count(const Solo *solo, EffectKind kind);
uint32_t solo_note_count(const Solo *solo, NoteKind kind);
const Record *solo_record(const Solo *solo, const Effect *store);
/* All bytes written to a stream in this turn; the caller frees. */
GByteArray *solo_written(const Solo *solo, StreamId stream);
/* The status of the first response written in this turn; 0 without one. */
uint16_t solo_status(const Solo *solo, StreamId stream);
bool solo_is_closed(const Solo *solo, StreamId stream);
/* File data written to a stream in this turn. */
uint64_t solo_body_bytes(const Solo *solo, StreamId stream);
