/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/select_nearby.c: the nearest edges on the map, whatever their ISP.
 *
 * A region is a point on the map, so all its edges are equally near: they
 * are drawn uniformly, and the next region is used when this one is empty.
 */
#include "core/selection.h"

void
select_nearby(Selection *selection, const SelectQuery *query,
              SelectAnswer *answer)
{
    uint32_t region_count = selection->config.region_count;
    const uint16_t *near =
        &selection->near_regions[(size_t)query->region * region_count];
    for (uint32_t n = 0; n < region_count; n++) {
        if (answer->count == answer->wanted_count)
            return;
        selection->looked_at_count++;
        select_answer_draw(selection, answer,
                           &selection->listed_by_region[near[n]]);
    }
}
