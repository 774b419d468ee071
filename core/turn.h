/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn.h: the only door between a node and the world.
 *
 * A driver (the simulator or the socket loop) hands a node one Event; the
 * node changes its own state and leaves what it wants done in a Turn, which
 * the driver owns, empties and reuses. A node calls nobody, reads no clock
 * and draws no entropy: the same events always give the same turns.
 */
#pragma once

#include "core/event.h"
#include "core/note.h"

/* What a node's CPU is spent on; the driver's cost model prices it. */
typedef enum WorkKind {
    WORK_SEAL, /* units: slices */
    WORK_OPEN, /* units: slices */
    WORK_RANK, /* units: node requests answered */
    WORK_KEY,  /* units: key operations */
    WORK_COUNT,
} WorkKind;

typedef enum EffectKind {
    EFFECT_CONNECT,
    EFFECT_WRITE,
    EFFECT_WRITE_BODY,
    EFFECT_EXPECT,
    EFFECT_FORWARD,
    EFFECT_CLOSE,
    EFFECT_READ,
    EFFECT_DELIVER,
    EFFECT_STORE,
    EFFECT_INTRODUCE,
    EFFECT_WORK,
    EFFECT_NOTE,
} EffectKind;

typedef struct Effect {
    EffectKind kind;
    StreamId stream;
    union {
        struct {
            PeerId peer;
            Transport transport;
        } connect;
        struct {
            uint32_t start_bytes; /* of the bytes, in turn->bytes */
            uint32_t size_bytes;
        } write;
        Extent extent; /* holds one reference to its chunk */
        uint64_t expect_bytes;
        struct {
            StreamId to;
            uint64_t size_bytes;
        } forward;
        CloseReason close_reason;
        struct {
            uint32_t tag;
            uint32_t size_bytes;
            uint64_t offset_bytes;
            FileId file;
        } read;
        struct {
            uint32_t tag;
            uint32_t record; /* index in turn->records */
        } store;
        struct {
            PeerId peer;
            Address address;
        } introduce;
        struct {
            WorkKind kind;
            uint64_t units;
            uint64_t size_bytes;
        } work;
        struct {
            NoteKind kind;
            PeerId about;
            uint64_t value;
        } note;
    };
} Effect;

/* The free stream numbers of one node; the driver owns it. */
typedef struct StreamPool {
    StreamId *free_ids;
    uint32_t free_count;
    uint32_t capacity; /* ids 0 to capacity - 1 exist */
} StreamPool;

typedef struct Turn {
    Effect *effects;
    uint32_t effect_count;
    uint32_t effect_capacity;
    uint8_t *bytes;
    uint32_t byte_count;
    uint32_t byte_capacity;
    Record *records;
    uint32_t record_count;
    uint32_t record_capacity;
    int64_t wake_ns;  /* when to wake this node next; written on every turn */
    StreamPool *pool; /* of the node whose turn it is */
} Turn;

void turn_init(Turn *turn);
void turn_clear(Turn *turn);
/* Empty the turn for the next event of the node that owns pool; chunks that
 * effects still hold are released, wake_ns becomes TIME_NEVER. */
void turn_begin(Turn *turn, StreamPool *pool);

/* Ask for a stream. EVENT_CONNECTED or EVENT_CLOSED answers. */
StreamId turn_connect(Turn *turn, PeerId peer, Transport transport);
/* Send bytes (copied). Always accepted; see STREAM_LOW_WATER_BYTES. */
void turn_write(Turn *turn, StreamId stream, const void *bytes,
                size_t byte_count);
/* Send file data; the turn takes its own reference to extent->chunk. */
void turn_write_body(Turn *turn, StreamId stream, const Extent *extent);
/* No EVENT_RECEIVED before byte_count bytes wait, or half of what may wait
 * unread, or the stream ends. Holds until the next turn_expect; a new stream
 * expects 1 byte. */
void turn_expect(Turn *turn, StreamId stream, uint64_t byte_count);
/* Pass the next byte_count bytes of one stream to another without further
 * turns. EVENT_FORWARDED on `from` tells the end; closing either stream
 * cancels the order. */
void turn_forward(Turn *turn, StreamId from, StreamId to, uint64_t byte_count);
/* CLOSE_DONE sends what was written first; any other reason resets. The node
 * hears no more of the stream. */
void turn_close(Turn *turn, StreamId stream, CloseReason reason);
/* Ask for file data; EVENT_READ answers with the tag. */
void turn_read(Turn *turn, uint32_t tag, const FileId *file,
               uint64_t offset_bytes, uint32_t size_bytes);
/* Hand file data to the user who wants it: plaintext, each byte once. The
 * turn takes its own reference to extent->chunk. */
void turn_deliver(Turn *turn, const Extent *extent);
/* Keep a record (copied); EVENT_STORED answers with the tag. */
void turn_store(Turn *turn, uint32_t tag, const Record *record);
/* Tell the driver where a peer that somebody else named is reached. */
void turn_introduce(Turn *turn, PeerId peer, const Address *address);
/* Charge the node's CPU: everything this turn wants waits for the work. */
void turn_work(Turn *turn, WorkKind kind, uint64_t units, uint64_t byte_count);
void turn_note(Turn *turn, NoteKind kind, PeerId about, uint64_t value);
/* Wake no later than at_ns; the earliest of a turn's wishes counts. */
void turn_wake(Turn *turn, int64_t at_ns);

StreamId stream_pool_take(StreamPool *pool);
void stream_pool_put(StreamPool *pool, StreamId stream);
void stream_pool_clear(StreamPool *pool);
