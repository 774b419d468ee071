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
    uint64_t serial;     /* of its first connection */
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

/* What one part of the network has to tell of its flows' ends. */
typedef struct FlowNews {
    uint32_t done_count;
    GArray *ended;      /* EndpointId: of a connection that is over */
    uint32_t told_done; /* to other ranks */
    uint32_t told_ended;
} FlowNews;

typedef struct FlowTable {
    Network *network;
    Topology *topology;
    TcpOptions *options;
    const PlanTransport *transports; /* lent */
    Flow *flows;
    uint32_t count;
    FlowNews *news; /* [part] */
} FlowTable;

/* The network may be split into parts; flow_table_free makes it whole again.
 * NULL with *ret_error (g_free it) when two hosts are not joined. */
FlowTable *flow_table_new(const Scenario *scenario, Network *network,
                          bool may_split, char **ret_error);
void flow_table_free(FlowTable *table);
/* How far flows are, written, or read into a table that was made alike. */
void flow_table_code(FlowTable *table, Coder *coder);
/* An agenda entry of kind AGENDA_FLOW, and a signal, in a part. */
void flow_start(FlowTable *table, Network *network, uint32_t flow);
void flow_take_signal(FlowTable *table, Network *network, const Signal *signal);
/* Read the counters of connections that have ended since, before their memory
 * is used again. Returns how many flows are done. */
uint32_t flow_tend(FlowTable *table);
/* Read the counters of connections that are still open. All ranks then know
 * all of every flow. */
void flow_settle(FlowTable *table);
/* sim/flow_ranks.c: the news of parts, for the driver of parts. */
void flow_tell(FlowTable *table, GByteArray *news);
void flow_hear(FlowTable *table, const uint8_t *news, size_t size_bytes);
/* All ranks learn which connections are open ... */
void flow_gather_open(FlowTable *table);
/* ... and what is known of flows where they begin and end. */
void flow_gather(FlowTable *table);
