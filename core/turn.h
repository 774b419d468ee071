/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/turn.h: the only door between a node and the world.
 *
 * A driver (the simulator or the socket loop) hands a node one Event; the
 * node changes its own state and leaves what it wants done in a Turn, which
 * the driver owns, empties and reuses. A node calls nobody, reads no clock
 * and draws no entropy: the same events always give the same turns.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_NEVER INT64_MAX
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/* A stream that a turn left with more unsent bytes than this is full;
 * EVENT_DRAINED comes when no more than this are unsent. */
#define STREAM_LOW_WATER_BYTES 65536u
#define STREAM_NONE UINT32_MAX
#define PEER_NONE UINT32_MAX

/* A stream is a small dense number of the node's own, so that roles keep
 * their sessions in flat arrays. It is used again after EVENT_CLOSED, or
 * after the node's own turn_close. */
typedef uint32_t StreamId;
/* A peer is a number whose address only the driver knows. */
typedef uint32_t PeerId;

typedef struct FileId {
    uint8_t bytes[32]; /* opaque; specs: HMAC of tenant and path */
} FileId;

/* An IPv6 or IPv4-mapped address and port, as messages carry it. */
typedef struct Address {
    uint8_t ip[16];
    uint16_t port;
} Address;

/* Counted payload bytes; the count is not atomic (one loop, one thread). */
typedef struct Chunk {
    uint32_t ref_count;
    uint32_t size_bytes;
    uint8_t bytes[];
} Chunk;

/* A run of file data. In a simulation chunk is NULL, except for sampled
 * downloads; live it always holds the bytes. */
typedef struct Extent {
    uint64_t offset_bytes; /* in the file */
    uint64_t size_bytes;   /* equals chunk->size_bytes when chunk is set */
    uint64_t version;
    uint32_t file; /* the driver's number of the file */
    bool is_sealed;
    Chunk *chunk;
} Extent;

typedef enum Transport {
    TRANSPORT_TCP,
} Transport;

typedef enum CloseReason {
    CLOSE_DONE,      /* orderly, all bytes delivered */
    CLOSE_REFUSED,   /* nobody listens, or the host does not accept */
    CLOSE_TIMED_OUT, /* no answer, or none for too long */
    CLOSE_RESET,     /* the peer gave up or went away */
    CLOSE_PROTOCOL,  /* the peer broke the protocol */
} CloseReason;

typedef enum EventKind {
    EVENT_START,     /* the first event of every node */
    EVENT_WAKE,      /* the wake_ns of an earlier turn has come */
    EVENT_COMMAND,   /* the workload or the operator wants something */
    EVENT_CONNECTED, /* a stream this node asked for is up */
    EVENT_ACCEPTED,  /* a peer opened a stream to this node */
    EVENT_RECEIVED,  /* in-order bytes, or an extent, on a stream */
    EVENT_FORWARDED, /* a turn_forward order has passed all its bytes */
    EVENT_DRAINED,   /* a full stream has room again */
    EVENT_CLOSED,    /* by the peer, refused, reset or timed out; a pending
                        connect that fails ends in this too */
    EVENT_READ,      /* file data that turn_read asked for */
    EVENT_STORED,    /* a record that turn_store gave is durable, or failed */
    EVENT_STOP,      /* the last event; the node may say goodbye */
} EventKind;

/* Who and where a node is, told once, in EVENT_START. */
typedef struct Place {
    PeerId self;
    PeerId manager;
    PeerId key_service;
    PeerId source;   /* client: its CDN server; edge: its data centre */
    uint16_t region; /* numbers of the deployment's map */
    uint16_t isp;
    Address address; /* of this node, as others reach it */
} Place;

typedef enum CommandKind {
    COMMAND_FETCH,    /* client: download a file */
    COMMAND_ADD_FILE, /* key service: create the key of a new version */
    COMMAND_ROTATE,   /* key service: a new master key is active */
    COMMAND_CAPACITY, /* edge: the operator's figures for its reports */
} CommandKind;

typedef struct Command {
    CommandKind kind;
    uint32_t tag; /* the workload's number, repeated in notes */
    FileId file;
    uint64_t file_bytes;
    uint64_t version;
    uint64_t value;     /* COMMAND_CAPACITY: spare uplink bit/s */
    uint8_t secret[32]; /* COMMAND_ROTATE: the new master key */
} Command;

