/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/scoreboard.h: the segments sent and not yet acknowledged.
 *
 * Segments live in a ring in the order of their bytes, which is that of their
 * first sending; those sent again stand in a queue besides, in that order. Both
 * together tell the order in which segments were last sent, which is what RACK
 * (RFC 8985) reads. Segments are named by a serial that only grows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/coder.h"

#define SERIAL_NONE UINT32_MAX

typedef struct Segment {
    int64_t sent_ns;     /* last time */
    uint32_t seq_low;    /* see segment_seq */
    uint16_t size_bytes; /* of sequence space */
    bool is_fin : 1;
    bool is_sacked : 1;
    bool is_lost : 1;
    bool is_resent : 1;  /* and that copy not known to be lost */
    bool was_resent : 1; /* ever: no RTT sample (Karn) */
    bool is_awaited : 1; /* neither known to be here, nor to be lost */
} Segment;

_Static_assert(sizeof(Segment) == 16, "four to a cache line");

/* Sent again then; out of date when the segment says otherwise. */
typedef struct Resending {
    int64_t sent_ns;
    uint32_t serial;
} Resending;

typedef struct ResendQueue {
    uint32_t head;
    uint32_t count;
    uint32_t capacity; /* a power of two */
    Resending items[];
} ResendQueue;

typedef struct Scoreboard {
    Segment *ring;
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t first;    /* serial of the oldest segment */
    uint32_t count;
    uint32_t sacked_count;
    uint32_t lost_count;
    uint32_t resent_count;
    uint32_t first_original; /* none that is awaited and was sent once below */
    uint32_t resend_hint;    /* no lost and unsent segment below this serial */
    ResendQueue *resent;     /* NULL until something is sent again */
} Scoreboard;

void scoreboard_init(Scoreboard *board);
void scoreboard_clear(Scoreboard *board);
/* Written, or read into a board whose arrays are nobody's. */
void scoreboard_code(Scoreboard *board, Coder *coder);
static inline Segment *
scoreboard_at(const Scoreboard *board, uint32_t serial)
{
    return &board->ring[serial & (board->capacity - 1)];
}
/* Its first byte's, of a stream in which next_seq follows all that was sent:
 * less than 4 GiB are ever between the two. */
static inline uint64_t
segment_seq(const Segment *segment, uint64_t next_seq)
{
    return next_seq - (uint32_t)((uint32_t)next_seq - segment->seq_low);
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
/* Take the oldest off, keeping all counts right. */
Segment scoreboard_pop(Scoreboard *board);
void scoreboard_mark_sacked(Scoreboard *board, uint32_t serial);
void scoreboard_mark_lost(Scoreboard *board, uint32_t serial);
/* The segment was sent again. */
void scoreboard_mark_resent(Scoreboard *board, uint32_t serial, int64_t now_ns);
/* The first lost segment whose copy is not under way, or SERIAL_NONE. */
uint32_t scoreboard_next_lost(Scoreboard *board);
/* Awaited segments in the order in which they were last sent. */
typedef struct SendingOrder {
    uint32_t original; /* serial */
    uint32_t resent;   /* place in the queue */
} SendingOrder;
SendingOrder scoreboard_order(Scoreboard *board);
/* The next one's serial, or SERIAL_NONE. It may be marked at once. */
uint32_t scoreboard_next_sent(const Scoreboard *board, SendingOrder *order);
/* The first serial whose bytes reach beyond seq, which was sent or is next. */
uint32_t scoreboard_find(const Scoreboard *board, uint64_t seq);
