/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/metric.c: the dictionary of figures.
 */
#include "analysis/metric.h"

#include <glib.h>
#include <math.h>

/* T is the manifest's slow_threshold_bytes_per_second; "slow" downloads are
 * those that fell below it and asked for edges. */
static const Metric metrics[] = {
    {"arrivals", "downloads", "", 1, 0, "Downloads that users asked for."},
    {"candidates", "simulated downloads", "", 1, 0,
     "Arrivals that were simulated: all, or those that could become slow where "
     "the scenario leaves the others out."},
    {"slow", "slow", "", 1, 0,
     "Downloads whose speed over the sliding window fell below T, so that "
     "edges were asked for."},
    {"slow_ratio", "slow share", "%", 100, 1,
     "slow over arrivals; Wilson's interval."},
    {"attempts", "measured", "", 1, 0,
     "Slow downloads whose rates were measured over the window after the "
     "trigger: S + F + N."},
    {"unmeasured", "not measured", "", 1, 0,
     "Slow downloads without a rate, because the run ended first; in no "
     "counter but slow. One that fails has a rate: that of what came."},
    {"S", "S, sped up", "", 1, 0,
     "Total speed above T and edge speed above T/2, both strictly, over the "
     "window after the trigger."},
    {"F", "F, still slow", "", 1, 0, "Total speed below T over the window."},
    {"N", "N, neither", "", 1, 0,
     "Total speed at least T with edge speed at most T/2; in neither S nor "
     "F."},
    {"speedup_success_ratio", "R = S / (S + F)", "%", 100, 1,
     "Share of successes among slow downloads that either were sped up or "
     "stayed slow; Wilson's interval."},
    {"ceiling_ratio", "ceiling", "%", 100, 1,
     "1 minus the share of slow downloads whose own access line is the "
     "cause: what no relay can exceed."},
    {"success_over_ceiling_ratio", "R / ceiling", "%", 100, 1,
     "speedup_success_ratio over ceiling_ratio."},
    {"fix_ratio", "fixed", "%", 100, 1,
     "Share of all slow downloads whose total speed exceeds the fix "
     "threshold."},
    {"connectivity_ratio", "connectivity", "%", 100, 1,
     "Share of connection attempts to listed edges that succeed, over all "
     "slow downloads."},
    {"nodes_per_request", "nodes per request", "", 1, 1,
     "Edges listed over node requests that were answered."},
    {"node_request_success_ratio", "request success", "%", 100, 2,
     "Share of node requests to the manager that were answered."},
    {"mean_before_bytes_per_second", "speed before", "kB/s", 1e-3, 0,
     "Mean over slow downloads of the speed that triggered the help."},
    {"mean_total_bytes_per_second", "total speed", "kB/s", 1e-3, 0,
     "Mean over slow downloads of the speed from all sources over the window "
     "after the trigger."},
    {"mean_edge_bytes_per_second", "edge part", "kB/s", 1e-3, 0,
     "Mean over slow downloads of what came through edges in the window."},
    {"mean_cdn_bytes_per_second", "CDN part", "kB/s", 1e-3, 0,
     "Mean over slow downloads of what came from the CDN in the window."},
    {"mean_edge_connection_bytes_per_second", "per edge connection", "kB/s",
     1e-3, 0,
     "Sum of edge speeds in the window over the number of edges that carried "
     "data, then or later."},
    {"edge_over_cdn_ratio", "edge over CDN rate", "", 1, 2,
     "Sum of edge speeds over sum of CDN speeds in the window, while both "
     "deliver the same downloads."},
    {"mean_edge_connect_seconds", "connect to edge", "ms", 1e3, 1,
     "Mean time of a successful connect from a client to an edge."},
    {"mean_cdn_connect_seconds", "connect to CDN", "ms", 1e3, 1,
     "Mean time of a successful connect from a slow download's client to "
     "the CDN; no DNS."},
    {"edge_over_cdn_connect_ratio", "edge over CDN connect", "", 1, 2,
     "mean_edge_connect_seconds over mean_cdn_connect_seconds."},
    {"own_access", "slow by own access", "%", 100, 1,
     "Share of slow downloads limited by the client's own line."},
    {"cell_ingress", "slow by cell ingress", "%", 100, 1,
     "Share of slow downloads limited at the ingress of the client's cell."},
    {"data_centre_leg", "slow by data-centre leg", "%", 100, 1,
     "Share of slow downloads limited next to the data centre."},
    {"cdn_path", "slow by CDN path", "%", 100, 1,
     "Share of slow downloads limited on the path from the CDN."},
    {"other", "slow by other", "%", 100, 1,
     "Share of slow downloads with no congestion on their way: distance or "
     "background loss."},
    {"sampled", "payload sampled", "", 1, 0,
     "Downloads that carried real bytes end to end."},
    {"equal_bytes", "payload equal", "MB", 1e-6, 2,
     "Bytes of sampled downloads that were found equal to the file's on "
     "delivery."},
    {"different_bytes", "payload different", "B", 1, 0,
     "Bytes of sampled downloads that differed from the file's."},
    {"flow_completion_seconds", "completion", "s", 1, 4,
     "From the start of a flow to the last byte's delivery; completed flows "
     "only."},
    {"connect_seconds", "connect", "ms", 1e3, 2,
     "From the start of a flow until its connection is up."},
    {"first_byte_seconds", "first byte", "ms", 1e3, 2,
     "From the start of a flow to its first byte's delivery."},
    {"goodput_bits_per_second", "goodput", "Mbit/s", 1e-6, 3,
     "Delivered bytes of a flow over its time from start to the end."},
    {"retransmitted_segments_total", "retransmitted segments", "", 1, 0,
     "Segments that senders sent again, over all flows."},
    {"timeouts_total", "timeouts", "", 1, 0,
     "Retransmission timers that expired, over all flows."},
    {"utilisation_ratio", "utilisation", "%", 100, 1,
     "Share of an interval in which a link was transmitting."},
    {"queue_delay_seconds", "queue delay", "ms", 1e3, 2,
     "Time that packets which a link's queue took in an interval wait there; "
     "intervals that had some."},
    {"events", "events", "", 1, 0, "Entries taken from the agenda."},
    {"packet_hops", "packet hops", "", 1, 0,
     "Packets times links crossed, data and acknowledgements."},
    {"data_packets", "data packets", "", 1, 0,
     "Packets with payload that were sent."},
    {"simulated_seconds", "simulated time", "s", 1, 1,
     "Virtual time from the start to the last event."},
    {"wall_seconds", "wall time", "s", 1, 2,
     "Time on the wall clock that the simulation took; of a whole run the "
     "sum over its modes, which may be played at once."},
    {"packet_hops_per_second", "packet hops per second", "M/s", 1e-6, 2,
     "packet_hops over wall_seconds."},
    {"peak_rss_bytes", "peak memory", "MB", 1e-6, 1,
     "Largest resident set of the process."},
};

const Metric *
metric_table(size_t *ret_count)
{
    *ret_count = G_N_ELEMENTS(metrics);
    return metrics;
}

const Metric *
metric_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(metrics); i++) {
        if (g_str_equal(metrics[i].name, name))
            return &metrics[i];
    }
    return NULL;
}

char *
metric_new_text(const Metric *metric, double value)
{
    if (!isfinite(value))
        return g_strdup("-");
    const char *blank = *metric->unit ? " " : "";
    return g_strdup_printf("%.*f%s%s", metric->decimals, value * metric->scale,
                           blank, metric->unit);
}
