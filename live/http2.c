/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/http2.c: sessions: frames in and out, and who sends too many.
 *
 * Nothing is told from inside nghttp2's callbacks: a job, or the end of a
 * read, looks at all streams afterwards. Frames that bring nothing (resets,
 * pings, settings, empty data) draw on an allowance, which time and data that
 * we send fill again; who overdraws it is sent away.
 */
#include "live/http2.h"

#include <assert.h>
#include <string.h>

#define PREFACE "PRI * HTTP/2.0\r\n"
#define PREFACE_BYTES_MIN 4u
/* Gathered for one call. */
#define SEND_BYTES 262144u
#define FRAME_HEAD_BYTES 9u
#define ALLOWANCE_MAX 500u
#define ALLOWANCE_PER_S 50
#define ALLOWANCE_PER_DATA 2u
/* Of one head; it has 8 KiB, and a frame holds 16. */
#define CONTINUATION_COUNT_MAX 4u
/* A stream that is let go, whose peer takes nothing or goes on sending. */
#define STUCK_NS (10 * NS_PER_S)

static void pump(void *context);

bool
http2_is_preface(const uint8_t *bytes, uint32_t size_bytes)
{
    uint32_t seen_bytes = MIN(size_bytes, (uint32_t)sizeof PREFACE - 1);
    return seen_bytes >= PREFACE_BYTES_MIN &&
           memcmp(bytes, PREFACE, seen_bytes) == 0;
}

/* --- what may be too much ---------------------------------------------- */

static void
charge(Http2 *http2)
{
    int64_t now_ns = loop_now_ns(http2->host->loop);
    int64_t step_ns = NS_PER_S / ALLOWANCE_PER_S;
    int64_t earned = (now_ns - http2->allowance_ns) / step_ns;
    http2->allowance_ns += earned * step_ns;
    http2->allowance =
        (uint32_t)MIN(http2->allowance + earned, (int64_t)ALLOWANCE_MAX);
    if (http2->allowance == 0)
        http2->error = NGHTTP2_ENHANCE_YOUR_CALM;
    else
        http2->allowance--;
}

static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd,
               void *context)
{
    (void)session;
    Http2 *http2 = context;
    bool is_data = hd->type == NGHTTP2_DATA &&
                   (hd->length > 0 || (hd->flags & NGHTTP2_FLAG_END_STREAM));
    if (hd->type == NGHTTP2_CONTINUATION &&
        ++http2->continuation_count > CONTINUATION_COUNT_MAX)
        http2->error = NGHTTP2_ENHANCE_YOUR_CALM;
    if (!is_data && hd->type != NGHTTP2_HEADERS)
        charge(http2);
    return 0;
}

/* --- requests ----------------------------------------------------------- */

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame,
                 void *context)
{
    (void)session;
    Http2 *http2 = context;
    http2->continuation_count = 0;
    http2->head_ns = loop_now_ns(http2->host->loop);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
        http2_head_begin(&http2->head);
    return 0;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
          nghttp2_rcbuf *name, nghttp2_rcbuf *value, uint8_t flags,
          void *context)
{
    (void)session;
    (void)flags;
    Http2 *http2 = context;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) /* trailers say nothing */
        http2_head_add(&http2->head, name, value);
    return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)session;
    Http2 *http2 = context;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    http2->head_ns = 0;
    bool is_request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    if (is_request && !http2->error)
        http2_stream_open(http2, frame->hd.stream_id,
                          !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM));
    return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id,
        const uint8_t *bytes, size_t size_bytes, void *context)
{
    (void)flags;
    (void)context;
    Http2Stream *stream = nghttp2_session_get_stream_user_data(session, id);
    if (!stream || stream->is_detached) {
        nghttp2_session_consume(session, id, size_bytes);
        return 0;
    }
    /* At most a window of it. */
    g_byte_array_append(stream->in, bytes, (guint)size_bytes);
    stream->conn->conns->memory.held_bytes += size_bytes;
    return 0;
}

/* --- answers ------------------------------------------------------------ */

static int
on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame,
              void *context)
{
    (void)session;
    Http2 *http2 = context;
    uint8_t type = frame->hd.type;
    if (type == NGHTTP2_RST_STREAM &&
        frame->rst_stream.error_code != NGHTTP2_NO_ERROR)
        charge(http2); /* the peer may make us send them */
    if (type == NGHTTP2_DATA)
        http2->allowance =
            MIN(http2->allowance + ALLOWANCE_PER_DATA, ALLOWANCE_MAX);
    return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t error,
                void *context)
{
    (void)context;
    Http2Stream *stream = nghttp2_session_get_stream_user_data(session, id);
    if (!stream)
        return 0;
    if (stream->is_detached) {
        http2_stream_free(stream);
        return 0;
    }
    bool is_done = stream->is_answered && error == NGHTTP2_NO_ERROR &&
                   stream->conn->out.unsent_bytes == 0;
    stream->is_over = true;
    if (!is_done)
        conn_lose(stream->conn, CLOSE_RESET);
    return 0;
}

