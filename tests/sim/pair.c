/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/pair.c: the driver of two endpoints.
 */
#include "tests/sim/pair.h"

#include <glib.h>
#include <string.h>

#include "core/event.h"

static const TcpOptions LINUX_OPTIONS = {
    .congestion = CONGESTION_CUBIC,
    .initial_window_packets = 10,
    .mss_bytes = 1448,
    .header_bytes = 52,
    .receive_window_bytes = 64 << 20,
    .has_delayed_ack = true,
    .has_slow_start_after_idle = true,
    .has_hystart = true,
};

void
pair_init(Pair *pair, uint64_t rate_bps, int64_t rtt_ns)
{
    memset(pair, 0, sizeof *pair);
    network_init(&pair->network);
    pair->options = LINUX_OPTIONS;
    for (int side = 0; side < 2; side++) {
        Link *link;
        pair->links[side] = network_add_link(&pair->network, &link);
        link->rate_bps = rate_bps;
        link->delay_ns = rtt_ns / 2;
        random_init(&link->random, (RandomSeed){1, 0}, side ? "back" : "there",
                    "link");
        pair->sides[side].is_reading = true;
        pair->sides[side].up_ns = TIME_NEVER;
    }
}

Link *
pair_link(Pair *pair, int side)
{
    return &pair->network.links[pair->links[side]];
}

Endpoint *
pair_end(Pair *pair, int side)
{
    return network_endpoint(&pair->network, pair->ids[side]);
}

void
pair_open(Pair *pair, PairPeer peer)
{
    TcpPath path = {
        .out = {pair->links[0], ROUTE_NONE, LINK_NONE},
        .back = {pair->links[1], ROUTE_NONE, LINK_NONE},
        .opener = &pair->options,
        .acceptor = &pair->options,
        .is_refused = peer == PEER_REFUSES,
        .is_dead = peer == PEER_IS_DEAD,
    };
    pair->ids[0] = tcp_open(&pair->network, &path);
    pair->ids[1] = pair->ids[0] ^ 1;
    tcp_own(pair_end(pair, 0), 0, 0);
}

void
pair_write(Pair *pair, int side, uint64_t size_bytes)
{
    Extent extent = {.size_bytes = size_bytes};
    tcp_write_extent(&pair->network, pair_end(pair, side), &extent);
    tcp_wrote(&pair->network, pair_end(pair, side), size_bytes);
}

void
pair_close(Pair *pair, int side, CloseReason reason)
{
    pair->sides[side].is_let_go = true;
    tcp_close(&pair->network, pair_end(pair, side), reason);
}

void
pair_read(Pair *pair, int side, uint64_t size_bytes)
{
    Side *reader = &pair->sides[side];
    Endpoint *endpoint = pair_end(pair, side);
    uint64_t bytes = MIN(size_bytes, tcp_readable_bytes(endpoint));
    if (bytes > 0) {
        reader->got_bytes += bytes;
        reader->last_ns = pair->network.now_ns;
        Stream *content = &endpoint->incoming;
        for (uint64_t left = bytes; left > 0;) {
            uint64_t part = MIN(left, stream_peek(content)->size_bytes);
            stream_skip(content, part);
            left -= part;
        }
        tcp_read(&pair->network, endpoint, bytes);
    }
    if (!tcp_is_ended(endpoint))
        return;
    reader->is_ended = true;
    if (reader->closes_after_peer)
        pair_close(pair, side, CLOSE_DONE);
}

static void
take_signal(Pair *pair, const Signal *signal)
{
    int number = signal->endpoint & 1;
    Side *side = &pair->sides[number];
    Endpoint *endpoint = pair_end(pair, number);
    switch (signal->kind) {
    case SIGNAL_ACCEPTED:
        tcp_own(endpoint, 1, 0);
        side->up_ns = pair->network.now_ns;
        return;
    case SIGNAL_CONNECTED:
        side->up_ns = pair->network.now_ns;
        return;
    case SIGNAL_READABLE:
        endpoint->is_told = false;
        if (side->is_reading)
            pair_read(pair, number, UINT64_MAX);
        return;
    case SIGNAL_DRAINED:
        side->drained_count++;
        return;
    case SIGNAL_CLOSED:
        side->is_closed = true;
        side->reason = endpoint->close_reason;
        side->closed_ns = pair->network.now_ns;
        tcp_disown(&pair->network, endpoint);
        return;
    }
}

static void
step(Pair *pair)
{
    Signal signal;
    AgendaEntry entry = agenda_pop(&pair->network.agenda);
    g_assert_true(network_step(&pair->network, &entry));
    while (network_take_signal(&pair->network, &signal))
        take_signal(pair, &signal);
    network_check(&pair->network);
}

void
pair_run(Pair *pair, int64_t until_ns)
{
    while (agenda_peek_ns(&pair->network.agenda) <= until_ns)
        step(pair);
    pair->network.now_ns = MAX(pair->network.now_ns, until_ns);
}

void
pair_finish(Pair *pair)
{
    while (pair->network.agenda.count > 0)
        step(pair);
}

void
pair_assert_over(Pair *pair)
{
    g_assert_cmpint(pair_end(pair, 0)->state, ==, TCP_CLOSED);
    g_assert_cmpint(pair_end(pair, 1)->state, ==, TCP_CLOSED);
    g_assert_cmpuint(pair->network.packets.used_count, ==, 0);
    g_assert_cmpuint(pair->network.free_connection_count, ==, 1);
}

void
pair_clear(Pair *pair)
{
    network_check(&pair->network);
    network_clear(&pair->network);
}
