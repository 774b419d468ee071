/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/http2.h: HTTP/2 towards callers, HTTP/1.1 towards the node.
 *
 * A session owns a connection; each of its streams is a connection without a
 * socket, which the host reads and writes as any other. A request's fields
 * are spelt as HTTP/1.1 and held to core's rules; the answer is read by
 * core's reader, and its body goes out by reference, as windows allow.
 */
#pragma once

#include "core/http_reader.h"
#include "live/host.h"

#include <nghttp2/nghttp2.h>

#define HTTP2_STREAM_COUNT_MAX 100u
#define HTTP2_STREAM_WINDOW_BYTES 65536
#define HTTP2_WINDOW_BYTES (1 << 20)

typedef struct Http2Stream Http2Stream;

/* Field by field, the head of a request as it comes. */
typedef struct Http2Head {
    GString *method;
    GString *path;
    GString *fields; /* Host first, as lines */
    uint32_t size_bytes;
    bool is_too_large;
    bool has_length;
} Http2Head;

struct Http2 {
    Host *host;
    Conn *conn;
    Guest *guest;
    PeerId peer;
    nghttp2_session *session;
    Http2Stream *streams;
    Http2 *next; /* of the host's */
    Http2 *before;
    Job pump;
    Http2Head head;
    int64_t head_ns; /* since when a head is coming; 0: none is */
    uint32_t continuation_count;
    uint32_t allowance; /* frames that bring nothing, still let pass */
    int64_t allowance_ns;
    uint64_t gathered_bytes; /* to be sent at once */
    uint32_t round;          /* of telling streams */
    uint32_t error;          /* what it has to end with; 0: nothing */
    bool has_served;
    bool is_ending; /* takes no more requests */
};

struct Http2Stream {
    Http2 *http2; /* NULL: has gone */
    Conn *conn;
    int32_t id;
    Http2Stream *next;
    Http2Stream *before;
    GByteArray *in;      /* not yet read by the host */
    uint32_t head_bytes; /* of them, which no window counts */
    HttpReader reader;   /* of the answer */
    uint32_t round;
    bool is_head_only;
    bool is_answered; /* wholly */
    bool is_over;     /* both sides have ended it */
    bool is_detached; /* the host has closed it: the rest is sent */
};

/* Do the first bytes of a connection announce HTTP/2? */
bool http2_is_preface(const uint8_t *bytes, uint32_t size_bytes);
/* Take over an open connection, and a guest, whom its streams come from. */
Http2 *http2_new(Host *host, Conn *conn, Guest *guest, PeerId peer);
/* Bytes that were read already. */
void http2_feed(Http2 *http2, const uint8_t *bytes, uint32_t size_bytes);
void http2_hear(Http2 *http2, ConnSignal signal);

/* End what is idle or too slow. */
void http2_sweep(Host *host);
/* Take no more requests; close the sessions that have none. */
void http2_drain(Host *host);
void http2_clear(Host *host);
/* Reset it: the host hears of all streams. */
void http2_drop(Http2 *http2);

/* --- live/http2_stream.c ----------------------------------------------- */
/* The head is whole: a stream for the host. */
void http2_stream_open(Http2 *http2, int32_t id, bool has_body);
void http2_stream_free(Http2Stream *stream);
/* The peer, or the end of the session, has ended it. */
void http2_stream_lose(Http2Stream *stream);
/* Look whether the host should be told of something; true: look again. */
bool http2_stream_tell(Http2Stream *stream);
void http2_head_begin(Http2Head *head);
void http2_head_add(Http2Head *head, const nghttp2_rcbuf *name,
                    const nghttp2_rcbuf *value);
void http2_head_clear(Http2Head *head);
/* What live/conn.c asks of a connection without a socket. */
void http2_write(Conn *conn, const OutSlice *slices, uint32_t slice_count);
ConnRead http2_read(Conn *conn, uint32_t size_bytes, uint32_t *ret_size_bytes);
void http2_rewatch(Conn *conn);
void http2_close(Conn *conn, CloseReason reason);
