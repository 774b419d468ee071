/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/testbed.h: the verb `byway testbed`.
 *
 * A scenario is played by real nodes: every host is a process in a network of
 * its own, with this machine's TCP; between them one process plays the links,
 * the very ones of the simulator, by the wall clock. Workload, books and
 * results are the simulator's, too, so that what differs in the results is
 * what sockets, kernels and schedulers do.
 */
#pragma once

#include "sim/run.h"

extern const RunVerb testbed_verb;
