/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/congestion.c: what reno and cubic share, and reno.
 */
#include "sim/transport/congestion.h"

#include <assert.h>
#include <glib.h>

#include "sim/transport/cubic.h"

void
congestion_init(CongestionWindow *window, CongestionKind kind,
                uint32_t initial_packets, bool has_hystart)
{
    assert(initial_packets > 0);
    *window = (CongestionWindow){
        .kind = kind,
        .has_hystart = has_hystart && kind == CONGESTION_CUBIC,
        .packets = initial_packets,
        .threshold_packets = WINDOW_INFINITE,
    };
    cubic_reset(window);
}

void
congestion_sample(CongestionWindow *window, const CongestionAck *ack)
{
    if (window->kind == CONGESTION_CUBIC && ack->rtt_ns > 0)
        cubic_sample(window, ack);
}

/* Grow up to the threshold; what is left of the ACK is returned. */
static uint32_t
slow_start(CongestionWindow *window, uint32_t acked_packets)
{
    uint32_t room = window->threshold_packets - window->packets;
    uint32_t used = MIN(acked_packets, room);
    window->packets += used;
    return acked_packets - used;
}

/* One packet for so many acked (tcp_cong_avoid_ai). */
static void
avoid_congestion(CongestionWindow *window, uint32_t acks_per_packet,
                 uint32_t acked_packets)
{
    if (window->credit >= acks_per_packet) {
        window->credit = 0;
        window->packets++;
    }
    window->credit += acked_packets;
    if (window->credit >= acks_per_packet) {
        window->packets += window->credit / acks_per_packet;
        window->credit %= acks_per_packet;
    }
}

void
congestion_grow(CongestionWindow *window, const CongestionAck *ack)
{
    if (!ack->is_limiting)
        return;
    uint32_t acked = ack->acked_packets;
    if (congestion_is_slow_start(window)) {
        acked = slow_start(window, acked);
        if (acked == 0)
            return;
    }
    uint32_t acks_per_packet = window->packets;
    if (window->kind == CONGESTION_CUBIC)
        acks_per_packet = cubic_update(window, acked, ack->now_ns);
    avoid_congestion(window, acks_per_packet, acked);
}

uint32_t
congestion_threshold_after_loss(CongestionWindow *window)
{
    if (window->kind == CONGESTION_CUBIC)
        return cubic_threshold_after_loss(window);
    return MAX(window->packets / 2, 2);
}

void
congestion_timeout(CongestionWindow *window)
{
    window->credit = 0;
    if (window->kind == CONGESTION_CUBIC)
        cubic_reset(window);
}

void
congestion_resume(CongestionWindow *window, int64_t last_ns, int64_t now_ns)
{
    /* Idle time is no time to have grown in. */
    int64_t *epoch_ns = &window->cubic.epoch_ns;
    if (*epoch_ns)
        *epoch_ns = MIN(*epoch_ns + now_ns - last_ns, now_ns);
}
