/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/selection.c: keeps the directory of edges in the orders that policies
 * need.
 *
 * What changes with every report is constant-time: bags give and take. What
 * needs sorting is in core/select_map.c (once) and core/select_rank.c (once a
 * minute).
 */
#include "core/selection.h"

#include <string.h>

const SelectPolicy SELECT_POLICIES[SELECT_POLICY_COUNT] = {
    [SELECT_PREFERRED] = {"preferred", select_preferred},
    [SELECT_NEARBY] = {"nearby", select_nearby},
    [SELECT_RANDOM] = {"random", select_random},
};

uint32_t
selection_group_count(const Selection *selection)
{
    const SelectionConfig *config = &selection->config;
    return (uint32_t)config->region_count * config->isp_count;
}

void
selection_init(Selection *selection, const SelectionConfig *config,
               const uint8_t seed[32])
{
    assert(config->region_count > 0 && config->isp_count > 0);
    memset(selection, 0, sizeof *selection);
    selection->config = *config;
    uint32_t count = selection_group_count(selection);
    assert(count <= UINT16_MAX);
    dice_init(&selection->dice, seed, 1);
    selection->index_by_peer = g_hash_table_new(NULL, NULL);
    selection->listed_by_region = g_new0(EdgeBag, config->region_count);
    for (uint32_t region = 0; region < config->region_count; region++)
        selection->listed_by_region[region].kind = BAG_REGION;
    select_map_init(selection);
    selection->groups = g_new0(EdgeGroup, count);
    selection->links = g_new0(LinkHistory, (size_t)count * count);
    selection->link_sums = g_new0(LinkHistory, count);
}

void
selection_clear(Selection *selection)
{
    for (uint32_t i = 0; i < selection->config.region_count; i++)
        g_free(selection->listed_by_region[i].edges);
    g_hash_table_destroy(selection->index_by_peer);
    g_free(selection->edges);
    g_free(selection->listed.edges);
    g_free(selection->listed_by_region);
    g_free(selection->near_regions);
    g_free(selection->class_groups);
    g_free(selection->class_start);
    g_free(selection->groups);
    g_free(selection->order);
    g_free(selection->links);
    g_free(selection->link_sums);
    g_free(selection->avoided);
}

static void
bag_put(Selection *selection, EdgeBag *bag, uint32_t edge)
{
    if (bag->count == bag->capacity) {
        bag->capacity = MAX(16, 2 * bag->capacity);
        bag->edges = g_renew(uint32_t, bag->edges, bag->capacity);
    }
    selection->edges[edge].bag_index[bag->kind] = bag->count;
    bag->edges[bag->count++] = edge;
}

static void
bag_swap(Selection *selection, EdgeBag *bag, uint32_t i, uint32_t j)
{
    uint32_t edge = bag->edges[i];
    bag->edges[i] = bag->edges[j];
    bag->edges[j] = edge;
    selection->edges[bag->edges[i]].bag_index[bag->kind] = i;
    selection->edges[bag->edges[j]].bag_index[bag->kind] = j;
}

static void
bag_drop(Selection *selection, EdgeBag *bag, uint32_t edge)
{
    uint32_t i = selection->edges[edge].bag_index[bag->kind];
    assert(bag->edges[i] == edge);
    bag_swap(selection, bag, i, bag->count - 1);
    bag->count--;
}

static void
list_edge(Selection *selection, uint32_t edge)
{
    ListedEdge *listed = &selection->edges[edge];
    listed->is_listed = true;
    bag_put(selection, &selection->listed, edge);
    bag_put(selection, &selection->listed_by_region[listed->region], edge);
}

void
selection_unlist(Selection *selection, uint32_t edge)
{
    assert(edge < selection->edge_count);
    ListedEdge *listed = &selection->edges[edge];
    if (!listed->is_listed)
        return;
    listed->is_listed = false;
    bag_drop(selection, &selection->listed, edge);
    bag_drop(selection, &selection->listed_by_region[listed->region], edge);
}

static uint32_t
append_edge(Selection *selection, PeerId peer)
{
    if (selection->edge_count == selection->edge_capacity) {
        uint32_t capacity = MAX(16, 2 * selection->edge_capacity);
        selection->edge_capacity = capacity;
        selection->edges = g_renew(ListedEdge, selection->edges, capacity);
        selection->avoided = g_renew(uint32_t, selection->avoided, capacity);
        selection->order = g_renew(uint32_t, selection->order, capacity);
    }
    uint32_t edge = selection->edge_count++;
    selection->avoided[edge] = 0;
    g_hash_table_insert(selection->index_by_peer, GUINT_TO_POINTER(peer),
                        GUINT_TO_POINTER(edge + 1));
    return edge;
}

