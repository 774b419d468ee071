/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/street.c: puppets for nodes, and the road between them.
 */
#include "tests/sim/street.h"

#include <string.h>

Node *
node_new(Role role, const void *config, const uint8_t seed[32])
{
    (void)role;
    (void)config;
    (void)seed;
    Node *node = g_new0(Node, 1);
    turn_init(&node->plan);
    node->heard = g_string_new(NULL);
    return node;
}

void
node_free(Node *node)
{
    turn_clear(&node->plan);
    g_string_free(node->heard, TRUE);
    g_free(node);
}

Role
node_role(const Node *node)
{
    (void)node;
    return ROLE_CDN;
}

void
node_code(Node *node, Coder *coder)
{
    (void)node;
    (void)coder;
    g_assert_not_reached(); /* nobody keeps a street */
}

const char *
role_name(Role role)
{
    (void)role;
    return "puppet";
}

/* File data comes in order and without a gap. */
static void
count_body(Node *node, const Event *event)
{
    const Extent *extent = &event->received.extent;
    if (node->body_bytes > 0)
        g_assert_cmpuint(extent->offset_bytes, ==, node->body_end_bytes);
    node->body_bytes += extent->size_bytes;
    node->body_end_bytes = extent->offset_bytes + extent->size_bytes;
    node->piece_bytes = extent->size_bytes;
}

static void
write_down(Node *node, const Event *event)
{
    static const char *const NAMES[] = {
        [EVENT_CONNECTED] = "connected", [EVENT_ACCEPTED] = "accepted",
        [EVENT_RECEIVED] = "received",   [EVENT_FORWARDED] = "forwarded",
        [EVENT_DRAINED] = "drained",     [EVENT_CLOSED] = "closed",
    };
    bool is_body = event->kind == EVENT_RECEIVED && !event->received.bytes;
    if (is_body)
        count_body(node, event);
    if (is_body || event->stream == STREAM_NONE)
        return;
    g_string_append_printf(node->heard, "%g %s %u",
                           (double)(event->now_ns - node->start_ns) / 1e6,
                           NAMES[event->kind], event->stream);
    if (event->kind == EVENT_RECEIVED)
        g_string_append_printf(node->heard, " %.*s",
                               (int)event->received.size_bytes,
                               (const char *)event->received.bytes);
    if (event->kind == EVENT_CLOSED)
        g_string_append(node->heard, event->closed.reason == CLOSE_DONE
                                         ? " done"
                                         : " reset");
    g_string_append_c(node->heard, '\n');
}

void
node_turn(Node *node, const Event *event, Turn *turn)
{
    write_down(node, event);
    if (event->kind == EVENT_ACCEPTED)
        node->accepted = event->stream;
    if (!node->is_cued || event->kind != node->cue)
        return;
    Turn plan = node->plan;
    node->plan = *turn;
    *turn = plan;
    node->is_cued = false;
}

Node *
street_puppet(const Street *street, HostId host)
{
    return street->world.hosts[host].node;
}

Turn *
street_cue(Street *street, HostId host, EventKind cue)
{
    Node *node = street_puppet(street, host);
    g_assert_false(node->is_cued);
    node->cue = cue;
    node->is_cued = true;
    turn_begin(&node->plan, &street->world.hosts[host].pool);
    return &node->plan;
}

Turn *
street_plan(Street *street, HostId host)
{
    return street_cue(street, host, EVENT_COMMAND);
}

void
street_act(Street *street, HostId host)
{
    Command command = {.kind = COMMAND_FETCH};
    world_command(&street->world, host, &command);
    world_settle(&street->world);
    g_assert_false(street_puppet(street, host)->is_cued);
}

void
street_step(Street *street)
{
    AgendaEntry entry = agenda_pop(&street->world.network.agenda);
    g_assert_true(world_step(&street->world, &street->world.network, &entry));
    network_check(&street->world.network);
}

void
street_run_ms(Street *street, int64_t ms)
{
    Network *network = &street->world.network;
    int64_t until_ns = network->now_ns + ms * NS_PER_MS;
    while (agenda_peek_ns(&network->agenda) <= until_ns)
        street_step(street);
    network->now_ns = until_ns;
}

StreamId
street_open(Street *street, HostId from, HostId to)
{
    StreamId stream =
        turn_connect(street_plan(street, from), to, TRANSPORT_TCP);
    street_act(street, from);
    street_run_ms(street, 30);
    return stream;
}

