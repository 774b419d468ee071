/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/link.c: what happens to a packet between two nodes.
 */
#include "sim/link.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/event.h"

/* Rates times times do not fit in 64 bits. */
__extension__ typedef unsigned __int128 Wide;

void
link_init(Link *link)
{
    memset(link, 0, sizeof *link);
    link->entry_ns = TIME_NEVER;
    link->head = link->tail = PACKET_NONE;
    link->wait_head = link->wait_tail = PACKET_NONE;
    link->feeder = LINK_NONE;
}

void
link_bound(Link *link, LinkQueue unit, uint64_t limit)
{
    link->queue_unit = (uint8_t)(unit & 3);
    link->queue_limit = limit;
}

void
link_clear(Link *link)
{
    if (link->extra)
        g_free(link->extra->pieces);
    g_free(link->extra);
    link_init(link);
}

LinkExtra *
link_extra(Link *link)
{
    if (!link->extra)
        link->extra = g_new0(LinkExtra, 1);
    return link->extra;
}

int64_t
transmit_ns(uint64_t size_bytes, uint64_t rate_bps)
{
    assert(size_bytes <= TRANSMIT_BYTES_MAX);
    if (rate_bps == 0)
        return 0;
    uint64_t bit_ns = 8 * size_bytes * (uint64_t)NS_PER_S;
    return (int64_t)(bit_ns / rate_bps + (bit_ns % rate_bps != 0));
}

static uint32_t
piece_at(const LinkExtra *extra, int64_t time_ns)
{
    uint32_t index = 0;
    while (index + 1 < extra->piece_count &&
           extra->pieces[index + 1].start_ns <= time_ns)
        index++;
    return index;
}

/* Send across the pieces of a rate that changes on the way. A piece of rate
 * 0 is an outage: nothing moves until it ends. */
static int64_t
finish_in_pieces(const LinkExtra *extra, int64_t start_ns, uint32_t size_bytes)
{
    Wide left = (Wide)size_bytes * 8 * NS_PER_S;
    uint32_t index = piece_at(extra, start_ns);
    int64_t now_ns = start_ns;
    for (; index + 1 < extra->piece_count; index++) {
        int64_t end_ns = extra->pieces[index + 1].start_ns;
        uint64_t rate_bps = extra->pieces[index].rate_bps;
        Wide can = (Wide)rate_bps * (uint64_t)(end_ns - now_ns);
        if (can >= left)
            break;
        left -= can;
        now_ns = end_ns;
    }
    uint64_t rate_bps = extra->pieces[index].rate_bps;
    assert(rate_bps > 0); /* the reader refuses a last piece of 0 */
    return now_ns + (int64_t)((left + rate_bps - 1) / rate_bps);
}

static int64_t
finish_ns(const Link *link, int64_t start_ns, uint32_t size_bytes)
{
    if (link->extra && link->extra->piece_count)
        return finish_in_pieces(link->extra, start_ns, size_bytes);
    return start_ns + transmit_ns(size_bytes, link->rate_bps);
}

static void
drop_first_batch(Link *link, PacketPool *pool)
{
    uint32_t batch = link->wait_head;
    link->wait_head = pool->waits[batch].next;
    link->wait_first = 0;
    packet_put_wait(pool, batch);
    if (link->wait_head != PACKET_NONE)
        return;
    link->wait_tail = PACKET_NONE;
    link->wait_end = 0;
}

static bool
counts_bytes(const Link *link)
{
    return link->queue_unit == LINK_QUEUE_BYTES ||
           (link->extra && link->extra->has_codel);
}

/* Packets whose service has begun no longer wait. */
static void
advance_waiting(Link *link, PacketPool *pool, int64_t now_ns)
{
    while (link->waiting_packets > 0) {
        const WaitBatch *batch = &pool->waits[link->wait_head];
        if (batch->start_ns[link->wait_first] > now_ns)
            return;
        link->waiting_packets--;
        if (counts_bytes(link))
            link->waiting_bytes -= batch->size_bytes[link->wait_first];
        if (++link->wait_first == WAIT_BATCH_PACKETS ||
            link->waiting_packets == 0)
            drop_first_batch(link, pool);
    }
}

