/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/record.c: rows of downloads, flows, links and nodes.
 */
#include "sim/record.h"

#include "sim/checkpoint.h"
#include "sim/directory.h"
#include "sim/parts.h"
#include "sim/schema.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES (64 * 1024)

static const char *const KIND_NAMES[RECORD_KIND_COUNT] = {
    [RECORD_DOWNLOADS] = "downloads", [RECORD_FLOWS] = "flows",
    [RECORD_LINKS] = "links",         [RECORD_NODES] = "nodes",
    [RECORD_NOTES] = "notes",
};

static const char *const HEADS[RECORD_KIND_COUNT] = {
    [RECORD_DOWNLOADS] =
        "mode,download_id,client,region,isp,access,"
        "own_access_bytes_per_second,start_seconds,file_bytes,is_slow,"
        "trigger_seconds,cause,before_bytes_per_second,"
        "total_bytes_per_second,edge_bytes_per_second,"
        "cdn_bytes_per_second,window_seconds,edges_listed,node_requests,"
        "node_request_failures,edge_attempts,edge_connects,"
        "edge_connect_seconds_sum,cdn_connects,cdn_connect_seconds_sum,"
        "edge_connections_used,delivered_bytes,completion_seconds,outcome",
    [RECORD_FLOWS] =
        "mode,flow,from,to,transport,start_seconds,connect_seconds,"
        "first_byte_seconds,completion_seconds,delivered_bytes,"
        "goodput_bits_per_second,retransmitted_segments_total,"
        "timeouts_total",
    [RECORD_LINKS] =
        "mode,link,time_seconds,utilisation_ratio,queue_delay_seconds,"
        "queue_packets_max,packets_total,dropped_queue_total,"
        "dropped_aqm_total,dropped_loss_total",
    [RECORD_NODES] = "mode,node,role,region,isp,nat,connections_total,"
                     "sent_bytes,received_bytes,cpu_busy_seconds,"
                     "requests_total",
    [RECORD_NOTES] = "mode,time_seconds,node,note,about,value",
};

static char *
part_path(const char *directory, RecordKind kind, const char *mode)
{
    if (!directory)
        return g_strdup("/dev/null");
    g_autofree char *name = g_strdup_printf("%s.%s", KIND_NAMES[kind], mode);
    return g_build_filename(directory, "parts", name, NULL);
}

static FILE *
open_part(const char *directory, RecordKind kind, const char *mode,
          const char *how, GError **error)
{
    g_autofree char *path = part_path(directory, kind, mode);
    FILE *file = g_fopen(path, how);
    if (!file)
        directory_fail(error, path);
    return file;
}

/* stdio remembers that a write failed, not why: the disk is asked again. */
static bool
fail_write(FILE *file, const char *path, GError **error)
{
    if (write(fileno(file), "\n", 1) == 1)
        errno = EIO;
    return directory_fail(error, path);
}

static bool
close_file(FILE *file, const char *path, GError **error)
{
    bool is_good = fflush(file) == 0 && !ferror(file);
    if (!is_good)
        fail_write(file, path, error);
    if (fclose(file) != 0 && is_good)
        return directory_fail(error, path);
    return is_good;
}

static bool
close_part(FILE *file, const char *directory, RecordKind kind, const char *mode,
           GError **error)
{
    g_autofree char *path = part_path(directory, kind, mode);
    return close_file(file, path, error);
}

