/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/event.h: what a driver can tell a node.
 */
#pragma once

#include "core/ranges.h"

#include <stddef.h>

#define TIME_NEVER INT64_MAX
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/* A stream that a turn left with more unsent bytes than this is full, and
 * EVENT_DRAINED comes when no more than this are unsent. The driver counts
 * before it sends any: a turn that writes more than this always earns one. */
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
    uint32_t kept_count; /* of the references, those of bytes to be sent */
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
    EVENT_ENDED,     /* the peer that opened a stream has said all it had to
                        say, and may still listen: the node answers what it
                        was asked, then closes */
    EVENT_CLOSED,    /* by the peer, refused, reset or timed out; a pending
                        connect that fails ends in this too */
    EVENT_READ,      /* file data that turn_read asked for */
    EVENT_STORED,    /* a record that turn_store gave is durable, or failed */
    EVENT_RESTORED,  /* a record that is kept from before: after EVENT_START
                        and the commands that bring master keys, before all
                        else; each record once */
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
    COMMAND_ROTATE,   /* key service: a master key; the highest is active */
    COMMAND_CAPACITY, /* edge: the operator's figures for its reports */
    COMMAND_DRAIN,    /* who serves: it ends soon, so every answer from now on
                         is the last of its stream, and says so */
} CommandKind;

/* What a server that knows nothing of FileIds calls a file. Each ends in 0. */
typedef struct WebName {
    char host[264];  /* for the field of this name: "example.org:81" */
    char path[1025]; /* with its query */
    char etag[128];  /* strong, in its quotes: answers must be of this content;
                        empty: the server gives none */
} WebName;

typedef struct Command {
    CommandKind kind;
    uint32_t tag; /* the workload's number, repeated in notes */
    FileId file;
    uint64_t file_bytes;
    uint64_t version;     /* COMMAND_FETCH: 0 with a name: the newest */
    const WebName *name;  /* COMMAND_FETCH: at the CDN; NULL: as at edges */
    const Range *missing; /* COMMAND_FETCH: what is wanted of the file, sorted
                             and apart; NULL: all of it */
    uint32_t missing_count;
    uint64_t value;     /* COMMAND_CAPACITY: spare uplink bit/s;
                           COMMAND_ROTATE: the master key's number, or 0 for
                           the next */
    uint8_t secret[32]; /* COMMAND_ROTATE: the master key */
} Command;

/* A record to keep, for turn_store: key and value are small. */
typedef struct Record {
    uint8_t key[40];
    uint32_t key_bytes;
    uint8_t value[256];
    uint32_t value_bytes; /* 0 deletes the record */
} Record;

typedef struct Event {
    EventKind kind;
    StreamId stream; /* STREAM_NONE where it does not apply */
    int64_t now_ns;  /* never falls; live: since 1970, as records outlive us */
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
        const Record *record;   /* EVENT_RESTORED; lent for the turn */
        const Command *command; /* lent for the turn */
    };
} Event;

Chunk *chunk_new(uint32_t size_bytes); /* one reference, bytes undefined */
Chunk *chunk_ref(Chunk *chunk);
void chunk_unref(Chunk *chunk);

/* A copy that holds what the command points to, until command_clear. */
Command command_copy(const Command *command);
void command_clear(Command *command);
