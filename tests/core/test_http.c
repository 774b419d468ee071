/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_http.c: one spelling of HTTP is read, all others refused.
 */
#include <glib.h>
#include <string.h>

#include "core/http_reader.h"

#define HOST "Host: localhost\r\n"

/* What a peer sends and what a strict server answers; 0 is acceptance. */
typedef struct Probe {
    const char *name;
    const char *text;
    uint16_t status;
} Probe;

static HttpInput
input_of(const void *bytes, size_t byte_count)
{
    return (HttpInput){.bytes = bytes, .size_bytes = byte_count};
}

/* Feed text in pieces of piece_bytes; the first status, or 0. */
static uint16_t
status_of(const char *text, size_t text_bytes, size_t piece_bytes)
{
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_REQUESTS);
    HttpStep step = HTTP_MORE;
    for (size_t at = 0; at < text_bytes && step != HTTP_BAD;
         at += piece_bytes) {
        size_t size = MIN(piece_bytes, text_bytes - at);
        HttpInput input = input_of(text + at, size);
        do
            step = http_reader_next(&reader, &input, &piece);
        while (step != HTTP_MORE && step != HTTP_BAD);
    }
    uint16_t status = step == HTTP_BAD ? piece.status : 0;
    http_reader_clear(&reader);
    return status;
}

