/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_edge.c: an edge between its manager, clients and data
 * centre, one event at a time.
 */
#include "core/edge.h"
#include "core/wire.h"
#include "tests/talk.h"

#include <string.h>

#define MANAGER 2u
#define SOURCE 4u
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define PATH "/f/" ZEROS "?v=1"
#define ASK                                                                    \
    "GET " PATH " HTTP/1.1\r\nHost: e\r\nRange: bytes=16384-49151\r\n\r\n"
#define ANSWER                                                                 \
    "HTTP/1.1 206 Partial Content\r\nContent-Length: 32768\r\n"                \
    "Content-Range: bytes 16384-49151/100000\r\n\r\n"

/* An edge that does not talk of its own accord for the first hour. */
static EdgeConfig
quiet_config(void)
{
    EdgeConfig config;
    edge_config_init(&config);
    config.register_spread_ns = 1;
    config.report_interval_ns = 3600 * NS_PER_S;
    config.probe_bytes = 0;
    return config;
}

static Talk *
talk_quiet(const EdgeConfig *config)
{
    Talk *talk = talk_new(ROLE_EDGE, config, 1);
    StreamId manager = talk_effect(talk, EFFECT_CONNECT, 0)->stream;
    talk_connected(talk, manager);
    return talk;
}

/* The stream to a peer that the last turn asked for. */
static StreamId
asked_stream(const Talk *talk, PeerId peer)
{
    const Effect *effect = talk_effect(talk, EFFECT_CONNECT, 0);
    g_assert_nonnull(effect);
    g_assert_cmpuint(effect->connect.peer, ==, peer);
    return effect->stream;
}

static bool
has_text(const Talk *talk, StreamId stream, const char *part)
{
    g_autofree char *text = talk_written(talk, stream);
    return strstr(text, part) != NULL;
}

static bool
has_closed(const Talk *talk, StreamId stream, CloseReason reason)
{
    const Effect *effect;
    for (uint32_t n = 0; (effect = talk_effect(talk, EFFECT_CLOSE, n)); n++)
        if (effect->stream == stream && effect->close_reason == reason)
            return true;
    return false;
}

/* A client asks, the data centre is reached and gets the same question. */
static StreamId
ask_through(Talk *talk, StreamId client)
{
    talk_say_text(talk, client, ASK);
    StreamId source = asked_stream(talk, SOURCE);
    talk_connected(talk, source);
    g_assert_true(has_text(talk, source, "GET " PATH " HTTP/1.1\r\n"));
    g_assert_true(has_text(talk, source, "Range: bytes=16384-49151\r\n"));
    return source;
}

static void
edges_meet_the_manager_at_their_own_times(void)
{
    EdgeConfig config;
    edge_config_init(&config);
    int64_t first_ns[20];
    for (uint8_t n = 0; n < 20; n++) {
        Talk *talk = talk_new(ROLE_EDGE, &config, n);
        first_ns[n] = talk->turn.wake_ns;
        g_assert_cmpint(first_ns[n], <=, 60 * NS_PER_S);
        for (uint8_t other = 0; other < n; other++)
            g_assert_cmpint(first_ns[n], !=, first_ns[other]);
        talk_free(talk);
    }
}

static void
an_edge_registers_then_reports(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_new(ROLE_EDGE, &config, 1);
    StreamId manager = asked_stream(talk, MANAGER);
    Command capacity = {.kind = COMMAND_CAPACITY, .value = 12345678};
    talk_command(talk, &capacity);
    talk_connected(talk, manager);
    g_assert_true(has_text(talk, manager, "POST /v1/register HTTP/1.1"));
    talk_say_text(talk, manager, "HTTP/1.1 204 No Content\r\n\r\n");
    talk_wait_ns(talk, 3600 * NS_PER_S);
    g_assert_true(has_text(talk, manager, "POST /v1/report HTTP/1.1"));
    const Effect *body = talk_effect(talk, EFFECT_WRITE, 1);
    ReportMessage report;
    g_assert_true(wire_parse_report(talk->turn.bytes + body->write.start_bytes,
                                    body->write.size_bytes, &report));
    g_assert_cmpuint(report.edge, ==, 1);
    g_assert_cmpuint(report.free_uplink_bps, ==, 12345678);
    g_assert_cmpuint(report.load_ppm, ==, 0);
    talk_free(talk);
}