static void
gather(Http2 *http2, const OutSlice *slices, uint32_t slice_count)
{
    conn_gather(http2->conn, slices, slice_count);
    for (uint32_t i = 0; i < slice_count; i++)
        http2->gathered_bytes += slices[i].size_bytes;
}

static int
send_body(nghttp2_session *session, nghttp2_frame *frame,
          const uint8_t *frame_head, size_t length, nghttp2_data_source *source,
          void *context)
{
    (void)source;
    Http2 *http2 = context;
    const Http2Stream *stream =
        nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (!stream)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (http2->gathered_bytes >= SEND_BYTES)
        return NGHTTP2_ERR_WOULDBLOCK;
    Conn *conn = stream->conn;
    OutSlice head = {frame_head, FRAME_HEAD_BYTES, NULL};
    gather(http2, &head, 1);
    conn->sent_bytes += length;
    conn->last_ns = loop_now_ns(http2->host->loop);
    while (length > 0) {
        OutSlice piece = outbox_peek(&conn->out, (uint32_t)length);
        gather(http2, &piece, 1);
        outbox_advance(&conn->out, piece.size_bytes);
        length -= piece.size_bytes;
    }
    return 0;
}

static void
send_frames(Http2 *http2)
{
    Conn *conn = http2->conn;
    ssize_t size_bytes = 0;
    http2->gathered_bytes = 0;
    while (http2->gathered_bytes < SEND_BYTES) {
        const uint8_t *bytes;
        size_bytes = nghttp2_session_mem_send(http2->session, &bytes);
        if (size_bytes <= 0)
            break;
        OutSlice slice = {bytes, (uint32_t)size_bytes, NULL};
        gather(http2, &slice, 1);
    }
    if (size_bytes < 0 && !http2->error)
        http2->error = NGHTTP2_INTERNAL_ERROR;
    conn_push(conn);
    if (conn->out.unsent_bytes > 0)
        conn_want_room(conn);
    else if (http2->gathered_bytes >= SEND_BYTES)
        loop_add_job(http2->host->loop, &http2->pump);
}

/* --- sessions ----------------------------------------------------------- */

static nghttp2_session *
new_session(Http2 *http2)
{
    nghttp2_session_callbacks *calls = NULL;
    nghttp2_option *option = NULL;
    nghttp2_session *session = NULL;
    if (nghttp2_session_callbacks_new(&calls) != 0 ||
        nghttp2_option_new(&option) != 0)
        g_error("out of memory");
    nghttp2_session_callbacks_set_on_begin_frame_callback(calls,
                                                          on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls,
                                                            on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(calls, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls,
                                                           on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(calls, send_body);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    if (nghttp2_session_server_new2(&session, calls, http2, option) != 0)
        g_error("out of memory");
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    return session;
}

static void
say_settings(nghttp2_session *session)
{
    static const nghttp2_settings_entry SETTINGS[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP2_STREAM_COUNT_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, HTTP2_STREAM_WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HTTP_HEAD_BYTES_MAX},
    };
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, SETTINGS,
                            G_N_ELEMENTS(SETTINGS));
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                          HTTP2_WINDOW_BYTES);
}

Http2 *
http2_new(Host *host, Conn *conn, Guest *guest, PeerId peer)
{
    Http2 *http2 = g_new0(Http2, 1);
    http2->host = host;
    http2->conn = conn;
    http2->guest = guest;
    http2->peer = peer;
    http2->allowance = ALLOWANCE_MAX;
    http2->allowance_ns = loop_now_ns(host->loop);
    http2->pump = (Job){.run = pump, .context = http2};
    http2->session = new_session(http2);
    http2->next = host->sessions;
    if (http2->next)
        http2->next->before = http2;
    host->sessions = http2;
    conn->session = http2;
    conn_expect(conn, 1);
    conn_want_read(conn, true);
    say_settings(http2->session);
    loop_add_job(host->loop, &http2->pump);
    return http2;
}

/* The host hears of all streams. */
static void
http2_free(Http2 *http2, CloseReason reason)
{
    Host *host = http2->host;
    while (http2->streams)
        http2_stream_lose(http2->streams);
    if (http2->before)
        http2->before->next = http2->next;
    else
        host->sessions = http2->next;
    if (http2->next)
        http2->next->before = http2->before;
    loop_drop_job(host->loop, &http2->pump);
    nghttp2_session_del(http2->session);
    http2_head_clear(&http2->head);
    http2->conn->session = NULL;
    conn_close(http2->conn, reason);
    host_dismiss(host, http2->guest);
    g_free(http2);
}

static void
end(Http2 *http2, uint32_t error)
{
    nghttp2_session_terminate_session(http2->session, error);
    send_frames(http2);
    http2_free(http2, CLOSE_DONE);
}

