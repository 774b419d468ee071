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
#include "sim/parts.h"
#include "sim/pcap.h"
#include "sim/prefetch.h"

void
network_init_part(Network *network, uint32_t part_count)
{
    memset(network, 0, sizeof *network);
    agenda_init(&network->agenda, part_count);
    packet_pool_init(&network->packets);
    network->outside_head = network->outside_tail = PACKET_NONE;
    network->ahead_ns = -1;
    network->part_count = part_count;
}

void
network_init(Network *network)
{
    network_init_part(network, 1);
    /* Only the pages that are used cost memory. */
    network->connections = calloc(CONNECTION_BLOCKS_MAX, sizeof(Connection *));
    if (!network->connections)
        g_error("out of memory");
}

static void
clear_connection(Connection *connection)
{
    for (int side = 0; side < 2 && connection->sides[0].is_used; side++) {
        stream_clear(&connection->sides[side].incoming);
        scoreboard_clear(&connection->sides[side].board);
        reassembly_clear(&connection->sides[side].reassembly);
    }
}

/* NULL: all its connections are between other ranks. */
static void
clear_block(Connection *block)
{
    for (uint32_t i = 0; block && i < CONNECTION_BLOCK; i++)
        clear_connection(&block[i]);
    free(block);
}

void
network_clear_part(Network *network)
{
    for (uint32_t i = 0; i < network->connection_capacity;
         i += CONNECTION_BLOCK) {
        uint32_t index = network_connection_index(network, i);
        clear_block(network->connections[index / CONNECTION_BLOCK]);
    }
    g_free(network->free_connections);
    g_free(network->feeders);
    g_free(network->signals);
    agenda_clear(&network->agenda);
    packet_pool_clear(&network->packets);
}

void
network_clear(Network *network)
{
    network_clear_part(network);
    for (uint32_t i = 0; i < network->link_count; i++)
        link_clear(&network->links[i]);
    free(network->connections);
    free(network->links);
    g_free(network->routes);
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
    Gone gone = {packet->endpoint, packet->part};
    bool is_outside = packet->flags & PACKET_OUTSIDE;
    network->count.dropped_packets[reason]++;
    packet_put(&network->packets, index);
    if (is_outside)
        return;
    if (gone.part == network->part)
        tcp_packet_gone(network, gone.endpoint);
    else
        g_array_append_val(network->gone, gone);
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
        transit->link = transit->down;
}

/* On a link that ends in this part. */
static void
hold(Network *network, LinkId id, uint32_t index)
{
    Link *link = &network->links[id];
    link_hold(link, &network->packets, index);
    agenda_move(&network->agenda, &link->entry_ns,
                link_next_ns(link, &network->packets),
                agenda_key(AGENDA_LINK, id));
}

/* May the next link take the packet, which is on one that ends in this part,
 * before it arrives there? */
static bool
may_run_ahead(const Network *network, const PacketTransit *transit)
{
    return transit->out_ns <= network->ahead_ns && transit->link != LINK_NONE &&
           transit->fate == LINK_TAKEN &&
           network->links[transit->link].is_fed_by_one;
}

/* The packet arrives at its next link at_ns; through as many as are known.
 * One that a link will refuse waits on the link before, to be dropped when it
 * gets there. */
static void
travel(Network *network, LinkId before, uint32_t index, int64_t at_ns)
{
    for (;;) {
        PacketTransit *transit = &network->packets.transits[index];
        LinkId id = transit->link;
        Link *link = &network->links[id];
        assert(before == LINK_NONE || link->feeder == before);
        network->count.hops++;
        LinkVerdict verdict = link_take(link, &network->packets, index, at_ns);
        if (verdict != LINK_TAKEN && before == LINK_NONE) {
            drop_packet(network, index, (LinkDrop)(verdict - 1));
            return;
        }
        if (verdict != LINK_TAKEN) {
            transit->fate = (uint8_t)verdict;
            hold(network, before, index);
            return;
        }
        if (link->is_captured && transit->fate == LINK_TAKEN)
            pcap_take(link->extra->pcap, network, index);
        /* One link ahead, so that it can be fetched before it is needed. */
        find_next_link(network, index);
        if (link->far_part != network->part) {
            mail_post_packet(network, id, index);
            return;
        }
        if (!may_run_ahead(network, transit)) {
            hold(network, id, index);
            return;
        }
        before = id;
        at_ns = transit->out_ns;
    }
}

void
network_come(Network *network, LinkId id, uint32_t index)
{
    const PacketTransit *transit = &network->packets.transits[index];
    if (may_run_ahead(network, transit))
        travel(network, id, index, transit->out_ns);
    else
        hold(network, id, index);
}

static void
join(Network *network, LinkId before, LinkId id)
{
    Link *link = &network->links[id];
    bool is_first = before == LINK_NONE;
    bool is_unruly = !is_first && network->links[before].extra &&
                     network->links[before].extra->may_reorder;
    if (is_first || is_unruly ||
        (link->feeder != LINK_NONE && link->feeder != before))
        link->feeder = LINK_MANY;
    else
        link->feeder = before;
    link->is_fed_by_one = link->feeder != LINK_MANY;
}

void
network_add_path(Network *network, const Path *path)
{
    LinkId before = LINK_NONE;
    if (path->up != LINK_NONE)
        join(network, before, path->up);
    before = path->up;
    if (path->route != ROUTE_NONE) {
        const Route *route = &network->routes[path->route];
        for (uint32_t i = 0; i < route->hop_count; i++) {
            join(network, before, route->links[i]);
            before = route->links[i];
        }
    }
    if (path->down != LINK_NONE)
        join(network, before, path->down);
}

