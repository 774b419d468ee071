/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/scoreboard.c: a ring of what was sent, and a queue of what was
 * sent again.
 */
#include "sim/transport/scoreboard.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

void
scoreboard_init(Scoreboard *board)
{
    memset(board, 0, sizeof *board);
}

void
scoreboard_clear(Scoreboard *board)
{
    g_free(board->ring);
    g_free(board->resent);
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

static Resending *
resending_at(ResendQueue *queue, uint32_t place)
{
    return &queue->items[place & (queue->capacity - 1)];
}

/* Does the queue's item still tell of the segment's last sending? */
static bool
is_current(const Scoreboard *board, const Resending *resending)
{
    if (resending->serial - board->first >= board->count)
        return false;
    const Segment *segment = scoreboard_at(board, resending->serial);
    return segment->is_awaited && segment->sent_ns == resending->sent_ns;
}

static ResendQueue *
new_queue(ResendQueue *old)
{
    uint32_t capacity = old ? 2 * old->capacity : 16;
    ResendQueue *queue = g_malloc(sizeof *queue + capacity * sizeof(Resending));
    *queue = (ResendQueue){.capacity = capacity};
    for (; old && queue->count < old->count; queue->count++)
        queue->items[queue->count] =
            *resending_at(old, old->head + queue->count);
    return queue;
}

static void
forget_past_resendings(const Scoreboard *board)
{
    ResendQueue *queue = board->resent;
    while (queue->count > 0 &&
           !is_current(board, resending_at(queue, queue->head))) {
        queue->head++;
        queue->count--;
    }
}

static void
remember_resending(Scoreboard *board, uint32_t serial, int64_t now_ns)
{
    if (board->resent)
        forget_past_resendings(board);
    ResendQueue *queue = board->resent;
    if (!queue || queue->count == queue->capacity) {
        board->resent = new_queue(queue);
        g_free(queue);
        queue = board->resent;
    }
    *resending_at(queue, queue->head + queue->count++) =
        (Resending){now_ns, serial};
}

static bool
is_original(const Segment *segment)
{
    return segment->is_awaited && !segment->was_resent;
}

SendingOrder
scoreboard_order(Scoreboard *board)
{
    uint32_t serial = MAX(board->first_original, board->first);
    while (serial != scoreboard_end(board) &&
           !is_original(scoreboard_at(board, serial)))
        serial++;
    board->first_original = serial;
    if (board->resent)
        forget_past_resendings(board);
    return (SendingOrder){serial, board->resent ? board->resent->head : 0};
}

uint32_t
scoreboard_next_sent(const Scoreboard *board, SendingOrder *order)
{
    ResendQueue *queue = board->resent;
    const Resending *resending = NULL;
    for (; queue && order->resent != queue->head + queue->count;
         order->resent++) {
        const Resending *item = resending_at(queue, order->resent);
        if (is_current(board, item)) {
            resending = item;
            break;
        }
    }
    while (order->original != scoreboard_end(board) &&
           !is_original(scoreboard_at(board, order->original)))
        order->original++;
    bool has_original = order->original != scoreboard_end(board);
    /* At one and the same time, what was lost goes out first. */
    if (resending &&
        (!has_original || resending->sent_ns <=
                              scoreboard_at(board, order->original)->sent_ns)) {
        order->resent++;
        return resending->serial;
    }
    return has_original ? order->original++ : SERIAL_NONE;
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
    segment->seq_low = (uint32_t)seq;
    segment->size_bytes = (uint16_t)size_bytes;
    segment->sent_ns = now_ns;
    segment->is_awaited = true;
    return segment;
}

/* Most connections have nothing under way most of the time. */
static void
give_back(Scoreboard *board)
{
    g_free(board->ring);
    g_free(board->resent);
    board->ring = NULL;
    board->resent = NULL;
    board->capacity = 0;
}

Segment
scoreboard_pop(Scoreboard *board)
{
    assert(board->count > 0);
    Segment segment = *scoreboard_at(board, board->first);
    board->sacked_count -= segment.is_sacked;
    board->lost_count -= segment.is_lost;
    board->resent_count -= segment.is_resent;
    board->first++;
    board->count--;
    if (board->count == 0)
        give_back(board);
    board->resend_hint = MAX(board->resend_hint, board->first);
    return segment;
}

void
scoreboard_mark_sacked(Scoreboard *board, uint32_t serial)
{
    Segment *segment = scoreboard_at(board, serial);
    assert(!segment->is_sacked);
    board->lost_count -= segment->is_lost;
    board->resent_count -= segment->is_resent;
    segment->is_lost = segment->is_resent = segment->is_awaited = false;
    segment->is_sacked = true;
    board->sacked_count++;
}

void
scoreboard_mark_lost(Scoreboard *board, uint32_t serial)
{
    Segment *segment = scoreboard_at(board, serial);
    assert(!segment->is_sacked);
    board->resent_count -= segment->is_resent;
    segment->is_resent = segment->is_awaited = false;
    board->lost_count += !segment->is_lost;
    segment->is_lost = true;
    board->resend_hint = MIN(board->resend_hint, serial);
}

void
scoreboard_mark_resent(Scoreboard *board, uint32_t serial, int64_t now_ns)
{
    Segment *segment = scoreboard_at(board, serial);
    assert(!segment->is_sacked);
    board->resent_count += !segment->is_resent;
    segment->is_resent = segment->was_resent = segment->is_awaited = true;
    segment->sent_ns = now_ns;
    remember_resending(board, serial, now_ns);
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
        uint32_t end_low = segment->seq_low + segment->size_bytes;
        if ((int32_t)(end_low - (uint32_t)seq) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return board->first + low;
}

CODER_KNOWS(Scoreboard, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

static void
code_resent(Scoreboard *board, Coder *coder)
{
    uint32_t capacity = board->resent ? board->resent->capacity : 0;
    coder_u32(coder, &capacity);
    size_t size_bytes = sizeof(ResendQueue) + capacity * sizeof(Resending);
    board->resent = coder_array(coder, capacity > 0 ? board->resent : NULL,
                                capacity > 0, size_bytes);
}

void
scoreboard_code(Scoreboard *board, Coder *coder)
{
    coder_bytes(coder, &board->capacity,
                offsetof(Scoreboard, resent) - offsetof(Scoreboard, capacity));
    board->ring =
        coder_array(coder, board->ring, board->capacity, sizeof(Segment));
    code_resent(board, coder);
}
