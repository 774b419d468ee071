/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/visit.h: what each visitor asked for, and how that ended.
 *
 * It watches the door: every event with the turn it led to. Requests and
 * answers are read a second time, by core's own reader, so a role need not
 * know that it is watched. Bytes count as given once they are handed to the
 * connection.
 */
#pragma once

#include "core/http_reader.h"
#include "live/peer.h"

#define VISIT_TARGET_BYTES 100u
#define VISIT_NO_TIME INT64_C(-1)

typedef enum VisitEnd {
    VISIT_DONE,      /* answered, all of it */
    VISIT_LEFT,      /* the visitor ended the stream before that */
    VISIT_RESET,     /* the stream was lost */
    VISIT_TIMED_OUT, /* too slow with the request, or in taking the answer */
    VISIT_CUT,       /* we gave up in the middle: the source did, or we stop */
    VISIT_REFUSED,   /* by a limit: the role never heard of it */
    VISIT_END_COUNT,
} VisitEnd;

/* One request and what came of it. */
typedef struct Visit {
    int64_t end_ns;
    int64_t took_ns;     /* since the request's first byte */
    int64_t answer_ns;   /* thence to the answer's head, or VISIT_NO_TIME */
    int64_t upstream_ns; /* from asking another to its first byte, if asked */
    uint64_t body_bytes; /* of the answer */
    const uint8_t *ip;
    const char *target; /* "" when it could not be read; cut when long */
    HttpMethod method;
    uint16_t status; /* 0: no answer */
    VisitEnd end;
} Visit;

typedef struct VisitSink {
    void *context;
    void (*ended)(void *context, const Visit *visit);
    /* A stream that we asked for is up. */
    void (*connected)(void *context, int64_t took_ns);
} VisitSink;

typedef struct Visitor Visitor;

/* A stream: of a visitor, or one that we asked for. */
typedef struct VisitStream {
    Visitor *visitor;
    int64_t asked_ns; /* VISIT_NO_TIME: not open */
    int64_t heard_ns; /* the first byte since, or VISIT_NO_TIME */
} VisitStream;

typedef struct Visits {
    VisitSink sink;
    VisitStream *streams;
    uint32_t stream_capacity;
} Visits;

void visits_init(Visits *visits, const VisitSink *sink);
/* Whatever is under way is cut. */
void visits_clear(Visits *visits, int64_t now_ns);

/* ip: of whoever opened the stream of an EVENT_ACCEPTED. */
void visits_watch(Visits *visits, const Event *event, const Turn *turn,
                  const uint8_t ip[16]);
/* A standing order has passed so much on to this stream. */
void visits_passed(Visits *visits, StreamId stream, uint64_t size_bytes,
                   int64_t now_ns);
/* Somebody was turned away, with this status. */
void visits_refuse(Visits *visits, const uint8_t ip[16], uint16_t status,
                   int64_t now_ns);
/* Is no request of this visitor begun and not yet answered? */
bool visits_is_quiet(const Visits *visits, StreamId stream);

const char *visit_end_name(VisitEnd end); /* snake_case */
