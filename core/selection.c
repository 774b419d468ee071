/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/selection.c: keeps the directory of edges in the orders that policies
 * need.
 *
 * Distances and classes between groups are computed once. What changes with
 * every report is constant-time; what needs sorting waits for the regroup.
 */
#include "core/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EARTH_RADIUS_METRES 6371000.0
#define RADIANS_PER_DEGREE 0.017453292519943295

const SelectPolicy SELECT_POLICIES[SELECT_POLICY_COUNT] = {
    [SELECT_PREFERRED] = {"preferred", select_preferred},
    [SELECT_NEARBY] = {"nearby", select_nearby},
    [SELECT_RANDOM] = {"random", select_random},
};

static uint32_t
group_count(const Selection *selection)
{
    const SelectionConfig *config = &selection->config;
    return (uint32_t)config->region_count * config->isp_count;
}

/* Great-circle distance by the haversine formula, in whole metres. */
static uint32_t
distance_metres(const Region *a, const Region *b)
{
    double lat_a = a->latitude_degrees * RADIANS_PER_DEGREE;
    double lat_b = b->latitude_degrees * RADIANS_PER_DEGREE;
    double d_lat = sin((lat_b - lat_a) / 2);
    double d_lon = sin((b->longitude_degrees - a->longitude_degrees) *
                       RADIANS_PER_DEGREE / 2);
    double h = d_lat * d_lat + cos(lat_a) * cos(lat_b) * d_lon * d_lon;
    return (uint32_t)(2 * EARTH_RADIUS_METRES * asin(sqrt(fmin(1.0, h))));
}

/* One thing to sort: ties are broken by number, so the order is total. */
typedef struct SortKey {
    uint64_t key;
    uint32_t number;
} SortKey;

static int
compare_keys(const void *a, const void *b)
{
    const SortKey *x = a;
    const SortKey *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return 0;
}

static void
sort_keys(SortKey *keys, uint32_t count)
{
    qsort(keys, count, sizeof *keys, compare_keys);
}

static void
sort_regions(Selection *selection)
{
    const SelectionConfig *config = &selection->config;
    uint32_t count = config->region_count;
    selection->near_regions = g_new(uint16_t, (size_t)count * count);
    g_autofree SortKey *keys = g_new(SortKey, count);
    for (uint32_t from = 0; from < count; from++) {
        for (uint32_t to = 0; to < count; to++) {
            keys[to].key =
                distance_metres(&config->regions[from], &config->regions[to]);
            keys[to].number = to;
        }
        sort_keys(keys, count);
        for (uint32_t n = 0; n < count; n++)
            selection->near_regions[(size_t)from * count + n] =
                (uint16_t)keys[n].number;
    }
}

/* 0: same region and ISP, 1: same ISP, 2: neighbour region, 3: other. */
static uint32_t
distance_class(const SelectionConfig *config, uint32_t from, uint32_t to,
               uint32_t metres)
{
    if (from == to)
        return 0;
    if (from % config->isp_count == to % config->isp_count)
        return 1;
    return metres <= config->neighbour_metres ? 2 : 3;
}

static void
sort_groups(Selection *selection)
{
    const SelectionConfig *config = &selection->config;
    uint32_t count = group_count(selection);
    selection->class_groups = g_new(uint16_t, (size_t)count * count);
    selection->class_start =
        g_new0(uint16_t, (size_t)count * (SELECT_CLASS_COUNT + 1));
    g_autofree SortKey *keys = g_new(SortKey, count);
    for (uint32_t from = 0; from < count; from++) {
        uint16_t *start =
            &selection->class_start[(size_t)from * (SELECT_CLASS_COUNT + 1)];
        for (uint32_t to = 0; to < count; to++) {
            uint32_t metres =
                distance_metres(&config->regions[from / config->isp_count],
                                &config->regions[to / config->isp_count]);
            uint32_t class = distance_class(config, from, to, metres);
            keys[to].key = ((uint64_t) class << 32) | metres;
            keys[to].number = to;
            for (uint32_t c = class + 1; c <= SELECT_CLASS_COUNT; c++)
                start[c]++;
        }
        sort_keys(keys, count);
        for (uint32_t n = 0; n < count; n++)
            selection->class_groups[(size_t)from * count + n] =
                (uint16_t)keys[n].number;
    }
}

