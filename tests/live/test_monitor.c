/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_monitor.c: what operators see agrees with what happened.
 *
 * A caller asks an edge, which asks a data centre; both write an access log
 * and are asked for their metrics by another caller.
 */
#include "tests/live/site.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Office {
    Site site;
    LiveConfig *config;
    char *directory;
} Office;

/* The edge's log and admin address. */
static void
office_begin(Office *office)
{
    Site *site = &office->site;
    site_init(site);
    office->directory = g_dir_make_tmp("byway-monitor-XXXXXX", NULL);
    office->config = config_new(ROLE_EDGE);
    office->config->access_log =
        g_build_filename(office->directory, "access.jsonl", NULL);
    close(loopback_listen(1, &office->config->admin)); /* it was free */
    site_open(site, SITE_KEY_SERVICE);
    site_open(site, SITE_DATA_CENTRE);
    site_open(site, SITE_EDGE);
    site_add_key(site);
}

static void
office_open(Office *office)
{
    g_autoptr(GError) error = NULL;
    SiteNode *edge = &office->site.nodes[SITE_EDGE];
    edge->monitor.listener_count = 1;
    bool is_open = monitor_open(&edge->monitor, office->config,
                                &office->site.loop, &error);
    g_assert_no_error(error);
    g_assert_true(is_open);
}

static void
office_end(Office *office)
{
    site_clear(&office->site);
    g_remove(office->config->access_log);
    g_remove(office->directory);
    g_free((char *)office->config->access_log);
    g_free(office->directory);
    config_free(office->config);
}

/* What one GET of the admin address is answered; the caller frees. */
static char *
look(Office *office, const char *path, uint32_t status)
{
    Caller caller;
    caller_dial(&caller, &office->config->admin);
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path);
    caller_say(&caller, &office->site.loop, request);
    caller_wait_for_end(&caller, &office->site.loop);
    g_autofree char *text =
        g_strndup((char *)caller.heard->data, caller.heard->len);
    caller_hang_up(&caller);
    g_autofree char *start = g_strdup_printf("HTTP/1.1 %u ", status);
    g_assert_true(g_str_has_prefix(text, start));
    const char *body = strstr(text, "\r\n\r\n");
    g_assert_nonnull(body);
    return g_strdup(body + 4);
}

/* The value of a line that starts with this name and its labels. */
static double
value_of(const char *metrics, const char *name)
{
    g_autofree char *start = g_strdup_printf("\n%s ", name);
    const char *line = strstr(metrics, start);
    g_assert_nonnull(line);
    return g_ascii_strtod(line + strlen(start), NULL);
}

