/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/origin_code.c: the state of a CDN or a data centre in bytes.
 */
#include <glib.h>

#include "core/origin_state.h"
#include "core/turn_code.h"

#define REQUEST_KIND_COUNT (REQUEST_REFUSED + 1)
#define SERVICE_STATE_COUNT (SERVICE_FULL + 1)

CODER_KNOWS(Origin, 0, {0}, 0, 0, {0}, 0, 0, 0, 0, 0, 0);
CODER_KNOWS(Reads, 0, 0, 0, 0);
CODER_KNOWS(Service, 0, {{0}}, 0, 0, 0, {0}, 0, 0);
CODER_KNOWS(Request, 0, 0, 0, 0, 0, {0}, {{{0}}, 0}, 0);
CODER_KNOWS(HttpRange, 0, 0, 0);

static void
code_request(Request *request, Coder *coder)
{
    request->kind =
        (RequestKind)coder_choice(coder, request->kind, REQUEST_KIND_COUNT);
    coder_u16(coder, &request->status);
    coder_flag(coder, &request->is_last);
    coder_flag(coder, &request->is_head_only);
    coder_flag(coder, &request->has_range);
    coder_u64(coder, &request->range.offset_bytes);
    coder_u64(coder, &request->range.size_bytes);
    coder_u64(coder, &request->range.total_bytes);
    coder_bytes(coder, request->wanted.file.bytes,
                sizeof request->wanted.file.bytes);
    coder_u64(coder, &request->wanted.version);
    coder_u64(coder, &request->probe_bytes);
}

static void
code_service(Service *service, Coder *coder)
{
    service->state =
        (ServiceState)coder_choice(coder, service->state, SERVICE_STATE_COUNT);
    coder_bounded(coder, &service->queue_count, REQUEST_COUNT_MAX);
    for (uint32_t i = 0; i < service->queue_count; i++)
        code_request(&service->queue[i], coder);
    coder_u32(coder, &service->read_tag);
    coder_flag(coder, &service->is_head_sent);
    slice_plan_code(&service->plan, coder);
    coder_u64(coder, &service->at_bytes);
    coder_u64(coder, &service->end_bytes);
}

/* What each open session is being sent, if anything. */
static void
code_services(Origin *origin, Coder *coder)
{
    for (StreamId stream = 0; stream < origin->sessions.capacity; stream++) {
        if (!sessions_peek(&origin->sessions, stream))
            continue;
        Service *service = origin_service(origin, stream);
        bool has_service = service != NULL;
        coder_flag(coder, &has_service);
        if (!has_service)
            continue;
        if (coder->is_reading)
            service = origin_open_service(origin, stream);
        code_service(service, coder);
        coder->is_bad |= service->queue_count == 0; /* it had rested */
    }
}

/* Tags in use are known to the services; the others are free, or those of
 * streams that have gone. */
static void
derive_readers(Origin *origin, Coder *coder)
{
    Reads *reads = &origin->reads;
    for (uint32_t tag = 0; tag < reads->capacity; tag++)
        reads->streams[tag] = STREAM_NONE;
    for (StreamId stream = 0; stream < origin->service_capacity; stream++) {
        const Service *service = origin->services[stream];
        if (!service || service->state != SERVICE_READING)
            continue;
        if (service->read_tag < reads->capacity)
            reads->streams[service->read_tag] = stream;
        else
            coder->is_bad = true;
    }
}

/* A read is of a stream, and tags grow as the numbers of streams do. */
static void
code_reads(Origin *origin, Coder *coder)
{
    Reads *reads = &origin->reads;
    uint32_t capacity = reads->capacity;
    coder_bounded(coder, &capacity, STREAM_COUNT_MAX);
    coder_bounded(coder, &reads->free_count, capacity);
    if (coder->is_reading) {
        reads->capacity = capacity;
        reads->streams = g_new(StreamId, capacity);
        reads->free_tags = g_new0(uint32_t, capacity);
        derive_readers(origin, coder);
    }
    for (uint32_t i = 0; i < reads->free_count; i++) {
        coder_u32(coder, &reads->free_tags[i]);
        coder->is_bad |= reads->free_tags[i] >= capacity;
    }
}

/* Those that have gone leave holes. */
static void
code_waiting(Origin *origin, Coder *coder)
{
    coder_u32(coder, &origin->waiting_count);
    if (coder->is_reading) {
        if (!coder_has(coder,
                       (uint64_t)origin->waiting_count * sizeof(StreamId))) {
            origin->waiting_count = 0;
            return;
        }
        origin->waiting_capacity = origin->waiting_count;
        origin->waiting = g_new0(StreamId, origin->waiting_capacity);
    }
    for (uint32_t i = 0; i < origin->waiting_count; i++) {
        StreamId *stream = &origin->waiting[i];
        coder_u32(coder, stream);
        coder->is_bad |=
            *stream != STREAM_NONE && !origin_service(origin, *stream);
    }
}

void
origin_code(Origin *origin, Coder *coder)
{
    bool has_keys = origin->keys != NULL;
    coder_flag(coder, &origin->is_draining);
    sessions_code(&origin->sessions, coder);
    code_services(origin, coder);
    code_reads(origin, coder);
    code_waiting(origin, coder);
    coder_flag(coder, &has_keys);
    if (!has_keys)
        return;
    if (coder->is_reading) {
        coder->is_bad |= !origin->config->is_sealing;
        if (coder->is_bad)
            return;
        origin_open_keys(origin, PEER_NONE);
    }
    key_cache_code(origin->keys, coder);
}
