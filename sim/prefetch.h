/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/prefetch.h: asks for the memory that the next events will touch.
 *
 * Most of a large network is in no cache, and an event leads from a link to
 * its first packet, from there to the next link or an endpoint, and to what
 * these point to: each step waits for memory. The agenda knows the events of
 * its next slot before they happen, so the slot's waits can be had together.
 * It changes no result.
 */
#pragma once

#include "sim/network.h"

/* For all entries that now stand in the agenda's near heap. */
void prefetch_slot(const Network *network);
