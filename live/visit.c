/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/visit.c: what each visitor asked for, and how that ended.
 */
#include "live/visit.h"

#include <assert.h>
#include <string.h>

/* A request that is not answered yet. */
typedef struct Ask {
    int64_t start_ns;
    HttpMethod method;
    char target[VISIT_TARGET_BYTES];
} Ask;

struct Visitor {
    HttpReader requests;
    HttpReader answers;
    Ask *asks; /* the first is being answered */
    uint32_t ask_count;
    uint32_t ask_capacity;
    uint16_t status;     /* of the answer under way; 0: none is */
    bool is_garbled;     /* what comes is no request any more */
    int64_t start_ns;    /* of the request being read; VISIT_NO_TIME: none */
    int64_t head_ns;     /* of the answer under way */
    int64_t upstream_ns; /* of the same */
    uint64_t body_bytes; /* of the same */
    uint8_t ip[16];
};

static const VisitStream NOBODY = {NULL, VISIT_NO_TIME, VISIT_NO_TIME};

const char *
visit_end_name(VisitEnd end)
{
    static const char *const NAMES[VISIT_END_COUNT] = {
        [VISIT_DONE] = "done",           [VISIT_LEFT] = "left",
        [VISIT_RESET] = "reset",         [VISIT_CUT] = "cut",
        [VISIT_TIMED_OUT] = "timed_out", [VISIT_REFUSED] = "refused",
    };
    assert(end < VISIT_END_COUNT);
    return NAMES[end];
}

void
visits_init(Visits *visits, const VisitSink *sink)
{
    *visits = (Visits){.sink = *sink};
}

static VisitStream *
stream_of(Visits *visits, StreamId stream)
{
    if (stream >= visits->stream_capacity) {
        uint32_t old = visits->stream_capacity;
        visits->stream_capacity = MAX(stream + 1, MAX(64, 2 * old));
        visits->streams =
            g_renew(VisitStream, visits->streams, visits->stream_capacity);
        for (uint32_t i = old; i < visits->stream_capacity; i++)
            visits->streams[i] = NOBODY;
    }
    return &visits->streams[stream];
}

static Visitor *
visitor_of(Visits *visits, StreamId stream)
{
    return stream == STREAM_NONE ? NULL : stream_of(visits, stream)->visitor;
}

/* Tell of the request that is being answered, or, without one, of the stream
 * itself. */
static void
tell(Visits *visits, Visitor *visitor, VisitEnd end, int64_t now_ns)
{
    const Ask *ask = visitor->ask_count > 0 ? visitor->asks : NULL;
    int64_t start_ns = ask ? ask->start_ns : visitor->start_ns;
    if (start_ns == VISIT_NO_TIME)
        start_ns = now_ns;
    bool has_head = visitor->status != 0;
    Visit visit = {
        .end_ns = now_ns,
        .took_ns = now_ns - start_ns,
        .answer_ns = has_head ? visitor->head_ns - start_ns : VISIT_NO_TIME,
        .upstream_ns = has_head ? visitor->upstream_ns : VISIT_NO_TIME,
        .body_bytes = visitor->body_bytes,
        .ip = visitor->ip,
        .target = ask ? ask->target : "",
        .method = ask ? ask->method : HTTP_GET,
        .status = visitor->status,
        .end = end,
    };
    visits->sink.ended(visits->sink.context, &visit);
    visitor->status = 0;
    visitor->body_bytes = 0;
    if (ask) {
        visitor->ask_count--;
        memmove(visitor->asks, visitor->asks + 1,
                visitor->ask_count * sizeof *visitor->asks);
    }
    /* What is left of a request that was refused early is not read. */
    if (visitor->ask_count == 0)
        visitor->start_ns = VISIT_NO_TIME;
}

static void
open_visitor(Visits *visits, StreamId stream, const uint8_t ip[16])
{
    Visitor *visitor = g_new0(Visitor, 1);
    http_reader_init(&visitor->requests, HTTP_REQUESTS);
    http_reader_init(&visitor->answers, HTTP_RESPONSES);
    visitor->start_ns = VISIT_NO_TIME;
    memcpy(visitor->ip, ip, sizeof visitor->ip);
    stream_of(visits, stream)->visitor = visitor;
}