static bool
queue_has_room(const Link *link, uint32_t size_bytes, int64_t now_ns)
{
    if (link->free_ns <= now_ns)
        return true;
    switch ((LinkQueue)link->queue_unit) {
    case LINK_QUEUE_ENDLESS:
        return true;
    case LINK_QUEUE_PACKETS:
        return link->waiting_packets < link->queue_limit;
    case LINK_QUEUE_BYTES:
        return link->waiting_bytes + size_bytes <= link->queue_limit;
    case LINK_QUEUE_NS:
        return (uint64_t)(link->free_ns - now_ns) <= link->queue_limit;
    }
    g_assert_not_reached();
}

static bool
burst_loses(BurstLoss *burst, RandomStream *random)
{
    uint64_t move = random_next(random);
    if (burst->is_bad)
        burst->is_bad = move >= burst->to_good;
    else
        burst->is_bad = move < burst->to_bad;
    uint64_t loss = burst->is_bad ? burst->loss_bad : burst->loss_good;
    return loss == UINT64_MAX || (loss && random_next(random) < loss);
}

static bool
is_chosen(ChosenLoss *chosen)
{
    bool is_lost = chosen->next & 1;
    chosen->next >>= 1;
    if (chosen->every_packets == 0 ||
        ++chosen->seen_packets < chosen->every_packets)
        return is_lost;
    chosen->seen_packets = 0;
    return true;
}

static bool
wire_loses(Link *link)
{
    if (link->loss && random_next(&link->random) < link->loss)
        return true;
    if (!link->extra)
        return false;
    return is_chosen(&link->extra->chosen_loss) ||
           (link->extra->has_burst_loss &&
            burst_loses(&link->extra->burst_loss, &link->random));
}

static int64_t
jitter_ns(Link *link)
{
    if (!link->extra || link->extra->jitter_ns_max == 0)
        return 0;
    uint64_t range = (uint64_t)link->extra->jitter_ns_max + 1;
    Wide wide = random_next(&link->random);
    return (int64_t)(uint64_t)((wide * range) >> 64);
}

/* Where a packet may overtake others, it goes in by its out_ns. */
static void
insert_by_time(Link *link, PacketTransit *packets, uint32_t index)
{
    int64_t out_ns = packets[index].out_ns;
    uint32_t *place = &link->head;
    while (packets[*place].out_ns <= out_ns)
        place = &packets[*place].next;
    packets[index].next = *place;
    *place = index;
}

static LinkVerdict
drop(Link *link, LinkDrop reason)
{
    link->dropped_packets[reason]++;
    return (LinkVerdict)(1 + reason);
}

static void
wait_in_queue(Link *link, PacketPool *pool, uint32_t size_bytes,
              int64_t start_ns)
{
    if (link->wait_tail == PACKET_NONE ||
        link->wait_end == WAIT_BATCH_PACKETS) {
        uint32_t batch = packet_take_wait(pool);
        if (link->wait_tail == PACKET_NONE)
            link->wait_head = batch;
        else
            pool->waits[link->wait_tail].next = batch;
        link->wait_tail = batch;
        link->wait_end = 0;
    }
    WaitBatch *last = &pool->waits[link->wait_tail];
    last->start_ns[link->wait_end] = start_ns;
    last->size_bytes[link->wait_end++] = (uint16_t)size_bytes;
    link->waiting_packets++;
    if (counts_bytes(link))
        link->waiting_bytes += size_bytes;
    link->waiting_packets_max =
        MAX(link->waiting_packets_max, link->waiting_packets);
}

static bool
may_reorder(const Link *link)
{
    return link->extra && link->extra->may_reorder;
}

