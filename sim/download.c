/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/download.c: arrivals, and the books kept from what clients note.
 */
#include "sim/download.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define NO_DOWNLOAD UINT32_MAX
#define CLIENT_TRIES 8
#define FILE_TRIES 1000
/* A data centre's own link is the cause when packets wait this long there. */
#define LEG_WAIT_NS (20 * NS_PER_MS)
/* An episode that ended this long ago still shows in the slow window. */
#define EPISODE_MEMORY_NS (3 * NS_PER_S)

static Download *
download_at(const DownloadTable *table, uint32_t index)
{
    return &g_array_index(table->downloads, Download, index);
}

static bool
was_on(const Episode *episode, int64_t now_ns)
{
    if (!episode)
        return false;
    return (episode->is_on && episode->last_start_ns <= now_ns) ||
           now_ns - episode->last_end_ns < EPISODE_MEMORY_NS;
}

/* The episode at the client's ingress; NULL when a server inside the cell
 * does not come that way. */
static const Episode *
ingress_on_the_way(const World *world, const Host *server, const Host *client)
{
    if (world->terrain.sites[server->site].cell == client->site)
        return NULL;
    return terrain_ingress_episode(&world->terrain, client->site);
}

/* What a line carries beside the headers. */
static uint64_t
goodput_bps(const TcpOptions *options, uint64_t rate_bps)
{
    return rate_bps * options->mss_bytes /
           (options->mss_bytes + options->header_bytes);
}

static Cause
find_cause(DownloadTable *table, const Download *download)
{
    World *world = table->world;
    int64_t now_ns = table->heard_ns;
    const Host *client = &world->hosts[download->client];
    const Host *server = &world->hosts[client->place.source];
    uint32_t number = download->client - table->population->first_client;
    uint64_t slow_bps = world->scenario->roles.clients->slow_threshold_bps;
    if (goodput_bps(server->options,
                    table->population->clients[number].down_bps) <= slow_bps)
        return CAUSE_OWN_ACCESS;
    if (was_on(ingress_on_the_way(world, server, client), now_ns))
        return CAUSE_CELL_INGRESS;
    if (was_on(
            terrain_path_episode(&world->terrain, server->site, client->site),
            now_ns))
        return CAUSE_CDN_PATH;
    /* Where there are parts, notes are heard later, and links are ahead. */
    const Link *leg = &world->network.links[server->up];
    if (link_wait_ns(leg, world->network.now_ns) > LEG_WAIT_NS)
        return CAUSE_DATA_CENTRE_LEG;
    return CAUSE_OTHER;
}

static uint32_t
window_of_length(const ClientConfig *config, uint64_t length_ns)
{
    uint32_t window = 0;
    while ((uint64_t)config->window_ns[window] != length_ns)
        window++;
    assert(window < config->window_count);
    return window;
}

/* A note about the measuring window, or about one of the others: those are
 * announced by their length. False: the note is about something else. */
static bool
take_rate(const DownloadTable *table, Download *download, NoteKind kind,
          uint64_t value)
{
    WindowRates *rates = download->rates;
    if (kind == NOTE_DOWNLOAD_MEASURED) {
        download->is_measured = true;
        rates[0].total_bytes_per_s = value;
    } else if (kind == NOTE_DOWNLOAD_EDGE_RATE) {
        rates[0].edge_bytes_per_s = value;
    } else if (kind == NOTE_DOWNLOAD_CDN_RATE) {
        rates[0].cdn_bytes_per_s = value;
    } else if (kind == NOTE_DOWNLOAD_WINDOW) {
        download->window =
            window_of_length(&table->population->client_config, value);
        download->windows_measured |= 1u << download->window;
    } else if (kind == NOTE_DOWNLOAD_WINDOW_RATE) {
        rates[download->window].total_bytes_per_s = value;
    } else if (kind == NOTE_DOWNLOAD_WINDOW_EDGE_RATE) {
        rates[download->window].edge_bytes_per_s = value;
    } else {
        return false;
    }
    return true;
}

static void
count_used(Download *download, PeerId edge)
{
    if (!download->used)
        download->used = g_hash_table_new(NULL, NULL);
    if (g_hash_table_add(download->used, GUINT_TO_POINTER(edge + 1)))
        download->edges_used++;
}

static void
forget_details(Download *download)
{
    reassembly_clear(&download->coverage);
    g_clear_pointer(&download->used, g_hash_table_unref);
}

