/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_open.c: how connections begin and end.
 *
 * The acceptor's endpoint is made with the opener's, and waits for the SYN.
 * A connection's memory is used again when both sides are closed and none of
 * its packets is in the network any more.
 */
#include <assert.h>
#include <glib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sim/transport/tcp_internal.h"

#define FIRST_WINDOW_BYTES 65535u
#define FIRST_BUFFER_BYTES 131072u
#define FIRST_ROUND_PACKETS 10u

/* Who was here before may have left entries on the agenda of another part,
 * which comes upon one just now, by another thread: tcp_forget has set
 * entry_ns, and nobody but its part writes it; part is written and read whole.
 */
static void
clear(Endpoint *endpoint, uint8_t part)
{
    const size_t start = offsetof(Endpoint, state);
    memset((char *)endpoint + start, 0, sizeof *endpoint - start);
    __atomic_store_n(&endpoint->part, part, __ATOMIC_RELAXED);
}

static void
endpoint_init(Endpoint *endpoint, EndpointId id, uint8_t part,
              const TcpOptions *options, const Path *path)
{
    clear(endpoint, part);
    endpoint->id = id;
    endpoint->options = options;
    endpoint->path = *path;
    endpoint->owner = endpoint->owner_stream = UINT32_MAX;
    endpoint->expect_bytes = 1;
    endpoint->fin_seq = UINT64_MAX;
    uint64_t window_bytes =
        MIN(FIRST_WINDOW_BYTES, options->receive_window_bytes);
    endpoint->receive = (ReceiveWindow){
        .size_bytes = window_bytes,
        .goal_bytes = MIN(FIRST_BUFFER_BYTES, options->receive_window_bytes),
        .is_rising = true,
        .round_bytes = FIRST_ROUND_PACKETS * options->mss_bytes,
    };
    endpoint->quick_acks = (uint32_t)(window_bytes / (2 * options->mss_bytes));
    endpoint->delayed_ack_ns = TIME_NEVER;
    endpoint->opened_ns = TIME_NEVER;
    scoreboard_init(&endpoint->board);
    rtt_init(&endpoint->rtt);
    congestion_init(&endpoint->window, options->congestion,
                    options->initial_window_packets, options->has_hystart);
}

static void
endpoint_clear(Endpoint *endpoint)
{
    stream_clear(&endpoint->incoming);
    scoreboard_clear(&endpoint->board);
    reassembly_clear(&endpoint->reassembly);
}

static Connection *
new_block(void)
{
    size_t block_bytes = CONNECTION_BLOCK * sizeof(Connection);
    Connection *block = aligned_alloc(64, block_bytes);
    if (!block)
        g_error("out of memory: %zu bytes", block_bytes);
    memset(block, 0, block_bytes);
    for (uint32_t i = 0; i < CONNECTION_BLOCK; i++) {
        block[i].sides[0].entry_ns = TIME_NEVER;
        block[i].sides[1].entry_ns = TIME_NEVER;
    }
    return block;
}

static void
add_block(Network *network)
{
    uint32_t place =
        network_connection_index(network, network->connection_capacity) /
        CONNECTION_BLOCK;
    if (place >= CONNECTION_BLOCKS_MAX)
        g_error("more than %u connections at once",
                CONNECTION_BLOCKS_MAX * CONNECTION_BLOCK);
    network->connections[place] = new_block();
    network->connection_capacity += CONNECTION_BLOCK;
    network->free_connections = g_renew(uint32_t, network->free_connections,
                                        network->connection_capacity);
}

void
tcp_make_room(Network *network, uint32_t connection_count)
{
    while (network->connection_capacity < connection_count)
        add_block(network);
    network->connection_count = connection_count;
}

static uint32_t
take_connection(Network *network)
{
    if (network->free_connection_count > 0)
        return network->free_connections[--network->free_connection_count];
    if (network->connection_count == network->connection_capacity)
        add_block(network);
    return network_connection_index(network, network->connection_count++);
}

static void
set_address(Endpoint *endpoint, uint32_t host)
{
    endpoint->address[0] = (uint8_t)(host >> 16);
    endpoint->address[1] = (uint8_t)(host >> 8);
    endpoint->address[2] = (uint8_t)host;
}

