/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_memory.c: however many are slow, buffers keep their bound.
 */
#include "tests/live/site.h"

#include <string.h>
#include <sys/socket.h>

#define MIB (UINT64_C(1) << 20)
#define SLOW_COUNT 16u
#define FEW_COUNT 4u
#define REQUEST_COUNT 2u

static void
portions_shrink_as_memory_runs_out_but_never_to_nothing(void)
{
    Memory memory = {.held_bytes_max = 32 * MIB};
    g_assert_cmpuint(memory_portion(&memory, 65536), ==, 65536);
    g_assert_false(memory_is_scarce(&memory));
    memory.held_bytes = 24 * MIB;
    g_assert_cmpuint(memory_portion(&memory, 65536), ==, 32768);
    g_assert_true(memory_is_scarce(&memory));
    g_assert_false(memory_is_short(&memory, 8 * MIB));
    g_assert_true(memory_is_short(&memory, 8 * MIB + 1));
    memory.held_bytes = 40 * MIB; /* the bound was lowered */
    g_assert_cmpuint(memory_portion(&memory, 65536), ==,
                     MEMORY_PORTION_BYTES_MIN);
    g_assert_true(memory_is_short(&memory, 1));
}

/* Ask for more than the kernel takes for one who reads nothing. */
static void
be_slow(Site *site, SiteRole role, Caller *callers, uint32_t count,
        int window_bytes)
{
    g_autofree char *request = site_request(0, 0);
    for (uint32_t i = 0; i < count; i++) {
        caller_dial(&callers[i], &site->nodes[role].address);
        setsockopt(callers[i].fd, SOL_SOCKET, SO_RCVBUF, &window_bytes,
                   sizeof window_bytes);
        for (uint32_t j = 0; j < REQUEST_COUNT; j++)
            caller_say(&callers[i], &site->loop, request);
    }
}

