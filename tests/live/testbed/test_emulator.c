/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/testbed/test_emulator.c: packets of hosts that are played by a
 * test.
 *
 * Lines are socket pairs instead of TUN devices, and the clock is the test's,
 * so every time is exact. From the CDN to the client a packet of 1000 bytes
 * takes 8 us on the CDN's line, 8 us and 10 ms on the way, 1 ms and 5 ms on
 * the client's line.
 */
#include <glib.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/population.h"
#include "live/testbed/emulator.h"

#define PACKET_BYTES 1000u
#define HEAD_BYTES (sizeof(struct iphdr) + sizeof(struct tcphdr))
#define WAY_NS (16 * NS_PER_MS + 16 * NS_PER_US)

static const char HAMLET[] =
    "byway: 1\n"
    "title: hamlet\n"
    "general: {stop_time: 1 min}\n"
    "network:\n"
    "  isps: [one]\n"
    "  regions: [{name: north, latitude: 40, longitude: 116, weights: [1]}]\n"
    "  hop_delay: 10 ms\n"
    "  backbone: {rate: 1 Gbit/s, loss: 0, queue_delay: 0}\n"
    "  profiles:\n"
    "    line: {down: 8 Mbit/s, up: 8 Mbit/s, delay: 5 ms, loss: 0,\n"
    "           queue: 5 packets}\n"
    "roles:\n"
    "  clients: {count: 1, technology: line}\n"
    "  edges: {count: 1, loss: 0, nat: public, reachable_near: 0}\n"
    "  data_centres: [{region: north, cdn_rate: 1 Gbit/s}]\n"
    "  manager: {region: north, isp: one}\n"
    "  key_service: {region: north, isp: one}\n"
    "workload:\n"
    "  downloads: {slow: 0, interval: 1 h, file_size: 1 MB}\n"
    "policies: {selection: [preferred]}\n";

enum { CDN = 1, EDGE = 4, CLIENT = 5, HOST_COUNT };

typedef struct Hamlet {
    Scenario *scenario;
    World world;
    Population population;
    Emulator emulator;
    int ends[HOST_COUNT]; /* the hosts' ends of their lines */
} Hamlet;

static void
hamlet_init(Hamlet *hamlet)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    hamlet->scenario =
        scenario_parse(HAMLET, strlen(HAMLET), "hamlet.yaml", NULL, errors);
    for (guint i = 0; i < errors->len; i++)
        g_printerr("%s\n", (char *)errors->pdata[i]);
    g_assert_nonnull(hamlet->scenario);
    world_init(&hamlet->world, hamlet->scenario, PLAN_SELECTION_PREFERRED);
    population_init(&hamlet->population, &hamlet->world);
    g_assert_cmpuint(hamlet->world.host_count, ==, HOST_COUNT);
    emulator_init(&hamlet->emulator, &hamlet->world);
    for (HostId id = 0; id < HOST_COUNT; id++) {
        int pair[2];
        hamlet->world.hosts[id].is_there = true;
        g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), ==,
            0);
        hamlet->ends[id] = pair[0];
        emulator_take_line(&hamlet->emulator, id, pair[1]);
    }
}

/* Whatever happened, the books are in order and no packet is left. */
static void
hamlet_clear(Hamlet *hamlet)
{
    network_check(&hamlet->world.network);
    g_assert_cmpuint(hamlet->world.network.packets.used_count, ==, 0);
    for (HostId id = 0; id < HOST_COUNT; id++)
        close(hamlet->ends[id]);
    emulator_clear(&hamlet->emulator);
    population_clear(&hamlet->population);
    world_clear(&hamlet->world);
    scenario_free(hamlet->scenario);
}

static uint32_t
address_of(HostId host)
{
    return htonl(10u << 24 | host);
}

