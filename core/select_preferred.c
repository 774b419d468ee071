/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/select_preferred.c: by (distance class, level, distance, load).
 *
 * Groups whose link from the client's group is known to be bad are left out.
 * Two things keep concurrent clients apart: each level of a group is walked
 * round and round, the next client beginning where the last one ended; and
 * the pool is twice what is wanted, as far as the same class reaches with
 * edges that are online, and the answer is drawn from it.
 */
#include "core/selection.h"

#define SPREAD_FACTOR 2u
#define OFFLINE_LEVEL (SELECT_LEVEL_COUNT - 1)

static void
pick_level(Selection *selection, uint32_t group_id, uint32_t level,
           SelectAnswer *pool)
{
    EdgeGroup *group = &selection->groups[group_id];
    uint32_t start = group->level_start[level];
    uint32_t size = group->level_start[level + 1] - start;
    uint32_t cursor = group->cursor[level];
    uint32_t step = 0;
    for (; step < size && pool->count < pool->wanted_count; step++)
        select_answer_add(selection, pool,
                          selection->order[start + (cursor + step) % size]);
    if (size > 0)
        group->cursor[level] = (cursor + step) % size;
}

static void
pick_class(Selection *selection, uint32_t client_group, uint32_t class,
           uint32_t wanted_count, SelectAnswer *pool)
{
    uint32_t group_count =
        (uint32_t)selection->config.region_count * selection->config.isp_count;
    const uint16_t *groups =
        &selection->class_groups[(size_t)client_group * group_count];
    const uint16_t *start =
        &selection
             ->class_start[(size_t)client_group * (SELECT_CLASS_COUNT + 1)];
    for (uint32_t level = 0; level < SELECT_LEVEL_COUNT; level++) {
        if (level == OFFLINE_LEVEL)
            pool->wanted_count = wanted_count;
        for (uint32_t n = start[class]; n < start[class + 1]; n++) {
            if (pool->count >= pool->wanted_count)
                return;
            selection->looked_at_count++;
            if (selection_link_is_usable(selection, client_group, groups[n]))
                pick_level(selection, groups[n], level, pool);
        }
    }
}

void
select_preferred(Selection *selection, const SelectQuery *query,
                 SelectAnswer *answer)
{
    uint32_t client_group =
        selection_group(selection, query->region, query->isp);
    SelectAnswer pool = {.count = 0};
    for (uint32_t class = 0; class < SELECT_CLASS_COUNT; class ++) {
        if (pool.count >= answer->wanted_count)
            break;
        pool.wanted_count =
            MIN(SPREAD_FACTOR * answer->wanted_count, SELECT_PICK_MAX);
        /* What nearer classes gave is certain; only the last is a draw. */
        uint32_t certain_count = pool.count;
        pick_class(selection, client_group, class, answer->wanted_count, &pool);
        uint32_t open_count = answer->wanted_count - certain_count;
        for (uint32_t i = 0; i < open_count; i++) {
            uint32_t at = certain_count + i;
            if (at >= pool.count)
                break;
            uint32_t j =
                at + (uint32_t)dice_below(&selection->dice, pool.count - at);
            uint32_t edge = pool.edges[j];
            pool.edges[j] = pool.edges[at];
            pool.edges[at] = edge;
        }
    }
    uint32_t count = MIN(pool.count, answer->wanted_count);
    for (uint32_t i = 0; i < count; i++)
        answer->edges[answer->count++] = pool.edges[i];
}
