/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/metrics.c: what a process counts, as Prometheus reads it.
 *
 * The format is version 0.0.4 of the text exposition format.
 */
#include "live/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Metric {
    const char *name;
    const char *type;
    const char *help;
} Metric;

static const Metric METRICS[METRIC_COUNT] = {
    [METRIC_ACCEPTED] = {"connections_accepted_total", "counter",
                         "Connections that peers opened to this process."},
    [METRIC_OPENED] = {"connections_opened_total", "counter",
                       "Connections that this process opened to peers."},
    [METRIC_MULTIPATH] = {"connections_multipath_total", "counter",
                          "Connections, both ways, that began with Multipath "
                          "TCP at both ends."},
    [METRIC_RESET] = {"connections_reset_total", "counter",
                      "Connections that this process reset."},
    [METRIC_REFUSED] = {"connections_refused_total", "counter",
                        "Connections over a limit, answered 503 or 429."},
    [METRIC_TURNED_AWAY] = {"connections_turned_away_total", "counter",
                            "Connections closed at once: no descriptor left."},
    [METRIC_LATE_HEADS] = {"late_heads_total", "counter",
                           "Connections closed over a request's slow head."},
    [METRIC_SLOW_READERS] = {"slow_readers_total", "counter",
                             "Connections closed as they took too little."},
    [METRIC_CONNECTIONS] = {"connections_open", "gauge",
                            "Open connections, both ways."},
    [METRIC_VISITORS] = {"connections_visiting", "gauge",
                         "Open connections that peers opened."},
    [METRIC_BUFFERED] = {"buffered_bytes", "gauge",
                         "Bytes that wait in buffers and pipes."},
    [METRIC_RECEIVED] = {"received_bytes_total", "counter",
                         "Bytes received on all connections."},
    [METRIC_SENT] = {"sent_bytes_total", "counter",
                     "Bytes the kernel took on all connections."},
    [METRIC_FORWARDS] = {"forwards_total", "counter",
                         "Bodies passed from connection to connection."},
    [METRIC_FORWARDED] = {"forwarded_bytes_total", "counter",
                          "Bytes passed from connection to connection."},
    [METRIC_EVENTS] = {"events_total", "counter",
                       "Events that the role was told."},
    [METRIC_BODY] = {"response_body_bytes_total", "counter",
                     "Body bytes of answers, handed to connections; the sum "
                     "of body_bytes in the access log."},
    [METRIC_SERVED] = {"served_bytes_total", "counter",
                       "Body bytes of requests the role calls served."},
    [METRIC_LOST_LINES] = {"access_log_lost_lines_total", "counter",
                           "Lines that the access log had no room for."},
    [METRIC_RELOADS] = {"reloads_total", "counter",
                        "Configurations read again and taken."},
    [METRIC_FAILED_RELOADS] = {"reload_failures_total", "counter",
                               "Configurations read again and refused."},
    [METRIC_DRAINING] = {"draining", "gauge",
                         "1 from SIGTERM on, when nobody new is wanted."},
    [METRIC_OPEN_FILES] = {"process_open_fds", "gauge",
                           "Open file descriptors."},
    [METRIC_RESIDENT] = {"process_resident_memory_bytes", "gauge",
                         "Memory that is resident."},
    [METRIC_START] = {"process_start_time_seconds", "gauge",
                      "When the process began, since 1970."},
};

/* Powers of two from 64 us to 4.2 s. */
static int64_t
bound_ns(uint32_t index)
{
    return INT64_C(64000) << index;
}

static void
add(Histogram *histogram, int64_t time_ns)
{
    uint32_t index = 0;
    while (index < HISTOGRAM_BOUND_COUNT && time_ns > bound_ns(index))
        index++;
    histogram->counts[index]++;
    histogram->count++;
    histogram->sum_ns += time_ns;
}

void
metrics_see_visit(Metrics *metrics, const Visit *visit)
{
    assert(visit->end < VISIT_END_COUNT);
    metrics->responses[MIN(visit->status / 100, STATUS_CLASS_COUNT - 1)]++;
    metrics->ends[visit->end]++;
    metrics->values[METRIC_BODY] += visit->body_bytes;
    if (visit->end == VISIT_REFUSED)
        return;
    if (visit->answer_ns != VISIT_NO_TIME)
        add(&metrics->first_byte, visit->answer_ns);
    if (visit->end == VISIT_DONE)
        add(&metrics->duration, visit->took_ns);
}

