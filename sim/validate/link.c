/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/link.c: proofs about single links and chains of them.
 */
#include <assert.h>
#include <glib.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "core/event.h"
#include "sim/validate/lab.h"
#include "sim/validate/proof.h"

#define SEED 1
#define HOP_BPS 10000000u
#define HOP_DELAY_NS (3 * NS_PER_MS)

void
proof_transmission(const double settings[PROOF_SETTINGS_MAX],
                   Estimate ret_parts[PROOF_PARTS_MAX])
{
    Link link;
    PacketPool pool;
    link_init(&link);
    packet_pool_init(&pool);
    link.rate_bps = (uint64_t)settings[1];
    uint32_t packet = packet_take(&pool);
    pool.transits[packet].size_bytes = (uint16_t)settings[0];
    bool is_taken = link_accept(&link, &pool, packet, 0);
    assert(is_taken);
    ret_parts[0] = (Estimate){(double)link_next_ns(&link, &pool), 0};
    link_clear(&link);
    packet_pool_clear(&pool);
}

/* The server writes a window of full packets at once. */
static int64_t
cross_hops(uint32_t packets, uint32_t hops)
{
    Network network;
    network_init(&network);
    Route route = {.hop_count = (uint8_t)hops};
    Link *link;
    for (uint32_t hop = 0; hop < hops; hop++) {
        route.links[hop] = network_add_link(&network, &link);
        link->rate_bps = HOP_BPS;
        link->delay_ns = HOP_DELAY_NS;
    }
    Path back = {LINK_NONE, network_add_route(&network, &route), LINK_NONE};
    Path out = {network_add_link(&network, &link), ROUTE_NONE, LINK_NONE};
    TcpOptions options = lab_plan(CONGESTION_RENO, packets).options;
    options.mss_bytes = 1460;
    options.header_bytes = 40;
    TcpPath path = {
        .out = out, .back = back, .opener = &options, .acceptor = &options};
    EndpointId client = tcp_open(&network, &path);
    tcp_own(network_endpoint(&network, client), 0, 0);
    int64_t written_ns = TIME_NEVER;
    int64_t done_ns = TIME_NEVER;
    while (network.agenda.count > 0 && done_ns == TIME_NEVER) {
        AgendaEntry entry = agenda_pop(&network.agenda);
        network_step(&network, &entry);
        Signal signal;
        while (network_take_signal(&network, &signal)) {
            Endpoint *endpoint = network_endpoint(&network, signal.endpoint);
            uint64_t size_bytes = (uint64_t)packets * options.mss_bytes;
            if (signal.kind == SIGNAL_CONNECTED)
                tcp_expect(&network, endpoint, size_bytes);
            if (signal.kind == SIGNAL_READABLE)
                done_ns = network.now_ns;
            if (signal.kind != SIGNAL_ACCEPTED)
                continue;
            written_ns = network.now_ns;
            Extent extent = {.size_bytes = size_bytes};
            tcp_write_extent(&network, endpoint, &extent);
            tcp_wrote(&network, endpoint, size_bytes);
        }
    }
    network_clear(&network);
    return done_ns - written_ns;
}

void
proof_hops(const double settings[PROOF_SETTINGS_MAX],
           Estimate ret_parts[PROOF_PARTS_MAX])
{
    int64_t took_ns = cross_hops((uint32_t)settings[0], (uint32_t)settings[1]);
    ret_parts[0] = (Estimate){(double)took_ns, 0};
}

static uint64_t
unaccounted_packets(const Network *network)
{
    const NetworkCount *count = &network->count;
    uint64_t seen = count->delivered_packets + network->packets.used_count;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        seen += count->dropped_packets[reason];
    return seen > count->sent_packets ? seen - count->sent_packets
                                      : count->sent_packets - seen;
}

/* What the link's own books say when it is empty: everybody's wait, service
 * and flight. */
static uint64_t
booked_packet_ns(const Link *link)
{
    uint64_t crossed = link->arrived_packets -
                       link->dropped_packets[LINK_DROP_QUEUE] -
                       link->dropped_packets[LINK_DROP_AQM];
    return link->waited_ns + link->busy_ns + crossed * (uint64_t)link->delay_ns;
}

/* Little's law from an empty network to an empty network: the integral of
 * the number of packets is the sum of their times, to the nanosecond. */
