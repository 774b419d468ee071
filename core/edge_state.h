/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/edge_state.h: the insides of an edge, for the files of that role.
 *
 * 60,000 edges stand idle in one process, so an edge is small and allocates
 * a line only for a stream that is open.
 */
#pragma once

#include "core/dice.h"
#include "core/edge.h"
#include "core/http_reader.h"
#include "core/wire.h"

#include <glib.h>

#define GROUP_UNKNOWN UINT32_MAX

typedef enum LineKind {
    LINE_MANAGER,
    LINE_CLIENT,
    LINE_SOURCE, /* to the data centre */
} LineKind;

typedef enum LineState {
    LINE_IDLE, /* client: no request; source: in the pool */
    LINE_CONNECTING,
    LINE_ASKED,    /* source: a request is out; client: it waits for this */
    LINE_ANSWERED, /* the head of the answer has passed */
} LineState;

typedef struct FileRequest {
    FileId file;
    uint64_t version;
    bool is_head_only;
    bool has_range;
    HttpRange range;
} FileRequest;

typedef struct Line {
    LineKind kind;
    LineState state;
    PeerId peer;
    StreamId partner; /* client and source that serve each other */
    uint32_t group;   /* client */
    bool is_reused;   /* source: came from the pool; may be stale */
    bool is_probing;  /* source */
    bool is_last;     /* ends after the message under way */
    bool has_next;    /* client: a pipelined request waits */
    uint16_t status;  /* of the answer under way */
    int64_t since_ns; /* start of the state */
    int64_t asked_ns; /* client: when the request came */
    uint64_t body_bytes;
    uint64_t left_bytes;   /* source: of the body, not yet passed on */
    FileRequest *requests; /* client: the one under way, and the next */
    HttpReader reader;
} Line;

_Static_assert(sizeof(Line) <= 104, "every edge has one to its manager");

struct Edge {
    const EdgeConfig *config;
    Place place;
    Dice dice;
    int64_t report_ns; /* next one */
    int64_t probe_ns;
    int64_t deadline_ns; /* no line has one before */
    StreamId manager;    /* STREAM_NONE: no stream */
    Line **lines;        /* by stream */
    uint32_t line_count;
    uint32_t client_count;
    StreamId *pool; /* idle lines to the data centre, the first one last */
    uint32_t pool_count;
    uint32_t stat_count;
    bool is_draining;
    ClientStat *stats; /* since the last report; allocated on use */
    uint64_t capacity_bps;
    uint64_t traffic_bytes; /* since the last report */
    uint64_t delay_ns;      /* what the probes say; 0: nothing yet */
    uint64_t bandwidth_bps;
};

_Static_assert(sizeof(struct Edge) <= 184, "60,000 of them");

/* core/edge.c */
Line *edge_line(const Edge *edge, StreamId stream);
Line *edge_open_line(Edge *edge, StreamId stream, LineKind kind, PeerId peer,
                     int64_t now_ns);
void edge_drop_line(Edge *edge, StreamId stream);
/* The line waits for something from now on: mind its deadline. */
void edge_mind_line(Edge *edge, const Line *line);
/* A line joins the pool; one is taken out of it, or STREAM_NONE. */
void edge_put_in_pool(Edge *edge, StreamId stream);
StreamId edge_take_from_pool(Edge *edge);

/* core/edge_relay.c: clients, and streams to the data centre. */
void edge_accept(Edge *edge, const Event *event, Turn *turn);
void edge_receive_from_client(Edge *edge, const Event *event, Turn *turn);
/* It asks no more; answer what it has asked. */
void edge_end_client(Edge *edge, StreamId stream, Turn *turn);
void edge_lose_client(Edge *edge, StreamId stream, Turn *turn);
void edge_source_connected(Edge *edge, const Event *event, Turn *turn);
void edge_receive_from_source(Edge *edge, const Event *event, Turn *turn);
void edge_forwarded(Edge *edge, const Event *event, Turn *turn);
/* The source stream is gone already, or closed by the caller. */
void edge_lose_source(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn);
/* Ask for a client's file, or, with STREAM_NONE, for a probe. */
void edge_ask_source(Edge *edge, StreamId client, int64_t now_ns, Turn *turn);
