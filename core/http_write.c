/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/http_write.c: writes the heads of HTTP/1.1 messages, and sends them.
 *
 * Sizes are those of a real exchange. Peers have no names inside a node, so
 * Host is a constant, but for servers that have to be called by theirs.
 */
#include "core/http.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <glib.h>

/* Text that grows in a buffer known to be large enough. */
typedef struct Page {
    char *bytes;
    uint32_t size_bytes;
} Page;

static void put(Page *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
put(Page *page, const char *format, ...)
{
    uint32_t room_bytes = HTTP_WRITE_BYTES_MAX - page->size_bytes;
    va_list args;
    va_start(args, format);
    int count =
        vsnprintf(page->bytes + page->size_bytes, room_bytes, format, args);
    va_end(args);
    assert(count >= 0 && (uint32_t)count < room_bytes);
    page->size_bytes += (uint32_t)count;
}

const char *
http_method_name(HttpMethod method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_POST:
        return "POST";
    case HTTP_HEAD_ONLY:
        return "HEAD";
    }
    return NULL;
}

uint32_t
http_write_request(const HttpHead *head,
                   char ret_bytes[static HTTP_WRITE_BYTES_MAX])
{
    assert(head->target_bytes > 0);
    assert(head->target_bytes <= HTTP_TARGET_BYTES_MAX);
    Page page = {ret_bytes, 0};
    put(&page, "%s %.*s HTTP/1.1\r\nHost: %s\r\n",
        http_method_name(head->method), (int)head->target_bytes, head->target,
        head->host ? head->host : "byway");
    if (head->has_range && head->range.offset_bytes == HTTP_RANGE_SUFFIX)
        put(&page, "Range: bytes=-%" PRIu64 "\r\n", head->range.size_bytes);
    else if (head->has_range && head->range.size_bytes == HTTP_RANGE_OPEN)
        put(&page, "Range: bytes=%" PRIu64 "-\r\n", head->range.offset_bytes);
    else if (head->has_range)
        put(&page, "Range: bytes=%" PRIu64 "-%" PRIu64 "\r\n",
            head->range.offset_bytes,
            head->range.offset_bytes + head->range.size_bytes - 1);
    if (head->etag)
        put(&page, "If-Range: %s\r\n", head->etag);
    if (head->method == HTTP_POST)
        put(&page, "Content-Length: %" PRIu64 "\r\n", head->body_bytes);
    if (head->is_last)
        put(&page, "Connection: close\r\n");
    put(&page, "\r\n");
    return page.size_bytes;
}

static const char *
reason_of(uint16_t status)
{
    switch (status) {
    case 200:
        return "OK";
    case 206:
        return "Partial Content";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 410:
        return "Gone";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Status"; /* RFC 9112: clients do not read the reason */
    }
}

const char *
http_allowed(const HttpHead *head)
{
    return head->method == HTTP_POST ? "POST" : "GET, HEAD";
}

uint32_t
http_write_response(const HttpHead *head,
                    char ret_bytes[static HTTP_WRITE_BYTES_MAX])
{
    assert(head->status >= 200 && head->status <= 599);
    Page page = {ret_bytes, 0};
    put(&page, "HTTP/1.1 %u %s\r\n", head->status, reason_of(head->status));
    const HttpRange *range = &head->range;
    if (head->status == 206) {
        assert(range->size_bytes == head->body_bytes);
        put(&page, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
            range->offset_bytes, range->offset_bytes + range->size_bytes - 1,
            range->total_bytes);
        put(&page, "\r\n");
    }
    if (head->status == 416 && head->has_range)
        put(&page, "Content-Range: bytes */%" PRIu64 "\r\n",
            range->total_bytes);
    if (head->status == 405)
        put(&page, "Allow: %s\r\n", http_allowed(head));
    put(&page, "Content-Length: %" PRIu64 "\r\n", head->body_bytes);
    if (head->is_last)
        put(&page, "Connection: close\r\n");
    put(&page, "\r\n");
    return page.size_bytes;
}

void
http_send_request(Turn *turn, StreamId stream, const HttpHead *head,
                  const void *body)
{
    char bytes[HTTP_WRITE_BYTES_MAX];
    turn_write(turn, stream, bytes, http_write_request(head, bytes));
    if (body)
        turn_write(turn, stream, body, head->body_bytes);
}

void
http_send_response(Turn *turn, StreamId stream, const HttpHead *head,
                   const void *body)
{
    char bytes[HTTP_WRITE_BYTES_MAX];
    turn_write(turn, stream, bytes, http_write_response(head, bytes));
    if (body)
        turn_write(turn, stream, body, head->body_bytes);
}

void
http_send_refusal(Turn *turn, StreamId stream, uint16_t status)
{
    HttpHead head = {.status = status, .is_last = true};
    http_send_response(turn, stream, &head, NULL);
}
