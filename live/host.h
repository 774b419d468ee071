/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/host.h: the driver of one node: sockets and times in, turns out.
 *
 * What sim/host.c and sim/effect.c do over simulated links, over real ones:
 * a node cannot tell the two apart. A node is never entered twice: what
 * arises while a turn takes effect waits in a queue and is told after it, in
 * order.
 */
#pragma once

#include "core/node.h"
#include "live/forward.h"
#include "live/peer.h"

/* Every event before the node has it, and the turn that it led to before that
 * takes effect. */
typedef struct HostLog {
    void *context;
    void (*event)(void *context, const Event *event); /* NULL: no log */
    void (*turn)(void *context, const Turn *turn);
} HostLog;

/* What the world beyond sockets does for a node; any may be NULL. */
typedef struct HostSink {
    void *context;
    void (*note)(void *context, const Effect *effect);
    void (*deliver)(void *context, const Extent *extent);
    /* Fill event->read in but for its tag; the host takes the chunk's
     * reference. Without it no file is found. */
    void (*read)(void *context, const Effect *effect, Event *event);
    /* host_stored answers, later or at once. Without it nothing is durable. */
    void (*store)(void *context, uint32_t tag, const Record *record);
    HostLog log;
    /* Each event with the turn that it led to, before that takes effect. */
    void (*watch)(void *context, const Event *event, const Turn *turn);
    /* A standing order has moved so much to this stream, and is over. */
    void (*passed)(void *context, StreamId stream, uint64_t size_bytes);
    /* Somebody was turned away with this status; no node heard of it. */
    void (*refused)(void *context, const uint8_t ip[16], uint16_t status);
    /* May this accepted stream say what it says? Else it is told 429 and
     * closed, and no node hears it. */
    bool (*admits)(void *context, StreamId stream);
} HostSink;

typedef struct HostConfig {
    Role role;
    const void *role_config; /* lent */
    Place place;
    uint8_t seed[32];
    uint32_t stream_count_max;          /* accepted, in all */
    uint32_t stream_count_max_per_peer; /* accepted, from one IP address */
    uint32_t pipe_count_max;
    uint64_t memory_bytes_max; /* of buffers, as live/relief.c sees to */
    int64_t head_timeout_ns;   /* from accept, or a request's first byte, to
                                  the end of its head, or an answer */
    int64_t idle_timeout_ns;   /* an accepted stream without a byte either way
                                  is closed; 0: the role does it itself */
    int64_t send_timeout_ns; /* an accepted stream that takes less than ...  */
    uint64_t send_bytes_min; /* ... this in that time, while something waits
                                for it, is reset; 0: never */
    int64_t session_idle_ns; /* an HTTP/2 connection without a request */
    const Address *source;   /* where our own streams come from, or NULL */
    bool is_multipath;       /* our own streams, whomever they go to */
    ConnLimits limits;
    HostSink sink;
} HostConfig;

typedef struct HostStream {
    Conn *conn;      /* NULL: not in use */
    Forward *order;  /* whose source this is */
    StreamId fed_by; /* the source of the order whose target this is */
    uint32_t serial; /* events of an earlier use of the number are void */
    uint32_t queued_count;
    uint8_t blank_bytes; /* of the line that ends a head, so far */
    bool is_fresh;       /* accepted, and nothing read of it yet */
    bool owes_answer;    /* a head has come, and nothing was said to it yet */
    bool is_knocking;    /* shakes hands: the node does not know of it yet */
    Guest *guest;        /* accepted streams */
    int64_t head_ns;     /* since when a head is awaited; 0: none is */
    int64_t blocked_ns;  /* since when it takes too little; 0: it does not */
    uint64_t mark_bytes; /* what it had taken by then */
    uint64_t expect_bytes;
} HostStream;

typedef struct HostEvent {
    Event event;
    uint32_t serial;
} HostEvent;

