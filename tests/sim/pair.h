/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/pair.h: two ends of one TCP connection, told what to do.
 *
 * Side 0 opens. A side takes what arrives as it comes, unless it is told not
 * to; what happens to it is noted.
 */
#pragma once

#include "sim/network.h"

typedef struct Side {
    bool is_reading; /* takes what arrives; on from the start */
    bool closes_after_peer;
    uint64_t got_bytes;
    int64_t up_ns;   /* connected or accepted; TIME_NEVER */
    int64_t last_ns; /* when bytes last came */
    bool is_ended;   /* the peer's last byte was read */
    bool is_closed;  /* SIGNAL_CLOSED came */
    bool is_let_go;  /* this side has closed */
    CloseReason reason;
    int64_t closed_ns;
    uint32_t drained_count;
} Side;

typedef struct Pair {
    Network network;
    TcpOptions options;
    LinkId links[2]; /* by the side that sends on it */
    EndpointId ids[2];
    Side sides[2];
} Pair;

typedef enum PairPeer { PEER_LISTENS, PEER_REFUSES, PEER_IS_DEAD } PairPeer;

/* Links of rate_bps (0: infinite) each way; in place, the pair must not move.
 * Then change pair->options and the links, and open. */
void pair_init(Pair *pair, uint64_t rate_bps, int64_t rtt_ns);
void pair_open(Pair *pair, PairPeer peer);
/* Checks that all books balance. */
void pair_clear(Pair *pair);
void pair_run(Pair *pair, int64_t until_ns);
/* Until nothing is left to happen. */
void pair_finish(Pair *pair);
void pair_write(Pair *pair, int side, uint64_t size_bytes);
/* Take at most size_bytes of what waits. */
void pair_read(Pair *pair, int side, uint64_t size_bytes);
void pair_close(Pair *pair, int side, CloseReason reason);
Link *pair_link(Pair *pair, int side);
Endpoint *pair_end(Pair *pair, int side);
/* Both ends closed, memory ready for the next connection. */
void pair_assert_over(Pair *pair);
