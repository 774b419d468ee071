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

/* What nodes tell: the workload keeps the books. */
typedef struct NoteSink {
    void *context;
    void (*note)(void *context, HostId host, const Effect *note);
    void (*deliver)(void *context, HostId host, const Extent *extent);
} NoteSink;

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
    GArray *files;  /* FileInfo */
    GQueue answers; /* Answer * */
    Turn turn;
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
/* Handle one agenda entry and all that follows from it; false when the entry
 * is of a kind that the workload owns (churn, commands, samples). */
bool world_step(World *world, const AgendaEntry *entry);

/* After commands, starts and stops: let what follows from them happen. */
void world_settle(World *world);

/* --- sim/host.c: events in -------------------------------------------- */
void host_event(World *world, HostId host, Event *event);
void host_take_signal(World *world, const Signal *signal);
void host_wake(World *world, HostId host);
void host_finish_work(World *world, HostId host);
/* Something may wait on the stream that nobody was told of. */
void host_look_again(World *world, HostId host, StreamId stream);
void host_pump_forward(World *world, HostId host, StreamId from);
/* --- sim/effect.c: turns out ------------------------------------------ */
void effect_apply(World *world, HostId host, Turn *turn);
HostStream *host_stream(Host *host, StreamId stream);
void host_release_stream(World *world, HostId host, StreamId stream);
/* Cancel orders from and to the stream. */
void host_forget_forward(World *world, HostId host, StreamId stream);
/* --- sim/reach.c ------------------------------------------------------- */
Path reach_path(World *world, HostId from, HostId to);
bool reach_is_open(const World *world, HostId from, HostId to);
Address reach_address(HostId host);
/* --- sim/payload.c ------------------------------------------------------ */
Chunk *payload_new(uint32_t file, uint64_t offset_bytes, uint32_t size_bytes);
bool payload_is_equal(const Extent *extent);
