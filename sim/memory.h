/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/memory.h: how much memory the process holds now, for the status line.
 */
#pragma once

#include <stdint.h>

/* 0 when the system does not say. */
uint64_t memory_now_bytes(void);
