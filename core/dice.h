/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/dice.h: the luck of one node, a counter-based stream from its seed.
 *
 * SplitMix64 (Steele, Lea, Flood 2014): the n-th draw is a mix of key + n
 * golden-ratio steps, so a stream is a key and a count, and streams for
 * different purposes do not shift each other.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Dice {
    uint64_t key;
    uint64_t count;
} Dice;

static inline uint64_t
dice_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static inline void
dice_init(Dice *dice, const uint8_t seed[32], uint64_t purpose)
{
    dice->key = dice_mix(purpose + UINT64_C(0x9e3779b97f4a7c15));
    for (int i = 0; i < 32; i++)
        dice->key = dice_mix(dice->key ^ ((uint64_t)seed[i] << (8 * (i % 8))));
    dice->count = 0;
}

static inline uint64_t
dice_draw(Dice *dice)
{
    dice->count++;
    return dice_mix(dice->key + dice->count * UINT64_C(0x9e3779b97f4a7c15));
}

/* Draw from 0 to bound - 1; the bias is below bound / 2^64. */
static inline uint64_t
dice_below(Dice *dice, uint64_t bound)
{
    assert(bound > 0);
    if (bound <= UINT32_MAX)
        return ((dice_draw(dice) >> 32) * bound) >> 32;
    return dice_draw(dice) % bound;
}

/* Say yes with a probability of parts per million. */
static inline bool
dice_happens_ppm(Dice *dice, uint32_t ppm)
{
    return dice_below(dice, 1000000) < ppm;
}
