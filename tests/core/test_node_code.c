/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_node_code.c: a node's state is small, and bytes that are none
 * do no harm.
 *
 * That a node goes on from its state as if nothing had been is what the
 * stories of all roles tell when they are told again, with MOVING.
 */
#include <string.h>

#include "tests/town.h"

/* A town in the middle of a download that carries bytes. */
static Town *
busy_town(void)
{
    Town *town = town_new();
    town_open(town, 4);
    StageFile file = town_add_file(town, 20000000, true);
    stage_fetch(town->stage, town->client, &file, 7);
    stage_fetch(town->stage, town->client, &file, 8);
    stage_run_ns(town->stage, 8 * NS_PER_S + 3 * NS_PER_MS);
    g_assert_cmpuint(
        stage_note_count(town->stage, town->client, NOTE_EDGE_CONNECTED), >, 0);
    g_assert_cmpuint(stage_delivered_bytes(town->stage, town->client), <,
                     20000000);
    return town;
}

typedef struct Resident {
    Role role;
    PeerId peer;
} Resident;

#define RESIDENT_COUNT 6u

static Resident
resident(const Town *town, uint32_t n)
{
    const Resident residents[RESIDENT_COUNT] = {
        {ROLE_CLIENT, town->client},
        {ROLE_EDGE, town->edges[1]},
        {ROLE_MANAGER, town->manager},
        {ROLE_CDN, town->cdn},
        {ROLE_KEY_SERVICE, town->key_service},
        {ROLE_DATA_CENTRE, town->data_centre},
    };
    return residents[n];
}

/* Read bytes, on the heap and no more of them than there are, into a node. */
static bool
can_read(const Town *town, Role role, const uint8_t *bytes, size_t byte_count)
{
    static const uint8_t SEED[32] = {0};
    Coder coder;
    g_autofree uint8_t *copy = g_memdup2(bytes, byte_count);
    Node *node = node_new(role, town_config(town, role), SEED);
    coder_init_read(&coder, copy, byte_count);
    node_code(node, &coder);
    node_free(node);
    return coder_is_whole(&coder);
}

static void
a_state_is_read_by_its_own_role(void)
{
    Town *town = busy_town();
    for (uint32_t n = 0; n < RESIDENT_COUNT; n++) {
        Resident who = resident(town, n);
        Coder bytes = stage_node_bytes(town->stage, who.peer);
        g_test_message("%s: %zu bytes", role_name(who.role), bytes.at);
        for (Role role = 0; role < ROLE_COUNT; role++)
            g_assert_cmpint(can_read(town, role, bytes.out, bytes.at), ==,
                            role == who.role);
        coder_clear(&bytes);
    }
    town_free(town);
}

static void
a_state_that_is_cut_is_none(void)
{
    Town *town = busy_town();
    for (uint32_t n = 0; n < RESIDENT_COUNT; n++) {
        Resident who = resident(town, n);
        Coder bytes = stage_node_bytes(town->stage, who.peer);
        size_t step = 1 + bytes.at / 2000;
        for (size_t size = 0; size < bytes.at; size += step)
            g_assert_false(can_read(town, who.role, bytes.out, size));
        coder_clear(&bytes);
    }
    town_free(town);
}

/* Many a flipped bit makes another state; more there is not to say of it. */
static void
a_bit_that_flips_does_no_harm(void)
{
    Town *town = busy_town();
    for (uint32_t n = 0; n < RESIDENT_COUNT; n++) {
        Resident who = resident(town, n);
        Coder bytes = stage_node_bytes(town->stage, who.peer);
        size_t step = 1 + bytes.at / 1000;
        uint32_t bad_count = 0;
        for (size_t at = 0; at < bytes.at; at += step) {
            for (uint32_t bit = 0; bit < 8; bit += 3) {
                bytes.out[at] ^= (uint8_t)(1u << bit);
                bad_count += !can_read(town, who.role, bytes.out, bytes.at);
                bytes.out[at] ^= (uint8_t)(1u << bit);
            }
        }
        g_assert_cmpuint(bad_count, >, 0);
        coder_clear(&bytes);
    }
    town_free(town);
}

/* Of them there are 60,000 and 130,000 in a simulation. */
static void
who_does_nothing_is_small(void)
{
    Town *town = town_new();
    town_open(town, 1);
    stage_run_ns(town->stage, 600 * NS_PER_S);
    Coder client = stage_node_bytes(town->stage, town->client);
    Coder edge = stage_node_bytes(town->stage, town->edges[0]);
    g_test_message("client: %zu bytes, edge: %zu bytes", client.at, edge.at);
    g_assert_cmpuint(client.at, <=, 48);
    g_assert_cmpuint(edge.at, <=, 140);
    coder_clear(&edge);
    coder_clear(&client);
    town_free(town);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define STORY(name) g_test_add_func("/node_code/" #name, name)
    STORY(a_state_is_read_by_its_own_role);
    STORY(a_state_that_is_cut_is_none);
    STORY(a_bit_that_flips_does_no_harm);
    STORY(who_does_nothing_is_small);
    return g_test_run();
}