static const Probe PROBES[] = {
    {"good GET", "GET /1k HTTP/1.1\r\n" HOST "\r\n", 0},
    {"CL and TE",
     "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 6\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
     400},
    {"TE and CL",
     "POST /1k HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
     "Content-Length: 6\r\n\r\n0\r\n\r\nX",
     400},
    {"two lengths",
     "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
     "Content-Length: 2\r\n\r\nab",
     400},
    {"one length twice",
     "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
     "Content-Length: 1\r\n\r\na",
     400},
    {"list of lengths",
     "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\na", 400},
    {"length +1", "POST /1k HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na",
     400},
    {"length 0x1", "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\na",
     400},
    {"length 01", "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 01\r\n\r\na",
     400},
    {"length -1", "POST /1k HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
     400},
    {"length empty", "POST /1k HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n",
     400},
    {"length overflow",
     "POST /1k HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n"
     "\r\na",
     400},
    {"no length", "POST /1k HTTP/1.1\r\n" HOST "\r\n", 411},
    {"GET with body", "GET /1k HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\na",
     400},
    {"TE xchunked",
     "POST /1k HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"TE with VT",
     "POST /1k HTTP/1.1\r\n" HOST "Transfer-Encoding: \x0b"
     "chunked\r\n\r\n",
     400},
    {"TE list",
     "POST /1k HTTP/1.1\r\n" HOST
     "Transfer-Encoding: identity, chunked\r\n\r\n",
     501},
    {"HTTP/1.0 with TE",
     "POST /1k HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 505},
    {"chunk overflow",
     "POST /1k HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
     "fffffffffffffffff\r\na\r\n0\r\n\r\n",
     501},
    {"blank before colon", "GET /1k HTTP/1.1\r\n" HOST "X-A : b\r\n\r\n", 400},
    {"folded line", "GET /1k HTTP/1.1\r\n" HOST "X-A: b\r\n c\r\n\r\n", 400},
    {"folded with colon", "GET /1k HTTP/1.1\r\n" HOST "X-A: b\r\n c: d\r\n\r\n",
     400},
    {"bare LF", "GET /1k HTTP/1.1\nHost: localhost\n\n", 400},
    {"bare CR", "GET /1k HTTP/1.1\r\n" HOST "X-A: b\rc\r\n\r\n", 400},
    {"no Host", "GET /1k HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET /1k HTTP/1.1\r\n" HOST "Host: other\r\n\r\n", 400},
    {"empty Host", "GET /1k HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"Host with path", "GET /1k HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"absolute form", "GET http://other/1k HTTP/1.1\r\n" HOST "\r\n", 400},
    {"two blanks", "GET  /1k HTTP/1.1\r\n" HOST "\r\n", 400},
    {"HTTP/0.9", "GET /1k\r\n\r\n", 400},
    {"HTTP/1.2", "GET /1k HTTP/1.2\r\n" HOST "\r\n", 505},
    {"HTTP/2.0", "GET /1k HTTP/2.0\r\n" HOST "\r\n", 505},
    {"bad version", "GET /1k XTTP/1.1\r\n" HOST "\r\n", 400},
    {"trailing blank", "GET /1k HTTP/1.1 \r\n" HOST "\r\n", 505},
    {"lower method", "get /1k HTTP/1.1\r\n" HOST "\r\n", 501},
    {"method with paren", "G(T /1k HTTP/1.1\r\n" HOST "\r\n", 400},
    {"dot-dot", "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n", 400},
    {"percent NUL", "GET /1k%00 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"fragment", "GET /1k#a HTTP/1.1\r\n" HOST "\r\n", 400},
    {"several ranges",
     "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=0-0,2-2\r\n\r\n", 416},
    {"inverted range", "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=9-1\r\n\r\n",
     416},
    {"empty suffix", "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=-0\r\n\r\n",
     416},
    {"no range", "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=-\r\n\r\n", 416},
    {"suffix overflow",
     "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=-18446744073709551615\r\n\r\n",
     416},
    {"two suffixes", "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=-1,-2\r\n\r\n",
     416},
    {"open range from the end of numbers",
     "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=18446744073709551615-\r\n\r\n",
     416},
    {"HEAD with a body",
     "HEAD /1k HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 400},
    {"HEAD without Host", "HEAD /1k HTTP/1.1\r\n\r\n", 400},
    {"range overflow",
     "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=0-18446744073709551615\r\n\r\n",
     416},
    {"range without a unit", "GET /1k HTTP/1.1\r\n" HOST "Range: 1-2\r\n\r\n",
     416},
    {"two ranges",
     "GET /1k HTTP/1.1\r\n" HOST "Range: bytes=0-1\r\n"
     "Range: bytes=0-1\r\n\r\n",
     400},
    {"Expect", "GET /1k HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n", 417},
    {"CONNECT", "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", 400},
    {"TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 501},
    {"empty line first", "\r\nGET /1k HTTP/1.1\r\n" HOST "\r\n", 400},
    {"no field name", "GET /1k HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400},
    {"no colon", "GET /1k HTTP/1.1\r\n" HOST "X-A\r\n\r\n", 400},
};

static void
malformed_requests_are_refused_whole_and_byte_by_byte(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PROBES); i++) {
        const Probe *probe = &PROBES[i];
        size_t text_bytes = strlen(probe->text);
        g_test_message("%s", probe->name);
        g_assert_cmpuint(status_of(probe->text, text_bytes, text_bytes), ==,
                         probe->status);
        g_assert_cmpuint(status_of(probe->text, text_bytes, 1), ==,
                         probe->status);
    }
}

static void
nul_in_a_value_is_refused(void)
{
    static const char TEXT[] = "GET /1k HTTP/1.1\r\n" HOST "X-A: b\0c\r\n\r\n";
    g_assert_cmpuint(status_of(TEXT, sizeof TEXT - 1, 1000), ==, 400);
}

static void
endless_heads_are_refused_at_the_limit(void)
{
    GString *text = g_string_new("GET /1k HTTP/1.1\r\n" HOST "X-A: ");
    while (text->len < 65536)
        g_string_append(text, "aaaaaaaa");
    g_string_append(text, "\r\n\r\n");
    g_assert_cmpuint(status_of(text->str, text->len, 65536), ==, 431);
    g_assert_cmpuint(status_of(text->str, text->len, 100), ==, 431);

    g_string_assign(text, "GET /1k HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 1000; i++)
        g_string_append(text, "A: b\r\n");
    g_string_append(text, "\r\n");
    g_assert_cmpuint(status_of(text->str, text->len, 65536), ==, 431);

    g_string_assign(text, "GET /");
    while (text->len < HTTP_TARGET_BYTES_MAX + 20)
        g_string_append(text, "aaaaaaaa");
    g_string_append(text, " HTTP/1.1\r\n" HOST "\r\n");
    g_assert_cmpuint(status_of(text->str, text->len, 65536), ==, 414);
    while (text->len < 65536) /* no line end as far as a head may go */
        g_string_insert(text, 5, "aaaaaaaa");
    g_assert_cmpuint(status_of(text->str, text->len, 100), ==, 414);
    g_string_free(text, TRUE);
}

static void
a_head_of_exactly_the_limit_is_read(void)
{
    GString *text = g_string_new("GET /1k HTTP/1.1\r\n" HOST "X-A: ");
    while (text->len < HTTP_HEAD_BYTES_MAX - 4)
        g_string_append_c(text, 'a');
    g_string_append(text, "\r\n\r\n");
    g_assert_cmpuint(status_of(text->str, text->len, 65536), ==, 0);
    g_assert_cmpuint(status_of(text->str, text->len, 7), ==, 0);
    g_string_insert_c(text, 30, 'a');
    g_assert_cmpuint(status_of(text->str, text->len, 65536), ==, 431);
    g_assert_cmpuint(status_of(text->str, text->len, 7), ==, 431);
    g_string_free(text, TRUE);
}

static void
a_written_request_reads_back(void)
{
    HttpHead said = {
        .method = HTTP_GET,
        .target = "/f/abc?v=3",
        .target_bytes = 10,
        .has_range = true,
        .range = {.offset_bytes = 16384, .size_bytes = 100},
        .is_last = true,
    };
    char bytes[HTTP_WRITE_BYTES_MAX];
    uint32_t size = http_write_request(&said, bytes);
    HttpHead heard;
    g_assert_cmpuint(http_parse_request((uint8_t *)bytes, size, &heard), ==, 0);
    g_assert_true(heard.has_range);
    g_assert_cmpuint(heard.range.offset_bytes, ==, 16384);
    g_assert_cmpuint(heard.range.size_bytes, ==, 100);
    g_assert_true(heard.is_last);
    g_assert_true(http_is_path(&heard, "/f/abc"));
    g_assert_false(http_is_path(&heard, "/f/ab"));
    uint64_t version = 0;
    g_assert_true(http_parse_query(&heard, "v", &version));
    g_assert_cmpuint(version, ==, 3);
    g_assert_false(http_parse_query(&heard, "w", &version));
}

static void
an_open_range_reads_back(void)
{
    HttpHead said = {
        .method = HTTP_GET,
        .target = "/a",
        .target_bytes = 2,
        .has_range = true,
        .range = {.offset_bytes = 7, .size_bytes = HTTP_RANGE_OPEN},
    };
    char bytes[HTTP_WRITE_BYTES_MAX];
    uint32_t size = http_write_request(&said, bytes);
    HttpHead heard;
    g_assert_cmpuint(http_parse_request((uint8_t *)bytes, size, &heard), ==, 0);
    g_assert_cmpuint(heard.range.offset_bytes, ==, 7);
    g_assert_cmpuint(heard.range.size_bytes, ==, HTTP_RANGE_OPEN);
}

static void
a_suffix_range_reads_back(void)
{
    HttpHead said = {
        .method = HTTP_GET,
        .target = "/a",
        .target_bytes = 2,
        .has_range = true,
        .range = {.offset_bytes = HTTP_RANGE_SUFFIX, .size_bytes = 500},
    };
    char bytes[HTTP_WRITE_BYTES_MAX];
    uint32_t size = http_write_request(&said, bytes);
    HttpHead heard;
    g_assert_nonnull(g_strstr_len(bytes, size, "\r\nRange: bytes=-500\r\n"));
    g_assert_cmpuint(http_parse_request((uint8_t *)bytes, size, &heard), ==, 0);
    g_assert_true(heard.has_range);
    g_assert_cmpuint(heard.range.offset_bytes, ==, HTTP_RANGE_SUFFIX);
    g_assert_cmpuint(heard.range.size_bytes, ==, 500);
}

static void
ranges_of_heads_and_in_unknown_units_are_ignored(void)
{
    static const char *const TEXTS[] = {
        "HEAD /1k HTTP/1.1\r\n" HOST "Range: bytes=0-9\r\n\r\n",
        "GET /1k HTTP/1.1\r\n" HOST "Range: lines=1-2\r\n\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        HttpHead heard;
        g_assert_cmpuint(http_parse_request((const uint8_t *)TEXTS[i],
                                            (uint32_t)strlen(TEXTS[i]), &heard),
                         ==, 0);
        g_assert_cmpint(heard.method, ==, i ? HTTP_GET : HTTP_HEAD_ONLY);
        g_assert_false(heard.has_range);
        char bytes[HTTP_WRITE_BYTES_MAX];
        uint32_t size = http_write_request(&heard, bytes);
        g_assert_cmpuint(http_parse_request((uint8_t *)bytes, size, &heard), ==,
                         0);
        g_assert_cmpint(heard.method, ==, i ? HTTP_GET : HTTP_HEAD_ONLY);
    }
}

static void
after_an_answer_to_head_comes_the_next_head(void)
{
    static const char TEXT[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                               "HTTP/1.1 404 Not Found\r\n"
                               "Content-Length: 0\r\n\r\n";
    HttpReader reader;
    HttpPiece piece;
    HttpInput input = {.bytes = (const uint8_t *)TEXT,
                       .size_bytes = sizeof TEXT - 1};
    http_reader_init(&reader, HTTP_RESPONSES);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_HEAD);
    g_assert_cmpuint(piece.head.body_bytes, ==, 5);
    http_reader_skip_body(&reader);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_END);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_HEAD);
    g_assert_cmpuint(piece.head.status, ==, 404);
    http_reader_clear(&reader);
}

static uint16_t
response_status(const char *text)
{
    HttpHead head;
    return http_parse_response((const uint8_t *)text, (uint32_t)strlen(text),
                               &head);
}

static void
responses_that_could_be_cut_wrong_are_refused(void)
{
    g_assert_cmpuint(
        response_status("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), ==, 0);
    g_assert_cmpuint(response_status("HTTP/1.1 204 No Content\r\n\r\n"), ==, 0);
    /* Until-close bodies, unasked-for answers, ranges that do not add up. */
    static const char *const BAD[] = {
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 206 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 206 OK\r\nContent-Length: 5\r\n"
        "Content-Range: bytes 0-5/9\r\n\r\n",
        "HTTP/1.1 206 OK\r\nContent-Length: 5\r\n"
        "Content-Range: bytes 5-9/9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
        "Content-Range: bytes 0-4/9\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++)
        g_assert_cmpuint(response_status(BAD[i]), ==, 502);
}

static void
a_written_response_reads_back(void)
{
    HttpHead said = {
        .status = 206,
        .has_range = true,
        .range = {.offset_bytes = 10, .size_bytes = 5, .total_bytes = 15},
        .body_bytes = 5,
    };
    char bytes[HTTP_WRITE_BYTES_MAX];
    uint32_t size = http_write_response(&said, bytes);
    HttpHead heard;
    g_assert_cmpuint(http_parse_response((uint8_t *)bytes, size, &heard), ==,
                     0);
    g_assert_cmpuint(heard.status, ==, 206);
    g_assert_cmpuint(heard.range.offset_bytes, ==, 10);
    g_assert_cmpuint(heard.range.total_bytes, ==, 15);
    g_assert_cmpuint(heard.body_bytes, ==, 5);
}

/* An empty file has the size 0; a size that nobody looked up is not told. */
static void
a_size_is_told_where_it_is_known(void)
{
    static const HttpHead SAID[] = {
        {.status = 416, .has_range = true, .range = {.total_bytes = 15}},
        {.status = 416, .has_range = true},
        {.status = 416},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(SAID); i++) {
        char bytes[HTTP_WRITE_BYTES_MAX];
        HttpHead heard;
        uint32_t size = http_write_response(&SAID[i], bytes);
        g_assert_cmpuint(http_parse_response((uint8_t *)bytes, size, &heard),
                         ==, 0);
        g_assert_cmpint(heard.has_range, ==, SAID[i].has_range);
        g_assert_cmpuint(heard.range.total_bytes, ==,
                         SAID[i].range.total_bytes);
        g_assert_true(!!g_strstr_len(bytes, size, "Content-Range") ==
                      heard.has_range);
    }
}

/* RFC 9110 section 15.5.6: who refuses a method tells those allowed. */
static void
a_refused_method_comes_with_those_allowed(void)
{
    static const struct {
        HttpMethod method;
        const char *field;
    } CASES[] = {
        {HTTP_GET, "\r\nAllow: GET, HEAD\r\n"},
        {HTTP_POST, "\r\nAllow: POST\r\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        char bytes[HTTP_WRITE_BYTES_MAX];
        HttpHead said = {.status = 405, .method = CASES[i].method};
        HttpHead heard;
        uint32_t size = http_write_response(&said, bytes);
        g_assert_nonnull(g_strstr_len(bytes, size, CASES[i].field));
        g_assert_cmpuint(http_parse_response((uint8_t *)bytes, size, &heard),
                         ==, 0);
        g_assert_cmpint(heard.method, ==, CASES[i].method);
    }
}

/* Two requests and a body of text; what a reader makes of it, as text. */
static char *
retell(const char *text, size_t piece_bytes, bool is_collecting)
{
    GString *story = g_string_new(NULL);
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_REQUESTS);
    size_t text_bytes = strlen(text);
    for (size_t at = 0; at < text_bytes; at += piece_bytes) {
        /* On the heap, so that a sanitizer sees a read past the piece. */
        size_t size = MIN(piece_bytes, text_bytes - at);
        char *copy = g_memdup2(text + at, size);
        HttpInput input = input_of(copy, size);
        HttpStep step;
        while ((step = http_reader_next(&reader, &input, &piece)) !=
               HTTP_MORE) {
            if (step == HTTP_HEAD)
                g_string_append_printf(story,
                                       "%.*s:", (int)piece.head.target_bytes,
                                       piece.head.target);
            if (step == HTTP_HEAD && is_collecting)
                g_assert_true(http_reader_collect(&reader));
            if (step == HTTP_BODY)
                g_string_append_len(story, (const char *)piece.bytes,
                                    (gssize)piece.size_bytes);
            if (step == HTTP_BODY && is_collecting)
                g_assert_cmpuint(piece.size_bytes, ==, 5);
            if (step == HTTP_END)
                g_string_append(story, ";");
            g_assert_cmpint(step, !=, HTTP_BAD);
        }
        g_free(copy);
    }
    g_assert_true(http_reader_is_idle(&reader));
    http_reader_clear(&reader);
    return g_string_free(story, FALSE);
}

static void
pipelined_messages_read_the_same_however_they_are_cut(void)
{
    const char *text = "POST /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n"
                       "hello"
                       "GET /b HTTP/1.1\r\n" HOST "\r\n"
                       "POST /c HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n"
                       "world";
    for (size_t piece_bytes = 1; piece_bytes <= strlen(text); piece_bytes++)
        for (int is_collecting = 0; is_collecting < 2; is_collecting++) {
            char *story = retell(text, piece_bytes, is_collecting);
            g_assert_cmpstr(story, ==, "/a:hello;/b:;/c:world;");
            g_free(story);
        }
}

static void
a_body_may_come_as_extents(void)
{
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_RESPONSES);
    const char *text = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    HttpInput input = input_of(text, strlen(text));
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_HEAD);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_MORE);
    for (uint64_t at = 0; at < 1000; at += 500) {
        Extent extent = {.offset_bytes = at, .size_bytes = 500};
        Event event = {
            .kind = EVENT_RECEIVED,
            .received = {.size_bytes = 500, .extent = extent},
        };
        input = http_input(&event);
        g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==,
                        HTTP_BODY);
        g_assert_null(piece.bytes);
        g_assert_cmpuint(piece.extent->offset_bytes, ==, at);
        g_assert_cmpuint(piece.size_bytes, ==, 500);
    }
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_END);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_MORE);
    http_reader_clear(&reader);
}

