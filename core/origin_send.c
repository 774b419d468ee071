/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/origin_send.c: the roles that have the files: reading, sealing and
 * sending.
 *
 * A block is what one read asks for. It ends where a slice ends, and holds
 * more than STREAM_LOW_WATER_BYTES that will be sent, so that a turn that
 * sends a block always leaves a full stream, and EVENT_DRAINED always
 * follows. Only the last block of a range is smaller, and needs no sequel.
 *
 *        at                                            range end
 *     |..[=====|=======|=======|=======|=======]|.......]
 *     slice    first block, read from the slice's start
 */
#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/origin_state.h"

static uint32_t
take_tag(Reads *reads, StreamId stream)
{
    if (reads->free_count == 0) {
        uint32_t old = reads->capacity;
        reads->capacity = MAX(8, 2 * old);
        reads->streams = g_renew(StreamId, reads->streams, reads->capacity);
        reads->free_tags = g_renew(uint32_t, reads->free_tags, reads->capacity);
        for (uint32_t tag = reads->capacity; tag > old; tag--)
            reads->free_tags[reads->free_count++] = tag - 1;
    }
    uint32_t tag = reads->free_tags[--reads->free_count];
    reads->streams[tag] = stream;
    return tag;
}

static StreamId
return_tag(Reads *reads, uint32_t tag)
{
    assert(tag < reads->capacity);
    assert(reads->free_count < reads->capacity);
    reads->free_tags[reads->free_count++] = tag;
    return reads->streams[tag];
}

static uint64_t
align_down(uint64_t value, uint64_t step)
{
    return value - value % step;
}

/* Where reads begin and end: at slices, if there are any. */
static uint32_t
step_bytes(const Service *service)
{
    return service->plan.alg == ALG_PLAIN ? 1 : service->plan.slice_bytes;
}

static bool
wants_suffix(const Request *request)
{
    return request->has_range &&
           request->range.offset_bytes == HTTP_RANGE_SUFFIX;
}

/* Where the range ends, as far as is known before the file's size is. */
static uint64_t
known_end(const Service *service)
{
    const Request *request = &service->queue[0];
    if (service->is_head_sent)
        return service->end_bytes;
    if (request->is_head_only || wants_suffix(request))
        return service->at_bytes + 1; /* the size is all that is asked for */
    if (!request->has_range)
        return INT64_MAX;
    return service->at_bytes + MIN(request->range.size_bytes, INT64_MAX / 2);
}

static void
read_block(Origin *origin, StreamId stream, Turn *turn)
{
    Service *service = origin_service(origin, stream);
    uint32_t step = step_bytes(service);
    uint64_t start_bytes = align_down(service->at_bytes, step);
    uint64_t end_bytes = service->at_bytes + STREAM_LOW_WATER_BYTES + 1;
    end_bytes = MIN(end_bytes, known_end(service));
    end_bytes = align_down(end_bytes + step - 1, step);
    service->state = SERVICE_READING;
    service->read_tag = take_tag(&origin->reads, stream);
    turn_read(turn, service->read_tag, &service->queue[0].wanted.file,
              start_bytes, (uint32_t)(end_bytes - start_bytes));
}

/* The first request is answered. False when it was the last of all. */
static bool
finish(Origin *origin, StreamId stream, Turn *turn)
{
    Service *service = origin_service(origin, stream);
    bool is_last = service->queue[0].is_last;
    service->queue_count--;
    memmove(service->queue, service->queue + 1,
            service->queue_count * sizeof *service->queue);
    service->state = SERVICE_IDLE;
    service->is_head_sent = false;
    if (!is_last)
        return true;
    turn_close(turn, stream, CLOSE_DONE);
    origin_forget(origin, stream);
    return false;
}

static PeerId
peer_of(Origin *origin, StreamId stream)
{
    return sessions_peek(&origin->sessions, stream)->peer;
}

/* Answer the first request with a bare status. False as finish is. */
static bool
refuse(Origin *origin, StreamId stream, HttpHead *head, Turn *turn)
{
    Service *service = origin_service(origin, stream);
    head->is_last = service->queue[0].is_last;
    http_send_response(turn, stream, head, NULL);
    turn_note(turn, NOTE_REQUEST_REFUSED, peer_of(origin, stream),
              head->status);
    return finish(origin, stream, turn);
}

static bool
refuse_status(Origin *origin, StreamId stream, uint16_t status, Turn *turn)
{
    HttpHead head = {.status = status};
    return refuse(origin, stream, &head, turn);
}

static bool
answer_probe(Origin *origin, StreamId stream, Turn *turn)
{
    static const uint8_t ZEROS[ORIGIN_PROBE_BYTES_MAX];
    const Request *request = &origin_service(origin, stream)->queue[0];
    HttpHead head = {
        .status = 200,
        .is_last = request->is_last,
        .body_bytes = request->probe_bytes,
    };
    http_send_response(turn, stream, &head,
                       request->is_head_only ? NULL : ZEROS);
    turn_note(turn, NOTE_REQUEST_SERVED, peer_of(origin, stream),
              request->is_head_only ? 0 : head.body_bytes);
    return finish(origin, stream, turn);
}

