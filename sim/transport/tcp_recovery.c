/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_recovery.c: what is lost, and how much to send meanwhile.
 *
 * RACK: a segment is lost when one sent later has arrived and a reordering
 * window has passed. PRR: while the window falls, send in proportion to what
 * arrives. Undo of spurious recoveries is not modelled: links here reorder
 * only when told to.
 */
#include <assert.h>
#include <glib.h>

#include "sim/transport/tcp_internal.h"

#define DUPLICATES_ENOUGH 3u

static bool
is_before_latest(const Endpoint *endpoint, const Segment *segment)
{
    if (endpoint->rack_sent_ns != segment->sent_ns)
        return endpoint->rack_sent_ns > segment->sent_ns;
    return endpoint->rack_end_seq > segment_end(endpoint, segment);
}

void
tcp_rack_learn(Endpoint *endpoint, const Segment *segment, int64_t now_ns)
{
    int64_t rtt_ns = now_ns - segment->sent_ns;
    /* Too quick for the copy: it was the first sending that arrived. */
    if (segment->was_resent && rtt_ns < endpoint->rtt.min_ns)
        return;
    endpoint->rack_rtt_ns = rtt_ns;
    uint64_t end_seq = segment_end(endpoint, segment);
    bool is_later = segment->sent_ns > endpoint->rack_sent_ns ||
                    (segment->sent_ns == endpoint->rack_sent_ns &&
                     end_seq > endpoint->rack_end_seq);
    if (!is_later)
        return;
    endpoint->rack_sent_ns = segment->sent_ns;
    endpoint->rack_end_seq = end_seq;
}

static int64_t
reordering_window_ns(const Endpoint *endpoint)
{
    if (endpoint->mood == TCP_RECOVERY || endpoint->mood == TCP_LOSS ||
        endpoint->board.sacked_count >= DUPLICATES_ENOUGH)
        return 0;
    if (endpoint->rtt.min_ns == TIME_NEVER)
        return 0;
    return MIN(endpoint->rtt.min_ns / 4, endpoint->rtt.srtt_ns);
}

static int64_t
left_ns(const Endpoint *endpoint, const Segment *segment, int64_t now_ns)
{
    return endpoint->rack_rtt_ns + reordering_window_ns(endpoint) -
           (now_ns - segment->sent_ns);
}

void
tcp_rack_mark(Network *network, Endpoint *endpoint, AckNews *news)
{
    Scoreboard *board = &endpoint->board;
    int64_t wait_ns = 0;
    SendingOrder order = scoreboard_order(board);
    uint32_t serial;
    while ((serial = scoreboard_next_sent(board, &order)) != SERIAL_NONE) {
        const Segment *segment = scoreboard_at(board, serial);
        if (!is_before_latest(endpoint, segment))
            break;
        int64_t left = left_ns(endpoint, segment, network->now_ns);
        if (left <= 0) {
            news->is_resend_lost |= segment->is_resent;
            scoreboard_mark_lost(board, serial);
            news->lost_packets++;
        }
        wait_ns = MAX(wait_ns, left);
    }
    news->is_order_awaited = wait_ns > 0;
    if (wait_ns > 0)
        tcp_set_timer(network, endpoint, TIMER_REORDER,
                      network->now_ns + wait_ns);
}

/* The window is about to fall: remember from where (tcp_init_cwnd_...). */
static void
start_reduction(Endpoint *endpoint)
{
    CongestionWindow *window = &endpoint->window;
    endpoint->prior_window_packets = window->packets;
    endpoint->prr_delivered = endpoint->prr_out = 0;
    endpoint->recovery_end_seq = endpoint->next_seq;
    window->credit = 0;
    if (endpoint->count.slow_start_exit_packets == 0 &&
        congestion_is_slow_start(window))
        endpoint->count.slow_start_exit_packets = window->packets;
    window->threshold_packets = congestion_threshold_after_loss(window);
    endpoint->is_probing = false; /* or one loss would count twice */
}

static void
end_reduction(Endpoint *endpoint)
{
    endpoint->window.packets = endpoint->window.threshold_packets;
    endpoint->mood = TCP_OPEN;
}

