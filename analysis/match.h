/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/match.h: one mode of two runs, row by row.
 *
 * Runs of one seed live in the same world: a row of both that tells of the
 * same download or flow (its name, its ends, its start and its size agree) is
 * a pair. Otherwise they live in two worlds, in which the downloads of a cell
 * (region and ISP) share its congestion, and flows that start close together
 * the queues they meet: rows stand alone, and cells, or batches in order of
 * time, are their groups. A figure's sample is what each row adds to it.
 */
#pragma once

#include "analysis/results.h"
#include "analysis/statistic.h"

typedef struct Match Match;

typedef struct MatchSample {
    RatioSample samples[2]; /* pairs in the same place of both */
    RatioSample groups[2];  /* of a percentile: how many are at most it */
    bool has_groups;
    double probability; /* of a percentile; NAN: a ratio of sums */
    double *space;
} MatchSample;

/* The results are lent; modes are indices of theirs. Both have passed
 * summary_new, so that no column is missing or holds anything odd. */
Match *match_new(const Results *const runs[2], const size_t modes[2]);
void match_free(Match *match);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Match, match_free)

size_t match_pair_count(const Match *match);
bool match_has_groups(const Match *match);
/* keys, ended by NULL, lead to a figure of the mode in summary.json. False
 * when rows do not add up to it. */
bool match_sample(const Match *match, const char *const *keys,
                  MatchSample *ret_sample);
void match_sample_clear(MatchSample *sample);
