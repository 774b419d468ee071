/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/packet.h: packets, in two flat arrays of one pool, and who waits.
 *
 * Links move PacketTransits, half a cache line each; what a packet says is
 * looked at by its two ends alone. A packet is always in exactly one place:
 * on the free list or on one link. `next` is that place's chain. That a link
 * has not begun to send it is written down apart, since it may have gone on by
 * then: see network_run_ahead.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/coder.h"

#define PACKET_NONE UINT32_MAX
#define PACKET_SACK_MAX 2

typedef enum PacketFlag {
    PACKET_SYN = 1,
    PACKET_ACK = 2,
    PACKET_FIN = 4,
    PACKET_RST = 8,
    PACKET_PROBE = 16,    /* asks for an ACK: the window was closed */
    PACKET_DSACK = 32,    /* a segment came that was there already */
    PACKET_OUTSIDE = 128, /* of no transport here; see network_inject */
} PacketFlag;

/* Bytes beyond the cumulative ACK that have arrived, relative to it. */
typedef struct SackBlock {
    uint32_t start_bytes;
    uint32_t end_bytes;
} SackBlock;

typedef struct Packet {
    uint64_t seq; /* of the first payload byte */
    uint64_t ack;
    SackBlock sack[PACKET_SACK_MAX]; /* unused ones are empty */
    uint32_t endpoint;               /* whom it is for */
    uint32_t stamp_us; /* ACK: when sent; data: of the last ACK seen */
    uint32_t window_bytes;
    uint16_t sequence_bytes; /* payload, and one for a FIN */
    uint8_t flags;           /* PacketFlag, ored */
    uint8_t part;            /* of the network, where the endpoint lives */
} Packet;

_Static_assert(sizeof(Packet) == 48, "with its transit 80 bytes");

typedef struct PacketTransit {
    int64_t out_ns; /* when it reaches the present link's far end */
    uint32_t next;
    uint32_t link;       /* the one after the present one; LINK_NONE: none */
    uint32_t route;      /* as in Path */
    uint32_t down;       /* its last link, after the route; as in Path */
    uint16_t size_bytes; /* of the IP packet */
    uint8_t hop;         /* of the link after that, in the route */
    uint8_t fate; /* at the present link's far end: 0, it goes on; else it is
                     dropped, for the reason of LinkDrop less one */
} PacketTransit;

_Static_assert(sizeof(PacketTransit) == 32, "two to a cache line");

/* From when on each is sent, and what it counts in the queue until then. */
#define WAIT_BATCH_PACKETS 6u
typedef struct WaitBatch {
    int64_t start_ns[WAIT_BATCH_PACKETS];
    uint16_t size_bytes[WAIT_BATCH_PACKETS];
    uint32_t next; /* of the same link's, or of the free ones */
} WaitBatch;

_Static_assert(sizeof(WaitBatch) == 64, "a cache line");

typedef struct PacketPool {
    Packet *packets;
    PacketTransit *transits;
    uint32_t capacity;
    uint32_t fresh; /* from here on none was ever used */
    uint32_t free_head;
    uint32_t used_count;
    WaitBatch *waits;
    uint32_t wait_capacity;
    uint32_t fresh_wait;
    uint32_t free_wait;
} PacketPool;

void packet_pool_init(PacketPool *pool);
void packet_pool_clear(PacketPool *pool);
/* All packets, written, or read into a pool that was just initialised. */
void packet_pool_code(PacketPool *pool, Coder *coder);
/* The pool may move when it grows: keep the index, not the pointer. */
uint32_t packet_take(PacketPool *pool);
void packet_put(PacketPool *pool, uint32_t packet);
/* A batch; the batches may move when they grow. */
uint32_t packet_take_wait(PacketPool *pool);
void packet_put_wait(PacketPool *pool, uint32_t batch);
