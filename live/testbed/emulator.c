/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/emulator.c: between TUN devices and the network's links.
 */
#include "live/testbed/emulator.h"

#include <assert.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include <string.h>
#include <unistd.h>

/* Taken from one host before the others are looked at. */
#define READ_COUNT_MAX 64u

/* What the emulator wants to know of an IPv4 packet. */
typedef struct Look {
    HostId from;
    HostId to;
    bool is_opening; /* the first packet of a connection */
    uint32_t payload_bytes;
} Look;

void
emulator_init(Emulator *emulator, World *world)
{
    *emulator = (Emulator){.world = world};
    emulator->lines = g_new(int, world->host_count);
    for (HostId id = 0; id < world->host_count; id++)
        emulator->lines[id] = -1;
    for (uint32_t i = 0; i < world->scenario->transport_count; i++) {
        const TcpOptions *options = &world->options[i];
        emulator->mtu_bytes = MAX(emulator->mtu_bytes,
                                  options->mss_bytes + options->header_bytes);
    }
    lateness_init(&emulator->lateness);
}

void
emulator_clear(Emulator *emulator)
{
    for (HostId id = 0; id < emulator->world->host_count; id++)
        emulator_take_line(emulator, id, -1);
    lateness_clear(&emulator->lateness);
    g_free(emulator->lines);
    g_free(emulator->contents);
}

void
emulator_take_line(Emulator *emulator, HostId host, int line)
{
    if (emulator->lines[host] >= 0)
        close(emulator->lines[host]);
    emulator->lines[host] = line;
}

static uint8_t *
content(Emulator *emulator, uint32_t packet)
{
    uint32_t capacity = emulator->world->network.packets.capacity;
    if (emulator->content_capacity < capacity) {
        emulator->contents =
            g_realloc_n(emulator->contents, capacity, emulator->mtu_bytes);
        emulator->content_capacity = capacity;
    }
    return emulator->contents + (size_t)packet * emulator->mtu_bytes;
}

/* The host of an address that reach_address gave. */
static bool
find_host(const World *world, uint32_t address, HostId *ret_host)
{
    uint32_t number = ntohl(address);
    *ret_host = number & 0xffffff;
    return number >> 24 == 10 && *ret_host < world->host_count;
}

static bool
look_at_tcp(const uint8_t *bytes, size_t size_bytes, Look *look)
{
    struct tcphdr tcp;
    if (size_bytes < sizeof tcp)
        return false;
    memcpy(&tcp, bytes, sizeof tcp);
    size_t head_bytes = 4u * tcp.doff;
    look->is_opening = tcp.syn && !tcp.ack;
    look->payload_bytes =
        (uint32_t)(size_bytes > head_bytes ? size_bytes - head_bytes : 0);
    return true;
}

static bool
look_at(const World *world, const uint8_t *bytes, size_t size_bytes, Look *look)
{
    struct iphdr ip;
    if (size_bytes < sizeof ip)
        return false;
    memcpy(&ip, bytes, sizeof ip);
    size_t head_bytes = 4u * ip.ihl;
    return ip.version == 4 && head_bytes <= size_bytes &&
           find_host(world, ip.saddr, &look->from) &&
           find_host(world, ip.daddr, &look->to) &&
           (ip.protocol != IPPROTO_TCP ||
            look_at_tcp(bytes + head_bytes, size_bytes - head_bytes, look));
}

/* The same figures that the simulator's hosts keep, but that headers of
 * messages are bytes too: a packet does not tell them from file data. */
static void
count(World *world, const Look *look)
{
    HostCount *count = &world->hosts[look->from].count;
    count->sent_body_bytes += look->payload_bytes;
    count->connections += look->is_opening;
}

static int64_t
link_delay_ns(const Network *network, LinkId link)
{
    return link == LINK_NONE ? 0 : network->links[link].delay_ns;
}

static int64_t
way_ns(const Network *network, const Path *path)
{
    int64_t sum_ns =
        link_delay_ns(network, path->up) + link_delay_ns(network, path->down);
    const Route *route = &network->routes[path->route];
    for (uint32_t i = 0; i < route->hop_count; i++)
        sum_ns += link_delay_ns(network, route->links[i]);
    return sum_ns;
}

static int64_t
tardy_ns(World *world, const Look *look)
{
    Path path = reach_path(world, look->from, look->to);
    double share_ns = TARDY_PER_WAY * (double)way_ns(&world->network, &path);
    return MIN(TARDY_NS, (int64_t)share_ns);
}

/* Whom the scenario keeps apart hears nothing: neither refusal nor answer. */
static void
inject(Emulator *emulator, uint32_t packet, const Look *look)
{
    World *world = emulator->world;
    Network *network = &world->network;
    bool is_barred =
        look->is_opening && !reach_is_open(world, look->from, look->to);
    if (is_barred || look->from == look->to) {
        packet_put(&network->packets, packet);
        return;
    }
    count(world, look);
    Path path = reach_path(world, look->from, look->to);
    network->packets.packets[packet].endpoint = look->to;
    network->count.data_packets += look->payload_bytes > 0;
    network_inject(network, &path, packet);
}

static bool
read_one(Emulator *emulator, HostId host)
{
    PacketPool *pool = &emulator->world->network.packets;
    uint32_t packet = packet_take(pool);
    uint8_t *bytes = content(emulator, packet);
    ssize_t size_bytes =
        read(emulator->lines[host], bytes, emulator->mtu_bytes);
    Look look = {0};
    bool is_read = size_bytes > 0;
    if (is_read && look_at(emulator->world, bytes, (size_t)size_bytes, &look) &&
        look.from == host) {
        pool->transits[packet].size_bytes = (uint16_t)size_bytes;
        inject(emulator, packet, &look);
        return true;
    }
    emulator->strange_packets += is_read;
    packet_put(pool, packet);
    return is_read;
}

void
emulator_read(Emulator *emulator, HostId host)
{
    for (uint32_t i = 0; i < READ_COUNT_MAX; i++) {
        if (!read_one(emulator, host))
            return;
    }
}

void
emulator_write(Emulator *emulator, int64_t now_ns)
{
    World *world = emulator->world;
    Network *network = &world->network;
    uint32_t packet;
    while ((packet = network_take_outside(network)) != PACKET_NONE) {
        HostId to = network->packets.packets[packet].endpoint;
        const uint8_t *bytes = content(emulator, packet);
        Look look = {0};
        uint16_t size_bytes = network->packets.transits[packet].size_bytes;
        look_at(world, bytes, size_bytes, &look);
        world->hosts[to].count.received_bytes += look.payload_bytes;
        world->hosts[to].count.connections += look.is_opening;
        /* A host that has gone away receives nothing. */
        if (emulator->lines[to] >= 0 &&
            write(emulator->lines[to], bytes, size_bytes) > 0)
            lateness_add(&emulator->lateness,
                         now_ns - network->packets.transits[packet].out_ns,
                         tardy_ns(world, &look));
        packet_put(&network->packets, packet);
    }
}
