/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_http.c: a stream reads the same however it is cut, and a
 * head that was accepted means the same when it is written again.
 *
 * The first byte says which side we are, whether bodies are collected, and
 * how long the pieces are; the rest is the stream.
 */
#include <glib.h>
#include <string.h>

#include "core/http_reader.h"
#include "tests/fuzz/fuzz.h"

#define IS_RESPONSES 1u
#define IS_COLLECTING 2u

static void
check_same(const HttpHead *one, const HttpHead *other)
{
    g_assert_cmpint(one->method, ==, other->method);
    g_assert_cmpuint(one->status, ==, other->status);
    g_assert_cmpint(one->is_last, ==, other->is_last);
    g_assert_cmpint(one->has_range, ==, other->has_range);
    g_assert_cmpuint(one->target_bytes, ==, other->target_bytes);
    g_assert_cmpuint(one->body_bytes, ==, other->body_bytes);
    g_assert_cmpuint(one->range.offset_bytes, ==, other->range.offset_bytes);
    g_assert_cmpuint(one->range.size_bytes, ==, other->range.size_bytes);
}

static void
check_rewrites(const HttpHead *head)
{
    char bytes[HTTP_WRITE_BYTES_MAX];
    HttpHead again;
    uint16_t status;
    if (head->status == 0) {
        uint32_t size = http_write_request(head, bytes);
        status = http_parse_request((const uint8_t *)bytes, size, &again);
    } else {
        uint32_t size = http_write_response(head, bytes);
        status = http_parse_response((const uint8_t *)bytes, size, &again);
    }
    g_assert_cmpuint(status, ==, 0);
    check_same(head, &again);
}

static void
add_step(GString *story, HttpStep step, const HttpPiece *piece)
{
    const HttpHead *head = &piece->head;
    switch (step) {
    case HTTP_HEAD:
        check_rewrites(head);
        g_string_append_printf(
            story, "<%d %u %.*s %lu %d %lu %lu>", (int)head->method,
            head->status, (int)head->target_bytes, head->target,
            head->body_bytes, head->is_last, head->range.offset_bytes,
            head->range.size_bytes);
        return;
    case HTTP_BODY:
        g_string_append_len(story, (const char *)piece->bytes,
                            (gssize)piece->size_bytes);
        return;
    case HTTP_END:
        g_string_append(story, "<end>");
        return;
    case HTTP_BAD:
        g_string_append_printf(story, "<bad %u>", piece->status);
        return;
    case HTTP_MORE:
        return;
    }
}

static GString *
retell(const uint8_t *bytes, size_t byte_count, size_t piece_bytes,
       uint8_t flags)
{
    GString *story = g_string_new(NULL);
    HttpReader reader;
    HttpPiece piece;
    bool is_bad = false;
    http_reader_init(&reader,
                     flags & IS_RESPONSES ? HTTP_RESPONSES : HTTP_REQUESTS);
    for (size_t at = 0; at < byte_count && !is_bad; at += piece_bytes) {
        size_t size = MIN(piece_bytes, byte_count - at);
        uint8_t *copy = g_memdup2(bytes + at, size);
        HttpInput input = {.bytes = copy, .size_bytes = size};
        HttpStep step;
        do {
            step = http_reader_next(&reader, &input, &piece);
            is_bad = step == HTTP_BAD;
            add_step(story, step, &piece);
            if (step == HTTP_HEAD && flags & IS_COLLECTING)
                http_reader_collect(&reader);
        } while (step != HTTP_MORE && !is_bad);
        g_free(copy);
    }
    http_reader_clear(&reader);
    return story;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    if (byte_count < 2)
        return 0;
    size_t piece_bytes = 1 + (bytes[0] >> 2);
    GString *whole = retell(bytes + 1, byte_count - 1, byte_count, bytes[0]);
    GString *cut = retell(bytes + 1, byte_count - 1, piece_bytes, bytes[0]);
    if (!g_string_equal(whole, cut))
        g_error("whole: %s\ncut: %s", whole->str, cut->str);
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
    return 0;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    static const char *const EXAMPLES[] = {
        "\x10GET /f/00?v=1 HTTP/1.1\r\nHost: byway\r\n"
        "Range: bytes=0-99\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\x1ePOST /v1/key HTTP/1.1\r\nHost: byway\r\n"
        "Content-Length: 5\r\nConnection: close\r\n\r\nhelloGET",
        "\x11HTTP/1.1 206 Partial Content\r\n"
        "Content-Range: bytes 0-4/15\r\nContent-Length: 5\r\n\r\nhello",
        "\x0fHTTP/1.1 416 Range Not Satisfiable\r\n"
        "Content-Range: bytes */15\r\nContent-Length: 0\r\n\r\n",
        "\x05HTTP/1.1 204 No Content\r\nConnection: a, close\r\n\r\n",
        "\x08HEAD /f HTTP/1.1\r\nHost: a\r\nRange: x\r\n\r\n"
        "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=-500\r\n\r\n",
        "\x04GET / HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: x\r\n"
        "Expect: y\r\nContent-Length: 18446744073709551615\r\n\r\n",
    };
    if (n >= G_N_ELEMENTS(EXAMPLES))
        return 0;
    uint32_t size_bytes = (uint32_t)strlen(EXAMPLES[n]);
    memcpy(ret_bytes, EXAMPLES[n], size_bytes);
    return size_bytes;
}
