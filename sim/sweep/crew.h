/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/crew.h: who plays the runs, a fixed number of them at once.
 */
#pragma once

#include "sim/sweep/runner.h"

typedef struct Crew Crew;

/* A kind of crew: processes of this machine, or ranks of MPI. */
typedef struct CrewKind {
    /* False when there is none of this kind here. */
    bool (*join)(Crew *crew);
    /* How many are wanted at once (0: as many as there can be), before the
     * first starts; false when that is not to be chosen. */
    bool (*take_jobs)(Crew *crew, uint32_t jobs);
    /* There is a place free. */
    bool (*start)(Crew *crew, const RunOrder *order, GError **error);
    /* Whether a run is over; it does not wait. */
    bool (*poll)(Crew *crew, RunEnd *ret_end);
    void (*kill)(Crew *crew);
    void (*leave)(Crew *crew);
} CrewKind;

struct Crew {
    const CrewKind *kind;
    uint32_t size;       /* places */
    uint32_t busy_count; /* of them */
    Runner *runners;     /* of processes */
    bool *is_busy;       /* of ranks, in the order of ranks, from 1 */
    bool has_served;     /* this process was another's to use, and is done */
};

extern const CrewKind crew_of_processes;
#ifdef BYWAY_MPI
extern const CrewKind crew_of_ranks; /* sim/sweep/ranks.c */
#endif

/* The first kind that is to be had here. */
void crew_join(Crew *crew);
bool crew_take_jobs(Crew *crew, uint32_t jobs);
bool crew_has_place(const Crew *crew);
bool crew_start(Crew *crew, const RunOrder *order, GError **error);
bool crew_poll(Crew *crew, RunEnd *ret_end);
/* End all runs that are under way; they are polled as ever. */
void crew_kill(Crew *crew);
void crew_leave(Crew *crew);
