/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/network.h: links, routes, connections, and the packets among them.
 *
 * The network moves bytes and says what happened by signals; who owns a
 * connection (a bare flow, a node's stream) reads them between two agenda
 * entries, so nothing is ever called back from the middle of a packet.
 */
#pragma once

#include <glib.h>

#include "sim/agenda.h"
#include "sim/link.h"
#include "sim/packet.h"
#include "sim/transport/tcp.h"

#define ROUTE_HOPS_MAX 24
#define CONNECTION_BLOCK 64u
#define CONNECTION_BLOCKS_MAX (1u << 20)

/* The links between two places, shared by all who travel between them. */
typedef struct Route {
    uint8_t hop_count;
    LinkId links[ROUTE_HOPS_MAX];
} Route;

typedef enum SignalKind {
    SIGNAL_CONNECTED, /* to the side that opened */
    SIGNAL_ACCEPTED,  /* to the other side */
    SIGNAL_READABLE,  /* at least expect_bytes wait, or the end has come */
    SIGNAL_DRAINED,   /* unsent bytes fell to STREAM_LOW_WATER_BYTES */
    SIGNAL_CLOSED,    /* endpoint->close_reason; no more signals follow */
} SignalKind;

typedef struct Signal {
    uint64_t serial; /* of the connection, whose number may be used again */
    EndpointId endpoint;
    SignalKind kind;
} Signal;

typedef struct NetworkCount {
    uint64_t sent_packets;
    uint64_t delivered_packets;
    uint64_t dropped_packets[LINK_DROP_COUNT];
    uint64_t data_packets; /* sent with payload, resent ones too */
    uint64_t hops;         /* packets times links crossed */
} NetworkCount;

/* One network may be several of these: sim/parts.h. */
typedef struct Parts Parts;
typedef struct Mail Mail;
Network *parts_network(const Parts *parts, uint32_t part);
/* Whether this process simulates the part. */
bool parts_is_here(const Parts *parts, uint32_t part);

/* A packet for an endpoint in another part was dropped. */
typedef struct Gone {
    EndpointId endpoint;
    uint32_t part;
} Gone;

struct Network {
    _Alignas(64) int64_t now_ns; /* other parts' threads have other lines */
    Agenda agenda;
    uint64_t prefetched_slot; /* of the agenda */
    PacketPool packets;
    Link *links;
    uint32_t link_count;
    uint32_t link_capacity;
    int64_t ahead_ns; /* see network_run_ahead */
    LinkId *feeders;  /* those nearer to the ends first */
    uint32_t feeder_count;
    Route *routes;
    uint32_t route_count;
    uint32_t route_capacity;
    Connection **connections;  /* in blocks, which stay where they are */
    uint32_t connection_count; /* ever used at once, by this part */
    uint32_t connection_capacity;
    uint32_t *free_connections;
    uint32_t free_connection_count;
    Parts *parts; /* NULL: it is whole */
    uint32_t part;
    uint32_t part_count;
    Mail *mail;             /* to the other parts; NULL: it is whole */
    GArray *gone;           /* Gone */
    GArray *released;       /* EndpointId: maybe over; NULL: it is whole */
    GArray *opened;         /* TcpOpened, to another rank; NULL: it is whole */
    int64_t *life_start_ns; /* by owner; TIME_NEVER: off; lent, NULL: all on */
    Signal *signals;        /* a ring */
    uint32_t signal_head;
    uint32_t signal_count;
    uint32_t signal_capacity;
    uint32_t
        outside_head; /* chain of packets that network_take_outside gives */
    uint32_t outside_tail;
    uint64_t fingerprint; /* sum of hashes, so order cannot matter */
    NetworkCount count;
};

void network_init(Network *network);
void network_clear(Network *network);
/* The link is initialised; lent until the next network_add_link. */
LinkId network_add_link(Network *network, Link **ret_link);
uint32_t network_add_route(Network *network, const Route *route);

/* Say that packets will take this path. A link that is no path's first, and
 * has the same link before it in all of them, is fed by one: what will arrive
 * there is known when its feeder takes it. Packets may only take paths that
 * were added, or none may be added at all. */
void network_add_path(Network *network, const Path *path);
/* The link changes, at times of its own: it has to wait for what arrives. */
void network_steer_link(Network *network, LinkId link);
/* Until this time nobody looks at a link's state: packets may be taken by
 * links that are fed by one before they arrive there. It saves their events,
 * and nothing that can be seen from that time on differs. A run that ends
 * before has counted hops that its last packets did not live to see. */
void network_run_ahead(Network *network, int64_t until_ns);

/* Send a packet along a path; the network takes it. */
void network_send(Network *network, const Path *path, uint32_t packet);
/* A packet of a transport that is not simulated here enters its path at
 * now_ns. The network takes it and forgets it where it is dropped; else
 * network_take_outside gives it back. */
void network_inject(Network *network, const Path *path, uint32_t packet);
/* The next such packet at its path's end, in the order of arrival, or
 * PACKET_NONE; the caller's. */
uint32_t network_take_outside(Network *network);
/* Advance to the entry's time; handle it if it is a link's or a timer's,
 * and say so. */
bool network_step(Network *network, const AgendaEntry *entry);
bool network_take_signal(Network *network, Signal *ret_signal);
void network_signal(Network *network, EndpointId endpoint, SignalKind kind);

/* Mix what happened into the fingerprint; see summary.json's. */
void network_mark(Network *network, uint64_t entity, uint64_t what);
/* Aborts unless sent = delivered + dropped + in flight, packet by packet. */
void network_check(const Network *network);

/* Of all the network's parts together; all values are alike, for parts_sum. */
typedef struct NetworkTotal {
    NetworkCount count;
    uint64_t fingerprint;
    uint64_t events;
    uint64_t connections; /* that had memory at once, part by part */
} NetworkTotal;
NetworkTotal network_total(const Network *network);
/* What has happened so far, written, or read into a network that was set up
 * alike and on which nothing has. No signal may wait. Endpoints' options are
 * of this array. */
void network_code(Network *network, Coder *coder, const TcpOptions *options);

/* --- between parts ------------------------------------------------------ */
/* A packet posted by the part where the link begins. */
void network_come(Network *network, LinkId link, uint32_t packet);
/* One of so many parts, without what all share; and give its own back. */
void network_init_part(Network *network, uint32_t part_count);
void network_clear_part(Network *network);

static inline Network *
network_part(Network *network, uint32_t part)
{
    return network->parts ? parts_network(network->parts, part) : network;
}

/* The index of a part's n-th connection: blocks go round. */
static inline uint32_t
network_connection_index(const Network *network, uint32_t number)
{
    return number % CONNECTION_BLOCK +
           CONNECTION_BLOCK * (number / CONNECTION_BLOCK * network->part_count +
                               network->part);
}

/* The part whose connection it is: where it was opened. */
static inline uint32_t
network_home(const Network *network, EndpointId id)
{
    return (id >> 1) / CONNECTION_BLOCK % network->part_count;
}

static inline Connection *
network_connection(const Network *network, uint32_t index)
{
    return &network->connections[index / CONNECTION_BLOCK]
                                [index % CONNECTION_BLOCK];
}

static inline Endpoint *
network_endpoint(const Network *network, EndpointId id)
{
    return &network_connection(network, id >> 1)->sides[id & 1];
}
