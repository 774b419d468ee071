/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/transport.c: proofs about one TCP connection.
 */
#include <assert.h>
#include <glib.h>

#include "core/event.h"
#include "sim/validate/lab.h"
#include "sim/validate/proof.h"

#define RTT_NS (100 * NS_PER_MS)
#define PAPER_MSS_BYTES 1460u
#define PAPER_HEADER_BYTES 40u
/* Losses before measuring begins: slow start is long forgotten. */
#define WARMUP_LOSSES 30
#define MEASURED_LOSSES 60

static double
to_ms(int64_t time_ns)
{
    return (double)time_ns / (double)NS_PER_MS;
}

void
proof_estimator(const double settings[PROOF_SETTINGS_MAX],
                Estimate ret_parts[PROOF_PARTS_MAX])
{
    (void)settings;
    static const int64_t samples_ms[] = {1000, 1200, 900};
    Rtt rtt;
    rtt_init(&rtt);
    for (uint32_t i = 0; i < G_N_ELEMENTS(samples_ms); i++) {
        rtt_sample(&rtt, samples_ms[i] * NS_PER_MS);
        ret_parts[3 * i] = (Estimate){to_ms(rtt.srtt_ns), 0};
        ret_parts[3 * i + 1] = (Estimate){to_ms(rtt.rttvar_ns), 0};
        ret_parts[3 * i + 2] = (Estimate){to_ms(rtt_rto_ns(&rtt, 0)), 0};
    }
}

/* A SYN to where nobody is. */
void
proof_back_off(const double settings[PROOF_SETTINGS_MAX],
               Estimate ret_parts[PROOF_PARTS_MAX])
{
    (void)settings;
    Network network;
    network_init(&network);
    Link *link;
    Path way = {network_add_link(&network, &link), ROUTE_NONE, LINK_NONE};
    TcpOptions options = lab_plan(CONGESTION_RENO, 10).options;
    TcpPath path = {.out = way,
                    .back = way,
                    .opener = &options,
                    .acceptor = &options,
                    .is_dead = true};
    tcp_open(&network, &path);
    uint32_t sent = 0;
    while (network.agenda.count > 0 && sent < PROOF_PARTS_MAX) {
        AgendaEntry entry = agenda_pop(&network.agenda);
        uint64_t sent_before = network.count.sent_packets;
        network_step(&network, &entry);
        if (network.count.sent_packets != sent_before)
            ret_parts[sent++] = (Estimate){to_ms(network.now_ns) / 1000, 0};
    }
    network_clear(&network);
}

/* The server's one segment stands in a sudden queue, so that a copy is sent;
 * the ACK of the first, soon after the copy, says nothing about the path. */
static double
srtt_after_copy_ms(void)
{
    LabPlan plan = lab_plan(CONGESTION_RENO, 10);
    plan.rtt_ns = RTT_NS;
    plan.answer_bytes = 1000;
    Lab lab;
    lab_init(&lab, &plan);
    lab_run(&lab, RTT_NS);
    lab_down(&lab)->extra_delay_ns = 4 * RTT_NS;
    lab_run(&lab, 2 * RTT_NS); /* the answer is on its way */
    lab_down(&lab)->extra_delay_ns = 0;
    lab_completion_ns(&lab, TIME_NEVER);
    assert(lab.streams[0].server.resent_segments > 0);
    EndpointId server = lab.streams[0].client ^ 1;
    lab_run(&lab, TIME_NEVER - 1);
    double srtt_ms = to_ms(network_endpoint(&lab.network, server)->rtt.srtt_ns);
    lab_clear(&lab);
    return srtt_ms;
}

