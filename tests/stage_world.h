/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/stage_world.h: the insides of the stage, for its own files.
 *
 * A wire is a stream between two nodes; each side has an outbox (sent by its
 * node, not yet on the line) and an inbox (arrived, not yet handed over). A
 * piece is in one place: an outbox, a task on its way, or an inbox.
 */
#pragma once

#include "core/turn_log.h"
#include "tests/mover.h"
#include "tests/stage.h"

#define PIECE_BYTES_MAX 16384u
#define WINDOW_BYTES 262144u
#define WIRE_NONE UINT32_MAX

typedef enum TaskKind {
    TASK_START,
    TASK_COMMAND,
    TASK_CONNECT_ARRIVES,
    TASK_CONNECT_ANSWERED,
    TASK_CONNECT_LOST,
    TASK_PUMP,
    TASK_PIECE_ARRIVES, /* at the line of the host */
    TASK_PIECE_DONE,    /* through the line */
    TASK_RESET_ARRIVES,
    TASK_HAND_OVER,
    TASK_READ,
    TASK_STORED,
} TaskKind;

typedef struct Task {
    int64_t at_ns;
    uint64_t sequence;
    TaskKind kind;
    uint32_t node;
    uint32_t wire;
    uint32_t side; /* of the wire: where it happens */
    Piece *piece;
    Command command;
    Effect effect; /* READ, STORE */
    CloseReason reason;
} Task;

typedef struct Side {
    uint32_t node;
    StreamId stream; /* STREAM_NONE: the node hears no more of it */
    Pipe outbox;
    Pipe inbox;
    uint64_t flying_bytes; /* out of the outbox, not yet in the peer's inbox */
    uint64_t expect_bytes;
    uint64_t burst_bytes;   /* left to hand over of what was expected */
    uint64_t forward_bytes; /* still to pass */
    uint64_t forward_total_bytes;
    uint32_t forward_wire; /* WIRE_NONE: no standing order */
    uint32_t forward_side;
    int64_t free_ns; /* when the stream's own rate lets the next piece go */
    bool is_full;
    bool is_sending;
    bool is_handing_over; /* a TASK_HAND_OVER is on the agenda */
} Side;

typedef struct Wire {
    bool is_up;
    Side sides[2]; /* 0: who asked */
} Wire;

typedef struct StageNode {
    Node *node;
    const void *config;
    uint8_t seed[32];
    Mover mover;
    char *name;
    Place place;
    StreamPool pool;
    GArray *streams; /* StreamId -> wire * 2 + side, or WIRE_NONE */
    uint64_t up_bps;
    uint64_t down_bps;
    int64_t up_free_ns;
    int64_t down_free_ns;
    int64_t wake_ns;
    bool is_cut;
    bool is_refusing;
    bool is_flipping;
    bool is_hushed;
    uint64_t note_count[NOTE_COUNT];
    uint64_t note_sum[NOTE_COUNT];
    uint64_t note_last[NOTE_COUNT];
    uint64_t work[WORK_COUNT];
    uint64_t delivered_bytes;
    uint64_t damaged_bytes;
    uint64_t body_sent_bytes;
    GPtrArray *seen; /* [file number]: GByteArray, 1 a delivered byte */
} StageNode;

typedef struct PairRule {
    PeerId from;
    PeerId to;
    int64_t delay_ns;  /* 0: not said */
    uint64_t rate_bps; /* 0: not said */
} PairRule;

struct Stage {
    uint64_t seed;
    int64_t now_ns;
    uint64_t sequence;
    GPtrArray *nodes;
    GPtrArray *wires;
    GArray *files;
    GArray *rules;
    GSequence *tasks; /* by (at_ns, sequence) */
    Turn turn;
    GString *trace;
    Coder *log; /* or NULL */
    bool hushed[NOTE_COUNT];
    bool damage_is_expected;
};

StageNode *stage_node(const Stage *stage, uint32_t node);
Wire *stage_wire(const Stage *stage, uint32_t wire);
void stage_push(Stage *stage, int64_t at_ns, const Task *task);
/* Give a node one event and carry out what it wants. */
void stage_turn(Stage *stage, uint32_t node, const Event *event);

int64_t stage_delay_ns(const Stage *stage, uint32_t a, uint32_t b);
uint64_t stage_rate_bps(const Stage *stage, uint32_t from, uint32_t to);

/* tests/stage_check.c: files, deliveries, notes. */
void stage_answer_read(Stage *stage, const Task *task);
void stage_check_delivery(Stage *stage, uint32_t node, const Extent *extent);
void stage_trace_note(Stage *stage, uint32_t node, const Effect *effect);

/* tests/stage_wire.c: effects and tasks that concern streams. */
void wire_connect(Stage *stage, uint32_t node, StreamId stream, PeerId peer);
void wire_send(Stage *stage, uint32_t node, StreamId stream,
               const uint8_t *bytes, uint64_t size_bytes, const Extent *extent);
void wire_expect(Stage *stage, uint32_t node, StreamId stream,
                 uint64_t size_bytes);
void wire_forward(Stage *stage, uint32_t node, const Effect *effect);
void wire_close(Stage *stage, uint32_t node, StreamId stream,
                CloseReason reason);
void wire_mark_full(Stage *stage, uint32_t node);
void wire_run(Stage *stage, Task *task);
