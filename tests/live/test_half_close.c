/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_half_close.c: callers that ask, and say no more.
 *
 * A FIN does not tell whether its sender still listens. What is sent to it
 * tells: one that has gone resets.
 */
#include "core/wire.h"
#include "tests/live/site.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
open_all(Site *site)
{
    static const Region REGION = {39.9, 116.4};
    site_init(site);
    site->manager.selection.regions = &REGION;
    site->manager.selection.region_count = 1;
    site->manager.selection.isp_count = 1;
    site_open(site, SITE_MANAGER);
    site_open(site, SITE_KEY_SERVICE);
    site_open(site, SITE_DATA_CENTRE);
    site_open(site, SITE_CDN);
    site_open(site, SITE_EDGE);
    site_add_key(site);
}

static void
call(Site *site, SiteRole role, Caller *caller)
{
    caller_dial(caller, &site->nodes[role].address);
}

static void
stop_sending(const Caller *caller)
{
    g_assert_cmpint(shutdown(caller->fd, SHUT_WR), ==, 0);
}

static void
wait_until_gone(Site *site, SiteRole role)
{
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    while (site->nodes[role].host.accepted_count > 0) {
        loopback_step(&site->loop);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
}

/* Returns how many bytes the body of the last answer had. */
static uint32_t
hear_to_the_end(Site *site, SiteRole role, Caller *caller, uint32_t status,
                uint32_t answer_count)
{
    uint32_t body_bytes = 0;
    for (uint32_t i = 0; i < answer_count; i++) {
        g_autoptr(GByteArray) body = site_take_response(site, caller, status);
        body_bytes = body->len;
    }
    caller_wait_for_end(caller, &site->loop);
    g_assert_true(caller->is_ended);
    g_assert_cmpuint(caller->heard->len, ==, 0);
    /* Nobody waits for anything of this caller any more. */
    wait_until_gone(site, role);
    caller_hang_up(caller);
    return body_bytes;
}

static void
whoever_has_files_answers_a_caller_that_says_no_more(void)
{
    static const SiteRole ROLES[] = {SITE_CDN, SITE_DATA_CENTRE, SITE_EDGE};
    Site site;
    open_all(&site);
    g_autofree char *request = site_request(0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        Caller caller;
        call(&site, ROLES[i], &caller);
        caller_say(&caller, &site.loop, request);
        stop_sending(&caller);
        g_assert_cmpuint(hear_to_the_end(&site, ROLES[i], &caller, 200, 1), ==,
                         SITE_FILE_BYTES);
    }
    site_clear(&site);
}

static void
all_it_has_asked_is_answered(void)
{
    static const SiteRole ROLES[] = {SITE_CDN, SITE_DATA_CENTRE, SITE_EDGE};
    Site site;
    open_all(&site);
    g_autofree char *first = site_request(0, 700000);
    g_autofree char *second = site_request(16384, 200000);
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        Caller caller;
        call(&site, ROLES[i], &caller);
        caller_say(&caller, &site.loop, first);
        caller_say(&caller, &site.loop, second);
        stop_sending(&caller);
        g_assert_cmpuint(hear_to_the_end(&site, ROLES[i], &caller, 206, 2), ==,
                         200000);
    }
    site_clear(&site);
}

static void
say_message(Site *site, Caller *caller, const char *path, const uint8_t *body,
            uint32_t body_bytes)
{
    g_autofree char *head = g_strdup_printf("POST %s HTTP/1.1\r\nHost: test\r\n"
                                            "Content-Length: %u\r\n\r\n",
                                            path, body_bytes);
    caller_say(caller, &site->loop, head);
    caller_send(caller, &site->loop, body, body_bytes);
    stop_sending(caller);
}

static void
so_do_those_that_answer_messages(void)
{
    Site site;
    Caller caller;
    uint8_t body[WIRE_BYTES_MAX];
    open_all(&site);
    KeyRequest key = {.file = site_file(), .version = SITE_VERSION};
    call(&site, SITE_KEY_SERVICE, &caller);
    say_message(&site, &caller, WIRE_PATH_KEY, body,
                wire_write_key_request(&key, body));
    hear_to_the_end(&site, SITE_KEY_SERVICE, &caller, 200, 1);
    NodeRequest nodes = {.client = 7, .wanted_count = 1};
    call(&site, SITE_MANAGER, &caller);
    say_message(&site, &caller, WIRE_PATH_NODES, body,
                wire_write_node_request(&nodes, body));
    caller_wait_for_end(&caller, &site.loop);
    g_assert_cmpint(memcmp(caller.heard->data, "HTTP/1.1 200", 12), ==, 0);
    caller_hang_up(&caller);
    site_clear(&site);
}