static bool
is_second_syn_sampled(void)
{
    LabPlan plan = lab_plan(CONGESTION_RENO, 10);
    plan.rtt_ns = RTT_NS;
    plan.answer_bytes = 1000;
    Lab lab;
    lab_init(&lab, &plan);
    link_extra(lab_up(&lab))->chosen_loss.next = 1u;
    while (lab.streams[0].asked_ns == TIME_NEVER)
        lab_step(&lab);
    assert(lab.network.now_ns >= NS_PER_S);
    EndpointId client = lab.streams[0].client;
    bool is_sampled = network_endpoint(&lab.network, client)->rtt.srtt_ns > 0;
    lab_clear(&lab);
    return is_sampled;
}

void
proof_karn(const double settings[PROOF_SETTINGS_MAX],
           Estimate ret_parts[PROOF_PARTS_MAX])
{
    (void)settings;
    ret_parts[0] = (Estimate){srtt_after_copy_ms(), 0};
    ret_parts[1] = (Estimate){is_second_syn_sampled(), 0};
}

static LabPlan
paper_plan(CongestionKind congestion, uint32_t initial_window)
{
    LabPlan plan = lab_plan(congestion, initial_window);
    plan.options.mss_bytes = PAPER_MSS_BYTES;
    plan.options.header_bytes = PAPER_HEADER_BYTES;
    plan.rtt_ns = RTT_NS;
    return plan;
}

void
proof_slow_start(const double settings[PROOF_SETTINGS_MAX],
                 Estimate ret_parts[PROOF_PARTS_MAX])
{
    LabPlan plan = paper_plan(CONGESTION_CUBIC, (uint32_t)settings[1]);
    plan.answer_bytes = (uint64_t)settings[0];
    Lab lab;
    lab_init(&lab, &plan);
    int64_t took_ns = lab_completion_ns(&lab, TIME_NEVER);
    ret_parts[0] = (Estimate){(double)took_ns / (double)RTT_NS, 0};
    lab_clear(&lab);
}

/* A window falls by a loss; the first ACK afterwards opens an epoch. */
void
proof_cubic_k(const double settings[PROOF_SETTINGS_MAX],
              Estimate ret_parts[PROOF_PARTS_MAX])
{
    CongestionWindow window;
    congestion_init(&window, CONGESTION_CUBIC, (uint32_t)settings[0], false);
    window.threshold_packets = congestion_threshold_after_loss(&window);
    window.packets = window.threshold_packets;
    CongestionAck ack = {.now_ns = NS_PER_S,
                         .rtt_ns = RTT_NS,
                         .srtt_ns = RTT_NS,
                         .acked_packets = 1,
                         .mss_bytes = PAPER_MSS_BYTES,
                         .is_limiting = true};
    congestion_sample(&window, &ack);
    congestion_grow(&window, &ack);
    double k_s = (double)window.cubic.k_ns / (double)NS_PER_S;
    ret_parts[0] = (Estimate){k_s, 0};
}

/* Every 1/p-th packet is lost; every segment is acknowledged, as the formula
 * has it (its b is 1). */
void
proof_reno_rate(const double settings[PROOF_SETTINGS_MAX],
                Estimate ret_parts[PROOF_PARTS_MAX])
{
    LabPlan plan = paper_plan(CONGESTION_RENO, 10);
    plan.options.has_delayed_ack = false;
    plan.loss_every_packets = (uint64_t)(1 / settings[0] + 0.5);
    plan.answer_bytes = LAB_ENDLESS;
    Lab lab;
    lab_init(&lab, &plan);
    const uint64_t *lost = &lab_down(&lab)->dropped_packets[LINK_DROP_LOSS];
    while (*lost < WARMUP_LOSSES)
        lab_step(&lab);
    int64_t start_ns = lab.network.now_ns;
    uint64_t start_bytes = lab_got_bytes(&lab);
    while (*lost < WARMUP_LOSSES + MEASURED_LOSSES)
        lab_step(&lab);
    double bits = 8 * (double)(lab_got_bytes(&lab) - start_bytes);
    double took_us =
        (double)(lab.network.now_ns - start_ns) / (double)NS_PER_US;
    ret_parts[0] = (Estimate){bits / took_us, 0};
    lab_clear(&lab);
}
