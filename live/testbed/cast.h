/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/cast.h: who acts what: a host's role configuration and network,
 * from what the simulator would have made of it.
 */
#pragma once

#include "sim/population.h"
#include "live/testbed/actor.h"

/* The plan's config is the caller's, config_free it; it points to what the
 * population owns. */
bool cast_plan(const Population *population, HostId host, ActorPlan *ret_plan,
               GError **error);
/* Each is a process with a TCP of its own. */
#define CAST_HOSTS_MAX 200u

/* Whether this machine's kernel can be set to behave as the scenario's
 * transports, on so many hosts. */
bool cast_is_possible(const Scenario *scenario, GError **error);
