/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/cubic.c: CUBIC (RFC 9438) and HyStart, with Linux's numbers:
 * beta 717/1024, C 0.4, fast convergence, the friendly region, and growth by
 * at least one in twenty while no maximum is known.
 *
 * All in integers, time in us: no float decides when a packet is sent.
 */
#include "sim/transport/cubic.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>

#include "core/event.h"

__extension__ typedef unsigned __int128 Wide;

#define BETA 717u
#define BETA_SCALE 1024u
/* C = 0.4 packets / s^3 */
#define C_TENTHS 4u
#define US3_PER_S3 UINT64_C(1000000000000000000)
#define UPDATE_NS_MIN (NS_PER_S / 32)
#define HYSTART_WINDOW_PACKETS_MIN 16u
#define HYSTART_SAMPLES 8u
#define HYSTART_ACK_NS (2 * NS_PER_MS)
#define HYSTART_BURST_BYTES 262144u

static void
start_round(CongestionWindow *window, const CongestionAck *ack)
{
    Hystart *hystart = &window->hystart;
    hystart->round_start_ns = hystart->last_ack_ns = ack->now_ns;
    hystart->round_end_seq = ack->next_seq;
    hystart->round_rtt_ns = TIME_NEVER;
    hystart->sample_count = 0;
}

void
cubic_reset(CongestionWindow *window)
{
    window->cubic = (Cubic){.delay_ns_min = TIME_NEVER};
    window->hystart = (Hystart){.round_rtt_ns = TIME_NEVER};
}

/* Half of what one round trip is thought to take: ACKs that have been coming
 * close together for so long fill half of the pipe, and the data sent for
 * them the other half. */
static int64_t
train_ns(const CongestionWindow *window, const CongestionAck *ack)
{
    int64_t burst_ns = NS_PER_MS;
    uint64_t window_bytes = (uint64_t)window->packets * ack->mss_bytes;
    if (ack->srtt_ns > 0) {
        /* Time of a largest burst at twice the window per round trip. */
        Wide wide = (Wide)HYSTART_BURST_BYTES * (uint64_t)ack->srtt_ns;
        burst_ns = MIN(burst_ns, (int64_t)(wide / (2 * window_bytes)));
    }
    return (window->cubic.delay_ns_min + burst_ns) / 2;
}

static bool
has_grown_delay(const CongestionWindow *window)
{
    int64_t delay_ns = window->cubic.delay_ns_min;
    int64_t margin_ns = CLAMP(delay_ns / 8, 4 * NS_PER_MS, 16 * NS_PER_MS);
    return window->hystart.round_rtt_ns > delay_ns + margin_ns;
}

static void
look_for_exit(CongestionWindow *window, const CongestionAck *ack)
{
    Hystart *hystart = &window->hystart;
    if (ack->now_ns - hystart->last_ack_ns <= HYSTART_ACK_NS) {
        hystart->last_ack_ns = ack->now_ns;
        int64_t train = ack->now_ns - hystart->round_start_ns;
        hystart->is_found = train > train_ns(window, ack);
    }
    hystart->round_rtt_ns = MIN(hystart->round_rtt_ns, ack->rtt_ns);
    if (hystart->sample_count < HYSTART_SAMPLES)
        hystart->sample_count++;
    else if (has_grown_delay(window))
        hystart->is_found = true;
    if (hystart->is_found)
        window->threshold_packets = window->packets;
}

void
cubic_sample(CongestionWindow *window, const CongestionAck *ack)
{
    Cubic *cubic = &window->cubic;
    /* Right after a loss the queue is still draining. */
    if (cubic->epoch_ns && ack->now_ns - cubic->epoch_ns < NS_PER_S)
        return;
    cubic->delay_ns_min = MIN(cubic->delay_ns_min, ack->rtt_ns);
    if (!window->has_hystart || window->hystart.is_found ||
        !congestion_is_slow_start(window))
        return;
    if (ack->una_seq > window->hystart.round_end_seq)
        start_round(window, ack);
    if (window->packets >= HYSTART_WINDOW_PACKETS_MIN)
        look_for_exit(window, ack);
}

