/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_timer.c: what happens when nothing happens.
 *
 * An endpoint has one retransmission timer, whose kind says what it is for,
 * and the delayed ACK; the earlier of them stands on the agenda, lazily.
 */
#include <assert.h>
#include <glib.h>

#include "sim/transport/tcp_internal.h"

#define PROBE_MARGIN_NS (8 * NS_PER_MS) /* two ticks of a 250 Hz kernel */
#define RETRIES_MAX 15u
#define CONNECT_RETRIES_MAX 6u

static void
schedule(Network *network, Endpoint *endpoint)
{
    int64_t at_ns = endpoint->delayed_ack_ns;
    if (endpoint->timer != TIMER_NONE)
        at_ns = MIN(at_ns, endpoint->timer_ns);
    if (at_ns != TIME_NEVER)
        agenda_move(&network->agenda, &endpoint->entry_ns, at_ns,
                    agenda_key(AGENDA_TIMER, endpoint->id));
}

void
tcp_set_timer(Network *network, Endpoint *endpoint, TcpTimer timer,
              int64_t at_ns)
{
    endpoint->timer = timer;
    endpoint->timer_ns = MAX(at_ns, network->now_ns);
    schedule(network, endpoint);
}

void
tcp_set_delayed_ack(Network *network, Endpoint *endpoint, int64_t at_ns)
{
    endpoint->delayed_ack_ns = at_ns;
    schedule(network, endpoint);
}

/* When the oldest segment's time-out runs out. */
static int64_t
first_timeout_ns(const Endpoint *endpoint)
{
    const Segment *first =
        scoreboard_at(&endpoint->board, endpoint->board.first);
    return first->sent_ns + tcp_rto_ns(endpoint);
}

void
tcp_arm_rto(Network *network, Endpoint *endpoint)
{
    if (endpoint->board.count == 0) {
        endpoint->timer = TIMER_NONE;
        return;
    }
    int64_t at_ns = network->now_ns + tcp_rto_ns(endpoint);
    if (endpoint->timer == TIMER_PROBE || endpoint->timer == TIMER_REORDER)
        at_ns = first_timeout_ns(endpoint);
    tcp_set_timer(network, endpoint, TIMER_RTO, at_ns);
}

/* RFC 8985, section 7.2, with the kernel's margins. */
static bool
arm_probe(Network *network, Endpoint *endpoint, int64_t timeout_ns)
{
    if (endpoint->mood != TCP_OPEN || endpoint->board.count == 0 ||
        endpoint->is_probing)
        return false;
    int64_t wait_ns = NS_PER_S;
    if (endpoint->rtt.srtt_ns) {
        wait_ns = 2 * endpoint->rtt.srtt_ns;
        /* One segment alone: its ACK may be a delayed one. */
        wait_ns += endpoint->board.count == 1 ? RTO_MIN_NS : PROBE_MARGIN_NS;
    }
    int64_t at_ns = MIN(network->now_ns + wait_ns, timeout_ns);
    tcp_set_timer(network, endpoint, TIMER_PROBE, at_ns);
    return true;
}

void
tcp_arm(Network *network, Endpoint *endpoint)
{
    if (endpoint->timer == TIMER_REORDER || endpoint->board.count == 0)
        return;
    if (arm_probe(network, endpoint, first_timeout_ns(endpoint)))
        return;
    if (endpoint->timer != TIMER_RTO)
        tcp_arm_rto(network, endpoint);
}

void
tcp_arm_after_ack(Network *network, Endpoint *endpoint)
{
    int64_t timeout_ns = network->now_ns + tcp_rto_ns(endpoint);
    if (!arm_probe(network, endpoint, timeout_ns))
        tcp_arm_rto(network, endpoint);
}

static void
send_probe(Network *network, Endpoint *endpoint)
{
    endpoint->probe_is_resent = !tcp_push_one(network, endpoint);
    if (endpoint->probe_is_resent) {
        uint32_t last = scoreboard_end(&endpoint->board) - 1;
        const Segment *segment = scoreboard_at(&endpoint->board, last);
        if (!segment->is_sacked)
            tcp_resend(network, endpoint, last);
    }
    endpoint->is_probing = true;
    endpoint->probe_end_seq = endpoint->next_seq;
    endpoint->timer = TIMER_NONE;
    tcp_arm_rto(network, endpoint);
}

