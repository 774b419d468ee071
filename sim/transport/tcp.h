/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp.h: TCP as the Linux kernel does it.
 *
 * A connection is two endpoints; either may send. Windows count segments, as
 * the kernel's do. Recovery is SACK with RACK (RFC 8985), PRR (RFC 6937),
 * tail loss probes and RTO with back-off. Files: tcp_open (life), tcp_send,
 * tcp_ack (the sender's half of input), tcp_recovery, tcp_timer, tcp_receive.
 */
#pragma once

#include "sim/transport/endpoint.h"

typedef struct Network Network;

typedef struct Connection {
    Endpoint sides[2];
} Connection;

typedef struct TcpPath {
    Path out; /* from the opener */
    Path back;
    const TcpOptions *opener; /* lent for the network's life */
    const TcpOptions *acceptor;
    uint64_t serial;      /* names this opening, and no other of the run */
    uint32_t opener_host; /* a number, for its address */
    uint32_t acceptor_host;
    uint8_t acceptor_part; /* of the network; the opener's is the caller's */
    bool is_refused;       /* nobody listens: RST answers the SYN */
    bool is_dead;          /* nobody is there: nothing answers */
} TcpPath;

/* --- the owner's half ------------------------------------------------- */
/* Open a connection; returns the opener's endpoint. */
EndpointId tcp_open(Network *network, const TcpPath *path);
/* Put content in the peer's incoming stream; tcp_wrote sends it. */
void tcp_write_bytes(Network *network, Endpoint *endpoint, const void *bytes,
                     uint32_t size_bytes);
void tcp_write_extent(Network *network, Endpoint *endpoint,
                      const Extent *extent);
/* The first size_bytes that wait at another endpoint. */
void tcp_write_from(Network *network, Endpoint *endpoint, Endpoint *from,
                    uint64_t size_bytes);
/* So much content was put there since the last call. */
void tcp_wrote(Network *network, Endpoint *endpoint, uint64_t total_bytes);
/* In-order bytes that wait for the owner. */
uint64_t tcp_readable_bytes(const Endpoint *endpoint);
/* The owner has taken size_bytes off endpoint->incoming. */
void tcp_read(Network *network, Endpoint *endpoint, uint64_t size_bytes);
void tcp_expect(Network *network, Endpoint *endpoint, uint64_t size_bytes);
/* As much of size_bytes as can wait unread: a receive window opens before it is
 * full. */
uint64_t tcp_can_wait_bytes(const Endpoint *endpoint, uint64_t size_bytes);
uint64_t tcp_unsent_bytes(const Endpoint *endpoint);
/* True when the peer's FIN and all before it have been read. */
bool tcp_is_ended(const Endpoint *endpoint);
/* The owner takes the endpoint: it is kept until tcp_close or tcp_disown. */
static inline void
tcp_own(Endpoint *endpoint, uint32_t owner, uint32_t stream)
{
    endpoint->owner = owner;
    endpoint->owner_stream = stream;
    endpoint->is_owned = true;
}
/* After SIGNAL_CLOSED: the owner forgets the endpoint. */
void tcp_disown(Network *network, Endpoint *endpoint);
/* The endpoint's host is gone without a word. */
void tcp_vanish(Network *network, Endpoint *endpoint);
/* CLOSE_DONE sends what was written, then FIN; else RST. No signals after. */
void tcp_close(Network *network, Endpoint *endpoint, CloseReason reason);

/* --- the network's half ------------------------------------------------ */
void tcp_packet(Network *network, uint32_t packet);
void tcp_timer(Network *network, EndpointId id);
/* Use the connection's memory again, if it is over at both ends, and say so;
 * the opener's part, while no other runs. */
bool tcp_release(Network *network, EndpointId id);
/* A packet of the connection left the network, delivered or not. */
void tcp_packet_gone(Network *network, EndpointId id);
/* Memory for a part's first so many connections. */
void tcp_make_room(Network *network, uint32_t connection_count);

/* --- ends at different ranks ------------------------------------------- */
/* Each rank has both ends, of which one is not moved there: what is left of
 * the other's is what the rank that opened it knows, or is told. */
typedef struct TcpOpened {
    TcpPath path;
    uint32_t index; /* of the connection */
} TcpOpened;
/* A connection opened at another rank, by the part of this network. */
Connection *tcp_adopt(Network *network, const TcpOpened *opened);
/* It is over, and its memory will be used again. */
void tcp_forget(Network *network, EndpointId id);

/* What the opener's part asks of an acceptor, before it releases. */
typedef struct TcpStanding {
    uint64_t serial;
    int64_t opened_ns;
    EndpointId id;
    uint32_t sent_packets;
    uint32_t gone_packets;
    TcpState state;
    bool is_owned;
} TcpStanding;
TcpStanding tcp_standing(const Network *network, EndpointId acceptor);
void tcp_learn_standing(Network *network, const TcpStanding *standing);
