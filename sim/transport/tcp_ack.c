/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_ack.c: what an ACK tells the sender.
 */
#include <assert.h>
#include <glib.h>

#include "sim/transport/tcp_internal.h"

/* Times of this ACK's segments that were sent only once. */
typedef struct Samples {
    int64_t oldest_ns; /* since the oldest was sent; 0: none */
    int64_t newest_ns;
    int64_t sacked_ns;
} Samples;

int64_t
tcp_rto_ns(const Endpoint *endpoint)
{
    int64_t rto_ns = rtt_rto_ns(&endpoint->rtt, RTO_MIN_NS);
    for (uint32_t i = 0; i < endpoint->backoff && rto_ns < RTO_MAX_NS; i++)
        rto_ns *= 2;
    return MIN(rto_ns, RTO_MAX_NS);
}

static void
take_cumulative(Network *network, Endpoint *endpoint, uint64_t ack,
                AckNews *news, Samples *samples)
{
    Scoreboard *board = &endpoint->board;
    while (board->count > 0) {
        const Segment *first = scoreboard_at(board, board->first);
        if (segment_end(endpoint, first) > ack)
            break;
        Segment segment = scoreboard_pop(board);
        int64_t age_ns = network->now_ns - segment.sent_ns;
        endpoint->is_fin_acked |= segment.is_fin;
        if (segment.is_sacked)
            continue;
        news->acked_packets++;
        tcp_rack_learn(endpoint, &segment, network->now_ns);
        if (segment.was_resent)
            continue;
        if (samples->oldest_ns == 0)
            samples->oldest_ns = age_ns;
        samples->newest_ns = age_ns;
    }
    news->is_una_advanced = ack > endpoint->una_seq;
    endpoint->una_seq = MAX(endpoint->una_seq, ack);
}

static void
mark_sacked(Network *network, Endpoint *endpoint, uint32_t serial,
            AckNews *news, Samples *samples)
{
    Segment *segment = scoreboard_at(&endpoint->board, serial);
    tcp_rack_learn(endpoint, segment, network->now_ns);
    if (!segment->was_resent && samples->sacked_ns == 0)
        samples->sacked_ns = network->now_ns - segment->sent_ns;
    scoreboard_mark_sacked(&endpoint->board, serial);
    news->acked_packets++;
    news->is_any_sacked = true;
}

/* A block mostly repeats the one before and adds a segment at its end:
 * what was seen is not looked at again. */
static uint64_t
skip_seen(Endpoint *endpoint, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < PACKET_SACK_MAX; i++) {
        const SackSeen *seen = &endpoint->sack_seen[i];
        if (seen->start == start && seen->end <= end)
            return seen->end;
    }
    return start;
}

static void
take_sack(Network *network, Endpoint *endpoint, const Packet *packet,
          AckNews *news, Samples *samples)
{
    SackSeen seen[PACKET_SACK_MAX] = {{0, 0}};
    for (uint32_t i = 0; i < PACKET_SACK_MAX; i++) {
        if (packet->sack[i].end_bytes == 0)
            break;
        uint64_t start = packet->ack + packet->sack[i].start_bytes;
        uint64_t end = packet->ack + packet->sack[i].end_bytes;
        assert(end <= endpoint->next_seq);
        seen[i] = (SackSeen){start, end};
        uint64_t from = MAX(skip_seen(endpoint, start, end), endpoint->una_seq);
        uint32_t serial = scoreboard_find(&endpoint->board, from);
        for (; serial != scoreboard_end(&endpoint->board); serial++) {
            const Segment *segment = scoreboard_at(&endpoint->board, serial);
            if (segment_end(endpoint, segment) > end)
                break;
            if (!segment->is_sacked)
                mark_sacked(network, endpoint, serial, news, samples);
        }
    }
    if (seen[0].end == 0)
        return;
    for (uint32_t i = 0; i < PACKET_SACK_MAX; i++)
        endpoint->sack_seen[i] = seen[i];
}

static bool
may_grow(const Endpoint *endpoint)
{
    if (endpoint->is_window_limited)
        return true;
    /* In slow start the window may double what was really used. */
    return congestion_is_slow_start(&endpoint->window) &&
           endpoint->window.packets < 2 * endpoint->outstanding_packets_max;
}

static void
adapt_window(Network *network, Endpoint *endpoint, const AckNews *news,
             const Samples *samples)
{
    CongestionWindow *window = &endpoint->window;
    CongestionAck ack = {
        .now_ns = network->now_ns,
        .rtt_ns = samples->newest_ns ? samples->newest_ns : samples->sacked_ns,
        .srtt_ns = endpoint->rtt.srtt_ns,
        .acked_packets = news->acked_packets,
        .mss_bytes = endpoint->options->mss_bytes,
        .una_seq = endpoint->una_seq,
        .next_seq = endpoint->next_seq,
        .is_limiting = may_grow(endpoint),
    };
    bool was_slow_start = congestion_is_slow_start(window);
    congestion_sample(window, &ack);
    if (endpoint->mood == TCP_RECOVERY)
        tcp_reduce_window(endpoint, news);
    else if (news->is_una_advanced)
        congestion_grow(window, &ack);
    TcpCount *count = &endpoint->count;
    count->window_packets_max = MAX(count->window_packets_max, window->packets);
    if (was_slow_start && !congestion_is_slow_start(window) &&
        count->slow_start_exit_packets == 0)
        count->slow_start_exit_packets = window->packets;
}

static void
take_sample(Endpoint *endpoint, const Samples *samples)
{
    int64_t sample_ns =
        samples->oldest_ns ? samples->oldest_ns : samples->sacked_ns;
    if (sample_ns > 0)
        rtt_sample(&endpoint->rtt, sample_ns);
}

static void
update_window_edge(Endpoint *endpoint, const Packet *packet)
{
    uint64_t edge = packet->ack + packet->window_bytes;
    if (edge <= endpoint->window_end_seq)
        return;
    endpoint->window_end_seq = edge;
    if (endpoint->timer != TIMER_PERSIST)
        return;
    endpoint->timer = TIMER_NONE;
    endpoint->backoff = 0;
}

/* Nothing waits for an ACK, or for room: a receiver's usual state. */
static bool
is_at_rest(const Endpoint *endpoint)
{
    return endpoint->una_seq == endpoint->next_seq &&
           endpoint->next_seq == endpoint->written_seq &&
           endpoint->mood == TCP_OPEN && !endpoint->is_probing &&
           !endpoint->is_closing && !endpoint->is_full;
}

void
tcp_acknowledged(Network *network, Endpoint *endpoint, const Packet *packet)
{
    assert(packet->ack <= endpoint->next_seq);
    AckNews news = {.is_dsack = packet->flags & PACKET_DSACK};
    Samples samples = {0};
    endpoint->unanswered_knocks = 0;
    update_window_edge(endpoint, packet);
    if (is_at_rest(endpoint))
        return;
    if (packet->ack >= endpoint->una_seq) {
        take_sack(network, endpoint, packet, &news, &samples);
        take_cumulative(network, endpoint, packet->ack, &news, &samples);
    }
    if (news.is_una_advanced)
        endpoint->backoff = 0;
    take_sample(endpoint, &samples);
    if (endpoint->is_probing)
        tcp_probe_answered(endpoint, &news);
    tcp_recover(network, endpoint, &news);
    /* Only now: who has just recovered may probe again. */
    if ((news.is_una_advanced || samples.sacked_ns) && !news.is_order_awaited)
        tcp_arm_after_ack(network, endpoint);
    adapt_window(network, endpoint, &news, &samples);
    tcp_push(network, endpoint);
}