static void
forget(Visits *visits, StreamId stream)
{
    VisitStream *slot = stream_of(visits, stream);
    Visitor *visitor = slot->visitor;
    *slot = NOBODY;
    if (!visitor)
        return;
    http_reader_clear(&visitor->requests);
    http_reader_clear(&visitor->answers);
    g_free(visitor->asks);
    g_free(visitor);
}

static bool
is_under_way(const Visitor *visitor)
{
    return visitor->ask_count > 0 || visitor->status != 0 ||
           visitor->start_ns != VISIT_NO_TIME;
}

/* The stream is gone, and with it all that was not answered. */
static void
end_stream(Visits *visits, StreamId stream, VisitEnd end, int64_t now_ns)
{
    Visitor *visitor = visitor_of(visits, stream);
    while (visitor && is_under_way(visitor))
        tell(visits, visitor, end, now_ns);
    forget(visits, stream);
}

static void
add_ask(Visitor *visitor, const HttpHead *head)
{
    if (visitor->ask_count == visitor->ask_capacity) {
        visitor->ask_capacity = MAX(1, 2 * visitor->ask_capacity);
        visitor->asks = g_renew(Ask, visitor->asks, visitor->ask_capacity);
    }
    Ask *ask = &visitor->asks[visitor->ask_count++];
    uint32_t target_bytes = MIN(head->target_bytes, VISIT_TARGET_BYTES - 1);
    ask->start_ns = visitor->start_ns;
    ask->method = head->method;
    memcpy(ask->target, head->target, target_bytes);
    ask->target[target_bytes] = '\0';
}

static void
read_requests(Visitor *visitor, const Event *event)
{
    HttpInput input = http_input(event);
    HttpPiece piece;
    while (!visitor->is_garbled) {
        if (visitor->start_ns == VISIT_NO_TIME && input.size_bytes > 0)
            visitor->start_ns = event->now_ns;
        switch (http_reader_next(&visitor->requests, &input, &piece)) {
        case HTTP_MORE:
            return;
        case HTTP_HEAD:
            add_ask(visitor, &piece.head);
            break;
        case HTTP_BODY:
            break;
        case HTTP_END:
            visitor->start_ns = VISIT_NO_TIME;
            break;
        case HTTP_BAD:
            visitor->is_garbled = true;
            break;
        }
    }
}

static void
read_answers(Visits *visits, Visitor *visitor, HttpInput *input, int64_t now_ns)
{
    HttpPiece piece;
    for (;;) {
        switch (http_reader_next(&visitor->answers, input, &piece)) {
        case HTTP_MORE:
            return;
        case HTTP_HEAD:
            visitor->status = piece.head.status;
            visitor->head_ns = now_ns;
            if (visitor->ask_count > 0 &&
                visitor->asks[0].method == HTTP_HEAD_ONLY)
                http_reader_skip_body(&visitor->answers);
            break;
        case HTTP_BODY:
            visitor->body_bytes += piece.size_bytes;
            break;
        case HTTP_END:
            tell(visits, visitor, VISIT_DONE, now_ns);
            break;
        case HTTP_BAD:
            return; /* a refusal amidst a body: the end is near */
        }
    }
}

static void
hear(Visits *visits, const Event *event, const uint8_t ip[16])
{
    if (event->stream == STREAM_NONE)
        return;
    if (event->kind == EVENT_ACCEPTED)
        open_visitor(visits, event->stream, ip);
    VisitStream *slot = stream_of(visits, event->stream);
    if (event->kind == EVENT_CONNECTED)
        visits->sink.connected(visits->sink.context,
                               event->now_ns - slot->asked_ns);
    if (event->kind != EVENT_RECEIVED)
        return;
    if (slot->visitor)
        read_requests(slot->visitor, event);
    else if (slot->heard_ns == VISIT_NO_TIME)
        slot->heard_ns = event->now_ns;
}