typedef struct Event {
    EventKind kind;
    StreamId stream; /* STREAM_NONE where it does not apply */
    int64_t now_ns;
    union {
        const Place *place; /* EVENT_START */
        struct {
            PeerId peer;
        } accepted;
        struct {
            /* One of the two: bytes (headers, messages; live: bodies too),
             * or extent (bodies in a simulation; bytes is then NULL). Lent
             * for the turn. */
            const uint8_t *bytes;
            uint64_t size_bytes; /* of either */
            Extent extent;
        } received;
        struct {
            uint64_t size_bytes;
        } forwarded;
        struct {
            CloseReason reason;
        } closed;
        struct {
            uint32_t tag; /* as given to turn_read */
            bool is_found;
            uint64_t file_bytes; /* whole size of the file */
            Extent extent;       /* the range, cut at the file's end; lent */
        } read;
        struct {
            uint32_t tag; /* as given to turn_store */
            bool is_durable;
        } stored;
        const Command *command; /* lent for the turn */
    };
} Event;

/* What happened, for counting; never read by a node. */
typedef enum NoteKind {
    NOTE_NONE,
    NOTE_DOWNLOAD_STARTED,   /* about file tag; value bytes */
    NOTE_DOWNLOAD_SLOW,      /* value: speed in B/s over the slow window */
    NOTE_DOWNLOAD_MEASURED,  /* value: total B/s over the measuring window */
    NOTE_DOWNLOAD_EDGE_RATE, /* value: edge B/s over the measuring window */
    NOTE_DOWNLOAD_CDN_RATE,  /* value: CDN B/s over the measuring window */
    NOTE_DOWNLOAD_DONE,      /* value: bytes delivered, each counted once */
    NOTE_DOWNLOAD_FAILED,    /* value: bytes delivered */
    NOTE_DOWNLOAD_STOPPED,   /* after its window, as asked; value: bytes */
    NOTE_CDN_CONNECTED,      /* value: connect time ns */
    NOTE_CDN_REFUSED,        /* value: CloseReason */
    NOTE_EDGE_TRIED,         /* about: edge; a connection attempt begins */
    NOTE_EDGE_CONNECTED,     /* about: edge; value: connect time ns */
    NOTE_EDGE_REFUSED,       /* about: edge; value: CloseReason */
    NOTE_EDGE_BYTES,         /* about: edge; value: bytes of one range */
    NOTE_CDN_BYTES,          /* value: bytes of one range */
    NOTE_NODES_LISTED,       /* value: edges in the manager's answer */
    NOTE_NODES_FAILED,       /* the manager did not answer, or with an error */
    NOTE_KEY_GRANTED,        /* value: key algorithm */
    NOTE_KEY_REFUSED,        /* value: HTTP status */
    NOTE_MESSAGE_BAD,        /* about: peer; a message was refused */
    NOTE_REQUEST_SERVED,     /* about: peer; value: body bytes */
    NOTE_REQUEST_REFUSED,    /* about: peer; value: HTTP status */
    NOTE_EDGE_ONLINE,        /* manager: about edge */
    NOTE_EDGE_OFFLINE,       /* manager: about edge */
    NOTE_KEY_CREATED,
    NOTE_KEY_DELETED,   /* value: 1 expired, 2 idle */
    NOTE_KEY_REWRAPPED, /* value: master key id */
    NOTE_COUNT,
} NoteKind;

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

/* A record to keep: key and value are small and copied into the turn. */
typedef struct Record {
    uint8_t key[40];
    uint32_t key_bytes;
    uint8_t value[256];
    uint32_t value_bytes; /* 0 deletes the record */
} Record;

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
/* No EVENT_RECEIVED before byte_count bytes wait (or the stream ends). Holds
 * until the next turn_expect; a new stream expects 1 byte. */
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

Chunk *chunk_new(uint32_t size_bytes); /* one reference, bytes undefined */
Chunk *chunk_ref(Chunk *chunk);
void chunk_unref(Chunk *chunk);

const char *note_name(NoteKind kind); /* snake_case */