static void
end_download(DownloadTable *table, Download *download, Outcome outcome)
{
    download->outcome = outcome;
    download->end_ns = table->heard_ns;
    table->active_of[download->client] = NO_DOWNLOAD;
    table->running_count--;
    table->measured_count += download->trigger_ns != TIME_NEVER;
    if (outcome == OUTCOME_DONE) {
        /* Each byte once, none missing. */
        assert(download->delivered_bytes == download->file_bytes);
        assert(download->coverage.next_seq == download->file_bytes);
    }
    forget_details(download);
}

static void
take_edge_note(Download *download, const Effect *note)
{
    NoteKind kind = note->note.kind;
    uint64_t value = note->note.value;
    if (kind == NOTE_EDGE_TRIED) {
        download->edge_attempts++;
    } else if (kind == NOTE_EDGE_CONNECTED) {
        download->edge_connects++;
        download->edge_connect_ns += (int64_t)value;
    } else if (kind == NOTE_CDN_CONNECTED) {
        download->cdn_connects++;
        download->cdn_connect_ns += (int64_t)value;
    } else if (kind == NOTE_EDGE_BYTES) {
        count_used(download, note->note.about);
    } else if (kind == NOTE_NODES_LISTED) {
        download->node_requests++;
        download->edges_listed += (uint32_t)value;
    } else if (kind == NOTE_NODES_FAILED) {
        download->node_requests++;
        download->node_failures++;
    }
}

static void
become_slow(DownloadTable *table, Download *download, uint64_t speed)
{
    download->trigger_ns = table->heard_ns;
    download->before_bytes_per_s = speed;
    download->cause = find_cause(table, download);
    table->slow_count++;
}

static void
take_note(void *context, int64_t now_ns, HostId host, const Effect *note)
{
    DownloadTable *table = context;
    table->heard_ns = now_ns;
    if (table->active_of[host] == NO_DOWNLOAD)
        return;
    Download *download = download_at(table, table->active_of[host]);
    NoteKind kind = note->note.kind;
    if (kind == NOTE_DOWNLOAD_SLOW)
        become_slow(table, download, note->note.value);
    else if (take_rate(table, download, kind, note->note.value))
        return;
    else if (kind == NOTE_DOWNLOAD_DONE)
        end_download(table, download, OUTCOME_DONE);
    else if (kind == NOTE_DOWNLOAD_STOPPED)
        end_download(table, download, OUTCOME_STOPPED);
    else if (kind == NOTE_DOWNLOAD_FAILED)
        end_download(table, download, OUTCOME_FAILED);
    else
        take_edge_note(download, note);
}

static void
take_delivery(void *context, int64_t now_ns, HostId host, const Extent *extent,
              Payload payload)
{
    (void)now_ns; /* what counts is that it comes once */
    DownloadTable *table = context;
    uint32_t active = table->active_of[host];
    assert(active != NO_DOWNLOAD);
    Download *download = download_at(table, active);
    assert(extent->file == download->file);
    uint64_t end = extent->offset_bytes + extent->size_bytes;
    assert(end <= download->file_bytes);
    download->delivered_bytes += extent->size_bytes;
    reassembly_add(&download->coverage, extent->offset_bytes, end);
    if (payload == PAYLOAD_EQUAL)
        table->equal_bytes += extent->size_bytes;
    else if (payload == PAYLOAD_DIFFERENT)
        table->different_bytes += extent->size_bytes;
}

void
download_table_init(DownloadTable *table, World *world,
                    const Population *population)
{
    *table = (DownloadTable){.world = world,
                             .population = population,
                             .plan = world->scenario->workload.downloads};
    table->downloads = g_array_new(false, true, sizeof(Download));
    table->active_of = g_new(uint32_t, world->host_count);
    for (HostId id = 0; id < world->host_count; id++)
        table->active_of[id] = NO_DOWNLOAD;
    world->sink = (NoteSink){table, take_note, take_delivery};
    agenda_push(world_calendar(world), world->scenario->general.warmup_ns,
                AGENDA_COMMAND, 0);
}

void
download_table_clear(DownloadTable *table)
{
    for (uint32_t i = 0; i < table->downloads->len; i++)
        forget_details(download_at(table, i));
    g_array_unref(table->downloads);
    g_free(table->active_of);
}

