/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/rtt.h: round-trip time and retransmission time-out.
 */
#pragma once

#include <stdint.h>

/* RFC 6298 in whole ns. Before the first sample srtt_ns is 0. */
typedef struct Rtt {
    int64_t srtt_ns;
    int64_t rttvar_ns;
    int64_t min_ns; /* TIME_NEVER before the first sample */
} Rtt;

#define RTO_INITIAL_NS (1 * NS_PER_S)
#define RTO_MIN_NS (200 * NS_PER_MS)
#define RTO_MAX_NS (120 * NS_PER_S)

void rtt_init(Rtt *rtt);
/* Karn's rule is the caller's: no sample from a retransmitted segment. */
void rtt_sample(Rtt *rtt, int64_t sample_ns);
/* SRTT + max(variation_ns_min, 4 RTTVAR), at most RTO_MAX_NS; Linux gives
 * the floor to the variation (200 ms), RFC 6298 to the sum. */
int64_t rtt_rto_ns(const Rtt *rtt, int64_t variation_ns_min);
