/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/flow.c: writes at one end, reads at the other.
 */
#include "sim/flow.h"

#include <assert.h>

#include "core/event.h"

/* Read in pieces: a signal a packet would be a waste. */
#define READ_BYTES 65536u
#define NO_ENDPOINT UINT32_MAX
#define ENDLESS_BYTES (UINT64_C(1) << 60)

/* The member of a group that takes part in the i-th pair. */
static uint32_t
end_of_pair(const FlowTable *table, const Scenario *scenario,
            const PlanHostEnd *end, uint32_t pair)
{
    uint32_t member = end->member;
    if (member == PLAN_NONE)
        member = scenario->hosts[end->host].count == 1 ? 0 : pair;
    return topology_host(table->topology, end->host, member);
}

static uint32_t
end_count(const Scenario *scenario, const PlanHostEnd *end)
{
    return end->member == PLAN_NONE ? scenario->hosts[end->host].count : 1;
}

static uint64_t
next_serial(const GArray *flows)
{
    if (flows->len == 0)
        return 0;
    const Flow *last = &g_array_index(flows, Flow, flows->len - 1);
    return last->serial + last->connection_count;
}

static void
add_pairs(FlowTable *table, const Scenario *scenario, const PlanFlow *plan,
          GArray *flows)
{
    uint32_t pairs =
        MAX(end_count(scenario, &plan->from), end_count(scenario, &plan->to));
    uint64_t serial = next_serial(flows);
    for (uint32_t pair = 0; pair < pairs; pair++) {
        Flow flow = {
            .from = end_of_pair(table, scenario, &plan->from, pair),
            .to = end_of_pair(table, scenario, &plan->to, pair),
            .transport = plan->transport,
            .connection_count = plan->connections,
            .serial = serial + (uint64_t)pair * plan->connections,
            .size_bytes = plan->size_bytes,
            .start_ns = plan->start_ns + (int64_t)pair * plan->every_ns,
            .connected_ns = TIME_NEVER,
            .first_byte_ns = TIME_NEVER,
            .done_ns = TIME_NEVER,
            .endpoints = g_new(EndpointId, plan->connections),
        };
        for (uint32_t i = 0; i < plan->connections; i++)
            flow.endpoints[i] = NO_ENDPOINT;
        g_array_append_val(flows, flow);
    }
}

/* NULL, or whom no links join. */
static char *
add_paths(FlowTable *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const Flow *flow = &table->flows[i];
        Path out, back;
        if (topology_path(table->topology, flow->from, flow->to, &out) &&
            topology_path(table->topology, flow->to, flow->from, &back)) {
            network_add_path(table->network, &out);
            network_add_path(table->network, &back);
            continue;
        }
        g_autofree char *from = topology_host_name(table->topology, flow->from);
        g_autofree char *to = topology_host_name(table->topology, flow->to);
        return g_strdup_printf("no links join '%s' and '%s' both ways within "
                               "%u hops",
                               from, to, ROUTE_HOPS_MAX);
    }
    return NULL;
}

/* Much is asked of a host where many connections end. */
static void
split(FlowTable *table)
{
    uint32_t host_count = topology_host_count(table->topology);
    g_autofree double *weights = g_new0(double, host_count + 1);
    for (uint32_t i = 0; i < table->count; i++) {
        const Flow *flow = &table->flows[i];
        weights[flow->from] += flow->connection_count;
        weights[flow->to] += flow->connection_count;
    }
    topology_split(table->topology, weights, table->options);
}

static void
add_news(FlowTable *table)
{
    uint32_t part_count = table->network->part_count;
    table->news = g_new0(FlowNews, part_count);
    for (uint32_t part = 0; part < part_count; part++)
        table->news[part].ended = g_array_new(false, false, sizeof(EndpointId));
}

