/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_manager.c: what edges and clients hear from a manager.
 */
#include "core/manager.h"
#include "core/wire.h"
#include "tests/talk.h"

#include <string.h>

static const Region MAP[2] = {{52.37, 4.90}, {40.42, -3.70}};

static ManagerConfig
default_config(void)
{
    ManagerConfig config;
    manager_config_init(&config);
    config.selection.regions = MAP;
    config.selection.region_count = 2;
    config.selection.isp_count = 2;
    config.failure_ppm = 0;
    return config;
}

/* The ISP of an edge is the one of its region's number. */
static void
say_register(Talk *talk, StreamId stream, PeerId edge, uint16_t region)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    RegisterMessage message = {
        .edge = edge,
        .address = {.port = (uint16_t)(1000 + edge)},
        .region = region,
        .isp = region % 2,
        .uplink_bps = 30000000,
        .core_count = 1,
    };
    uint32_t size_bytes = wire_write_register(&message, bytes);
    talk_post(talk, stream, WIRE_PATH_REGISTER, bytes, size_bytes);
}

static void
say_report(Talk *talk, StreamId stream, PeerId edge)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    ReportMessage message = {.edge = edge, .free_uplink_bps = 20000000};
    uint32_t size_bytes = wire_write_report(&message, bytes);
    talk_post(talk, stream, WIRE_PATH_REPORT, bytes, size_bytes);
}

static void
say_client_stat(Talk *talk, StreamId stream, PeerId edge,
                const ClientStat *stat)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    ClientStatMessage message = {.edge = edge, .stat_count = 1};
    message.stats[0] = *stat;
    uint32_t size_bytes = wire_write_client_stat(&message, bytes);
    talk_post(talk, stream, WIRE_PATH_CLIENT_STAT, bytes, size_bytes);
}

static void
say_node_request(Talk *talk, StreamId stream, const NodeRequest *request)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    uint32_t size_bytes = wire_write_node_request(request, bytes);
    talk_post(talk, stream, WIRE_PATH_NODES, bytes, size_bytes);
}

/* The list in the answer of the last turn. */
static NodeList
read_list(const Talk *talk, StreamId stream)
{
    NodeList list = {0};
    const Effect *body = NULL;
    const Effect *effect;
    for (uint32_t n = 0; (effect = talk_effect(talk, EFFECT_WRITE, n)); n++)
        if (effect->stream == stream)
            body = effect;
    g_assert_cmpuint(talk_status(talk, stream), ==, 200);
    g_assert_nonnull(body);
    g_assert_true(
        wire_parse_node_list(talk->turn.bytes + body->write.start_bytes,
                             body->write.size_bytes, &list));
    return list;
}

static NodeList
ask_nodes(Talk *talk, StreamId stream)
{
    NodeRequest request = {.client = 900, .wanted_count = 20};
    say_node_request(talk, stream, &request);
    return read_list(talk, stream);
}

static void
a_registered_edge_is_listed_with_its_address(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId edge = talk_accept(talk, 10);
    say_register(talk, edge, 10, 1);
    g_assert_cmpuint(talk_status(talk, edge), ==, 204);
    g_assert_true(talk_has_noted(talk, NOTE_EDGE_ONLINE, 10, 0));
    StreamId client = talk_accept(talk, 900);
    NodeList list = ask_nodes(talk, client);
    g_assert_cmpuint(list.node_count, ==, 1);
    g_assert_cmpuint(list.nodes[0].edge, ==, 10);
    g_assert_cmpuint(list.nodes[0].address.port, ==, 1010);
    g_assert_cmpuint(list.nodes[0].region, ==, 1);
    g_assert_cmpuint(talk_effect(talk, EFFECT_WORK, 0)->work.kind, ==,
                     WORK_RANK);
    talk_free(talk);
}

static void
a_silent_edge_goes_offline_then_leaves_the_lists(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_register(talk, stream, 10, 0);
    talk_wait_ns(talk, 179 * NS_PER_S);
    say_register(talk, stream, 11, 0);
    talk_wait_ns(talk, NS_PER_S);
    g_assert_true(talk_has_noted(talk, NOTE_EDGE_OFFLINE, 10, 0));
    g_assert_false(talk_has_noted(talk, NOTE_EDGE_OFFLINE, 11, 0));
    StreamId client = talk_accept(talk, 900);
    g_assert_cmpuint(ask_nodes(talk, client).node_count, ==, 2);
    talk_wait_ns(talk, 720 * NS_PER_S - 1);
    g_assert_cmpuint(ask_nodes(talk, client).node_count, ==, 2);
    talk_wait_ns(talk, 1);
    NodeList list = ask_nodes(talk, client);
    g_assert_cmpuint(list.node_count, ==, 1);
    g_assert_cmpuint(list.nodes[0].edge, ==, 11);
    talk_free(talk);
}

