/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_drain.c: every role that serves can say goodbye.
 *
 * After COMMAND_DRAIN each answer is the last of its stream and says so, so
 * that who asks again does so somewhere else.
 */
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/origin.h"
#include "core/wire.h"
#include "tests/talk.h"

#include <string.h>

#define FILE_PATH                                                              \
    "/f/0000000000000000000000000000000000000000000000000000000000000000?v=1"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: e\r\n\r\n"

static const Command DRAIN = {.kind = COMMAND_DRAIN};

static bool
says_goodbye(const Talk *talk, StreamId stream)
{
    g_autofree char *text = talk_written(talk, stream);
    return strstr(text, "\r\nConnection: close\r\n") != NULL;
}

static bool
has_closed(const Talk *talk, StreamId stream)
{
    const Effect *effect = talk_effect(talk, EFFECT_CLOSE, 0);
    return effect && effect->stream == stream &&
           effect->close_reason == CLOSE_DONE;
}

/* The first of two equal questions comes before the drain. */
static void
check_role(Talk *talk, const char *text, uint16_t status)
{
    StreamId stream = talk_accept(talk, 50);
    talk_say_text(talk, stream, text);
    g_assert_cmpuint(talk_status(talk, stream), ==, status);
    g_assert_false(says_goodbye(talk, stream));
    g_assert_false(has_closed(talk, stream));
    talk_command(talk, &DRAIN);
    talk_say_text(talk, stream, text);
    g_assert_cmpuint(talk_status(talk, stream), ==, status);
    g_assert_true(says_goodbye(talk, stream));
    g_assert_true(has_closed(talk, stream));
    talk_free(talk);
}

static void
a_cdn_says_goodbye(void)
{
    OriginConfig config;
    origin_config_init(&config, false);
    check_role(talk_new(ROLE_CDN, &config, 1), GET("/nothing"), 404);
}

static void
a_data_centre_says_goodbye(void)
{
    OriginConfig config;
    origin_config_init(&config, true);
    check_role(talk_new(ROLE_DATA_CENTRE, &config, 1),
               GET(WIRE_PATH_PROBE "?bytes=0"), 200);
}

static void
a_key_service_says_goodbye(void)
{
    KeyringConfig config;
    keyring_config_init(&config);
    check_role(talk_new(ROLE_KEY_SERVICE, &config, 1),
               "POST " WIRE_PATH_KEY " HTTP/1.1\r\nHost: e\r\n"
               "Content-Length: 1\r\n\r\nx",
               400);
}

static void
a_manager_says_goodbye(void)
{
    static const Region MAP[] = {{0, 0}};
    uint8_t bytes[WIRE_BYTES_MAX];
    ManagerConfig config;
    manager_config_init(&config);
    config.selection.regions = MAP;
    config.selection.region_count = 1;
    config.selection.isp_count = 1;
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    ReportMessage stranger = {.edge = 7};
    uint32_t size_bytes = wire_write_report(&stranger, bytes);
    StreamId stream = talk_accept(talk, 50);
    talk_post(talk, stream, WIRE_PATH_REPORT, bytes, size_bytes);
    g_assert_cmpuint(talk_status(talk, stream), ==, 404);
    g_assert_false(says_goodbye(talk, stream));
    talk_command(talk, &DRAIN);
    talk_post(talk, stream, WIRE_PATH_REPORT, bytes, size_bytes);
    g_assert_cmpuint(talk_status(talk, stream), ==, 404);
    g_assert_true(says_goodbye(talk, stream));
    g_assert_true(has_closed(talk, stream));
    talk_free(talk);
}

static Talk *
new_edge(const EdgeConfig *config)
{
    Talk *talk = talk_new(ROLE_EDGE, config, 1);
    talk_wait_ns(talk, NS_PER_S);
    return talk;
}

static EdgeConfig
quiet_config(void)
{
    EdgeConfig config;
    edge_config_init(&config);
    config.register_spread_ns = 3600 * NS_PER_S;
    config.probe_bytes = 0;
    return config;
}

static void
an_edge_says_goodbye(void)
{
    EdgeConfig config = quiet_config();
    check_role(new_edge(&config), GET("/v1/hello?group=3"), 204);
}

/* Two requests wait when the drain begins: both are answered, and only the
 * second answer says goodbye. */
static void
an_edge_answers_what_was_asked_before(void)
{
    static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    EdgeConfig config = quiet_config();
    Talk *talk = new_edge(&config);
    StreamId client = talk_accept(talk, 50);
    talk_say_text(talk, client, GET(FILE_PATH));
    StreamId source = talk_effect(talk, EFFECT_CONNECT, 0)->stream;
    talk_connected(talk, source);
    talk_command(talk, &DRAIN);
    talk_say_text(talk, client, GET(FILE_PATH));
    talk_say_text(talk, source, ANSWER);
    g_assert_cmpuint(talk_status(talk, client), ==, 200);
    g_assert_false(says_goodbye(talk, client));
    g_assert_false(has_closed(talk, client));
    talk_say_text(talk, source, ANSWER);
    g_assert_cmpuint(talk_status(talk, client), ==, 200);
    g_assert_true(says_goodbye(talk, client));
    g_assert_true(has_closed(talk, client));
    talk_free(talk);
}

#define STORY(name) g_test_add_func("/drain/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_cdn_says_goodbye);
    STORY(a_data_centre_says_goodbye);
    STORY(a_key_service_says_goodbye);
    STORY(a_manager_says_goodbye);
    STORY(an_edge_says_goodbye);
    STORY(an_edge_answers_what_was_asked_before);
    return g_test_run();
}
