/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_strict.c: every role refuses what any trusted proxy does.
 *
 * Requests that two servers could read in two ways. Each is refused by nginx,
 * HAProxy or nghttpx, or let through by one of them to its harm; every role
 * here answers once, in an orderly way, and then listens no more.
 */
#include "tests/live/site.h"

#include <string.h>

#define HOST "Host: localhost\r\n"
#define GET "GET /1k HTTP/1.1\r\n" HOST
#define POST "POST /1k HTTP/1.1\r\n" HOST
#define CHUNKED "Transfer-Encoding: chunked\r\n"

typedef struct Probe {
    const char *name;
    uint32_t status; /* of the one answer */
    const char *text;
} Probe;

/* start, so many times middle, end. */
typedef struct LongProbe {
    const char *name;
    uint32_t status;
    const char *start;
    const char *middle;
    uint32_t middle_bytes;
    uint32_t middle_count;
    const char *end;
} LongProbe;

static const Probe PROBES[] = {
    {"a length and chunks", 400,
     POST "Content-Length: 6\r\n" CHUNKED "\r\n0\r\n\r\nX"},
    {"chunks and a length", 400,
     POST CHUNKED "Content-Length: 6\r\n\r\n0\r\n\r\nX"},
    {"two lengths", 400,
     POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
    {"one length twice", 400,
     POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"},
    {"length +1", 400, POST "Content-Length: +1\r\n\r\na"},
    {"length 0x1", 400, POST "Content-Length: 0x1\r\n\r\na"},
    {"length -1", 400, POST "Content-Length: -1\r\n\r\n"},
    {"length beyond 64 bits", 400,
     POST "Content-Length: 18446744073709551617\r\n\r\na"},
    {"xchunked", 501, POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
    {"chunked after a vertical tab", 400,
     POST "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n0\r\n\r\n"},
    {"identity, chunked", 501,
     POST "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"},
    {"chunks in HTTP/1.0", 505,
     "POST /1k HTTP/1.0\r\n" HOST CHUNKED "\r\n0\r\n\r\n"},
    {"a chunk beyond 64 bits", 501,
     POST CHUNKED "\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n"},
    {"a blank before the colon", 400, GET "X-A : b\r\n\r\n"},
    {"a folded line", 400, GET "X-A: b\r\n c\r\n\r\n"},
    {"bare LF", 400, "GET /1k HTTP/1.1\nHost: localhost\n\n"},
    {"bare CR in a value", 400, GET "X-A: b\rc\r\n\r\n"},
    {"no Host", 400, "GET /1k HTTP/1.1\r\n\r\n"},
    {"two Hosts", 400, GET "Host: other\r\n\r\n"},
    {"another host in the target", 400,
     "GET http://other/1k HTTP/1.1\r\n" HOST "\r\n"},
    {"two blanks", 400, "GET  /1k HTTP/1.1\r\n" HOST "\r\n"},
    {"HTTP/0.9", 400, "GET /1k\r\n\r\n"},
    {"HTTP/1.2", 505, "GET /1k HTTP/1.2\r\n" HOST "\r\n"},
    {"HTTP/2.0", 505, "GET /1k HTTP/2.0\r\n" HOST "\r\n"},
    {"a method in small letters", 501, "get /1k HTTP/1.1\r\n" HOST "\r\n"},
    {"dot-dot", 400, "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n"},
    {"an escaped NUL", 400, "GET /1k%00 HTTP/1.1\r\n" HOST "\r\n"},
    {"a range backwards", 416, GET "Range: bytes=9-1\r\n\r\n"},
    {"CONNECT", 400, "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n"},
    {"TRACE", 501, "TRACE / HTTP/1.1\r\n" HOST "\r\n"},
};

static const LongProbe LONG_PROBES[] = {
    {"NUL in a value", 400, GET "X-A: b", "\0", 1, 1, "c\r\n\r\n"},
    {"a header of 64 KiB", 431, GET "X-A: ", "a", 1, 65536, "\r\n\r\n"},
    {"1,000 headers", 431, GET, "A: b\r\n", 6, 1000, "\r\n"},
    {"a target of 64 KiB", 414, "GET /", "a", 1, 65536,
     " HTTP/1.1\r\n" HOST "\r\n"},
    {"500 ranges", 416, GET "Range: bytes=1-1", ",3-3", 4, 499, "\r\n\r\n"},
};

static uint32_t
count_answers(const char *heard)
{
    uint32_t count = 0;
    while ((heard = strstr(heard, "HTTP/1.1 ")) != NULL) {
        heard++;
        count++;
    }
    return count;
}

static void
check_refused(Site *site, const void *bytes, size_t byte_count, uint32_t status)
{
    for (SiteRole role = 0; role < SITE_CLIENT; role++) {
        Caller caller;
        caller_dial(&caller, &site->nodes[role].address);
        caller_send(&caller, &site->loop, bytes, byte_count);
        caller_wait_for_end(&caller, &site->loop);
        g_assert_cmpint(caller.error, ==, 0);
        g_byte_array_append(caller.heard, (const guint8 *)"", 1);
        const char *heard = (const char *)caller.heard->data;
        g_autofree char *line = g_strdup_printf("HTTP/1.1 %u ", status);
        g_test_message("role %d says %.12s", role, heard);
        g_assert_true(g_str_has_prefix(heard, line));
        g_assert_cmpuint(count_answers(heard), ==, 1);
        g_assert_nonnull(strstr(heard, "\r\nConnection: close\r\n"));
        caller_hang_up(&caller);
    }
}

static void
check_long(Site *site, const LongProbe *probe)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)probe->start,
                        (guint)strlen(probe->start));
    for (uint32_t i = 0; i < probe->middle_count; i++)
        g_byte_array_append(bytes, (const guint8 *)probe->middle,
                            probe->middle_bytes);
    g_byte_array_append(bytes, (const guint8 *)probe->end,
                        (guint)strlen(probe->end));
    g_test_message("%s", probe->name);
    check_refused(site, bytes->data, bytes->len, probe->status);
}

