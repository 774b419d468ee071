/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/stage_wire.c: the streams of the stage.
 *
 * A piece leaves an outbox when the stream's own rate and the sender's line
 * let it, crosses the pair's delay, queues for the receiver's line and lands
 * in the inbox. Nothing leaves while a window's worth is under way or not
 * yet taken, so a slow reader slows its writer.
 */
#include "tests/stage_world.h"

#include <assert.h>

#define CONNECT_LOST_NS (20 * NS_PER_S)

static int64_t
transmit_ns(uint64_t size_bytes, uint64_t rate_bps)
{
    return (int64_t)((size_bytes * 8 * (uint64_t)NS_PER_S + rate_bps - 1) /
                     rate_bps);
}

static void
push_soon(Stage *stage, TaskKind kind, uint32_t wire, uint32_t side)
{
    Task task = {.kind = kind, .wire = wire, .side = side};
    stage_push(stage, stage->now_ns, &task);
}

static void
pump_soon(Stage *stage, uint32_t wire, uint32_t side)
{
    Side *from = &stage_wire(stage, wire)->sides[side];
    if (from->is_sending || pipe_is_empty(&from->outbox))
        return;
    from->is_sending = true;
    push_soon(stage, TASK_PUMP, wire, side);
}

static void
hand_over_soon(Stage *stage, uint32_t wire, uint32_t side)
{
    Side *to = &stage_wire(stage, wire)->sides[side];
    if (to->is_handing_over || pipe_is_empty(&to->inbox))
        return;
    to->is_handing_over = true;
    push_soon(stage, TASK_HAND_OVER, wire, side);
}

static void
bind_stream(Stage *stage, uint32_t wire, uint32_t side, StreamId stream)
{
    Side *bound = &stage_wire(stage, wire)->sides[side];
    GArray *streams = stage_node(stage, bound->node)->streams;
    uint32_t none = WIRE_NONE;
    while (streams->len <= stream)
        g_array_append_val(streams, none);
    assert(g_array_index(streams, uint32_t, stream) == WIRE_NONE);
    g_array_index(streams, uint32_t, stream) = wire * 2 + side;
    bound->stream = stream;
}

static uint32_t
find_stream(const Stage *stage, uint32_t node, StreamId stream,
            uint32_t *ret_side)
{
    GArray *streams = stage_node(stage, node)->streams;
    assert(stream < streams->len);
    uint32_t bound = g_array_index(streams, uint32_t, stream);
    assert(bound != WIRE_NONE);
    *ret_side = bound % 2;
    return bound / 2;
}

static bool
feeds(const Side *source, uint32_t wire, uint32_t side)
{
    return source->forward_wire == wire && source->forward_side == side;
}

/* The node hears no more of this side; orders from and to it end. */
static StreamId
unbind_stream(Stage *stage, uint32_t wire, uint32_t side)
{
    Side *bound = &stage_wire(stage, wire)->sides[side];
    StreamId stream = bound->stream;
    GArray *streams = stage_node(stage, bound->node)->streams;
    g_array_index(streams, uint32_t, stream) = WIRE_NONE;
    bound->stream = STREAM_NONE;
    bound->forward_wire = WIRE_NONE;
    pipe_clear(&bound->inbox);
    for (uint32_t i = 0; i < stage->wires->len * 2; i++) {
        Side *source = &stage_wire(stage, i / 2)->sides[i % 2];
        if (feeds(source, wire, side)) {
            source->forward_wire = WIRE_NONE;
            hand_over_soon(stage, i / 2, i % 2);
        }
    }
    return stream;
}

void
wire_connect(Stage *stage, uint32_t node, StreamId stream, PeerId peer)
{
    Wire *wire = g_new0(Wire, 1);
    uint32_t id = stage->wires->len;
    g_ptr_array_add(stage->wires, wire);
    for (uint32_t side = 0; side < 2; side++) {
        Side *one = &wire->sides[side];
        pipe_init(&one->outbox);
        pipe_init(&one->inbox);
        one->node = side == 0 ? node : peer;
        one->stream = STREAM_NONE;
        one->expect_bytes = 1;
        one->forward_wire = WIRE_NONE;
    }
    bind_stream(stage, id, 0, stream);
    Task task = {.kind = TASK_CONNECT_ARRIVES, .wire = id};
    stage_push(stage, stage->now_ns + stage_delay_ns(stage, node, peer), &task);
}

void
wire_send(Stage *stage, uint32_t node, StreamId stream, const uint8_t *bytes,
          uint64_t size_bytes, const Extent *extent)
{
    uint32_t side;
    uint32_t id = find_stream(stage, node, stream, &side);
    Side *from = &stage_wire(stage, id)->sides[side];
    assert(stage_wire(stage, id)->is_up);
    if (extent)
        pipe_push_extent(&from->outbox, extent);
    else
        pipe_push_bytes(&from->outbox, bytes, size_bytes);
    pump_soon(stage, id, side);
}

