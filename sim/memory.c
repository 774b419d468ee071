/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/memory.c: asks the system.
 */
#include "sim/memory.h"

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE_PAGE_BYTES (2u << 20)

uint64_t
memory_now_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    uint64_t resident_pages = 0;
    if (!file)
        return 0;
    if (fscanf(file, "%*s %" SCNu64, &resident_pages) != 1)
        resident_pages = 0;
    fclose(file);
    return resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Not in all headers that know madvise. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

void
memory_ask_large_pages(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (maps && fgets(line, sizeof line, maps)) {
        uintptr_t start, end, inode;
        char rights[5];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*s %" SCNuPTR,
                   &start, &end, rights, &inode) != 4 ||
            inode != 0 || strcmp(rights, "rw-p") != 0 ||
            end - start < LARGE_PAGE_BYTES)
            continue;
        /* Both are wishes. */
        madvise((void *)start, end - start, MADV_HUGEPAGE);
        madvise((void *)start, end - start, MADV_COLLAPSE);
    }
    if (maps)
        fclose(maps);
}

void *
memory_grow(void *old, size_t old_bytes, size_t new_bytes)
{
    bool is_large = new_bytes >= LARGE_PAGE_BYTES;
    size_t unit = is_large ? LARGE_PAGE_BYTES : CACHE_LINE_BYTES;
    size_t whole_bytes = (new_bytes + unit - 1) / unit * unit;
    void *memory = aligned_alloc(unit, whole_bytes);
    if (!memory)
        g_error("out of memory: %zu bytes", new_bytes);
    if (is_large)
        madvise(memory, whole_bytes, MADV_HUGEPAGE); /* a wish */
    if (old_bytes > 0)
        memcpy(memory, old, old_bytes);
    free(old);
    return memory;
}