static void
who_is_forgotten_registers_again(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_new(ROLE_EDGE, &config, 1);
    StreamId manager = asked_stream(talk, MANAGER);
    talk_connected(talk, manager);
    talk_say_text(talk, manager,
                  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    g_assert_true(has_text(talk, manager, "POST /v1/register HTTP/1.1"));
    talk_close(talk, manager, CLOSE_RESET);
    talk_wait_ns(talk, 3600 * NS_PER_S);
    manager = asked_stream(talk, MANAGER);
    talk_connected(talk, manager);
    g_assert_true(has_text(talk, manager, "POST /v1/register HTTP/1.1"));
    talk_free(talk);
}

static void
a_body_passes_as_a_standing_order(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    g_assert_cmpuint(talk_status(talk, client), ==, 206);
    g_assert_true(has_text(talk, client, "bytes 16384-49151/100000"));
    const Effect *order = talk_effect(talk, EFFECT_FORWARD, 0);
    g_assert_cmpuint(order->stream, ==, source);
    g_assert_cmpuint(order->forward.to, ==, client);
    g_assert_cmpuint(order->forward.size_bytes, ==, 32768);
    talk_forwarded(talk, source, 32768);
    g_assert_true(talk_has_noted(talk, NOTE_REQUEST_SERVED, 50, 32768));
    talk_free(talk);
}

static void
a_head_alone_is_passed_and_the_stream_used_again(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    talk_say_text(talk, client, "HEAD " PATH " HTTP/1.1\r\nHost: a\r\n\r\n");
    StreamId source = asked_stream(talk, SOURCE);
    talk_connected(talk, source);
    g_assert_true(has_text(talk, source, "HEAD " PATH " HTTP/1.1\r\n"));
    talk_say_text(talk, source,
                  "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    g_assert_true(has_text(talk, client, "\r\nContent-Length: 100000\r\n\r\n"));
    g_assert_null(talk_effect(talk, EFFECT_FORWARD, 0));
    g_assert_true(talk_has_noted(talk, NOTE_REQUEST_SERVED, 50, 0));
    talk_say_text(talk, client, ASK);
    g_assert_true(has_text(talk, source, "GET " PATH " HTTP/1.1\r\n"));
    talk_free(talk);
}

static void
what_came_with_the_head_is_passed_by_hand(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER "ciphertext");
    g_assert_true(has_text(talk, client, "\r\n\r\nciphertext"));
    g_assert_cmpuint(talk_effect(talk, EFFECT_FORWARD, 0)->forward.size_bytes,
                     ==, 32768 - 10);
    talk_forwarded(talk, source, 32768 - 10);
    g_assert_true(talk_has_noted(talk, NOTE_REQUEST_SERVED, 50, 32768));
    talk_free(talk);
}

static void
a_stream_to_the_data_centre_is_used_again(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_forwarded(talk, source, 32768);
    StreamId other = talk_accept(talk, 51);
    talk_say_text(talk, other, ASK);
    g_assert_null(talk_effect(talk, EFFECT_CONNECT, 0));
    g_assert_true(has_text(talk, source, "GET " PATH));
    talk_free(talk);
}

static void
an_idle_stream_to_the_data_centre_is_closed(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_forwarded(talk, source, 32768);
    talk_wait_ns(talk, 60 * NS_PER_S - 1);
    g_assert_false(has_closed(talk, source, CLOSE_DONE));
    talk_wait_ns(talk, 1);
    g_assert_true(has_closed(talk, source, CLOSE_DONE));
    talk_free(talk);
}

static void
a_stale_pooled_stream_is_replaced_once(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_forwarded(talk, source, 32768);
    talk_say_text(talk, client, ASK);
    talk_close(talk, source, CLOSE_RESET);
    g_assert_cmpuint(talk_status(talk, client), ==, 0);
    StreamId fresh = asked_stream(talk, SOURCE);
    talk_close(talk, fresh, CLOSE_REFUSED);
    g_assert_cmpuint(talk_status(talk, client), ==, 502);
    g_assert_true(talk_has_noted(talk, NOTE_REQUEST_REFUSED, 50, 502));
    talk_free(talk);
}

static void
a_silent_data_centre_is_a_502_in_time(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_wait_ns(talk, 10 * NS_PER_S);
    g_assert_true(has_closed(talk, source, CLOSE_TIMED_OUT));
    g_assert_cmpuint(talk_status(talk, client), ==, 502);
    talk_free(talk);
}

static void
a_client_that_asks_for_nothing_is_closed_in_time(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    talk_wait_ns(talk, config.client_idle_ns - 1);
    g_assert_false(has_closed(talk, client, CLOSE_DONE));
    talk_wait_ns(talk, 1);
    g_assert_true(has_closed(talk, client, CLOSE_DONE));
    /* With nobody there it wakes for its reports alone. */
    g_assert_cmpint(talk->turn.wake_ns, >, 1000 * NS_PER_S);
    talk_free(talk);
}

static void
half_an_answer_ends_in_a_reset(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_close(talk, source, CLOSE_RESET);
    g_assert_true(has_closed(talk, client, CLOSE_RESET));
    talk_free(talk);
}

static void
a_client_that_leaves_takes_its_stream_along(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_close(talk, client, CLOSE_RESET);
    g_assert_true(has_closed(talk, source, CLOSE_RESET));
    talk_free(talk);
}

static void
one_client_too_many_is_sent_away(void)
{
    EdgeConfig config = quiet_config();
    config.client_count_max = 2;
    Talk *talk = talk_quiet(&config);
    StreamId first = talk_accept(talk, 50);
    talk_accept(talk, 51);
    StreamId third = talk_accept(talk, 52);
    g_assert_cmpuint(talk_status(talk, third), ==, 503);
    g_assert_true(has_closed(talk, third, CLOSE_DONE));
    talk_close(talk, first, CLOSE_DONE);
    StreamId fourth = talk_accept(talk, 53);
    g_assert_cmpuint(talk_status(talk, fourth), ==, 0);
    talk_free(talk);
}

static void
one_request_may_wait_and_not_two(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, client, ASK);
    talk_say_text(talk, source, ANSWER);
    talk_forwarded(talk, source, 32768);
    g_assert_true(has_text(talk, source, "GET " PATH));
    talk_say_text(talk, client, ASK);
    talk_say_text(talk, client, ASK);
    g_assert_true(has_closed(talk, client, CLOSE_PROTOCOL));
    g_assert_true(has_closed(talk, source, CLOSE_RESET));
    talk_free(talk);
}