/* The host sends a packet; its payload is the number, again and again. */
static void
send_packet(Hamlet *hamlet, HostId from, HostId to, uint8_t number)
{
    uint8_t bytes[PACKET_BYTES];
    struct iphdr ip = {.version = 4,
                       .ihl = 5,
                       .protocol = IPPROTO_TCP,
                       .saddr = address_of(from),
                       .daddr = address_of(to)};
    struct tcphdr tcp = {.doff = 5, .syn = number == 0, .ack = number != 0};
    memset(bytes, number, sizeof bytes);
    memcpy(bytes, &ip, sizeof ip);
    memcpy(bytes + sizeof ip, &tcp, sizeof tcp);
    g_assert_cmpint(write(hamlet->ends[from], bytes, sizeof bytes), ==,
                    PACKET_BYTES);
}

/* Let everything happen, and be told each time how late it is. */
static void
play(Hamlet *hamlet, int64_t late_ns)
{
    Network *network = &hamlet->world.network;
    for (HostId id = 0; id < HOST_COUNT; id++)
        emulator_read(&hamlet->emulator, id);
    while (agenda_peek_ns(&network->agenda) != TIME_NEVER) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        world_step(&hamlet->world, &hamlet->world.network, &entry);
        emulator_write(&hamlet->emulator, network->now_ns + late_ns);
    }
}

/* The number of the next packet that has come to the host, or -1. */
static int
receive(Hamlet *hamlet, HostId host)
{
    uint8_t bytes[2 * PACKET_BYTES];
    ssize_t size_bytes = read(hamlet->ends[host], bytes, sizeof bytes);
    if (size_bytes < 0)
        return -1;
    g_assert_cmpint(size_bytes, ==, PACKET_BYTES);
    for (size_t i = HEAD_BYTES; i < PACKET_BYTES; i++)
        g_assert_cmpuint(bytes[i], ==, bytes[HEAD_BYTES]);
    return bytes[HEAD_BYTES];
}

static void
a_packet_takes_as_long_as_its_links_say(void)
{
    Hamlet hamlet;
    hamlet_init(&hamlet);
    Network *network = &hamlet.world.network;
    for (uint8_t number = 1; number <= 3; number++)
        send_packet(&hamlet, CDN, CLIENT, number);
    play(&hamlet, 0);
    /* The third stands behind two others, a millisecond each. */
    g_assert_cmpint(network->now_ns, ==, WAY_NS + 2 * NS_PER_MS);
    for (int number = 1; number <= 3; number++)
        g_assert_cmpint(receive(&hamlet, CLIENT), ==, number);
    g_assert_cmpint(receive(&hamlet, CLIENT), ==, -1);
    hamlet_clear(&hamlet);
}

static void
what_comes_late_is_counted_once_a_packet(void)
{
    Hamlet hamlet;
    hamlet_init(&hamlet);
    send_packet(&hamlet, CDN, CLIENT, 1);
    play(&hamlet, 500 * NS_PER_US);
    send_packet(&hamlet, CLIENT, CDN, 2);
    /* 5 % of 15 ms are not yet too much. */
    g_assert_cmpuint(hamlet.emulator.lateness.tardy_count, ==, 0);
    play(&hamlet, 800 * NS_PER_US);
    Lateness lateness = lateness_sum(&hamlet.emulator.lateness);
    g_assert_cmpuint(hamlet.emulator.lateness.count, ==, 2);
    g_assert_cmpuint(hamlet.emulator.lateness.tardy_count, ==, 1);
    g_assert_cmpint(lateness.median_ns, ==, 501 * NS_PER_US);
    g_assert_cmpint(lateness.ns_max, ==, 800 * NS_PER_US);
    g_assert_cmpint(receive(&hamlet, CDN), ==, 2);
    hamlet_clear(&hamlet);
}

static void
a_full_queue_drops_and_the_rest_arrives_unharmed(void)
{
    Hamlet hamlet;
    hamlet_init(&hamlet);
    for (uint8_t number = 1; number <= 10; number++)
        send_packet(&hamlet, CDN, CLIENT, number);
    play(&hamlet, 0);
    /* One is being sent and five wait while the others come. */
    for (int number = 1; number <= 6; number++)
        g_assert_cmpint(receive(&hamlet, CLIENT), ==, number);
    g_assert_cmpint(receive(&hamlet, CLIENT), ==, -1);
    g_assert_cmpuint(
        hamlet.world.network.count.dropped_packets[LINK_DROP_QUEUE], ==, 4);
    hamlet_clear(&hamlet);
}

