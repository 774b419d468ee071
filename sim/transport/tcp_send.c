/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_send.c: what leaves an endpoint, and when it may.
 */
#include <assert.h>
#include <glib.h>

#include "sim/transport/tcp_internal.h"

#define SYN_OPTION_BYTES 8u /* a SYN's options are longer than a segment's */

static uint32_t
new_packet(Network *network, Endpoint *endpoint, uint32_t size_bytes,
           uint8_t flags)
{
    uint32_t index = packet_take(&network->packets);
    Packet *packet = &network->packets.packets[index];
    packet->endpoint = endpoint->id ^ 1;
    packet->part = endpoint->peer_part;
    network->packets.transits[index].size_bytes = (uint16_t)size_bytes;
    packet->flags = flags;
    packet->seq = endpoint->next_seq;
    packet->ack = endpoint->reassembly.next_seq;
    uint64_t edge = tcp_window_edge(endpoint);
    endpoint->advertised_seq = MAX(endpoint->advertised_seq, edge);
    packet->window_bytes =
        (uint32_t)MIN(endpoint->advertised_seq - packet->ack, UINT32_MAX);
    packet->stamp_us = (uint32_t)(network->now_ns / NS_PER_US);
    if (flags & PACKET_ACK) {
        reassembly_write_sack(&endpoint->reassembly, packet->sack);
        if (endpoint->owes_duplicate)
            packet->flags |= PACKET_DSACK;
        endpoint->owes_duplicate = false;
        endpoint->acked_seq = packet->ack;
        endpoint->delayed_ack_ns = TIME_NEVER;
    }
    return index;
}

void
tcp_send_control(Network *network, Endpoint *endpoint, uint8_t flags)
{
    uint32_t size_bytes = endpoint->options->header_bytes;
    if (flags & PACKET_SYN)
        size_bytes += SYN_OPTION_BYTES;
    uint32_t packet = new_packet(network, endpoint, size_bytes, flags);
    endpoint->sent_packets++;
    network_send(network, &endpoint->path, packet);
}

void
tcp_send_ack(Network *network, Endpoint *endpoint)
{
    tcp_send_control(network, endpoint, PACKET_ACK);
}

static void
send_segment(Network *network, Endpoint *endpoint, const Segment *segment)
{
    uint32_t payload = segment->is_fin ? 0 : segment->size_bytes;
    uint8_t flags = PACKET_ACK | (segment->is_fin ? PACKET_FIN : 0);
    uint32_t index = new_packet(
        network, endpoint, endpoint->options->header_bytes + payload, flags);
    Packet *packet = &network->packets.packets[index];
    packet->seq = segment_seq(segment, endpoint->next_seq);
    packet->sequence_bytes = (uint16_t)segment->size_bytes;
    packet->stamp_us = endpoint->peer_stamp_us;
    network->count.data_packets += payload > 0;
    endpoint->count.sent_segments++;
    endpoint->last_sent_ns = network->now_ns;
    if (endpoint->mood == TCP_RECOVERY)
        endpoint->prr_out++;
    endpoint->sent_packets++;
    network_send(network, &endpoint->path, index);
}

void
tcp_resend(Network *network, Endpoint *endpoint, uint32_t serial)
{
    scoreboard_mark_resent(&endpoint->board, serial, network->now_ns);
    endpoint->count.resent_segments++;
    send_segment(network, endpoint, scoreboard_at(&endpoint->board, serial));
}

void
tcp_resend_first(Network *network, Endpoint *endpoint)
{
    assert(endpoint->board.count > 0);
    tcp_resend(network, endpoint, endpoint->board.first);
}

uint64_t
tcp_unsent_bytes(const Endpoint *endpoint)
{
    if (endpoint->is_fin_sent)
        return 0;
    return endpoint->written_seq - endpoint->next_seq;
}

/* Bytes of the next new segment; 0 when nothing may go. */
static uint32_t
next_bytes(const Endpoint *endpoint)
{
    uint64_t unsent = tcp_unsent_bytes(endpoint);
    uint64_t room = endpoint->window_end_seq - endpoint->next_seq;
    uint32_t mss = endpoint->options->mss_bytes;
    uint64_t size = MIN(MIN(unsent, mss), room);
    /* A window that cuts a segment short is waited for (silly window),
     * unless nothing else would bring an ACK. */
    if (size < MIN(unsent, mss) && endpoint->board.count > 0)
        return 0;
    return (uint32_t)size;
}

static void
send_new(Network *network, Endpoint *endpoint, uint32_t size_bytes, bool is_fin)
{
    if (endpoint->board.count == 0 && endpoint->last_sent_ns > 0)
        congestion_resume(&endpoint->window, endpoint->last_sent_ns,
                          network->now_ns);
    Segment *segment = scoreboard_push(&endpoint->board, endpoint->next_seq,
                                       size_bytes, network->now_ns);
    segment->is_fin = is_fin;
    endpoint->next_seq += size_bytes;
    endpoint->is_fin_sent |= is_fin;
    send_segment(network, endpoint, segment);
}

