/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/event_code.h: the layouts of what events hold, both ways.
 *
 * Each function writes its object, or reads it into one that is all zeros,
 * and leaves that in a state to be released when the coder turns bad.
 */
#pragma once

#include "core/coder.h"
#include "core/event.h"

void address_code(Address *address, Coder *coder);
void place_code(Place *place, Coder *coder);
void record_code(Record *record, Coder *coder);
/* Reading makes a copy that command_clear releases. */
void command_code(Command *command, Coder *coder);

/* Without its chunk, which stays as it is. */
void extent_code_bare(Extent *extent, Coder *coder);
/* With its chunk, which may be of any size; reading makes one with one
 * reference, so that chunks that were shared are so no longer. */
void extent_code(Extent *extent, Coder *coder);

/* An event that points to nothing but a chunk: all but EVENT_START, _COMMAND,
 * _RECEIVED and _RESTORED. The chunk is made as extent_code does. */
void event_code(Event *event, Coder *coder);

/* The parts of any event: what all have, and the rest of those that point
 * nowhere else. Bytes received are lent. */
void event_code_head(Event *event, Coder *coder);
void event_code_detail(Event *event, Coder *coder);

CloseReason close_reason_code(CloseReason reason, Coder *coder);