void
wire_expect(Stage *stage, uint32_t node, StreamId stream, uint64_t size_bytes)
{
    uint32_t side;
    uint32_t id = find_stream(stage, node, stream, &side);
    Side *to = &stage_wire(stage, id)->sides[side];
    to->expect_bytes = size_bytes;
    to->burst_bytes = 0;
    hand_over_soon(stage, id, side);
}

void
wire_forward(Stage *stage, uint32_t node, const Effect *effect)
{
    uint32_t side;
    uint32_t to_side;
    uint32_t id = find_stream(stage, node, effect->stream, &side);
    uint32_t to = find_stream(stage, node, effect->forward.to, &to_side);
    Side *from = &stage_wire(stage, id)->sides[side];
    assert(from->forward_wire == WIRE_NONE);
    from->forward_wire = to;
    from->forward_side = to_side;
    from->forward_bytes = effect->forward.size_bytes;
    from->forward_total_bytes = effect->forward.size_bytes;
    hand_over_soon(stage, id, side);
}

void
wire_close(Stage *stage, uint32_t node, StreamId stream, CloseReason reason)
{
    uint32_t side;
    uint32_t id = find_stream(stage, node, stream, &side);
    Wire *wire = stage_wire(stage, id);
    Side *from = &wire->sides[side];
    stream_pool_put(&stage_node(stage, node)->pool,
                    unbind_stream(stage, id, side));
    if (reason == CLOSE_DONE && wire->is_up) {
        pipe_push_end(&from->outbox);
        pump_soon(stage, id, side);
        return;
    }
    pipe_clear(&from->outbox);
    uint32_t peer = wire->sides[!side].node;
    Task task = {.kind = TASK_RESET_ARRIVES, .wire = id, .side = !side};
    task.reason = CLOSE_RESET;
    stage_push(stage, stage->now_ns + stage_delay_ns(stage, node, peer), &task);
}

void
wire_mark_full(Stage *stage, uint32_t node)
{
    GArray *streams = stage_node(stage, node)->streams;
    for (StreamId stream = 0; stream < streams->len; stream++) {
        uint32_t bound = g_array_index(streams, uint32_t, stream);
        if (bound == WIRE_NONE)
            continue;
        Side *from = &stage_wire(stage, bound / 2)->sides[bound % 2];
        if (from->outbox.size_bytes > STREAM_LOW_WATER_BYTES)
            from->is_full = true;
    }
}

static void
tell_closed(Stage *stage, uint32_t id, uint32_t side, CloseReason reason)
{
    Side *to = &stage_wire(stage, id)->sides[side];
    if (to->stream == STREAM_NONE)
        return;
    Event event = {.kind = EVENT_CLOSED, .stream = to->stream};
    event.closed.reason = reason;
    pipe_clear(&to->outbox);
    StreamId stream = unbind_stream(stage, id, side);
    stage_turn(stage, to->node, &event);
    stream_pool_put(&stage_node(stage, to->node)->pool, stream);
}

static void
run_connect(Stage *stage, const Task *task)
{
    Wire *wire = stage_wire(stage, task->wire);
    uint32_t asking = wire->sides[0].node;
    StageNode *asked = stage_node(stage, wire->sides[1].node);
    if (wire->sides[0].stream == STREAM_NONE)
        return;
    Task answer = *task;
    answer.kind = TASK_CONNECT_ANSWERED;
    int64_t delay_ns = stage_delay_ns(stage, wire->sides[1].node, asking);
    if (asked->is_refusing) {
        answer.reason = CLOSE_REFUSED;
    } else if (asked->is_cut) {
        answer.kind = TASK_CONNECT_LOST;
        delay_ns = CONNECT_LOST_NS;
    } else {
        wire->is_up = true;
        answer.reason = CLOSE_DONE;
        bind_stream(stage, task->wire, 1, stream_pool_take(&asked->pool));
        Event event = {.kind = EVENT_ACCEPTED};
        event.stream = wire->sides[1].stream;
        event.accepted.peer = asking;
        stage_turn(stage, wire->sides[1].node, &event);
    }
    stage_push(stage, stage->now_ns + delay_ns, &answer);
}

static void
run_connected(Stage *stage, const Task *task)
{
    Side *asking = &stage_wire(stage, task->wire)->sides[0];
    if (asking->stream == STREAM_NONE)
        return;
    if (task->reason != CLOSE_DONE) {
        tell_closed(stage, task->wire, 0, task->reason);
        return;
    }
    Event event = {.kind = EVENT_CONNECTED, .stream = asking->stream};
    stage_turn(stage, asking->node, &event);
}

