/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/conn.h: one non-blocking TCP socket, and what it has yet to send.
 *
 * Bytes go to the kernel at once; only what it does not take is kept: chunks
 * by reference, other bytes copied. Nothing is read ahead: what the owner
 * does not want yet waits in the kernel, which then slows the peer down. So
 * a silent connection costs its record and nothing else.
 *
 * A failed send is not told: what the peer said before it went away can
 * still be read, and the end of that is where the owner hears of it.
 */
#pragma once

#include "live/address.h"
#include "live/loop.h"
#include "live/outbox.h"
#include "live/tls.h"

/* No read gives more. */
#define CONN_READ_BYTES_MAX 65536u
#define CONN_SLICE_MAX 64u

typedef struct Conn Conn;
typedef struct Http2 Http2;

typedef enum ConnState {
    CONN_CONNECTING, /* or shaking hands */
    CONN_OPEN,
    CONN_PARTING, /* let go by its owner: sends the rest, then its FIN */
    CONN_LOST,    /* no socket any more; waits for conn_close */
    CONN_FREE,    /* let go for good, recycled after this iteration */
} ConnState;

typedef enum ConnSignal {
    CONN_CONNECTED,
    CONN_READABLE, /* as many bytes as expected, or the end: conn_read */
    CONN_DRAINED,  /* as EVENT_DRAINED; when memory is scarce, all is sent */
    CONN_ROOM,     /* asked for by conn_want_room: all is sent */
    CONN_GONE,     /* conn->reason; told of a lost one at most once */
} ConnSignal;

typedef struct ConnLimits {
    int64_t connect_timeout_ns;
    int64_t send_timeout_ns;   /* a parting peer that takes nothing */
    int64_t linger_timeout_ns; /* from our FIN to the peer's */
} ConnLimits;

typedef struct ConnCount {
    uint64_t accepted;
    uint64_t connected;
    uint64_t received_bytes;
    uint64_t sent_bytes;
    uint64_t reset;
    uint64_t multipath; /* of those connected */
} ConnCount;

/* What all connections of one owner share. */
typedef struct Conns {
    Loop *loop;
    /* CONN_READABLE comes last of what one report tells; a connection may be
     * closed in answer to any of them. DRAINED may come out of conn_write. */
    void (*hear)(void *context, Conn *conn, ConnSignal signal);
    void *context;
    ConnLimits limits;
    ConnCount count;
    uint32_t open_count; /* with a socket, parting ones counted in */
    Memory memory;       /* of their buffers; no bound but the owner's */
    Conn *parting;
    Conn *dead; /* CONN_FREE since this iteration */
    Job bury;
    bool has_told_plain; /* that there is no Multipath TCP */
    TlsDesk desk;
    Chunk *page; /* of CONN_READ_BYTES_MAX, with what was read last */
} Conns;

struct Conn {
    Watch watch;
    Timer timer; /* of connecting and parting */
    Conns *conns;
    Tls *tls;                  /* NULL: clear */
    Http2 *session;            /* that hears of it, or NULL: the owner */
    struct Http2Stream *http2; /* stands for the socket it has not, or NULL */
    uint32_t tag;              /* the owner's */
    uint8_t state;
    uint8_t reason; /* CloseReason, CONN_LOST */
    bool wants_read;
    bool wants_room;
    bool is_full;      /* owes CONN_DRAINED */
    bool is_broken;    /* the kernel takes no more: bytes are swallowed */
    bool is_ended;     /* the peer's FIN has been read */
    bool is_shut;      /* our FIN is sent */
    bool is_multipath; /* wanted, of one that we open */
    uint32_t expect_bytes;
    int64_t last_ns; /* when bytes went or came */
    uint64_t sent_bytes;
    uint64_t seen_bytes; /* as conn_stuck_ns saw them taken last */
    int64_t seen_ns;
    Outbox out;
    Conn *next; /* parting or dead */
    Conn *before;
};

_Static_assert(sizeof(struct Conn) <= 192, "thousands stand idle");

typedef enum ConnRead {
    CONN_READ_BYTES,   /* on conns->page */
    CONN_READ_NOTHING, /* not now */
    CONN_READ_END,     /* the peer's FIN */
    CONN_READ_LOST,    /* conn->reason; the connection is CONN_LOST */
} ConnRead;

void conns_init(Conns *conns, Loop *loop, const ConnLimits *limits);
/* Close those that are parting; the owner has closed its own. */
void conns_clear(Conns *conns);

/* Take over an accepted socket, non-blocking; NULL, and it is closed, when the
 * kernel cannot watch it. */
