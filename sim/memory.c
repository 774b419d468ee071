/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/memory.c: reads /proc.
 */
#include "sim/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

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
