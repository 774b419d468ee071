/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/http2_stream.c: one request, spelt as HTTP/1.1, and its answer.
 */
#include "live/http2.h"

#include "core/http.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* RFC 9113 6.5.2: what a field counts for beside its text. */
#define FIELD_BYTES 32u
#define NUMBER_BYTES 72u

/* --- the head of a request --------------------------------------------- */

void
http2_head_begin(Http2Head *head)
{
    if (!head->fields) {
        head->method = g_string_new(NULL);
        head->path = g_string_new(NULL);
        head->fields = g_string_new(NULL);
    }
    g_string_truncate(head->method, 0);
    g_string_truncate(head->path, 0);
    g_string_truncate(head->fields, 0);
    head->size_bytes = 0;
    head->is_too_large = false;
    head->has_length = false;
}

void
http2_head_clear(Http2Head *head)
{
    if (!head->fields)
        return;
    g_string_free(head->method, TRUE);
    g_string_free(head->path, TRUE);
    g_string_free(head->fields, TRUE);
    *head = (Http2Head){.method = NULL};
}

/* nghttp2 has seen to it that neither holds the end of a line. */
void
http2_head_add(Http2Head *head, const nghttp2_rcbuf *name,
               const nghttp2_rcbuf *value)
{
    nghttp2_vec key = nghttp2_rcbuf_get_buf((nghttp2_rcbuf *)(uintptr_t)name);
    nghttp2_vec text = nghttp2_rcbuf_get_buf((nghttp2_rcbuf *)(uintptr_t)value);
    const char *word = (const char *)key.base;
    head->size_bytes += (uint32_t)(key.len + text.len) + FIELD_BYTES;
    head->is_too_large |= head->size_bytes > HTTP_HEAD_BYTES_MAX;
    if (head->is_too_large)
        return;
    head->has_length |= g_str_equal(word, "content-length");
    if (g_str_equal(word, ":method")) {
        g_string_append_len(head->method, (char *)text.base, (gssize)text.len);
    } else if (g_str_equal(word, ":path")) {
        g_string_append_len(head->path, (char *)text.base, (gssize)text.len);
    } else if (word[0] != ':' || g_str_equal(word, ":authority")) {
        g_string_append(head->fields, word[0] == ':' ? "host" : word);
        g_string_append(head->fields, ": ");
        g_string_append_len(head->fields, (char *)text.base, (gssize)text.len);
        g_string_append(head->fields, "\r\n");
    }
}

/* A good head is spelt by core's writer; one that core refuses is passed on
 * as it is, for the node to refuse it as it would have been without us. */
static void
spell(Http2Head *head, bool has_body, Http2Stream *stream)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint32_t head_bytes = 0;
    HttpHead parsed;
    /* A body of unknown length: that is what HTTP/1.1 has for it. */
    if (has_body && !head->has_length)
        g_string_append(head->fields, "transfer-encoding: chunked\r\n");
    g_string_printf(text, "%s %s HTTP/1.1\r\n%s\r\n", head->method->str,
                    head->path->str, head->fields->str);
    const uint8_t *bytes = (const uint8_t *)text->str;
    bool is_good =
        text->len <= HTTP_HEAD_BYTES_MAX &&
        http_scan(bytes, text->len, 0, &head_bytes) == HTTP_SCAN_END &&
        head_bytes == text->len &&
        http_parse_request(bytes, head_bytes, &parsed) == 0;
    if (is_good) {
        char written[HTTP_WRITE_BYTES_MAX];
        parsed.is_last = false;
        stream->is_head_only = parsed.method == HTTP_HEAD_ONLY;
        uint32_t written_bytes = http_write_request(&parsed, written);
        g_byte_array_append(stream->in, (guint8 *)written, written_bytes);
    } else {
        g_byte_array_append(stream->in, bytes, (guint)text->len);
    }
    stream->head_bytes = stream->in->len;
}

static void
link_stream(Http2 *http2, Http2Stream *stream)
{
    stream->next = http2->streams;
    if (stream->next)
        stream->next->before = stream;
    http2->streams = stream;
}

static void
unlink_stream(Http2Stream *stream)
{
    Http2 *http2 = stream->http2;
    if (stream->before)
        stream->before->next = stream->next;
    else
        http2->streams = stream->next;
    if (stream->next)
        stream->next->before = stream->before;
    /* What nobody will read is read: others share the window. */
    if (stream->in->len > stream->head_bytes)
        nghttp2_session_consume_connection(
            http2->session, stream->in->len - stream->head_bytes);
    nghttp2_session_set_stream_user_data(http2->session, stream->id, NULL);
    stream->http2 = NULL;
}

