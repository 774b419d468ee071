/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/flow.h: bare flows: so many bytes from one host to another.
 */
#pragma once

#include "sim/topology.h"

typedef struct Flow {
    uint32_t from;
    uint32_t to;
    uint32_t transport;
    uint32_t connection_count;
    uint64_t size_bytes; /* PLAN_BYTES_ENDLESS: until the run ends */
    int64_t start_ns;
    int64_t connected_ns; /* of the first connection; TIME_NEVER */
    int64_t first_byte_ns;
    int64_t done_ns;
    uint64_t got_bytes;
    uint64_t resent_segments; /* of ended connections; see flow_settle */
    uint64_t timeouts;
    EndpointId *endpoints; /* senders; owned */
} Flow;

typedef struct FlowTable {
    Network *network;
    Topology *topology;
    TcpOptions *options;
    const PlanTransport *transports; /* lent */
    Flow *flows;
    uint32_t count;
    uint32_t done_count;
} FlowTable;

/* NULL with *ret_error (g_free it) when two hosts are not joined. */
FlowTable *flow_table_new(const Scenario *scenario, Network *network,
                          char **ret_error);
void flow_table_free(FlowTable *table);
/* An agenda entry of kind AGENDA_FLOW. */
void flow_start(FlowTable *table, uint32_t flow);
void flow_take_signal(FlowTable *table, const Signal *signal);
/* Read the counters of connections that are still open. */
void flow_settle(FlowTable *table);