static Connection *
connection_init(Network *network, uint32_t index, const TcpPath *path)
{
    Connection *connection = network_connection(network, index);
    Endpoint *opener = &connection->sides[0];
    Endpoint *acceptor = &connection->sides[1];
    assert(!opener->is_used);
    endpoint_init(opener, 2 * index, (uint8_t)network->part, path->opener,
                  &path->out);
    endpoint_init(acceptor, 2 * index + 1, path->acceptor_part, path->acceptor,
                  &path->back);
    opener->is_used = acceptor->is_used = true;
    opener->peer_part = acceptor->part;
    acceptor->peer_part = opener->part;
    opener->serial = acceptor->serial = path->serial;
    set_address(opener, path->opener_host);
    set_address(acceptor, path->acceptor_host);
    acceptor->state = TCP_SYN_RECEIVED;
    acceptor->is_refusing = path->is_refused;
    return connection;
}

EndpointId
tcp_open(Network *network, const TcpPath *path)
{
    uint32_t index = take_connection(network);
    Connection *connection = connection_init(network, index, path);
    Endpoint *opener = &connection->sides[0];
    if (path->is_dead)
        tcp_vanish(network, &connection->sides[1]);
    if (network->parts && !parts_is_here(network->parts, path->acceptor_part)) {
        TcpOpened opened = {*path, index};
        g_array_append_val(network->opened, opened);
    }
    opener->state = TCP_SYN_SENT;
    opener->opened_ns = network->now_ns;
    tcp_send_control(network, opener, PACKET_SYN);
    tcp_set_timer(network, opener, TIMER_CONNECT,
                  network->now_ns + tcp_rto_ns(opener));
    return opener->id;
}

static bool
are_packets_left(const Connection *connection)
{
    const Endpoint *sides = connection->sides;
    return sides[0].sent_packets + sides[1].sent_packets !=
           sides[0].gone_packets + sides[1].gone_packets;
}

void
tcp_forget(Network *network, EndpointId id)
{
    Connection *connection = network_connection(network, id >> 1);
    for (int side = 0; side < 2; side++) {
        endpoint_clear(&connection->sides[side]);
        connection->sides[side].is_used = false;
        connection->sides[side].entry_ns = TIME_NEVER;
    }
}

void
tcp_release_if_idle(Network *network, EndpointId id)
{
    if (network->released)
        g_array_append_val(network->released, id);
    else
        tcp_release(network, id);
}

bool
tcp_release(Network *network, EndpointId id)
{
    Connection *connection = network_connection(network, id >> 1);
    Endpoint *opener = &connection->sides[0];
    Endpoint *acceptor = &connection->sides[1];
    if (!opener->is_used || opener->state != TCP_CLOSED ||
        are_packets_left(connection))
        return false;
    /* A SYN that got lost, and whose sender gave up, was never heard of. */
    if (acceptor->state == TCP_SYN_RECEIVED &&
        acceptor->opened_ns == TIME_NEVER)
        acceptor->state = TCP_CLOSED;
    if (acceptor->state != TCP_CLOSED || opener->is_owned || acceptor->is_owned)
        return false;
    tcp_forget(network, id);
    network->free_connections[network->free_connection_count++] = id >> 1;
    return true;
}

void
tcp_finish(Network *network, Endpoint *endpoint, CloseReason reason)
{
    if (endpoint->state == TCP_CLOSED)
        return;
    endpoint->state = TCP_CLOSED;
    endpoint->close_reason = reason;
    endpoint->timer = TIMER_NONE;
    endpoint->delayed_ack_ns = TIME_NEVER;
    if (endpoint->is_owned && !endpoint->is_let_go)
        network_signal(network, endpoint->id, SIGNAL_CLOSED);
    tcp_release_if_idle(network, endpoint->id);
}

void
tcp_vanish(Network *network, Endpoint *endpoint)
{
    endpoint->is_silent = true;
    endpoint->is_let_go = true;
    endpoint->is_owned = false;
    tcp_finish(network, endpoint, CLOSE_RESET);
}

bool
tcp_is_cut_off(const Network *network, const Endpoint *endpoint)
{
    bool is_booked =
        !endpoint->is_let_go && endpoint->state != TCP_SYN_RECEIVED;
    if (is_booked || endpoint->state == TCP_CLOSED || !network->life_start_ns)
        return false;
    /* One that waits for its SYN is as old as that. */
    int64_t opened_ns = MIN(endpoint->opened_ns, network->now_ns);
    return opened_ns < network->life_start_ns[endpoint->owner];
}

void
tcp_disown(Network *network, Endpoint *endpoint)
{
    endpoint->is_owned = false;
    endpoint->is_let_go = true;
    tcp_release_if_idle(network, endpoint->id);
}

