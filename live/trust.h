/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/trust.h: the certificates of one process: what a configuration says
 * of TLS, loaded.
 */
#pragma once

#include "live/config.h"
#include "live/peer.h"

typedef struct Trust {
    TlsContext *listeners[LIVE_LISTEN_MAX]; /* NULL: clear */
    TlsContext *peers[LIVE_PEER_COUNT];     /* NULL: clear */
} Trust;

/* A context as a configuration wants it; NULL without an error: clear. */
TlsContext *trust_load_listener(const LiveListen *listen, GError **error);
TlsContext *trust_load_peer(const LivePeer *peer, GError **error);

/* Nothing is left open on failure. */
bool trust_open(Trust *trust, const LiveConfig *config, GError **error);
void trust_close(Trust *trust);
/* Read all files again, for connections from now on. What cannot be read
 * stays as it was; the first of these failures is told. */
bool trust_reload(Trust *trust, GError **error);
/* Streams to the peers of the configuration are private from now on. */
void trust_secure(const Trust *trust, const LiveConfig *config, Peers *peers);
