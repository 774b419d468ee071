/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/mover.c: writes a node and reads it back.
 */
#include "tests/mover.h"

#include <glib.h>
#include <string.h>

/* A node rests for one event for each of these. */
#define REST_BYTES 16384u

static Coder
bytes_of(Node *node)
{
    Coder bytes;
    coder_init_write(&bytes);
    node_code(node, &bytes);
    return bytes;
}

void
mover_init(Mover *mover, const void *config, const uint8_t seed[32])
{
    *mover = (Mover){.config = config, .is_told = g_getenv("MOVING") != NULL};
    memcpy(mover->seed, seed, sizeof mover->seed);
}

void
mover_move(Mover *mover, Node **node)
{
    Coder read;
    Coder bytes = bytes_of(*node);
    Node *next = node_new(node_role(*node), mover->config, mover->seed);
    node_free(*node);
    *node = next;
    coder_init_read(&read, bytes.out, bytes.at);
    node_code(next, &read);
    g_assert_true(coder_is_whole(&read));
    Coder again = bytes_of(next);
    g_assert_cmpuint(again.at, ==, bytes.at);
    g_assert_true(memcmp(again.out, bytes.out, bytes.at) == 0);
    mover->rest_count = bytes.at / REST_BYTES;
    coder_clear(&again);
    coder_clear(&bytes);
}

void
mover_event(Mover *mover, Node **node)
{
    if (!mover->is_told)
        return;
    if (mover->rest_count > 0)
        mover->rest_count--;
    else
        mover_move(mover, node);
}
