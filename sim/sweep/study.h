/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/study.h: the runs of a sweep, all read before any is played.
 *
 * A point is one combination of values, a run is a point with a replication
 * number. The first run of a point is the scenario as `byway run` plays it
 * with those values; the others add 1, 2 ... to general.replication. So the
 * n-th runs of all points draw from the same streams.
 */
#pragma once

#include "sim/sweep/vary.h"

#define STUDY_RUNS_MAX 100000u

typedef struct StudyPoint {
    char *name;       /* of its files: "count=40,loss=1%20%25" */
    char *text;       /* the whole scenario, of the first replication */
    uint32_t *values; /* for each key the index of its value */
    GPtrArray *sums;  /* for each replication the SHA-256 of its scenario */
} StudyPoint;

typedef struct Study {
    GPtrArray *varies;  /* Vary * */
    GPtrArray *points;  /* StudyPoint *, the last key's values fastest */
    GPtrArray *remarks; /* char *: what the reader decided by itself */
    char *text;         /* the file's own */
    char *title;
    char *output; /* general.output, or NULL */
    uint64_t seed;
    uint64_t first_replication;
    uint32_t replications;
} Study;

typedef struct StudyWish {
    const char *path;
    const char *const *overrides; /* --set */
    const char *const *varies;    /* --vary; none: what the scenario says */
    uint32_t replications;        /* 0: what the scenario says */
} StudyWish;

/* NULL when anything is wrong with any point: errors (of char *) says what,
 * each once. */
Study *study_new(const StudyWish *wish, GPtrArray *errors);
void study_free(Study *study);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Study, study_free)

/* Runs are numbered one replication of all points after the other, so that
 * what is done at any time covers all points alike. */
uint32_t study_run_count(const Study *study);
const StudyPoint *study_point(const Study *study, uint32_t run);
uint64_t study_replication(const Study *study, uint32_t run);
const char *study_sum(const Study *study, uint32_t run);
/* "count=40-r0"; free it. */
char *study_run_name(const Study *study, uint32_t run);
