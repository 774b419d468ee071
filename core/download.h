/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download.h: one download of a client, for the files of that role.
 *
 * A download has sources (streams to the CDN and to edges), candidates (the
 * edges it was told of) and two inquiries (to the manager and to the key
 * service). A byte of the file is missing, or wanted of one source, or
 * delivered.
 */
#pragma once

#include "core/client.h"
#include "core/http_reader.h"
#include "core/ranges.h"
#include "core/seal.h"
#include "core/speed.h"
#include "core/wire.h"

#include <glib.h>

#define DOWNLOAD_PROBE_MAX 40u
#define DOWNLOAD_SOURCE_MAX                                                    \
    (CLIENT_CDN_MAX + CLIENT_EDGE_MAX + DOWNLOAD_PROBE_MAX)
#define DOWNLOAD_CANDIDATE_MAX 256u
#define HISTORY_COUNT 64u
#define PLAIN_ALIGN_BYTES 16384u

typedef enum SourceKind {
    SOURCE_NONE, /* an empty slot */
    SOURCE_CDN,
    SOURCE_EDGE,
} SourceKind;

typedef enum SourceState {
    SOURCE_WAITING, /* CDN: until retry_ns, without a stream */
    SOURCE_CONNECTING,
    SOURCE_IDLE,
    SOURCE_ASKED,
    SOURCE_ANSWERED, /* the head has come, the body is coming */
} SourceState;

typedef struct Source {
    SourceKind kind;
    SourceState state;
    StreamId stream;
    PeerId peer;
    uint32_t candidate;     /* edge */
    uint32_t failure_count; /* CDN: in a row */
    bool is_rejoining;      /* edge: a spare, connected to before */
    bool is_retiring;       /* edge: no further request */
    bool is_greeting;       /* edge: its answer to the hello is to come */
    bool is_last;           /* the server closes after this answer */
    int64_t since_ns;       /* of the state */
    int64_t connected_ns;
    int64_t progress_ns; /* when the last byte came */
    int64_t retry_ns;
    Range wanted;          /* to deliver; the start moves up as that happens */
    Range asked;           /* the request: whole slices around it */
    uint64_t next_bytes;   /* where in the file the next body byte belongs */
    uint64_t done_bytes;   /* delivered of this request */
    uint64_t rate_bps;     /* of past requests, smoothed; 0: none yet */
    uint64_t expect_bytes; /* as told to the driver */
    HttpReader reader;
    uint8_t *slice; /* ciphertext of a slice under way, when bytes are real */
    uint32_t slice_fill_bytes;
} Source;

typedef enum CandidateState {
    CANDIDATE_UNTRIED,
    CANDIDATE_IN_USE, /* connecting or connected */
    CANDIDATE_SPARE,  /* has connected, was not needed */
    CANDIDATE_FAILED,
    CANDIDATE_RETIRED, /* was used, and slower than others */
} CandidateState;

typedef struct Candidate {
    PeerId peer;
    Address address;
    CandidateState state;
    uint32_t rank; /* lower is tried first */
    int64_t connect_ns;
} Candidate;

/* What an edge was like, kept from download to download. */
typedef struct EdgeHistory {
    PeerId peer;
    uint64_t rate_bps; /* 0: it failed */
} EdgeHistory;

/* One request to the manager or the key service on a stream of its own. */
typedef struct Inquiry {
    StreamId stream; /* STREAM_NONE: none under way */
    int64_t since_ns;
    int64_t retry_ns; /* when to ask (again); TIME_NEVER: not */
    uint32_t asked_count;
    uint16_t status; /* of the answer under way */
    HttpReader reader;
} Inquiry;

