/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/scoreboard.c: ring and chain of sent segments.
 */
#include "sim/transport/scoreboard.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

void
scoreboard_init(Scoreboard *board)
{
    memset(board, 0, sizeof *board);
    board->chain_head = board->chain_tail = SERIAL_NONE;
}

void
scoreboard_clear(Scoreboard *board)
{
    g_free(board->ring);
    scoreboard_init(board);
}

static void
grow(Scoreboard *board)
{
    uint32_t capacity = MAX(16, 2 * board->capacity);
    Segment *ring = g_new(Segment, capacity);
    for (uint32_t i = 0; i < board->count; i++) {
        uint32_t serial = board->first + i;
        ring[serial & (capacity - 1)] = *scoreboard_at(board, serial);
    }
    g_free(board->ring);
    board->ring = ring;
    board->capacity = capacity;
}

static void
chain_append(Scoreboard *board, uint32_t serial)
{
    Segment *segment = scoreboard_at(board, serial);
    segment->is_on_chain = true;
    segment->earlier = board->chain_tail;
    segment->later = SERIAL_NONE;
    if (board->chain_tail == SERIAL_NONE)
        board->chain_head = serial;
    else
        scoreboard_at(board, board->chain_tail)->later = serial;
    board->chain_tail = serial;
}

static void
chain_remove(Scoreboard *board, uint32_t serial)
{
    Segment *segment = scoreboard_at(board, serial);
    if (!segment->is_on_chain)
        return;
    segment->is_on_chain = false;
    if (segment->earlier == SERIAL_NONE)
        board->chain_head = segment->later;
    else
        scoreboard_at(board, segment->earlier)->later = segment->later;
    if (segment->later == SERIAL_NONE)
        board->chain_tail = segment->earlier;
    else
        scoreboard_at(board, segment->later)->earlier = segment->earlier;
}

Segment *
scoreboard_push(Scoreboard *board, uint64_t seq, uint32_t size_bytes,
                int64_t now_ns)
{
    if (board->count == board->capacity)
        grow(board);
    uint32_t serial = scoreboard_end(board);
    assert(serial != SERIAL_NONE);
    board->count++;
    Segment *segment = scoreboard_at(board, serial);
    memset(segment, 0, sizeof *segment);
    segment->seq = seq;
    segment->size_bytes = (uint16_t)size_bytes;
    segment->sent_ns = now_ns;
    chain_append(board, serial);
    return segment;
}

const Segment *
scoreboard_pop(Scoreboard *board)
{
    assert(board->count > 0);
    Segment *segment = scoreboard_at(board, board->first);
    chain_remove(board, board->first);
    board->sacked_count -= segment->is_sacked;
    board->lost_count -= segment->is_lost;
    board->resent_count -= segment->is_resent;
    board->first++;
    board->count--;
    board->resend_hint = MAX(board->resend_hint, board->first);
    return segment;
}

void
scoreboard_mark_sacked(Scoreboard *board, uint32_t serial)
{
    Segment *segment = scoreboard_at(board, serial);
    assert(!segment->is_sacked);
    chain_remove(board, serial);
    board->lost_count -= segment->is_lost;
    board->resent_count -= segment->is_resent;
    segment->is_lost = segment->is_resent = false;
    segment->is_sacked = true;
    board->sacked_count++;
}

void
scoreboard_mark_lost(Scoreboard *board, uint32_t serial)
{
    Segment *segment = scoreboard_at(board, serial);
    assert(!segment->is_sacked);
    chain_remove(board, serial);
    board->resent_count -= segment->is_resent;
    segment->is_resent = false;
    board->lost_count += !segment->is_lost;
    segment->is_lost = true;
    board->resend_hint = MIN(board->resend_hint, serial);
}

void
scoreboard_mark_resent(Scoreboard *board, uint32_t serial, int64_t now_ns)
{
    Segment *segment = scoreboard_at(board, serial);
    assert(!segment->is_sacked);
    chain_remove(board, serial);
    chain_append(board, serial);
    board->resent_count += !segment->is_resent;
    segment->is_resent = segment->was_resent = true;
    segment->sent_ns = now_ns;
}

uint32_t
scoreboard_next_lost(Scoreboard *board)
{
    if (board->lost_count <= board->resent_count)
        return SERIAL_NONE;
    for (uint32_t serial = board->resend_hint; serial != scoreboard_end(board);
         serial++) {
        const Segment *segment = scoreboard_at(board, serial);
        if (segment->is_lost && !segment->is_resent) {
            board->resend_hint = serial;
            return serial;
        }
    }
    return SERIAL_NONE;
}

uint32_t
scoreboard_find(const Scoreboard *board, uint64_t seq)
{
    uint32_t low = 0;
    uint32_t high = board->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const Segment *segment = scoreboard_at(board, board->first + middle);
        if (segment->seq + segment->size_bytes <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return board->first + low;
}