static void
count_held(const Http2Stream *stream, int64_t size_bytes)
{
    stream->conn->conns->memory.held_bytes += (uint64_t)size_bytes;
}

void
http2_stream_open(Http2 *http2, int32_t id, bool has_body)
{
    Guest *guest = host_welcome(http2->host, http2->guest->ip);
    if (!guest || http2->head.is_too_large) {
        if (guest)
            host_dismiss(http2->host, guest);
        nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, id,
                                  guest ? NGHTTP2_ENHANCE_YOUR_CALM
                                        : NGHTTP2_REFUSED_STREAM);
        return;
    }
    Http2Stream *stream = g_new0(Http2Stream, 1);
    stream->http2 = http2;
    stream->id = id;
    stream->in = g_byte_array_new();
    stream->conn = conn_new(&http2->host->conns, -1, CONN_OPEN);
    stream->conn->http2 = stream;
    http_reader_init(&stream->reader, HTTP_RESPONSES);
    spell(&http2->head, has_body, stream);
    count_held(stream, stream->in->len);
    link_stream(http2, stream);
    nghttp2_session_set_stream_user_data(http2->session, id, stream);
    http2->has_served = true;
    host_seat(http2->host, stream->conn, guest, http2->peer);
}

void
http2_stream_free(Http2Stream *stream)
{
    Conn *conn = stream->conn;
    if (stream->http2)
        unlink_stream(stream);
    count_held(stream, -(int64_t)stream->in->len);
    http_reader_clear(&stream->reader);
    g_byte_array_unref(stream->in);
    g_free(stream);
    conn->http2 = NULL;
    conn_free(conn);
}

void
http2_stream_lose(Http2Stream *stream)
{
    Conn *conn = stream->conn;
    bool is_detached = stream->is_detached;
    if (is_detached) {
        http2_stream_free(stream);
        return;
    }
    unlink_stream(stream);
    conn_lose(conn, CLOSE_RESET);
    conn_hear(conn, CONN_GONE);
}

/* --- what the host does with it ---------------------------------------- */

static void
wake(const Http2Stream *stream)
{
    if (stream->http2)
        loop_add_job(stream->http2->host->loop, &stream->http2->pump);
}

static bool
has_news(const Http2Stream *stream)
{
    const Conn *conn = stream->conn;
    return conn->state == CONN_OPEN && conn->wants_read &&
           (stream->in->len > 0 || stream->is_over);
}

bool
http2_stream_tell(Http2Stream *stream)
{
    Conn *conn = stream->conn;
    if (conn->state != CONN_OPEN)
        return false;
    if (conn->wants_room && conn->out.unsent_bytes == 0) {
        conn->wants_room = false;
        conn_hear(conn, CONN_ROOM);
    } else if (has_news(stream)) {
        conn_hear(conn, CONN_READABLE);
    }
    /* Who was let go is in nobody's list, but not yet buried. */
    if (conn->state != CONN_OPEN)
        return false;
    conn_check_drained(conn);
    return conn->state == CONN_OPEN && conn->http2 && has_news(conn->http2);
}

void
http2_rewatch(Conn *conn)
{
    bool has_room = conn->wants_room && conn->out.unsent_bytes == 0;
    if (has_room || has_news(conn->http2))
        wake(conn->http2);
}

ConnRead
http2_read(Conn *conn, uint32_t size_bytes, uint32_t *ret_size_bytes)
{
    Http2Stream *stream = conn->http2;
    GByteArray *in = stream->in;
    if (in->len == 0) {
        conn->is_ended |= stream->is_over;
        return stream->is_over ? CONN_READ_END : CONN_READ_NOTHING;
    }
    uint32_t part_bytes = MIN(size_bytes, in->len);
    uint32_t head_bytes = MIN(part_bytes, stream->head_bytes);
    memcpy(conn->conns->page->bytes, in->data, part_bytes);
    g_byte_array_remove_range(in, 0, part_bytes);
    count_held(stream, -(int64_t)part_bytes);
    stream->head_bytes -= head_bytes;
    if (stream->http2 && part_bytes > head_bytes)
        nghttp2_session_consume(stream->http2->session, stream->id,
                                part_bytes - head_bytes);
    conn->last_ns = loop_now_ns(conn->conns->loop);
    wake(stream);
    *ret_size_bytes = part_bytes;
    return CONN_READ_BYTES;
}

