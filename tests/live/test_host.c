/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_host.c: core's nodes serve real sockets.
 */
#include "core/http.h"
#include "core/seal.h"
#include "core/wire.h"
#include "tests/live/site.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define RANGE_BYTES (1u << 20)

static void
open_relay(Site *site)
{
    site_open(site, SITE_KEY_SERVICE);
    site_open(site, SITE_DATA_CENTRE);
    site_open(site, SITE_EDGE);
    site_add_key(site);
}

static void
call(Site *site, SiteRole role, Caller *caller)
{
    caller_dial(caller, &site->nodes[role].address);
}

static GByteArray *
ask(Site *site, Caller *caller, uint64_t offset_bytes, uint64_t size_bytes)
{
    g_autofree char *request = site_request(offset_bytes, size_bytes);
    caller_say(caller, &site->loop, request);
    return site_take_response(site, caller, size_bytes > 0 ? 206 : 200);
}

static KeyGrant
ask_for_key(Site *site)
{
    Caller caller;
    call(site, SITE_KEY_SERVICE, &caller);
    KeyRequest request = {.file = site_file(), .version = SITE_VERSION};
    uint8_t body[WIRE_BYTES_MAX];
    uint32_t body_bytes = wire_write_key_request(&request, body);
    g_autofree char *head = g_strdup_printf("POST %s HTTP/1.1\r\nHost: test\r\n"
                                            "Content-Length: %u\r\n\r\n",
                                            WIRE_PATH_KEY, body_bytes);
    caller_say(&caller, &site->loop, head);
    caller_send(&caller, &site->loop, body, body_bytes);
    g_autoptr(GByteArray) answer = site_take_response(site, &caller, 200);
    KeyGrant grant;
    g_assert_true(wire_parse_key_grant(answer->data, answer->len, &grant));
    caller_hang_up(&caller);
    return grant;
}

/* Open what came of slice after slice, and compare. */
static void
compare_opened(Site *site, GByteArray *sealed, uint64_t offset_bytes)
{
    KeyGrant grant = ask_for_key(site);
    SlicePlan plan = {.alg = grant.alg, .slice_bytes = grant.slice_bytes};
    memcpy(plan.secret, grant.secret, sizeof plan.secret);
    g_assert_cmpuint(offset_bytes % plan.slice_bytes, ==, 0);
    Sealer *sealer = sealer_new();
    g_assert_true(sealer_use(sealer, &plan));
    g_assert_true(
        memcmp(sealed->data, site->content + offset_bytes, sealed->len) != 0);
    for (uint32_t at = 0; at < sealed->len; at += plan.slice_bytes)
        g_assert_true(sealer_open(
            sealer, (offset_bytes + at) / plan.slice_bytes, sealed->data + at,
            sealed->data + at, MIN(plan.slice_bytes, sealed->len - at), NULL));
    loopback_compare(sealed, site->content + offset_bytes, sealed->len);
    sealer_free(sealer);
}