static const char STREET[] =
    "byway: 1\n"
    "title: street\n"
    "general: {stop_time: 10 min}\n"
    "network:\n"
    "  isps: [a]\n"
    "  regions: [{name: r, latitude: 40, longitude: 116, weights: [1]}]\n"
    "  profiles:\n"
    "    line: {down: 40 Mbit/s, up: 20 Mbit/s, delay: 6 ms}\n"
    "roles:\n"
    "  clients: {count: 1, technology: 'choice([[1, line]])'}\n"
    "  edges: {count: 0}\n"
    "  data_centres: [{region: r}]\n"
    "  manager: {region: r, isp: a}\n"
    "  key_service: {region: r, isp: a}\n"
    "workload:\n"
    "  downloads: {slow: 0, interval: exponential(8 s), file_size: 20 MB}\n";

/* From everybody to everybody: 10 ms, and as fast as you like. */
static void
make_road(World *world)
{
    uint32_t route = terrain_route(&world->terrain, 0, 0);
    Link *link = &world->network.links[world->network.routes[route].links[0]];
    link->rate_bps = 0;
    link->delay_ns = 10 * NS_PER_MS;
}

static void
add_hosts(World *world, uint64_t receiver_bps)
{
    Link *line;
    world_add_hosts(world, HOST_COUNT);
    world->hosts[RELAY].cores = 1;
    world->hosts[RECEIVER].down = network_add_link(&world->network, &line);
    line->rate_bps = receiver_bps;
    for (HostId id = 0; id < HOST_COUNT; id++) {
        world->hosts[id].role = ROLE_CDN;
        world->hosts[id].options = &world->options[0];
        world_start(world, id);
    }
}

void
street_init(Street *street, uint64_t receiver_bps)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    street->scenario =
        scenario_parse(STREET, strlen(STREET), "street.yaml", NULL, errors);
    for (uint32_t i = 0; i < errors->len; i++)
        g_printerr("%s\n", (char *)errors->pdata[i]);
    g_assert_nonnull(street->scenario);
    World *world = &street->world;
    world_init(world, street->scenario, PLAN_SELECTION_NEARBY);
    world->work_ps[WORK_RANK][0] = 1000 * (uint64_t)NS_PER_MS;
    world->options[0].receive_window_bytes = WINDOW_BYTES;
    make_road(world);
    add_hosts(world, receiver_bps);
    street->sender = street_open(street, SENDER, RELAY);
    street->from = street_puppet(street, RELAY)->accepted;
    street->to = street_open(street, RELAY, RECEIVER);
    street->receiver = street_puppet(street, RECEIVER)->accepted;
    for (HostId id = 0; id < HOST_COUNT; id++) {
        g_string_truncate(street_puppet(street, id)->heard, 0);
        street_puppet(street, id)->start_ns = world->network.now_ns;
    }
}

void
street_clear(Street *street)
{
    world_clear(&street->world);
    scenario_free(street->scenario);
}

void
street_expect(const Street *street, HostId host, const char *expected)
{
    g_assert_cmpstr(street_puppet(street, host)->heard->str, ==, expected);
}

Endpoint *
street_end(Street *street, HostId host, StreamId stream)
{
    EndpointId id = host_stream(&street->world.hosts[host], stream)->endpoint;
    g_assert_cmpuint(id, !=, UINT32_MAX);
    return network_endpoint(&street->world.network, id);
}

void
street_send_body(Street *street, uint64_t offset_bytes, uint64_t size_bytes)
{
    Extent body = {.offset_bytes = offset_bytes, .size_bytes = size_bytes};
    turn_write_body(street_plan(street, SENDER), street->sender, &body);
    street_act(street, SENDER);
}

void
street_order(Street *street, uint64_t size_bytes)
{
    turn_forward(street_plan(street, RELAY), street->from, street->to,
                 size_bytes);
    street_act(street, RELAY);
}

void
street_say(Street *street, uint64_t work_ms, const char *word)
{
    Turn *turn = street_plan(street, RELAY);
    if (work_ms > 0)
        turn_work(turn, WORK_RANK, work_ms, 0);
    turn_write(turn, street->to, word, strlen(word));
    street_act(street, RELAY);
}