void
network_steer_link(Network *network, LinkId id)
{
    network->links[id].feeder = LINK_MANY;
    network->links[id].is_fed_by_one = false;
}

/* How many links feed one another before this one. */
static uint32_t
depth_of(const Network *network, LinkId id)
{
    uint32_t depth = 0;
    while (network->links[id].is_fed_by_one && depth < ROUTE_HOPS_MAX) {
        id = network->links[id].feeder;
        depth++;
    }
    return depth;
}

static int
compare_depths(const void *a, const void *b, void *context)
{
    uint32_t left = depth_of(context, *(const LinkId *)a);
    uint32_t right = depth_of(context, *(const LinkId *)b);
    return (left < right) - (left > right);
}

static void
find_feeders(Network *network)
{
    g_autofree bool *is_feeder = g_new0(bool, network->link_count);
    network->feeders = g_new(LinkId, network->link_count + 1);
    for (LinkId id = 0; id < network->link_count; id++) {
        const Link *link = &network->links[id];
        if (!link->is_fed_by_one || is_feeder[link->feeder] ||
            network->links[link->feeder].far_part != network->part)
            continue;
        is_feeder[link->feeder] = true;
        network->feeders[network->feeder_count++] = link->feeder;
    }
    network->feeders =
        g_renew(LinkId, network->feeders, network->feeder_count + 1);
    g_qsort_with_data(network->feeders, (gint)network->feeder_count,
                      sizeof(LinkId), compare_depths, network);
}

/* What the link holds was taken when less was known. */
static void
send_ahead(Network *network, LinkId id)
{
    Link *link = &network->links[id];
    uint32_t index = link->head;
    link->head = link->tail = PACKET_NONE;
    while (index != PACKET_NONE) {
        PacketTransit *transit = &network->packets.transits[index];
        uint32_t next = transit->next;
        transit->next = PACKET_NONE;
        if (may_run_ahead(network, transit))
            travel(network, id, index, transit->out_ns);
        else
            link_hold(link, &network->packets, index);
        index = next;
    }
}

void
network_run_ahead(Network *network, int64_t until_ns)
{
    if (!network->feeders)
        find_feeders(network);
    network->ahead_ns = until_ns;
    /* What is nearer to the end has to be taken there first. */
    for (uint32_t i = 0; i < network->feeder_count; i++)
        send_ahead(network, network->feeders[i]);
}

static void
enter_path(Network *network, const Path *path, uint32_t index)
{
    PacketTransit *transit = &network->packets.transits[index];
    transit->down = path->down;
    transit->route = path->route;
    transit->hop = 0;
    transit->link = path->up;
    if (transit->link == LINK_NONE)
        find_next_link(network, index);
    assert(transit->link != LINK_NONE);
    network->count.sent_packets++;
    travel(network, LINK_NONE, index, network->now_ns);
}

void
network_send(Network *network, const Path *path, uint32_t packet)
{
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
        travel(network, LINK_NONE, index, network->now_ns);
        return;
    }
    network->count.delivered_packets++;
    if (network->packets.packets[index].flags & PACKET_OUTSIDE)
        leave_to_outside(network, index);
    else
        tcp_packet(network, index);
}

static LinkDrop
fate_of(const Network *network, uint32_t index)
{
    return (LinkDrop)(network->packets.transits[index].fate - 1);
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
            drop_packet(network, packet, fate_of(network, packet));
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

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

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
    network->fingerprint += mix(mix(when + entity * GOLDEN) ^ what);
}

static const Network *
part_of(const Network *network, uint32_t part)
{
    return network->parts ? parts_network(network->parts, part) : network;
}

static bool
is_part_here(const Network *network, uint32_t part)
{
    return !network->parts || parts_is_here(network->parts, part);
}

static uint32_t
held_packets(const Network *network)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < network->link_count; i++) {
        const Link *link = &network->links[i];
        if (link->far_part == network->part)
            count += link_held_packets(link, &network->packets);
    }
    assert(count == network->packets.used_count);
    return count;
}

static void
add_part(const Network *network, NetworkTotal *total)
{
    NetworkCount *sum = &total->count;
    const NetworkCount *count = &network->count;
    sum->sent_packets += count->sent_packets;
    sum->delivered_packets += count->delivered_packets;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        sum->dropped_packets[reason] += count->dropped_packets[reason];
    sum->data_packets += count->data_packets;
    sum->hops += count->hops;
    total->fingerprint += network->fingerprint;
    total->events += network->agenda.popped_total;
    total->connections += network->connection_count;
}

NetworkTotal
network_total(const Network *network)
{
    NetworkTotal total = {0};
    for (uint32_t part = 0; part < network->part_count; part++) {
        if (is_part_here(network, part))
            add_part(part_of(network, part), &total);
    }
    parts_sum(network, (uint64_t *)&total, sizeof total / sizeof(uint64_t));
    return total;
}

void
network_check(const Network *network)
{
    NetworkTotal total = network_total(network);
    uint64_t known = total.count.delivered_packets;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        known += total.count.dropped_packets[reason];
    uint64_t held = 0;
    for (uint32_t part = 0; part < network->part_count; part++) {
        if (is_part_here(network, part))
            held += held_packets(part_of(network, part));
    }
    parts_sum(network, &held, 1);
    assert(total.count.sent_packets == known + held);
}