void
metrics_see_connect(Metrics *metrics, int64_t took_ns)
{
    add(&metrics->connect, took_ns);
}

void
metrics_see_note(Metrics *metrics, NoteKind kind, uint64_t value)
{
    assert(kind < NOTE_COUNT);
    metrics->notes[kind]++;
    if (kind == NOTE_REQUEST_SERVED)
        metrics->values[METRIC_SERVED] += value;
}

static uint64_t
resident_bytes(void)
{
    unsigned long long page_count = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%*u %llu", &page_count) != 1)
        page_count = 0;
    fclose(file);
    return page_count * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
open_file_count(void)
{
    GDir *directory = g_dir_open("/proc/self/fd", 0, NULL);
    uint64_t count = 0;
    if (!directory)
        return 0;
    while (g_dir_read_name(directory))
        count++;
    g_dir_close(directory);
    return count - 1; /* the one that looked */
}

void
metrics_see_process(Metrics *metrics)
{
    metrics->values[METRIC_RESIDENT] = resident_bytes();
    metrics->values[METRIC_OPEN_FILES] = open_file_count();
}

static void
write_opening(GString *text, const char *name, const char *type,
              const char *help)
{
    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help,
                           name, type);
}

static void
write_labelled(GString *text, const char *name, const char *label,
               const char *value, uint64_t count)
{
    g_string_append_printf(text, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label,
                           value, count);
}

static void
write_seconds(GString *text, int64_t time_ns)
{
    g_string_append_printf(text, "%" PRId64 ".%09" PRId64, time_ns / NS_PER_S,
                           time_ns % NS_PER_S);
}

static void
write_histogram(GString *text, const char *name, const char *help,
                const Histogram *histogram)
{
    uint64_t count = 0;
    write_opening(text, name, "histogram", help);
    for (uint32_t i = 0; i < HISTOGRAM_BOUND_COUNT; i++) {
        count += histogram->counts[i];
        g_string_append_printf(text, "%s_bucket{le=\"", name);
        write_seconds(text, bound_ns(i));
        g_string_append_printf(text, "\"} %" PRIu64 "\n", count);
    }
    g_string_append_printf(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ",
                           name, histogram->count, name);
    write_seconds(text, histogram->sum_ns);
    g_string_append_printf(text, "\n%s_count %" PRIu64 "\n", name,
                           histogram->count);
}

static void
write_families(GString *text, const Metrics *metrics)
{
    static const char *const CLASSES[STATUS_CLASS_COUNT] = {
        "none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    write_opening(text, "responses_total", "counter",
                  "Answers, by class of status.");
    for (uint32_t i = 0; i < STATUS_CLASS_COUNT; i++)
        write_labelled(text, "responses_total", "code", CLASSES[i],
                       metrics->responses[i]);
    write_opening(text, "requests_total", "counter",
                  "Requests that are over, by how: as in the access log.");
    for (VisitEnd end = 0; end < VISIT_END_COUNT; end++)
        write_labelled(text, "requests_total", "end", visit_end_name(end),
                       metrics->ends[end]);
    write_opening(text, "notes_total", "counter",
                  "What the role noted, by kind.");
    for (NoteKind kind = 1; kind < NOTE_COUNT; kind++)
        write_labelled(text, "notes_total", "kind", note_name(kind),
                       metrics->notes[kind]);
}

void
metrics_write(GString *text, const Metrics *metrics, const char *role)
{
    write_opening(text, "build_info", "gauge", "What runs here; always 1.");
    g_string_append_printf(
        text, "build_info{version=\"" BYWAY_VERSION "\",role=\"%s\"} 1\n",
        role);
    for (MetricId id = 0; id < METRIC_COUNT; id++) {
        const Metric *metric = &METRICS[id];
        write_opening(text, metric->name, metric->type, metric->help);
        g_string_append_printf(text, "%s %" PRIu64 "\n", metric->name,
                               metrics->values[id]);
    }
    write_families(text, metrics);
    write_histogram(text, "connect_seconds",
                    "From asking for a connection to having it.",
                    &metrics->connect);
    write_histogram(text, "first_byte_seconds",
                    "From a request's first byte to its answer's head.",
                    &metrics->first_byte);
    write_histogram(text, "request_seconds",
                    "From a request's first byte to its answer's end.",
                    &metrics->duration);
}