void
selection_init(Selection *selection, const SelectionConfig *config,
               const uint8_t seed[32])
{
    assert(config->region_count > 0 && config->isp_count > 0);
    memset(selection, 0, sizeof *selection);
    selection->config = *config;
    uint32_t count = group_count(selection);
    assert(count <= UINT16_MAX);
    dice_init(&selection->dice, seed, 1);
    selection->index_by_peer = g_hash_table_new(NULL, NULL);
    selection->listed_by_region = g_new0(EdgeBag, config->region_count);
    for (uint32_t region = 0; region < config->region_count; region++)
        selection->listed_by_region[region].kind = BAG_REGION;
    sort_regions(selection);
    sort_groups(selection);
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
    assert(client_group < group_count(selection));
    const ListedEdge *listed = &selection->edges[edge];
    uint32_t edge_group =
        selection_group(selection, listed->region, listed->isp);
    size_t link = (size_t)client_group * group_count(selection) + edge_group;
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
    size_t link = (size_t)client_group * group_count(selection) + edge_group;
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

/* An eighth a minute: what was seen 5 minutes ago counts half. */
static void
fade(LinkHistory *history)
{
    history->connects -= (history->connects + 7) / 8;
    history->failures -= (history->failures + 7) / 8;
    history->bytes -= (history->bytes + 7) / 8;
    history->duration_ns -= (history->duration_ns + 7) / 8;
}

/* Give each key its quartile; equal keys share the class of the first. The
 * keys are left sorted. */
static void
add_quartiles(SortKey *keys, uint32_t count, uint64_t *ranks, uint32_t shift)
{
    sort_keys(keys, count);
    uint64_t quartile = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || keys[i].key != keys[i - 1].key)
            quartile = (uint64_t)i * 4 / count;
        ranks[keys[i].number] |= quartile << shift;
    }
}

/* Sort one group's part of the order by (online, delay class, bandwidth
 * class, load), and cut it into levels of equal size. */
static void
rank_group(Selection *selection, uint32_t start, uint32_t count,
           EdgeGroup *group)
{
    uint32_t *order = &selection->order[start];
    g_autofree SortKey *keys = g_new(SortKey, count + 1);
    g_autofree uint64_t *ranks = g_new0(uint64_t, count + 1);
    uint32_t online_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const ListedEdge *edge = &selection->edges[order[i]];
        bool is_known = edge->health.delay_ns > 0;
        keys[i].key = is_known ? edge->health.delay_ns : UINT64_MAX;
        keys[i].number = i;
        ranks[i] = edge->health.load_ppm | (uint64_t)!edge->is_online << 63;
        online_count += edge->is_online;
    }
    add_quartiles(keys, count, ranks, 40);
    for (uint32_t i = 0; i < count; i++) {
        const ListedEdge *edge = &selection->edges[order[i]];
        keys[i].key = UINT64_MAX - edge->health.bandwidth_bps;
        keys[i].number = i;
    }
    add_quartiles(keys, count, ranks, 36);
    for (uint32_t i = 0; i < count; i++) {
        keys[i].key = ranks[i];
        keys[i].number = order[i];
    }
    sort_keys(keys, count);

    uint32_t level = 0;
    group->level_start[0] = start;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t edge_level = SELECT_LEVEL_COUNT - 1;
        if (i < online_count)
            edge_level = i * (SELECT_LEVEL_COUNT - 1) / online_count;
        while (level < edge_level)
            group->level_start[++level] = start + i;
        order[i] = keys[i].number;
        selection->edges[order[i]].level = (uint8_t)level;
    }
    while (level < SELECT_LEVEL_COUNT)
        group->level_start[++level] = start + count;
    memset(group->cursor, 0, sizeof group->cursor);
}

void
selection_regroup(Selection *selection)
{
    if (selection->edge_count == 0)
        return;
    uint32_t count = group_count(selection);
    g_autofree uint32_t *starts = g_new0(uint32_t, count + 1);
    for (uint32_t edge = 0; edge < selection->edge_count; edge++) {
        const ListedEdge *listed = &selection->edges[edge];
        if (listed->is_listed)
            starts[selection_group(selection, listed->region, listed->isp) +
                   1]++;
    }
    for (uint32_t group = 0; group < count; group++)
        starts[group + 1] += starts[group];
    g_autofree uint32_t *ends = g_memdup2(starts, count * sizeof *starts);
    for (uint32_t edge = 0; edge < selection->edge_count; edge++) {
        const ListedEdge *listed = &selection->edges[edge];
        if (!listed->is_listed)
            continue;
        uint32_t group =
            selection_group(selection, listed->region, listed->isp);
        selection->order[ends[group]++] = edge;
    }
    for (uint32_t group = 0; group < count; group++)
        rank_group(selection, starts[group], ends[group] - starts[group],
                   &selection->groups[group]);
    for (size_t link = 0; link < (size_t)count * count; link++)
        fade(&selection->links[link]);
    for (uint32_t group = 0; group < count; group++)
        fade(&selection->link_sums[group]);
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