static GPtrArray *
read_log(const Office *office)
{
    g_autofree char *text = NULL;
    g_assert_true(
        g_file_get_contents(office->config->access_log, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *objects =
        g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    for (char **line = lines; *line && **line; line++) {
        json_error_t error;
        json_t *object = json_loads(*line, 0, &error);
        if (!object)
            g_error("%s: %s", error.text, *line);
        g_ptr_array_add(objects, object);
    }
    return objects;
}

/* The writer takes its time. */
static GPtrArray *
wait_for_lines(Office *office, guint count)
{
    int64_t end_ns = loop_read_clock(&office->site.loop) + CALLER_PATIENCE_NS;
    for (;;) {
        g_autoptr(GPtrArray) lines = read_log(office);
        if (lines->len >= count) {
            g_assert_cmpuint(lines->len, ==, count);
            return g_steal_pointer(&lines);
        }
        loopback_step(&office->site.loop);
        g_assert_cmpint(loop_now_ns(&office->site.loop), <, end_ns);
    }
}

static const char *
text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    g_assert_nonnull(text);
    return text;
}

static uint64_t
number_of(const json_t *line, const char *key)
{
    const json_t *number = json_object_get(line, key);
    g_assert_true(json_is_integer(number));
    return (uint64_t)json_integer_value(number);
}

/* The kernel is not to hold much for this caller. */
static void
narrow(Caller *caller)
{
    const int buffer_bytes = 65536;
    setsockopt(caller->fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes,
               sizeof buffer_bytes);
}

static void
ask(Office *office, Caller *caller, uint64_t offset_bytes, uint64_t size_bytes)
{
    g_autofree char *request = site_request(offset_bytes, size_bytes);
    caller_say(caller, &office->site.loop, request);
}

static void
ask_for_head(Office *office, Caller *caller)
{
    g_autofree char *get = site_request(0, 0);
    g_autofree char *head = g_strconcat("HEAD", get + strlen("GET"), NULL);
    uint32_t head_bytes;
    caller_say(caller, &office->site.loop, head);
    while (http_scan(caller->heard->data, caller->heard->len, 0, &head_bytes) !=
           HTTP_SCAN_END)
        caller_wait(caller, &office->site.loop, caller->heard->len + 1);
    g_assert_cmpuint(caller->heard->len, ==, head_bytes);
    g_byte_array_set_size(caller->heard, 0);
}

/* Two good ranges, one beyond the end, a head alone, two whole files of which
 * the caller leaves the second, and what is no request. */
static void
visit_in_all_ways(Office *office)
{
    static const uint64_t SIZES[] = {16384, 2000000};
    Site *site = &office->site;
    Caller caller;
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        ask(office, &caller, 100, SIZES[i]);
        g_autoptr(GByteArray) body = site_take_response(site, &caller, 206);
        g_assert_cmpuint(body->len, ==, SIZES[i]);
    }
    ask(office, &caller, SITE_FILE_BYTES + 5, 10);
    g_byte_array_unref(site_take_response(site, &caller, 416));
    ask_for_head(office, &caller);
    caller_hang_up(&caller);
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    narrow(&caller);
    ask(office, &caller, 0, 0);
    ask(office, &caller, 0, 0);
    site_wait_for_note(site, SITE_EDGE, NOTE_REQUEST_SERVED, 4);
    site_run(site, 200 * NS_PER_MS);
    caller_reset(&caller);
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    caller_say(&caller, &site->loop, "GET /\"\x01 HTTP/1.1\r\n\r\n");
    caller_wait_for_end(&caller, &site->loop);
    caller_hang_up(&caller);
}

static void
every_request_is_one_line_and_the_metrics_are_their_sums(void)
{
    static const struct {
        uint64_t status;
        const char *end;
    } EXPECTED[] = {{206, "done"}, {206, "done"},  {416, "done"}, {200, "done"},
                    {200, "done"}, {200, "reset"}, {400, "done"}};
    Office office;
    office_begin(&office);
    office_open(&office);
    visit_in_all_ways(&office);
    g_autoptr(GPtrArray) lines =
        wait_for_lines(&office, G_N_ELEMENTS(EXPECTED));
    uint64_t body_bytes = 0;
    uint64_t served_bytes = 0;
    for (guint i = 0; i < lines->len; i++) {
        const json_t *line = lines->pdata[i];
        uint64_t size_bytes = number_of(line, "body_bytes");
        bool is_served =
            EXPECTED[i].status < 300 && g_str_equal(EXPECTED[i].end, "done");
        g_assert_cmpuint(number_of(line, "status"), ==, EXPECTED[i].status);
        g_assert_cmpstr(text_of(line, "end"), ==, EXPECTED[i].end);
        g_assert_cmpstr(text_of(line, "peer"), ==, "127.0.0.1");
        g_assert_cmpstr(text_of(line, "role"), ==, "edge");
        body_bytes += size_bytes;
        served_bytes += is_served ? size_bytes : 0;
    }
    const json_t *first = lines->pdata[0];
    g_assert_true(g_str_has_prefix(text_of(first, "target"), "/f/abababab"));
    g_assert_cmpstr(text_of(first, "method"), ==, "GET");
    g_assert_cmpfloat(
        json_number_value(json_object_get(first, "upstream_seconds")), >, 0);
    g_assert_cmpstr(text_of(lines->pdata[3], "method"), ==, "HEAD");
    g_assert_cmpuint(number_of(lines->pdata[3], "body_bytes"), ==, 0);
    uint64_t left_bytes = number_of(lines->pdata[5], "body_bytes");
    g_assert_cmpuint(left_bytes, >, 0);
    g_assert_cmpuint(left_bytes, <, SITE_FILE_BYTES);

    g_autofree char *metrics = look(&office, "/metrics", 200);
    g_assert_cmpuint(served_bytes, ==, 2016384 + SITE_FILE_BYTES);
    g_assert_cmpfloat(value_of(metrics, "response_body_bytes_total"), ==,
                      (double)body_bytes);
    /* What core counted by itself. */
    g_assert_cmpfloat(value_of(metrics, "served_bytes_total"), ==,
                      (double)served_bytes);
    g_assert_cmpfloat(value_of(metrics, "responses_total{code=\"2xx\"}"), ==,
                      5);
    g_assert_cmpfloat(value_of(metrics, "responses_total{code=\"4xx\"}"), ==,
                      2);
    g_assert_cmpfloat(value_of(metrics, "requests_total{end=\"done\"}"), ==, 6);
    g_assert_cmpfloat(value_of(metrics, "requests_total{end=\"reset\"}"), ==,
                      1);
    g_assert_cmpfloat(value_of(metrics, "first_byte_seconds_count"), ==, 7);
    g_assert_cmpfloat(value_of(metrics, "access_log_lost_lines_total"), ==, 0);
    office_end(&office);
}

