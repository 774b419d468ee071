/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/random.h: one counter-based random stream per entity and purpose.
 *
 * The n-th draw of a stream is a pure function of (seed, replication, entity
 * name, purpose, n) (SplitMix64, Steele et al. 2014, is a hash of a counter),
 * so adding an entity changes nobody else's draws.
 */
#pragma once

#include <gsl/gsl_rng.h>
#include <stdint.h>

typedef struct RandomStream {
    uint64_t key;   /* hash of the stream's name */
    uint64_t count; /* draws so far */
} RandomStream;

typedef struct RandomSeed {
    uint64_t seed;        /* names the study */
    uint64_t replication; /* names the stream of repetitions */
} RandomSeed;

void random_init(RandomStream *stream, RandomSeed seed, const char *entity,
                 const char *purpose);
uint64_t random_next(RandomStream *stream);
/* One draw that belongs to two numbered entities, whoever asks and when. */
uint64_t random_hash(RandomSeed seed, const char *purpose, uint64_t a,
                     uint64_t b);
/* Uniform in [0, 1), 53 bits. */
double random_unit(RandomStream *stream);
/* A draw of random_next is below it with this probability. */
static inline uint64_t random_threshold(double probability);
/* Lend the stream to GSL's distributions; draws advance the same counter.
 * The returned generator lives inside *ret_rng, nothing is to be freed. */
gsl_rng *random_gsl(RandomStream *stream, gsl_rng *ret_rng);

static inline uint64_t
random_threshold(double probability)
{
    return probability >= 1 ? UINT64_MAX
                            : (uint64_t)(probability * 18446744073709551616.0);
}
