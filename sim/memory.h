/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/memory.h: large arrays, and how much memory the process holds.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_BYTES 64u

/* 0 when the system does not say. */
uint64_t memory_now_bytes(void);

/* Ask the system for large pages wherever the process holds much memory now:
 * where it hops about in hundreds of megabytes, each hop misses the address
 * cache otherwise. What comes later has to be asked for again. */
void memory_ask_large_pages(void);

/* A greater array that begins with the contents of the old one, which is
 * freed (NULL: there is none); the rest is undefined. It starts on a cache
 * line and, where it is large, on pages that are: packets hop about in it,
 * and each hop would otherwise miss the address cache too. Free it with
 * free(). */
void *memory_grow(void *old, size_t old_bytes, size_t new_bytes);
