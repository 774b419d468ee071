/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_receive.c: what a packet does to its receiver.
 */
#include <assert.h>
#include <glib.h>

#include "sim/transport/tcp_internal.h"

#define DELAYED_ACK_NS (40 * NS_PER_MS)

uint64_t
tcp_window_edge(const Endpoint *endpoint)
{
    return endpoint->read_seq + endpoint->receive.size_bytes;
}

uint64_t
tcp_readable_bytes(const Endpoint *endpoint)
{
    uint64_t end_seq = MIN(endpoint->reassembly.next_seq, endpoint->fin_seq);
    return end_seq - endpoint->read_seq;
}

bool
tcp_is_ended(const Endpoint *endpoint)
{
    return endpoint->has_peer_fin && tcp_readable_bytes(endpoint) == 0;
}

void
tcp_tell_reader(Network *network, Endpoint *endpoint)
{
    uint64_t readable = tcp_readable_bytes(endpoint);
    bool is_due = readable >= endpoint->expect_bytes ||
                  (endpoint->has_peer_fin && endpoint->state != TCP_CLOSED);
    if (endpoint->is_let_go || endpoint->is_told || !is_due)
        return;
    endpoint->is_told = true;
    network_signal(network, endpoint->id, SIGNAL_READABLE);
}

uint64_t
tcp_can_wait_bytes(const Endpoint *endpoint, uint64_t size_bytes)
{
    uint64_t room = endpoint->options->receive_window_bytes / 2;
    return MIN(size_bytes, MAX(room, 1));
}

void
tcp_expect(Network *network, Endpoint *endpoint, uint64_t size_bytes)
{
    endpoint->expect_bytes = tcp_can_wait_bytes(endpoint, size_bytes);
    tcp_tell_reader(network, endpoint);
}

void
tcp_read(Network *network, Endpoint *endpoint, uint64_t size_bytes)
{
    assert(size_bytes <= tcp_readable_bytes(endpoint));
    endpoint->read_seq += size_bytes;
    if (endpoint->state != TCP_ESTABLISHED)
        return;
    /* A reader that made much room after a stop says so at once. */
    uint64_t next_seq = endpoint->reassembly.next_seq;
    uint64_t told = endpoint->advertised_seq > next_seq
                        ? endpoint->advertised_seq - next_seq
                        : 0;
    uint64_t room = tcp_window_edge(endpoint) - next_seq;
    const TcpOptions *options = endpoint->options;
    if (room >= 2 * told &&
        room - told >= MIN(options->mss_bytes, options->receive_window_bytes))
        tcp_send_ack(network, endpoint);
}

static void
acknowledge(Network *network, Endpoint *endpoint, bool is_urgent)
{
    const ReceiveWindow *window = &endpoint->receive;
    uint64_t unacked = endpoint->reassembly.next_seq - endpoint->acked_seq;
    /* While more and more comes, the window is opening, and the kernel is
     * seen to tell nearly every segment; afterwards every second one. */
    bool is_now = is_urgent || !endpoint->options->has_delayed_ack ||
                  unacked > endpoint->options->mss_bytes ||
                  endpoint->reassembly.count > 0 || window->is_rising;
    if (!is_now && endpoint->quick_acks > 0) {
        endpoint->quick_acks--;
        is_now = true;
    }
    if (is_now)
        tcp_send_ack(network, endpoint);
    else if (endpoint->delayed_ack_ns == TIME_NEVER)
        tcp_set_delayed_ack(network, endpoint,
                            network->now_ns + DELAYED_ACK_NS);
}

/* The receiver's round trip, from the echo of its own ACKs: not of one before
 * what it has said since, for the peer had been waiting for that. */
static void
measure_round_trip(Network *network, Endpoint *endpoint, const Packet *packet)
{
    ReceiveWindow *window = &endpoint->receive;
    if (packet->stamp_us == window->last_echo_us || packet->stamp_us == 0)
        return;
    window->last_echo_us = packet->stamp_us;
    int64_t now_us = network->now_ns / NS_PER_US;
    int64_t age_us = (uint32_t)now_us - packet->stamp_us;
    if (endpoint->last_sent_ns > 0 &&
        age_us > now_us - endpoint->last_sent_ns / NS_PER_US)
        return;
    int64_t sample_ns = age_us * NS_PER_US;
    if (window->rtt_ns == 0)
        window->rtt_ns = sample_ns;
    window->rtt_ns += (sample_ns - window->rtt_ns) / 8;
}

/* Once a round trip: what came in it says what the window should be
 * (dynamic right-sizing, as tcp_rcv_space_adjust does it). */
static void
set_goal(Network *network, Endpoint *endpoint)
{
    ReceiveWindow *window = &endpoint->receive;
    uint64_t next_seq = endpoint->reassembly.next_seq;
    if (window->rtt_ns == 0 ||
        network->now_ns - window->round_start_ns < window->rtt_ns)
        return;
    uint64_t came_bytes = next_seq - window->round_seq;
    window->round_start_ns = network->now_ns;
    window->round_seq = next_seq;
    window->is_rising = 2 * came_bytes >= 3 * window->round_bytes;
    if (came_bytes <= window->round_bytes)
        return;
    uint64_t grown = came_bytes - window->round_bytes;
    uint64_t goal = 2 * came_bytes + 16 * endpoint->options->mss_bytes;
    goal += 2 * (goal * grown / window->round_bytes);
    window->round_bytes = came_bytes;
    goal = MIN(goal, endpoint->options->receive_window_bytes);
    window->goal_bytes = MAX(window->goal_bytes, goal);
}

