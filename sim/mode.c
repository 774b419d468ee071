/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mode.c: the loop, and what is read off when it ends.
 */
#include "sim/mode_run.h"

#include <unistd.h>

#include "sim/link_name.h"
#include "sim/memory.h"
#include "sim/parts.h"
#include "sim/ranks.h"
#include "sim/stop.h"

#define EVENTS_PER_LOOK 16384u
/* No cache of addresses reaches as far. */
#define LARGE_BYTES (UINT64_C(64) << 20)

uint32_t
mode_count(const Scenario *scenario)
{
    if (!scenario->workload.downloads)
        return 1;
    return scenario->policies.selection_count;
}

const char *
mode_name(const Scenario *scenario, uint32_t mode)
{
    static const char *const NAMES[] = {
        [PLAN_SELECTION_PREFERRED] = "preferred",
        [PLAN_SELECTION_NEARBY] = "nearby",
        [PLAN_SELECTION_RANDOM] = "random",
    };
    if (!scenario->workload.downloads)
        return "flows";
    return NAMES[scenario->policies.selection[mode]];
}

bool
mode_look_up(ModeRun *run, const Network *network, uint64_t done)
{
    if (getppid() != run->parent)
        _exit(1); /* nobody is left to read the results */
    ModeProgress *progress = &run->result->progress;
    progress->now_ns = network->now_ns;
    progress->events = network_total(network).events;
    progress->done = done;
    progress->memory_bytes = memory_now_bytes();
    if (run->is_resumed && progress->resumed_events == 0)
        progress_resume(progress);
    if (progress->memory_bytes > MAX(LARGE_BYTES, run->large_bytes * 5 / 4)) {
        memory_ask_large_pages();
        run->large_bytes = progress->memory_bytes;
    }
    if (run->options.attend)
        run->options.attend(run->options.attendant);
    bool is_good = recorder_is_good(&run->recorder) &&
                   (!run->turns || turn_file_is_good(run->turns));
    /* Any rank may hear of an end, and all end together. */
    uint64_t ends[] = {stop_is_pending(), !is_good};
    parts_sum(network, ends, G_N_ELEMENTS(ends));
    run->is_interrupted = ends[0];
    return !ends[0] && !ends[1];
}

bool
mode_is_elsewhere(const Network *network)
{
    return !network->parts && ranks_here().self > 0;
}

int64_t
mode_schedule_sample(const ModeRun *run, Network *network)
{
    int64_t next_ns = network->now_ns + run->recorder.interval_ns;
    Parts *parts = network->parts;
    agenda_push(parts ? &parts->agenda : &network->agenda, next_ns,
                AGENDA_SAMPLE, 0);
    return MIN(next_ns, run->stop_ns);
}

static void
sample(ModeRun *run, Network *network)
{
    recorder_sample(&run->recorder, network);
    mode_schedule_sample(run, network);
}

bool
mode_is_look_due(ModeRun *run, const Network *network)
{
    uint64_t events =
        network->parts ? network->parts->events : network->agenda.popped_total;
    if (events - run->looked_events < EVENTS_PER_LOOK)
        return false;
    run->looked_events = events;
    return true;
}

void
mode_use_threads(ModeRun *run, Parts *parts)
{
    ModeResult *result = run->result;
    bool has_turns = run->options.turn_wish && run->options.turn_wish->path;
    /* Turns go to one file as they come. */
    uint32_t wanted = has_turns ? 1 : MAX(result->thread_count, 1);
    parts->thread_count = MIN(wanted, parts->count);
    result->threads = MAX(result->threads, parts->thread_count);
}

bool
play_look_up(Play *play)
{
    return mode_look_up(play->run, &play->table->world->network,
                        play->table->measured_count);
}

/* What concerns the whole world. */
static void
meet(void *context, const AgendaEntry *entry)
{
    Play *play = context;
    World *world = play->table->world;
    AgendaKind kind = agenda_kind(entry);
    if (kind != AGENDA_SAMPLE) /* who only looks on changes nothing */
        world_listen(world);
    if (kind == AGENDA_COMMAND)
        download_arrive(play->table);
    else if (kind == AGENDA_CHURN)
        population_churn(play->population, (uint32_t)entry->key);
    else
        sample(play->run, &world->network);
    world_settle(world);
}

void
play_step(Play *play)
{
    World *world = play->table->world;
    AgendaEntry entry = agenda_pop(&world->network.agenda);
    if (!world_step(world, &world->network, &entry))
        meet(play, &entry);
}

static void
step(void *context, Network *network, const AgendaEntry *entry)
{
    Play *play = context;
    bool is_known = world_step(play->table->world, network, entry);
    g_assert(is_known);
}

