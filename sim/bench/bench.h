/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/bench/bench.h: how fast the simulation engine is on this machine.
 *
 * Every workload is run by this program itself, as a user would run it, round
 * after round; what is measured is what the product does.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* byway bench engine; argv begins with "engine". Returns the exit code. */
int bench_engine_main(int argc, char **argv);

/* --- sim/bench/workload.c ---------------------------------------------- */
typedef struct Workload {
    char *name; /* "w1", or a scenario's file name */
    char *path;
    char *cut; /* KEY=VALUE that makes it shorter; NULL: it is run whole */
} Workload;

typedef struct WorkloadWish {
    const char *scenarios; /* the folder; NULL: it is looked for */
    uint32_t slow_count;   /* of w5 */
} WorkloadWish;

/* name is a workload's, or a scenario's path, which ends in .yaml. */
bool workload_find(const char *name, const WorkloadWish *wish,
                   Workload *ret_workload, GError **error);
void workload_clear(Workload *workload);

/* --- sim/bench/trial.c ------------------------------------------------- */
typedef enum TrialKind {
    TRIAL_WHOLE,
    TRIAL_SAMPLED, /* with perf looking on */
    TRIAL_SHARED,  /* by several threads */
} TrialKind;

typedef struct TrialPlace {
    char *program;         /* this one */
    char *perf;            /* NULL: not installed */
    char *directory;       /* of results */
    char *samples;         /* perf's file */
    uint32_t thread_count; /* of a TRIAL_SHARED */
    int signal;            /* that ended a trial and should end us, or 0 */
} TrialPlace;

typedef struct TrialCost {
    double user_s;  /* of the run with all its processes */
    double wall_s;  /* of its modes, without the reading and the writing */
    uint64_t parts; /* that the network was split into */
    uint64_t critical_events; /* of the busiest threads */
    uint64_t packet_hops;
    uint64_t events;
    uint64_t connections_max; /* at once */
    uint64_t start_bytes;     /* resident before anything happens ... */
    uint64_t peak_bytes;      /* ... and at most, of the largest mode */
} TrialCost;

bool trial_run(TrialPlace *place, const Workload *workload, TrialKind kind,
               TrialCost *ret_cost, GError **error);

/* --- sim/bench/share.c ------------------------------------------------- */
typedef enum PartKind {
    PART_AGENDA,
    PART_LINKS,    /* and what packets do between them */
    PART_CROSSING, /* from part to part of the network, and waiting there */
    PART_TCP,
    PART_PREFETCH, /* of links, packets and connections */
    PART_ROLES,    /* nodes, and the hosts that drive them */
    PART_RESULTS,
    PART_OTHER, /* reading the scenario, libraries, system */
    PART_COUNT,
} PartKind;

extern const char *const PART_NAMES[PART_COUNT];

/* The samples' shares by part, which add up to 1, from what perf reports by
 * source file. False when it knows none of our files. */
bool share_parse(const char *report, double ret_shares[static PART_COUNT]);
/* The same of perf's samples of a TRIAL_SAMPLED. */
bool share_read(const TrialPlace *place, double ret_shares[static PART_COUNT]);

/* --- sim/bench/print.c ------------------------------------------------- */
typedef struct Spread {
    double median;
    double least;
    double most;
} Spread;

typedef struct EngineFigures {
    const Workload *workload; /* lent */
    Spread user_s;
    Spread peak_bytes;
    Spread wall_s;
    Spread shared_wall_s; /* by several threads; NAN: not measured */
    TrialCost last;       /* counts are the same in every round */
    TrialCost last_shared;
    double shares[PART_COUNT]; /* NAN: not measured */
} EngineFigures;

/* Speed and memory. */
void bench_print_cost(const EngineFigures *figures, uint32_t count);
/* How much faster several threads are. */
void bench_print_threads(const EngineFigures *figures, uint32_t count,
                         uint32_t thread_count);
void bench_print_shares(const EngineFigures *figures, uint32_t count);
/* Those of workloads that are not among the figures stay open. */
void bench_print_goals(const EngineFigures *figures, uint32_t count,
                       uint32_t thread_count);
