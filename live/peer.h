/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/peer.h: what PeerIds stand for: addresses, which nodes never see.
 *
 * Two books. One says where a peer is reached, as the configuration or a
 * turn_introduce said. The other says who an accepted stream comes from, by
 * IP address or certificate: a peer the configuration vouches for, or a
 * stranger, who gets a number above PEER_STRANGER_MIN for as long as a stream
 * of his is open.
 */
#pragma once

#include "live/address.h"
#include "live/tls.h"

#define PEER_STRANGER_MIN (UINT32_C(1) << 31)

/* Somebody with streams to us. */
typedef struct Guest {
    uint8_t ip[16];
    PeerId id;
    uint32_t stream_count;
} Guest;

/* A peer that is known by its certificate. */
typedef struct PeerName {
    PeerId id;
    const char *identity; /* lent; see tls_peer_is */
} PeerName;

typedef struct Peers {
    GHashTable *addresses; /* PeerId to Address * */
    GHashTable *guests;    /* IP to Guest * */
    GHashTable *vouched;   /* IP to PeerId, of those that may come to us */
    GHashTable *secured;   /* PeerId to TlsContext *, lent */
    GHashTable *multipath; /* PeerIds that are called by Multipath TCP */
    GArray *names;         /* PeerName */
    PeerId next_stranger;
} Peers;

void peers_init(Peers *peers);
void peers_clear(Peers *peers);

void peers_introduce(Peers *peers, PeerId id, const Address *address);
/* Who comes from this IP address is this peer. */
void peers_vouch(Peers *peers, PeerId id, const Address *address);
/* Whoever shows a certificate with this identity is this peer, who has no
 * other. */
void peers_vouch_identity(Peers *peers, PeerId id, const char *identity);
/* Streams to this peer have TLS from now on, wherever it is reached. */
void peers_secure(Peers *peers, PeerId id, TlsContext *context);
/* Streams to this peer may have several paths from now on, or may not. */
void peers_allow_multipath(Peers *peers, PeerId id, bool is_allowed);
bool peers_is_multipath(const Peers *peers, PeerId id);
/* Where a peer is reached, or NULL. */
const Address *peers_find(const Peers *peers, PeerId id);
TlsContext *peers_find_tls(const Peers *peers, PeerId id);

/* One more stream from there; NULL when it has stream_count_max already. */
Guest *peers_welcome(Peers *peers, const Address *address,
                     uint32_t stream_count_max);
/* One of its streams has ended. */
void peers_dismiss(Peers *peers, Guest *guest);
/* Who a guest's stream is: by its certificate, or tls NULL or unknown, as the
 * guest. */
PeerId peers_recognize(const Peers *peers, const Guest *guest, const Tls *tls);