/* How much of the body, by reference; an end is one of the last piece. */
static ssize_t
offer_body(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t length,
           uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)buffer;
    (void)source;
    (void)context;
    const Http2Stream *stream =
        nghttp2_session_get_stream_user_data(session, id);
    if (!stream)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    uint64_t held_bytes = stream->conn->out.unsent_bytes;
    if (held_bytes == 0 && !stream->is_answered)
        return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (stream->is_answered && held_bytes <= length)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)MIN(held_bytes, length);
}

static nghttp2_nv
field(const char *name, const char *value)
{
    return (nghttp2_nv){
        .name = (uint8_t *)(uintptr_t)name,
        .value = (uint8_t *)(uintptr_t)value,
        .namelen = strlen(name),
        .valuelen = strlen(value),
        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME,
    };
}

static void
submit_head(const Http2Stream *stream, const HttpHead *head)
{
    char status[NUMBER_BYTES], length[NUMBER_BYTES], span[NUMBER_BYTES];
    const HttpRange *range = &head->range;
    nghttp2_data_provider body = {.read_callback = offer_body};
    nghttp2_nv fields[4];
    bool has_body = head->body_bytes > 0 && !stream->is_head_only;
    size_t count = 2;
    g_snprintf(status, sizeof status, "%u", head->status);
    g_snprintf(length, sizeof length, "%" PRIu64, head->body_bytes);
    fields[0] = field(":status", status);
    fields[1] = field("content-length", length);
    if (head->status == 416 && head->has_range)
        g_snprintf(span, sizeof span, "bytes */%" PRIu64, range->total_bytes);
    else if (head->has_range)
        g_snprintf(span, sizeof span, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                   range->offset_bytes,
                   range->offset_bytes + range->size_bytes - 1,
                   range->total_bytes);
    if (head->has_range)
        fields[count++] = field("content-range", span);
    if (head->status == 405)
        fields[count++] = field("allow", http_allowed(head));
    nghttp2_submit_response(stream->http2->session, stream->id, fields, count,
                            has_body ? &body : NULL);
}

static void
reset(const Http2Stream *stream, uint32_t error)
{
    nghttp2_submit_rst_stream(stream->http2->session, NGHTTP2_FLAG_NONE,
                              stream->id, error);
}

/* By reference, from here to the socket: what has no chunk gets one. */
static void
keep_body(const Http2Stream *stream, const HttpPiece *piece, Chunk *chunk)
{
    OutSlice part = {piece->bytes, (uint32_t)piece->size_bytes, chunk};
    if (!chunk) {
        part.chunk = chunk_new(part.size_bytes);
        part.bytes = part.chunk->bytes;
        memcpy(part.chunk->bytes, piece->bytes, part.size_bytes);
    }
    outbox_keep(&stream->conn->out, &part, 0);
    if (!chunk)
        chunk_unref(part.chunk);
}

static void
write_slice(Http2Stream *stream, const OutSlice *slice)
{
    HttpInput input = {.bytes = slice->bytes, .size_bytes = slice->size_bytes};
    HttpPiece piece;
    while (!stream->is_answered) {
        switch (http_reader_next(&stream->reader, &input, &piece)) {
        case HTTP_MORE:
            return;
        case HTTP_HEAD:
            submit_head(stream, &piece.head);
            if (stream->is_head_only)
                http_reader_skip_body(&stream->reader);
            break;
        case HTTP_BODY:
            keep_body(stream, &piece, slice->chunk);
            break;
        case HTTP_END:
            stream->is_answered = true;
            break;
        case HTTP_BAD:
            reset(stream, NGHTTP2_INTERNAL_ERROR);
            return;
        }
    }
}

void
http2_write(Conn *conn, const OutSlice *slices, uint32_t slice_count)
{
    Http2Stream *stream = conn->http2;
    if (!stream->http2)
        return;
    for (uint32_t i = 0; i < slice_count; i++)
        write_slice(stream, &slices[i]);
    nghttp2_session_resume_data(stream->http2->session, stream->id);
    conn->last_ns = loop_now_ns(conn->conns->loop);
    wake(stream);
}

void
http2_close(Conn *conn, CloseReason reason)
{
    Http2Stream *stream = conn->http2;
    bool is_orderly = reason == CLOSE_DONE && stream->is_answered;
    if (!stream->http2 || stream->is_over) {
        http2_stream_free(stream);
        return;
    }
    wake(stream);
    if (!is_orderly) {
        reset(stream,
              reason == CLOSE_DONE ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_CANCEL);
        http2_stream_free(stream);
        return;
    }
    stream->is_detached = true;
    conn->state = CONN_LOST;
}