/* One that has not been told in this round. */
static Http2Stream *
find_untold(const Http2 *http2)
{
    Http2Stream *stream = http2->streams;
    while (stream && stream->round == http2->round)
        stream = stream->next;
    return stream;
}

/* A stream that is told of something may close itself and others. */
static void
tell_streams(Http2 *http2)
{
    bool is_again = false;
    Http2Stream *stream;
    http2->round++;
    while ((stream = find_untold(http2)) != NULL) {
        stream->round = http2->round;
        if (stream->is_over && stream->conn->state == CONN_LOST)
            http2_stream_lose(stream);
        else
            is_again |= http2_stream_tell(stream);
    }
    if (is_again)
        loop_add_job(http2->host->loop, &http2->pump);
}

static void
pump(void *context)
{
    Http2 *http2 = context;
    host_settle(http2->host);
    tell_streams(http2);
    if (http2->conn->out.unsent_bytes > 0)
        conn_want_room(http2->conn);
    else
        send_frames(http2);
    tell_streams(http2); /* of the room that this made */
    bool is_done = http2->is_ending && !http2->streams;
    bool is_mute = !nghttp2_session_want_read(http2->session) &&
                   !nghttp2_session_want_write(http2->session);
    if (http2->error || is_done || is_mute)
        end(http2, http2->error);
}

void
http2_feed(Http2 *http2, const uint8_t *bytes, uint32_t size_bytes)
{
    ssize_t result =
        nghttp2_session_mem_recv(http2->session, bytes, size_bytes);
    if (result < 0 && !http2->error)
        http2->error = result == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM
                                                     : NGHTTP2_PROTOCOL_ERROR;
    pump(http2);
}

static void
read_frames(Http2 *http2)
{
    uint32_t size_bytes = 0;
    switch (conn_read(http2->conn, CONN_READ_BYTES_MAX, &size_bytes)) {
    case CONN_READ_NOTHING:
        return;
    case CONN_READ_BYTES:
        http2_feed(http2, http2->conn->conns->page->bytes, size_bytes);
        return;
    case CONN_READ_END:
    case CONN_READ_LOST:
        http2_free(http2, CLOSE_DONE);
        return;
    }
}

void
http2_hear(Http2 *http2, ConnSignal signal)
{
    Host *host = http2->host;
    switch (signal) {
    case CONN_READABLE:
        read_frames(http2);
        break;
    case CONN_ROOM:
        pump(http2);
        break;
    case CONN_GONE:
        http2_free(http2, CLOSE_RESET);
        break;
    case CONN_CONNECTED:
    case CONN_DRAINED:
        break;
    }
    host_settle(host);
}

/* --- what the host asks for --------------------------------------------- */

static void
drop_stuck(Http2 *http2, int64_t now_ns)
{
    Http2Stream *next;
    for (Http2Stream *stream = http2->streams; stream; stream = next) {
        next = stream->next;
        if (!stream->is_detached || stream->conn->last_ns > now_ns - STUCK_NS)
            continue;
        nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                  NGHTTP2_CANCEL);
        http2_stream_free(stream);
        loop_add_job(http2->host->loop, &http2->pump);
    }
}

/* Its peer may go on saying things, but it takes nothing. */
static void
drop_slow(Http2 *http2)
{
    http2->host->count.slow_readers++;
    http2_drop(http2);
}

void
http2_sweep(Host *host)
{
    int64_t now_ns = loop_now_ns(host->loop);
    Http2 *next;
    for (Http2 *http2 = host->sessions; http2; http2 = next) {
        int64_t head_ns = now_ns - host->config.head_timeout_ns;
        int64_t idle_ns = now_ns - host->config.session_idle_ns;
        int64_t least_ns = http2->has_served ? idle_ns : head_ns;
        next = http2->next;
        drop_stuck(http2, now_ns);
        if (http2->head_ns != 0 && http2->head_ns <= head_ns)
            end(http2, NGHTTP2_ENHANCE_YOUR_CALM);
        else if (!http2->streams && http2->conn->last_ns <= least_ns)
            end(http2, NGHTTP2_NO_ERROR);
        else if (conn_stuck_ns(http2->conn) <=
                 now_ns - host->config.send_timeout_ns)
            drop_slow(http2);
    }
}

void
http2_drain(Host *host)
{
    for (Http2 *http2 = host->sessions; http2; http2 = http2->next) {
        if (!http2->is_ending)
            nghttp2_submit_goaway(
                http2->session, NGHTTP2_FLAG_NONE,
                nghttp2_session_get_last_proc_stream_id(http2->session),
                NGHTTP2_NO_ERROR, NULL, 0);
        http2->is_ending = true;
        loop_add_job(host->loop, &http2->pump);
    }
}

void
http2_drop(Http2 *http2)
{
    http2_free(http2, CLOSE_TIMED_OUT);
}

void
http2_clear(Host *host)
{
    while (host->sessions)
        http2_free(host->sessions, CLOSE_RESET);
}
