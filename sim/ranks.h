/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/ranks.h: processes, maybe on several machines, that run one simulation.
 *
 * All of them call the functions that exchange or sum something, in the same
 * order; each then knows the same. Without MPI there is one process.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Ranks {
    uint32_t self; /* 0 is the one that writes and tells */
    uint32_t count;
} Ranks;

/* Whether mpirun or srun started more than this process. */
bool ranks_are_launched(void);
/* Once, and before the first thread. One rank when nobody started more; else
 * SIGINT and SIGTERM wait from now on until somebody looks (sim/stop.h). */
Ranks ranks_join(void);
/* All that joined; no more is exchanged. */
void ranks_leave(void);
/* Those that have joined and not left, or this process alone. */
Ranks ranks_here(void);
/* The environment for a program that is not to join; g_strfreev it. */
char **ranks_new_environment(void);

/* Bytes, maybe none, from each to each other; arrays are by rank. What comes
 * replaces what `in` holds. */
void ranks_exchange(GByteArray *const *out, GByteArray *const *in);
/* Each value becomes the sum of all ranks'. */
void ranks_sum(uint64_t *values, size_t count);

/* Whether all ranks find it good. */
static inline bool
ranks_agree(bool is_good)
{
    uint64_t bad_count = !is_good;
    ranks_sum(&bad_count, 1);
    return bad_count == 0;
}
