/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/endpoint.h: one end of a TCP connection, as plain data.
 *
 * Either end may send, so each is a sender and a receiver.
 */
#pragma once

#include "sim/link.h"
#include "sim/packet.h"
#include "sim/stream.h"
#include "sim/transport/congestion.h"
#include "sim/transport/reassembly.h"
#include "sim/transport/rtt.h"
#include "sim/transport/scoreboard.h"

#define ROUTE_NONE UINT32_MAX

/* A sender's own link, a shared route, a receiver's own link; each may be
 * missing, but not all of them. */
typedef struct Path {
    LinkId up;
    uint32_t route;
    LinkId down;
} Path;

typedef uint32_t EndpointId; /* 2 x connection + side; side 0 opened */

typedef struct TcpOptions {
    CongestionKind congestion;
    uint32_t initial_window_packets;
    uint32_t mss_bytes;
    uint32_t header_bytes; /* of IP and TCP, with their options */
    uint64_t receive_window_bytes;
    bool has_delayed_ack;
    bool has_slow_start_after_idle;
    bool has_hystart;
} TcpOptions;

typedef enum __attribute__((packed)) TcpState {
    TCP_SYN_SENT,
    TCP_SYN_RECEIVED,
    TCP_ESTABLISHED,
    TCP_CLOSED,
} TcpState;

/* What the sender makes of the path, after the kernel's names. */
typedef enum __attribute__((packed)) TcpMood {
    TCP_OPEN,
    TCP_RECOVERY, /* something is missing and being resent */
    TCP_LOSS,     /* a time-out */
} TcpMood;

typedef enum __attribute__((packed)) TcpTimer {
    TIMER_NONE,
    TIMER_RTO,
    TIMER_PROBE,   /* tail loss probe */
    TIMER_REORDER, /* RACK waits for what may only be late */
    TIMER_PERSIST, /* the peer's window is closed */
    TIMER_CONNECT, /* a SYN or SYN-ACK is due again */
} TcpTimer;

typedef struct TcpCount {
    uint64_t resent_segments;
    uint64_t sent_segments;
    uint32_t timeouts;
    uint32_t slow_start_exit_packets; /* window at the first exit */
    uint32_t window_packets_max;
} TcpCount;

/* A SACK block, absolute. */
typedef struct SackSeen {
    uint64_t start;
    uint64_t end;
} SackSeen;

/* How much the peer may send, tuned by what it does send. */
typedef struct ReceiveWindow {
    uint64_t size_bytes;
    uint64_t goal_bytes;
    uint64_t round_seq;
    uint64_t round_bytes; /* most that came in one round trip */
    int64_t round_start_ns;
    int64_t rtt_ns;
    uint32_t last_echo_us;
    bool is_rising; /* a round trip brings half as much again */
} ReceiveWindow;

/* In the order of use, since a large network is in no cache: what every packet
 * looks at, what a receiver needs, and what only a sender does. */
typedef struct Endpoint {
    int64_t entry_ns; /* of the live agenda entry */
    uint8_t part;     /* of the network, where it lives */
    /* Entries of the connection that was here before may still be on the
     * agenda of another part, which looks at these two; see tcp_timer. */
    TcpState state;
    TcpMood mood;
    TcpTimer timer;
    uint8_t backoff;
    uint8_t unanswered_knocks; /* at a closed window */
    uint8_t peer_part;         /* where its peer lives */
    bool is_used;              /* else the connection's place is free */
    bool is_closing;           /* FIN follows the last byte written */
    bool is_fin_sent;
    bool is_fin_acked;
    bool has_peer_fin;    /* and everything before it is in order */
    bool is_owned;        /* somebody still holds this endpoint's number */
    bool is_let_go;       /* the owner hears no more */
    bool is_refusing : 1; /* nobody listens: RST answers a SYN */
    bool is_silent : 1;   /* the host has gone: nothing answers */
    bool is_full;         /* owes SIGNAL_DRAINED */
    bool is_told;         /* SIGNAL_READABLE is under way */
    bool owes_duplicate;  /* the next ACK reports a duplicate */
    bool is_window_limited;
    bool is_probing; /* a tail loss probe is under way */
    bool probe_is_resent;
    uint8_t address[3];        /* 10. and these: what captures call its host */
    const TcpOptions *options; /* lent */
    EndpointId id;
    Path path;             /* of what it sends */
    uint32_t sent_packets; /* to the peer; and content, to another part */
    uint32_t gone_packets; /* that were for it: come, or dropped */
    uint64_t next_seq;
    uint64_t una_seq;

    uint64_t written_seq;
    uint64_t window_end_seq; /* the peer's window */
    uint64_t advertised_seq; /* right edge last told */
    uint64_t acked_seq;      /* what was last acknowledged */
    uint64_t
        serial; /* of the connection's opening: stable in the fingerprint */
    int64_t delayed_ack_ns;
    int64_t timer_ns;

    /* receiver */
    Reassembly reassembly;
    uint64_t read_seq;     /* what the owner has taken */
    uint64_t expect_bytes; /* tell the owner when this much waits */
    uint64_t fin_seq;      /* UINT64_MAX until the peer's FIN is seen */
    ReceiveWindow receive;
    uint32_t peer_stamp_us; /* of its last pure ACK */
    uint32_t quick_acks;

    /* sender */
    Scoreboard board;
    uint32_t outstanding_packets_max;
    Rtt rtt;
    int64_t rack_sent_ns; /* of the latest segment known to have arrived */
    uint64_t rack_end_seq;
    int64_t rack_rtt_ns;
    int64_t last_sent_ns;
    uint64_t usage_end_seq;
    CongestionWindow window;
    uint64_t recovery_end_seq;
    uint64_t probe_end_seq;
    uint32_t prior_window_packets; /* PRR */
    uint32_t prr_delivered;
    uint32_t prr_out;
    uint32_t owner; /* the user's: a flow, a node */
    uint32_t owner_stream;
    CloseReason close_reason;
    SackSeen sack_seen[PACKET_SACK_MAX];
    TcpCount count;
    Stream incoming; /* written by the peer's owner, not yet read by ours */
    int64_t opened_ns;
} Endpoint;

_Static_assert(sizeof(Endpoint) % 64 == 0, "whole cache lines");
