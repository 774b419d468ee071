/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/network.c: moves packets along routes and keeps the books.
 */
#include "sim/network.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "sim/memory.h"
#include "sim/prefetch.h"

void
network_init(Network *network)
{
    memset(network, 0, sizeof *network);
    agenda_init(&network->agenda);
    packet_pool_init(&network->packets);
    network->outside_head = network->outside_tail = PACKET_NONE;
}

static void
clear_connection(Connection *connection)
{
    for (int side = 0; side < 2 && connection->sides[0].is_used; side++) {
        stream_clear(&connection->sides[side].content);
        scoreboard_clear(&connection->sides[side].board);
        reassembly_clear(&connection->sides[side].reassembly);
    }
}

void
network_clear(Network *network)
{
    for (uint32_t i = 0; i < network->connection_count; i++)
        clear_connection(network_connection(network, i));
    for (uint32_t i = 0; i < network->connection_capacity;
         i += CONNECTION_BLOCK)
        free(network->connections[i / CONNECTION_BLOCK]);
    for (uint32_t i = 0; i < network->link_count; i++)
        link_clear(&network->links[i]);
    g_free(network->connections);
    g_free(network->free_connections);
    free(network->links);
    g_free(network->routes);
    g_free(network->signals);
    agenda_clear(&network->agenda);
    packet_pool_clear(&network->packets);
    memset(network, 0, sizeof *network);
}

LinkId
network_add_link(Network *network, Link **ret_link)
{
    if (network->link_count == network->link_capacity) {
        network->link_capacity = MAX(64, 2 * network->link_capacity);
        network->links =
            memory_grow(network->links, network->link_count * sizeof(Link),
                        network->link_capacity * sizeof(Link));
    }
    Link *link = &network->links[network->link_count];
    link_init(link);
    *ret_link = link;
    return network->link_count++;
}

uint32_t
network_add_route(Network *network, const Route *route)
{
    assert(route->hop_count > 0);
    assert(route->hop_count <= ROUTE_HOPS_MAX);
    if (network->route_count == network->route_capacity) {
        network->route_capacity = MAX(64, 2 * network->route_capacity);
        network->routes =
            g_renew(Route, network->routes, network->route_capacity);
    }
    network->routes[network->route_count] = *route;
    return network->route_count++;
}

static void
drop_packet(Network *network, uint32_t index, LinkDrop reason)
{
    const Packet *packet = &network->packets.packets[index];
    EndpointId endpoint = packet->endpoint;
    bool is_outside = packet->flags & PACKET_OUTSIDE;
    network->count.dropped_packets[reason]++;
    packet_put(&network->packets, index);
    if (!is_outside)
        tcp_packet_gone(network, endpoint);
}

static LinkDrop
last_drop_reason(const Link *link, uint64_t aqm_before)
{
    if (link->count.dropped_packets[LINK_DROP_AQM] != aqm_before)
        return LINK_DROP_AQM;
    return LINK_DROP_QUEUE;
}

static void
enter_link(Network *network, LinkId id, uint32_t packet)
{
    Link *link = &network->links[id];
    uint64_t aqm_before = link->count.dropped_packets[LINK_DROP_AQM];
    network->count.hops++;
    if (!link_accept(link, &network->packets, packet, network->now_ns)) {
        drop_packet(network, packet, last_drop_reason(link, aqm_before));
        return;
    }
    agenda_move(&network->agenda, &link->entry_ns,
                link_next_ns(link, &network->packets),
                agenda_key(AGENDA_LINK, id));
}

/* Look up the link that the packet enters next. */
static void
find_next_link(const Network *network, uint32_t index)
{
    PacketTransit *transit = &network->packets.transits[index];
    uint32_t hop = transit->hop++;
    transit->link = LINK_NONE;
    if (transit->route != ROUTE_NONE) {
        const Route *route = &network->routes[transit->route];
        if (hop < route->hop_count) {
            transit->link = route->links[hop];
            return;
        }
        hop -= route->hop_count;
    }
    if (hop == 0)
        transit->link = network->packets.packets[index].down;
}

static void
move_on(Network *network, uint32_t index)
{
    LinkId link = network->packets.transits[index].link;
    /* One link ahead, so that it can be fetched before it is needed. */
    find_next_link(network, index);
    enter_link(network, link, index);
}

static void
enter_path(Network *network, const Path *path, uint32_t index)
{
    Packet *packet = &network->packets.packets[index];
    PacketTransit *transit = &network->packets.transits[index];
    packet->down = path->down;
    transit->size_bytes = packet->size_bytes;
    transit->route = path->route;
    transit->hop = 0;
    transit->link = path->up;
    if (transit->link == LINK_NONE)
        find_next_link(network, index);
    assert(transit->link != LINK_NONE);
    network->count.sent_packets++;
    move_on(network, index);
}

