/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/http.h: the heads of HTTP/1.1 messages, strictly read and written.
 *
 * One spelling of everything: whatever two servers could understand in two
 * ways (bare LF, folded lines, a second Content-Length, Transfer-Encoding,
 * blanks before a colon, percent escapes ...) is refused with a status.
 * Streams of messages are read by core/http_reader.h.
 */
#pragma once

#include "core/turn.h"

#define HTTP_HEAD_BYTES_MAX 8192u
#define HTTP_FIELD_COUNT_MAX 64u
#define HTTP_TARGET_BYTES_MAX 1024u
/* No head that we write is longer. */
#define HTTP_WRITE_BYTES_MAX (HTTP_TARGET_BYTES_MAX + 768u)
/* Range: bytes=a- asks for everything from a on. */
#define HTTP_RANGE_OPEN UINT64_MAX
/* Range: bytes=-n asks for the last n: this is its offset. */
#define HTTP_RANGE_SUFFIX UINT64_MAX

typedef enum HttpMethod {
    HTTP_GET,
    HTTP_POST,
    HTTP_HEAD_ONLY, /* HEAD: as HTTP_GET, but no body follows the head */
} HttpMethod;

typedef struct HttpRange {
    uint64_t offset_bytes; /* HTTP_RANGE_SUFFIX in requests only */
    uint64_t size_bytes;   /* at least 1; HTTP_RANGE_OPEN in requests only */
    uint64_t total_bytes;  /* of the whole file; responses only */
} HttpRange;

/* What a request or a response says that we understand. */
typedef struct HttpHead {
    HttpMethod method;     /* request; 405: what is allowed instead, POST or
                              (HTTP_GET) GET and HEAD */
    uint16_t status;       /* response: 200 to 599; requests have 0 */
    bool is_last;          /* Connection: close */
    bool has_range;        /* Range; Content-Range of a 206, or of a 416, which
                              then tells the size and nothing else */
    uint32_t target_bytes; /* request */
    const char *target;    /* request; lent, not terminated */
    const char *host;      /* request that we write; NULL: a peer of ours */
    const char *etag;      /* request that we write: its range is wanted only of
                              this content; NULL: of any */
    HttpRange range;
    uint64_t body_bytes; /* Content-Length; 0 when there is none */
} HttpHead;

/* Look for the blank line that ends a head. start_bytes is where to begin:
 * 0, or how far an earlier call on a shorter piece looked. */
typedef enum HttpScan {
    HTTP_SCAN_MORE, /* no end yet */
    HTTP_SCAN_END,  /* *ret_head_bytes counts the blank line in */
    HTTP_SCAN_BAD,  /* a byte that no head may hold: give up now */
} HttpScan;
HttpScan http_scan(const uint8_t *bytes, uint64_t size_bytes,
                   uint64_t start_bytes, uint32_t *ret_head_bytes);

/* Read one whole head that http_scan found, blank line included. Returns 0 and
 * fills *ret_head, whose target points into bytes; or the status to refuse the
 * message with (a refused response is always 502). */
uint16_t http_parse_request(const uint8_t *bytes, uint32_t size_bytes,
                            HttpHead *ret_head);
uint16_t http_parse_response(const uint8_t *bytes, uint32_t size_bytes,
                             HttpHead *ret_head);

const char *http_method_name(HttpMethod method);
/* The value of Allow in the head of a 405. */
const char *http_allowed(const HttpHead *head);
/* Write a head and return its size. A request has a Range when has_range; a
 * response a Content-Range, of which 416 tells range.total_bytes alone. */
uint32_t http_write_request(const HttpHead *head,
                            char ret_bytes[static HTTP_WRITE_BYTES_MAX]);
uint32_t http_write_response(const HttpHead *head,
                             char ret_bytes[static HTTP_WRITE_BYTES_MAX]);

/* Send a head and, unless body is NULL, its head->body_bytes of body. */
void http_send_request(Turn *turn, StreamId stream, const HttpHead *head,
                       const void *body);
void http_send_response(Turn *turn, StreamId stream, const HttpHead *head,
                        const void *body);
/* Answer with a bare status and say that the stream ends here; the caller
 * closes it with CLOSE_DONE. */
void http_send_refusal(Turn *turn, StreamId stream, uint16_t status);

/* Is the target this path, with or without a query? */
bool http_is_path(const HttpHead *head, const char *path);
/* The number after ?name= ; the query must hold nothing else. */
bool http_parse_query(const HttpHead *head, const char *name,
                      uint64_t *ret_value);
/* Decimal digits and nothing else, no leading zero, no overflow. */
bool http_parse_number(const char *text, uint32_t text_bytes,
                       uint64_t *ret_value);
