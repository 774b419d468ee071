/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/link.h: a queue, a serialiser, a lossy wire and a delay, one way.
 *
 * A FIFO link of known rate needs no service events: on arrival the packet's
 * start, departure and arrival at the far end are known. The link keeps its
 * packets in one chain in that order, and only the chain's head is on the
 * agenda: one event a packet and link.
 *
 * Order of treatment: queue (limit counts waiting packets, not the one being
 * sent) -> AQM -> serialiser -> random loss (the lost packet has used its
 * share of the rate) -> delay and jitter.
 */
#pragma once

#include <stddef.h>

#include "sim/codel.h"
#include "sim/packet.h"
#include "sim/random.h"

typedef uint32_t LinkId;
#define LINK_NONE UINT32_MAX
#define LINK_MANY (UINT32_MAX - 1)

typedef enum LinkDrop {
    LINK_DROP_QUEUE,
    LINK_DROP_AQM,
    LINK_DROP_LOSS,
    LINK_DROP_COUNT,
} LinkDrop;

/* Gilbert-Elliott: the state moves before each packet's own draw. */
typedef struct BurstLoss {
    uint64_t to_bad;  /* random_threshold of p */
    uint64_t to_good; /* of r */
    uint64_t loss_good;
    uint64_t loss_bad;
    bool is_bad;
} BurstLoss;

/* Losses picked by hand, for stories and proofs: bit i of `next` is the i-th
 * packet from now on; besides, one in `every_packets` (0: none). */
typedef struct ChosenLoss {
    uint64_t next;
    uint64_t every_packets;
    uint64_t seen_packets;
} ChosenLoss;

/* From start_ns on the link has this rate; the last piece lasts. */
typedef struct RatePiece {
    int64_t start_ns;
    uint64_t rate_bps;
} RatePiece;

/* What a link does beyond rate, delay, queue and Bernoulli loss. */
typedef struct LinkExtra {
    bool has_codel;
    Codel codel;
    bool has_burst_loss;
    BurstLoss burst_loss;
    ChosenLoss chosen_loss;
    int64_t jitter_ns_max; /* uniform from 0 */
    bool may_reorder;
    RatePiece *pieces; /* owned */
    uint32_t piece_count;
    struct Pcap *pcap; /* lent; see is_captured */
} LinkExtra;

/* What bounds the queue. */
typedef enum LinkQueue {
    LINK_QUEUE_ENDLESS,
    LINK_QUEUE_PACKETS, /* that wait */
    LINK_QUEUE_BYTES,   /* that wait, with the one that comes */
    LINK_QUEUE_NS,      /* that it would wait */
} LinkQueue;

/* A cache line for a queue that is empty, one for packets that wait and for
 * counts, and one for the far end. Links that cross from one part of a network
 * to another are busy at both ends at once, so what the far end writes lies
 * apart from what the near end looks at for every packet. */
typedef struct Link {
    _Alignas(64) uint64_t rate_bps; /* 0: infinite */
    int64_t delay_ns;
    int64_t extra_delay_ns; /* a standing queue of others' packets */
    int64_t free_ns;        /* when the serialiser is free */
    int64_t last_out_ns;
    uint64_t loss;    /* random_threshold; 0: none */
    LinkExtra *extra; /* NULL for plain links; owned */
    uint32_t waiting_packets;
    uint8_t wait_first;     /* place in the first batch */
    uint8_t wait_end;       /* in the last one, behind the last packet */
    uint8_t queue_unit : 2; /* LinkQueue; see link_bound */
    bool is_fed_by_one : 1; /* see network_add_path */
    bool is_captured : 1;   /* what it delivers goes to extra->pcap, too */
    uint8_t far_part;       /* where it ends; see sim/parts.h */

    uint64_t queue_limit;
    uint32_t wait_head; /* chain of WaitBatches: who may still wait */
    uint32_t wait_tail;
    LinkId feeder; /* the only one, or LINK_NONE, or LINK_MANY */
    uint32_t waiting_packets_max;
    RandomStream random;
    uint64_t arrived_packets;
    uint64_t busy_ns;   /* of the serialiser */
    uint64_t waited_ns; /* sum over packets */

    int64_t entry_ns; /* of the live agenda entry */
    uint32_t head;    /* chain of packets on the link */
    uint32_t tail;
    bool is_crossing;       /* it ends in another part than it begins in */
    uint64_t waiting_bytes; /* counted where somebody asks */
    uint64_t dropped_packets[LINK_DROP_COUNT];
} Link;

_Static_assert(offsetof(Link, queue_limit) == 64 &&
                   offsetof(Link, entry_ns) == 128 && sizeof(Link) == 192,
               "three cache lines");

/* All limits off, infinite rate, no delay, no loss. */
void link_init(Link *link);
void link_clear(Link *link);
void link_bound(Link *link, LinkQueue unit, uint64_t limit);
/* The link's extra part, made when first asked for. */
LinkExtra *link_extra(Link *link);
/* What changes as packets pass, written, or read into the same link. */
void link_code(Link *link, Coder *coder);

#define TRANSMIT_BYTES_MAX 2000000000u
/* Time to send size_bytes (up to TRANSMIT_BYTES_MAX) at rate_bps, rounded
 * up; 0 for an infinite rate. */
int64_t transmit_ns(uint64_t size_bytes, uint64_t rate_bps);

/* A packet arrives. LINK_TAKEN, or why it is dropped (counted); either way it
 * is still the caller's. Its out_ns and fate are set if it is taken. */
typedef enum LinkVerdict {
    LINK_TAKEN,
    LINK_FULL = 1 + LINK_DROP_QUEUE,
    LINK_REFUSED = 1 + LINK_DROP_AQM,
    LINK_LOSES = 1 + LINK_DROP_LOSS,
} LinkVerdict;
LinkVerdict link_take(Link *link, PacketPool *pool, uint32_t packet,
                      int64_t now_ns);
/* Keep one that was taken until its out_ns. The chain's head may change. It
 * looks at the far end alone. */
void link_hold(Link *link, PacketPool *pool, uint32_t packet);
/* Both; true when the link took it, false when it is dropped. */
bool link_accept(Link *link, PacketPool *pool, uint32_t packet, int64_t now_ns);
/* The far end's next packet if it is due, or PACKET_NONE; the caller's. One
 * that is to be dropped there comes out too: the wire that lost it has carried
 * it like the others. */
uint32_t link_pop(Link *link, PacketPool *pool, int64_t now_ns,
                  bool *ret_is_lost);
/* When the head reaches the far end; TIME_NEVER when empty. */
int64_t link_next_ns(const Link *link, const PacketPool *pool);
/* How long a packet arriving now would wait before it is sent. */
int64_t link_wait_ns(const Link *link, int64_t now_ns);
/* How long the serialiser has been busy until now_ns: busy_ns less what is
 * booked beyond it. */
uint64_t link_busy_ns(const Link *link, int64_t now_ns);
uint64_t link_dropped_packets(const Link *link);
/* How many it holds, on the wire or waiting: walks the chain. */
uint32_t link_held_packets(const Link *link, const PacketPool *pool);