static bool
look(void *context)
{
    Play *play = context;
    World *world = play->table->world;
    world_listen(world);
    if (download_is_over(play->table))
        return false;
    mode_use_threads(play->run, world->network.parts);
    return mode_look(play->run, &world->network, play->table->measured_count);
}

static void
tell(void *context, GByteArray *news)
{
    Play *play = context;
    world_tell(play->table->world, news);
}

static void
hear(void *context, const uint8_t *news, size_t size_bytes)
{
    Play *play = context;
    world_hear_ranks(play->table->world, news, size_bytes);
}

static bool
play_simulated(Play *play, GError **error)
{
    (void)error; /* what can fail is the recorder, and it remembers */
    World *world = play->table->world;
    Network *network = &world->network;
    if (!play->run->is_resumed)
        population_start(play->population);
    if (network->parts) {
        PartsDriver driver = {play, step, meet, look, tell, hear};
        mode_use_threads(play->run, network->parts);
        parts_run(network->parts, &driver, play->stop_ns);
        return true;
    }
    while (agenda_peek_ns(&network->agenda) <= play->stop_ns) {
        play_step(play);
        if (download_is_over(play->table))
            return true;
        if (!mode_look(play->run, network, play->table->measured_count))
            return true;
    }
    network->now_ns = play->stop_ns;
    return true;
}

static void
read_off_parts(ModeRun *run, const Network *network)
{
    ModeResult *result = run->result;
    const Parts *parts = network->parts;
    result->parts = network->part_count;
    result->threads = MAX(result->threads, 1);
    if (!parts)
        return;
    result->ranks = ranks_here().count;
    result->window_ns = parts->window_ns;
    result->windows = parts->windows;
    result->critical_events = parts->critical_events;
}

void
mode_read_off(ModeRun *run, const Network *network, uint64_t done)
{
    network_check(network);
    /* What comes after the end does not cut it short. */
    bool is_interrupted = run->is_interrupted;
    mode_look_up(run, network, done);
    run->is_interrupted = is_interrupted;
    ModeResult *result = run->result;
    NetworkTotal total = network_total(network);
    result->fingerprint = total.fingerprint;
    result->events = total.events;
    result->packet_hops = total.count.hops;
    result->data_packets = total.count.data_packets;
    result->connections_max = total.connections;
    read_off_parts(run, network);
    result->simulated_ns = network->now_ns;
    result->end = MODE_COMPLETE;
    if (run->is_interrupted)
        result->end = MODE_INTERRUPTED;
    else if (run->scenario->workload.downloads &&
             result->progress.done < result->progress.goal)
        result->end = MODE_STOP_TIME;
}

/* What everybody shares: data centres' and CDN servers' own links, and the
 * ways into the cells. */
static void
watch_world_links(ModeRun *run, const World *world)
{
    for (HostId id = 0; id < world->host_count; id++) {
        const Host *host = &world->hosts[id];
        if (host->role != ROLE_DATA_CENTRE && host->role != ROLE_CDN)
            continue;
        const Site *site = &world->terrain.sites[host->site];
        g_autofree char *name =
            g_strdup_printf("%s %s uplink", site->name, role_name(host->role));
        recorder_watch(&run->recorder, host->up, name);
    }
    for (SiteId cell = 0; cell < world->terrain.cell_count; cell++) {
        const Site *site = &world->terrain.sites[cell];
        g_autofree char *name = g_strdup_printf("%s ingress", site->name);
        recorder_watch(&run->recorder, site->ingress, name);
    }
}

static LinkId
find_world_link(const World *world, const char *name)
{
    NamedLink named;
    bool is_known = link_name_find(world->scenario, name, &named);
    g_assert(is_known); /* the reader has seen to it */
    if (named.kind == NAMED_INGRESS)
        return world->terrain.sites[named.index].ingress;
    HostId id = 0;
    while (world->hosts[id].role != (Role)named.index ||
           world->hosts[id].number != named.number)
        id++;
    return named.is_back ? world->hosts[id].down : world->hosts[id].up;
}

static bool
capture_world_links(ModeRun *run, const World *world, GError **error)
{
    const PlanMeasure *measure = &run->scenario->measure;
    bool is_good = true;
    for (uint32_t i = 0; is_good && i < measure->pcap_count; i++) {
        const char *name = measure->pcap[i].link;
        LinkId id = find_world_link(world, name);
        is_good = recorder_capture(&run->recorder, &world->network.links[id],
                                   name, error);
    }
    return is_good;
}