static void
an_extent_where_a_head_belongs_is_refused(void)
{
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_RESPONSES);
    Extent extent = {.size_bytes = 500};
    HttpInput input = {.size_bytes = 500, .extent = &extent};
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_BAD);
    g_assert_cmpuint(piece.status, ==, 502);
    /* And it stays refused. */
    input = input_of("HTTP/1.1", 8);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_BAD);
    http_reader_clear(&reader);
}

static void
a_body_too_large_to_collect_is_left_alone(void)
{
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_REQUESTS);
    const char *text =
        "POST /a HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n";
    HttpInput input = input_of(text, strlen(text));
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_HEAD);
    g_assert_false(http_reader_collect(&reader));
    http_reader_clear(&reader);
}

static void
an_idle_reader_holds_no_memory(void)
{
    HttpReader reader;
    HttpPiece piece;
    http_reader_init(&reader, HTTP_REQUESTS);
    const char *text = "GET /a HTTP/1.1\r\n" HOST "\r\n";
    size_t half = strlen(text) / 2;
    HttpInput input = input_of(text, half);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_MORE);
    g_assert_nonnull(reader.held);
    input = input_of(text + half, strlen(text) - half);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_HEAD);
    g_assert_cmpint(http_reader_next(&reader, &input, &piece), ==, HTTP_END);
    g_assert_null(reader.held);
    g_assert_cmpuint(sizeof reader, <=, 40);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/malformed_requests_are_refused",
                    malformed_requests_are_refused_whole_and_byte_by_byte);
    g_test_add_func("/http/nul_in_a_value_is_refused",
                    nul_in_a_value_is_refused);
    g_test_add_func("/http/endless_heads_are_refused_at_the_limit",
                    endless_heads_are_refused_at_the_limit);
    g_test_add_func("/http/a_head_of_exactly_the_limit_is_read",
                    a_head_of_exactly_the_limit_is_read);
    g_test_add_func("/http/a_written_request_reads_back",
                    a_written_request_reads_back);
    g_test_add_func("/http/an_open_range_reads_back", an_open_range_reads_back);
    g_test_add_func("/http/a_suffix_range_reads_back",
                    a_suffix_range_reads_back);
    g_test_add_func("/http/ranges_of_heads_and_in_unknown_units_are_ignored",
                    ranges_of_heads_and_in_unknown_units_are_ignored);
    g_test_add_func("/http/after_an_answer_to_head_comes_the_next_head",
                    after_an_answer_to_head_comes_the_next_head);
    g_test_add_func("/http/responses_that_could_be_cut_wrong_are_refused",
                    responses_that_could_be_cut_wrong_are_refused);
    g_test_add_func("/http/a_written_response_reads_back",
                    a_written_response_reads_back);
    g_test_add_func("/http/a_size_is_told_where_it_is_known",
                    a_size_is_told_where_it_is_known);
    g_test_add_func("/http/a_refused_method_comes_with_those_allowed",
                    a_refused_method_comes_with_those_allowed);
    g_test_add_func("/http/pipelined_messages_read_the_same_however_cut",
                    pipelined_messages_read_the_same_however_they_are_cut);
    g_test_add_func("/http/a_body_may_come_as_extents",
                    a_body_may_come_as_extents);
    g_test_add_func("/http/an_extent_where_a_head_belongs_is_refused",
                    an_extent_where_a_head_belongs_is_refused);
    g_test_add_func("/http/a_body_too_large_to_collect_is_left_alone",
                    a_body_too_large_to_collect_is_left_alone);
    g_test_add_func("/http/an_idle_reader_holds_no_memory",
                    an_idle_reader_holds_no_memory);
    return g_test_run();
}
