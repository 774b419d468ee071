/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/share.c: proofs about many streams on one link.
 */
#include <glib.h>

#include "core/event.h"
#include "sim/validate/lab.h"
#include "sim/validate/proof.h"

#define MEASURED_NS (60 * NS_PER_S)
#define FAIR_BPS 20000000u
#define FAIR_RTT_NS (40 * NS_PER_MS)
#define FAIR_SEEDS 20u
#define MTU_BYTES 1500u

/* The queue holds what the path holds, as routers are built. */
static uint32_t
path_packets(uint64_t rate_bps, int64_t rtt_ns)
{
    uint64_t bits = rate_bps * (uint64_t)(rtt_ns / NS_PER_US) / 1000000;
    return (uint32_t)MAX(bits / (8 * MTU_BYTES), 20);
}

void
proof_goodput(const double settings[PROOF_SETTINGS_MAX],
              Estimate ret_parts[PROOF_PARTS_MAX])
{
    LabPlan plan = lab_plan(CONGESTION_CUBIC, 10);
    plan.down_bps = (uint64_t)(settings[0] * 1e6);
    plan.rtt_ns = (int64_t)settings[1] * NS_PER_MS;
    plan.queue_packets = path_packets(plan.down_bps, plan.rtt_ns);
    plan.stream_count = (uint32_t)settings[2];
    plan.answer_bytes = LAB_ENDLESS;
    /* Nobody starts together with all others. */
    plan.stream_every_ns = plan.rtt_ns / plan.stream_count;
    Lab lab;
    lab_init(&lab, &plan);
    uint64_t got_bytes = lab_measure_bytes(&lab, MEASURED_NS);
    double can_bytes =
        (double)plan.down_bps / 8 * (double)(MEASURED_NS / NS_PER_S);
    ret_parts[0] = (Estimate){(double)got_bytes / can_bytes, 0};
    lab_clear(&lab);
}

/* Raj Jain's index of what the streams got: 1 when all got the same. */
static double
jain_index(const Lab *lab)
{
    double sum = 0;
    double square_sum = 0;
    for (uint32_t i = 0; i < lab->plan.stream_count; i++) {
        double got = (double)lab->streams[i].got_bytes;
        sum += got;
        square_sum += got * got;
    }
    return sum * sum / (lab->plan.stream_count * square_sum);
}

/* The second stream starts a little later, each time by another part of
 * half a round trip, so that no phase is preferred. */
void
proof_fairness(const double settings[PROOF_SETTINGS_MAX],
               Estimate ret_parts[PROOF_PARTS_MAX])
{
    Sample sample = {0};
    for (uint32_t i = 1; i <= FAIR_SEEDS; i++) {
        LabPlan plan = lab_plan((CongestionKind)settings[0], 10);
        plan.down_bps = FAIR_BPS;
        plan.rtt_ns = FAIR_RTT_NS;
        plan.queue_packets = path_packets(FAIR_BPS, FAIR_RTT_NS);
        plan.stream_count = 2;
        plan.stream_every_ns = i * FAIR_RTT_NS / (2 * FAIR_SEEDS);
        plan.answer_bytes = LAB_ENDLESS;
        Lab lab;
        lab_init(&lab, &plan);
        lab_measure_bytes(&lab, MEASURED_NS);
        sample_add(&sample, jain_index(&lab));
        lab_clear(&lab);
    }
    ret_parts[0] = sample_estimate(&sample);
}
