/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/ranks.c: the ranks of MPI.
 *
 * Nobody waits within MPI, which would keep a core from a rank that has not
 * come so far, where there are more ranks than cores.
 */
#include "sim/ranks.h"

#include <assert.h>
#include <limits.h>
#include <mpi.h>

#include "sim/progress.h"
#include "sim/stop.h"

/* Most waits are over before a yield would be; few last longer than somebody
 * else's turn on the core. */
#define SPIN_US 5
#define PATIENCE_US 10000
#define NAP_US 20

/* What launchers tell their processes: how many there are. */
static const char *const SIGNS[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                    "SLURM_STEP_NUM_TASKS"};

bool
ranks_are_launched(void)
{
    for (size_t at = 0; at < G_N_ELEMENTS(SIGNS); at++) {
        const char *count = g_getenv(SIGNS[at]);
        if (count && g_ascii_strtoull(count, NULL, 10) > 1)
            return true;
    }
    return false;
}

char **
ranks_new_environment(void)
{
    char **environment = g_get_environ();
    for (size_t at = 0; at < G_N_ELEMENTS(SIGNS); at++)
        environment = g_environ_unsetenv(environment, SIGNS[at]);
    return environment;
}

Ranks
ranks_here(void)
{
    int has_joined = 0;
    int has_left = 0;
    MPI_Initialized(&has_joined);
    MPI_Finalized(&has_left);
    int self = 0;
    int count = 1;
    if (has_joined && !has_left) {
        MPI_Comm_rank(MPI_COMM_WORLD, &self);
        MPI_Comm_size(MPI_COMM_WORLD, &count);
    }
    return (Ranks){(uint32_t)self, (uint32_t)count};
}

Ranks
ranks_join(void)
{
    int level;
    if (!ranks_are_launched())
        return ranks_here();
    stop_hold(); /* in MPI's own threads, too */
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    Ranks ranks = ranks_here();
    if (ranks.count == 1)
        ranks_leave();
    return ranks;
}

void
ranks_leave(void)
{
    MPI_Finalize();
}

/* Looked once more, and in vain. */
static void
rest(int64_t since_us)
{
    int64_t waited_us = progress_now_us() - since_us;
    if (waited_us > PATIENCE_US)
        g_usleep(NAP_US);
    else if (waited_us > SPIN_US)
        g_thread_yield();
}

static void
await(MPI_Request *request)
{
    int is_done = 0;
    int64_t since_us = progress_now_us();
    for (;;) {
        MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
        if (is_done)
            return;
        rest(since_us);
    }
}

/* The next message from the rank, whatever its length. */
static void
receive(uint32_t rank, GByteArray *in)
{
    MPI_Status status;
    int is_there = 0;
    int count = 0;
    int64_t since_us = progress_now_us();
    for (;;) {
        MPI_Iprobe((int)rank, 0, MPI_COMM_WORLD, &is_there, &status);
        if (is_there)
            break;
        rest(since_us);
    }
    MPI_Get_count(&status, MPI_BYTE, &count);
    g_byte_array_set_size(in, (guint)count);
    MPI_Recv(in->data, count, MPI_BYTE, (int)rank, 0, MPI_COMM_WORLD,
             MPI_STATUS_IGNORE);
}

void
ranks_exchange(GByteArray *const *out, GByteArray *const *in)
{
    Ranks ranks = ranks_here();
    g_autofree MPI_Request *requests = g_new(MPI_Request, ranks.count);
    for (uint32_t rank = 0; rank < ranks.count; rank++) {
        assert(out[rank]->len <= INT_MAX);
        if (rank != ranks.self)
            MPI_Isend(out[rank]->data, (int)out[rank]->len, MPI_BYTE, (int)rank,
                      0, MPI_COMM_WORLD, &requests[rank]);
    }
    for (uint32_t rank = 0; rank < ranks.count; rank++) {
        if (rank != ranks.self)
            receive(rank, in[rank]);
    }
    for (uint32_t rank = 0; rank < ranks.count; rank++) {
        if (rank != ranks.self)
            await(&requests[rank]);
    }
}

void
ranks_sum(uint64_t *values, size_t count)
{
    MPI_Request request;
    assert(count <= INT_MAX);
    if (ranks_here().count == 1)
        return;
    MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_UINT64_T, MPI_SUM,
                   MPI_COMM_WORLD, &request);
    await(&request);
}