static void
leave_if_done(Endpoint *endpoint)
{
    switch (endpoint->mood) {
    case TCP_OPEN:
        return;
    case TCP_RECOVERY:
        if (endpoint->una_seq >= endpoint->recovery_end_seq)
            end_reduction(endpoint);
        return;
    case TCP_LOSS:
        if (endpoint->una_seq >= endpoint->recovery_end_seq)
            endpoint->mood = TCP_OPEN;
        return;
    }
}

void
tcp_recover(Network *network, Endpoint *endpoint, AckNews *news)
{
    leave_if_done(endpoint);
    if (news->acked_packets > 0)
        tcp_rack_mark(network, endpoint, news);
    /* After a time-out all is known to be lost, but not that it is again, nor
     * what was sent since. */
    bool is_worse = endpoint->mood == TCP_LOSS && news->lost_packets > 0 &&
                    (news->is_resend_lost || news->is_overdue);
    if (!is_worse &&
        (endpoint->mood != TCP_OPEN || endpoint->board.lost_count == 0))
        return;
    start_reduction(endpoint);
    endpoint->mood = TCP_RECOVERY;
}

void
tcp_reduce_window(Endpoint *endpoint, const AckNews *news)
{
    CongestionWindow *window = &endpoint->window;
    uint32_t in_flight = scoreboard_in_flight(&endpoint->board);
    uint32_t target = window->threshold_packets;
    if (news->acked_packets == 0 || endpoint->prior_window_packets == 0)
        return;
    endpoint->prr_delivered += news->acked_packets;
    int64_t may_send;
    if (in_flight > target) {
        uint64_t share = (uint64_t)target * endpoint->prr_delivered +
                         endpoint->prior_window_packets - 1;
        may_send = (int64_t)(share / endpoint->prior_window_packets) -
                   endpoint->prr_out;
    } else {
        int64_t owed = (int64_t)endpoint->prr_delivered - endpoint->prr_out;
        may_send = MAX(owed, news->acked_packets);
        if (news->is_una_advanced && news->lost_packets == 0)
            may_send++;
        may_send = MIN(may_send, target - in_flight);
    }
    /* The first lost segment goes out at once. */
    may_send = MAX(may_send, endpoint->prr_out ? 0 : 1);
    window->packets = in_flight + (uint32_t)may_send;
}

void
tcp_probe_answered(Endpoint *endpoint, const AckNews *news)
{
    if (endpoint->una_seq < endpoint->probe_end_seq)
        return;
    if (!endpoint->probe_is_resent || news->is_dsack) {
        endpoint->is_probing = false;
        return;
    }
    if (endpoint->una_seq == endpoint->probe_end_seq)
        return;
    /* The probe itself repaired a loss: that is a sign of congestion. */
    endpoint->is_probing = false;
    if (endpoint->mood != TCP_OPEN)
        return;
    start_reduction(endpoint);
    end_reduction(endpoint);
}

void
tcp_enter_loss(Endpoint *endpoint, int64_t now_ns)
{
    Scoreboard *board = &endpoint->board;
    bool is_again = endpoint->mood == TCP_LOSS && endpoint->backoff == 0;
    bool is_new = endpoint->mood == TCP_OPEN || is_again ||
                  endpoint->recovery_end_seq <= endpoint->una_seq;
    if (is_new)
        start_reduction(endpoint);
    for (uint32_t serial = board->first; serial != scoreboard_end(board);
         serial++) {
        const Segment *segment = scoreboard_at(board, serial);
        bool is_known =
            segment->is_sacked || (segment->is_lost && !segment->is_resent);
        bool is_fresh = serial != board->first &&
                        now_ns - segment->sent_ns < endpoint->rack_rtt_ns;
        if (!is_known && !is_fresh)
            scoreboard_mark_lost(board, serial);
    }
    congestion_timeout(&endpoint->window);
    endpoint->window.packets = scoreboard_in_flight(board) + 1;
    endpoint->recovery_end_seq = endpoint->next_seq;
    endpoint->mood = TCP_LOSS;
    endpoint->is_probing = false;
}
