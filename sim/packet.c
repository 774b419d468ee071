/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/packet.c: the pool of packets.
 */
#include "sim/packet.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

void
packet_pool_init(PacketPool *pool)
{
    memset(pool, 0, sizeof *pool);
    pool->free_head = PACKET_NONE;
}

void
packet_pool_clear(PacketPool *pool)
{
    free(pool->packets);
    g_free(pool->ways);
    packet_pool_init(pool);
}

static void
grow(PacketPool *pool)
{
    uint32_t capacity = MAX(1024, 2 * pool->capacity);
    Packet *packets = aligned_alloc(64, (size_t)capacity * sizeof(Packet));
    if (!packets)
        g_error("out of memory: %u packets", capacity);
    if (pool->capacity)
        memcpy(packets, pool->packets, pool->capacity * sizeof(Packet));
    free(pool->packets);
    for (uint32_t i = capacity; i > pool->capacity; i--) {
        packets[i - 1].next = pool->free_head;
        pool->free_head = i - 1;
    }
    pool->packets = packets;
    pool->ways = g_renew(PacketWay, pool->ways, capacity);
    pool->capacity = capacity;
}

uint32_t
packet_take(PacketPool *pool)
{
    if (pool->free_head == PACKET_NONE)
        grow(pool);
    uint32_t index = pool->free_head;
    Packet *packet = &pool->packets[index];
    pool->free_head = packet->next;
    pool->used_count++;
    memset(packet, 0, sizeof *packet);
    packet->next = PACKET_NONE;
    return index;
}

void
packet_put(PacketPool *pool, uint32_t packet)
{
    assert(packet < pool->capacity);
    assert(pool->used_count > 0);
    pool->used_count--;
    pool->packets[packet].next = pool->free_head;
    pool->free_head = packet;
}
