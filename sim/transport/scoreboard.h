/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/scoreboard.h: the segments sent and not yet acknowledged.
 *
 * Segments live in a ring in the order of their bytes; a second chain through
 * them keeps the order in which they were last sent, which is what RACK
 * (RFC 8985) reads. Segments are named by a serial that only grows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_NONE UINT32_MAX

typedef struct Segment {
    uint64_t seq;
    int64_t sent_ns;  /* last time */
    uint32_t earlier; /* neighbours in sending order; off the chain: NONE */
    uint32_t later;
    uint16_t size_bytes; /* of sequence space */
    bool is_fin : 1;
    bool is_sacked : 1;
    bool is_lost : 1;
    bool is_resent : 1;  /* and that copy not known to be lost */
    bool was_resent : 1; /* ever: no RTT sample (Karn) */
    bool is_on_chain : 1;
} Segment;

_Static_assert(sizeof(Segment) == 32, "two to a cache line");

typedef struct Scoreboard {
    Segment *ring;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t first;    /* serial of the oldest segment */
    uint32_t count;
    uint32_t sacked_count;
    uint32_t lost_count;
    uint32_t resent_count;
    uint32_t chain_head; /* sent longest ago */
    uint32_t chain_tail;
    uint32_t resend_hint; /* no lost and unsent segment below this serial */
} Scoreboard;

void scoreboard_init(Scoreboard *board);
void scoreboard_clear(Scoreboard *board);
static inline Segment *
scoreboard_at(const Scoreboard *board, uint32_t serial)
{
    return &board->ring[serial & (board->capacity - 1)];
}
static inline uint32_t
scoreboard_end(const Scoreboard *board)
{
    return board->first + board->count;
}
/* Segments believed to be in the network (RFC 6675 pipe). */
static inline uint32_t
scoreboard_in_flight(const Scoreboard *board)
{
    return board->count - board->sacked_count - board->lost_count +
           board->resent_count;
}
/* Append a segment just sent. The ring may move. */
Segment *scoreboard_push(Scoreboard *board, uint64_t seq, uint32_t size_bytes,
                         int64_t now_ns);
/* Take the oldest off, keeping all counts right; lent until the next push. */
const Segment *scoreboard_pop(Scoreboard *board);
void scoreboard_mark_sacked(Scoreboard *board, uint32_t serial);
void scoreboard_mark_lost(Scoreboard *board, uint32_t serial);
/* The segment was sent again. */
void scoreboard_mark_resent(Scoreboard *board, uint32_t serial, int64_t now_ns);
/* The first lost segment whose copy is not under way, or SERIAL_NONE. */
uint32_t scoreboard_next_lost(Scoreboard *board);
/* The first serial whose bytes reach beyond seq. */
uint32_t scoreboard_find(const Scoreboard *board, uint64_t seq);
