/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/peer.c: what PeerIds stand for: addresses, which nodes never see.
 */
#include "live/peer.h"

#include <assert.h>
#include <string.h>

static guint
hash_ip(gconstpointer ip)
{
    const uint8_t *bytes = ip;
    guint hash = 2166136261u; /* FNV-1a */
    for (uint32_t i = 0; i < 16; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

static gboolean
is_same_ip(gconstpointer left, gconstpointer right)
{
    return memcmp(left, right, 16) == 0;
}

void
peers_init(Peers *peers)
{
    peers->addresses = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    peers->guests = g_hash_table_new_full(hash_ip, is_same_ip, NULL, g_free);
    peers->vouched = g_hash_table_new_full(hash_ip, is_same_ip, g_free, NULL);
    peers->secured = g_hash_table_new(NULL, NULL);
    peers->multipath = g_hash_table_new(NULL, NULL);
    peers->names = g_array_new(FALSE, FALSE, sizeof(PeerName));
    peers->next_stranger = PEER_STRANGER_MIN;
}

void
peers_clear(Peers *peers)
{
    g_hash_table_destroy(peers->addresses);
    g_hash_table_destroy(peers->guests);
    g_hash_table_destroy(peers->vouched);
    g_hash_table_destroy(peers->secured);
    g_hash_table_destroy(peers->multipath);
    g_array_unref(peers->names);
}

void
peers_introduce(Peers *peers, PeerId id, const Address *address)
{
    g_hash_table_replace(peers->addresses, GUINT_TO_POINTER(id),
                         g_memdup2(address, sizeof *address));
}

void
peers_vouch(Peers *peers, PeerId id, const Address *address)
{
    g_hash_table_replace(peers->vouched,
                         g_memdup2(address->ip, sizeof address->ip),
                         GUINT_TO_POINTER(id));
}

void
peers_vouch_identity(Peers *peers, PeerId id, const char *identity)
{
    PeerName name = {id, identity};
    for (guint i = 0; i < peers->names->len; i++) {
        PeerName *known = &g_array_index(peers->names, PeerName, i);
        if (known->id == id) {
            *known = name;
            return;
        }
    }
    g_array_append_val(peers->names, name);
}

void
peers_secure(Peers *peers, PeerId id, TlsContext *context)
{
    g_hash_table_insert(peers->secured, GUINT_TO_POINTER(id), context);
}

void
peers_allow_multipath(Peers *peers, PeerId id, bool is_allowed)
{
    if (is_allowed)
        g_hash_table_add(peers->multipath, GUINT_TO_POINTER(id));
    else
        g_hash_table_remove(peers->multipath, GUINT_TO_POINTER(id));
}

bool
peers_is_multipath(const Peers *peers, PeerId id)
{
    return g_hash_table_contains(peers->multipath, GUINT_TO_POINTER(id));
}

TlsContext *
peers_find_tls(const Peers *peers, PeerId id)
{
    return g_hash_table_lookup(peers->secured, GUINT_TO_POINTER(id));
}

const Address *
peers_find(const Peers *peers, PeerId id)
{
    return g_hash_table_lookup(peers->addresses, GUINT_TO_POINTER(id));
}

static PeerId
identify(Peers *peers, const Address *address)
{
    gpointer id;
    if (g_hash_table_lookup_extended(peers->vouched, address->ip, NULL, &id))
        return GPOINTER_TO_UINT(id);
    PeerId stranger = peers->next_stranger++;
    if (peers->next_stranger == PEER_NONE)
        peers->next_stranger = PEER_STRANGER_MIN;
    return stranger;
}

Guest *
peers_welcome(Peers *peers, const Address *address, uint32_t stream_count_max)
{
    Guest *guest = g_hash_table_lookup(peers->guests, address->ip);
    if (!guest) {
        guest = g_new0(Guest, 1);
        memcpy(guest->ip, address->ip, sizeof guest->ip);
        guest->id = identify(peers, address);
        g_hash_table_insert(peers->guests, guest->ip, guest);
    }
    if (guest->stream_count >= stream_count_max)
        return NULL;
    guest->stream_count++;
    return guest;
}

void
peers_dismiss(Peers *peers, Guest *guest)
{
    assert(guest->stream_count > 0);
    if (--guest->stream_count == 0)
        g_hash_table_remove(peers->guests, guest->ip);
}

PeerId
peers_recognize(const Peers *peers, const Guest *guest, const Tls *tls)
{
    for (guint i = 0; tls && i < peers->names->len; i++) {
        const PeerName *name = &g_array_index(peers->names, PeerName, i);
        if (tls_peer_is(tls, name->identity))
            return name->id;
    }
    return guest->id;
}