typedef struct Download {
    Command command;     /* a copy of its own */
    uint64_t goal_bytes; /* to deliver, all in all */
    int64_t start_ns;
    int64_t tick_ns;
    int64_t trigger_ns;    /* TIME_NEVER: not slow so far */
    uint32_t windows_done; /* one bit a window */
    RangeSet missing;
    uint64_t done_bytes[SOURCE_EDGE + 1];    /* delivered, by source kind */
    uint64_t trigger_bytes[SOURCE_EDGE + 1]; /* the same, at the trigger */
    Speed speed;
    Source sources[DOWNLOAD_SOURCE_MAX];
    uint32_t source_count; /* slots beyond were never used */
    Candidate candidates[DOWNLOAD_CANDIDATE_MAX];
    uint32_t candidate_count;
    int64_t converge_ns; /* when edges are judged next */
    int64_t list_ns;     /* when the last list came; at first, the trigger */
    uint32_t takeover_count;
    Inquiry nodes;
    Inquiry key;
    SlicePlan plan;
    bool has_key;
} Download;

struct Client {
    const ClientConfig *config;
    Place place;
    Sealer *sealer;
    Download *download; /* NULL: none */
    Command *queue;
    uint32_t queue_count;
    EdgeHistory *history; /* a ring of HISTORY_COUNT, or NULL */
    uint32_t history_count;
};

/* core/download.c */
/* Takes the command's copy over. */
void download_start(Client *client, const Command *command, int64_t now_ns,
                    Turn *turn);
void download_free(Download *download);
/* Do what is due, ask for what is missing, end when nothing is left. */
void download_look_at_time(Client *client, int64_t now_ns, Turn *turn);
bool download_is_fast_enough(const Client *client);
bool download_is_slow(const Client *client);
uint64_t download_done_bytes(const Download *download);
/* The source or NULL whose stream this is. */
Source *download_find_source(Download *download, StreamId stream);
Source *download_add_source(Download *download, SourceKind kind, PeerId peer);

/* core/download_source.c */
void source_connect(Client *client, Source *source, int64_t now_ns, Turn *turn);
void source_connected(Client *client, Source *source, int64_t now_ns,
                      Turn *turn);
void source_receive(Client *client, Source *source, const Event *event,
                    Turn *turn);
/* Its stream is gone: what it did not deliver is missing again. */
void source_lose(Client *client, Source *source, int64_t now_ns,
                 CloseReason reason, Turn *turn);
/* End its stream for a fault of its own, and lose it. */
void source_fail(Client *client, Source *source, int64_t now_ns,
                 CloseReason reason, Turn *turn);
/* End its stream without blame; an edge becomes a candidate in this state. */
void source_release(Client *client, Source *source, int64_t now_ns,
                    CandidateState state, Turn *turn);
int64_t source_deadline_ns(const Client *client, const Source *source);
/* Its deadline has come. */
void source_time_out(Client *client, Source *source, int64_t now_ns,
                     Turn *turn);
bool source_is_connected(const Source *source);
bool source_is_busy(const Source *source);

/* core/download_share.c: who fetches what. */
void share_missing(Client *client, int64_t now_ns, Turn *turn);
/* Bit/s of the request under way if that can be told, else of past ones. */
uint64_t source_rate_bps(const Source *source, int64_t now_ns);

/* core/download_body.c: takes the next body bytes. False: they do not belong
 * there. */
bool source_take_body(Client *client, Source *source, const HttpPiece *piece,
                      Turn *turn);

/* core/download_edge.c: which edges. */
void edges_take_list(Client *client, const NodeList *list, int64_t now_ns);
void edges_look_at_time(Client *client, int64_t now_ns, Turn *turn);
bool edges_are_hopeful(const Client *client);
/* Edges connected and meant to stay. */
uint32_t edges_in_use(const Download *download);
void edges_remember(Client *client, PeerId peer, uint64_t rate_bps);

/* core/download_ask.c: the manager and the key service. */
void inquiry_init(Inquiry *inquiry);
void inquiry_clear(Inquiry *inquiry);
void inquiries_look_at_time(Client *client, int64_t now_ns, Turn *turn);
bool inquiry_is_pending(const Inquiry *inquiry);
/* The inquiry or NULL whose stream this is. */
Inquiry *inquiry_find(Download *download, StreamId stream);
void inquiry_connected(Client *client, Inquiry *inquiry, Turn *turn);
void inquiry_receive(Client *client, Inquiry *inquiry, const Event *event,
                     Turn *turn);
void inquiry_lose(Client *client, Inquiry *inquiry, int64_t now_ns, Turn *turn);