static void
wait_for_key(Origin *origin, StreamId stream)
{
    origin_service(origin, stream)->state = SERVICE_KEY;
    if (origin->waiting_count == origin->waiting_capacity) {
        origin->waiting_capacity = MAX(8, 2 * origin->waiting_capacity);
        origin->waiting =
            g_renew(StreamId, origin->waiting, origin->waiting_capacity);
    }
    origin->waiting[origin->waiting_count++] = stream;
}

/* Begin to answer a request for a file. False as finish is. */
static bool
begin_file(Origin *origin, StreamId stream, Turn *turn)
{
    Service *service = origin_service(origin, stream);
    const Request *request = &service->queue[0];
    KeyAnswer answer = KEY_ANSWER_PLAN;
    uint16_t status = 503;
    service->plan.alg = ALG_PLAIN;
    if (origin->keys)
        answer = key_cache_find(origin->keys, &request->wanted, &service->plan,
                                &status);
    if (answer == KEY_ANSWER_REFUSED)
        return refuse_status(origin, stream, status, turn);
    if (answer == KEY_ANSWER_WAIT) {
        wait_for_key(origin, stream);
        return true;
    }
    bool has_start = request->has_range && !wants_suffix(request);
    service->at_bytes = has_start ? request->range.offset_bytes : 0;
    /* No file reaches so far; and sums below stay in range. */
    if (service->at_bytes > INT64_MAX / 2)
        return refuse_status(origin, stream, 416, turn);
    read_block(origin, stream, turn);
    return true;
}

bool
origin_serve(Origin *origin, StreamId stream, Turn *turn)
{
    Service *service = origin_service(origin, stream);
    while (service->state == SERVICE_IDLE && service->queue_count > 0) {
        bool is_open = true;
        switch (service->queue[0].kind) {
        case REQUEST_FILE:
            is_open = begin_file(origin, stream, turn);
            break;
        case REQUEST_PROBE:
            is_open = answer_probe(origin, stream, turn);
            break;
        case REQUEST_REFUSED:
            is_open =
                refuse_status(origin, stream, service->queue[0].status, turn);
            break;
        }
        if (!is_open)
            return false;
    }
    if (service->state == SERVICE_IDLE)
        origin_rest(origin, stream);
    return true;
}

/* Settle the range and send the head. False, with *head saying why, when the
 * request cannot be met. */
static bool
send_head(Service *service, StreamId stream, const Event *event, HttpHead *head,
          Turn *turn)
{
    const Request *request = &service->queue[0];
    uint64_t file_bytes = event->read.file_bytes;
    head->range.total_bytes = file_bytes;
    if (!event->read.is_found ||
        event->read.extent.version != request->wanted.version) {
        head->status = 404;
        return false;
    }
    if (request->has_range && service->at_bytes >= file_bytes) {
        head->status = 416;
        head->has_range = true;
        return false;
    }
    uint64_t body_bytes = file_bytes - service->at_bytes;
    if (request->has_range)
        body_bytes = MIN(body_bytes, request->range.size_bytes);
    head->status = request->has_range ? 206 : 200;
    head->has_range = request->has_range;
    head->range.offset_bytes = service->at_bytes;
    head->range.size_bytes = body_bytes;
    head->body_bytes = body_bytes;
    head->is_last = request->is_last;
    service->end_bytes =
        service->at_bytes + (request->is_head_only ? 0 : body_bytes);
    service->is_head_sent = true;
    http_send_response(turn, stream, head, NULL);
    return true;
}

/* Seal the bytes of an extent that a piece asks for, slice by slice. The
 * extent covers whole slices. */
static Chunk *
seal_chunk(Sealer *sealer, const SlicePlan *plan, const Extent *extent,
           const Extent *piece)
{
    uint8_t sealed[SLICE_BYTES_MAX];
    bool is_valid = sealer_use(sealer, plan);
    assert(is_valid);
    Chunk *chunk = chunk_new((uint32_t)piece->size_bytes);
    uint64_t extent_end = extent->offset_bytes + extent->size_bytes;
    uint64_t piece_end = piece->offset_bytes + piece->size_bytes;
    uint64_t at = extent->offset_bytes;
    while (at < extent_end) {
        uint32_t size_bytes = (uint32_t)MIN(plan->slice_bytes, extent_end - at);
        sealer_seal(sealer, at / plan->slice_bytes,
                    extent->chunk->bytes + (at - extent->offset_bytes), sealed,
                    size_bytes, NULL);
        uint64_t from = MAX(at, piece->offset_bytes);
        uint64_t to = MIN(at + size_bytes, piece_end);
        if (from < to)
            memcpy(chunk->bytes + (from - piece->offset_bytes),
                   sealed + (from - at), to - from);
        at += size_bytes;
    }
    return chunk;
}

