/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/match.c: one mode of two runs, row by row.
 */
#include "analysis/match.h"

#include "analysis/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_COUNT = 20 }; /* Schmeiser (1982): 10 to 30 */

/* One run's observations, and how they hang together. */
typedef struct Side {
    Observations seen;
    size_t *places; /* among those of both runs */
    size_t *groups; /* NULL: they have none */
    size_t group_count;
} Side;

struct Match {
    Side sides[2];
    size_t place_count;
    size_t pair_count;
};

static const char *const download_identity[] = {"download_id", "client",
                                                "start_seconds", "file_bytes"};
static const char *const flow_identity[] = {"flow", "from", "to", "transport",
                                            "start_seconds"};
static const char *const cell_identity[] = {"region", "isp"};

/* The table's columns as one text a row; NULL when it lacks one of them. */
static GPtrArray *
new_identities(const Table *table, const char *const *columns, size_t count)
{
    size_t row_count = table_row_count(table);
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (size_t row = 0; row < row_count; row++)
        g_ptr_array_add(texts, g_strdup(""));
    for (size_t i = 0; i < count; i++) {
        g_autofree const char **cells =
            table_new_texts(table, columns[i], NULL);
        if (!cells) {
            g_ptr_array_unref(texts);
            return NULL;
        }
        for (size_t row = 0; row < row_count; row++) {
            char *text = texts->pdata[row];
            texts->pdata[row] = g_strconcat(text, "\n", cells[row], NULL);
            g_free(text);
        }
    }
    return texts;
}

static GPtrArray *
side_new_names(const Side *side)
{
    if (!side->seen.table)
        return NULL;
    return results_has_downloads(side->seen.results)
               ? new_identities(side->seen.table, download_identity,
                                G_N_ELEMENTS(download_identity))
               : new_identities(side->seen.table, flow_identity,
                                G_N_ELEMENTS(flow_identity));
}

static bool
has_same_seed(const Results *const runs[2])
{
    static const char *const names[] = {"seed", "replication"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        /* A NAN, where one has no seed, equals nothing. */
        if (!(results_number(runs[0], names[i]) ==
              results_number(runs[1], names[i])))
            return false;
    }
    return true;
}

/* Every observation gets its own place, but the second of a pair, which gets
 * the first's. */
static void
find_places(Match *match, bool has_pairs)
{
    match->place_count = 0;
    match->pair_count = 0;
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *names[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        Side *side = &match->sides[i];
        names[i] = has_pairs ? side_new_names(side) : NULL;
        for (size_t j = 0; j < side->seen.count; j++) {
            bool has_name = names[i] && side->seen.rows[j] != G_MAXSIZE;
            char *name = has_name ? names[i]->pdata[side->seen.rows[j]] : NULL;
            gpointer place = NULL;
            if (i == 1 && name &&
                g_hash_table_steal_extended(places, name, NULL, &place)) {
                side->places[j] = GPOINTER_TO_SIZE(place);
                match->pair_count++;
                continue;
            }
            side->places[j] = match->place_count++;
            if (i == 0 && name)
                g_hash_table_insert(places, name,
                                    GSIZE_TO_POINTER(side->places[j]));
        }
    }
    g_clear_pointer(&names[0], g_ptr_array_unref);
    g_clear_pointer(&names[1], g_ptr_array_unref);
}

static void
side_find_cells(Side *side)
{
    g_autoptr(GPtrArray) cells =
        side->seen.table ? new_identities(side->seen.table, cell_identity,
                                          G_N_ELEMENTS(cell_identity))
                         : NULL;
    if (!cells)
        return;
    g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
    side->groups = g_new0(size_t, side->seen.count + 1);
    for (size_t i = 0; i < side->seen.count; i++) {
        if (side->seen.rows[i] == G_MAXSIZE)
            continue;
        char *cell = cells->pdata[side->seen.rows[i]];
        gpointer group;
        if (!g_hash_table_lookup_extended(groups, cell, NULL, &group)) {
            group = GSIZE_TO_POINTER(side->group_count++);
            g_hash_table_insert(groups, cell, group);
        }
        side->groups[i] = GPOINTER_TO_SIZE(group);
    }
}

static gint
order_by_start(gconstpointer left, gconstpointer right, gpointer starts)
{
    double a = ((const double *)starts)[*(const size_t *)left];
    double b = ((const double *)starts)[*(const size_t *)right];
    return (a > b) - (a < b);
}

/* Flows that start close together meet the same queues: the method of batch
 * means, with batches in order of time. */
static void
side_find_batches(Side *side)
{
    g_autofree double *starts =
        side->seen.table
            ? table_new_numbers(side->seen.table, "start_seconds", NULL)
            : NULL;
    if (!starts)
        return;
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (size_t i = 0; i < side->seen.count; i++) {
        if (side->seen.rows[i] != G_MAXSIZE)
            g_array_append_val(order, i);
    }
    g_array_sort_with_data(order, order_by_start, starts);
    side->groups = g_new0(size_t, side->seen.count + 1);
    side->group_count = MIN(order->len, BATCH_COUNT);
    for (guint i = 0; i < order->len; i++)
        side->groups[g_array_index(order, size_t, i)] =
            i * side->group_count / order->len;
}