static void
time_out(Network *network, Endpoint *endpoint)
{
    if (endpoint->backoff >= RETRIES_MAX) {
        tcp_finish(network, endpoint, CLOSE_TIMED_OUT);
        return;
    }
    tcp_enter_loss(endpoint, network->now_ns);
    tcp_resend_first(network, endpoint);
    endpoint->count.timeouts++;
    endpoint->backoff++;
    tcp_set_timer(network, endpoint, TIMER_RTO,
                  network->now_ns + tcp_rto_ns(endpoint));
}

static void
give_up_waiting_for_order(Network *network, Endpoint *endpoint)
{
    AckNews news = {.acked_packets = 1, .is_overdue = true};
    TcpMood before = endpoint->mood;
    endpoint->timer = TIMER_NONE;
    tcp_recover(network, endpoint, &news);
    if (before != TCP_RECOVERY && endpoint->mood == TCP_RECOVERY)
        tcp_reduce_window(endpoint, &news);
    tcp_push(network, endpoint);
    if (endpoint->timer == TIMER_NONE) {
        endpoint->timer = TIMER_REORDER; /* count from the first segment */
        tcp_arm_rto(network, endpoint);
    }
}

static void
connect_again(Network *network, Endpoint *endpoint)
{
    if (endpoint->backoff >= CONNECT_RETRIES_MAX) {
        tcp_finish(network, endpoint, CLOSE_TIMED_OUT);
        return;
    }
    endpoint->backoff++;
    bool is_opener = endpoint->state == TCP_SYN_SENT;
    tcp_send_control(network, endpoint,
                     is_opener ? PACKET_SYN : PACKET_SYN | PACKET_ACK);
    tcp_set_timer(network, endpoint, TIMER_CONNECT,
                  network->now_ns + tcp_rto_ns(endpoint));
}

static void
knock(Network *network, Endpoint *endpoint)
{
    if (endpoint->unanswered_knocks >= RETRIES_MAX) {
        tcp_finish(network, endpoint, CLOSE_TIMED_OUT);
        return;
    }
    endpoint->unanswered_knocks++;
    if (endpoint->backoff < RETRIES_MAX)
        endpoint->backoff++;
    tcp_send_control(network, endpoint, PACKET_ACK | PACKET_PROBE);
    tcp_set_timer(network, endpoint, TIMER_PERSIST,
                  network->now_ns + tcp_rto_ns(endpoint));
}

static void
run_timer(Network *network, Endpoint *endpoint)
{
    TcpTimer timer = endpoint->timer;
    switch (timer) {
    case TIMER_NONE:
        return;
    case TIMER_RTO:
        time_out(network, endpoint);
        return;
    case TIMER_PROBE:
        send_probe(network, endpoint);
        return;
    case TIMER_REORDER:
        give_up_waiting_for_order(network, endpoint);
        return;
    case TIMER_PERSIST:
        knock(network, endpoint);
        return;
    case TIMER_CONNECT:
        connect_again(network, endpoint);
        return;
    }
}

void
tcp_timer(Network *network, EndpointId id)
{
    Endpoint *endpoint = network_endpoint(network, id);
    /* An entry left behind, whose place may be another part's by now: another
     * thread may be writing `part` (see clear), so it is read whole. */
    if (__atomic_load_n(&endpoint->part, __ATOMIC_RELAXED) != network->part ||
        endpoint->entry_ns != network->now_ns)
        return;
    endpoint->entry_ns = TIME_NEVER;
    if (tcp_is_cut_off(network, endpoint))
        tcp_vanish(network, endpoint);
    if (endpoint->state == TCP_CLOSED)
        return;
    if (endpoint->delayed_ack_ns <= network->now_ns)
        tcp_send_ack(network, endpoint);
    if (endpoint->timer != TIMER_NONE && endpoint->timer_ns <= network->now_ns)
        run_timer(network, endpoint);
    if (endpoint->state != TCP_CLOSED)
        schedule(network, endpoint);
}