static void
every_role_refuses_what_could_be_read_in_two_ways(void)
{
    Site site;
    Region region = {39.9, 116.4};
    site_init(&site);
    site.manager.selection.regions = &region;
    site.manager.selection.region_count = 1;
    site.manager.selection.isp_count = 1;
    for (SiteRole role = 0; role < SITE_CLIENT; role++)
        site_open(&site, role);
    for (size_t i = 0; i < G_N_ELEMENTS(PROBES); i++) {
        const Probe *probe = &PROBES[i];
        g_test_message("%s", probe->name);
        check_refused(&site, probe->text, strlen(probe->text), probe->status);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(LONG_PROBES); i++)
        check_long(&site, &LONG_PROBES[i]);
    /* None of it went any further. */
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.conns.count.connected, ==, 0);
    site_clear(&site);
}

static void
what_is_read_in_one_way_is_answered_once_each(void)
{
    static const SiteRole SERVERS[] = {SITE_CDN, SITE_DATA_CENTRE, SITE_EDGE};
    Site site;
    site_init(&site);
    site_open(&site, SITE_KEY_SERVICE);
    for (size_t i = 0; i < G_N_ELEMENTS(SERVERS); i++)
        site_open(&site, SERVERS[i]);
    site_add_key(&site);
    g_autofree char *request = site_request(0, 1000);
    g_autofree char *twice = g_strconcat(request, request, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(SERVERS); i++) {
        Caller caller;
        caller_dial(&caller, &site.nodes[SERVERS[i]].address);
        caller_say(&caller, &site.loop, twice);
        for (uint32_t answer = 0; answer < 2; answer++) {
            g_autoptr(GByteArray) body =
                site_take_response(&site, &caller, 206);
            g_assert_cmpuint(body->len, ==, 1000);
        }
        g_assert_cmpuint(caller.heard->len, ==, 0);
        g_assert_false(caller.is_ended);
        caller_hang_up(&caller);
    }
    site_clear(&site);
}

#define STORY(name) g_test_add_func("/strict/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(every_role_refuses_what_could_be_read_in_two_ways);
    STORY(what_is_read_in_one_way_is_answered_once_each);
    return g_test_run();
}