static void
a_range_passes_through_edge_and_data_centre_and_opens(void)
{
    Site site;
    site_init(&site);
    open_relay(&site);
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    g_autoptr(GByteArray) range =
        ask(&site, &caller, 3 * SLICE_BYTES_MAX, RANGE_BYTES);
    g_assert_cmpuint(range->len, ==, RANGE_BYTES);
    compare_opened(&site, range, 3 * SLICE_BYTES_MAX);
    const Host *edge = &site.nodes[SITE_EDGE].host;
    g_assert_cmpuint(edge->count.forwards, ==, 1);
    g_assert_cmpuint(edge->count.forwarded_bytes, >, RANGE_BYTES / 2);
    g_assert_cmpuint(edge->pipes.spare_count, ==, 1);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
ranges_of_all_sizes_come_in_order_on_one_connection(void)
{
    static const uint32_t SIZES[] = {
        1, 100, 16384, 17408, 40000, 70000, 131072, 524288, 65536, 3, 1000000};
    Site site;
    site_init(&site);
    open_relay(&site);
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        g_autoptr(GByteArray) range =
            ask(&site, &caller, i * SLICE_BYTES_MAX, SIZES[i]);
        g_assert_cmpuint(range->len, ==, SIZES[i]);
        compare_opened(&site, range, i * SLICE_BYTES_MAX);
    }
    g_autoptr(GByteArray) all = ask(&site, &caller, 0, 0);
    compare_opened(&site, all, 0);
    /* One connection each way served them all. */
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.conns.count.accepted, ==, 1);
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.conns.count.connected, ==, 1);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
a_request_may_come_byte_by_byte_and_two_at_once(void)
{
    Site site;
    site_init(&site);
    open_relay(&site);
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    g_autofree char *first = site_request(0, 200000);
    g_autofree char *second = site_request(SLICE_BYTES_MAX, 300);
    for (const char *byte = first; *byte; byte++) {
        caller_send(&caller, &site.loop, byte, 1);
        loopback_step(&site.loop);
    }
    caller_say(&caller, &site.loop, second);
    g_autoptr(GByteArray) large = site_take_response(&site, &caller, 206);
    g_autoptr(GByteArray) small = site_take_response(&site, &caller, 206);
    compare_opened(&site, large, 0);
    compare_opened(&site, small, SLICE_BYTES_MAX);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
run_until_streams(Site *site, SiteRole role, uint32_t stream_count)
{
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    while (site->nodes[role].host.accepted_count != stream_count) {
        loopback_step(&site->loop);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
}

static void
a_caller_that_never_reads_holds_little_and_loses_nothing(void)
{
    Site site;
    site_init(&site);
    open_relay(&site);
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    int small = 65536;
    setsockopt(caller.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    g_autofree char *request = site_request(0, 0);
    for (uint32_t i = 0; i < 2; i++)
        caller_say(&caller, &site.loop, request);
    site_run(&site, 300 * NS_PER_MS);
    const Host *edge = &site.nodes[SITE_EDGE].host;
    const Host *centre = &site.nodes[SITE_DATA_CENTRE].host;
    g_assert_cmpuint(edge->pipes.lent_count, <=, 1);
    g_assert_cmpuint(edge->conns.count.received_bytes, <=,
                     edge->conns.count.sent_bytes + (1u << 20) + 65536);
    /* While all stands still, nobody is busy. */
    uint64_t event_count = edge->count.events + centre->count.events;
    site_run(&site, 100 * NS_PER_MS);
    g_assert_cmpuint(edge->count.events + centre->count.events, ==,
                     event_count);
    for (uint32_t i = 0; i < 2; i++) {
        g_autoptr(GByteArray) all = site_take_response(&site, &caller, 200);
        compare_opened(&site, all, 0);
    }
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
a_caller_that_never_reads_is_not_kept_for_ever(void)
{
    Site site;
    site_init(&site);
    site.send_timeout_ns = NS_PER_S;
    open_relay(&site);
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    int small = 4096;
    setsockopt(caller.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    g_autofree char *request = site_request(0, 0);
    for (uint32_t i = 0; i < 2; i++)
        caller_say(&caller, &site.loop, request);
    site_run(&site, 50 * NS_PER_MS);
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.accepted_count, ==, 1);
    run_until_streams(&site, SITE_EDGE, 0);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
a_caller_that_resets_mid_body_leaves_nothing_behind(void)
{
    Site site;
    site_init(&site);
    open_relay(&site);
    g_autofree char *request = site_request(0, 0);
    for (uint32_t i = 0; i < 20; i++) {
        Caller caller;
        call(&site, SITE_EDGE, &caller);
        caller_say(&caller, &site.loop, request);
        caller_wait(&caller, &site.loop, 1 + i * 20000);
        caller_reset(&caller);
        run_until_streams(&site, SITE_EDGE, 0);
    }
    /* But for streams that had done their order, and wait for the next. */
    const Host *edge = &site.nodes[SITE_EDGE].host;
    run_until_streams(&site, SITE_DATA_CENTRE, edge->conns.open_count);
    g_assert_cmpuint(edge->conns.open_count, <=, site.edge.pool_count_max);
    g_assert_cmpuint(edge->pipes.lent_count, ==, 0);
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    g_autoptr(GByteArray) all = ask(&site, &caller, 0, 0);
    compare_opened(&site, all, 0);
    caller_hang_up(&caller);
    site_clear(&site);
}

/* A data centre of our own making: what it says, byte by byte or at once,
 * and how it ends. */
typedef struct Answer {
    const char *head;
    uint32_t body_bytes; /* that really come */
    bool is_reset;
    uint32_t status; /* the caller hears this, or 0: a reset */
} Answer;

static void
play(const Answer *answer, uint32_t piece_bytes)
{
    Site site;
    site_init(&site);
    site_open(&site, SITE_EDGE);
    Address address;
    int listener = loopback_listen(5, &address);
    site_redirect(&site, &address);
    Caller caller, centre;
    call(&site, SITE_EDGE, &caller);
    g_autofree char *request = site_request(0, 0);
    caller_say(&caller, &site.loop, request);
    site_run(&site, 10 * NS_PER_MS);
    caller_take(&centre, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    caller_wait(&centre, &site.loop, strlen(request) - 3); /* another Host */
    g_autoptr(GByteArray) said = g_byte_array_new();
    g_byte_array_append(said, (const guint8 *)answer->head,
                        (guint)strlen(answer->head));
    g_byte_array_append(said, site.content, answer->body_bytes);
    for (uint32_t at = 0; at < said->len; at += piece_bytes) {
        caller_send(&centre, &site.loop, said->data + at,
                    MIN(piece_bytes, said->len - at));
        loopback_step(&site.loop);
    }
    if (answer->is_reset)
        caller_reset(&centre);
    else
        caller_hang_up(&centre);
    if (answer->status == 0) {
        caller_wait_for_end(&caller, &site.loop);
        g_assert_cmpint(caller.error, ==, ECONNRESET);
    } else {
        g_autoptr(GByteArray) body =
            site_take_response(&site, &caller, answer->status);
        if (answer->status == 200)
            loopback_compare(body, site.content, answer->body_bytes);
    }
    caller_hang_up(&caller);
    close(listener);
    site_clear(&site);
}

static void
however_a_data_centre_ends_the_caller_is_not_deceived(void)
{
    static const Answer ANSWERS[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", 300000, false,
         200},
        {"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", 299999, false, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", 150000, true, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n", 30000, false, 200},
        {"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n", 29999, false, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n", 20000, true, 0},
        {"HTTP/1.1 200 OK\r\nContent-", 0, false, 502},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 0, false,
         502},
        {"\r\n", 0, true, 502},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ANSWERS); i++)
        play(&ANSWERS[i], 1u << 20);
    for (size_t i = 6; i < G_N_ELEMENTS(ANSWERS); i++)
        play(&ANSWERS[i], 1);
    Answer slow = {"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", 100000,
                   false, 200};
    play(&slow, 997);
    slow = (Answer){"HTTP/1.1 200 OK\r\nContent-Length: 65600\r\n\r\n", 2000,
                    true, 0};
    play(&slow, 1);
}

static void
who_is_too_many_hears_503_and_when_to_come_again(void)
{
    Site site;
    site_init(&site);
    site.host.stream_count_max_per_peer = 2;
    site_open(&site, SITE_CDN);
    Caller callers[4];
    for (size_t i = 0; i < G_N_ELEMENTS(callers); i++) {
        call(&site, SITE_CDN, &callers[i]);
        caller_say(&callers[i], &site.loop, "GET / HTTP/1.1\r\n");
    }
    for (size_t i = 2; i < G_N_ELEMENTS(callers); i++) {
        caller_wait_for_end(&callers[i], &site.loop);
        g_assert_cmpint(callers[i].error, ==, 0);
        g_byte_array_append(callers[i].heard, (const guint8 *)"", 1);
        const char *heard = (const char *)callers[i].heard->data;
        g_assert_true(g_str_has_prefix(heard, "HTTP/1.1 503 "));
        g_assert_nonnull(strstr(heard, "\r\nRetry-After: 1\r\n"));
    }
    g_assert_cmpuint(site.nodes[SITE_CDN].host.count.refused_streams, ==, 2);
    caller_hang_up(&callers[0]);
    run_until_streams(&site, SITE_CDN, 1);
    Caller late;
    call(&site, SITE_CDN, &late);
    g_autoptr(GByteArray) range = ask(&site, &late, 5, 7);
    loopback_compare(range, site.content + 5, 7);
    for (size_t i = 1; i < G_N_ELEMENTS(callers); i++)
        caller_hang_up(&callers[i]);
    caller_hang_up(&late);
    site_clear(&site);
}

static void
a_head_that_does_not_end_in_time_ends_the_stream(void)
{
    Site site;
    site_init(&site);
    site.host.head_timeout_ns = 200 * NS_PER_MS;
    site_open(&site, SITE_CDN);
    Caller silent, slow, good;
    call(&site, SITE_CDN, &silent);
    call(&site, SITE_CDN, &slow);
    call(&site, SITE_CDN, &good);
    g_autoptr(GByteArray) first = ask(&site, &good, 0, 10);
    const Host *cdn = &site.nodes[SITE_CDN].host;
    for (uint32_t i = 0; i < 1000 && cdn->count.late_heads < 2; i++) {
        caller_try_send(&slow, i == 0 ? "G" : i == 1 ? "ET /" : "x", 1);
        loopback_step(&site.loop);
    }
    caller_wait_for_end(&silent, &site.loop);
    caller_wait_for_end(&slow, &site.loop);
    /* Between two requests a stream may be silent for longer. */
    site_run(&site, 300 * NS_PER_MS);
    g_autoptr(GByteArray) second = ask(&site, &good, 0, 10);
    g_assert_cmpuint(cdn->count.late_heads, ==, 2);
    caller_hang_up(&silent);
    caller_hang_up(&slow);
    caller_hang_up(&good);
    site_clear(&site);
}

/* A manager minds no silence itself. */
static void
a_silent_stream_ends_when_nobody_else_minds(void)
{
    Site site;
    site_init(&site);
    site.host.idle_timeout_ns = 200 * NS_PER_MS;
    site_open(&site, SITE_CDN);
    Caller silent, busy;
    call(&site, SITE_CDN, &silent);
    call(&site, SITE_CDN, &busy);
    g_autoptr(GByteArray) first = ask(&site, &silent, 0, 10);
    for (uint32_t i = 0; i < 8; i++) {
        g_autoptr(GByteArray) more = ask(&site, &busy, i, 10);
        site_run(&site, 50 * NS_PER_MS);
    }
    caller_wait_for_end(&silent, &site.loop);
    g_autoptr(GByteArray) last = ask(&site, &busy, 0, 10);
    g_assert_cmpuint(site.nodes[SITE_CDN].host.count.late_heads, ==, 0);
    caller_hang_up(&silent);
    caller_hang_up(&busy);
    site_clear(&site);
}

/* The test has its own descriptors: those of the process are what is short. */
static void
without_descriptors_peers_are_turned_away_and_nothing_spins(void)
{
    Site site;
    int heard = memfd_create("stderr", MFD_CLOEXEC);
    int before_fd = dup(STDERR_FILENO);
    g_assert_cmpint(dup2(heard, STDERR_FILENO), ==, STDERR_FILENO);
    site_init(&site);
    site_open(&site, SITE_CDN);
    struct rlimit before, few;
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    Caller callers[6];
    for (size_t i = 0; i < G_N_ELEMENTS(callers); i++)
        call(&site, SITE_CDN, &callers[i]);
    /* The next descriptor that is opened would be the lowest free one. */
    int lowest = dup(0);
    close(lowest);
    few = (struct rlimit){(rlim_t)lowest + 2, before.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    site_run(&site, 50 * NS_PER_MS);
    const SiteNode *cdn = &site.nodes[SITE_CDN];
    g_assert_cmpuint(cdn->host.accepted_count, ==, 2);
    g_assert_cmpuint(cdn->listener.turned_away_count, ==, 4);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    for (size_t i = 2; i < G_N_ELEMENTS(callers); i++)
        caller_wait_for_end(&callers[i], &site.loop);
    g_autoptr(GByteArray) range = ask(&site, &callers[0], 5, 7);
    for (size_t i = 0; i < G_N_ELEMENTS(callers); i++)
        caller_hang_up(&callers[i]);
    site_clear(&site);
    /* It is told, once. */
    char told[500] = {0};
    g_assert_cmpint(dup2(before_fd, STDERR_FILENO), ==, STDERR_FILENO);
    g_assert_cmpint(pread(heard, told, sizeof told - 1, 0), >, 0);
    g_assert_true(g_str_has_prefix(told, "byway: all open files "));
    g_assert_true(strchr(told, '\n') == strrchr(told, '\n'));
    close(before_fd);
    close(heard);
}

static void
without_a_spare_descriptor_the_door_stays_shut_for_a_while(void)
{
    Site site;
    site_init(&site);
    site_open(&site, SITE_CDN);
    SiteNode *cdn = &site.nodes[SITE_CDN];
    struct rlimit before, few;
    Caller caller;
    call(&site, SITE_CDN, &caller);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    close(cdn->listener.spare_fd);
    cdn->listener.spare_fd = -1;
    few = (struct rlimit){0, before.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    loopback_step(&site.loop);
    g_assert_cmpuint(cdn->listener.pause.place, !=, 0);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    run_until_streams(&site, SITE_CDN, 1);
    g_assert_cmpuint(cdn->listener.turned_away_count, ==, 0);
    g_autoptr(GByteArray) range = ask(&site, &caller, 5, 7);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
a_client_downloads_the_file_from_the_cdn(void)
{
    Site site;
    site_init(&site);
    site_open(&site, SITE_CDN);
    site_open(&site, SITE_CLIENT);
    Command fetch = {
        .kind = COMMAND_FETCH,
        .file = site_file(),
        .file_bytes = SITE_FILE_BYTES,
        .version = SITE_VERSION,
    };
    host_command(&site.nodes[SITE_CLIENT].host, &fetch);
    site_wait_for_note(&site, SITE_CLIENT, NOTE_DOWNLOAD_DONE, 1);
    g_assert_cmpuint(site.nodes[SITE_CLIENT].delivered_bytes, ==,
                     SITE_FILE_BYTES);
    g_assert_true(memcmp(site.delivered, site.content, SITE_FILE_BYTES) == 0);
    site_clear(&site);
}

static void
a_node_that_nobody_serves_hears_so(void)
{
    Site site;
    site_init(&site);
    site_open(&site, SITE_EDGE); /* its data centre was never introduced */
    Caller caller;
    call(&site, SITE_EDGE, &caller);
    g_autofree char *request = site_request(0, 10);
    caller_say(&caller, &site.loop, request);
    g_autoptr(GByteArray) body = site_take_response(&site, &caller, 502);
    g_assert_cmpuint(body->len, ==, 0);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
a_drain_ends_idle_streams_and_finishes_busy_ones(void)
{
    Site site;
    site_init(&site);
    open_relay(&site);
    Host *edge = &site.nodes[SITE_EDGE].host;
    Caller idle, busy;
    call(&site, SITE_EDGE, &idle);
    call(&site, SITE_EDGE, &busy);
    g_autofree char *request = site_request(0, 0);
    caller_say(&busy, &site.loop, request);
    site_run(&site, 700 * NS_PER_MS);
    listener_clear(&site.nodes[SITE_EDGE].listener);
    g_assert_false(host_drain(edge));
    caller_wait_for_end(&idle, &site.loop);
    g_assert_cmpint(idle.error, ==, 0);
    g_autoptr(GByteArray) all = site_take_response(&site, &busy, 200);
    compare_opened(&site, all, 0);
    caller_hang_up(&idle);
    while (!host_drain(edge))
        loopback_step(&site.loop);
    caller_wait_for_end(&busy, &site.loop);
    g_assert_cmpint(busy.error, ==, 0);
    caller_hang_up(&busy);
    site_clear(&site);
}

#define STORY(name) g_test_add_func("/host/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_range_passes_through_edge_and_data_centre_and_opens);
    STORY(ranges_of_all_sizes_come_in_order_on_one_connection);
    STORY(a_request_may_come_byte_by_byte_and_two_at_once);
    STORY(a_caller_that_never_reads_holds_little_and_loses_nothing);
    STORY(a_caller_that_never_reads_is_not_kept_for_ever);
    STORY(a_caller_that_resets_mid_body_leaves_nothing_behind);
    STORY(however_a_data_centre_ends_the_caller_is_not_deceived);
    STORY(who_is_too_many_hears_503_and_when_to_come_again);
    STORY(a_head_that_does_not_end_in_time_ends_the_stream);
    STORY(a_silent_stream_ends_when_nobody_else_minds);
    STORY(without_descriptors_peers_are_turned_away_and_nothing_spins);
    STORY(without_a_spare_descriptor_the_door_stays_shut_for_a_while);
    STORY(a_client_downloads_the_file_from_the_cdn);
    STORY(a_node_that_nobody_serves_hears_so);
    STORY(a_drain_ends_idle_streams_and_finishes_busy_ones);
    return g_test_run();
}
