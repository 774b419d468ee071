/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/ranks_alone.c: this process alone, where there is no MPI.
 */
#include "sim/ranks.h"

bool
ranks_are_launched(void)
{
    return false;
}

char **
ranks_new_environment(void)
{
    return g_get_environ();
}

Ranks
ranks_here(void)
{
    return (Ranks){0, 1};
}

Ranks
ranks_join(void)
{
    return ranks_here();
}

void
ranks_leave(void)
{
}

void
ranks_exchange(GByteArray *const *out, GByteArray *const *in)
{
    (void)out; /* to nobody */
    (void)in;
}

void
ranks_sum(uint64_t *values, size_t count)
{
    (void)values; /* of one: its own */
    (void)count;
}
