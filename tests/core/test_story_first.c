/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_story_first.c: the whole day of one download.
 *
 * A slow CDN; the manager names edges and the key service grants a key; the
 * edges pass ciphertext from the data centre on; the client opens it, and
 * every byte is delivered once and is the file's.
 */
#include "tests/town.h"

static const char MORNING[] = "86 ms manager edge_online edge0 0\n"
                              "181 ms manager edge_online edge2 0\n"
                              "867 ms manager edge_online edge1 0\n"
                              "2001 ms keys key_created - 1\n";

/* Five seconds at 400 kB/s are slow. Twenty milliseconds are a round trip:
 * connect, ask. The edges are 5, 6 and 7 ms away, so edge0 comes first. */
static const char DAY[] = "2100 ms client download_started #7 12000000\n"
                          "2120 ms client cdn_connected #7 20000000\n"
                          "2120 ms client cdn_connected #7 20000000\n"
                          "7100 ms client download_slow #7 393218\n"
                          "7140 ms client nodes_listed #7 3\n"
                          "7140 ms client edge_tried edge2 0\n"
                          "7140 ms client edge_tried edge0 0\n"
                          "7140 ms client edge_tried edge1 0\n"
                          "7140 ms client key_granted #7 17\n"
                          "7150 ms client edge_connected edge0 10000000\n"
                          "7152 ms client edge_connected edge1 12000000\n"
                          "7154 ms client edge_connected edge2 14000000\n"
                          "15453 ms client download_measured #7 1201118\n"
                          "15453 ms client download_edge_rate #7 816712\n"
                          "15453 ms client download_cdn_rate #7 384406\n"
                          "15453 ms client download_done #7 12000000\n";

static void
a_slow_download_is_helped_by_edges(void)
{
    Town *town = town_new();
    Stage *stage = town->stage;
    stage_hush(stage, NOTE_CDN_BYTES);
    stage_hush(stage, NOTE_EDGE_BYTES);
    stage_hush(stage, NOTE_REQUEST_SERVED);
    town_open(town, 3);
    StageFile file = town_add_file(town, 12000000, true);
    stage_expect(stage, MORNING);

    stage_fetch(stage, town->client, &file, 7);
    stage_run_ns(stage, 60 * NS_PER_S);
    stage_expect(stage, DAY);
    g_assert_cmpuint(stage_delivered_bytes(stage, town->client), ==, 12000000);
    g_assert_cmpuint(stage_damaged_bytes(stage, town->client), ==, 0);

    /* What came of edges was sealed at the data centre and opened here. */
    uint64_t edge_bytes = stage_note_sum(stage, town->client, NOTE_EDGE_BYTES);
    g_assert_cmpuint(edge_bytes, >, 6000000);
    g_assert_cmpuint(stage_work(stage, town->data_centre, WORK_SEAL), >=,
                     edge_bytes / 16384);
    g_assert_cmpuint(stage_work(stage, town->client, WORK_OPEN), >=,
                     edge_bytes / 16384);
    town_free(town);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/story/a_slow_download_is_helped_by_edges",
                    a_slow_download_is_helped_by_edges);
    return g_test_run();
}
