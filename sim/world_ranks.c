/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/world_ranks.c: a world whose hosts live at several ranks.
 *
 * Each rank has all hosts, and the nodes of those in its parts. The workload
 * is played at every rank: all hear the same from all hosts, in the same
 * order, so all keep the same books and want the same.
 */
#include <assert.h>
#include <string.h>

#include "sim/host.h"
#include "sim/parts.h"

typedef struct NewsHead {
    uint32_t leg_count;
    uint32_t told_count;
} NewsHead;

typedef struct PartTold {
    uint32_t part;
    Told told;
} PartTold;

static uint32_t
tell_legs(World *world, GByteArray *news)
{
    uint32_t count = 0;
    for (guint i = 0; i < world->legs->len; i++) {
        WorldLeg *leg = &g_array_index(world->legs, WorldLeg, i);
        int64_t free_ns = world->network.links[leg->link].free_ns;
        if (leg->told_ns == free_ns ||
            !parts_has_link(&world->network, leg->link))
            continue;
        leg->told_ns = free_ns;
        g_byte_array_append(news, (const guint8 *)leg, sizeof *leg);
        count++;
    }
    return count;
}

static uint32_t
tell_notes(World *world, uint32_t number, GByteArray *news)
{
    WorldPart *part = &world->parts[number];
    uint32_t count = part->told->len - part->passed_on;
    while (part->passed_on < part->told->len) {
        PartTold told = {number,
                         g_array_index(part->told, Told, part->passed_on++)};
        g_byte_array_append(news, (const guint8 *)&told, sizeof told);
    }
    return count;
}

void
world_tell(World *world, GByteArray *news)
{
    NewsHead head = {0, 0};
    g_byte_array_append(news, (const guint8 *)&head, sizeof head);
    head.leg_count = tell_legs(world, news);
    for (uint32_t part = 0; part < world->network.part_count; part++) {
        if (parts_is_here(world->network.parts, part))
            head.told_count += tell_notes(world, part, news);
    }
    memcpy(news->data, &head, sizeof head);
    if (head.leg_count + head.told_count == 0)
        g_byte_array_set_size(news, 0);
}

void
world_hear_ranks(World *world, const uint8_t *news, size_t size_bytes)
{
    const uint8_t *end = news + size_bytes;
    NewsHead head;
    memcpy(&head, news, sizeof head);
    news += sizeof head;
    for (uint32_t i = 0; i < head.leg_count; i++) {
        WorldLeg leg;
        memcpy(&leg, news, sizeof leg);
        news += sizeof leg;
        world->network.links[leg.link].free_ns = leg.told_ns;
    }
    for (uint32_t i = 0; i < head.told_count; i++) {
        PartTold told;
        memcpy(&told, news, sizeof told);
        news += sizeof told;
        g_array_append_val(world->parts[told.part].told, told.told);
    }
    assert(news == end);
}

#define HOST_VALUES (sizeof(HostCount) / sizeof(uint64_t))

void
world_gather(World *world)
{
    g_autofree HostCount *counts = g_new(HostCount, world->host_count);
    for (HostId id = 0; id < world->host_count; id++)
        counts[id] = world->hosts[id].count;
    parts_sum(&world->network, (uint64_t *)counts,
              world->host_count * HOST_VALUES);
    for (HostId id = 0; id < world->host_count; id++)
        world->hosts[id].count = counts[id];
}
