/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/http2_caller.h: a caller that speaks HTTP/2, by nghttp2.
 */
#pragma once

#include "tests/live/tls_caller.h"

#include <nghttp2/nghttp2.h>

#define HTTP2_CALL_COUNT_MAX 128u

/* One request and what came back. */
typedef struct Http2Call {
    int32_t id;
    uint32_t status;
    uint64_t length_bytes; /* as the answer's head says */
    GByteArray *body;
    bool is_closed;
    uint32_t error; /* it was closed with */
} Http2Call;

typedef struct Http2Caller {
    Caller *clear; /* one of the two carries it */
    TlsCaller *tls;
    nghttp2_session *session;
    Http2Call calls[HTTP2_CALL_COUNT_MAX];
    uint32_t call_count;
    bool has_goaway;
    uint32_t goaway_error;
} Http2Caller;

/* Both are lent; the other is NULL. window_bytes of each stream; the caller
 * reads nothing beyond until it is told to. */
void http2_caller_init(Http2Caller *caller, Caller *clear, TlsCaller *tls,
                       uint32_t window_bytes);
void http2_caller_clear(Http2Caller *caller);
/* Ask: pairs of names and values, the body, if any, as text. */
Http2Call *http2_caller_ask(Http2Caller *caller, const char *const *fields,
                            const char *body);
/* GET a path, of somebody called test; range NULL: all of it. */
Http2Call *http2_caller_get(Http2Caller *caller, const char *path,
                            const char *range);
/* Send and hear, once. */
void http2_caller_step(Http2Caller *caller);
/* Let the loop run until the call, or, with NULL, the connection, has ended. */
void http2_caller_wait(Http2Caller *caller, Loop *loop, const Http2Call *call);