static void
whom_the_scenario_keeps_apart_cannot_open_a_connection(void)
{
    Hamlet hamlet;
    hamlet_init(&hamlet);
    send_packet(&hamlet, CLIENT, EDGE, 0); /* the opening one */
    send_packet(&hamlet, CLIENT, CDN, 0);
    play(&hamlet, 0);
    g_assert_cmpint(receive(&hamlet, EDGE), ==, -1);
    g_assert_cmpint(receive(&hamlet, CDN), ==, 0);
    g_assert_cmpuint(hamlet.world.hosts[CDN].count.connections, ==, 1);
    g_assert_cmpuint(hamlet.world.hosts[CLIENT].count.connections, ==, 1);
    g_assert_cmpuint(hamlet.world.hosts[CDN].count.received_bytes, ==,
                     PACKET_BYTES - HEAD_BYTES);
    hamlet_clear(&hamlet);
}

static void
packets_that_concern_nobody_here_go_no_further(void)
{
    Hamlet hamlet;
    hamlet_init(&hamlet);
    static const char ROUTER_PLEASE[48] = {0x60};
    g_assert_cmpint(
        write(hamlet.ends[CLIENT], ROUTER_PLEASE, sizeof ROUTER_PLEASE), ==,
        sizeof ROUTER_PLEASE);
    send_packet(&hamlet, CLIENT, HOST_COUNT, 1); /* there is none such */
    g_assert_cmpint(write(hamlet.ends[CLIENT], "E", 1), ==, 1);
    play(&hamlet, 0);
    g_assert_cmpuint(hamlet.emulator.strange_packets, ==, 3);
    g_assert_cmpuint(hamlet.world.network.count.sent_packets, ==, 0);
    hamlet_clear(&hamlet);
}

static void
who_has_gone_away_receives_nothing(void)
{
    Hamlet hamlet;
    hamlet_init(&hamlet);
    send_packet(&hamlet, CDN, CLIENT, 1);
    emulator_read(&hamlet.emulator, CDN);
    emulator_take_line(&hamlet.emulator, CLIENT, -1);
    Network *network = &hamlet.world.network;
    while (agenda_peek_ns(&network->agenda) != TIME_NEVER) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        world_step(&hamlet.world, &hamlet.world.network, &entry);
        emulator_write(&hamlet.emulator, network->now_ns);
    }
    g_assert_cmpuint(network->count.delivered_packets, ==, 1);
    g_assert_cmpuint(hamlet.emulator.lateness.count, ==, 0);
    hamlet_clear(&hamlet);
}

static void
lateness_is_told_by_its_percentiles(void)
{
    LatenessCount count;
    lateness_init(&count);
    for (int i = 1; i <= 100; i++)
        lateness_add(&count, i * 10 * NS_PER_US - 1, 500 * NS_PER_US);
    lateness_add(&count, NS_PER_S, NS_PER_MS); /* beyond the last bucket */
    Lateness lateness = lateness_sum(&count);
    g_assert_cmpint(lateness.median_ns, ==, 510 * NS_PER_US);
    g_assert_cmpint(lateness.p99_ns, ==, 1000 * NS_PER_US);
    g_assert_cmpint(lateness.ns_max, ==, NS_PER_S);
    g_assert_cmpfloat(lateness.tardy_ratio, ==, 51.0 / 101);
    lateness_clear(&count);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/emulator/delay", a_packet_takes_as_long_as_its_links_say);
    g_test_add_func("/emulator/late", what_comes_late_is_counted_once_a_packet);
    g_test_add_func("/emulator/queue",
                    a_full_queue_drops_and_the_rest_arrives_unharmed);
    g_test_add_func("/emulator/reach",
                    whom_the_scenario_keeps_apart_cannot_open_a_connection);
    g_test_add_func("/emulator/strange",
                    packets_that_concern_nobody_here_go_no_further);
    g_test_add_func("/emulator/gone", who_has_gone_away_receives_nothing);
    g_test_add_func("/lateness", lateness_is_told_by_its_percentiles);
    return g_test_run();
}
