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
    pool->capacity = capacity;
}

uint32_t
packet_take(PacketPool *pool)
{
    uint32_t index = pool->free_head;
    if (index != PACKET_NONE) {
        pool->free_head = pool->transits[index].next;
    } else {
        if (pool->fresh == pool->capacity)
            grow(pool);
        index = pool->fresh++;
    }
    pool->used_count++;
    memset(&pool->packets[index], 0, sizeof(Packet));
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
    pool->wait_capacity = capacity;
}

uint32_t
packet_take_wait(PacketPool *pool)
{
    uint32_t batch = pool->free_wait;
    if (batch != PACKET_NONE) {
        pool->free_wait = pool->waits[batch].next;
    } else {
        if (pool->fresh_wait == pool->wait_capacity)
            grow_waits(pool);
        batch = pool->fresh_wait++;
    }
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

CODER_KNOWS(PacketPool, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

static void *
code_array(Coder *coder, void *array, uint32_t count, size_t element_bytes)
{
    size_t size_bytes = count * element_bytes;
    if (coder->is_reading)
        array = coder_has(coder, size_bytes) && count > 0
                    ? memory_grow(NULL, 0, size_bytes)
                    : NULL;
    if (array)
        coder_bytes(coder, array, size_bytes);
    return array;
}

void
packet_pool_code(PacketPool *pool, Coder *coder)
{
    assert(!coder->is_reading || pool->capacity == 0);
    coder_u32(coder, &pool->fresh);
    coder_u32(coder, &pool->free_head);
    coder_u32(coder, &pool->used_count);
    coder_u32(coder, &pool->fresh_wait);
    coder_u32(coder, &pool->free_wait);
    pool->packets =
        code_array(coder, pool->packets, pool->fresh, sizeof(Packet));
    pool->transits =
        code_array(coder, pool->transits, pool->fresh, sizeof(PacketTransit));
    pool->waits =
        code_array(coder, pool->waits, pool->fresh_wait, sizeof(WaitBatch));
    if (!coder->is_reading)
        return;
    pool->capacity = pool->fresh;
    pool->wait_capacity = pool->fresh_wait;
}