static void
a_moved_log_is_begun_anew(void)
{
    Office office;
    office_begin(&office);
    office_open(&office);
    Site *site = &office.site;
    g_autofree char *old = g_strconcat(office.config->access_log, ".1", NULL);
    Caller caller;
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    ask(&office, &caller, 0, 1000);
    g_byte_array_unref(site_take_response(site, &caller, 206));
    g_ptr_array_unref(wait_for_lines(&office, 1));
    g_assert_cmpint(g_rename(office.config->access_log, old), ==, 0);
    monitor_reopen(&site->nodes[SITE_EDGE].monitor, office.config);
    while (!g_file_test(office.config->access_log, G_FILE_TEST_EXISTS))
        loopback_step(&site->loop);
    ask(&office, &caller, 0, 2000);
    g_byte_array_unref(site_take_response(site, &caller, 206));
    g_autoptr(GPtrArray) lines = wait_for_lines(&office, 1);
    g_assert_cmpuint(number_of(lines->pdata[0], "body_bytes"), ==, 2000);
    caller_hang_up(&caller);
    g_remove(old);
    office_end(&office);
}

/* A pipe that nobody reads is a disk that never answers. */
static void
a_stuck_log_loses_lines_and_holds_nobody_up(void)
{
    static const uint8_t IP[16] = {1};
    const Visit visit = {.ip = IP, .target = "/f/stuck", .status = 200};
    Office office;
    office_begin(&office);
    g_assert_cmpint(mkfifo(office.config->access_log, 0600), ==, 0);
    int fd = g_open(office.config->access_log, O_RDONLY | O_NONBLOCK, 0);
    office_open(&office);
    Monitor *monitor = &office.site.nodes[SITE_EDGE].monitor;
    uint32_t count = 0;
    while (access_log_lost_count(monitor->log) < 10) {
        monitor->visits.sink.ended(monitor, &visit);
        count++;
    }
    g_autofree char *metrics = look(&office, "/metrics", 200);
    g_assert_cmpfloat(value_of(metrics, "access_log_lost_lines_total"), ==, 10);
    g_assert_cmpfloat(value_of(metrics, "requests_total{end=\"done\"}"), ==,
                      count);
    g_assert_cmpuint(count, >, 1000);
    close(fd); /* the writer is told EPIPE */
    office_end(&office);
}

static void
operators_are_told_of_a_drain(void)
{
    Office office;
    office_begin(&office);
    office_open(&office);
    g_autofree char *fine = look(&office, "/healthz", 200);
    g_assert_cmpstr(fine, ==, "OK\n");
    g_free(look(&office, "/readyz", 200));
    office.site.nodes[SITE_EDGE].monitor.is_draining = true;
    g_free(look(&office, "/readyz", 503));
    g_free(look(&office, "/healthz", 200));
    g_free(look(&office, "/", 404));
    office_end(&office);
}