uint32_t
selection_add(Selection *selection, const ListedEdge *added)
{
    assert(selection_has_group(selection, added->region, added->isp));
    uint32_t edge = selection_find(selection, added->peer);
    if (edge == EDGE_NONE)
        edge = append_edge(selection, added->peer);
    else
        selection_unlist(selection, edge);
    selection->edges[edge] = *added;
    selection->edges[edge].is_online = true;
    selection->edges[edge].level = SELECT_LEVEL_COUNT - 1;
    list_edge(selection, edge);
    return edge;
}

uint32_t
selection_find(const Selection *selection, PeerId peer)
{
    gpointer found =
        g_hash_table_lookup(selection->index_by_peer, GUINT_TO_POINTER(peer));
    return found ? GPOINTER_TO_UINT(found) - 1 : EDGE_NONE;
}

void
selection_set_online(Selection *selection, uint32_t edge, bool is_online)
{
    assert(edge < selection->edge_count);
    selection->edges[edge].is_online = is_online;
    if (is_online && !selection->edges[edge].is_listed)
        list_edge(selection, edge);
}

uint32_t
selection_group(const Selection *selection, uint16_t region, uint16_t isp)
{
    assert(selection_has_group(selection, region, isp));
    return (uint32_t)region * selection->config.isp_count + isp;
}

bool
selection_has_group(const Selection *selection, uint16_t region, uint16_t isp)
{
    return region < selection->config.region_count &&
           isp < selection->config.isp_count;
}

static void
history_add(LinkHistory *history, const LinkHistory *seen)
{
    history->connects += seen->connects;
    history->failures += seen->failures;
    history->bytes += seen->bytes;
    history->duration_ns += seen->duration_ns;
}

void
selection_observe(Selection *selection, uint32_t edge, uint32_t client_group,
                  const LinkHistory *seen)
{
    assert(edge < selection->edge_count);
    assert(client_group < selection_group_count(selection));
    const ListedEdge *listed = &selection->edges[edge];
    uint32_t edge_group =
        selection_group(selection, listed->region, listed->isp);
    size_t link =
        (size_t)client_group * selection_group_count(selection) + edge_group;
    history_add(&selection->links[link], seen);
    history_add(&selection->link_sums[client_group], seen);
}

/* Mean speed of the connections in a history, in bit/s. */
static uint64_t
history_bps(const LinkHistory *history)
{
    uint64_t duration_us = history->duration_ns / 1000;
    if (duration_us == 0)
        return 0;
    return (uint64_t)((double)history->bytes * 8e6 / (double)duration_us);
}

bool
selection_link_is_usable(const Selection *selection, uint32_t client_group,
                         uint32_t edge_group)
{
    const SelectionConfig *config = &selection->config;
    size_t link =
        (size_t)client_group * selection_group_count(selection) + edge_group;
    const LinkHistory *history = &selection->links[link];
    uint64_t attempts = history->connects + history->failures;
    if (attempts == 0 || attempts < config->link_sample_count_min)
        return true;
    if ((double)history->failures >
        (double)attempts * config->link_failure_ppm_max / 1e6)
        return false;
    double mean_bps = (double)history_bps(&selection->link_sums[client_group]);
    return (double)history_bps(history) >=
           mean_bps * config->link_speed_ppm_min / 1e6;
}

void
selection_pick(Selection *selection, SelectPolicyKind policy,
               const SelectQuery *query, SelectAnswer *answer)
{
    assert(policy < SELECT_POLICY_COUNT);
    assert(query->avoided_count <= SELECT_PICK_MAX);
    assert(selection_has_group(selection, query->region, query->isp));
    answer->count = 0;
    answer->wanted_count = MIN(query->count, SELECT_PICK_MAX);
    selection->avoided_by++;
    for (uint32_t i = 0; i < query->avoided_count; i++) {
        uint32_t edge = selection_find(selection, query->avoided[i]);
        if (edge != EDGE_NONE)
            selection->avoided[edge] = selection->avoided_by;
    }
    SELECT_POLICIES[policy].pick(selection, query, answer);
    assert(answer->count <= answer->wanted_count);
}

bool
select_answer_add(Selection *selection, SelectAnswer *answer, uint32_t edge)
{
    assert(edge < selection->edge_count);
    selection->looked_at_count++;
    if (answer->count == answer->wanted_count)
        return false;
    if (!selection->edges[edge].is_listed)
        return false;
    if (selection->avoided[edge] == selection->avoided_by)
        return false;
    answer->edges[answer->count++] = edge;
    return true;
}

/* A Fisher-Yates shuffle that stops when it has enough: the bag's order
 * means nothing, so it is shuffled in place. */
void
select_answer_draw(Selection *selection, SelectAnswer *answer, EdgeBag *bag)
{
    for (uint32_t i = 0; i < bag->count; i++) {
        if (answer->count == answer->wanted_count)
            return;
        uint32_t left = bag->count - i;
        uint32_t j = i + (uint32_t)dice_below(&selection->dice, left);
        bag_swap(selection, bag, i, j);
        select_answer_add(selection, answer, bag->edges[i]);
    }
}