void
proof_conservation(const double settings[PROOF_SETTINGS_MAX],
                   Estimate ret_parts[PROOF_PARTS_MAX])
{
    (void)settings;
    LabPlan plan = lab_plan(CONGESTION_CUBIC, 10);
    plan.down_bps = 20000000;
    plan.up_bps = 5000000;
    plan.rtt_ns = 30 * NS_PER_MS;
    plan.queue_packets = 30;
    plan.loss_ratio = 0.002;
    plan.stream_count = 8;
    plan.stream_every_ns = 300 * NS_PER_MS;
    plan.answer_bytes = 3000000;
    plan.seed = SEED;
    Lab lab;
    lab_init(&lab, &plan);
    link_extra(lab_down(&lab))->has_codel = true;
    uint64_t integral = 0;
    uint64_t missing = 0;
    Network *network = &lab.network;
    while (network->agenda.count > 0) {
        uint64_t step_ns =
            (uint64_t)(agenda_peek_ns(&network->agenda) - network->now_ns);
        integral += step_ns * network->packets.used_count;
        lab_step(&lab);
        missing = MAX(missing, unaccounted_packets(network));
    }
    assert(lab.done_count == plan.stream_count);
    uint64_t booked =
        booked_packet_ns(lab_down(&lab)) + booked_packet_ns(lab_up(&lab));
    uint32_t reason_count = 0;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        reason_count += network->count.dropped_packets[reason] > 0;
    ret_parts[0] = (Estimate){(double)missing, 0};
    ret_parts[1] = (Estimate){(double)integral - (double)booked, 0};
    ret_parts[2] = (Estimate){reason_count, 0};
    lab_clear(&lab);
}

/* Send one packet over a link without rate or delay. */
static bool
is_lost_on(Link *link, PacketPool *pool)
{
    bool is_lost = false;
    uint32_t packet = packet_take(pool);
    bool is_taken = link_accept(link, pool, packet, 0);
    assert(is_taken);
    uint32_t popped = link_pop(link, pool, 0, &is_lost);
    assert(popped == packet);
    packet_put(pool, popped);
    return is_lost;
}

void
proof_random_loss(const double settings[PROOF_SETTINGS_MAX],
                  Estimate ret_parts[PROOF_PARTS_MAX])
{
    Link link;
    PacketPool pool;
    link_init(&link);
    packet_pool_init(&pool);
    link.loss = random_threshold(settings[0]);
    random_init(&link.random, (RandomSeed){SEED, 0}, "bernoulli", "link");
    uint64_t packets = (uint64_t)settings[1];
    uint64_t lost_packets = 0;
    for (uint64_t i = 0; i < packets; i++)
        lost_packets += is_lost_on(&link, &pool);
    ret_parts[0] = sample_share(lost_packets, packets, settings[0]);
    link_clear(&link);
    packet_pool_clear(&pool);
}

#define BURST_BATCHES 40u
#define BURST_BATCH_PACKETS 1000000u
#define BURST_LENGTHS 16u /* the last class: this length and longer */

typedef struct BurstCount {
    uint64_t by_length[BURST_LENGTHS + 1];
    uint64_t burst_count;
    uint32_t present; /* length of the burst under way */
} BurstCount;

static void
count_burst(BurstCount *bursts, bool is_lost, Sample *lengths)
{
    if (is_lost) {
        bursts->present++;
        return;
    }
    if (bursts->present == 0)
        return;
    bursts->by_length[MIN(bursts->present, BURST_LENGTHS)]++;
    bursts->burst_count++;
    sample_add(lengths, bursts->present);
    bursts->present = 0;
}

/* How probable lengths as odd as these are under a geometric law. */
static double
geometric_p_value(const BurstCount *bursts, double r)
{
    double chi_square = 0;
    double bursts_left = (double)bursts->burst_count;
    for (uint32_t length = 1; length <= BURST_LENGTHS; length++) {
        double expected = bursts_left * (length < BURST_LENGTHS ? r : 1);
        double error = (double)bursts->by_length[length] - expected;
        chi_square += error * error / expected;
        bursts_left -= expected;
    }
    return gsl_cdf_chisq_Q(chi_square, BURST_LENGTHS - 1);
}

void
proof_burst_loss(const double settings[PROOF_SETTINGS_MAX],
                 Estimate ret_parts[PROOF_PARTS_MAX])
{
    Link link;
    PacketPool pool;
    link_init(&link);
    packet_pool_init(&pool);
    random_init(&link.random, (RandomSeed){SEED, 0}, "gilbert", "link");
    LinkExtra *extra = link_extra(&link);
    extra->has_burst_loss = true;
    extra->burst_loss = (BurstLoss){.to_bad = random_threshold(settings[0]),
                                    .to_good = random_threshold(settings[1]),
                                    .loss_bad = random_threshold(1)};
    Sample shares = {0};
    Sample lengths = {0};
    BurstCount bursts = {0};
    for (uint32_t batch = 0; batch < BURST_BATCHES; batch++) {
        uint32_t lost_packets = 0;
        for (uint32_t i = 0; i < BURST_BATCH_PACKETS; i++) {
            bool is_lost = is_lost_on(&link, &pool);
            lost_packets += is_lost;
            count_burst(&bursts, is_lost, &lengths);
        }
        sample_add(&shares, (double)lost_packets / BURST_BATCH_PACKETS);
    }
    ret_parts[0] = sample_estimate(&shares);
    ret_parts[1] = sample_estimate(&lengths);
    ret_parts[2] = (Estimate){geometric_p_value(&bursts, settings[1]), 0};
    link_clear(&link);
    packet_pool_clear(&pool);
}
