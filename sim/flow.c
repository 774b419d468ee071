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

static void
add_pairs(FlowTable *table, const Scenario *scenario, const PlanFlow *plan,
          GArray *flows)
{
    uint32_t pairs =
        MAX(end_count(scenario, &plan->from), end_count(scenario, &plan->to));
    for (uint32_t pair = 0; pair < pairs; pair++) {
        Flow flow = {
            .from = end_of_pair(table, scenario, &plan->from, pair),
            .to = end_of_pair(table, scenario, &plan->to, pair),
            .transport = plan->transport,
            .connection_count = plan->connections,
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
        return g_strdup_printf("no links join '%s' and '%s' both ways", from,
                               to);
    }
    return NULL;
}

FlowTable *
flow_table_new(const Scenario *scenario, Network *network, char **ret_error)
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
    for (uint32_t i = 0; i < table->count; i++)
        agenda_push(&network->agenda, table->flows[i].start_ns, AGENDA_FLOW, i);
    return table;
}

void
flow_table_free(FlowTable *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        g_free(table->flows[i].endpoints);
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
flow_start(FlowTable *table, uint32_t index)
{
    Flow *flow = &table->flows[index];
    const TcpOptions *options = &table->options[flow->transport];
    TcpPath path = {.opener = options, .acceptor = options};
    bool is_joined =
        topology_path(table->topology, flow->from, flow->to, &path.out) &&
        topology_path(table->topology, flow->to, flow->from, &path.back);
    assert(is_joined); /* checked when the table was made */
    for (uint32_t i = 0; i < flow->connection_count; i++) {
        EndpointId id = tcp_open(table->network, &path);
        tcp_own(network_endpoint(table->network, id), index, i);
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
take_bytes(FlowTable *table, Flow *flow, Endpoint *receiver)
{
    Network *network = table->network;
    uint64_t readable = tcp_readable_bytes(receiver);
    Endpoint *sender = network_endpoint(network, receiver->id ^ 1);
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
        table->done_count++;
    }
    if (tcp_is_ended(receiver)) {
        count_sender(network, flow, sender->id);
        flow->endpoints[receiver->owner_stream] = NO_ENDPOINT;
        tcp_close(network, receiver, CLOSE_DONE);
        return;
    }
    uint64_t rest =
        share_bytes(flow, receiver->owner_stream) - receiver->read_seq;
    tcp_expect(network, receiver, CLAMP(rest, 1, READ_BYTES));
}

void
flow_take_signal(FlowTable *table, const Signal *signal)
{
    Network *network = table->network;
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
        take_bytes(table, flow, endpoint);
        return;
    case SIGNAL_CLOSED:
        count_sender(network, flow, opener->id);
        flow->endpoints[endpoint->owner_stream] = NO_ENDPOINT;
        tcp_disown(network, endpoint);
        return;
    case SIGNAL_DRAINED:
        return;
    }
}

void
flow_settle(FlowTable *table)
{
    for (uint32_t i = 0; i < table->count; i++) {
        Flow *flow = &table->flows[i];
        for (uint32_t j = 0; j < flow->connection_count; j++) {
            if (flow->endpoints[j] == NO_ENDPOINT)
                continue;
            count_sender(table->network, flow, flow->endpoints[j]);
            Endpoint *receiver =
                network_endpoint(table->network, flow->endpoints[j] ^ 1);
            flow->got_bytes += tcp_readable_bytes(receiver);
            flow->endpoints[j] = NO_ENDPOINT;
        }
    }
}