static size_t
side_count_rows(const Side *side)
{
    size_t count = 0;
    for (size_t i = 0; i < side->seen.count; i++)
        count += side->seen.rows[i] != G_MAXSIZE;
    return count;
}

/* The same seed is another world where the scenario draws otherwise. */
static bool
is_mostly_paired(const Match *match)
{
    size_t count = MIN(side_count_rows(&match->sides[0]),
                       side_count_rows(&match->sides[1]));
    return match->pair_count > 0 && match->pair_count >= count / 2;
}

Match *
match_new(const Results *const runs[2], const size_t modes[2])
{
    Match *match = g_new0(Match, 1);
    for (size_t i = 0; i < 2; i++) {
        Side *side = &match->sides[i];
        side->seen = observations_of(runs[i], modes[i]);
        side->places = g_new(size_t, side->seen.count + 1);
    }
    find_places(match, has_same_seed(runs));
    if (is_mostly_paired(match))
        return match;
    find_places(match, false);
    for (size_t i = 0; i < 2; i++) {
        if (results_has_downloads(runs[i]))
            side_find_cells(&match->sides[i]);
        else
            side_find_batches(&match->sides[i]);
    }
    return match;
}

void
match_free(Match *match)
{
    for (size_t i = 0; i < 2; i++) {
        g_free(match->sides[i].seen.rows);
        g_free(match->sides[i].places);
        g_free(match->sides[i].groups);
    }
    g_free(match);
}

size_t
match_pair_count(const Match *match)
{
    return match->pair_count;
}

bool
match_has_groups(const Match *match)
{
    return match->sides[0].groups && match->sides[1].groups;
}

/* Observations into their places; elsewhere nothing is added. */
static void
spread(const Match *match, size_t index, const double *values, double *space)
{
    const Side *side = &match->sides[index];
    memset(space, 0, match->place_count * sizeof(*space));
    for (size_t i = 0; i < side->seen.count; i++)
        space[side->places[i]] = values[i];
}

/* Of the parts that have a whole. */
static double
find_percentile(const Side *side, const Measure *measure)
{
    g_autofree double *values = g_new(double, side->seen.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < side->seen.count; i++) {
        if (measure->wholes[i] > 0)
            values[count++] = measure->parts[i];
    }
    statistic_sort(values, count);
    return statistic_percentile(values, count, measure->probability);
}

static void
sum_groups(const Side *side, const Measure *measure, double *parts,
           double *wholes)
{
    bool is_percentile = !isnan(measure->probability);
    double bound = is_percentile ? find_percentile(side, measure) : 0;
    memset(parts, 0, side->group_count * sizeof(*parts));
    memset(wholes, 0, side->group_count * sizeof(*wholes));
    for (size_t i = 0; i < side->seen.count; i++) {
        double part = measure->parts[i];
        if (!(measure->wholes[i] > 0) || isnan(part))
            continue;
        parts[side->groups[i]] += is_percentile ? part <= bound : part;
        wholes[side->groups[i]] += measure->wholes[i];
    }
}

/* Fill one run's half of the sample; space has room for its four arrays. */
static bool
sample_side(const Match *match, size_t index, const char *const *keys,
            MatchSample *sample, double *space)
{
    const Side *side = &match->sides[index];
    g_autofree double *values = g_new0(double, 2 * side->seen.count + 1);
    Measure measure = {.parts = values,
                       .wholes = values + side->seen.count,
                       .probability = (double)NAN};
    if (!measure_figure(&side->seen, keys, &measure) ||
        (measure.is_bursty && match->pair_count == 0))
        return false;
    sample->probability = measure.probability;
    double *wholes = space + match->place_count;
    spread(match, index, measure.parts, space);
    spread(match, index, measure.wholes, wholes);
    sample->samples[index] =
        (RatioSample){space, wholes, match->place_count, measure.kind};
    if (sample->has_groups) {
        double *group_parts = wholes + match->place_count;
        double *group_wholes = group_parts + side->group_count;
        sum_groups(side, &measure, group_parts, group_wholes);
        sample->groups[index] = (RatioSample){group_parts, group_wholes,
                                              side->group_count, RATIO_OF_SUMS};
    }
    return true;
}

bool
match_sample(const Match *match, const char *const *keys,
             MatchSample *ret_sample)
{
    size_t first_size = 2 * (match->place_count + match->sides[0].group_count);
    size_t second_size = 2 * (match->place_count + match->sides[1].group_count);
    MatchSample sample = {
        .has_groups = match_has_groups(match),
        .space = g_new(double, first_size + second_size + 1),
    };
    if (!sample_side(match, 0, keys, &sample, sample.space) ||
        !sample_side(match, 1, keys, &sample, sample.space + first_size)) {
        g_free(sample.space);
        return false;
    }
    *ret_sample = sample;
    return true;
}

void
match_sample_clear(MatchSample *sample)
{
    g_clear_pointer(&sample->space, g_free);
}