static void
leave(Site *site, SiteRole role, Caller *callers, uint32_t count)
{
    const Host *host = &site->nodes[role].host;
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    for (uint32_t i = 0; i < count; i++)
        caller_reset(&callers[i]);
    while (host->accepted_count > 0) {
        loopback_step(&site->loop);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
    site_run(site, 20 * NS_PER_MS);
    g_assert_cmpuint(host->conns.memory.held_bytes, ==, 0);
    g_assert_cmpuint(host->reads.length, ==, 0);
}

/* The kernel takes more for a while; then all stands still and nobody is
 * busy. */
static void
wait_for_rest(Site *site, SiteRole role)
{
    const Host *host = &site->nodes[role].host;
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    uint64_t event_count;
    do {
        event_count = host->count.events;
        site_run(site, 100 * NS_PER_MS);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    } while (host->count.events > event_count);
}

static void
take_all(Site *site, Caller *callers, uint32_t count)
{
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    /* All at once: who is served waits for memory that another holds. */
    for (uint32_t done_count = 0; done_count < count;) {
        done_count = 0;
        loop_step(&site->loop, 0);
        for (uint32_t i = 0; i < count; i++) {
            caller_listen(&callers[i], MIB);
            done_count +=
                callers[i].heard->len > REQUEST_COUNT * SITE_FILE_BYTES;
        }
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
    for (uint32_t i = 0; i < REQUEST_COUNT * count; i++) {
        g_autoptr(GByteArray) body =
            site_take_response(site, &callers[i / REQUEST_COUNT], 200);
        loopback_compare(body, site->content, SITE_FILE_BYTES);
    }
}

static void
reads_wait_when_slow_readers_hold_all_and_nobody_loses_a_byte(void)
{
    Site site;
    Caller slow[SLOW_COUNT];
    site_init(&site);
    site.host.memory_bytes_max = MIB / 2;
    site.host.head_timeout_ns = 1000 * NS_PER_S; /* nobody is ended */
    site_open(&site, SITE_CDN);
    const Host *host = &site.nodes[SITE_CDN].host;
    be_slow(&site, SITE_CDN, slow, SLOW_COUNT, 65536);
    wait_for_rest(&site, SITE_CDN);
    g_assert_cmpuint(host->reads.length, >, 0);
    g_assert_cmpuint(host->conns.memory.held_bytes, >, MIB / 4);
    g_assert_cmpuint(host->conns.memory.held_bytes, <=, MIB / 2);
    take_all(&site, slow, SLOW_COUNT);
    g_assert_cmpuint(host->count.slow_readers, ==, 0);
    leave(&site, SITE_CDN, slow, SLOW_COUNT);
    site_clear(&site);
}

static void
a_chunk_counts_as_long_as_any_of_it_is_kept(void)
{
    Memory memory = {.held_bytes_max = MIB};
    Outbox stream = {.memory = &memory}, session = {.memory = &memory};
    Chunk *chunk = chunk_new(65536);
    OutSlice whole = {chunk->bytes, 65536, chunk};
    OutSlice frame = {chunk->bytes, 16384, chunk};
    outbox_keep(&stream, &whole, 0);
    outbox_keep(&session, &frame, 0);
    outbox_advance(&stream, 16384);
    g_assert_cmpuint(memory.held_bytes, ==, 65536);
    /* The stream is reset; its first frame waits for the session's peer. */
    outbox_clear(&stream);
    g_assert_cmpuint(memory.held_bytes, ==, 65536);
    outbox_clear(&session);
    g_assert_cmpuint(memory.held_bytes, ==, 0);
    chunk_unref(chunk);
}

/* What an edge holds, at most, for callers that take nothing. */
static uint64_t
relay_to_the_slow(uint32_t pipe_count_max)
{
    Site site;
    Caller slow[SLOW_COUNT];
    site_init(&site);
    site_open(&site, SITE_KEY_SERVICE);
    site_open(&site, SITE_DATA_CENTRE);
    site.host.memory_bytes_max = MIB / 2;
    site.host.pipe_count_max = pipe_count_max;
    site_open(&site, SITE_EDGE);
    site_add_key(&site);
    const Host *host = &site.nodes[SITE_EDGE].host;
    be_slow(&site, SITE_EDGE, slow, SLOW_COUNT, 4096);
    uint64_t most_bytes = 0;
    int64_t end_ns = loop_read_clock(&site.loop) + CALLER_PATIENCE_NS;
    int64_t enough_ns = TIME_NEVER;
    while (loop_now_ns(&site.loop) < enough_ns) {
        loopback_step(&site.loop);
        g_assert_cmpint(loop_now_ns(&site.loop), <, end_ns);
        most_bytes = MAX(most_bytes, host->conns.memory.held_bytes);
        if (most_bytes > 0 && enough_ns == TIME_NEVER)
            enough_ns = loop_now_ns(&site.loop) + 300 * NS_PER_MS;
    }
    leave(&site, SITE_EDGE, slow, SLOW_COUNT);
    site_clear(&site);
    return most_bytes;
}

static void
a_relay_takes_less_at_a_time_the_more_it_holds(void)
{
    /* Without pipes all that it has under way is in buffers. */
    g_assert_cmpuint(relay_to_the_slow(0), <=,
                     SLOW_COUNT * MEMORY_PORTION_BYTES_MIN);
    /* With them no more than it may, and then small portions. */
    g_assert_cmpuint(relay_to_the_slow(1000), <=,
                     MIB / 2 + SLOW_COUNT * MEMORY_PORTION_BYTES_MIN);
}

static void
who_takes_nothing_makes_room_for_who_waits(void)
{
    Site site;
    Caller slow[SLOW_COUNT], good;
    site_init(&site);
    site.host.memory_bytes_max = MIB / 2;
    site.host.head_timeout_ns = NS_PER_S; /* a look every 125 ms */
    site_open(&site, SITE_CDN);
    const Host *host = &site.nodes[SITE_CDN].host;
    be_slow(&site, SITE_CDN, slow, SLOW_COUNT, 4096);
    wait_for_rest(&site, SITE_CDN);
    g_assert_cmpuint(host->reads.length, >, 0);
    caller_dial(&good, &site.nodes[SITE_CDN].address);
    g_autofree char *request = site_request(5, 100000);
    caller_say(&good, &site.loop, request);
    g_autoptr(GByteArray) body = site_take_response(&site, &good, 206);
    loopback_compare(body, site.content + 5, 100000);
    g_assert_cmpuint(host->count.slow_readers, >, 0);
    g_assert_cmpuint(host->conns.memory.held_bytes, <=, MIB / 2);
    caller_hang_up(&good);
    leave(&site, SITE_CDN, slow, SLOW_COUNT);
    site_clear(&site);
}

/* Nobody looks for the slowest here before the story is over. */
static void
while_somebody_waits_for_memory_nobody_new_is_let_in(void)
{
    Site site;
    Caller slow[FEW_COUNT], late;
    site_init(&site);
    site.host.memory_bytes_max = 100000;
    site.host.head_timeout_ns = 1000 * NS_PER_S;
    site_open(&site, SITE_CDN);
    const Host *host = &site.nodes[SITE_CDN].host;
    be_slow(&site, SITE_CDN, slow, FEW_COUNT, 4096);
    int64_t end_ns = loop_read_clock(&site.loop) + CALLER_PATIENCE_NS;
    while (!host_is_overfull(host)) {
        loopback_step(&site.loop);
        g_assert_cmpint(loop_now_ns(&site.loop), <, end_ns);
    }
    caller_dial(&late, &site.nodes[SITE_CDN].address);
    caller_wait_for_end(&late, &site.loop);
    g_byte_array_append(late.heard, (const guint8 *)"", 1);
    g_assert_nonnull(strstr((char *)late.heard->data, "HTTP/1.1 503 "));
    g_assert_nonnull(strstr((char *)late.heard->data, "Retry-After: 1\r\n"));
    g_assert_cmpuint(host->count.refused_streams, ==, 1);
    caller_hang_up(&late);
    leave(&site, SITE_CDN, slow, FEW_COUNT);
    caller_dial(&late, &site.nodes[SITE_CDN].address);
    g_autofree char *request = site_request(5, 7);
    caller_say(&late, &site.loop, request);
    g_autoptr(GByteArray) body = site_take_response(&site, &late, 206);
    caller_hang_up(&late);
    site_clear(&site);
}

#define STORY(name) g_test_add_func("/memory/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(portions_shrink_as_memory_runs_out_but_never_to_nothing);
    STORY(reads_wait_when_slow_readers_hold_all_and_nobody_loses_a_byte);
    STORY(a_chunk_counts_as_long_as_any_of_it_is_kept);
    STORY(a_relay_takes_less_at_a_time_the_more_it_holds);
    STORY(who_takes_nothing_makes_room_for_who_waits);
    STORY(while_somebody_waits_for_memory_nobody_new_is_let_in);
    return g_test_run();
}
