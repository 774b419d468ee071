/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/access_log.c: one JSON object a line for each request.
 */
#include "live/access_log.h"
#include "live/address.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A line is written no later than this, unless the disk is slow. */
#define FLUSH_NS (100 * NS_PER_MS)

struct AccessLog {
    Loop *loop;
    Timer flush;
    const char *role;
    uint64_t lost_count;
    GThread *writer;
    GMutex mutex; /* of all that follows */
    GCond work;
    GString *lines; /* wait for the writer */
    char *new_path; /* to be opened by the writer; NULL: none is */
    bool is_ending;
    /* The writer's own. */
    int fd;
    GString *writing;
};

static int
open_file(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
                0640);
}

static void
write_all(const AccessLog *log)
{
    const char *bytes = log->writing->str;
    size_t left_bytes = log->writing->len;
    while (left_bytes > 0) {
        ssize_t result = write(log->fd, bytes, left_bytes);
        if (result < 0 && errno != EINTR) {
            fprintf(stderr, "byway: access log: %s; lines are lost\n",
                    g_strerror(errno));
            return;
        }
        bytes += MAX(0, result);
        left_bytes -= (size_t)MAX(0, result);
    }
}

static void
change_file(AccessLog *log, const char *path)
{
    int fd = open_file(path);
    if (fd < 0) {
        fprintf(stderr, "byway: cannot open %s: %s; the old one stays\n", path,
                g_strerror(errno));
        return;
    }
    close(log->fd);
    log->fd = fd;
}

static gpointer
write_lines(gpointer data)
{
    AccessLog *log = data;
    bool is_ending = false;
    while (!is_ending) {
        g_mutex_lock(&log->mutex);
        while (log->lines->len == 0 && !log->new_path && !log->is_ending)
            g_cond_wait(&log->work, &log->mutex);
        GString *full = log->lines;
        log->lines = log->writing;
        log->writing = full;
        g_autofree char *path = g_steal_pointer(&log->new_path);
        is_ending = log->is_ending;
        g_mutex_unlock(&log->mutex);
        write_all(log);
        g_string_truncate(log->writing, 0);
        if (path)
            change_file(log, path);
    }
    return NULL;
}

static void
wake_writer(void *context)
{
    AccessLog *log = context;
    g_cond_signal(&log->work);
}

/* Signals are the loop's, not the writer's. */
static GThread *
start_writer(AccessLog *log)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    GThread *writer = g_thread_new("access log", write_lines, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return writer;
}

AccessLog *
access_log_new(const char *path, const char *role, Loop *loop, GError **error)
{
    int fd = open_file(path);
    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot open %s: %s", path, g_strerror(errno));
        return NULL;
    }
    AccessLog *log = g_new0(AccessLog, 1);
    log->loop = loop;
    log->flush = (Timer){.fire = wake_writer, .context = log};
    log->role = role;
    log->fd = fd;
    log->lines = g_string_sized_new(ACCESS_LOG_BYTES);
    log->writing = g_string_sized_new(ACCESS_LOG_BYTES);
    g_mutex_init(&log->mutex);
    g_cond_init(&log->work);
    log->writer = start_writer(log);
    return log;
}

void
access_log_free(AccessLog *log)
{
    if (!log)
        return;
    loop_unset_timer(log->loop, &log->flush);
    g_mutex_lock(&log->mutex);
    log->is_ending = true;
    g_mutex_unlock(&log->mutex);
    g_cond_signal(&log->work);
    g_thread_join(log->writer);
    close(log->fd);
    g_mutex_clear(&log->mutex);
    g_cond_clear(&log->work);
    g_string_free(log->lines, TRUE);
    g_string_free(log->writing, TRUE);
    g_free(log->new_path);
    g_free(log);
}

void
access_log_reopen(AccessLog *log, const char *path)
{
    g_mutex_lock(&log->mutex);
    g_free(log->new_path);
    log->new_path = g_strdup(path);
    g_mutex_unlock(&log->mutex);
    g_cond_signal(&log->work);
}

uint64_t
access_log_lost_count(const AccessLog *log)
{
    return log->lost_count;
}

/* RFC 8259: quotes, backslashes and controls; heads hold nothing else that
 * needs care, as they are ASCII. */
static void
write_text(GString *text, const char *key, const char *value)
{
    g_string_append_printf(text, "\"%s\":\"", key);
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            g_string_append_printf(text, "\\u%04x", (unsigned char)*c);
        else
            g_string_append_c(text, *c);
    }
    g_string_append_c(text, '"');
}

/* Microseconds are more than a log needs. */
static void
write_seconds(GString *text, const char *key, int64_t time_ns)
{
    if (time_ns == VISIT_NO_TIME)
        g_string_append_printf(text, ",\"%s\":null", key);
    else
        g_string_append_printf(text, ",\"%s\":%" PRId64 ".%06" PRId64, key,
                               time_ns / NS_PER_S,
                               time_ns % NS_PER_S / NS_PER_US);
}

static void
write_time(GString *text, int64_t time_ns)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_utc(time_ns / NS_PER_S);
    g_autofree char *day = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
    g_string_append_printf(text, "\"time\":\"%s.%06" PRId64 "Z\",", day,
                           time_ns % NS_PER_S / NS_PER_US);
}

void
access_log_write(GString *text, const char *role, const Visit *visit)
{
    char peer[ADDRESS_TEXT_BYTES];
    Address address = {.port = 0};
    memcpy(address.ip, visit->ip, sizeof address.ip);
    address_write(&address, peer);
    g_string_append_c(text, '{');
    write_time(text, visit->end_ns);
    write_text(text, "role", role);
    g_string_append_c(text, ',');
    write_text(text, "peer", peer);
    g_string_append_c(text, ',');
    write_text(text, "method",
               *visit->target ? http_method_name(visit->method) : "");
    g_string_append_c(text, ',');
    write_text(text, "target", visit->target);
    g_string_append_printf(text, ",\"status\":%u,\"body_bytes\":%" PRIu64,
                           visit->status, visit->body_bytes);
    write_seconds(text, "duration_seconds", visit->took_ns);
    write_seconds(text, "first_byte_seconds", visit->answer_ns);
    write_seconds(text, "upstream_seconds", visit->upstream_ns);
    g_string_append_c(text, ',');
    write_text(text, "end", visit_end_name(visit->end));
    g_string_append(text, "}\n");
}

void
access_log_add(AccessLog *log, const Visit *visit)
{
    g_mutex_lock(&log->mutex);
    size_t before_bytes = log->lines->len;
    access_log_write(log->lines, log->role, visit);
    bool is_too_much = log->lines->len > ACCESS_LOG_BYTES;
    if (is_too_much)
        g_string_truncate(log->lines, before_bytes);
    bool is_pressing = log->lines->len > ACCESS_LOG_BYTES / 2;
    g_mutex_unlock(&log->mutex);
    log->lost_count += is_too_much;
    if (is_pressing)
        g_cond_signal(&log->work);
    else if (log->flush.place == 0)
        loop_set_timer(log->loop, &log->flush,
                       loop_now_ns(log->loop) + FLUSH_NS);
}