static void
read_off_downloads(ModeRun *run, const DownloadTable *table)
{
    ModeResult *result = run->result;
    result->arrivals = table->arrival_count;
    result->candidates = table->candidate_count;
    result->payload_sampled = table->sampled_count;
    result->payload_equal_bytes = table->equal_bytes;
    result->payload_different_bytes = table->different_bytes;
    for (uint32_t i = 0; i < table->downloads->len; i++) {
        const Download *download =
            &g_array_index(table->downloads, Download, i);
        result->node_requests += download->node_requests;
        result->node_failures += download->node_failures;
        result->nodes_listed += download->edges_listed;
    }
}

static bool
open_turns(ModeRun *run, GError **error)
{
    const TurnWish *wish = run->options.turn_wish;
    if (!wish || !wish->path)
        return true;
    run->turns = turn_wish_open(wish, run->name, error);
    return run->turns;
}

static bool
close_turns(ModeRun *run, GError **error)
{
    TurnFile *turns = run->turns;
    run->turns = NULL;
    return !turns || turn_file_close(turns, error);
}

static bool
record_world(ModeRun *run, const DownloadTable *table, GError **error)
{
    world_gather(table->world);
    mode_read_off(run, &table->world->network, table->measured_count);
    read_off_downloads(run, table);
    int64_t end_ns = table->world->network.now_ns;
    return close_turns(run, error) &&
           recorder_close(&run->recorder, end_ns, error) &&
           record_downloads(run->directory, run->name, table, error) &&
           record_nodes(run->directory, run->name, table->world, error);
}

static void
code_play(void *context, Coder *coder)
{
    Play *play = context;
    world_code(play->table->world, coder);
    population_code(play->population, coder);
    download_table_code(play->table, coder);
}

static bool
run_downloads(ModeRun *run, PlanSelection mode, GError **error)
{
    if (run->scenario->measure.has_trace &&
        !ranks_agree(recorder_trace(&run->recorder, error)))
        return false;
    if (!open_turns(run, error))
        return false;
    World world;
    world_init(&world, run->scenario, mode);
    Population population;
    population_init(&population, &world);
    if (!run->options.player)
        world_split(&world); /* a testbed is one piece */
    DownloadTable table;
    download_table_init(&table, &world, &population);
    watch_world_links(run, &world);
    world.trace = run->recorder.notes;
    world.trace_mode = run->name;
    world.turns = run->turns;
    world.turn_wish = run->options.turn_wish;
    agenda_push(world_calendar(&world), run->recorder.interval_ns,
                AGENDA_SAMPLE, 0);
    Player player = run->options.player ? run->options.player : play_simulated;
    Play play = {run,          &table,     &population, run->directory,
                 run->stop_ns, run->result};
    run->result->start_rss_bytes = memory_now_bytes();
    run->code = code_play;
    run->context = &play;
    bool is_good =
        mode_is_elsewhere(&world.network) ||
        (capture_world_links(run, &world, error) &&
         (!run->is_resumed || mode_go_on(run, &world.network, error)) &&
         player(&play, error) && record_world(run, &table, error));
    download_table_clear(&table);
    population_clear(&population);
    world_clear(&world);
    return is_good;
}

void
mode_expect(const Scenario *scenario, ModeResult *result)
{
    result->progress.stop_ns = scenario->general.stop_time_ns;
    if (scenario->workload.downloads)
        result->progress.goal = scenario->workload.downloads->slow;
}

ModeEnd
mode_end_of_all(const ModeResult *results, uint32_t count)
{
    ModeEnd end = MODE_COMPLETE;
    for (uint32_t i = 0; i < count; i++)
        end = MIN(end, results[i].end);
    return end;
}

bool
mode_run(const Scenario *scenario, uint32_t mode, const char *directory,
         const ModeOptions *options, ModeResult *result, GError **error)
{
    ModeRun run = {.scenario = scenario,
                   .directory = directory,
                   .name = mode_name(scenario, mode),
                   .result = result,
                   .stop_ns = scenario->general.stop_time_ns,
                   .parent = getppid()};
    if (options)
        run.options = *options;
    run.is_resumed = mode_has_checkpoint(&run);
    run.kept_us = progress_now_us();
    bool is_good = recorder_init(&run.recorder, directory, run.name,
                                 scenario->measure.link_interval_ns,
                                 run.is_resumed, error);
    if (!ranks_agree(is_good)) {
        if (is_good)
            recorder_clear(&run.recorder);
        return false;
    }
    if (scenario->workload.downloads)
        is_good =
            run_downloads(&run, scenario->policies.selection[mode], error);
    else
        is_good = mode_run_flows(&run, error);
    recorder_clear(&run.recorder);
    if (is_good && run.failure) {
        g_propagate_error(error, run.failure);
        return false;
    }
    g_clear_error(&run.failure);
    return is_good;
}