FlowTable *
flow_table_new(const Scenario *scenario, Network *network, bool may_split,
               char **ret_error)
{
    FlowTable *table = g_new0(FlowTable, 1);
    table->network = network;
    table->topology = topology_new(scenario, network);
    table->options = setup_transports(scenario);
    table->transports = scenario->transports;
    GArray *flows = g_array_new(false, false, sizeof(Flow));
    for (uint32_t i = 0; i < scenario->workload.flow_count; i++)
        add_pairs(table, scenario, &scenario->workload.flows[i], flows);
    table->count = flows->len;
    table->flows = (Flow *)(void *)g_array_free(flows, false);
    char *error = add_paths(table);
    if (error) {
        flow_table_free(table);
        *ret_error = error;
        return NULL;
    }
    if (may_split)
        split(table);
    add_news(table);
    for (uint32_t i = 0; i < table->count; i++) {
        const Flow *flow = &table->flows[i];
        uint32_t part = topology_part(table->topology, flow->from);
        agenda_push(&network_part(network, part)->agenda, flow->start_ns,
                    AGENDA_FLOW, i);
    }
    return table;
}

void
flow_table_free(FlowTable *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        g_free(table->flows[i].endpoints);
    for (uint32_t part = 0; table->news && part < table->network->part_count;
         part++)
        g_array_unref(table->news[part].ended);
    g_free(table->news);
    if (table->network->parts)
        parts_free(table->network->parts);
    g_free(table->flows);
    g_free(table->options);
    topology_free(table->topology);
    g_free(table);
}

static uint64_t
share_bytes(const Flow *flow, uint32_t connection)
{
    if (flow->size_bytes == PLAN_BYTES_ENDLESS)
        return ENDLESS_BYTES;
    uint64_t share = flow->size_bytes / flow->connection_count;
    return share + (connection < flow->size_bytes % flow->connection_count);
}

static void
write_share(Network *network, EndpointId id, uint64_t size_bytes)
{
    Endpoint *endpoint = network_endpoint(network, id);
    Extent extent = {.size_bytes = size_bytes};
    if (size_bytes > 0) {
        tcp_write_extent(network, endpoint, &extent);
        tcp_wrote(network, endpoint, size_bytes);
    }
    tcp_close(network, endpoint, CLOSE_DONE);
}

void
flow_start(FlowTable *table, Network *network, uint32_t index)
{
    Flow *flow = &table->flows[index];
    const TcpOptions *options = &table->options[flow->transport];
    TcpPath path = {.opener = options,
                    .acceptor = options,
                    .opener_host = flow->from,
                    .acceptor_host = flow->to,
                    .acceptor_part =
                        (uint8_t)topology_part(table->topology, flow->to)};
    bool is_joined =
        topology_path(table->topology, flow->from, flow->to, &path.out) &&
        topology_path(table->topology, flow->to, flow->from, &path.back);
    assert(is_joined); /* checked when the table was made */
    for (uint32_t i = 0; i < flow->connection_count; i++) {
        path.serial = flow->serial + i;
        EndpointId id = tcp_open(network, &path);
        tcp_own(network_endpoint(network, id), index, i);
        flow->endpoints[i] = id;
    }
}

static void
count_sender(const Network *network, Flow *flow, EndpointId id)
{
    const TcpCount *count = &network_endpoint(network, id)->count;
    flow->resent_segments += count->resent_segments;
    flow->timeouts += count->timeouts;
}

static void
take_bytes(FlowTable *table, Network *network, Flow *flow, Endpoint *receiver)
{
    FlowNews *news = &table->news[network->part];
    uint64_t readable = tcp_readable_bytes(receiver);
    if (readable > 0) {
        stream_skip(&receiver->incoming, readable);
        tcp_read(network, receiver, readable);
        flow->got_bytes += readable;
        if (flow->first_byte_ns == TIME_NEVER)
            flow->first_byte_ns = network->now_ns;
    }
    uint64_t left = flow->size_bytes - flow->got_bytes;
    if (left == 0 && flow->done_ns == TIME_NEVER) {
        flow->done_ns = network->now_ns;
        news->done_count++;
    }
    if (tcp_is_ended(receiver)) {
        g_array_append_val(news->ended, receiver->id);
        tcp_close(network, receiver, CLOSE_DONE);
        return;
    }
    uint64_t rest =
        share_bytes(flow, receiver->owner_stream) - receiver->read_seq;
    tcp_expect(network, receiver, CLAMP(rest, 1, READ_BYTES));
}

