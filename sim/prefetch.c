/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/prefetch.c: three rounds over a slot, each a step further from its
 * entries.
 */
#include "sim/prefetch.h"

#include <glib.h>
#include <stddef.h>

#include "sim/memory.h"

/* Inlined, since compilers take a function that does nothing but prefetch
 * for one without effect. */
G_ALWAYS_INLINE static inline void
fetch(const void *start, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)start + i);
}

G_ALWAYS_INLINE static inline void
fetch_link(const Network *network, LinkId link)
{
    fetch(&network->links[link], sizeof(Link));
}

/* Where a packet goes from its present link. */
G_ALWAYS_INLINE static inline void
fetch_goal(const Network *network, uint32_t index)
{
    LinkId link = network->packets.transits[index].link;
    const Packet *packet = &network->packets.packets[index];
    if (link != LINK_NONE)
        fetch_link(network, link);
    else if (!(packet->flags & PACKET_OUTSIDE))
        fetch(network_endpoint(network, packet->endpoint), sizeof(Endpoint));
}

/* The first packet of an entry's link, or PACKET_NONE. */
static inline uint32_t
first_packet(const Network *network, const AgendaEntry *entry)
{
    if (agenda_kind(entry) != AGENDA_LINK)
        return PACKET_NONE;
    return network->links[(LinkId)entry->key].head;
}

void
prefetch_slot(const Network *network)
{
    const AgendaHeap *near = &network->agenda.near;
    for (uint32_t i = 0; i < near->count; i++) {
        if (agenda_kind(&near->entries[i]) == AGENDA_LINK)
            fetch(&network->links[(LinkId)near->entries[i].key].entry_ns,
                  CACHE_LINE_BYTES);
    }
    for (uint32_t i = 0; i < near->count; i++) {
        uint32_t packet = first_packet(network, &near->entries[i]);
        if (packet == PACKET_NONE)
            continue;
        fetch(&network->packets.transits[packet], sizeof(PacketTransit));
        fetch(&network->packets.packets[packet], sizeof(Packet));
    }
    for (uint32_t i = 0; i < near->count; i++) {
        uint32_t packet = first_packet(network, &near->entries[i]);
        if (packet == PACKET_NONE)
            continue;
        fetch_goal(network, packet);
        /* Its link looks at who comes next. */
        uint32_t next = network->packets.transits[packet].next;
        if (next != PACKET_NONE)
            fetch(&network->packets.transits[next], sizeof(PacketTransit));
    }
}
