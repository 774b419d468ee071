/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/trust.c: the certificates of one process.
 */
#include "live/trust.h"
#include "live/address.h"

#include <string.h>

TlsContext *
trust_load_listener(const LiveListen *listen, GError **error)
{
    return listen->tls.certificate
               ? tls_context_new_listener(&listen->tls, error)
               : NULL;
}

TlsContext *
trust_load_peer(const LivePeer *peer, GError **error)
{
    char host[ADDRESS_TEXT_BYTES];
    TlsFiles files = peer->tls;
    Address address = peer->address;
    if (peer->id == PEER_NONE || !files.ca)
        return NULL;
    address.port = 0;
    address_write(&address, host);
    if (!files.name)
        files.name = host;
    return tls_context_new_caller(&files, error);
}

bool
trust_open(Trust *trust, const LiveConfig *config, GError **error)
{
    GError *failure = NULL;
    memset(trust, 0, sizeof *trust);
    for (uint32_t at = 0; at < config->listen_count && !failure; at++)
        trust->listeners[at] =
            trust_load_listener(&config->listen[at], &failure);
    for (uint32_t at = 0; at < LIVE_PEER_COUNT && !failure; at++)
        trust->peers[at] =
            trust_load_peer(config_peer(config, (LivePeerKind)at), &failure);
    if (!failure)
        return true;
    trust_close(trust);
    g_propagate_error(error, failure);
    return false;
}

void
trust_close(Trust *trust)
{
    for (uint32_t at = 0; at < LIVE_LISTEN_MAX; at++)
        g_clear_pointer(&trust->listeners[at], tls_context_free);
    for (uint32_t at = 0; at < LIVE_PEER_COUNT; at++)
        g_clear_pointer(&trust->peers[at], tls_context_free);
}

static void
reload(TlsContext *context, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (!context || tls_context_reload(context, &failure))
        return;
    if (error && !*error)
        *error = g_steal_pointer(&failure);
}

bool
trust_reload(Trust *trust, GError **error)
{
    GError *failure = NULL;
    for (uint32_t at = 0; at < LIVE_LISTEN_MAX; at++)
        reload(trust->listeners[at], &failure);
    for (uint32_t at = 0; at < LIVE_PEER_COUNT; at++)
        reload(trust->peers[at], &failure);
    if (!failure)
        return true;
    g_propagate_error(error, failure);
    return false;
}

void
trust_secure(const Trust *trust, const LiveConfig *config, Peers *peers)
{
    for (uint32_t at = 0; at < LIVE_PEER_COUNT; at++)
        if (trust->peers[at])
            peers_secure(peers, config_peer(config, (LivePeerKind)at)->id,
                         trust->peers[at]);
}