static void
finish_if_done(Network *network, Endpoint *endpoint)
{
    if (endpoint->state == TCP_ESTABLISHED && endpoint->is_let_go &&
        endpoint->is_fin_acked && endpoint->has_peer_fin)
        tcp_finish(network, endpoint, CLOSE_DONE);
}

void
tcp_close(Network *network, Endpoint *endpoint, CloseReason reason)
{
    endpoint->is_let_go = true;
    if (endpoint->state == TCP_CLOSED) {
        tcp_disown(network, endpoint);
        return;
    }
    bool has_unread = tcp_readable_bytes(endpoint) > 0;
    if (reason == CLOSE_DONE && endpoint->state == TCP_ESTABLISHED &&
        !has_unread) {
        endpoint->is_owned = false;
        endpoint->is_closing = true;
        tcp_push(network, endpoint);
        finish_if_done(network, endpoint);
        return;
    }
    if (endpoint->state == TCP_ESTABLISHED)
        tcp_send_control(network, endpoint, PACKET_RST);
    endpoint->is_owned = false;
    tcp_finish(network, endpoint, reason);
}

void
tcp_packet(Network *network, uint32_t index)
{
    Packet packet = network->packets.packets[index];
    uint64_t size_bytes = network->packets.transits[index].size_bytes;
    packet_put(&network->packets, index);
    Endpoint *endpoint = network_endpoint(network, packet.endpoint);
    network_mark(network, 2 * endpoint->serial + (packet.endpoint & 1),
                 packet.seq ^ packet.ack << 20 ^ size_bytes << 48 ^
                     (uint64_t)packet.flags << 58);
    if (tcp_is_cut_off(network, endpoint))
        tcp_vanish(network, endpoint);
    if (endpoint->is_refusing && (packet.flags & PACKET_SYN)) {
        tcp_send_control(network, endpoint, PACKET_RST);
        endpoint->is_silent = true;
        tcp_finish(network, endpoint, CLOSE_REFUSED);
    } else if (endpoint->state != TCP_CLOSED) {
        tcp_received(network, endpoint, &packet);
        finish_if_done(network, endpoint);
    } else if (!endpoint->is_silent && !(packet.flags & PACKET_RST) &&
               !endpoint->is_fin_acked) {
        tcp_send_control(network, endpoint, PACKET_RST);
    } else if (!endpoint->is_silent && (packet.flags & PACKET_FIN)) {
        tcp_send_ack(network, endpoint); /* as in TIME-WAIT: ours got lost */
    }
    tcp_packet_gone(network, packet.endpoint);
}

void
tcp_packet_gone(Network *network, EndpointId id)
{
    Endpoint *endpoint = network_endpoint(network, id);
    endpoint->gone_packets++;
    if (endpoint->state != TCP_ESTABLISHED)
        tcp_release_if_idle(network, id);
}

/* Blocks in which other ranks alone have an end stay away. */
Connection *
tcp_adopt(Network *network, const TcpOpened *opened)
{
    uint32_t place = opened->index / CONNECTION_BLOCK;
    if (!network->connections[place])
        network->connections[place] = new_block();
    uint32_t capacity = (place / network->part_count + 1) * CONNECTION_BLOCK;
    network->connection_capacity = MAX(network->connection_capacity, capacity);
    Connection *connection =
        connection_init(network, opened->index, &opened->path);
    if (opened->path.is_dead) {
        connection->sides[1].state = TCP_CLOSED;
        connection->sides[1].is_silent = true;
        connection->sides[1].is_let_go = true;
    }
    return connection;
}

TcpStanding
tcp_standing(const Network *network, EndpointId id)
{
    const Endpoint *acceptor = network_endpoint(network, id);
    return (TcpStanding){
        .serial = acceptor->serial,
        .opened_ns = acceptor->opened_ns,
        .id = id,
        .sent_packets = acceptor->sent_packets,
        .gone_packets = acceptor->gone_packets,
        .state = acceptor->state,
        .is_owned = acceptor->is_owned,
    };
}

void
tcp_learn_standing(Network *network, const TcpStanding *standing)
{
    Endpoint *acceptor = network_endpoint(network, standing->id);
    assert(acceptor->serial == standing->serial);
    acceptor->opened_ns = standing->opened_ns;
    acceptor->sent_packets = standing->sent_packets;
    acceptor->gone_packets = standing->gone_packets;
    acceptor->state = standing->state;
    acceptor->is_owned = standing->is_owned;
}
