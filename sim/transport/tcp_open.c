/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_open.c: how connections begin and end.
 *
 * The acceptor's endpoint is made with the opener's, and waits for the SYN.
 * A connection's memory is used again when both sides are closed and none of
 * its packets is in the network any more.
 */
#include <assert.h>
#include <glib.h>
#include <string.h>

#include "sim/transport/tcp_internal.h"

#define FIRST_WINDOW_BYTES 65535u
#define FIRST_BUFFER_BYTES 131072u
#define FIRST_ROUND_PACKETS 10u

static void
endpoint_init(Endpoint *endpoint, EndpointId id, const TcpOptions *options,
              const Path *path)
{
    memset(endpoint, 0, sizeof *endpoint);
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
    endpoint->entry_ns = TIME_NEVER;
    endpoint->opened_ns = TIME_NEVER;
    scoreboard_init(&endpoint->board);
    rtt_init(&endpoint->rtt);
    congestion_init(&endpoint->window, options->congestion,
                    options->initial_window_packets, options->has_hystart);
}

static void
endpoint_clear(Endpoint *endpoint)
{
    stream_clear(&endpoint->content);
    scoreboard_clear(&endpoint->board);
    reassembly_clear(&endpoint->reassembly);
}

static uint32_t
take_connection(Network *network)
{
    if (network->free_connection_count > 0)
        return network->free_connections[--network->free_connection_count];
    if (network->connection_count == network->connection_capacity) {
        network->connection_capacity =
            MAX(64, 2 * network->connection_capacity);
        network->connections = g_renew(Connection *, network->connections,
                                       network->connection_capacity);
        network->free_connections = g_renew(uint32_t, network->free_connections,
                                            network->connection_capacity);
    }
    network->connections[network->connection_count] = g_new0(Connection, 1);
    return network->connection_count++;
}

EndpointId
tcp_open(Network *network, const TcpPath *path)
{
    uint32_t index = take_connection(network);
    Connection *connection = network->connections[index];
    assert(!connection->is_used);
    assert(connection->in_flight_packets == 0);
    connection->is_used = true;
    connection->serial = network->opened_total++;
    Endpoint *opener = &connection->sides[0];
    Endpoint *acceptor = &connection->sides[1];
    endpoint_init(opener, 2 * index, path->opener, &path->out);
    endpoint_init(acceptor, 2 * index + 1, path->acceptor, &path->back);
    acceptor->state = TCP_SYN_RECEIVED;
    acceptor->is_refusing = path->is_refused;
    if (path->is_dead)
        tcp_vanish(network, acceptor);
    opener->state = TCP_SYN_SENT;
    opener->opened_ns = network->now_ns;
    tcp_send_control(network, opener, PACKET_SYN);
    tcp_set_timer(network, opener, TIMER_CONNECT,
                  network->now_ns + tcp_rto_ns(opener));
    return opener->id;
}

void
tcp_release_if_idle(Network *network, EndpointId id)
{
    Connection *connection = network->connections[id >> 1];
    Endpoint *acceptor = &connection->sides[1];
    /* A SYN that got lost, and whose sender gave up, was never heard of. */
    if (connection->in_flight_packets == 0 &&
        connection->sides[0].state == TCP_CLOSED &&
        acceptor->state == TCP_SYN_RECEIVED &&
        acceptor->opened_ns == TIME_NEVER)
        acceptor->state = TCP_CLOSED;
    if (!connection->is_used || connection->in_flight_packets > 0 ||
        connection->sides[0].state != TCP_CLOSED ||
        connection->sides[1].state != TCP_CLOSED ||
        connection->sides[0].is_owned || connection->sides[1].is_owned)
        return;
    endpoint_clear(&connection->sides[0]);
    endpoint_clear(&connection->sides[1]);
    connection->is_used = false;
    network->free_connections[network->free_connection_count++] = id >> 1;
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
    packet_put(&network->packets, index);
    Endpoint *endpoint = network_endpoint(network, packet.endpoint);
    uint64_t serial = network->connections[packet.endpoint >> 1]->serial;
    network_mark(network, 2 * serial + (packet.endpoint & 1),
                 packet.seq ^ packet.ack << 20 ^
                     (uint64_t)packet.size_bytes << 48 ^
                     (uint64_t)packet.flags << 58);
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
    }
    tcp_packet_gone(network, packet.endpoint);
}

void
tcp_packet_gone(Network *network, EndpointId id)
{
    Connection *connection = network->connections[id >> 1];
    assert(connection->in_flight_packets > 0);
    connection->in_flight_packets--;
    tcp_release_if_idle(network, id);
}