/* The largest x with x^3 <= value. */
static uint64_t
cube_root(Wide value)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 41; bit; bit >>= 1) {
        uint64_t trial = root | bit;
        if ((Wide)trial * trial * trial <= value)
            root = trial;
    }
    return root;
}

int64_t
cubic_k_ns(uint32_t max_packets, uint32_t window_packets)
{
    assert(max_packets >= window_packets);
    Wide cube = (Wide)(max_packets - window_packets) * 10 * US3_PER_S3;
    return (int64_t)cube_root(cube / C_TENTHS) * NS_PER_US;
}

static void
start_epoch(CongestionWindow *window, uint32_t acked_packets, int64_t now_ns)
{
    Cubic *cubic = &window->cubic;
    cubic->epoch_ns = now_ns;
    cubic->reno_credit = acked_packets;
    cubic->reno_packets = window->packets;
    cubic->k_ns = 0;
    cubic->origin_packets = window->packets;
    if (cubic->last_max_packets <= window->packets)
        return;
    cubic->k_ns = cubic_k_ns(cubic->last_max_packets, window->packets);
    cubic->origin_packets = cubic->last_max_packets;
}

static uint32_t
target_packets(const Cubic *cubic, int64_t now_ns)
{
    int64_t age_ns = now_ns - cubic->epoch_ns;
    if (cubic->delay_ns_min != TIME_NEVER)
        age_ns += cubic->delay_ns_min;
    uint64_t offset_us = (uint64_t)llabs(age_ns - cubic->k_ns) / 1000;
    Wide delta = (Wide)offset_us * offset_us * offset_us * C_TENTHS;
    delta /= (Wide)10 * US3_PER_S3;
    uint64_t packets = (uint64_t)MIN(delta, (Wide)UINT32_MAX / 2);
    if (age_ns >= cubic->k_ns)
        return (uint32_t)(cubic->origin_packets + packets);
    return cubic->origin_packets -
           (uint32_t)MIN(packets, cubic->origin_packets);
}

/* What reno with the same beta would reach by now (RFC 9438, 4.3). */
static uint32_t
apply_friendly_region(CongestionWindow *window, uint32_t acks_per_packet)
{
    Cubic *cubic = &window->cubic;
    uint32_t scale = 8 * (BETA_SCALE + BETA) / 3 / (BETA_SCALE - BETA);
    uint32_t per_packet = MAX(window->packets * scale / 8, 1);
    cubic->reno_packets += cubic->reno_credit / per_packet;
    cubic->reno_credit %= per_packet;
    if (cubic->reno_packets <= window->packets)
        return acks_per_packet;
    uint32_t lead = cubic->reno_packets - window->packets;
    return MIN(acks_per_packet, window->packets / lead);
}

uint32_t
cubic_update(CongestionWindow *window, uint32_t acked_packets, int64_t now_ns)
{
    Cubic *cubic = &window->cubic;
    cubic->reno_credit += acked_packets;
    if (cubic->last_window_packets == window->packets &&
        now_ns - cubic->last_update_ns <= UPDATE_NS_MIN)
        return cubic->acks_per_packet;
    cubic->last_window_packets = window->packets;
    cubic->last_update_ns = now_ns;
    if (cubic->epoch_ns == 0)
        start_epoch(window, acked_packets, now_ns);
    uint32_t target = target_packets(cubic, now_ns);
    uint32_t acks = 100 * window->packets;
    if (target > window->packets)
        acks = window->packets / (target - window->packets);
    if (cubic->last_max_packets == 0)
        acks = MIN(acks, 20);
    acks = apply_friendly_region(window, acks);
    cubic->acks_per_packet = MAX(acks, 2);
    return cubic->acks_per_packet;
}

uint32_t
cubic_threshold_after_loss(CongestionWindow *window)
{
    Cubic *cubic = &window->cubic;
    cubic->epoch_ns = 0;
    /* Fast convergence: a flow on its way down leaves room for others. */
    if (window->packets < cubic->last_max_packets)
        cubic->last_max_packets =
            window->packets * (BETA_SCALE + BETA) / (2 * BETA_SCALE);
    else
        cubic->last_max_packets = window->packets;
    return MAX(window->packets * BETA / BETA_SCALE, 2);
}