CODER_KNOWS(DownloadTable, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

static void
code_used(Download *download, Coder *coder)
{
    bool has_used = download->used;
    coder_flag(coder, &has_used);
    if (coder->is_reading)
        download->used = has_used ? g_hash_table_new(NULL, NULL) : NULL;
    if (!has_used)
        return;
    uint32_t count = g_hash_table_size(download->used);
    coder_u32(coder, &count);
    g_autofree gpointer *edges =
        coder->is_reading
            ? NULL
            : g_hash_table_get_keys_as_array(download->used, NULL);
    for (uint32_t i = 0; i < count && !coder->is_bad; i++) {
        uint32_t edge = edges ? GPOINTER_TO_UINT(edges[i]) : 0;
        coder_u32(coder, &edge);
        if (coder->is_reading)
            g_hash_table_add(download->used, GUINT_TO_POINTER(edge));
    }
}

static void
code_download(Download *download, Coder *coder)
{
    Download plain = *download;
    plain.used = NULL;
    plain.coverage = (Reassembly){0};
    coder_bytes(coder, &plain, sizeof plain);
    if (coder->is_reading)
        *download = plain;
    code_used(download, coder);
    reassembly_code(&download->coverage, coder);
}

void
download_table_code(DownloadTable *table, Coder *coder)
{
    uint32_t count = table->downloads->len;
    coder_u32(coder, &count);
    if (coder->is_reading && coder_has(coder, count * sizeof(Download)))
        g_array_set_size(table->downloads, count);
    for (uint32_t i = 0; i < count && !coder->is_bad; i++)
        code_download(download_at(table, i), coder);
    coder_bytes(coder, table->active_of,
                table->world->host_count * sizeof *table->active_of);
    coder_u32(coder, &table->arrival_count);
    coder_u32(coder, &table->candidate_count);
    coder_u32(coder, &table->slow_count);
    coder_u32(coder, &table->measured_count);
    coder_u32(coder, &table->running_count);
    coder_u32(coder, &table->sampled_count);
    coder_u64(coder, &table->equal_bytes);
    coder_u64(coder, &table->different_bytes);
    coder_i64(coder, &table->heard_ns);
    coder_flag(coder, &table->is_closed);
}

/* Will the episode be on at some time before until_ns? */
static bool
is_on_before(const Episode *episode, int64_t until_ns)
{
    return episode && (episode->is_on || episode->next_ns < until_ns);
}

/* What the slowest line, steady loss and the receiver's window leave of a
 * download with nobody else on the way; by loss a connection has
 * sqrt(3 / (4 p)) segments a round trip (RFC 5348, section 3.1, two segments
 * an ACK, without time-outs). */
static double
alone_bps(World *world, HostId from, HostId to)
{
    Path path = reach_path(world, from, to);
    const Route *route = &world->network.routes[path.route];
    LinkId links[ROUTE_HOPS_MAX + 2] = {path.up, path.down};
    memcpy(links + 2, route->links, sizeof route->links);
    double rate_bps = INFINITY;
    double delay_s = 0;
    double kept = 1;
    for (int i = 0; i < route->hop_count + 2; i++) {
        const Link *link = &world->network.links[links[i]];
        if (link->rate_bps > 0)
            rate_bps = MIN(rate_bps, (double)link->rate_bps);
        delay_s += (double)(link->delay_ns + link->extra_delay_ns) / 1e9;
        kept *= 1 - (double)link->loss / 0x1p64;
    }
    double flight = (double)world->hosts[to].options->receive_window_bytes;
    flight = MIN(flight, sqrt(0.75 / (1 - kept)) *
                             world->hosts[from].options->mss_bytes);
    uint32_t connections = world->scenario->roles.clients->cdn_connections;
    return MIN(rate_bps, connections * flight * 8 / (2 * delay_s));
}

/* A download that no congestion touches, and that would be twice as fast as T
 * if it were alone, is not slow; generating it would only cost time. */
static bool
can_be_slow(DownloadTable *table, HostId client, uint64_t file_bytes)
{
    World *world = table->world;
    const Host *host = &world->hosts[client];
    HostId source = host->place.source;
    const Host *server = &world->hosts[source];
    uint64_t slow_bps = world->scenario->roles.clients->slow_threshold_bps;
    int64_t watch_ns =
        (int64_t)((double)file_bytes * 8e9 / (double)(2 * slow_bps));
    if (!table->plan->has_whole_files && table->plan->watch_ns > 0)
        watch_ns = MIN(watch_ns, table->plan->watch_ns);
    int64_t until_ns = world->network.now_ns + watch_ns;
    /* Only when these are off is the way at its best. */
    return is_on_before(ingress_on_the_way(world, server, host), until_ns) ||
           is_on_before(
               terrain_path_episode(&world->terrain, server->site, host->site),
               until_ns) ||
           alone_bps(world, source, client) < 2 * (double)slow_bps;
}

/* Draws beyond the largest file are drawn again. */
static uint64_t
draw_file_bytes(const DownloadTable *table, RandomStream *stream)
{
    uint64_t most = table->plan->file_bytes_max;
    for (int i = 0; i < FILE_TRIES; i++) {
        int64_t size =
            distribution_draw_integer(&table->plan->file_size, stream);
        if ((uint64_t)size <= most)
            return MAX((uint64_t)size, 1);
    }
    return most;
}

/* A client that is not busy, or the last drawn when none is found. */
static HostId
draw_client(const DownloadTable *table, RandomStream *stream)
{
    const Population *population = table->population;
    HostId client = 0;
    for (int i = 0; i < CLIENT_TRIES; i++) {
        double unit = random_unit(stream);
        client = population->first_client +
                 (uint32_t)(unit * population->client_count);
        if (table->active_of[client] == NO_DOWNLOAD)
            break;
    }
    return client;
}

static void
fetch(DownloadTable *table, HostId client, uint64_t file_bytes,
      RandomStream *stream)
{
    World *world = table->world;
    double sampled = world->scenario->security.payload_sampled_ratio;
    bool is_sampled = random_unit(stream) < sampled;
    Download download = {
        .id = table->arrival_count - 1,
        .client = client,
        .file = world_add_file(world, file_bytes, is_sampled),
        .file_bytes = file_bytes,
        .start_ns = world->network.now_ns,
        .trigger_ns = TIME_NEVER,
        .end_ns = TIME_NEVER,
    };
    table->active_of[client] = table->downloads->len;
    table->running_count++;
    table->sampled_count += is_sampled;
    g_array_append_val(table->downloads, download);
    Command command = {
        .kind = COMMAND_ADD_FILE,
        .tag = download.id,
        .file = world_file_id(world, download.file),
        .file_bytes = file_bytes,
        .version = 1,
    };
    world_command(world, table->population->key_service, &command);
    command.kind = COMMAND_FETCH;
    world_command(world, client, &command);
    world_settle(world);
}

static void
schedule_next(DownloadTable *table, RandomStream *stream)
{
    World *world = table->world;
    int64_t wait_ns =
        MAX(distribution_draw_integer(&table->plan->interval, stream), 1);
    bool is_enough =
        table->plan->slow > 0 && table->slow_count >= table->plan->slow;
    table->is_closed = is_enough;
    if (!is_enough)
        agenda_push(world_calendar(world), world->network.now_ns + wait_ns,
                    AGENDA_COMMAND, 0);
}

void
download_arrive(DownloadTable *table)
{
    RandomStream stream;
    g_autofree char *name =
        g_strdup_printf("arrival %u", table->arrival_count++);
    random_init(&stream, table->world->seed, name, "download");
    uint64_t file_bytes = draw_file_bytes(table, &stream);
    schedule_next(table, &stream);
    HostId client = draw_client(table, &stream);
    if (table->active_of[client] != NO_DOWNLOAD)
        return; /* still counted as an arrival */
    if (table->plan->is_conditioned && !can_be_slow(table, client, file_bytes))
        return;
    table->candidate_count++;
    fetch(table, client, file_bytes, &stream);
}

bool
download_is_over(const DownloadTable *table)
{
    if (!table->is_closed)
        return false;
    return table->measured_count >= table->slow_count;
}

const char *
cause_name(Cause cause)
{
    static const char *const NAMES[] = {
        [CAUSE_NONE] = "",
        [CAUSE_OWN_ACCESS] = "own_access",
        [CAUSE_CELL_INGRESS] = "cell_ingress",
        [CAUSE_DATA_CENTRE_LEG] = "data_centre_leg",
        [CAUSE_CDN_PATH] = "cdn_path",
        [CAUSE_OTHER] = "other",
    };
    return NAMES[cause];
}

const char *
outcome_name(Outcome outcome)
{
    static const char *const NAMES[] = {
        [OUTCOME_UNFINISHED] = "unfinished",
        [OUTCOME_DONE] = "done",
        [OUTCOME_STOPPED] = "stopped",
        [OUTCOME_FAILED] = "failed",
    };
    return NAMES[outcome];
}
