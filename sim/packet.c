/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/packet.c: the pool of packets.
 */
#include "sim/packet.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

void
packet_pool_init(PacketPool *pool)
{
    memset(pool, 0, sizeof *pool);
    pool->free_head = pool->free_wait = PACKET_NONE;
}

void
packet_pool_clear(PacketPool *pool)
{
    free(pool->packets);
    free(pool->transits);
    free(pool->waits);
    packet_pool_init(pool);
}

static void
grow(PacketPool *pool)
{
    uint32_t capacity = MAX(1024, 2 * pool->capacity);
    uint32_t old = pool->capacity;
    pool->packets = memory_grow(pool->packets, old * sizeof(Packet),
                                capacity * sizeof(Packet));
    pool->transits = memory_grow(pool->transits, old * sizeof(PacketTransit),
                                 capacity * sizeof(PacketTransit));
    for (uint32_t i = capacity; i > pool->capacity; i--) {
        pool->transits[i - 1].next = pool->free_head;
        pool->free_head = i - 1;
    }
    pool->capacity = capacity;
}

uint32_t
packet_take(PacketPool *pool)
{
    if (pool->free_head == PACKET_NONE)
        grow(pool);
    uint32_t index = pool->free_head;
    Packet *packet = &pool->packets[index];
    pool->free_head = pool->transits[index].next;
    pool->used_count++;
    memset(packet, 0, sizeof *packet);
    pool->transits[index].next = PACKET_NONE;
    return index;
}

void
packet_put(PacketPool *pool, uint32_t packet)
{
    assert(packet < pool->capacity);
    assert(pool->used_count > 0);
    pool->used_count--;
    pool->transits[packet].next = pool->free_head;
    pool->free_head = packet;
}

static void
grow_waits(PacketPool *pool)
{
    uint32_t old = pool->wait_capacity;
    uint32_t capacity = MAX(64, 2 * old);
    pool->waits = memory_grow(pool->waits, old * sizeof(WaitBatch),
                              capacity * sizeof(WaitBatch));
    for (uint32_t i = capacity; i > old; i--) {
        pool->waits[i - 1].next = pool->free_wait;
        pool->free_wait = i - 1;
    }
    pool->wait_capacity = capacity;
}

uint32_t
packet_take_wait(PacketPool *pool)
{
    if (pool->free_wait == PACKET_NONE)
        grow_waits(pool);
    uint32_t batch = pool->free_wait;
    pool->free_wait = pool->waits[batch].next;
    pool->waits[batch].next = PACKET_NONE;
    return batch;
}

void
packet_put_wait(PacketPool *pool, uint32_t batch)
{
    assert(batch < pool->wait_capacity);
    pool->waits[batch].next = pool->free_wait;
    pool->free_wait = batch;
}
