/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/origin.c: the roles that have the files: requests and streams.
 */
#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/origin_state.h"
#include "core/wire.h"

void
origin_config_init(OriginConfig *config, bool is_sealing)
{
    *config = (OriginConfig){
        .is_sealing = is_sealing,
        .session_count_max = 65536,
        .stream_idle_ns = 120 * NS_PER_S,
        .key_ttl_ns = 300 * NS_PER_S,
        .key_timeout_ns = 5 * NS_PER_S,
    };
}

Origin *
origin_new(const OriginConfig *config)
{
    Origin *origin = g_new0(Origin, 1);
    origin->config = config;
    sessions_init(&origin->sessions, config->stream_idle_ns);
    if (config->is_sealing)
        origin->sealer = sealer_new();
    return origin;
}

static void
service_free(Service *service)
{
    if (!service)
        return;
    seal_wipe(&service->plan, sizeof service->plan);
    g_free(service);
}

void
origin_rest(Origin *origin, StreamId stream)
{
    service_free(origin->services[stream]);
    origin->services[stream] = NULL;
}

void
origin_free(Origin *origin)
{
    if (!origin)
        return;
    for (uint32_t i = 0; i < origin->service_capacity; i++)
        service_free(origin->services[i]);
    g_free(origin->services);
    g_free(origin->reads.streams);
    g_free(origin->reads.free_tags);
    g_free(origin->waiting);
    sessions_clear(&origin->sessions);
    key_cache_free(origin->keys);
    sealer_free(origin->sealer);
    g_free(origin);
}

Service *
origin_service(const Origin *origin, StreamId stream)
{
    return stream < origin->service_capacity ? origin->services[stream] : NULL;
}

Service *
origin_open_service(Origin *origin, StreamId stream)
{
    if (stream >= origin->service_capacity) {
        uint32_t old = origin->service_capacity;
        origin->service_capacity = MAX(stream + 1, MAX(8, 2 * old));
        origin->services =
            g_renew(Service *, origin->services, origin->service_capacity);
        memset(origin->services + old, 0,
               (origin->service_capacity - old) * sizeof(Service *));
    }
    if (!origin->services[stream])
        origin->services[stream] = g_new0(Service, 1);
    return origin->services[stream];
}

void
origin_forget(Origin *origin, StreamId stream)
{
    Service *service = origin_service(origin, stream);
    if (service) {
        if (service->state == SERVICE_READING)
            origin->reads.streams[service->read_tag] = STREAM_NONE;
        origin_rest(origin, stream);
    }
    for (uint32_t i = 0; i < origin->waiting_count; i++)
        if (origin->waiting[i] == stream)
            origin->waiting[i] = STREAM_NONE;
    sessions_close(&origin->sessions, stream);
}

static Request
request_of(const Origin *origin, const HttpHead *head)
{
    Request request = {
        .is_last = head->is_last || origin->is_draining,
        .is_head_only = head->method == HTTP_HEAD_ONLY,
        .has_range = head->has_range,
        .range = head->range,
    };
    bool is_probe =
        origin->config->is_sealing && http_is_path(head, WIRE_PATH_PROBE);
    if (head->method == HTTP_POST) {
        request.kind = REQUEST_REFUSED;
        request.status = 405;
        request.is_last = true; /* its body is not worth reading */
    } else if (is_probe) {
        bool is_good = http_parse_query(head, "bytes", &request.probe_bytes) &&
                       request.probe_bytes <= ORIGIN_PROBE_BYTES_MAX;
        request.kind = is_good ? REQUEST_PROBE : REQUEST_REFUSED;
        request.status = 400;
    } else if (wire_parse_file_path(head->target, head->target_bytes,
                                    &request.wanted.file,
                                    &request.wanted.version)) {
        request.kind = REQUEST_FILE;
    } else {
        request.kind = REQUEST_REFUSED;
        request.status = 404;
    }
    return request;
}

/* Queue a request; false, and the stream is reset, when there are too many. */
static bool
queue_request(Origin *origin, StreamId stream, const Request *request,
              Turn *turn)
{
    Session *session = sessions_peek(&origin->sessions, stream);
    Service *service = origin_open_service(origin, stream);
    session->is_last = request->is_last;
    if (service->queue_count == REQUEST_COUNT_MAX) {
        turn_note(turn, NOTE_REQUEST_REFUSED, session->peer, 429);
        turn_close(turn, stream, CLOSE_PROTOCOL);
        origin_forget(origin, stream);
        return false;
    }
    service->queue[service->queue_count++] = *request;
    return origin_serve(origin, stream, turn);
}

