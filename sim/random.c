/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/random.c: SplitMix64 as a function of a counter, and its GSL face.
 */
#include "sim/random.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

static uint64_t
mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* FNV-1a, with its terminator so that "ab"+"c" is not "a"+"bc". */
static uint64_t
hash_text(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return hash;
}

void
random_init(RandomStream *stream, RandomSeed seed, const char *entity,
            const char *purpose)
{
    uint64_t name = hash_text(UINT64_C(0xcbf29ce484222325), entity);
    name = hash_text(name, purpose);
    uint64_t study = mix(mix(seed.seed + GOLDEN_GAMMA) + seed.replication);
    stream->key = mix(study ^ mix(name));
    stream->count = 0;
}

uint64_t
random_next(RandomStream *stream)
{
    return mix(stream->key + GOLDEN_GAMMA * ++stream->count);
}

uint64_t
random_hash(RandomSeed seed, const char *purpose, uint64_t a, uint64_t b)
{
    RandomStream stream;
    random_init(&stream, seed, "", purpose);
    return mix(mix(stream.key ^ mix(a)) + mix(b + GOLDEN_GAMMA));
}

double
random_unit(RandomStream *stream)
{
    return (double)(random_next(stream) >> 11) * 0x1.0p-53;
}

static void
gsl_set(void *state, unsigned long seed)
{
    (void)state;
    (void)seed; /* a stream is seeded by its name, in random_init */
}

static unsigned long
gsl_get(void *state)
{
    return random_next(state) >> 32;
}

static double
gsl_get_double(void *state)
{
    return random_unit(state);
}

static const gsl_rng_type STREAM_TYPE = {
    .name = "byway-splitmix64",
    .max = UINT32_MAX,
    .min = 0,
    .size = sizeof(RandomStream),
    .set = gsl_set,
    .get = gsl_get,
    .get_double = gsl_get_double,
};

gsl_rng *
random_gsl(RandomStream *stream, gsl_rng *ret_rng)
{
    ret_rng->type = &STREAM_TYPE;
    ret_rng->state = stream;
    return ret_rng;
}
