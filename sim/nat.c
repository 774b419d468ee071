/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/nat.c: which pairs of address translators can be got past.
 */
#include "sim/nat.h"

#include <assert.h>

/* A symmetric translator sends each peer from a port that nobody can foretell;
 * to be taken, that port must not matter to the peer. */
static bool
refuses(NatClass one, NatClass other)
{
    return other == NAT_SYMMETRIC &&
           (one == NAT_PORT_RESTRICTED || one == NAT_SYMMETRIC);
}

bool
nat_can_meet(NatClass one, NatClass other)
{
    assert(one < NAT_CLASS_COUNT);
    assert(other < NAT_CLASS_COUNT);
    return !refuses(one, other) && !refuses(other, one);
}
