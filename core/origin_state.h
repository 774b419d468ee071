/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/origin_state.h: the insides of an origin, for the files of that role.
 *
 * Requests of one stream wait in a queue and are answered one after the
 * other. The one being answered reads a block, sends it, and waits until the
 * stream has drained before it reads the next: a stream holds one block and
 * STREAM_LOW_WATER_BYTES at most.
 */
#pragma once

#include "core/key_cache.h"
#include "core/origin.h"
#include "core/session.h"

/* Pipelined requests beyond these are abuse. */
#define REQUEST_COUNT_MAX 8u

typedef enum RequestKind {
    REQUEST_FILE,
    REQUEST_PROBE,
    REQUEST_REFUSED, /* waits for its turn to be told so */
} RequestKind;

typedef struct Request {
    RequestKind kind;
    uint16_t status; /* REQUEST_REFUSED */
    bool is_last;
    bool is_head_only;
    bool has_range;
    HttpRange range; /* a suffix, until the file's size is known */
    FileVersion wanted;
    uint64_t probe_bytes;
} Request;

typedef enum ServiceState {
    SERVICE_IDLE,
    SERVICE_KEY,     /* waits for the key service */
    SERVICE_READING, /* waits for EVENT_READ */
    SERVICE_FULL,    /* waits for EVENT_DRAINED */
} ServiceState;

/* What one stream is being sent. */
typedef struct Service {
    ServiceState state;
    Request queue[REQUEST_COUNT_MAX]; /* the first is being answered */
    uint32_t queue_count;
    uint32_t read_tag; /* SERVICE_READING */
    bool is_head_sent;
    SlicePlan plan; /* ALG_PLAIN: as it is */
    uint64_t at_bytes;
    uint64_t end_bytes; /* known once the head is sent */
} Service;

/* Which stream each outstanding turn_read is for; STREAM_NONE once that
 * stream has gone. The tag is the index. */
typedef struct Reads {
    StreamId *streams;
    uint32_t *free_tags;
    uint32_t free_count;
    uint32_t capacity;
} Reads;

struct Origin {
    const OriginConfig *config;
    Sessions sessions;
    Service **services; /* by stream; NULL while nothing is asked for */
    uint32_t service_capacity;
    Reads reads;
    Sealer *sealer;    /* data centre */
    KeyCache *keys;    /* data centre */
    StreamId *waiting; /* SERVICE_KEY */
    uint32_t waiting_count;
    uint32_t waiting_capacity;
    bool is_draining;
};

/* core/origin_send.c: answer what is queued, as far as possible now. False
 * when the stream was closed. */
bool origin_serve(Origin *origin, StreamId stream, Turn *turn);
/* Take an EVENT_READ. */
void origin_take_read(Origin *origin, const Event *event, Turn *turn);
/* The stream has room again. */
void origin_drained(Origin *origin, StreamId stream, Turn *turn);
/* Look again for the keys that streams wait for. */
void origin_retry_keys(Origin *origin, Turn *turn);

/* core/origin.c: the stream is closed, by us or by the peer. */
void origin_forget(Origin *origin, StreamId stream);
/* All is answered: thousands of streams wait for their next request. */
void origin_rest(Origin *origin, StreamId stream);
Service *origin_service(const Origin *origin, StreamId stream);
/* The same, made if there is none: a request comes. */
Service *origin_open_service(Origin *origin, StreamId stream);
/* A data centre: keep keys of this key service. */
void origin_open_keys(Origin *origin, PeerId key_service);
