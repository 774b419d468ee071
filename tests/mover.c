/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/mover.c: hands an event to a node and to its twin.
 */
#include "tests/mover.h"

#include <glib.h>
#include <string.h>

#include "core/turn_code.h"
#include "core/turn_log.h"

/* A node rests for one event for each of these. */
#define REST_BYTES 16384u
/* Every so many twins, one goes on. */
#define MOVE_INTERVAL 32u

void
mover_init(Mover *mover, const void *config, const uint8_t seed[32])
{
    *mover = (Mover){.config = config, .is_told = g_getenv("MOVING") != NULL};
    memcpy(mover->seed, seed, sizeof mover->seed);
}

static Coder
bytes_of(Node *node)
{
    Coder bytes;
    coder_init_write(&bytes);
    node_code(node, &bytes);
    return bytes;
}

static void
assert_equal(Coder one, Coder other)
{
    g_assert_cmpuint(one.at, ==, other.at);
    g_assert_true(memcmp(one.out, other.out, one.at) == 0);
    coder_clear(&one);
    coder_clear(&other);
}

static Node *
new_twin(Mover *mover, Node *node)
{
    Coder read;
    Coder bytes = bytes_of(node);
    Node *twin = node_new(node_role(node), mover->config, mover->seed);
    coder_init_read(&read, bytes.out, bytes.at);
    node_code(twin, &read);
    g_assert_true(coder_is_whole(&read));
    mover->rest_count = bytes.at / REST_BYTES;
    assert_equal(bytes, bytes_of(twin));
    return twin;
}

/* The twin opens streams of the same numbers. */
static StreamPool
copy_pool(StreamPool *pool)
{
    StreamPool copy = {0};
    Coder bytes, read;
    coder_init_write(&bytes);
    stream_pool_code(pool, &bytes);
    coder_init_read(&read, bytes.out, bytes.at);
    stream_pool_code(&copy, &read);
    g_assert_true(coder_is_whole(&read));
    coder_clear(&bytes);
    return copy;
}

static Coder
log_of(const Turn *turn)
{
    Coder log;
    coder_init_write(&log);
    turn_log_turn(&log, turn);
    return log;
}

static void
turn_both(Mover *mover, Node **node, const Event *event, Turn *turn)
{
    Turn twin_turn;
    Node *twin = new_twin(mover, *node);
    StreamPool pool = copy_pool(turn->pool);
    turn_init(&twin_turn);
    turn_begin(&twin_turn, &pool);
    node_turn(twin, event, &twin_turn);
    node_turn(*node, event, turn);
    assert_equal(log_of(turn), log_of(&twin_turn));
    assert_equal(bytes_of(*node), bytes_of(twin));
    turn_clear(&twin_turn);
    stream_pool_clear(&pool);
    bool is_moving = ++mover->twin_count % MOVE_INTERVAL == 0;
    node_free(is_moving ? *node : twin);
    if (is_moving)
        *node = twin;
}

void
mover_turn(Mover *mover, Node **node, const Event *event, Turn *turn)
{
    if (mover->is_told && mover->rest_count == 0) {
        turn_both(mover, node, event, turn);
        return;
    }
    mover->rest_count -= mover->rest_count > 0;
    node_turn(*node, event, turn);
}
