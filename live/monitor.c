/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/monitor.c: what operators see of a role, and who asks too much.
 */
#include "live/monitor.h"

#include <stdio.h>
#include <string.h>

static void
visit_ended(void *context, const Visit *visit)
{
    Monitor *monitor = context;
    metrics_see_visit(&monitor->metrics, visit);
    if (monitor->log)
        access_log_add(monitor->log, visit);
}

static void
stream_connected(void *context, int64_t took_ns)
{
    Monitor *monitor = context;
    metrics_see_connect(&monitor->metrics, took_ns);
}

static bool
is_ready(void *context)
{
    const Monitor *monitor = context;
    return !monitor->is_draining;
}

static void
collect(Monitor *monitor)
{
    const Host *host = monitor->host;
    const ConnCount *conns = &host->conns.count;
    uint64_t *values = monitor->metrics.values;
    values[METRIC_ACCEPTED] = conns->accepted;
    values[METRIC_OPENED] = conns->connected;
    values[METRIC_RESET] = conns->reset;
    values[METRIC_RECEIVED] = conns->received_bytes;
    values[METRIC_SENT] = conns->sent_bytes;
    values[METRIC_CONNECTIONS] = host->conns.open_count;
    values[METRIC_BUFFERED] = host->conns.memory.held_bytes;
    values[METRIC_REFUSED] = host->count.refused_streams;
    values[METRIC_LATE_HEADS] = host->count.late_heads;
    values[METRIC_SLOW_READERS] = host->count.slow_readers;
    values[METRIC_VISITORS] = host->accepted_count;
    values[METRIC_FORWARDS] = host->count.forwards;
    values[METRIC_FORWARDED] = host->count.forwarded_bytes;
    values[METRIC_EVENTS] = host->count.events;
    values[METRIC_TURNED_AWAY] = 0;
    values[METRIC_MULTIPATH] = conns->multipath;
    for (uint32_t i = 0; i < monitor->listener_count; i++) {
        values[METRIC_TURNED_AWAY] += monitor->listeners[i].turned_away_count;
        values[METRIC_MULTIPATH] += monitor->listeners[i].multipath_count;
    }
    if (monitor->log)
        values[METRIC_LOST_LINES] = access_log_lost_count(monitor->log);
    values[METRIC_DRAINING] = monitor->is_draining;
    metrics_see_process(&monitor->metrics);
}

static void
write_metrics(void *context, GString *text)
{
    Monitor *monitor = context;
    collect(monitor);
    metrics_write(text, &monitor->metrics, monitor->role);
}

void
monitor_init(Monitor *monitor, const Host *host, const Listener *listeners)
{
    const VisitSink sink = {monitor, visit_ended, stream_connected};
    memset(monitor, 0, sizeof *monitor);
    monitor->host = host;
    monitor->listeners = listeners;
    visits_init(&monitor->visits, &sink);
}

void
monitor_reopen(Monitor *monitor, const LiveConfig *config)
{
    if (monitor->log)
        access_log_reopen(monitor->log, config->access_log);
}

static bool
open_log(Monitor *monitor, const LiveConfig *config, Loop *loop, GError **error)
{
    if (!config->access_log)
        return true;
    monitor->log = access_log_new(config->access_log, role_name(config->role),
                                  loop, error);
    return monitor->log != NULL;
}

void
monitor_take_config(Monitor *monitor, const LiveConfig *config, Loop *loop)
{
    g_autoptr(GError) error = NULL;
    uint32_t rate_per_s = config->limits.requests_per_second_per_peer;
    if (rate_per_s != monitor->quota.rate_per_s) {
        quota_clear(&monitor->quota);
        quota_init(&monitor->quota, rate_per_s);
    }
    if (config->access_log && monitor->log) {
        monitor_reopen(monitor, config);
        return;
    }
    access_log_free(monitor->log);
    monitor->log = NULL;
    if (!open_log(monitor, config, loop, &error))
        fprintf(stderr, "byway: %s\n", error->message);
}

void
monitor_yield(Monitor *monitor)
{
    if (monitor->admin.loop)
        listener_yield(&monitor->admin.listener, 1);
}

bool
monitor_is_wanted(const LiveConfig *config)
{
    return config->admin.port != 0 || config->access_log ||
           config->limits.requests_per_second_per_peer > 0;
}

bool
monitor_open(Monitor *monitor, const LiveConfig *config, Loop *loop,
             GError **error)
{
    const AdminSink sink = {monitor, is_ready, write_metrics};
    Address admin = config->admin;
    admin.port = (uint16_t)(admin.port + config->worker_index);
    monitor->role = role_name(config->role);
    monitor->metrics.values[METRIC_START] =
        (uint64_t)(loop_now_ns(loop) / NS_PER_S);
    quota_init(&monitor->quota, config->limits.requests_per_second_per_peer);
    return open_log(monitor, config, loop, error) &&
           (config->admin.port == 0 ||
            admin_init(&monitor->admin, loop, &admin, &sink, error));
}

void
monitor_close(Monitor *monitor, Loop *loop)
{
    visits_clear(&monitor->visits, loop_now_ns(loop));
    admin_clear(&monitor->admin);
    access_log_free(monitor->log);
    quota_clear(&monitor->quota);
    monitor->log = NULL;
}

void
monitor_note(Monitor *monitor, const Effect *effect)
{
    metrics_see_note(&monitor->metrics, effect->note.kind, effect->note.value);
}

void
monitor_watch(Monitor *monitor, const Event *event, const Turn *turn)
{
    const uint8_t *ip = NULL;
    if (event->kind == EVENT_ACCEPTED)
        ip = monitor->host->streams[event->stream].guest->ip;
    visits_watch(&monitor->visits, event, turn, ip);
}

void
monitor_passed(Monitor *monitor, StreamId stream, uint64_t size_bytes)
{
    visits_passed(&monitor->visits, stream, size_bytes,
                  loop_now_ns(monitor->host->loop));
}

void
monitor_refused(Monitor *monitor, const uint8_t ip[16], uint16_t status)
{
    visits_refuse(&monitor->visits, ip, status,
                  loop_now_ns(monitor->host->loop));
}

bool
monitor_admits(Monitor *monitor, StreamId stream)
{
    const Host *host = monitor->host;
    return !visits_is_quiet(&monitor->visits, stream) ||
           quota_take(&monitor->quota, host->streams[stream].guest->ip,
                      loop_now_ns(host->loop));
}