static void
half_a_request_gets_no_answer(void)
{
    static const SiteRole ROLES[] = {SITE_CDN, SITE_DATA_CENTRE, SITE_EDGE,
                                     SITE_KEY_SERVICE, SITE_MANAGER};
    Site site;
    open_all(&site);
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        Caller caller;
        call(&site, ROLES[i], &caller);
        caller_say(&caller, &site.loop, "GET / HTTP/1.1\r\nHo");
        stop_sending(&caller);
        caller_wait_for_end(&caller, &site.loop);
        g_assert_true(caller.is_ended);
        g_assert_cmpuint(caller.heard->len, ==, 0);
        caller_hang_up(&caller);
    }
    site_clear(&site);
}

static void
one_that_really_went_away_is_let_go(void)
{
    static const SiteRole ROLES[] = {SITE_CDN, SITE_DATA_CENTRE, SITE_EDGE};
    Site site;
    open_all(&site);
    g_autofree char *request = site_request(0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++) {
        Caller caller;
        call(&site, ROLES[i], &caller);
        caller_say(&caller, &site.loop, request);
        caller_hang_up(&caller); /* a FIN; what comes then is reset */
        wait_until_gone(&site, ROLES[i]);
    }
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.pipes.lent_count, ==, 0);
    site_clear(&site);
}

/* How often the loop wakes, though nothing happens. */
static uint32_t
count_wakes(Site *site, int64_t for_ns)
{
    uint32_t count = 0;
    int64_t end_ns = loop_read_clock(&site->loop) + for_ns;
    while (loop_now_ns(&site->loop) < end_ns) {
        loop_step(&site->loop, end_ns);
        count++;
    }
    return count;
}

static void
while_it_waits_nobody_is_busy_and_the_wait_ends(void)
{
    Site site;
    Address address;
    site_init(&site);
    site.edge.answer_timeout_ns = 500 * NS_PER_MS;
    site_open(&site, SITE_EDGE);
    int listener = loopback_listen(5, &address); /* it never answers */
    site_redirect(&site, &address);
    g_autofree char *request = site_request(0, 0);
    Caller caller, gone;
    call(&site, SITE_EDGE, &caller);
    call(&site, SITE_EDGE, &gone);
    caller_say(&caller, &site.loop, request);
    caller_say(&gone, &site.loop, request);
    stop_sending(&caller);
    caller_hang_up(&gone);
    site_run(&site, 20 * NS_PER_MS);
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.accepted_count, ==, 2);
    g_assert_cmpuint(count_wakes(&site, 200 * NS_PER_MS), <=, 10);
    hear_to_the_end(&site, SITE_EDGE, &caller, 502, 1);
    close(listener);
    site_clear(&site);
}

/* It says how long its answer is, and sends a part of it. */
static int
answer_in_part(Site *site, int listener)
{
    static const char PART[] = "HTTP/1.1 200 OK\r\n"
                               "Content-Length: 1000000\r\n\r\nand so on";
    int fd = -1;
    g_assert_cmpint(fcntl(listener, F_SETFL, O_NONBLOCK), ==, 0);
    while (fd < 0) {
        loopback_step(&site->loop);
        fd = accept(listener, NULL, NULL);
    }
    g_assert_cmpint(send(fd, PART, sizeof PART - 1, 0), ==, sizeof PART - 1);
    return fd;
}

static void
one_whose_source_falls_silent_is_let_go(void)
{
    Site site;
    Address address;
    site_init(&site);
    site.host.send_timeout_ns = 300 * NS_PER_MS;
    site.host.head_timeout_ns = 400 * NS_PER_MS;
    site_open(&site, SITE_EDGE);
    int listener = loopback_listen(5, &address);
    site_redirect(&site, &address);
    g_autofree char *request = site_request(0, 1000000);
    Caller gone;
    call(&site, SITE_EDGE, &gone);
    caller_say(&gone, &site.loop, request);
    int source = answer_in_part(&site, listener);
    stop_sending(&gone);
    site_run(&site, 100 * NS_PER_MS);
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.accepted_count, ==, 1);
    wait_until_gone(&site, SITE_EDGE);
    caller_hang_up(&gone);
    close(source);
    close(listener);
    site_clear(&site);
}

#define STORY(name) g_test_add_func("/half_close/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(whoever_has_files_answers_a_caller_that_says_no_more);
    STORY(all_it_has_asked_is_answered);
    STORY(so_do_those_that_answer_messages);
    STORY(half_a_request_gets_no_answer);
    STORY(one_that_really_went_away_is_let_go);
    STORY(while_it_waits_nobody_is_busy_and_the_wait_ends);
    STORY(one_whose_source_falls_silent_is_let_go);
    return g_test_run();
}