/* The window opens by twice what arrives in order, up to its goal. */
static void
open_window(Network *network, Endpoint *endpoint, uint64_t arrived_bytes)
{
    ReceiveWindow *window = &endpoint->receive;
    set_goal(network, endpoint);
    window->size_bytes =
        MIN(window->size_bytes + 2 * arrived_bytes, window->goal_bytes);
}

static void
take_payload(Network *network, Endpoint *endpoint, const Packet *packet,
             uint32_t sequence_bytes)
{
    Reassembly *reassembly = &endpoint->reassembly;
    uint64_t end_seq = packet->seq + sequence_bytes;
    uint64_t old_next = reassembly->next_seq;
    if (packet->flags & PACKET_FIN)
        endpoint->fin_seq = end_seq - 1;
    bool is_filling = packet->seq <= old_next && reassembly->count > 0;
    bool is_new = reassembly_add(reassembly, packet->seq, end_seq);
    endpoint->owes_duplicate |= !is_new;
    if (reassembly->next_seq > old_next)
        open_window(network, endpoint, reassembly->next_seq - old_next);
    if (endpoint->fin_seq < reassembly->next_seq)
        endpoint->has_peer_fin = true;
    bool is_urgent = !is_new || is_filling || (packet->flags & PACKET_FIN);
    acknowledge(network, endpoint, is_urgent);
    tcp_tell_reader(network, endpoint);
}

/* Bytes that have not come before; a copy of old ones is only late. */
static bool
brings_payload(const Endpoint *endpoint, const Packet *packet)
{
    return packet->sequence_bytes > 0 && !(packet->flags & PACKET_FIN) &&
           packet->seq + packet->sequence_bytes > endpoint->reassembly.next_seq;
}

/* Data for an owner that has gone: the connection is over. */
static void
refuse_payload(Network *network, Endpoint *endpoint)
{
    tcp_send_control(network, endpoint, PACKET_RST);
    tcp_finish(network, endpoint, CLOSE_RESET);
}

static void
become_established(Network *network, Endpoint *endpoint)
{
    bool is_opener = endpoint->state == TCP_SYN_SENT;
    endpoint->state = TCP_ESTABLISHED;
    endpoint->timer = TIMER_NONE;
    if (endpoint->backoff == 0)
        rtt_sample(&endpoint->rtt, network->now_ns - endpoint->opened_ns);
    endpoint->backoff = 0;
    if (is_opener)
        tcp_send_ack(network, endpoint);
    if (!endpoint->is_let_go)
        network_signal(network, endpoint->id,
                       is_opener ? SIGNAL_CONNECTED : SIGNAL_ACCEPTED);
    tcp_push(network, endpoint);
}

static void
take_syn(Network *network, Endpoint *endpoint, const Packet *packet)
{
    if (endpoint->state == TCP_ESTABLISHED) {
        tcp_send_ack(network, endpoint); /* ours got lost */
        return;
    }
    endpoint->window_end_seq = packet->window_bytes;
    if (endpoint->state == TCP_SYN_SENT && (packet->flags & PACKET_ACK)) {
        become_established(network, endpoint);
        return;
    }
    if (endpoint->state != TCP_SYN_RECEIVED)
        return;
    if (endpoint->opened_ns == TIME_NEVER)
        endpoint->opened_ns = network->now_ns;
    tcp_send_control(network, endpoint, PACKET_SYN | PACKET_ACK);
    if (endpoint->timer == TIMER_NONE)
        tcp_set_timer(network, endpoint, TIMER_CONNECT,
                      network->now_ns + tcp_rto_ns(endpoint));
}

void
tcp_received(Network *network, Endpoint *endpoint, const Packet *packet)
{
    if (packet->flags & PACKET_RST) {
        tcp_finish(network, endpoint,
                   endpoint->state == TCP_SYN_SENT ? CLOSE_REFUSED
                                                   : CLOSE_RESET);
        return;
    }
    if (packet->flags & PACKET_SYN) {
        take_syn(network, endpoint, packet);
        return;
    }
    if (endpoint->state == TCP_SYN_RECEIVED)
        become_established(network, endpoint);
    if (endpoint->state != TCP_ESTABLISHED)
        return;
    uint32_t sequence_bytes = packet->sequence_bytes;
    if (endpoint->is_let_go && brings_payload(endpoint, packet)) {
        refuse_payload(network, endpoint);
        return;
    }
    if (sequence_bytes > 0)
        measure_round_trip(network, endpoint, packet);
    else
        endpoint->peer_stamp_us = packet->stamp_us;
    if (sequence_bytes > 0)
        take_payload(network, endpoint, packet, sequence_bytes);
    else if (packet->flags & PACKET_PROBE)
        tcp_send_ack(network, endpoint);
    if (endpoint->state == TCP_ESTABLISHED)
        tcp_acknowledged(network, endpoint, packet);
}