static void
an_edge_that_reports_stays_online(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_register(talk, stream, 10, 0);
    for (uint32_t minute = 0; minute < 60; minute++) {
        talk_wait_ns(talk, 60 * NS_PER_S);
        g_assert_false(talk_has_noted(talk, NOTE_EDGE_OFFLINE, 10, 0));
        say_report(talk, stream, 10);
        g_assert_cmpuint(talk_status(talk, stream), ==, 204);
        g_assert_false(talk_has_noted(talk, NOTE_EDGE_ONLINE, 10, 0));
    }
    talk_free(talk);
}

static void
an_edge_that_comes_back_is_online_and_listed_again(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_register(talk, stream, 10, 0);
    talk_wait_ns(talk, 2000 * NS_PER_S);
    StreamId client = talk_accept(talk, 900);
    g_assert_cmpuint(ask_nodes(talk, client).node_count, ==, 0);
    say_report(talk, stream, 10);
    g_assert_true(talk_has_noted(talk, NOTE_EDGE_ONLINE, 10, 0));
    talk_wait_ns(talk, 61 * NS_PER_S);
    g_assert_cmpuint(ask_nodes(talk, client).node_count, ==, 1);
    talk_free(talk);
}

static void
the_silent_one_among_thousands_is_found(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    for (PeerId edge = 0; edge < 5000; edge++)
        say_register(talk, stream, edge, 0);
    for (uint32_t minute = 0; minute < 5; minute++) {
        for (PeerId edge = 1; edge < 5000; edge++)
            say_report(talk, stream, edge);
        talk_wait_ns(talk, 50 * NS_PER_S);
    }
    StreamId client = talk_accept(talk, 900);
    NodeList list = ask_nodes(talk, client);
    for (uint32_t i = 0; i < list.node_count; i++)
        g_assert_cmpuint(list.nodes[i].edge, !=, 0);
    talk_free(talk);
}

static void
who_is_not_registered_is_told_so(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_report(talk, stream, 10);
    g_assert_cmpuint(talk_status(talk, stream), ==, 404);
    say_register(talk, stream, 10, 0);
    g_assert_cmpuint(talk_status(talk, stream), ==, 204);
    talk_free(talk);
}

static void
a_full_directory_refuses_newcomers_alone(void)
{
    ManagerConfig config = default_config();
    config.edge_count_max = 1;
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_register(talk, stream, 10, 0);
    say_register(talk, stream, 11, 0);
    g_assert_cmpuint(talk_status(talk, stream), ==, 503);
    say_register(talk, stream, 10, 1);
    g_assert_cmpuint(talk_status(talk, stream), ==, 204);
    talk_free(talk);
}

static void
a_share_of_node_requests_fails(void)
{
    ManagerConfig config = default_config();
    config.failure_ppm = 100000;
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId client = talk_accept(talk, 900);
    NodeRequest request = {.client = 900, .wanted_count = 20};
    uint32_t failures = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        say_node_request(talk, client, &request);
        failures += talk_status(talk, client) == 503;
    }
    /* 1,000 expected, standard deviation 30. */
    g_assert_cmpuint(failures, >, 900);
    g_assert_cmpuint(failures, <, 1100);
    talk_free(talk);
}

static void
what_is_no_message_is_refused_and_noted(void)
{
    static const struct {
        const char *text;
        uint16_t status;
    } CASES[] = {
        {"POST /v1/other HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\n\r\nx",
         404},
        {"GET /v1/nodes HTTP/1.1\r\nHost: m\r\n\r\n", 405},
        {"POST /v1/nodes HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n",
         400},
        {"POST /v1/nodes HTTP/1.1\r\nHost: m\r\nContent-Length: 4\r\n\r\nABCD",
         400},
        {"POST /v1/report HTTP/1.1\r\nHost: m\r\nContent-Length: "
         "70000\r\n\r\n",
         413},
    };
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        StreamId stream = talk_accept(talk, 66);
        talk_say_text(talk, stream, CASES[i].text);
        g_assert_cmpuint(talk_status(talk, stream), ==, CASES[i].status);
        g_assert_true(
            talk_has_noted(talk, NOTE_MESSAGE_BAD, 66, CASES[i].status));
        g_assert_nonnull(talk_effect(talk, EFFECT_CLOSE, 0));
    }
    talk_free(talk);
}

static void
a_region_off_the_map_is_refused(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_register(talk, stream, 10, 2);
    g_assert_cmpuint(talk_status(talk, stream), ==, 400);
    stream = talk_accept(talk, 900);
    NodeRequest request = {.client = 900, .region = 7, .wanted_count = 20};
    say_node_request(talk, stream, &request);
    g_assert_cmpuint(talk_status(talk, stream), ==, 400);
    talk_free(talk);
}

static void
what_clients_saw_decides_which_groups_are_named(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    say_register(talk, stream, 10, 0);
    say_register(talk, stream, 11, 1);
    ClientStat bad = {.region = 0, .connect_count = 1, .failure_count = 20};
    say_client_stat(talk, stream, 11, &bad);
    g_assert_cmpuint(talk_status(talk, stream), ==, 204);
    talk_wait_ns(talk, 60 * NS_PER_S);
    StreamId client = talk_accept(talk, 900);
    NodeList list = ask_nodes(talk, client);
    g_assert_cmpuint(list.node_count, ==, 1);
    g_assert_cmpuint(list.nodes[0].edge, ==, 10);
    talk_free(talk);
}

