/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/bench_seal.c: what sealing a slice costs this machine.
 *
 * Prints the two figures of a scenario's cost model: time per slice (its key,
 * mostly) and per byte, from slices of 16 bytes and of 16 KiB; the median of
 * RUNS runs of thread CPU time each.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/seal.h"

#define RUNS 15
#define SLICES 4000u
#define SMALL_BYTES 16u
#define LARGE_BYTES 16384u

static double
cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

static double
slice_ns(Sealer *sealer, uint32_t size_bytes)
{
    static const uint8_t PLAIN[LARGE_BYTES];
    g_autofree uint8_t *sealed = g_malloc(LARGE_BYTES);
    double runs_ns[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double start_ns = cpu_ns();
        for (uint64_t slice = 0; slice < SLICES; slice++)
            sealer_seal(sealer, slice, PLAIN, sealed, size_bytes, NULL);
        runs_ns[run] = (cpu_ns() - start_ns) / SLICES;
    }
    qsort(runs_ns, RUNS, sizeof runs_ns[0], compare);
    return runs_ns[RUNS / 2];
}

int
main(void)
{
    Sealer *sealer = sealer_new();
    SlicePlan plan = {.alg = ALG_CTR, .slice_bytes = LARGE_BYTES};
    if (!sealer_use(sealer, &plan))
        return 1;
    double small_ns = slice_ns(sealer, SMALL_BYTES);
    double large_ns = slice_ns(sealer, LARGE_BYTES);
    double byte_ns = (large_ns - small_ns) / (LARGE_BYTES - SMALL_BYTES);
    printf("seal_slice: %.2f us\nseal_byte: %.4f ns\n",
           (small_ns - SMALL_BYTES * byte_ns) / 1e3, byte_ns);
    printf("# aes-256-ctr, n = %d runs of %u slices, median, CPU time\n", RUNS,
           SLICES);
    sealer_free(sealer);
    return 0;
}
