/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/crew.c: which crew there is; and processes of this machine.
 */
#include "sim/sweep/crew.h"

#include <assert.h>
#include <unistd.h>

static bool
join(Crew *crew)
{
    return crew != NULL; /* a machine has processes */
}

static bool
take_jobs(Crew *crew, uint32_t jobs)
{
    long core_count = MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
    crew->size = jobs > 0 ? jobs : (uint32_t)core_count;
    crew->runners = g_new0(Runner, crew->size);
    return true;
}

static bool
start(Crew *crew, const RunOrder *order, GError **error)
{
    Runner *runner = crew->runners;
    while (runner->process)
        runner++;
    return runner_start(runner, order, error);
}

static bool
poll_runners(Crew *crew, RunEnd *ret_end)
{
    for (uint32_t at = 0; at < crew->size; at++) {
        if (runner_poll(&crew->runners[at], ret_end))
            return true;
    }
    return false;
}

static void
kill_runners(Crew *crew)
{
    for (uint32_t at = 0; at < crew->size; at++)
        runner_kill(&crew->runners[at]);
}

static void
leave(Crew *crew)
{
    g_free(crew->runners);
}

const CrewKind crew_of_processes = {join,         take_jobs,    start,
                                    poll_runners, kill_runners, leave};

static const CrewKind *const kinds[] = {
#ifdef BYWAY_MPI
    &crew_of_ranks,
#endif
    &crew_of_processes, /* to be had everywhere */
};

void
crew_join(Crew *crew)
{
    const CrewKind *const *kind = kinds;
    *crew = (Crew){0};
    while (!(*kind)->join(crew))
        kind++;
    crew->kind = *kind;
}

bool
crew_take_jobs(Crew *crew, uint32_t jobs)
{
    return crew->kind->take_jobs(crew, jobs);
}

bool
crew_has_place(const Crew *crew)
{
    return crew->busy_count < crew->size;
}

bool
crew_start(Crew *crew, const RunOrder *order, GError **error)
{
    assert(crew_has_place(crew));
    bool is_started = crew->kind->start(crew, order, error);
    crew->busy_count += is_started;
    return is_started;
}

bool
crew_poll(Crew *crew, RunEnd *ret_end)
{
    bool is_over = crew->kind->poll(crew, ret_end);
    crew->busy_count -= is_over;
    return is_over;
}

void
crew_kill(Crew *crew)
{
    crew->kind->kill(crew);
}

void
crew_leave(Crew *crew)
{
    assert(crew->busy_count == 0);
    crew->kind->leave(crew);
}
