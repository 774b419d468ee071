/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/lab.c: opens streams, asks, answers, and notes the times.
 */
#include "sim/validate/lab.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/event.h"

#define LINUX_MSS_BYTES 1448u
#define LINUX_HEADER_BYTES 52u
#define LINUX_WINDOW_BYTES (UINT64_C(64) << 20)

LabPlan
lab_plan(CongestionKind congestion, uint32_t initial_window)
{
    return (LabPlan){
        .options = {.congestion = congestion,
                    .initial_window_packets = initial_window,
                    .mss_bytes = LINUX_MSS_BYTES,
                    .header_bytes = LINUX_HEADER_BYTES,
                    .receive_window_bytes = LINUX_WINDOW_BYTES,
                    .has_delayed_ack = true,
                    .has_slow_start_after_idle = true,
                    .has_hystart = true},
        .stream_count = 1,
        .seed = 1,
    };
}

static LinkId
add_link(Lab *lab, const char *name, uint64_t rate_bps)
{
    Link *link;
    LinkId id = network_add_link(&lab->network, &link);
    link->rate_bps = rate_bps;
    link->delay_ns = lab->plan.rtt_ns / 2;
    random_init(&link->random, (RandomSeed){lab->plan.seed, 0}, name, "link");
    return id;
}

void
lab_init(Lab *lab, const LabPlan *plan)
{
    memset(lab, 0, sizeof *lab);
    lab->plan = *plan;
    network_init(&lab->network);
    lab->down = add_link(lab, "down", plan->down_bps);
    lab->up = add_link(lab, "up", plan->up_bps);
    Link *down = lab_down(lab);
    down->loss = random_threshold(plan->loss_ratio);
    if (plan->queue_packets)
        link_bound(down, LINK_QUEUE_PACKETS, plan->queue_packets);
    if (plan->loss_every_packets)
        link_extra(down)->chosen_loss.every_packets = plan->loss_every_packets;
    lab->streams = g_new0(LabStream, plan->stream_count);
    for (uint32_t i = 0; i < plan->stream_count; i++) {
        lab->streams[i].asked_ns = lab->streams[i].done_ns = TIME_NEVER;
        agenda_push(&lab->network.agenda, i * plan->stream_every_ns,
                    AGENDA_FLOW, i);
    }
}

void
lab_clear(Lab *lab)
{
    network_check(&lab->network);
    network_clear(&lab->network);
    g_free(lab->streams);
}

Link *
lab_down(const Lab *lab)
{
    return &lab->network.links[lab->down];
}

Link *
lab_up(const Lab *lab)
{
    return &lab->network.links[lab->up];
}

static void
open_stream(Lab *lab, uint32_t index)
{
    Path up = {lab->up, ROUTE_NONE, LINK_NONE};
    Path down = {lab->down, ROUTE_NONE, LINK_NONE};
    TcpPath path = {.out = up,
                    .back = down,
                    .opener = &lab->plan.options,
                    .acceptor = &lab->plan.options,
                    .serial = index};
    LabStream *stream = &lab->streams[index];
    stream->client = tcp_open(&lab->network, &path);
    tcp_own(network_endpoint(&lab->network, stream->client), index, 0);
}

static void
ask(Lab *lab, LabStream *stream, Endpoint *client)
{
    static const uint8_t request[LAB_REQUEST_BYTES] = {0};
    stream->asked_ns = lab->network.now_ns;
    tcp_write_bytes(&lab->network, client, request, sizeof request);
    tcp_wrote(&lab->network, client, sizeof request);
}

static void
answer(Lab *lab, Endpoint *server)
{
    if (server->read_seq < LAB_REQUEST_BYTES)
        return;
    Extent extent = {.size_bytes = lab->plan.answer_bytes};
    tcp_write_extent(&lab->network, server, &extent);
    tcp_wrote(&lab->network, server, extent.size_bytes);
}

static void
take(Lab *lab, LabStream *stream, Endpoint *client, uint64_t size_bytes)
{
    stream->got_bytes += size_bytes;
    if (stream->got_bytes < lab->plan.answer_bytes)
        return;
    stream->done_ns = lab->network.now_ns;
    stream->server = network_endpoint(&lab->network, client->id ^ 1)->count;
    lab->done_count++;
    tcp_close(&lab->network, client, CLOSE_DONE);
}

static void
read_from_peer(Lab *lab, LabStream *stream, Endpoint *endpoint)
{
    endpoint->is_told = false;
    uint64_t size_bytes = tcp_readable_bytes(endpoint);
    if (size_bytes == 0) {
        tcp_close(&lab->network, endpoint, CLOSE_DONE);
        return;
    }
    stream_skip(&endpoint->incoming, size_bytes);
    tcp_read(&lab->network, endpoint, size_bytes);
    if (endpoint->id & 1)
        answer(lab, endpoint);
    else
        take(lab, stream, endpoint, size_bytes);
}

static void
take_signal(Lab *lab, const Signal *signal)
{
    Endpoint *endpoint = network_endpoint(&lab->network, signal->endpoint);
    uint32_t index =
        network_endpoint(&lab->network, signal->endpoint & ~1u)->owner;
    LabStream *stream = &lab->streams[index];
    switch (signal->kind) {
    case SIGNAL_CONNECTED:
        ask(lab, stream, endpoint);
        return;
    case SIGNAL_ACCEPTED:
        tcp_own(endpoint, index, 0);
        return;
    case SIGNAL_READABLE:
        read_from_peer(lab, stream, endpoint);
        return;
    case SIGNAL_DRAINED:
        return;
    case SIGNAL_CLOSED:
        tcp_disown(&lab->network, endpoint);
        return;
    }
}

bool
lab_step(Lab *lab)
{
    if (lab->network.agenda.count == 0)
        return false;
    AgendaEntry entry = agenda_pop(&lab->network.agenda);
    if (!network_step(&lab->network, &entry) &&
        agenda_kind(&entry) == AGENDA_FLOW)
        open_stream(lab, (uint32_t)entry.key);
    Signal signal;
    while (network_take_signal(&lab->network, &signal))
        take_signal(lab, &signal);
    return true;
}

void
lab_run(Lab *lab, int64_t until_ns)
{
    while (agenda_peek_ns(&lab->network.agenda) <= until_ns && lab_step(lab))
        continue;
}

uint64_t
lab_measure_bytes(Lab *lab, int64_t duration_ns)
{
    const LabStream *first = &lab->streams[0];
    while (first->asked_ns == TIME_NEVER && lab_step(lab))
        continue;
    if (first->asked_ns != TIME_NEVER)
        lab_run(lab, first->asked_ns + duration_ns);
    return lab_got_bytes(lab);
}

int64_t
lab_completion_ns(Lab *lab, int64_t until_ns)
{
    const LabStream *first = &lab->streams[0];
    while (first->done_ns == TIME_NEVER &&
           agenda_peek_ns(&lab->network.agenda) <= until_ns && lab_step(lab))
        continue;
    return first->done_ns == TIME_NEVER ? TIME_NEVER
                                        : first->done_ns - first->asked_ns;
}

uint64_t
lab_got_bytes(const Lab *lab)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < lab->plan.stream_count; i++)
        sum += lab->streams[i].got_bytes;
    return sum;
}
