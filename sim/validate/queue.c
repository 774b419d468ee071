/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/queue.c: proofs about the queue of a link, fed by Poisson.
 *
 * The unit of time is the mean service: MEAN_BYTES at RATE_BPS. Means are
 * batch means of one long run whose first batch is thrown away.
 */
#include <assert.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "core/event.h"
#include "sim/link.h"
#include "sim/validate/proof.h"

#define SEED 1
#define RATE_BPS UINT64_C(1000000000)
#define MEAN_BYTES 1000u
#define SERVICE_NS 8000.0
#define BATCHES 30u
#define TAIL_RATIO 0.99
/* Times of one batch by size, for its quantile: a thousandth of the largest
 * that matters per class, and the rest in the last. */
#define CLASSES 32768u
#define CLASSES_PER_SERVICE 128u

typedef struct Station {
    Link link;
    PacketPool pool;
    RandomStream arrivals;
    RandomStream sizes;
    double gap_ns; /* mean between arrivals */
    double clock_ns;
    bool is_fixed; /* all packets have MEAN_BYTES */
} Station;

/* What one packet met; times in services. */
typedef struct Visit {
    bool is_refused;
    double wait;
    double total;
} Visit;

static void
station_init(Station *station, double load, bool is_fixed)
{
    memset(station, 0, sizeof *station);
    link_init(&station->link);
    packet_pool_init(&station->pool);
    RandomSeed seed = {SEED, 0};
    random_init(&station->arrivals, seed, "station", "arrivals");
    random_init(&station->sizes, seed, "station", "sizes");
    station->link.rate_bps = RATE_BPS;
    station->gap_ns = SERVICE_NS / load;
    station->is_fixed = is_fixed;
}

static void
station_clear(Station *station)
{
    link_clear(&station->link);
    packet_pool_clear(&station->pool);
}

static double
draw_exponential(RandomStream *stream, double mean)
{
    return -mean * log1p(-random_unit(stream));
}

static void
let_out(Station *station, int64_t now_ns)
{
    bool is_lost;
    for (;;) {
        uint32_t packet =
            link_pop(&station->link, &station->pool, now_ns, &is_lost);
        if (packet == PACKET_NONE)
            return;
        packet_put(&station->pool, packet);
    }
}

static Visit
arrive(Station *station)
{
    station->clock_ns += draw_exponential(&station->arrivals, station->gap_ns);
    int64_t now_ns = (int64_t)station->clock_ns;
    let_out(station, now_ns);
    uint32_t packet = packet_take(&station->pool);
    double size_bytes = MEAN_BYTES;
    if (!station->is_fixed)
        size_bytes = draw_exponential(&station->sizes, MEAN_BYTES);
    /* The longest of all draws is 37 means (53 bits). */
    PacketTransit *arrived = &station->pool.transits[packet];
    arrived->size_bytes = (uint16_t)lround(size_bytes);
    Visit visit = {.wait = (double)link_wait_ns(&station->link, now_ns)};
    visit.is_refused =
        !link_accept(&station->link, &station->pool, packet, now_ns);
    if (visit.is_refused)
        packet_put(&station->pool, packet);
    else
        visit.total = (double)(arrived->out_ns - now_ns) / SERVICE_NS;
    visit.wait /= SERVICE_NS;
    return visit;
}

static double
quantile_of(const uint32_t *classes, uint32_t count)
{
    double wanted = TAIL_RATIO * count;
    double seen = 0;
    uint32_t index = 0;
    while (index + 1 < CLASSES && seen + classes[index] < wanted)
        seen += classes[index++];
    assert(index + 1 < CLASSES);
    double inside = (wanted - seen) / classes[index];
    return (index + inside) / CLASSES_PER_SERVICE;
}

/* Longer runs where the queue remembers longer; enough for half of what the
 * table allows. */
static uint32_t
batch_packets(double load)
{
    return load > 0.85 ? 1000000 : load > 0.75 ? 300000 : 100000;
}

void
proof_random_service(const double settings[PROOF_SETTINGS_MAX],
                     Estimate ret_parts[PROOF_PARTS_MAX])
{
    Station station;
    station_init(&station, settings[0], false);
    Sample means = {0};
    Sample tails = {0};
    uint32_t packets = batch_packets(settings[0]);
    uint32_t *classes = g_new(uint32_t, CLASSES);
    for (uint32_t batch = 0; batch <= BATCHES; batch++) {
        double sum = 0;
        memset(classes, 0, CLASSES * sizeof *classes);
        for (uint32_t i = 0; i < packets; i++) {
            double total = arrive(&station).total;
            uint32_t class = (uint32_t)(total * CLASSES_PER_SERVICE);
            sum += total;
            classes[MIN(class, CLASSES - 1)]++;
        }
        if (batch == 0)
            continue;
        sample_add(&means, sum / packets);
        sample_add(&tails, quantile_of(classes, packets));
    }
    ret_parts[0] = sample_estimate(&means);
    ret_parts[1] = sample_estimate(&tails);
    g_free(classes);
    station_clear(&station);
}

void
proof_fixed_service(const double settings[PROOF_SETTINGS_MAX],
                    Estimate ret_parts[PROOF_PARTS_MAX])
{
    Station station;
    station_init(&station, settings[0], true);
    Sample waits = {0};
    uint32_t packets = batch_packets(settings[0]);
    for (uint32_t batch = 0; batch <= BATCHES; batch++) {
        double sum = 0;
        for (uint32_t i = 0; i < packets; i++)
            sum += arrive(&station).wait;
        if (batch > 0)
            sample_add(&waits, sum / packets);
    }
    ret_parts[0] = sample_estimate(&waits);
    station_clear(&station);
}

void
proof_blocking(const double settings[PROOF_SETTINGS_MAX],
               Estimate ret_parts[PROOF_PARTS_MAX])
{
    Station station;
    station_init(&station, settings[0], false);
    /* The limit counts packets that wait, the formula's K also the one in
     * service. */
    link_bound(&station.link, LINK_QUEUE_PACKETS, (uint64_t)settings[1] - 1);
    Sample shares = {0};
    const uint32_t packets = 300000;
    for (uint32_t batch = 0; batch <= BATCHES; batch++) {
        uint32_t refused = 0;
        for (uint32_t i = 0; i < packets; i++)
            refused += arrive(&station).is_refused;
        if (batch > 0)
            sample_add(&shares, (double)refused / packets);
    }
    ret_parts[0] = sample_estimate(&shares);
    station_clear(&station);
}
