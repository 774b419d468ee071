/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_node.c: any bytes may be read as the state of a node.
 *
 * An input is u8 role | the state. What is read as a whole state is one: it is
 * written, and read again as what it is.
 */
#include <glib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/town.h"

#define EXAMPLE_COUNT 6u

/* In the middle of a download, of which some bytes are real. */
static Town *
busy_town(void)
{
    Town *town = town_new();
    town_open(town, 3);
    StageFile file = town_add_file(town, 9000000, true);
    stage_fetch(town->stage, town->client, &file, 7);
    stage_fetch(town->stage, town->client, &file, 8);
    stage_run_ns(town->stage, 8 * NS_PER_S + 3 * NS_PER_MS);
    return town;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    if (n >= EXAMPLE_COUNT)
        return 0;
    Town *town = busy_town();
    const struct {
        Role role;
        PeerId peer;
    } residents[EXAMPLE_COUNT] = {
        {ROLE_CLIENT, town->client},   {ROLE_EDGE, town->edges[0]},
        {ROLE_MANAGER, town->manager}, {ROLE_KEY_SERVICE, town->key_service},
        {ROLE_CDN, town->cdn},         {ROLE_DATA_CENTRE, town->data_centre},
    };
    Coder bytes = stage_node_bytes(town->stage, residents[n].peer);
    g_assert_cmpuint(bytes.at, <, FUZZ_BYTES_MAX);
    ret_bytes[0] = (uint8_t)residents[n].role;
    memcpy(ret_bytes + 1, bytes.out, bytes.at);
    uint32_t byte_count = 1 + (uint32_t)bytes.at;
    coder_clear(&bytes);
    town_free(town);
    return byte_count;
}

/* The node that the bytes are a state of, or NULL. */
static Node *
read_node(const Town *town, Role role, const uint8_t *bytes, size_t byte_count)
{
    static const uint8_t SEED[32] = {0};
    Coder coder;
    Node *node = node_new(role, town_config(town, role), SEED);
    coder_init_read(&coder, bytes, byte_count);
    node_code(node, &coder);
    if (coder_is_whole(&coder))
        return node;
    node_free(node);
    return NULL;
}

static Coder
bytes_of(Node *node)
{
    Coder bytes;
    coder_init_write(&bytes);
    node_code(node, &bytes);
    return bytes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    if (byte_count < 1)
        return 0;
    Role role = bytes[0] % ROLE_COUNT;
    Town *town = town_new();
    Node *node = read_node(town, role, bytes + 1, byte_count - 1);
    if (node) {
        Coder first = bytes_of(node);
        Node *again = read_node(town, role, first.out, first.at);
        g_assert_nonnull(again);
        Coder second = bytes_of(again);
        g_assert_cmpuint(second.at, ==, first.at);
        g_assert_true(memcmp(second.out, first.out, first.at) == 0);
        coder_clear(&second);
        coder_clear(&first);
        node_free(again);
        node_free(node);
    }
    town_free(town);
    return 0;
}