static void
flip_bit(StageNode *node, Piece *piece)
{
    Chunk *chunk = piece->extent.chunk;
    if (!node->is_flipping || !chunk)
        return;
    Chunk *copy = chunk_new(chunk->size_bytes);
    for (uint32_t i = 0; i < chunk->size_bytes; i++)
        copy->bytes[i] = chunk->bytes[i];
    copy->bytes[0] ^= 1;
    chunk_unref(chunk);
    piece->extent.chunk = copy;
    node->is_flipping = false;
}

/* Let standing orders into this outbox go on, now that it has room. */
static void
pull_forwards(Stage *stage, uint32_t wire, uint32_t side)
{
    for (uint32_t i = 0; i < stage->wires->len * 2; i++)
        if (feeds(&stage_wire(stage, i / 2)->sides[i % 2], wire, side))
            hand_over_soon(stage, i / 2, i % 2);
}

static void
run_pump(Stage *stage, const Task *task)
{
    Wire *wire = stage_wire(stage, task->wire);
    Side *from = &wire->sides[task->side];
    Side *to = &wire->sides[!task->side];
    StageNode *node = stage_node(stage, from->node);
    from->is_sending = false;
    uint64_t waiting_bytes = to->inbox.size_bytes + from->flying_bytes;
    if (node->is_cut || waiting_bytes >= WINDOW_BYTES)
        return;
    Piece *piece = pipe_steal(&from->outbox, PIECE_BYTES_MAX);
    if (!piece)
        return;
    flip_bit(node, piece);
    if (!piece->bytes)
        node->body_sent_bytes += piece->size_bytes;
    uint64_t rate_bps = stage_rate_bps(stage, from->node, to->node);
    int64_t line_ns = MAX(stage->now_ns, node->up_free_ns) +
                      transmit_ns(piece->size_bytes, node->up_bps);
    int64_t stream_ns = MAX(stage->now_ns, from->free_ns) +
                        transmit_ns(piece->size_bytes, rate_bps);
    node->up_free_ns = line_ns;
    from->free_ns = stream_ns;
    from->flying_bytes += piece->size_bytes;
    int64_t gone_ns = MAX(line_ns, stream_ns);
    Task arrive = {.kind = TASK_PIECE_ARRIVES,
                   .wire = task->wire,
                   .side = !task->side,
                   .piece = piece};
    stage_push(stage, gone_ns + stage_delay_ns(stage, from->node, to->node),
               &arrive);
    from->is_sending = true;
    Task again = {.kind = TASK_PUMP, .wire = task->wire, .side = task->side};
    stage_push(stage, gone_ns, &again);
    pull_forwards(stage, task->wire, task->side);
    if (!from->is_full || from->outbox.size_bytes > STREAM_LOW_WATER_BYTES)
        return;
    from->is_full = false;
    if (from->stream == STREAM_NONE)
        return;
    Event event = {.kind = EVENT_DRAINED, .stream = from->stream};
    stage_turn(stage, from->node, &event);
}

static void
run_arrival(Stage *stage, Task *task)
{
    Side *to = &stage_wire(stage, task->wire)->sides[task->side];
    StageNode *node = stage_node(stage, to->node);
    if (node->is_cut)
        return;
    node->down_free_ns = MAX(stage->now_ns, node->down_free_ns) +
                         transmit_ns(task->piece->size_bytes, node->down_bps);
    Task done = *task;
    done.kind = TASK_PIECE_DONE;
    task->piece = NULL;
    stage_push(stage, node->down_free_ns, &done);
}

static void
run_landing(Stage *stage, Task *task)
{
    Wire *wire = stage_wire(stage, task->wire);
    Side *to = &wire->sides[task->side];
    Side *from = &wire->sides[!task->side];
    assert(from->flying_bytes >= task->piece->size_bytes);
    from->flying_bytes -= task->piece->size_bytes;
    if (to->stream == STREAM_NONE) {
        pump_soon(stage, task->wire, !task->side);
        return;
    }
    pipe_take(&to->inbox, task->piece);
    task->piece = NULL;
    hand_over_soon(stage, task->wire, task->side);
}

/* Carry out a standing order as far as it goes. True: it is complete. */
static bool
move_forward(Stage *stage, uint32_t id, uint32_t side)
{
    Side *from = &stage_wire(stage, id)->sides[side];
    Side *to =
        &stage_wire(stage, from->forward_wire)->sides[from->forward_side];
    while (from->forward_bytes > 0) {
        const Piece *head = g_queue_peek_head(&from->inbox.pieces);
        bool has_room = to->outbox.size_bytes < STREAM_LOW_WATER_BYTES;
        if (!head || head->size_bytes == 0 || !has_room)
            break;
        Piece *piece = pipe_steal(&from->inbox, from->forward_bytes);
        from->forward_bytes -= piece->size_bytes;
        pipe_take(&to->outbox, piece);
    }
    pump_soon(stage, from->forward_wire, from->forward_side);
    pump_soon(stage, id, !side);
    return from->forward_bytes == 0;
}