Conn *conn_take(Conns *conns, int fd);
/* The same, but CONN_CONNECTED or CONN_GONE follows, when hands are shaken or
 * will not be. The owner sees to it that this takes no longer than it may. */
Conn *conn_take_tls(Conns *conns, int fd, TlsContext *context);
/* CONN_CONNECTED or CONN_GONE follows, after this has returned. */
typedef struct ConnTarget {
    const Address *address;
    const Address *source; /* to come from; NULL: any */
    TlsContext *tls;       /* NULL: clear */
    bool is_multipath;     /* if the kernel and the other end have it */
} ConnTarget;
Conn *conn_connect(Conns *conns, const ConnTarget *target);
/* Let go: CLOSE_DONE sends the rest and a FIN, and reads away what comes until
 * the peer's; any other reason resets. */
void conn_close(Conn *conn, CloseReason reason);

/* At most CONN_SLICE_MAX slices, sent in one call if the kernel takes them. */
void conn_write(Conn *conn, const OutSlice *slices, uint32_t slice_count);
/* Read once, at most size_bytes. */
ConnRead conn_read(Conn *conn, uint32_t size_bytes, uint32_t *ret_size_bytes);
/* The size_bytes that were read last, to be written: if they have to wait
 * they need not be copied, unless that would hold a page for little. */
OutSlice conns_lend(Conns *conns, uint32_t size_bytes);

/* CONN_READABLE not before so much waits, or the end; the kernel may wake
 * earlier when it is short of memory. */
void conn_expect(Conn *conn, uint64_t size_bytes);
void conn_want_read(Conn *conn, bool is_wanted);
/* CONN_ROOM once the socket takes more and nothing waits before it. */
void conn_want_room(Conn *conn);
/* So many bytes went or came: for those who use the descriptor themselves. */
void conn_count_sent(Conn *conn, uint64_t size_bytes);
void conn_count_received(Conn *conn, uint64_t size_bytes);
/* A system call on the socket failed with this errno: nothing to do but wait
 * (false), or the connection is broken (true). */
bool conn_is_fatal(Conn *conn, int error);

/* Keep bytes, to be sent with others by conn_push. */
void conn_gather(Conn *conn, const OutSlice *slices, uint32_t slice_count);
void conn_push(Conn *conn);

/* --- live/conn_pace.c: how fast its peer takes --------------------------- */
/* What the peer has acknowledged, of all that was sent. */
uint64_t conn_taken_bytes(const Conn *conn);
/* Does something wait for its peer, here or at the source of an order? */
bool conn_is_blocked(const Conn *conn);
/* Since when it has been seen to be blocked and its peer to take nothing; the
 * first look only begins to see. TIME_NEVER: not blocked. */
int64_t conn_stuck_ns(Conn *conn);
/* --- live/conn_open.c: until a connection is open ----------------------- */
void conn_go_on(Conn *conn, uint32_t events);
/* --- live/conn_tls.c: with privacy -------------------------------------- */
void conn_add_tls(Conn *conn, TlsContext *context);
void conn_drop_tls(Conn *conn);
/* True once hands are shaken; or the connection may be lost. */
bool conn_shake_hands(Conn *conn);
void conn_seal(Conn *conn, const OutSlice *slices, uint32_t slice_count);
/* Keep bytes that cannot be sealed yet, or better with others. */
void conn_hold(Conn *conn, const OutSlice *slices, uint32_t slice_count);
void conn_seal_held(Conn *conn);
ConnRead conn_read_tls(Conn *conn, uint32_t size_bytes,
                       uint32_t *ret_size_bytes);
/* There may be bytes that the kernel does not report. */
void conn_look_again(Conn *conn);
/* Send what TLS has left on the desk. */
void conn_post_wire(Conn *conn);
/* --- shared by the three ----------------------------------------------- */
Conn *conn_new(Conns *conns, int fd, ConnState state);
void conn_free(Conn *conn);
void conn_hear(Conn *conn, ConnSignal signal);
void conn_lose(Conn *conn, CloseReason reason);
CloseReason conn_reason_of(int error);
void conn_rewatch(Conn *conn);
void conn_flush(Conn *conn);
void conn_check_drained(Conn *conn);
/* Send bytes as they are. */
void conn_post(Conn *conn, const OutSlice *slices, uint32_t slice_count);
/* The peer's end was read. */
ConnRead conn_end_read(Conn *conn);
uint64_t conn_size_of(const OutSlice *slices, uint32_t slice_count);
