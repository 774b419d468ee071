/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn_code.h: the layouts of turns that wait to be carried out.
 */
#pragma once

#include "core/coder.h"
#include "core/turn.h"

/* No node has as many streams: a reader believes no higher number. */
#define STREAM_COUNT_MAX (1u << 22)

/* A whole turn with its chunks, read into one that turn_init made; the pool is
 * left for the reader to set. When the coder is bad: turn_clear. */
void turn_code(Turn *turn, Coder *coder);
/* Read into a pool that is all zeros. */
void stream_pool_code(StreamPool *pool, Coder *coder);