static bool
has_end(const Side *side)
{
    const Piece *tail = g_queue_peek_tail((GQueue *)&side->inbox.pieces);
    return tail && tail->size_bytes == 0;
}

static void
hand_over_piece(Stage *stage, uint32_t id, uint32_t side)
{
    Side *to = &stage_wire(stage, id)->sides[side];
    if (to->burst_bytes == 0) {
        if (to->inbox.size_bytes < to->expect_bytes && !has_end(to))
            return;
        to->burst_bytes = to->inbox.size_bytes;
    }
    Piece *piece = pipe_steal(&to->inbox, MAX(1, to->burst_bytes));
    if (piece->size_bytes == 0) {
        piece_free(piece);
        tell_closed(stage, id, side, CLOSE_DONE);
        return;
    }
    to->burst_bytes -= piece->size_bytes;
    Event event = {.kind = EVENT_RECEIVED, .stream = to->stream};
    event.received.bytes = piece->bytes;
    event.received.size_bytes = piece->size_bytes;
    event.received.extent = piece->extent;
    stage_turn(stage, to->node, &event);
    piece_free(piece);
    pump_soon(stage, id, !side);
    hand_over_soon(stage, id, side);
}

static void
run_hand_over(Stage *stage, const Task *task)
{
    Side *to = &stage_wire(stage, task->wire)->sides[task->side];
    to->is_handing_over = false;
    if (to->stream == STREAM_NONE || pipe_is_empty(&to->inbox) ||
        stage_node(stage, to->node)->is_cut)
        return;
    if (to->forward_wire == WIRE_NONE) {
        hand_over_piece(stage, task->wire, task->side);
        return;
    }
    if (move_forward(stage, task->wire, task->side)) {
        to->forward_wire = WIRE_NONE;
        Event event = {.kind = EVENT_FORWARDED, .stream = to->stream};
        event.forwarded.size_bytes = to->forward_total_bytes;
        stage_turn(stage, to->node, &event);
        hand_over_soon(stage, task->wire, task->side);
        return;
    }
    const Piece *head = g_queue_peek_head(&to->inbox.pieces);
    if (head && head->size_bytes == 0)
        tell_closed(stage, task->wire, task->side, CLOSE_DONE);
}

void
wire_run(Stage *stage, Task *task)
{
    switch (task->kind) {
    case TASK_CONNECT_ARRIVES:
        run_connect(stage, task);
        break;
    case TASK_CONNECT_ANSWERED:
        run_connected(stage, task);
        break;
    case TASK_CONNECT_LOST:
        tell_closed(stage, task->wire, 0, CLOSE_TIMED_OUT);
        break;
    case TASK_PUMP:
        run_pump(stage, task);
        break;
    case TASK_PIECE_ARRIVES:
        run_arrival(stage, task);
        break;
    case TASK_PIECE_DONE:
        run_landing(stage, task);
        break;
    case TASK_RESET_ARRIVES:
        tell_closed(stage, task->wire, task->side, task->reason);
        break;
    case TASK_HAND_OVER:
        run_hand_over(stage, task);
        break;
    case TASK_START:
    case TASK_COMMAND:
    case TASK_READ:
    case TASK_STORED:
        g_assert_not_reached();
    }
}

static void
reset_streams(Stage *stage, PeerId peer)
{
    for (uint32_t i = 0; i < stage->wires->len * 2; i++) {
        const Wire *wire = stage_wire(stage, i / 2);
        if (wire->sides[i % 2].node != peer || !wire->is_up)
            continue;
        uint32_t other = wire->sides[!(i % 2)].node;
        Task task = {.kind = TASK_RESET_ARRIVES,
                     .wire = i / 2,
                     .side = !(i % 2),
                     .reason = CLOSE_RESET};
        stage_push(stage, stage->now_ns + stage_delay_ns(stage, peer, other),
                   &task);
    }
}

void
stage_cut(Stage *stage, PeerId peer)
{
    stage_node(stage, peer)->is_cut = true;
}

void
stage_refuse(Stage *stage, PeerId peer)
{
    stage_node(stage, peer)->is_refusing = true;
}

void
stage_kill(Stage *stage, PeerId peer)
{
    stage_cut(stage, peer);
    stage_refuse(stage, peer);
    reset_streams(stage, peer);
}