bool
tcp_push_one(Network *network, Endpoint *endpoint)
{
    uint32_t size_bytes = next_bytes(endpoint);
    if (size_bytes == 0)
        return false;
    send_new(network, endpoint, size_bytes, false);
    return true;
}

static void
resend_lost(Network *network, Endpoint *endpoint)
{
    Scoreboard *board = &endpoint->board;
    while (scoreboard_in_flight(board) < endpoint->window.packets) {
        uint32_t serial = scoreboard_next_lost(board);
        if (serial == SERIAL_NONE)
            return;
        tcp_resend(network, endpoint, serial);
        if (serial == board->first && endpoint->timer != TIMER_REORDER)
            tcp_set_timer(network, endpoint, TIMER_RTO,
                          network->now_ns + tcp_rto_ns(endpoint));
    }
}

/* How far the window was used in this round trip (tcp_cwnd_validate): only
 * a window that is in the way may grow. */
static void
note_usage(Endpoint *endpoint, bool is_limited)
{
    uint32_t outstanding = endpoint->board.count;
    if (endpoint->una_seq < endpoint->usage_end_seq && !is_limited &&
        (endpoint->is_window_limited ||
         outstanding <= endpoint->outstanding_packets_max))
        return;
    endpoint->is_window_limited = is_limited;
    endpoint->outstanding_packets_max = outstanding;
    endpoint->usage_end_seq = endpoint->next_seq;
}

/* Halve the window once per time-out of silence, down to the initial one
 * (RFC 2861 as Linux has it). */
static void
restart_after_idle(Network *network, Endpoint *endpoint)
{
    int64_t idle_ns = network->now_ns - endpoint->last_sent_ns;
    int64_t rto_ns = tcp_rto_ns(endpoint);
    if (endpoint->board.count > 0 || endpoint->last_sent_ns == 0)
        return;
    if (!endpoint->options->has_slow_start_after_idle || idle_ns <= rto_ns)
        return;
    CongestionWindow *window = &endpoint->window;
    uint32_t least =
        MIN(endpoint->options->initial_window_packets, window->packets);
    window->threshold_packets =
        window->threshold_packets == WINDOW_INFINITE
            ? WINDOW_INFINITE
            : MAX(window->threshold_packets, window->packets * 3 / 4);
    for (; idle_ns > rto_ns && window->packets > least; idle_ns -= rto_ns)
        window->packets /= 2;
    window->packets = MAX(window->packets, least);
    window->credit = 0;
}

static void
owe_nothing(Network *network, Endpoint *endpoint)
{
    if (!endpoint->is_full ||
        tcp_unsent_bytes(endpoint) > STREAM_LOW_WATER_BYTES)
        return;
    endpoint->is_full = false;
    if (!endpoint->is_let_go)
        network_signal(network, endpoint->id, SIGNAL_DRAINED);
}

static void
send_fin_if_due(Network *network, Endpoint *endpoint)
{
    if (!endpoint->is_closing || endpoint->is_fin_sent ||
        endpoint->next_seq != endpoint->written_seq)
        return;
    send_new(network, endpoint, 1, true);
}

void
tcp_push(Network *network, Endpoint *endpoint)
{
    if (endpoint->state != TCP_ESTABLISHED)
        return;
    uint64_t sent_before = endpoint->count.sent_segments;
    resend_lost(network, endpoint);
    bool is_limited = false;
    uint32_t size_bytes = next_bytes(endpoint);
    while (size_bytes > 0 && !is_limited) {
        is_limited =
            scoreboard_in_flight(&endpoint->board) >= endpoint->window.packets;
        if (is_limited)
            break;
        send_new(network, endpoint, size_bytes, false);
        size_bytes = next_bytes(endpoint);
    }
    send_fin_if_due(network, endpoint);
    if (scoreboard_in_flight(&endpoint->board) >= endpoint->window.packets)
        is_limited = true;
    bool has_sent = endpoint->count.sent_segments != sent_before;
    if (has_sent || is_limited)
        note_usage(endpoint, is_limited);
    if (has_sent)
        tcp_arm(network, endpoint);
    else if (tcp_unsent_bytes(endpoint) > 0 && endpoint->board.count == 0 &&
             endpoint->timer == TIMER_NONE)
        tcp_set_timer(network, endpoint, TIMER_PERSIST,
                      network->now_ns + tcp_rto_ns(endpoint));
    owe_nothing(network, endpoint);
}

void
tcp_wrote(Network *network, Endpoint *endpoint, uint64_t total_bytes)
{
    assert(!endpoint->is_closing);
    if (endpoint->state == TCP_ESTABLISHED && tcp_unsent_bytes(endpoint) == 0)
        restart_after_idle(network, endpoint);
    endpoint->written_seq += total_bytes;
    endpoint->is_full = tcp_unsent_bytes(endpoint) > STREAM_LOW_WATER_BYTES;
    tcp_push(network, endpoint);
}