static void
receive(Origin *origin, const Event *event, Turn *turn)
{
    Session *session = sessions_peek(&origin->sessions, event->stream);
    if (!session)
        return;
    session->last_ns = event->now_ns;
    HttpInput input = http_input(event);
    HttpPiece piece;
    HttpStep step = HTTP_END;
    /* After its last request a stream is not listened to. */
    while (!session->is_last && step != HTTP_MORE) {
        step = http_reader_next(&session->reader, &input, &piece);
        Request request = {
            .kind = REQUEST_REFUSED,
            .status = piece.status,
            .is_last = true,
        };
        if (step == HTTP_HEAD)
            request = request_of(origin, &piece.head);
        bool is_request = step == HTTP_HEAD || step == HTTP_BAD;
        if (is_request && !queue_request(origin, event->stream, &request, turn))
            return;
    }
}

static void
accept_stream(Origin *origin, const Event *event, Turn *turn)
{
    if (origin->sessions.open_count < origin->config->session_count_max) {
        sessions_open(&origin->sessions, event);
        return;
    }
    http_send_refusal(turn, event->stream, 503);
    turn_close(turn, event->stream, CLOSE_DONE);
    turn_note(turn, NOTE_REQUEST_REFUSED, event->accepted.peer, 503);
}

/* Close what is silent; with CLOSE_DONE what was sent still arrives. */
static void
close_idle(Origin *origin, const Event *event, Turn *turn)
{
    StreamId stream = 0;
    while (sessions_next_idle(&origin->sessions, event->now_ns, &stream)) {
        Session *session = sessions_peek(&origin->sessions, stream);
        const Service *service = origin_service(origin, stream);
        bool is_quiet = http_reader_is_idle(&session->reader) &&
                        (!service || service->state == SERVICE_IDLE);
        turn_close(turn, stream, is_quiet ? CLOSE_DONE : CLOSE_TIMED_OUT);
        origin_forget(origin, stream);
    }
}

void
origin_open_keys(Origin *origin, PeerId key_service)
{
    KeyCacheConfig config = {
        .key_service = key_service,
        .ttl_ns = origin->config->key_ttl_ns,
        .timeout_ns = origin->config->key_timeout_ns,
        .sealer = origin->sealer,
    };
    assert(!origin->keys);
    origin->keys = key_cache_new(&config);
}

static void
drained(Origin *origin, const Event *event, Turn *turn)
{
    Session *session = sessions_peek(&origin->sessions, event->stream);
    if (!session)
        return;
    session->last_ns = event->now_ns;
    origin_drained(origin, event->stream, turn);
}

/* What is queued is answered; the last answer closes. */
static void
ended(Origin *origin, const Event *event, Turn *turn)
{
    Session *session = sessions_peek(&origin->sessions, event->stream);
    Service *service = origin_service(origin, event->stream);
    if (!session)
        return;
    if (service && service->queue_count > 0) {
        session->is_last = true;
        service->queue[service->queue_count - 1].is_last = true;
        return;
    }
    turn_close(turn, event->stream, CLOSE_DONE);
    origin_forget(origin, event->stream);
}

void
origin_turn(Origin *origin, const Event *event, Turn *turn)
{
    if (origin->keys && key_cache_take(origin->keys, event, turn))
        origin_retry_keys(origin, turn);
    switch (event->kind) {
    case EVENT_START:
        if (origin->config->is_sealing)
            origin_open_keys(origin, event->place->key_service);
        break;
    case EVENT_WAKE:
        close_idle(origin, event, turn);
        break;
    case EVENT_ACCEPTED:
        accept_stream(origin, event, turn);
        break;
    case EVENT_RECEIVED:
        receive(origin, event, turn);
        break;
    case EVENT_DRAINED:
        drained(origin, event, turn);
        break;
    case EVENT_READ:
        origin_take_read(origin, event, turn);
        break;
    case EVENT_ENDED:
        ended(origin, event, turn);
        break;
    case EVENT_CLOSED:
        if (sessions_peek(&origin->sessions, event->stream))
            origin_forget(origin, event->stream);
        break;
    case EVENT_COMMAND:
        origin->is_draining |= event->command->kind == COMMAND_DRAIN;
        break;
    case EVENT_CONNECTED:
    case EVENT_FORWARDED:
    case EVENT_STORED:
    case EVENT_RESTORED:
    case EVENT_STOP:
        break;
    }
    if (origin->keys)
        key_cache_ask(origin->keys, turn);
    turn_wake(turn, origin->sessions.scan_ns);
}