void
network_send(Network *network, const Path *path, uint32_t packet)
{
    const Packet *sent = &network->packets.packets[packet];
    network_endpoint(network, sent->endpoint)->in_flight_packets++;
    enter_path(network, path, packet);
}

void
network_inject(Network *network, const Path *path, uint32_t packet)
{
    network->packets.packets[packet].flags |= PACKET_OUTSIDE;
    enter_path(network, path, packet);
}

static void
leave_to_outside(Network *network, uint32_t index)
{
    PacketTransit *transits = network->packets.transits;
    assert(transits[index].next == PACKET_NONE);
    if (network->outside_head == PACKET_NONE)
        network->outside_head = index;
    else
        transits[network->outside_tail].next = index;
    network->outside_tail = index;
}

uint32_t
network_take_outside(Network *network)
{
    uint32_t index = network->outside_head;
    if (index == PACKET_NONE)
        return PACKET_NONE;
    network->outside_head = network->packets.transits[index].next;
    network->packets.transits[index].next = PACKET_NONE;
    return index;
}

static void
leave_link(Network *network, uint32_t index)
{
    if (network->packets.transits[index].link != LINK_NONE) {
        move_on(network, index);
        return;
    }
    network->count.delivered_packets++;
    if (network->packets.packets[index].flags & PACKET_OUTSIDE)
        leave_to_outside(network, index);
    else
        tcp_packet(network, index);
}

static void
run_link(Network *network, LinkId id)
{
    if (network->links[id].entry_ns != network->now_ns)
        return; /* an entry left behind */
    network->links[id].entry_ns = TIME_NEVER;
    for (;;) {
        bool is_lost = false;
        uint32_t packet = link_pop(&network->links[id], &network->packets,
                                   network->now_ns, &is_lost);
        if (packet == PACKET_NONE)
            break;
        if (is_lost)
            drop_packet(network, packet, LINK_DROP_LOSS);
        else
            leave_link(network, packet);
    }
    Link *link = &network->links[id];
    int64_t next_ns = link_next_ns(link, &network->packets);
    if (next_ns != TIME_NEVER)
        agenda_move(&network->agenda, &link->entry_ns, next_ns,
                    agenda_key(AGENDA_LINK, id));
}

bool
network_step(Network *network, const AgendaEntry *entry)
{
    if (network->prefetched_slot != network->agenda.near_slot) {
        network->prefetched_slot = network->agenda.near_slot;
        prefetch_slot(network);
    }
    assert(entry->time_ns >= network->now_ns);
    network->now_ns = entry->time_ns;
    AgendaKind kind = agenda_kind(entry);
    if (kind == AGENDA_LINK)
        run_link(network, (LinkId)entry->key);
    else if (kind == AGENDA_TIMER)
        tcp_timer(network, (EndpointId)entry->key);
    else
        return false;
    return true;
}

static void
grow_signals(Network *network)
{
    uint32_t capacity = MAX(64, 2 * network->signal_capacity);
    Signal *signals = g_new(Signal, capacity);
    for (uint32_t i = 0; i < network->signal_count; i++) {
        uint32_t old =
            (network->signal_head + i) & (network->signal_capacity - 1);
        signals[i] = network->signals[old];
    }
    g_free(network->signals);
    network->signals = signals;
    network->signal_capacity = capacity;
    network->signal_head = 0;
}

void
network_signal(Network *network, EndpointId endpoint, SignalKind kind)
{
    if (network->signal_count == network->signal_capacity)
        grow_signals(network);
    uint32_t place = (network->signal_head + network->signal_count++) &
                     (network->signal_capacity - 1);
    uint64_t serial = network_endpoint(network, endpoint)->serial;
    network->signals[place] = (Signal){serial, endpoint, kind};
}

bool
network_take_signal(Network *network, Signal *ret_signal)
{
    while (network->signal_count > 0) {
        *ret_signal = network->signals[network->signal_head];
        network->signal_head =
            (network->signal_head + 1) & (network->signal_capacity - 1);
        network->signal_count--;
        /* What the owner let go meanwhile concerns nobody. */
        const Endpoint *endpoint =
            network_endpoint(network, ret_signal->endpoint);
        if (endpoint->serial == ret_signal->serial && !endpoint->is_let_go)
            return true;
    }
    return false;
}

static uint64_t
mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void
network_mark(Network *network, uint64_t entity, uint64_t what)
{
    uint64_t when = (uint64_t)network->now_ns;
    network->fingerprint += mix(mix(when ^ entity << 44) ^ what);
}

void
network_check(const Network *network)
{
    const NetworkCount *count = &network->count;
    uint64_t gone = count->delivered_packets;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        gone += count->dropped_packets[reason];
    assert(count->sent_packets == gone + network->packets.used_count);
    uint64_t on_links = 0;
    for (uint32_t i = 0; i < network->link_count; i++) {
        const Link *link = &network->links[i];
        on_links += link->count.arrived_packets -
                    link->count.delivered_packets - link_dropped_packets(link);
    }
    assert(on_links == network->packets.used_count);
}
