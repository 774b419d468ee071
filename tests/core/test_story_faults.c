/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_story_faults.c: downloads while edges, and sometimes the
 * CDN, die, fall silent, refuse and change their pace.
 *
 * The stage checks that each byte comes once and is the file's.
 */
#include "core/dice.h"
#include "tests/town.h"

#define MEGABYTE UINT64_C(1000000)

/* One misfortune a second, drawn from the seed, for 25 seconds. */
static void
suffer(Town *town, uint64_t seed)
{
    uint8_t seeds[32] = {(uint8_t)seed};
    Dice dice;
    dice_init(&dice, seeds, 0);
    for (uint32_t second = 0; second < 25; second++) {
        PeerId edge = town->edges[dice_below(&dice, town->edge_count)];
        uint64_t kind = dice_below(&dice, 5);
        if (kind == 0)
            stage_kill(town->stage, edge);
        if (kind == 1)
            stage_cut(town->stage, edge);
        if (kind == 2)
            stage_refuse(town->stage, edge);
        if (kind == 3)
            stage_set_rate(town->stage, edge, town->client,
                           10000 + dice_below(&dice, 8000000));
        if (kind == 4 && dice_happens_ppm(&dice, 100000))
            stage_kill(town->stage, town->cdn);
        stage_run_ns(town->stage, NS_PER_S);
    }
}

/* Every download ends, once, and leaves nothing open. */
static bool
has_ended_well(const Town *town)
{
    const Stage *stage = town->stage;
    uint64_t done_count =
        stage_note_count(stage, town->client, NOTE_DOWNLOAD_DONE);
    uint64_t failed_count =
        stage_note_count(stage, town->client, NOTE_DOWNLOAD_FAILED);
    g_assert_cmpuint(done_count + failed_count, ==, 1);
    g_assert_cmpuint(stage_open_stream_count(stage, town->client), ==, 0);
    return done_count == 1;
}

static void
whatever_dies_no_byte_comes_twice_and_every_download_ends(void)
{
    uint32_t done_count = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        Town *town = town_new();
        town->client_config.stall_ns = 5 * NS_PER_S;
        town_open(town, 10);
        StageFile file = town_add_file(town, 9 * MEGABYTE + seed, true);
        stage_fetch(town->stage, town->client, &file, 1);
        suffer(town, seed);
        stage_run_ns(town->stage, 300 * NS_PER_S);
        g_test_message("seed %lu", (unsigned long)seed);
        bool is_done = has_ended_well(town);
        if (is_done)
            g_assert_cmpuint(stage_delivered_bytes(town->stage, town->client),
                             ==, 9 * MEGABYTE + seed);
        done_count += is_done;
        town_free(town);
    }
    g_assert_cmpuint(done_count, >=, 15);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/story/whatever_dies_no_byte_comes_twice_and_every_download_ends",
        whatever_dies_no_byte_comes_twice_and_every_download_ends);
    return g_test_run();
}
