/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/select_rank.c: the levels of edges within their groups, once a minute.
 */
#include "core/selection.h"
#include "core/sort_key.h"

#include <string.h>

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
    uint32_t count = selection_group_count(selection);
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