static void
nothing_but_files_is_served(void)
{
    static const struct {
        const char *text;
        uint16_t status;
    } CASES[] = {
        {"GET /etc/passwd HTTP/1.1\r\nHost: e\r\n\r\n", 404},
        {"POST " PATH " HTTP/1.1\r\nHost: e\r\nContent-Length: 0\r\n\r\n", 405},
        {"GET /v1/hello?group=x HTTP/1.1\r\nHost: e\r\n\r\n", 400},
        {"GET " PATH " HTTP/1.1\r\n\r\n", 400},
    };
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        StreamId client = talk_accept(talk, 50);
        talk_say_text(talk, client, CASES[i].text);
        g_assert_cmpuint(talk_status(talk, client), ==, CASES[i].status);
        g_assert_true(has_closed(talk, client, CLOSE_DONE));
    }
    talk_free(talk);
}

static void
a_refusal_of_the_data_centre_is_passed_on(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source,
                  "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    g_assert_cmpuint(talk_status(talk, client), ==, 404);
    g_assert_null(talk_effect(talk, EFFECT_FORWARD, 0));
    talk_say_text(talk, client, ASK);
    g_assert_true(has_text(talk, source, "GET " PATH));
    talk_free(talk);
}

static void
an_answer_nobody_asked_for_ends_the_stream(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_forwarded(talk, source, 32768);
    talk_say_text(talk, source, ANSWER);
    g_assert_true(has_closed(talk, source, CLOSE_PROTOCOL));
    talk_free(talk);
}

static const Effect *
find_post(const Talk *talk, const char *path)
{
    g_autofree char *line = g_strdup_printf("POST %s HTTP/1.1", path);
    const Effect *effect;
    for (uint32_t n = 0; (effect = talk_effect(talk, EFFECT_WRITE, n)); n++)
        if (memcmp(talk->turn.bytes + effect->write.start_bytes, line,
                   strlen(line)) == 0)
            return talk_effect(talk, EFFECT_WRITE, n + 1);
    return NULL;
}