static double
seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* Quotes only where RFC 4180 wants them. */
static void
print_text(FILE *file, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

bool
recorder_init(Recorder *recorder, const char *directory, const char *mode,
              int64_t interval_ns, bool has_rows, GError **error)
{
    *recorder = (Recorder){.directory = directory,
                           .mode = mode,
                           .interval_ns = interval_ns,
                           .has_rows = has_rows};
    recorder->links = open_part(directory, RECORD_LINKS, mode, "a", error);
    if (!recorder->links)
        return false;
    recorder->watched = g_array_new(false, true, sizeof(WatchedLink));
    recorder->captures = g_ptr_array_new();
    return true;
}

bool
recorder_trace(Recorder *recorder, GError **error)
{
    recorder->notes = open_part(recorder->directory, RECORD_NOTES,
                                recorder->mode, "a", error);
    return recorder->notes;
}

/* Names that a scenario gives are of these; what else links' names have, by
 * sim/link_name.h, stands at the same places in all. */
#define FILE_NAME_CHARACTERS                                                   \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

bool
recorder_capture(Recorder *recorder, Link *link, const char *name,
                 GError **error)
{
    g_autofree char *folder =
        g_build_filename(recorder->directory, "pcap", NULL);
    if (g_mkdir_with_parents(folder, 0777) != 0)
        return directory_fail(error, folder);
    g_autofree char *safe = g_strdup(name);
    g_strcanon(safe, FILE_NAME_CHARACTERS, '+');
    g_autofree char *path =
        g_strdup_printf("%s/%s-%s.pcap", folder, recorder->mode, safe);
    Pcap *pcap = recorder->has_rows ? pcap_open_again(path, link, error)
                                    : pcap_open(path, link, error);
    if (pcap)
        g_ptr_array_add(recorder->captures, pcap);
    return pcap;
}

bool
recorder_is_good(const Recorder *recorder)
{
    for (guint i = 0; i < recorder->captures->len; i++) {
        if (!pcap_is_good(recorder->captures->pdata[i]))
            return false;
    }
    return !ferror(recorder->links) &&
           !(recorder->notes && ferror(recorder->notes));
}

void
recorder_code(Recorder *recorder, Coder *coder)
{
    checkpoint_code_file(recorder->links, coder);
    if (recorder->notes)
        checkpoint_code_file(recorder->notes, coder);
    for (guint i = 0; i < recorder->captures->len; i++)
        pcap_code(recorder->captures->pdata[i], coder);
    for (guint i = 0; i < recorder->watched->len; i++) {
        WatchedLink *watched =
            &g_array_index(recorder->watched, WatchedLink, i);
        coder_bytes(coder, &watched->last, sizeof watched->last);
    }
}

/* Files of the folder whose names are of this pattern. */
static bool
remove_files(const char *folder, const char *pattern, GError **error)
{
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    const char *name;
    while (files && (name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_pattern_match_simple(pattern, name) && g_unlink(path) != 0)
            return directory_fail(error, path);
    }
    return true;
}

bool
recorder_forget(const char *directory, const char *mode, GError **error)
{
    g_autofree char *parts = g_build_filename(directory, "parts", NULL);
    g_autofree char *pcap = g_build_filename(directory, "pcap", NULL);
    g_autofree char *rows = g_strconcat("*.", mode, NULL);
    g_autofree char *captures = g_strconcat(mode, "-*.pcap", NULL);
    return remove_files(parts, rows, error) &&
           remove_files(pcap, captures, error);
}

static bool
close_captures(Recorder *recorder, int64_t end_ns, GError **error)
{
    bool is_good = true;
    for (guint i = 0; i < recorder->captures->len; i++)
        is_good &= pcap_close(recorder->captures->pdata[i], end_ns,
                              is_good ? error : NULL);
    g_ptr_array_set_size(recorder->captures, 0);
    return is_good;
}

bool
recorder_close(Recorder *recorder, int64_t end_ns, GError **error)
{
    bool is_good =
        !recorder->links || close_part(recorder->links, recorder->directory,
                                       RECORD_LINKS, recorder->mode, error);
    if (recorder->notes &&
        !close_part(recorder->notes, recorder->directory, RECORD_NOTES,
                    recorder->mode, is_good ? error : NULL))
        is_good = false;
    recorder->links = recorder->notes = NULL;
    return close_captures(recorder, end_ns, is_good ? error : NULL) && is_good;
}

void
recorder_clear(Recorder *recorder)
{
    recorder_close(recorder, 0, NULL);
    g_ptr_array_unref(recorder->captures);
    for (uint32_t i = 0; i < recorder->watched->len; i++)
        g_free(g_array_index(recorder->watched, WatchedLink, i).name);
    g_array_unref(recorder->watched);
}

void
recorder_watch(Recorder *recorder, LinkId link, const char *name)
{
    WatchedLink watched = {.link = link, .name = g_strdup(name)};
    g_array_append_val(recorder->watched, watched);
}

/* Those that the queue took: of the others nobody knows how long they would
 * have waited. */
static uint64_t
accepted(const LinkSample *sample)
{
    return sample->arrived_packets - sample->dropped_packets[LINK_DROP_QUEUE] -
           sample->dropped_packets[LINK_DROP_AQM];
}

static void
print_link(Recorder *recorder, WatchedLink *watched, const LinkSample *now,
           int64_t now_ns)
{
    const LinkSample *last = &watched->last;
    uint64_t packets = accepted(now) - accepted(last);
    double busy =
        (double)(now->busy_ns - last->busy_ns) / (double)recorder->interval_ns;
    double waited_s = (double)(now->waited_ns - last->waited_ns) / 1e9;
    fprintf(recorder->links, "%s,", recorder->mode);
    print_text(recorder->links, watched->name);
    fprintf(recorder->links, ",%.9g,%.6g,", seconds(now_ns), busy);
    if (packets > 0)
        fprintf(recorder->links, "%.6g", waited_s / (double)packets);
    fprintf(recorder->links,
            ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
            ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "\n",
            now->waiting_packets_max, now->arrived_packets,
            now->dropped_packets[LINK_DROP_QUEUE],
            now->dropped_packets[LINK_DROP_AQM],
            now->dropped_packets[LINK_DROP_LOSS]);
    watched->last = *now;
}

/* What is known of it here; what the wire has lost is counted at its end. */
static LinkSample
sample_of(const Network *network, LinkId id)
{
    LinkSample sample = {0};
    const Link *link = &network->links[id];
    if (parts_has_far_end(network, id))
        sample.dropped_packets[LINK_DROP_LOSS] =
            link->dropped_packets[LINK_DROP_LOSS];
    if (!parts_has_link(network, id))
        return sample;
    sample.arrived_packets = link->arrived_packets;
    sample.busy_ns = link_busy_ns(link, network->now_ns);
    sample.waited_ns = link->waited_ns;
    sample.waiting_packets_max = link->waiting_packets_max;
    sample.dropped_packets[LINK_DROP_QUEUE] =
        link->dropped_packets[LINK_DROP_QUEUE];
    sample.dropped_packets[LINK_DROP_AQM] =
        link->dropped_packets[LINK_DROP_AQM];
    return sample;
}

void
recorder_sample(Recorder *recorder, const Network *network)
{
    guint count = recorder->watched->len;
    g_autofree LinkSample *samples = g_new0(LinkSample, count + 1);
    const WatchedLink *watched =
        (const WatchedLink *)(void *)recorder->watched->data;
    for (guint i = 0; i < count; i++)
        samples[i] = sample_of(network, watched[i].link);
    parts_sum(network, (uint64_t *)samples,
              count * sizeof *samples / sizeof(uint64_t));
    for (guint i = 0; i < count; i++)
        print_link(recorder, &g_array_index(recorder->watched, WatchedLink, i),
                   &samples[i], network->now_ns);
    fflush(recorder->links); /* a full disk is noticed now, not at the end */
}

static void
print_rates(FILE *file, const Scenario *scenario, const Download *download)
{
    /* The first window of the configuration is the measure; the others are
     * its sensitivity and stand in their own columns at the row's end. */
    const WindowRates *rates = &download->rates[0];
    if (!download->is_measured) {
        fputs(",,,", file);
        return;
    }
    fprintf(file,
            "%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
            ",%.9g",
            rates->total_bytes_per_s, rates->edge_bytes_per_s,
            rates->cdn_bytes_per_s, seconds(scenario->measure.window_ns));
}

static void
print_sensitivity(FILE *file, const Scenario *scenario,
                  const Download *download)
{
    for (uint32_t i = 0; i < scenario->measure.sensitivity_count; i++) {
        if (!(download->windows_measured & 2u << i)) {
            fputs(",,", file);
            continue;
        }
        const WindowRates *rates = &download->rates[i + 1];
        fprintf(file, ",%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT,
                rates->total_bytes_per_s, rates->edge_bytes_per_s);
    }
}

static void
print_place(FILE *file, const World *world, HostId id)
{
    const Site *site = &world->terrain.sites[world->hosts[id].site];
    const PlanNetwork *network = &world->scenario->network;
    print_text(file, network->regions[site->region].name);
    fputc(',', file);
    print_text(file, network->isps[site->isp].name);
}

static void
print_head(FILE *file, const char *mode, const DownloadTable *table,
           const Download *download)
{
    const World *world = table->world;
    uint32_t number = download->client - table->population->first_client;
    const ClientTraits *client = &table->population->clients[number];
    fprintf(file, "%s,%u,%u,", mode, download->id, number);
    print_place(file, world, download->client);
    fputc(',', file);
    print_text(file, world->scenario->network.profiles[client->profile].name);
    fprintf(file, ",%" G_GUINT64_FORMAT ",%.9g,%" G_GUINT64_FORMAT ",",
            client->down_bps / 8, seconds(download->start_ns),
            download->file_bytes);
}

static void
print_completion(FILE *file, const Download *download)
{
    fputc(',', file);
    if (download->outcome == OUTCOME_DONE)
        fprintf(file, "%.9g", seconds(download->end_ns - download->start_ns));
}

static void
print_download(FILE *file, const char *mode, const DownloadTable *table,
               const Download *download)
{
    print_head(file, mode, table, download);
    bool is_slow = download->trigger_ns != TIME_NEVER;
    if (is_slow)
        fprintf(file, "1,%.9g,%s,%" G_GUINT64_FORMAT ",",
                seconds(download->trigger_ns), cause_name(download->cause),
                download->before_bytes_per_s);
    else
        fputs("0,,,,", file);
    const Scenario *scenario = table->world->scenario;
    print_rates(file, scenario, download);
    fprintf(file, ",%u,%u,%u,%u,%u,%.9g,%u,%.9g,%u,%" G_GUINT64_FORMAT,
            download->edges_listed, download->node_requests,
            download->node_failures, download->edge_attempts,
            download->edge_connects, seconds(download->edge_connect_ns),
            download->cdn_connects, seconds(download->cdn_connect_ns),
            download->edges_used, download->delivered_bytes);
    print_completion(file, download);
    fprintf(file, ",%s", outcome_name(download->outcome));
    print_sensitivity(file, scenario, download);
    fputc('\n', file);
}

bool
record_downloads(const char *directory, const char *mode,
                 const DownloadTable *table, GError **error)
{
    FILE *file = open_part(directory, RECORD_DOWNLOADS, mode, "w", error);
    if (!file)
        return false;
    for (uint32_t i = 0; i < table->downloads->len; i++)
        print_download(file, mode, table,
                       &g_array_index(table->downloads, Download, i));
    return close_part(file, directory, RECORD_DOWNLOADS, mode, error);
}

bool
record_nodes(const char *directory, const char *mode, const World *world,
             GError **error)
{
    FILE *file = open_part(directory, RECORD_NODES, mode, "w", error);
    if (!file)
        return false;
    for (HostId id = 0; id < world->host_count; id++) {
        const Host *host = &world->hosts[id];
        const HostCount *count = &host->count;
        fprintf(file, "%s,%s%u,%s,", mode, role_name(host->role), host->number,
                role_name(host->role));
        print_place(file, world, id);
        fprintf(file,
                ",%s,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
                ",%" G_GUINT64_FORMAT ",%.9g,%" G_GUINT64_FORMAT "\n",
                word_text(SCHEMA_NAT_WORDS, host->nat), count->connections,
                count->sent_body_bytes, count->received_bytes,
                seconds((int64_t)count->cpu_busy_ns), count->requests);
    }
    return close_part(file, directory, RECORD_NODES, mode, error);
}

static void
print_moment(FILE *file, int64_t at_ns, int64_t since_ns)
{
    if (at_ns != TIME_NEVER)
        fprintf(file, "%.9g", seconds(at_ns - since_ns));
    fputc(',', file);
}

static void
print_flow(FILE *file, const char *mode, const FlowTable *table, uint32_t index)
{
    const Flow *flow = &table->flows[index];
    g_autofree char *from = topology_host_name(table->topology, flow->from);
    g_autofree char *to = topology_host_name(table->topology, flow->to);
    int64_t end_ns = MIN(flow->done_ns, table->network->now_ns);
    double lasted_s = seconds(end_ns - flow->start_ns);
    double goodput_bps =
        lasted_s > 0 ? 8 * (double)flow->got_bytes / lasted_s : 0;
    fprintf(file, "%s,%u,%s,%s,%s,%.9g,", mode, index, from, to,
            table->transports[flow->transport].name, seconds(flow->start_ns));
    print_moment(file, flow->connected_ns, flow->start_ns);
    print_moment(file, flow->first_byte_ns, flow->start_ns);
    print_moment(file, flow->done_ns, flow->start_ns);
    fprintf(file,
            "%" G_GUINT64_FORMAT ",%.9g,%" G_GUINT64_FORMAT
            ",%" G_GUINT64_FORMAT "\n",
            flow->got_bytes, goodput_bps, flow->resent_segments,
            flow->timeouts);
}

bool
record_flows(const char *directory, const char *mode, const FlowTable *table,
             GError **error)
{
    FILE *file = open_part(directory, RECORD_FLOWS, mode, "w", error);
    if (!file)
        return false;
    for (uint32_t i = 0; i < table->count; i++)
        print_flow(file, mode, table, i);
    return close_part(file, directory, RECORD_FLOWS, mode, error);
}

char *
record_new_head(RecordKind kind, const Scenario *scenario)
{
    GString *head = g_string_new(HEADS[kind]);
    const PlanMeasure *measure = &scenario->measure;
    for (uint32_t i = 0;
         kind == RECORD_DOWNLOADS && i < measure->sensitivity_count; i++) {
        double window_s = seconds(measure->sensitivity[i].ns);
        g_string_append_printf(head,
                               ",total_%g_s_bytes_per_second"
                               ",edge_%g_s_bytes_per_second",
                               window_s, window_s);
    }
    g_string_append_c(head, '\n');
    return g_string_free(head, false);
}

/* A trace may be larger than memory, so it passes through in pieces. False
 * when part cannot be read; what cannot be written, file remembers. */
static bool
append_part(FILE *file, const char *part, GError **error)
{
    FILE *rows = g_fopen(part, "r");
    if (!rows)
        return directory_fail(error, part);
    char piece[COPY_BYTES];
    size_t piece_bytes;
    while (!ferror(file) &&
           (piece_bytes = fread(piece, 1, sizeof piece, rows)) > 0)
        fwrite(piece, 1, piece_bytes, file);
    bool is_good = !ferror(rows) || directory_fail(error, part);
    fclose(rows);
    return is_good;
}

bool
record_join(const char *directory, RecordKind kind, const Scenario *scenario,
            const char *const *modes, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s.csv", KIND_NAMES[kind]);
    g_autofree char *path = g_build_filename(directory, name, NULL);
    FILE *file = NULL;
    bool is_good = true;
    for (; *modes && is_good; modes++) {
        g_autofree char *part = part_path(directory, kind, *modes);
        if (!g_file_test(part, G_FILE_TEST_EXISTS))
            continue;
        if (!file) {
            file = g_fopen(path, "w");
            if (!file)
                return directory_fail(error, path);
            g_autofree char *head = record_new_head(kind, scenario);
            fputs(head, file);
        }
        is_good = append_part(file, part, error);
    }
    if (!file)
        return is_good;
    return close_file(file, path, is_good ? error : NULL) && is_good;
}