typedef struct HostCount {
    uint64_t events;
    uint64_t refused_streams;
    uint64_t late_heads;
    uint64_t slow_readers;
    uint64_t forwards;
    uint64_t forwarded_bytes;
} HostCount;

typedef struct Host {
    HostConfig config;
    Loop *loop;
    Node *node;
    Turn turn;
    Conns conns;
    Pipes pipes;
    Peers peers;
    StreamPool pool;
    HostStream *streams;
    uint32_t stream_capacity;
    uint32_t accepted_count; /* streams of guests */
    HostEvent *queue;        /* a ring of a power of two */
    uint32_t queue_start;
    uint32_t queue_count;
    uint32_t queue_capacity;
    GQueue reads; /* put off, until there is memory */
    Http2 *sessions;
    Job settle;
    Timer wake;
    Timer sweep; /* for heads that take too long, and idle streams */
    int64_t wake_ns;
    bool is_busy; /* a turn is taking effect */
    HostCount count;
} Host;

/* The config is copied, what it points to is lent. EVENT_START follows with
 * host_start, once peers are introduced. */
void host_init(Host *host, Loop *loop, const HostConfig *config);
void host_start(Host *host);
/* EVENT_STOP, then resets what is open. */
void host_clear(Host *host);

/* Take over an accepted socket; over the limits it is told 503 and closed.
 * With tls the node hears of it when hands are shaken. */
void host_accept(Host *host, int fd, const Address *peer, TlsContext *tls);
void host_command(Host *host, const Command *command);
/* A record that sink.store kept in an earlier life, after the start. */
void host_restore(Host *host, const Record *record);
/* Nobody is accepted any more: close the accepted streams that are quiet, and
 * say whether all are gone, with what they were sent. */
bool host_drain(Host *host);
/* Limits may change while it runs; streams that are over them now stay. */
void host_limit(Host *host, const HostConfig *limits);
/* Answer to sink.store. */
void host_stored(Host *host, uint32_t tag, bool is_durable);

/* --- live/accept.c: who may come, and stay ----------------------------- */
/* Hands are shaken: the node hears of the stream. */
void host_admit(Host *host, StreamId stream);
/* One more stream from this IP address, or NULL: the limits are reached. */
Guest *host_welcome(Host *host, const uint8_t ip[16]);
/* A connection of a guest, who is known as this peer, becomes a stream. */
void host_seat(Host *host, Conn *conn, Guest *guest, PeerId peer);
void host_dismiss(Host *host, Guest *guest);
/* What seemed to be a stream is an HTTP/2 connection. */
Http2 *host_hand_over(Host *host, StreamId stream);
/* Timer: ends the streams that took too long. */
void host_sweep(void *host);
/* Over a limit of requests: answer 429 and close. */
void host_refuse_request(Host *host, StreamId stream);
/* --- live/relief.c: when buffers take all that they may ---------------- */
/* Read of a file, now or when there is memory for it. */
void host_read(Host *host, const Effect *effect);
/* Those that were put off and need not wait any more. */
void host_read_waiting(Host *host);
/* The node has had it. */
void host_drop_read(Host *host, const Event *event);
/* Has somebody waited for memory too long, or is more taken than may be? */
bool host_is_overfull(const Host *host);
/* Reset the slowest, as long as others wait for what they hold. */
void host_end_slowest(Host *host);
/* --- live/effect.c: turns out ------------------------------------------ */
void host_apply(Host *host, const Turn *turn);
/* --- shared by the three ----------------------------------------------- */
HostStream *host_slot(Host *host, StreamId stream);
/* Tell the node once the present turn has taken effect. */
void host_queue(Host *host, const Event *event);
void host_pump(Host *host, StreamId from);
/* The number is free again, the connection somebody else's. */
Conn *host_detach(Host *host, StreamId stream);
/* Close it, and tell the node. */
void host_end_stream(Host *host, StreamId stream, CloseReason reason);
/* Tell the node what is queued. */
void host_settle(Host *host);