LinkVerdict
link_take(Link *link, PacketPool *pool, uint32_t index, int64_t now_ns)
{
    PacketTransit *packet = &pool->transits[index];
    assert(packet->next == PACKET_NONE);
    link->arrived_packets++;
    advance_waiting(link, pool, now_ns);
    if (!queue_has_room(link, packet->size_bytes, now_ns))
        return drop(link, LINK_DROP_QUEUE);
    int64_t start_ns = MAX(now_ns, link->free_ns);
    int64_t wait_ns = start_ns - now_ns;
    if (link->extra && link->extra->has_codel &&
        codel_drops(&link->extra->codel, start_ns, wait_ns,
                    link->waiting_bytes))
        return drop(link, LINK_DROP_AQM);
    link->free_ns = finish_ns(link, start_ns, packet->size_bytes);
    link->busy_ns += (uint64_t)(link->free_ns - start_ns);
    link->waited_ns += (uint64_t)wait_ns;
    packet->fate = wire_loses(link) ? LINK_LOSES : LINK_TAKEN;
    packet->out_ns =
        link->free_ns + link->delay_ns + link->extra_delay_ns + jitter_ns(link);
    /* Links that may reorder have no order of service to keep, so their queue
     * is bounded by time alone (the reader sees to it). */
    if (may_reorder(link))
        return LINK_TAKEN;
    packet->out_ns = MAX(packet->out_ns, link->last_out_ns);
    link->last_out_ns = packet->out_ns;
    if (start_ns > now_ns)
        wait_in_queue(link, pool, packet->size_bytes, start_ns);
    return LINK_TAKEN;
}

void
link_hold(Link *link, PacketPool *pool, uint32_t index)
{
    PacketTransit *packets = pool->transits;
    if (link->tail != PACKET_NONE &&
        packets[link->tail].out_ns > packets[index].out_ns) {
        insert_by_time(link, packets, index);
        return;
    }
    if (link->tail == PACKET_NONE)
        link->head = index;
    else
        packets[link->tail].next = index;
    link->tail = index;
}

bool
link_accept(Link *link, PacketPool *pool, uint32_t index, int64_t now_ns)
{
    if (link_take(link, pool, index, now_ns) != LINK_TAKEN)
        return false;
    link_hold(link, pool, index);
    return true;
}

uint32_t
link_pop(Link *link, PacketPool *pool, int64_t now_ns, bool *ret_is_lost)
{
    uint32_t index = link->head;
    if (index == PACKET_NONE || pool->transits[index].out_ns > now_ns)
        return PACKET_NONE;
    PacketTransit *packet = &pool->transits[index];
    link->head = packet->next;
    if (link->head == PACKET_NONE) {
        link->tail = PACKET_NONE;
        if (!link->is_crossing)
            advance_waiting(link, pool, now_ns); /* gives back what it needs */
    }
    packet->next = PACKET_NONE;
    *ret_is_lost = packet->fate != LINK_TAKEN;
    if (packet->fate == LINK_LOSES)
        link->dropped_packets[LINK_DROP_LOSS]++;
    return index;
}

int64_t
link_next_ns(const Link *link, const PacketPool *pool)
{
    if (link->head == PACKET_NONE)
        return TIME_NEVER;
    return pool->transits[link->head].out_ns;
}

int64_t
link_wait_ns(const Link *link, int64_t now_ns)
{
    return MAX(link->free_ns - now_ns, 0);
}

uint64_t
link_busy_ns(const Link *link, int64_t now_ns)
{
    return link->busy_ns - (uint64_t)link_wait_ns(link, now_ns);
}

uint64_t
link_dropped_packets(const Link *link)
{
    uint64_t sum = 0;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        sum += link->dropped_packets[reason];
    return sum;
}

uint32_t
link_held_packets(const Link *link, const PacketPool *pool)
{
    uint32_t count = 0;
    for (uint32_t index = link->head; index != PACKET_NONE;
         index = pool->transits[index].next)
        count++;
    return count;
}

CODER_KNOWS(LinkExtra, 0, {0}, 0, {0}, {0}, 0, 0, 0, 0, 0);

static void
code_extra(LinkExtra *extra, Coder *coder)
{
    coder_bytes(coder, &extra->codel, sizeof extra->codel);
    coder_flag(coder, &extra->burst_loss.is_bad);
    coder_bytes(coder, &extra->chosen_loss, sizeof extra->chosen_loss);
}

void
link_code(Link *link, Coder *coder)
{
    LinkExtra *extra = link->extra;
    link->extra = NULL;
    coder_bytes(coder, link, sizeof *link);
    link->extra = extra;
    if (extra)
        code_extra(extra, coder);
}