static void
what_its_clients_saw_is_reported(void)
{
    EdgeConfig config = quiet_config();
    Talk *talk = talk_quiet(&config);
    StreamId client = talk_accept(talk, 50);
    talk_say_text(talk, client,
                  "GET /v1/hello?group=196612 HTTP/1.1\r\nHost: e\r\n\r\n");
    g_assert_cmpuint(talk_status(talk, client), ==, 204);
    StreamId source = ask_through(talk, client);
    talk_say_text(talk, source, ANSWER);
    talk_wait_ns(talk, 2 * NS_PER_S);
    talk_forwarded(talk, source, 32768);
    talk_wait_ns(talk, 3598 * NS_PER_S);
    const Effect *body = find_post(talk, WIRE_PATH_CLIENT_STAT);
    ClientStatMessage message;
    g_assert_nonnull(body);
    g_assert_true(
        wire_parse_client_stat(talk->turn.bytes + body->write.start_bytes,
                               body->write.size_bytes, &message));
    g_assert_cmpuint(message.stat_count, ==, 1);
    g_assert_cmpuint(message.stats[0].region, ==, 3);
    g_assert_cmpuint(message.stats[0].isp, ==, 4);
    g_assert_cmpuint(message.stats[0].connect_count, ==, 1);
    g_assert_cmpuint(message.stats[0].sent_bytes, ==, 32768);
    g_assert_cmpuint(message.stats[0].duration_ns, ==, 2 * NS_PER_S);
    talk_free(talk);
}

static void
probes_measure_the_way_to_the_data_centre(void)
{
    EdgeConfig config = quiet_config();
    config.probe_bytes = 10000;
    config.report_interval_ns = 10 * NS_PER_S;
    config.probe_interval_ns = 3600 * NS_PER_S;
    Talk *talk = talk_new(ROLE_EDGE, &config, 1);
    talk_connected(talk, asked_stream(talk, MANAGER));
    while (!talk_effect(talk, EFFECT_CONNECT, 0))
        talk_wait_ns(talk, talk->turn.wake_ns - talk->now_ns);
    StreamId source = asked_stream(talk, SOURCE);
    talk_connected(talk, source);
    g_assert_true(has_text(talk, source, "GET /v1/probe?bytes=10000 "));
    talk->now_ns += 30 * NS_PER_MS;
    talk_say_text(talk, source,
                  "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
    g_assert_cmpuint(talk_effect(talk, EFFECT_EXPECT, 0)->expect_bytes, ==,
                     10000);
    talk->now_ns += 10 * NS_PER_MS;
    uint8_t body[10000] = {0};
    talk_say(talk, source, body, sizeof body);
    while (!find_post(talk, WIRE_PATH_REPORT))
        talk_wait_ns(talk, talk->turn.wake_ns - talk->now_ns);
    const Effect *effect = find_post(talk, WIRE_PATH_REPORT);
    ReportMessage report;
    g_assert_true(
        wire_parse_report(talk->turn.bytes + effect->write.start_bytes,
                          effect->write.size_bytes, &report));
    g_assert_cmpuint(report.delay_ns, ==, 30 * NS_PER_MS);
    g_assert_cmpuint(report.bandwidth_bps, ==, 8000000);
    talk_free(talk);
}

#define STORY(name) g_test_add_func("/edge/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(edges_meet_the_manager_at_their_own_times);
    STORY(an_edge_registers_then_reports);
    STORY(who_is_forgotten_registers_again);
    STORY(a_body_passes_as_a_standing_order);
    STORY(a_head_alone_is_passed_and_the_stream_used_again);
    STORY(what_came_with_the_head_is_passed_by_hand);
    STORY(a_stream_to_the_data_centre_is_used_again);
    STORY(an_idle_stream_to_the_data_centre_is_closed);
    STORY(a_stale_pooled_stream_is_replaced_once);
    STORY(a_silent_data_centre_is_a_502_in_time);
    STORY(a_client_that_asks_for_nothing_is_closed_in_time);
    STORY(half_an_answer_ends_in_a_reset);
    STORY(a_client_that_leaves_takes_its_stream_along);
    STORY(one_client_too_many_is_sent_away);
    STORY(one_request_may_wait_and_not_two);
    STORY(nothing_but_files_is_served);
    STORY(a_refusal_of_the_data_centre_is_passed_on);
    STORY(an_answer_nobody_asked_for_ends_the_stream);
    STORY(what_its_clients_saw_is_reported);
    STORY(probes_measure_the_way_to_the_data_centre);
    return g_test_run();
}
