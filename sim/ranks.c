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

#include "sim/stop.h"

#define LOOKS_MAX 500
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

static void
await(MPI_Request *request)
{
    int is_done = 0;
    for (uint32_t look = 0; !is_done; look++) {
        MPI_Test(request, &is_done, MPI_STATUS_IGNORE);
        if (!is_done && look >= LOOKS_MAX)
            g_usleep(NAP_US);
    }
}

/* Messages whose lengths both ends know. */
static void
send_bytes(const RankNotice *heard, GByteArray *const *out,
           GByteArray *const *in)
{
    Ranks ranks = ranks_here();
    g_autofree MPI_Request *requests = g_new(MPI_Request, 2 * ranks.count);
    int count = 0;
    for (uint32_t rank = 0; rank < ranks.count; rank++) {
        g_byte_array_set_size(in[rank], (guint)heard[rank].sent_bytes);
        if (in[rank]->len > 0)
            MPI_Irecv(in[rank]->data, (int)in[rank]->len, MPI_BYTE, (int)rank,
                      0, MPI_COMM_WORLD, &requests[count++]);
    }
    for (uint32_t rank = 0; rank < ranks.count; rank++) {
        assert(out[rank]->len <= INT_MAX);
        if (out[rank]->len > 0)
            MPI_Isend(out[rank]->data, (int)out[rank]->len, MPI_BYTE, (int)rank,
                      0, MPI_COMM_WORLD, &requests[count++]);
    }
    for (int i = 0; i < count; i++)
        await(&requests[i]);
}

void
ranks_exchange(RankNotice *notices, RankNotice *ret_notices,
               GByteArray *const *out, GByteArray *const *in)
{
    Ranks ranks = ranks_here();
    for (uint32_t rank = 0; rank < ranks.count; rank++)
        notices[rank].sent_bytes = out[rank]->len;
    MPI_Request request;
    MPI_Ialltoall(notices, sizeof *notices, MPI_BYTE, ret_notices,
                  sizeof *notices, MPI_BYTE, MPI_COMM_WORLD, &request);
    await(&request);
    send_bytes(ret_notices, out, in);
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