/* promtool knows the format better than we do. */
static void
prometheus_finds_no_fault(void)
{
    Office office;
    office_begin(&office);
    office_open(&office);
    visit_in_all_ways(&office);
    g_autofree char *metrics = look(&office, "/metrics", 200);
    g_autofree char *tool = g_find_program_in_path("promtool");
    if (tool) {
        g_autofree char *path =
            g_build_filename(office.directory, "metrics", NULL);
        g_autofree char *output = NULL;
        g_assert_true(g_file_set_contents(path, metrics, -1, NULL));
        g_autofree char *command =
            g_strdup_printf("sh -c '%s check metrics <%s 2>&1'", tool, path);
        int status = 0;
        g_assert_true(
            g_spawn_command_line_sync(command, &output, NULL, &status, NULL));
        g_assert_cmpstr(output, ==, "");
        g_assert_cmpint(status, ==, 0);
        g_remove(path);
    } else {
        g_test_skip("promtool (package prometheus) is not here");
    }
    office_end(&office);
}

static void
who_asks_too_often_is_told_so_and_others_are_not(void)
{
    Office office;
    office_begin(&office);
    office.config->limits.requests_per_second_per_peer = 5;
    office_open(&office);
    Site *site = &office.site;
    Caller caller;
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    for (uint32_t i = 0; i < 5; i++) {
        ask(&office, &caller, 0, 100);
        g_byte_array_unref(site_take_response(site, &caller, 206));
    }
    ask(&office, &caller, 0, 100);
    caller_wait_for_end(&caller, &site->loop);
    g_byte_array_append(caller.heard, (const guint8 *)"", 1);
    const char *answer = (const char *)caller.heard->data;
    g_assert_true(g_str_has_prefix(answer, "HTTP/1.1 429 "));
    g_assert_nonnull(strstr(answer, "\r\nRetry-After: 1\r\n"));
    caller_hang_up(&caller);
    /* Somebody else has tokens of his own; and they come back. */
    static const uint8_t OTHER[16] = {9};
    Quota *quota = &site->nodes[SITE_EDGE].monitor.quota;
    g_assert_true(quota_take(quota, OTHER, loop_now_ns(&site->loop)));
    site_run(site, NS_PER_S + 200 * NS_PER_MS);
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    ask(&office, &caller, 0, 100);
    g_byte_array_unref(site_take_response(site, &caller, 206));
    caller_hang_up(&caller);
    g_autofree char *metrics = look(&office, "/metrics", 200);
    g_assert_cmpfloat(value_of(metrics, "requests_total{end=\"refused\"}"), ==,
                      1);
    office_end(&office);
}

/* It reads a little now and then: no silence, but no good use of a stream. */
static void
who_takes_too_little_is_cut_off_and_who_takes_enough_is_not(void)
{
    Office office;
    office_begin(&office);
    Site *site = &office.site;
    HostConfig *host = &site->nodes[SITE_EDGE].host.config;
    host->send_timeout_ns = 400 * NS_PER_MS;
    host->send_bytes_min = 300000;
    Caller slow;
    Caller good;
    caller_dial(&slow, &site->nodes[SITE_EDGE].address);
    caller_dial(&good, &site->nodes[SITE_EDGE].address);
    narrow(&slow);
    ask(&office, &slow, 0, 0);
    ask(&office, &slow, 0, 0);
    ask(&office, &good, 0, 0);
    int64_t end_ns = loop_read_clock(&site->loop) + CALLER_PATIENCE_NS;
    while (site->nodes[SITE_EDGE].host.count.slow_readers == 0) {
        caller_listen(&slow, 100);
        caller_listen(&good, 5000);
        loopback_step(&site->loop);
        g_assert_cmpint(loop_now_ns(&site->loop), <, end_ns);
    }
    g_byte_array_unref(site_take_response(site, &good, 200));
    g_assert_cmpuint(site->nodes[SITE_EDGE].host.count.slow_readers, ==, 1);
    caller_hang_up(&slow);
    caller_hang_up(&good);
    office_end(&office);
}

#define STORY(name) g_test_add_func("/monitor/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(every_request_is_one_line_and_the_metrics_are_their_sums);
    STORY(a_moved_log_is_begun_anew);
    STORY(a_stuck_log_loses_lines_and_holds_nobody_up);
    STORY(operators_are_told_of_a_drain);
    STORY(prometheus_finds_no_fault);
    STORY(who_asks_too_often_is_told_so_and_others_are_not);
    STORY(who_takes_too_little_is_cut_off_and_who_takes_enough_is_not);
    return g_test_run();
}