static void
see_written(Visits *visits, const Event *event, const Effect *effect,
            HttpInput *input)
{
    VisitStream *slot = stream_of(visits, effect->stream);
    if (!slot->visitor) {
        slot->asked_ns = event->now_ns;
        slot->heard_ns = VISIT_NO_TIME;
        return;
    }
    if (slot->visitor->status == 0) {
        const VisitStream *source = event->stream == STREAM_NONE
                                        ? slot
                                        : stream_of(visits, event->stream);
        bool is_passed_on = event->kind == EVENT_RECEIVED && !source->visitor;
        slot->visitor->upstream_ns =
            is_passed_on ? source->heard_ns - source->asked_ns : VISIT_NO_TIME;
    }
    read_answers(visits, slot->visitor, input, event->now_ns);
}

static void
see(Visits *visits, const Event *event, const Turn *turn, const Effect *effect)
{
    HttpInput input = {0};
    switch (effect->kind) {
    case EFFECT_CONNECT:
        *stream_of(visits, effect->stream) =
            (VisitStream){NULL, event->now_ns, VISIT_NO_TIME};
        break;
    case EFFECT_WRITE:
        input.bytes = turn->bytes + effect->write.start_bytes;
        input.size_bytes = effect->write.size_bytes;
        see_written(visits, event, effect, &input);
        break;
    case EFFECT_WRITE_BODY:
        input.extent = &effect->extent;
        input.size_bytes = effect->extent.size_bytes;
        see_written(visits, event, effect, &input);
        break;
    case EFFECT_CLOSE:
        end_stream(visits, effect->stream,
                   effect->close_reason == CLOSE_TIMED_OUT ? VISIT_TIMED_OUT
                                                           : VISIT_CUT,
                   event->now_ns);
        break;
    case EFFECT_EXPECT:
    case EFFECT_FORWARD:
    case EFFECT_READ:
    case EFFECT_DELIVER:
    case EFFECT_STORE:
    case EFFECT_INTRODUCE:
    case EFFECT_WORK:
    case EFFECT_NOTE:
        break;
    }
}

static VisitEnd
end_of(CloseReason reason)
{
    if (reason == CLOSE_DONE)
        return VISIT_LEFT;
    return reason == CLOSE_TIMED_OUT ? VISIT_TIMED_OUT : VISIT_RESET;
}

void
visits_watch(Visits *visits, const Event *event, const Turn *turn,
             const uint8_t ip[16])
{
    hear(visits, event, ip);
    for (uint32_t i = 0; i < turn->effect_count; i++)
        see(visits, event, turn, &turn->effects[i]);
    if (event->kind == EVENT_CLOSED)
        end_stream(visits, event->stream, end_of(event->closed.reason),
                   event->now_ns);
}

void
visits_passed(Visits *visits, StreamId stream, uint64_t size_bytes,
              int64_t now_ns)
{
    static const Extent UNSEEN = {.size_bytes = 0};
    Visitor *visitor = visitor_of(visits, stream);
    HttpInput input = {.extent = &UNSEEN, .size_bytes = size_bytes};
    if (visitor && size_bytes > 0)
        read_answers(visits, visitor, &input, now_ns);
}

void
visits_refuse(Visits *visits, const uint8_t ip[16], uint16_t status,
              int64_t now_ns)
{
    Visit visit = {
        .end_ns = now_ns,
        .answer_ns = 0,
        .upstream_ns = VISIT_NO_TIME,
        .ip = ip,
        .target = "",
        .status = status,
        .end = VISIT_REFUSED,
    };
    visits->sink.ended(visits->sink.context, &visit);
}

bool
visits_is_quiet(const Visits *visits, StreamId stream)
{
    const Visitor *visitor = stream < visits->stream_capacity
                                 ? visits->streams[stream].visitor
                                 : NULL;
    return !visitor || !is_under_way(visitor);
}

void
visits_clear(Visits *visits, int64_t now_ns)
{
    for (StreamId stream = 0; stream < visits->stream_capacity; stream++)
        end_stream(visits, stream, VISIT_CUT, now_ns);
    g_free(visits->streams);
    memset(visits, 0, sizeof *visits);
}