static void
links_that_clients_found_slow_are_not_named(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    ClientStat fast = {.connect_count = 20,
                       .sent_bytes = 100000000,
                       .duration_ns = 10 * NS_PER_S};
    ClientStat slow = fast;
    slow.sent_bytes = 1000000;
    say_register(talk, stream, 10, 0);
    say_register(talk, stream, 11, 1);
    say_client_stat(talk, stream, 10, &fast);
    say_client_stat(talk, stream, 11, &slow);
    talk_wait_ns(talk, 60 * NS_PER_S);
    NodeList list = ask_nodes(talk, talk_accept(talk, 900));
    g_assert_cmpuint(list.node_count, ==, 1);
    g_assert_cmpuint(list.nodes[0].edge, ==, 10);
    talk_free(talk);
}

/* Edges 10 to 13: the higher the number, the better the report. */
static void
expect_levels(const ReportMessage *worst, const ReportMessage *step)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    for (uint32_t n = 0; n < 4; n++) {
        uint8_t bytes[WIRE_BYTES_MAX];
        ReportMessage message = {
            .edge = 10 + n,
            .load_ppm = worst->load_ppm - n * step->load_ppm,
            .free_uplink_bps =
                worst->free_uplink_bps + n * step->free_uplink_bps,
            .delay_ns = worst->delay_ns - n * step->delay_ns,
        };
        say_register(talk, stream, message.edge, 0);
        uint32_t size_bytes = wire_write_report(&message, bytes);
        talk_post(talk, stream, WIRE_PATH_REPORT, bytes, size_bytes);
    }
    talk_wait_ns(talk, 60 * NS_PER_S);
    NodeList list = ask_nodes(talk, talk_accept(talk, 900));
    g_assert_cmpuint(list.node_count, ==, 4);
    for (uint32_t i = 0; i < list.node_count; i++)
        g_assert_cmpuint(list.nodes[i].level, ==, 13 - list.nodes[i].edge);
    talk_free(talk);
}

static void
what_edges_report_decides_their_levels(void)
{
    const ReportMessage worst = {
        .load_ppm = 900000, .free_uplink_bps = 5000000, .delay_ns = 40000000};
    expect_levels(&worst, &(ReportMessage){.delay_ns = 10000000});
    expect_levels(&worst, &(ReportMessage){.free_uplink_bps = 5000000});
    expect_levels(&worst, &(ReportMessage){.load_ppm = 200000});
}

static void
messages_may_come_in_pieces_and_in_rows(void)
{
    ManagerConfig config = default_config();
    Talk *talk = talk_new(ROLE_MANAGER, &config, 1);
    StreamId stream = talk_accept(talk, 10);
    uint8_t body[WIRE_BYTES_MAX];
    RegisterMessage message = {.edge = 10, .core_count = 1};
    uint32_t body_bytes = wire_write_register(&message, body);
    GByteArray *all = g_byte_array_new();
    for (uint32_t i = 0; i < 2; i++) {
        g_autofree char *head = g_strdup_printf(
            "POST %s HTTP/1.1\r\nHost: m\r\nContent-Length: %u\r\n\r\n",
            WIRE_PATH_REGISTER, body_bytes);
        g_byte_array_append(all, (guint8 *)head, (guint)strlen(head));
        g_byte_array_append(all, body, body_bytes);
    }
    for (guint i = 0; i + 1 < all->len; i++)
        talk_say(talk, stream, all->data + i, 1);
    g_assert_cmpuint(talk_status(talk, stream), ==, 0);
    talk_say(talk, stream, all->data + all->len - 1, 1);
    g_assert_cmpuint(talk_status(talk, stream), ==, 204);
    talk_say(talk, stream, all->data, all->len);
    g_autofree char *text = talk_written(talk, stream);
    g_assert_cmpuint(strlen(text), >, 0);
    g_assert_nonnull(strstr(text + 1, "HTTP/1.1 204"));
    g_byte_array_unref(all);
    talk_free(talk);
}

#define STORY(name) g_test_add_func("/manager/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_registered_edge_is_listed_with_its_address);
    STORY(a_silent_edge_goes_offline_then_leaves_the_lists);
    STORY(an_edge_that_reports_stays_online);
    STORY(an_edge_that_comes_back_is_online_and_listed_again);
    STORY(the_silent_one_among_thousands_is_found);
    STORY(who_is_not_registered_is_told_so);
    STORY(a_full_directory_refuses_newcomers_alone);
    STORY(a_share_of_node_requests_fails);
    STORY(what_is_no_message_is_refused_and_noted);
    STORY(a_region_off_the_map_is_refused);
    STORY(what_clients_saw_decides_which_groups_are_named);
    STORY(links_that_clients_found_slow_are_not_named);
    STORY(what_edges_report_decides_their_levels);
    STORY(messages_may_come_in_pieces_and_in_rows);
    return g_test_run();
}
