/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/partition.c: single linkage, as Kruskal grows a tree.
 */
#include "sim/partition.h"

#include <glib.h>

#include "core/event.h"
#include "sim/mail.h"

/* A window in which next to nothing happens costs more than it brings: long
 * ones are looked for first. */
#define LONG_WINDOW_NS NS_PER_MS
#define SHORT_WINDOW_NS (50 * NS_PER_US)
#define SHARE_MAX 0.25

typedef struct Forest {
    uint32_t *parents;
    double *weights; /* of a root: all of its tree */
    uint32_t count;  /* of trees */
    double heaviest; /* of those that were joined */
} Forest;

static uint32_t
root_of(const Forest *forest, uint32_t place)
{
    while (forest->parents[place] != place) {
        uint32_t parent = forest->parents[place];
        forest->parents[place] = forest->parents[parent];
        place = parent;
    }
    return place;
}

static void
join(Forest *forest, uint32_t a, uint32_t b)
{
    uint32_t left = root_of(forest, a);
    uint32_t right = root_of(forest, b);
    if (left == right)
        return;
    forest->parents[MAX(left, right)] = MIN(left, right);
    forest->weights[MIN(left, right)] += forest->weights[MAX(left, right)];
    forest->heaviest = MAX(forest->heaviest, forest->weights[MIN(left, right)]);
    forest->count--;
}

static int
compare_edges(const void *a, const void *b)
{
    int64_t left = ((const PartitionEdge *)a)->delay_ns;
    int64_t right = ((const PartitionEdge *)b)->delay_ns;
    return (left > right) - (left < right);
}

static uint32_t
end_of_group(const PartitionEdge *edges, uint32_t edge_count, uint32_t start)
{
    uint32_t end = start;
    while (end < edge_count && edges[end].delay_ns == edges[start].delay_ns)
        end++;
    return end;
}

static Forest
copy_forest(const Forest *forest, uint32_t place_count)
{
    Forest copy = *forest;
    copy.parents = g_memdup2(forest->parents, place_count * sizeof(uint32_t));
    copy.weights = g_memdup2(forest->weights, place_count * sizeof(double));
    return copy;
}

static void
clear_forest(Forest *forest)
{
    g_free(forest->parents);
    g_free(forest->weights);
}

static Forest
plant(uint32_t place_count, const double *weights, double *ret_total)
{
    Forest forest = {g_new(uint32_t, place_count), g_new(double, place_count),
                     place_count, 0};
    *ret_total = 0;
    for (uint32_t place = 0; place < place_count; place++) {
        forest.parents[place] = place;
        forest.weights[place] = weights[place];
        *ret_total += weights[place];
    }
    return forest;
}

/* Parts are numbered in the order of their first places. */
static uint8_t *
number_trees(const Forest *forest, uint32_t place_count)
{
    uint8_t *part_of = g_new0(uint8_t, place_count);
    uint32_t count = 0;
    for (uint32_t place = 0; place < place_count; place++) {
        uint32_t root = root_of(forest, place);
        part_of[place] = root == place ? (uint8_t)count++ : part_of[root];
    }
    return part_of;
}

/* Join what is closer than least_ns, and then more as long as no part gets
 * too much. */
static Partition
join_places(uint32_t place_count, const double *weights,
            const PartitionEdge *edges, uint32_t edge_count, int64_t least_ns)
{
    double total;
    Forest forest = plant(place_count, weights, &total);
    Partition partition = {1, TIME_NEVER, NULL, NULL};
    for (uint32_t start = 0; start < edge_count && forest.count > 1;) {
        uint32_t end = end_of_group(edges, edge_count, start);
        Forest next = copy_forest(&forest, place_count);
        for (uint32_t i = start; i < end; i++)
            join(&next, edges[i].a, edges[i].b);
        bool must_join =
            edges[start].delay_ns < least_ns || forest.count > PARTS_MAX;
        if (next.count < forest.count && !must_join &&
            next.heaviest > SHARE_MAX * total) {
            clear_forest(&next);
            partition.count = forest.count;
            partition.window_ns = edges[start].delay_ns;
            break;
        }
        clear_forest(&forest);
        forest = next;
        start = end;
    }
    /* Places that nothing joins have nothing to do with one another, and
     * stay together where there is no window. */
    partition.part_of = partition.count > 1 ? number_trees(&forest, place_count)
                                            : g_new0(uint8_t, place_count);
    clear_forest(&forest);
    return partition;
}

static double *
new_loads(const Partition *partition, uint32_t place_count,
          const double *weights)
{
    double *loads = g_new0(double, partition->count);
    for (uint32_t place = 0; place < place_count; place++)
        loads[partition->part_of[place]] += weights[place];
    return loads;
}

Partition
partition_places(uint32_t place_count, const double *weights,
                 PartitionEdge *edges, uint32_t edge_count)
{
    if (edge_count > 0) /* qsort wants an array even for nothing */
        qsort(edges, edge_count, sizeof *edges, compare_edges);
    Partition partition =
        join_places(place_count, weights, edges, edge_count, LONG_WINDOW_NS);
    if (partition.count == 1) {
        g_free(partition.part_of);
        partition = join_places(place_count, weights, edges, edge_count,
                                SHORT_WINDOW_NS);
    }
    partition.loads = new_loads(&partition, place_count, weights);
    return partition;
}
