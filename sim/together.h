/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/together.h: one run of several ranks, and what they have to agree on.
 *
 * With one rank there is nothing to agree on, and nothing is exchanged.
 */
#pragma once

#include "sim/run.h"

/* Until together_speak, nothing that other ranks than the first say is seen.
 * Returns what together_speak wants. */
int together_hush(Ranks ranks);
void together_speak(int voice);
/* Whether several ranks can do what is wanted, and all want the same. */
bool together_is_possible(const Scenario *scenario, const RunOptions *options,
                          GError **error);
/* After that each is alone, the first with the results. Where there are none,
 * all end with its exit code; launchers end the others when one does not end
 * well. */
int together_leave(Ranks ranks, int exit_code);
/* The signal that came to any of them, or 0; it is taken. */
int together_take_signal(void);
