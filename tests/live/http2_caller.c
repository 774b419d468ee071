/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/http2_caller.c: a caller that speaks HTTP/2, by nghttp2.
 */
#include "tests/live/http2_caller.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#define FIELD_COUNT_MAX 16u

static Http2Call *
find_call(Http2Caller *caller, int32_t id)
{
    for (uint32_t i = 0; i < caller->call_count; i++)
        if (caller->calls[i].id == id)
            return &caller->calls[i];
    g_assert_not_reached();
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame,
          const uint8_t *name, size_t name_bytes, const uint8_t *value,
          size_t value_bytes, uint8_t flags, void *context)
{
    g_assert_nonnull(session);
    g_assert_cmpuint(flags & NGHTTP2_NV_FLAG_NO_INDEX, ==, 0);
    g_assert_cmpuint(value_bytes, >, 0);
    if (name_bytes == 7 && memcmp(name, ":status", 7) == 0)
        find_call(context, frame->hd.stream_id)->status =
            (uint32_t)strtoul((const char *)value, NULL, 10);
    if (name_bytes == 14 && memcmp(name, "content-length", 14) == 0)
        find_call(context, frame->hd.stream_id)->length_bytes =
            g_ascii_strtoull((const char *)value, NULL, 10);
    return 0;
}

static int
on_data(nghttp2_session *session, uint8_t flags, int32_t id,
        const uint8_t *bytes, size_t size_bytes, void *context)
{
    g_assert_nonnull(session);
    g_assert_cmpuint(flags & NGHTTP2_FLAG_PADDED, ==, 0);
    g_byte_array_append(find_call(context, id)->body, bytes, (guint)size_bytes);
    return 0;
}

static int
on_close(nghttp2_session *session, int32_t id, uint32_t error, void *context)
{
    g_assert_nonnull(session);
    Http2Call *call = find_call(context, id);
    call->is_closed = true;
    call->error = error;
    return 0;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    Http2Caller *caller = context;
    g_assert_nonnull(session);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
        caller->has_goaway = true;
        caller->goaway_error = frame->goaway.error_code;
    }
    return 0;
}

void
http2_caller_init(Http2Caller *caller, Caller *clear, TlsCaller *tls,
                  uint32_t window_bytes)
{
    nghttp2_session_callbacks *calls;
    nghttp2_option *option;
    *caller = (Http2Caller){.clear = clear, .tls = tls};
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_option_new(&option);
    /* A test says what no good client would. */
    nghttp2_option_set_no_http_messaging(option, 1);
    nghttp2_session_client_new2(&caller->session, calls, caller, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                           window_bytes};
    nghttp2_submit_settings(caller->session, NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(caller->session, NGHTTP2_FLAG_NONE, 0,
                                          1 << 24);
}

void
http2_caller_clear(Http2Caller *caller)
{
    for (uint32_t i = 0; i < caller->call_count; i++)
        g_byte_array_unref(caller->calls[i].body);
    nghttp2_session_del(caller->session);
}

static ssize_t
give_text(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t length,
          uint32_t *flags, nghttp2_data_source *source, void *context)
{
    g_assert_nonnull(session);
    g_assert_nonnull(context);
    g_assert_cmpint(id, >, 0);
    size_t size_bytes = strlen(source->ptr);
    g_assert_cmpuint(size_bytes, <=, length);
    memcpy(buffer, source->ptr, size_bytes);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size_bytes;
}

Http2Call *
http2_caller_ask(Http2Caller *caller, const char *const *fields,
                 const char *body)
{
    nghttp2_nv list[FIELD_COUNT_MAX];
    size_t count = 0;
    for (; fields[2 * count]; count++) {
        const char *name = fields[2 * count];
        const char *value = fields[2 * count + 1];
        g_assert_cmpuint(count, <, FIELD_COUNT_MAX);
        list[count] = (nghttp2_nv){(uint8_t *)(uintptr_t)name,
                                   (uint8_t *)(uintptr_t)value, strlen(name),
                                   strlen(value), NGHTTP2_NV_FLAG_NONE};
    }
    nghttp2_data_provider text = {.source.ptr = (void *)(uintptr_t)body,
                                  .read_callback = give_text};
    g_assert_cmpuint(caller->call_count, <, HTTP2_CALL_COUNT_MAX);
    Http2Call *call = &caller->calls[caller->call_count++];
    *call = (Http2Call){.body = g_byte_array_new()};
    call->id = nghttp2_submit_request(caller->session, NULL, list, count,
                                      body ? &text : NULL, NULL);
    g_assert_cmpint(call->id, >, 0);
    return call;
}

Http2Call *
http2_caller_get(Http2Caller *caller, const char *path, const char *range)
{
    const char *const fields[] = {
        ":method",    "GET",     ":path",
        path,         ":scheme", "http",
        ":authority", "test",    range ? "range" : NULL,
        range,        NULL};
    return http2_caller_ask(caller, fields, NULL);
}

static void
send_wire(Http2Caller *caller)
{
    const uint8_t *bytes;
    ssize_t size_bytes;
    while ((size_bytes = nghttp2_session_mem_send(caller->session, &bytes)) > 0)
        if (caller->tls)
            SSL_write(caller->tls->ssl, bytes, (int)size_bytes);
        else
            caller_try_send(caller->clear, bytes, (size_t)size_bytes);
}

void
http2_caller_step(Http2Caller *caller)
{
    GByteArray *heard = caller->tls ? caller->tls->heard : caller->clear->heard;
    send_wire(caller);
    if (caller->tls)
        tls_caller_step(caller->tls);
    else
        caller_listen(caller->clear, SIZE_MAX);
    if (heard->len > 0)
        g_assert_cmpint(
            nghttp2_session_mem_recv(caller->session, heard->data, heard->len),
            ==, heard->len);
    g_byte_array_set_size(heard, 0);
    send_wire(caller);
}

void
http2_caller_wait(Http2Caller *caller, Loop *loop, const Http2Call *call)
{
    int64_t end_ns = loop_read_clock(loop) + CALLER_PATIENCE_NS;
    const Caller *wire = caller->tls ? &caller->tls->caller : caller->clear;
    while (call ? !call->is_closed : !wire->is_ended && !wire->error) {
        http2_caller_step(caller);
        loopback_step(loop);
        g_assert_cmpint(loop_now_ns(loop), <, end_ns);
    }
}
