/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/congestion.h: how many segments may be in flight.
 *
 * Windows grow by segments acknowledged, not by ACKs (RFC 9406's "L
 * unlimited" and Linux since 3.18), so delayed ACKs cost nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WINDOW_INFINITE UINT32_MAX

typedef enum CongestionKind {
    CONGESTION_RENO,
    CONGESTION_CUBIC,
} CongestionKind;

typedef struct Cubic {
    int64_t epoch_ns; /* 0: no epoch */
    int64_t k_ns;
    uint32_t last_max_packets;
    uint32_t origin_packets;
    uint32_t reno_packets; /* what reno would have: the friendly region */
    uint32_t reno_credit;
    uint32_t acks_per_packet; /* grow by one for so many acked */
    uint32_t last_window_packets;
    int64_t last_update_ns;
    int64_t delay_ns_min;
} Cubic;

/* HyStart as in Linux: a train of close ACKs, or growing delay. */
typedef struct Hystart {
    uint64_t round_end_seq;
    int64_t round_start_ns;
    int64_t last_ack_ns;
    int64_t round_rtt_ns;
    uint32_t sample_count;
    bool is_found;
} Hystart;

typedef struct CongestionWindow {
    CongestionKind kind;
    bool has_hystart;
    uint32_t packets;
    uint32_t threshold_packets; /* ssthresh */
    uint32_t credit;            /* acked segments saved up */
    Cubic cubic;
    Hystart hystart;
} CongestionWindow;

typedef struct CongestionAck {
    int64_t now_ns;
    int64_t rtt_ns; /* of the newest segment acked; 0: no sample */
    int64_t srtt_ns;
    uint32_t acked_packets;
    uint32_t mss_bytes;
    uint64_t una_seq;
    uint64_t next_seq;
    bool is_limiting; /* the window, not the application, held data back */
} CongestionAck;

void congestion_init(CongestionWindow *window, CongestionKind kind,
                     uint32_t initial_packets, bool has_hystart);
/* Every ACK that brings a round-trip sample, also when nothing may grow. */
void congestion_sample(CongestionWindow *window, const CongestionAck *ack);
void congestion_grow(CongestionWindow *window, const CongestionAck *ack);
/* The threshold a loss now would set (kernel: ssthresh()). */
uint32_t congestion_threshold_after_loss(CongestionWindow *window);
void congestion_timeout(CongestionWindow *window);
/* Sending resumes with nothing in flight; last_ns: when something was sent. */
void congestion_resume(CongestionWindow *window, int64_t last_ns,
                       int64_t now_ns);

static inline bool
congestion_is_slow_start(const CongestionWindow *window)
{
    return window->packets < window->threshold_packets;
}

/* K in ns for a fall to 0.7 of W: cbrt(W (1 - beta) / C); exported for the
 * validation table. */
int64_t cubic_k_ns(uint32_t max_packets, uint32_t window_packets);
