/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_crowd.c: a crowd of callers, most of them bad, at one edge.
 *
 * Whatever the others do, a caller that behaves gets its bytes, and in the
 * end nothing is left of anybody. Who does what follows from a seed.
 */
#include "tests/live/site.h"

#include <string.h>
#include <sys/socket.h>

#define CALLER_COUNT 24u
#define STEP_COUNT 3000u
#define SEED_COUNT 5u

typedef enum Manner {
    MANNER_GOOD,
    MANNER_SLOW,    /* good, but reads little at a time */
    MANNER_RUDE,    /* resets at some point */
    MANNER_BROKEN,  /* sends a part of a request, then nothing */
    MANNER_GARBAGE, /* sends what is no request */
    MANNER_HALF,    /* ends its side after the request */
    MANNER_COUNT,
} Manner;

typedef struct Visitor {
    bool is_here;
    Manner manner;
    Caller caller;
    uint64_t offset_bytes;
    uint64_t size_bytes;
    char *request;
    size_t said_bytes;
} Visitor;

typedef struct Crowd {
    Site site;
    GRand *dice;
    GByteArray *sealed; /* the whole file, as it should come */
    Visitor visitors[CALLER_COUNT];
    uint32_t served_count;
} Crowd;

static uint32_t
below(Crowd *crowd, uint32_t bound)
{
    return (uint32_t)g_rand_int_range(crowd->dice, 0, (gint32)bound);
}

static void
arrive(Crowd *crowd, Visitor *visitor)
{
    *visitor = (Visitor){.is_here = true, .manner = below(crowd, MANNER_COUNT)};
    caller_dial(&visitor->caller, &crowd->site.nodes[SITE_EDGE].address);
    visitor->offset_bytes = below(crowd, SITE_FILE_BYTES);
    uint64_t most_bytes = SITE_FILE_BYTES - visitor->offset_bytes;
    uint32_t size_bits = 1 + below(crowd, 22);
    uint64_t size_bytes = 1 + below(crowd, UINT32_C(1) << size_bits);
    visitor->size_bytes = MIN(most_bytes, size_bytes);
    visitor->request = site_request(visitor->offset_bytes, visitor->size_bytes);
}

static void
leave(Crowd *crowd, Visitor *visitor)
{
    if (below(crowd, 2) == 0)
        caller_reset(&visitor->caller);
    else
        caller_hang_up(&visitor->caller);
    g_free(visitor->request);
    visitor->is_here = false;
}

static void
say(Crowd *crowd, Visitor *visitor)
{
    size_t left_bytes = strlen(visitor->request) - visitor->said_bytes;
    if (visitor->manner == MANNER_BROKEN && left_bytes < 20)
        return;
    if (visitor->manner == MANNER_GARBAGE) {
        caller_try_send(&visitor->caller, "\n\xff\r", 3);
        return;
    }
    size_t part_bytes = 1 + below(crowd, 200);
    part_bytes = MIN(left_bytes, part_bytes);
    visitor->said_bytes += caller_try_send(
        &visitor->caller, visitor->request + visitor->said_bytes, part_bytes);
    bool is_said = part_bytes == left_bytes && left_bytes > 0;
    if (is_said && visitor->manner == MANNER_HALF)
        shutdown(visitor->caller.fd, SHUT_WR);
}

/* All that was asked for has come: right, and on a stream that goes on. */
static void
check(Crowd *crowd, Visitor *visitor)
{
    g_autoptr(GByteArray) body =
        site_take_response(&crowd->site, &visitor->caller, 206);
    loopback_compare(body, crowd->sealed->data + visitor->offset_bytes,
                     visitor->size_bytes);
    crowd->served_count++;
    leave(crowd, visitor);
}

static void
act(Crowd *crowd, Visitor *visitor)
{
    uint32_t chance = below(crowd, 100);
    bool is_good = visitor->manner <= MANNER_SLOW;
    say(crowd, visitor);
    caller_listen(&visitor->caller, visitor->manner == MANNER_SLOW
                                        ? 1 + below(crowd, 30000)
                                        : 1 + below(crowd, 300000));
    if (is_good) {
        g_assert_false(visitor->caller.is_ended);
        g_assert_cmpint(visitor->caller.error, ==, 0);
        if (visitor->caller.heard->len > visitor->size_bytes + 50)
            check(crowd, visitor);
    } else if (chance < 8) {
        leave(crowd, visitor);
    }
}

static void
crowd_begin(Crowd *crowd, uint32_t seed)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->dice = g_rand_new_with_seed(seed);
    Site *site = &crowd->site;
    site_init(site);
    site->host.pipe_count_max = 4; /* some orders have to copy */
    site_open(site, SITE_KEY_SERVICE);
    site_open(site, SITE_DATA_CENTRE);
    site_open(site, SITE_EDGE);
    site_add_key(site);
    Caller caller;
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    g_autofree char *request = site_request(0, 0);
    caller_say(&caller, &site->loop, request);
    crowd->sealed = site_take_response(site, &caller, 200);
    caller_hang_up(&caller);
}

static void
crowd_end(Crowd *crowd)
{
    Site *site = &crowd->site;
    for (uint32_t i = 0; i < CALLER_COUNT; i++)
        if (crowd->visitors[i].is_here)
            leave(crowd, &crowd->visitors[i]);
    const Host *edge = &site->nodes[SITE_EDGE].host;
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    while (edge->accepted_count > 0 || edge->conns.parting) {
        loopback_step(&site->loop);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
    g_assert_cmpuint(edge->pipes.lent_count, ==, 0);
    g_assert_cmpuint(edge->pipes.held_bytes, ==, 0);
    g_assert_cmpuint(edge->conns.memory.held_bytes, ==, 0);
    g_byte_array_unref(crowd->sealed);
    g_rand_free(crowd->dice);
    site_clear(site);
}

static void
whoever_behaves_is_served_whatever_others_do(void)
{
    for (uint32_t seed = 1; seed <= SEED_COUNT; seed++) {
        Crowd crowd;
        crowd_begin(&crowd, seed);
        for (uint32_t step = 0; step < STEP_COUNT; step++) {
            Visitor *visitor = &crowd.visitors[below(&crowd, CALLER_COUNT)];
            if (visitor->is_here)
                act(&crowd, visitor);
            else
                arrive(&crowd, visitor);
            if (below(&crowd, 3) == 0)
                loop_step(&crowd.site.loop, 0);
        }
        g_test_message("seed %u: %u served", seed, crowd.served_count);
        g_assert_cmpuint(crowd.served_count, >, 10);
        crowd_end(&crowd);
    }
}

#define STORY(name) g_test_add_func("/crowd/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(whoever_behaves_is_served_whatever_others_do);
    return g_test_run();
}