void
flow_take_signal(FlowTable *table, Network *network, const Signal *signal)
{
    Endpoint *endpoint = network_endpoint(network, signal->endpoint);
    Endpoint *opener = network_endpoint(network, signal->endpoint & ~1u);
    Flow *flow = &table->flows[opener->owner];
    switch (signal->kind) {
    case SIGNAL_CONNECTED:
        flow->connected_ns = MIN(flow->connected_ns, network->now_ns);
        write_share(network, endpoint->id,
                    share_bytes(flow, endpoint->owner_stream));
        return;
    case SIGNAL_ACCEPTED:
        tcp_own(endpoint, opener->owner, opener->owner_stream);
        return;
    case SIGNAL_READABLE:
        endpoint->is_told = false;
        take_bytes(table, network, flow, endpoint);
        return;
    case SIGNAL_CLOSED:
        g_array_append_val(table->news[network->part].ended, endpoint->id);
        tcp_disown(network, endpoint);
        return;
    case SIGNAL_DRAINED:
        return;
    }
}

/* Where it was opened, its sender is. */
static bool
is_here(const FlowTable *table, EndpointId id)
{
    const Network *network = table->network;
    uint32_t home = network_home(network, id);
    return !network->parts || parts_is_here(network->parts, home);
}

static void
end_connection(FlowTable *table, EndpointId id)
{
    EndpointId sender = id & ~1u;
    if (!is_here(table, sender))
        return; /* where it began, they are told too */
    const Endpoint *opener = network_endpoint(table->network, sender);
    Flow *flow = &table->flows[opener->owner];
    /* Both ends may say so. */
    if (flow->endpoints[opener->owner_stream] != sender)
        return;
    flow->endpoints[opener->owner_stream] = NO_ENDPOINT;
    count_sender(table->network, flow, sender);
}

uint32_t
flow_tend(FlowTable *table)
{
    uint32_t done_count = 0;
    for (uint32_t part = 0; part < table->network->part_count; part++) {
        FlowNews *news = &table->news[part];
        for (guint i = 0; i < news->ended->len; i++)
            end_connection(table, g_array_index(news->ended, EndpointId, i));
        g_array_set_size(news->ended, 0);
        news->told_ended = 0;
        done_count += news->done_count;
    }
    return done_count;
}

static void
settle_connection(FlowTable *table, Flow *flow, EndpointId id)
{
    const Network *network = table->network;
    uint32_t end = topology_part(table->topology, flow->to);
    if (is_here(table, id))
        count_sender(network, flow, id);
    if (!network->parts || parts_is_here(network->parts, end))
        flow->got_bytes +=
            tcp_readable_bytes(network_endpoint(network, id ^ 1));
}

void
flow_settle(FlowTable *table)
{
    flow_gather_open(table);
    for (uint32_t i = 0; i < table->count; i++) {
        Flow *flow = &table->flows[i];
        for (uint32_t j = 0; j < flow->connection_count; j++) {
            if (flow->endpoints[j] != NO_ENDPOINT)
                settle_connection(table, flow, flow->endpoints[j]);
            flow->endpoints[j] = NO_ENDPOINT;
        }
    }
    flow_gather(table);
}

CODER_KNOWS(Flow, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CODER_KNOWS(FlowNews, 0, 0, 0, 0);

static void
code_flow(Flow *flow, Coder *coder)
{
    coder_i64(coder, &flow->connected_ns);
    coder_i64(coder, &flow->first_byte_ns);
    coder_i64(coder, &flow->done_ns);
    coder_u64(coder, &flow->got_bytes);
    coder_u64(coder, &flow->resent_segments);
    coder_u64(coder, &flow->timeouts);
    coder_bytes(coder, flow->endpoints,
                flow->connection_count * sizeof *flow->endpoints);
}

void
flow_table_code(FlowTable *table, Coder *coder)
{
    for (uint32_t i = 0; i < table->count; i++)
        code_flow(&table->flows[i], coder);
    for (uint32_t part = 0; part < table->network->part_count; part++) {
        assert(table->news[part].ended->len == 0); /* flow_tend has seen to */
        coder_u32(coder, &table->news[part].done_count);
    }
    network_code(table->network, coder, table->options);
}
