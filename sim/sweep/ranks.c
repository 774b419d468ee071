/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/ranks.c: runs played by the ranks of MPI.
 *
 * Rank 0 hands out and writes, every other rank plays one run at a time, as
 * processes of its machine. Nobody waits within MPI, which would keep a core
 * busy that a run could use: all look for messages now and then.
 */
#include <mpi.h>

#include "sim/ranks.h"
#include "sim/stop.h"
#include "sim/sweep/crew.h"

#include <assert.h>

#define POLL_NS 20000000

/* To ranks: play this, end what you play, that was all; from them: it is
 * over. */
typedef enum Tag { TAG_PLAY, TAG_KILL, TAG_LEAVE, TAG_OVER } Tag;

static bool
has_message(int source, MPI_Status *ret_status)
{
    int is_there = 0;
    MPI_Iprobe(source, MPI_ANY_TAG, MPI_COMM_WORLD, &is_there, ret_status);
    return is_there;
}

static void
send_over(const RunEnd *end)
{
    MPI_Send(end, sizeof *end, MPI_BYTE, 0, TAG_OVER, MPI_COMM_WORLD);
}

static void
play(Runner *runner, const RunOrder *order)
{
    g_autoptr(GError) error = NULL;
    if (runner_start(runner, order, &error))
        return;
    RunEnd end = {.run = order->run, .exit_code = 1};
    g_strlcpy(end.told, error->message, sizeof end.told);
    send_over(&end);
}

/* False when there is nothing more to do. */
static bool
obey(Runner *runner)
{
    MPI_Status status;
    if (!has_message(0, &status))
        return true;
    RunOrder order = {0};
    MPI_Recv(&order, sizeof order, MPI_BYTE, 0, status.MPI_TAG, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
    if (status.MPI_TAG == TAG_PLAY)
        play(runner, &order);
    else
        runner_kill(runner);
    return status.MPI_TAG != TAG_LEAVE;
}

static void
serve(void)
{
    Runner runner = {0};
    RunEnd end;
    stop_hold();
    while (obey(&runner)) {
        if (stop_wait(POLL_NS))
            runner_kill(&runner);
        if (runner_poll(&runner, &end))
            send_over(&end);
    }
}

static bool
join(Crew *crew)
{
    Ranks ranks = ranks_join();
    if (ranks.count == 1)
        return false;
    crew->size = ranks.count - 1;
    crew->is_busy = g_new0(bool, crew->size);
    crew->has_served = ranks.self > 0;
    if (crew->has_served)
        serve();
    return true;
}

/* There are as many places as there are ranks. */
static bool
take_jobs(Crew *crew, uint32_t jobs)
{
    (void)crew;
    return jobs == 0;
}

static bool
start(Crew *crew, const RunOrder *order, GError **error)
{
    uint32_t place = 0;
    (void)error; /* a rank that cannot start it says so in its end */
    while (crew->is_busy[place])
        place++;
    crew->is_busy[place] = true;
    MPI_Send(order, sizeof *order, MPI_BYTE, (int)place + 1, TAG_PLAY,
             MPI_COMM_WORLD);
    return true;
}

static bool
poll_ranks(Crew *crew, RunEnd *ret_end)
{
    MPI_Status status;
    if (!has_message(MPI_ANY_SOURCE, &status))
        return false;
    assert(status.MPI_TAG == TAG_OVER);
    MPI_Recv(ret_end, sizeof *ret_end, MPI_BYTE, status.MPI_SOURCE, TAG_OVER,
             MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    crew->is_busy[status.MPI_SOURCE - 1] = false;
    return true;
}

static void
send_ranks(const Crew *crew, Tag tag)
{
    for (uint32_t place = 0; place < crew->size; place++)
        MPI_Send(NULL, 0, MPI_BYTE, (int)place + 1, (int)tag, MPI_COMM_WORLD);
}

static void
kill_ranks(Crew *crew)
{
    send_ranks(crew, TAG_KILL);
}

static void
leave(Crew *crew)
{
    if (!crew->has_served)
        send_ranks(crew, TAG_LEAVE);
    g_free(crew->is_busy);
    ranks_leave();
}

const CrewKind crew_of_ranks = {join,       take_jobs,  start,
                                poll_ranks, kill_ranks, leave};