/* The bytes of an extent that a piece asks for, as they are. */
static Chunk *
cut_chunk(const Extent *extent, const Extent *piece)
{
    if (piece->size_bytes == extent->size_bytes)
        return chunk_ref(extent->chunk);
    Chunk *chunk = chunk_new((uint32_t)piece->size_bytes);
    memcpy(chunk->bytes,
           extent->chunk->bytes + (piece->offset_bytes - extent->offset_bytes),
           piece->size_bytes);
    return chunk;
}

/* Send what the range wants of a block; returns how much that was. */
static uint64_t
send_block(Origin *origin, StreamId stream, const Extent *extent, Turn *turn)
{
    Service *service = origin_service(origin, stream);
    uint64_t extent_end = extent->offset_bytes + extent->size_bytes;
    uint64_t end_bytes = MIN(extent_end, service->end_bytes);
    if (extent->offset_bytes > service->at_bytes ||
        end_bytes <= service->at_bytes)
        return 0;
    Extent piece = *extent;
    piece.offset_bytes = service->at_bytes;
    piece.size_bytes = end_bytes - service->at_bytes;
    piece.is_sealed = service->plan.alg != ALG_PLAIN;
    if (piece.is_sealed) {
        uint32_t slice_bytes = service->plan.slice_bytes;
        turn_work(turn, WORK_SEAL,
                  (extent->size_bytes + slice_bytes - 1) / slice_bytes,
                  extent->size_bytes);
    }
    if (extent->chunk)
        piece.chunk =
            piece.is_sealed
                ? seal_chunk(origin->sealer, &service->plan, extent, &piece)
                : cut_chunk(extent, &piece);
    turn_write_body(turn, stream, &piece);
    if (piece.chunk)
        chunk_unref(piece.chunk);
    service->at_bytes = end_bytes;
    return piece.size_bytes;
}

/* The file's size is known: where its last bytes begin is, too. An empty file
 * has none, as send_head finds. */
static bool
settle_suffix(Service *service, const Event *event)
{
    HttpRange *range = &service->queue[0].range;
    uint64_t file_bytes = event->read.file_bytes;
    if (!wants_suffix(&service->queue[0]) || !event->read.is_found)
        return false;
    range->size_bytes = MIN(range->size_bytes, file_bytes);
    range->offset_bytes = file_bytes - range->size_bytes;
    service->at_bytes = range->offset_bytes;
    return file_bytes > 0;
}

void
origin_take_read(Origin *origin, const Event *event, Turn *turn)
{
    StreamId stream = return_tag(&origin->reads, event->read.tag);
    if (stream == STREAM_NONE)
        return;
    Service *service = origin_service(origin, stream);
    assert(service && service->state == SERVICE_READING);
    sessions_peek(&origin->sessions, stream)->last_ns = event->now_ns;
    if (settle_suffix(service, event)) {
        read_block(origin, stream, turn);
        return;
    }
    HttpHead head = {.status = 0};
    bool is_first = !service->is_head_sent;
    if (is_first && !send_head(service, stream, event, &head, turn)) {
        if (refuse(origin, stream, &head, turn))
            origin_serve(origin, stream, turn);
        return;
    }
    uint64_t sent_bytes = 0;
    if (event->read.is_found &&
        event->read.extent.version == service->queue[0].wanted.version)
        sent_bytes = send_block(origin, stream, &event->read.extent, turn);
    if (service->at_bytes < service->end_bytes) {
        if (sent_bytes > STREAM_LOW_WATER_BYTES) {
            service->state = SERVICE_FULL;
            return;
        }
        /* The file changed or shrank while it was being sent. */
        turn_close(turn, stream, CLOSE_RESET);
        origin_forget(origin, stream);
        return;
    }
    uint64_t start_bytes =
        service->queue[0].has_range ? service->queue[0].range.offset_bytes : 0;
    turn_note(turn, NOTE_REQUEST_SERVED, peer_of(origin, stream),
              service->end_bytes - start_bytes);
    if (finish(origin, stream, turn))
        origin_serve(origin, stream, turn);
}

void
origin_drained(Origin *origin, StreamId stream, Turn *turn)
{
    const Service *service = origin_service(origin, stream);
    if (service && service->state == SERVICE_FULL)
        read_block(origin, stream, turn);
}

void
origin_retry_keys(Origin *origin, Turn *turn)
{
    /* Those that wait again go to the front of the same array. */
    uint32_t count = origin->waiting_count;
    origin->waiting_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        StreamId stream = origin->waiting[i];
        if (stream == STREAM_NONE)
            continue;
        origin_service(origin, stream)->state = SERVICE_IDLE;
        origin_serve(origin, stream, turn);
    }
}
