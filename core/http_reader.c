/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/http_reader.c: cuts what arrives on one stream into HTTP messages.
 *
 * Bytes that came whole are lent straight from the event; only what an
 * event cut short is copied. Memory follows what has really come, never what
 * a peer announces.
 */
#include "core/http_reader.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

enum {
    STATE_HEAD, /* a head, or the beginning of one, is next */
    STATE_BODY,
    STATE_BAD,
    STATE_COUNT,
};

CODER_KNOWS(HttpReader, 0, 0, 0, 0, 0, 0, 0, 0, 0);

void
http_reader_init(HttpReader *reader, HttpSide side)
{
    memset(reader, 0, sizeof *reader);
    reader->side = (uint8_t)side;
}

static void
release_held(HttpReader *reader)
{
    g_free(reader->held);
    reader->held = NULL;
    reader->held_bytes = 0;
    reader->held_capacity = 0;
}

void
http_reader_clear(HttpReader *reader)
{
    release_held(reader);
}

HttpInput
http_input(const Event *event)
{
    assert(event->kind == EVENT_RECEIVED);
    return (HttpInput){
        .bytes = event->received.bytes,
        .size_bytes = event->received.size_bytes,
        .extent = event->received.bytes ? NULL : &event->received.extent,
    };
}

static HttpStep
fail(HttpReader *reader, uint16_t status, HttpPiece *piece)
{
    release_held(reader);
    reader->state = STATE_BAD;
    reader->status = status;
    piece->status = status;
    return HTTP_BAD;
}

static void
advance(HttpInput *input, uint64_t byte_count)
{
    assert(byte_count <= input->size_bytes);
    if (input->bytes)
        input->bytes += byte_count;
    input->size_bytes -= byte_count;
}

static void
hold(HttpReader *reader, HttpInput *input, uint64_t byte_count)
{
    uint32_t need_bytes = reader->held_bytes + (uint32_t)byte_count;
    if (need_bytes > reader->held_capacity) {
        reader->held_capacity = MAX(need_bytes, 2 * reader->held_capacity);
        reader->held = g_realloc(reader->held, reader->held_capacity);
    }
    memcpy(reader->held + reader->held_bytes, input->bytes, byte_count);
    reader->held_bytes = need_bytes;
    advance(input, byte_count);
}

/* Find the end of the head in what is held and what has come. Only what may
 * still be head is copied: the rest of the input may be a large body. */
static HttpScan
gather_head(HttpReader *reader, HttpInput *input, const uint8_t **ret_bytes,
            uint32_t *ret_head_bytes)
{
    if (reader->held_bytes == 0) {
        HttpScan scan =
            http_scan(input->bytes, input->size_bytes, 0, ret_head_bytes);
        *ret_bytes = input->bytes;
        if (scan == HTTP_SCAN_END)
            advance(input, *ret_head_bytes);
        else if (scan == HTTP_SCAN_MORE)
            hold(reader, input, MIN(input->size_bytes, HTTP_HEAD_BYTES_MAX));
        return scan;
    }
    uint32_t start_bytes = reader->held_bytes;
    uint64_t added_bytes =
        MIN(input->size_bytes, HTTP_HEAD_BYTES_MAX - start_bytes);
    HttpInput before = *input;
    hold(reader, input, added_bytes);
    HttpScan scan = http_scan(reader->held, reader->held_bytes, start_bytes,
                              ret_head_bytes);
    *ret_bytes = reader->held;
    if (scan == HTTP_SCAN_END) {
        *input = before;
        advance(input, *ret_head_bytes - start_bytes);
    }
    return scan;
}

static HttpStep
next_head(HttpReader *reader, HttpInput *input, HttpPiece *piece)
{
    bool is_request = reader->side == HTTP_REQUESTS;
    if (input->size_bytes == 0)
        return HTTP_MORE;
    if (!input->bytes)
        return fail(reader, is_request ? 400 : 502, piece);
    const uint8_t *bytes;
    uint32_t head_bytes;
    HttpScan scan = gather_head(reader, input, &bytes, &head_bytes);
    if (scan == HTTP_SCAN_BAD)
        return fail(reader, is_request ? 400 : 502, piece);
    if (scan == HTTP_SCAN_MORE) {
        if (reader->held_bytes < HTTP_HEAD_BYTES_MAX)
            return HTTP_MORE;
        bool has_line = memchr(bytes, '\n', reader->held_bytes) != NULL;
        uint16_t refusal = has_line ? 431 : 414;
        return fail(reader, is_request ? refusal : 502, piece);
    }
    uint16_t status =
        is_request ? http_parse_request(bytes, head_bytes, &piece->head)
                   : http_parse_response(bytes, head_bytes, &piece->head);
    if (status)
        return fail(reader, status, piece);
    reader->is_lent = reader->held_bytes > 0;
    reader->is_collecting = false;
    reader->left_bytes = piece->head.body_bytes;
    reader->state = STATE_BODY;
    return HTTP_HEAD;
}

