/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/kernel.h: byway's TCP beside the Linux kernel's.
 *
 * The lab of the measurements: a client behind one link with queue, rate,
 * loss and half the round trip; 1 Gbit/s and the other half the way back; a
 * request of 100 bytes; times from the request until the last byte.
 */
#pragma once

#include "sim/validate/truth.h"

/* Compare the file's cases, of these groups (comma-separated) or of all that
 * are taken, on stdout; the verb's exit code. */
int kernel_compare(const char *path, const char *groups);
