/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/world.h: nodes of core/ on hosts of a simulated network.
 *
 * The driver of design: signals of the network become events, turns become
 * writes, connections and timers. A host's number is its node's PeerId.
 * What nodes note goes to a NoteSink, the workload's.
 */
#pragma once

#include "core/node.h"

#include <stdio.h>

#include "sim/terrain.h"
#include "sim/turn_wish.h"

typedef uint32_t HostId;

/* One stream number of a host. */
typedef struct HostStream {
    EndpointId endpoint; /* UINT32_MAX: not in use, or gone */
    StreamId forward_to; /* STREAM_NONE: no standing order */
    StreamId forwarded_from;
    StreamId next_released; /* in a Deferred's list */
    bool is_let_go;         /* the node has closed it, though a CPU may wait */
    bool is_promised;       /* what comes belongs to an order that waits */
    uint64_t expect_bytes;  /* of the node, while no order holds */
    uint64_t forward_left_bytes;
    uint64_t forward_bytes;
} HostStream;

/* A turn whose work the CPU has not done yet. */
typedef struct Deferred {
    struct Deferred *next;
    int64_t at_ns;
    StreamId released; /* since it waits: free when no turn can name them */
    Turn turn;
} Deferred;

typedef struct HostCount {
    uint64_t connections;
    uint64_t sent_body_bytes;
    uint64_t received_bytes;
    uint64_t requests;
    uint64_t cpu_busy_ns;
} HostCount;

typedef struct Host {
    Node *node;    /* NULL while offline, and when it lives elsewhere */
    bool is_there; /* not offline */
    const void *config;
    const TcpOptions *options;
    Role role;
    uint32_t number; /* among its role: names its luck */
    SiteId site;
    LinkId up;
    LinkId down;
    uint32_t cores; /* 0: the CPU costs nothing */
    Place place;
    StreamPool pool;
    HostStream *streams;
    uint32_t stream_capacity;
    int64_t wake_ns;
    int64_t wake_entry_ns;
    int64_t cpu_free_ns;
    Deferred *deferred_first;
    Deferred *deferred_last;
    uint32_t incarnation;
    uint8_t nat;    /* NatClass; servers are public */
    uint8_t part;   /* of the network */
    bool is_logged; /* in world->turns */
    HostCount count;
} Host;

/* What a turn_read or turn_store is answered with, once the turn is over. */
typedef struct Answer {
    HostId host;
    uint32_t incarnation;
    Event event;
} Answer;

typedef struct FileInfo {
    uint64_t size_bytes;
    bool is_sampled; /* carries real bytes */
} FileInfo;

typedef struct World World;
/* Where nodes live that are not simulated, on a testbed: who starts and stops
 * them, and brings them commands. What they note comes by world_note. */
typedef struct Elsewhere {
    void *context;
    void (*start)(void *context, HostId host);
    void (*stop)(void *context, HostId host);
    void (*command)(void *context, HostId host, const Command *command);
} Elsewhere;

/* What came of the real bytes that a delivery may carry. */
typedef enum Payload { PAYLOAD_NONE, PAYLOAD_EQUAL, PAYLOAD_DIFFERENT } Payload;

/* What nodes tell: the workload keeps the books. */
typedef struct NoteSink {
    void *context;
    void (*note)(void *context, int64_t now_ns, HostId host,
                 const Effect *note);
    void (*deliver)(void *context, int64_t now_ns, HostId host,
                    const Extent *extent, Payload payload);
} NoteSink;

/* A note or a delivery that waits for the end of a window. */
typedef struct Told {
    int64_t now_ns;
    HostId host;
    Payload payload;
    Effect effect; /* EFFECT_NOTE or EFFECT_DELIVER, without its chunk */
} Told;

/* What the hosts in one part have to themselves, to the cache line. */
typedef struct WorldPart {
    _Alignas(64) GQueue answers; /* Answer * */
    Turn turn;
    GArray *told; /* Told, in the order of time; unused if there is but one */
    uint32_t passed_on; /* of them, to other ranks */
} WorldPart;

struct World {
    const Scenario *scenario;
    PlanSelection mode;
    RandomSeed seed;
    Network network;
    ProcessTable processes;
    Terrain terrain;
    TcpOptions *options;
    Host *hosts;
    uint32_t host_count;
    GArray *files; /* FileInfo */
    WorldPart *parts;
    GArray *legs; /* WorldLeg; NULL: the network is whole */
    NoteSink sink;
    const Elsewhere *elsewhere; /* NULL: all nodes are here */
    FILE *trace;                /* every note as a row; NULL: not wanted */
    const char *trace_mode;
    TurnFile *turns; /* what nodes heard and wanted; NULL: not wanted */
    const TurnWish *turn_wish;       /* whose */
    uint64_t work_ps[WORK_COUNT][2]; /* per unit, per byte */
};

void world_init(World *world, const Scenario *scenario, PlanSelection mode);
void world_clear(World *world);
/* Split the network by its sites, when all hosts and links are there. */
void world_split(World *world);
/* Where entries are pushed that concern the whole world. */
Agenda *world_calendar(World *world);
/* Make room for host_count hosts; then fill world->hosts in. */
void world_add_hosts(World *world, uint32_t host_count);
/* The host's node begins (again). */
void world_start(World *world, HostId host);
/* The host loses its power: nobody is told. */
void world_stop(World *world, HostId host);
void world_command(World *world, HostId host, const Command *command);
/* A node has noted something. */
void world_note(World *world, HostId host, const Effect *note);
uint32_t world_add_file(World *world, uint64_t size_bytes, bool is_sampled);
FileId world_file_id(const World *world, uint32_t file);
/* Handle one entry of a part's agenda and all that follows from it there;
 * false when it is of a kind that the workload owns (churn, commands,
 * samples). */
bool world_step(World *world, Network *network, const AgendaEntry *entry);
/* After a window: tell the sink what nodes of all parts have told. */
void world_listen(World *world);
/* As network_code does it. The sink must have heard all. */
void world_code(World *world, Coder *coder);
/* What other ranks have to know of hosts, for the driver of parts; and in the
 * end, what all of them count. */
void world_tell(World *world, GByteArray *news);
void world_hear_ranks(World *world, const uint8_t *news, size_t size_bytes);
void world_gather(World *world);

/* After commands, starts and stops: let what follows from them happen. */
void world_settle(World *world);

static inline Network *
world_network(World *world, HostId host)
{
    return network_part(&world->network, world->hosts[host].part);
}

static inline WorldPart *
world_part(const World *world, HostId host)
{
    return &world->parts[world->hosts[host].part];
}

/* --- sim/reach.c ------------------------------------------------------- */
Path reach_path(World *world, HostId from, HostId to);
bool reach_is_open(World *world, HostId from, HostId to);
Address reach_address(HostId host);
/* --- sim/payload.c ------------------------------------------------------ */
Chunk *payload_new(uint32_t file, uint64_t offset_bytes, uint32_t size_bytes);
bool payload_is_equal(const Extent *extent);
Payload payload_check(const Extent *extent);