bool
http_reader_collect(HttpReader *reader)
{
    assert(reader->state == STATE_BODY);
    if (reader->left_bytes > HTTP_COLLECT_BYTES_MAX)
        return false;
    reader->is_collecting = true;
    return true;
}

void
http_reader_skip_body(HttpReader *reader)
{
    assert(reader->state == STATE_BODY);
    reader->left_bytes = 0;
}

static HttpStep
collect(HttpReader *reader, HttpInput *input, HttpPiece *piece)
{
    uint64_t added_bytes = MIN(input->size_bytes, reader->left_bytes);
    if (reader->held_bytes == 0 && added_bytes == reader->left_bytes) {
        piece->bytes = input->bytes;
        piece->size_bytes = added_bytes;
        advance(input, added_bytes);
        reader->left_bytes = 0;
        return HTTP_BODY;
    }
    hold(reader, input, added_bytes);
    reader->left_bytes -= added_bytes;
    if (reader->left_bytes > 0)
        return HTTP_MORE;
    piece->bytes = reader->held;
    piece->size_bytes = reader->held_bytes;
    reader->is_lent = true;
    return HTTP_BODY;
}

static HttpStep
next_body(HttpReader *reader, HttpInput *input, HttpPiece *piece)
{
    if (reader->left_bytes == 0) {
        reader->state = STATE_HEAD;
        return HTTP_END;
    }
    if (input->size_bytes == 0)
        return HTTP_MORE;
    /* Heads are bytes, so an extent never reaches past a message's end. */
    bool is_misplaced =
        !input->bytes &&
        (reader->is_collecting || input->size_bytes > reader->left_bytes);
    if (is_misplaced)
        return fail(reader, reader->side == HTTP_REQUESTS ? 400 : 502, piece);
    if (reader->is_collecting)
        return collect(reader, input, piece);
    uint64_t piece_bytes = MIN(input->size_bytes, reader->left_bytes);
    piece->bytes = input->bytes;
    piece->extent = input->extent;
    piece->size_bytes = piece_bytes;
    advance(input, piece_bytes);
    reader->left_bytes -= piece_bytes;
    return HTTP_BODY;
}

HttpStep
http_reader_next(HttpReader *reader, HttpInput *input, HttpPiece *ret_piece)
{
    if (reader->is_lent) {
        release_held(reader);
        reader->is_lent = false;
    }
    memset(ret_piece, 0, sizeof *ret_piece);
    switch (reader->state) {
    case STATE_HEAD:
        return next_head(reader, input, ret_piece);
    case STATE_BODY:
        return next_body(reader, input, ret_piece);
    default:
        ret_piece->status = reader->status;
        return HTTP_BAD;
    }
}

bool
http_reader_is_idle(const HttpReader *reader)
{
    return reader->state == STATE_HEAD && reader->held_bytes == 0;
}

/* Most streams are between two messages, and cost a byte: what is left over
 * from the last one has no part in the next. */
void
http_reader_code(HttpReader *reader, Coder *coder)
{
    bool is_idle = http_reader_is_idle(reader);
    coder_flag(coder, &is_idle);
    if (is_idle)
        return;
    reader->state = (uint8_t)coder_choice(coder, reader->state, STATE_COUNT);
    if (reader->state == STATE_BODY) {
        coder_flag(coder, &reader->is_collecting);
        coder_u64(coder, &reader->left_bytes);
    }
    if (reader->state == STATE_BAD)
        coder_u16(coder, &reader->status);
    coder_flag(coder, &reader->is_lent);
    coder_bounded(coder, &reader->held_bytes, HTTP_COLLECT_BYTES_MAX);
    if (coder->is_reading) {
        reader->held_capacity = reader->held_bytes;
        reader->held = g_malloc0(reader->held_capacity);
    }
    coder_bytes(coder, reader->held, reader->held_bytes);
}
