/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/selection_code.c: the directory of edges in bytes.
 *
 * The map follows from the configuration, the index by peer from the edges,
 * and an edge's places in its bags from the bags, whose order matters: draws
 * are made from it. Which edges a query left out is forgotten after it.
 */
#include "core/event_code.h"
#include "core/selection.h"

#define EDGE_BYTES_MIN 49u

CODER_KNOWS(Selection, {0}, {0}, 0, 0, 0, 0, {0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0);
CODER_KNOWS(ListedEdge, 0, {{0}, 0}, 0, 0, {0}, 0, 0, 0, {0});
CODER_KNOWS(EdgeHealth, 0, 0, 0);
CODER_KNOWS(EdgeBag, 0, 0, 0, 0);
CODER_KNOWS(EdgeGroup, {0}, {0});
CODER_KNOWS(LinkHistory, 0, 0, 0, 0);

static void
code_edge(Selection *selection, ListedEdge *edge, Coder *coder)
{
    coder_u32(coder, &edge->peer);
    address_code(&edge->address, coder);
    coder_u16(coder, &edge->region);
    coder_u16(coder, &edge->isp);
    coder_u64(coder, &edge->health.delay_ns);
    coder_u64(coder, &edge->health.bandwidth_bps);
    coder_u32(coder, &edge->health.load_ppm);
    coder_flag(coder, &edge->is_listed);
    coder_flag(coder, &edge->is_online);
    edge->level = (uint8_t)coder_choice(coder, edge->level, SELECT_LEVEL_COUNT);
    coder->is_bad |= !selection_has_group(selection, edge->region, edge->isp);
}

static void
make_room(Selection *selection, uint32_t count)
{
    selection->edge_count = count;
    selection->edge_capacity = count;
    selection->edges = g_new0(ListedEdge, count);
    selection->avoided = g_new0(uint32_t, count);
    selection->order = g_new0(uint32_t, count);
}

static void
code_edges(Selection *selection, Coder *coder)
{
    uint32_t count = selection->edge_count;
    coder_u32(coder, &count);
    if (coder->is_reading) {
        if (!coder_has(coder, (uint64_t)count * EDGE_BYTES_MIN))
            return;
        make_room(selection, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        ListedEdge *edge = &selection->edges[i];
        code_edge(selection, edge, coder);
        if (coder->is_reading)
            coder->is_bad |= !g_hash_table_insert(selection->index_by_peer,
                                                  GUINT_TO_POINTER(edge->peer),
                                                  GUINT_TO_POINTER(i + 1));
    }
}

static void
code_bag(Selection *selection, EdgeBag *bag, Coder *coder)
{
    coder_bounded(coder, &bag->count, selection->edge_count);
    if (coder->is_reading) {
        bag->capacity = bag->count;
        bag->edges = g_new0(uint32_t, bag->capacity);
    }
    for (uint32_t i = 0; i < bag->count; i++) {
        coder_bounded(coder, &bag->edges[i], selection->edge_count - 1);
        if (coder->is_reading)
            selection->edges[bag->edges[i]].bag_index[bag->kind] = i;
    }
}

static bool
is_in_bag(const EdgeBag *bag, const ListedEdge *edge, uint32_t number)
{
    uint32_t place = edge->bag_index[bag->kind];
    return place < bag->count && bag->edges[place] == number;
}

/* Is every edge that is listed in both its bags, and nothing else? */
static bool
has_good_bags(const Selection *selection)
{
    uint32_t listed_count = 0;
    uint32_t region_count = 0;
    for (uint32_t i = 0; i < selection->edge_count; i++) {
        const ListedEdge *edge = &selection->edges[i];
        if (!edge->is_listed)
            continue;
        listed_count++;
        if (!is_in_bag(&selection->listed, edge, i) ||
            !is_in_bag(&selection->listed_by_region[edge->region], edge, i))
            return false;
    }
    for (uint32_t i = 0; i < selection->config.region_count; i++)
        region_count += selection->listed_by_region[i].count;
    return selection->listed.count == listed_count &&
           region_count == listed_count;
}

static void
code_bags(Selection *selection, Coder *coder)
{
    code_bag(selection, &selection->listed, coder);
    for (uint32_t i = 0; i < selection->config.region_count; i++)
        code_bag(selection, &selection->listed_by_region[i], coder);
    if (coder->is_reading && !coder->is_bad)
        coder->is_bad = !has_good_bags(selection);
}

/* Groups follow one another in the order, which ends where the last does. */
static void
code_ranks(Selection *selection, Coder *coder)
{
    uint32_t ranked_count = 0;
    for (uint32_t i = 0; i < selection_group_count(selection); i++) {
        EdgeGroup *group = &selection->groups[i];
        for (uint32_t level = 0; level <= SELECT_LEVEL_COUNT; level++) {
            coder_bounded(coder, &group->level_start[level],
                          selection->edge_count);
            coder->is_bad |= group->level_start[level] < ranked_count;
            ranked_count = group->level_start[level];
        }
        for (uint32_t level = 0; level < SELECT_LEVEL_COUNT; level++)
            coder_u32(coder, &group->cursor[level]);
    }
    for (uint32_t i = 0; i < ranked_count; i++)
        coder_bounded(coder, &selection->order[i], selection->edge_count - 1);
}

static void
code_history(LinkHistory *history, Coder *coder)
{
    coder_u64(coder, &history->connects);
    coder_u64(coder, &history->failures);
    coder_u64(coder, &history->bytes);
    coder_u64(coder, &history->duration_ns);
}

static bool
is_empty(const LinkHistory *history)
{
    return history->connects == 0 && history->failures == 0 &&
           history->bytes == 0 && history->duration_ns == 0;
}

/* Clients of most groups have never met edges of most others. */
static void
code_links(Selection *selection, Coder *coder)
{
    uint32_t group_count = selection_group_count(selection);
    uint32_t link_count = group_count * group_count;
    uint32_t count = 0;
    uint32_t link = 0;
    for (uint32_t i = 0; i < link_count; i++)
        count += !is_empty(&selection->links[i]);
    coder_bounded(coder, &count, link_count);
    for (uint32_t i = 0; i < count; i++, link++) {
        if (!coder->is_reading)
            while (is_empty(&selection->links[link]))
                link++;
        coder_bounded(coder, &link, link_count - 1);
        code_history(&selection->links[link], coder);
    }
    for (uint32_t i = 0; i < group_count; i++)
        code_history(&selection->link_sums[i], coder);
}

void
selection_code(Selection *selection, Coder *coder)
{
    coder_u64(coder, &selection->dice.count);
    code_edges(selection, coder);
    code_bags(selection, coder);
    code_ranks(selection, coder);
    code_links(selection, coder);
    coder_u64(coder, &selection->looked_at_count);
}
