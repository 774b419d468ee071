/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mode.c: the loop, and what is read off when it ends.
 */
#include "sim/mode.h"

#include <unistd.h>

#include "sim/memory.h"
#include "sim/play.h"
#include "sim/record.h"
#include "sim/stop.h"

#define EVENTS_PER_LOOK 16384u
#define WATCHED_MAX 256u

struct ModeRun {
    const Scenario *scenario;
    const char *directory;
    const char *name;
    ModeResult *result;
    Recorder recorder;
    ModeOptions options;
    TurnFile *turns; /* NULL: not wanted */
    int64_t stop_ns;
    pid_t parent;
    bool is_interrupted;
};

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

/* Every now and then: tell the parent, hear it, check the books. False when
 * there is no point in going on. */
static bool
look_up(ModeRun *run, const Network *network, uint64_t done)
{
    if (getppid() != run->parent)
        _exit(1); /* nobody is left to read the results */
    ModeProgress *progress = &run->result->progress;
    progress->now_ns = network->now_ns;
    progress->events = network->agenda.popped_total;
    progress->done = done;
    progress->memory_bytes = memory_now_bytes();
    run->is_interrupted = stop_is_pending();
    return !run->is_interrupted && recorder_is_good(&run->recorder) &&
           (!run->turns || turn_file_is_good(run->turns));
}

/* The links' state is looked at then, or never again. */
static int64_t
schedule_sample(const ModeRun *run, Network *network)
{
    int64_t next_ns = network->now_ns + run->recorder.interval_ns;
    agenda_push(&network->agenda, next_ns, AGENDA_SAMPLE, 0);
    return MIN(next_ns, run->stop_ns);
}

static void
sample(ModeRun *run, Network *network)
{
    recorder_sample(&run->recorder, network);
    schedule_sample(run, network);
}

static void
sample_flows(ModeRun *run, Network *network)
{
    if (network->now_ns > 0)
        recorder_sample(&run->recorder, network);
    int64_t next_ns = schedule_sample(run, network);
    if (run->scenario->network.has_fusion)
        network_run_ahead(network, next_ns);
}

static bool
is_look_due(const Network *network)
{
    return network->agenda.popped_total % EVENTS_PER_LOOK == 0;
}

static void
loop_flows(ModeRun *run, FlowTable *table, ProcessTable *processes)
{
    Network *network = table->network;
    while (agenda_peek_ns(&network->agenda) <= run->stop_ns) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        if (!network_step(network, &entry)) {
            if (agenda_kind(&entry) == AGENDA_FLOW)
                flow_start(table, (uint32_t)entry.key);
            else if (agenda_kind(&entry) == AGENDA_PROCESS)
                process_run(processes, (uint32_t)entry.key);
            else
                sample_flows(run, network);
        }
        Signal signal;
        while (network_take_signal(network, &signal))
            flow_take_signal(table, &signal);
        if (table->done_count == table->count)
            return;
        if (is_look_due(network) && !look_up(run, network, table->done_count))
            return;
    }
    network->now_ns = run->stop_ns;
}

void
play_step(Play *play)
{
    World *world = play->table->world;
    AgendaEntry entry = agenda_pop(&world->network.agenda);
    if (world_step(world, &entry))
        return;
    AgendaKind kind = agenda_kind(&entry);
    if (kind == AGENDA_COMMAND)
        download_arrive(play->table);
    else if (kind == AGENDA_CHURN)
        population_churn(play->population, (uint32_t)entry.key);
    else
        sample(play->run, &world->network);
    world_settle(world);
}

bool
play_look_up(Play *play)
{
    return look_up(play->run, &play->table->world->network,
                   play->table->measured_count);
}

static bool
play_simulated(Play *play, GError **error)
{
    (void)error; /* what can fail is the recorder, and it remembers */
    Network *network = &play->table->world->network;
    population_start(play->population);
    while (agenda_peek_ns(&network->agenda) <= play->stop_ns) {
        play_step(play);
        if (download_is_over(play->table))
            return true;
        if (is_look_due(network) && !play_look_up(play))
            return true;
    }
    network->now_ns = play->stop_ns;
    return true;
}

static void
read_off(ModeRun *run, const Network *network, uint64_t done)
{
    network_check(network);
    look_up(run, network, done);
    ModeResult *result = run->result;
    result->fingerprint = network->fingerprint;
    result->events = network->agenda.popped_total;
    result->packet_hops = network->count.hops;
    result->data_packets = network->count.data_packets;
    result->connections_max = network->connection_count;
    result->simulated_ns = network->now_ns;
    result->end = MODE_COMPLETE;
    if (run->is_interrupted)
        result->end = MODE_INTERRUPTED;
    else if (run->scenario->workload.downloads &&
             result->progress.done < result->progress.goal)
        result->end = MODE_STOP_TIME;
}

static void
watch_graph_links(ModeRun *run, const Network *network)
{
    const PlanNetwork *plan = &run->scenario->network;
    LinkId link = 0;
    for (uint32_t i = 0; i < plan->link_count && link < WATCHED_MAX; i++) {
        recorder_watch(&run->recorder, link++, plan->links[i].name);
        if (!plan->links[i].is_duplex)
            continue;
        g_autofree char *back = g_strdup_printf("%s back", plan->links[i].name);
        recorder_watch(&run->recorder, link++, back);
    }
    g_assert(link <= network->link_count);
}

static void
add_backgrounds(const Scenario *scenario, ProcessTable *processes)
{
    LinkId link = 0;
    for (uint32_t i = 0; i < scenario->network.link_count; i++) {
        const PlanLink *plan = &scenario->network.links[i];
        g_autofree char *back = g_strdup_printf("%s back", plan->name);
        if (plan->background)
            process_add_background(processes, link, plan->name,
                                   plan->background);
        link++;
        if (!plan->is_duplex)
            continue;
        if (plan->background)
            process_add_background(processes, link, back, plan->background);
        link++;
    }
}

static bool
run_flows(ModeRun *run, GError **error)
{
    Network network;
    network_init(&network);
    g_autofree char *unjoined = NULL;
    FlowTable *table = flow_table_new(run->scenario, &network, &unjoined);
    if (!table) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s", unjoined);
        network_clear(&network);
        return false;
    }
    ProcessTable processes;
    process_table_init(&processes, &network, setup_seed(run->scenario));
    add_backgrounds(run->scenario, &processes);
    watch_graph_links(run, &network);
    run->result->progress.goal = table->count;
    sample_flows(run, &network);
    run->result->start_rss_bytes = memory_now_bytes();
    loop_flows(run, table, &processes);
    flow_settle(table);
    read_off(run, &network, table->done_count);
    bool is_good = recorder_close(&run->recorder, error) &&
                   record_flows(run->directory, run->name, table, error);
    flow_table_free(table);
    process_table_clear(&processes);
    network_clear(&network);
    return is_good;
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
    read_off(run, &table->world->network, table->measured_count);
    read_off_downloads(run, table);
    return close_turns(run, error) && recorder_close(&run->recorder, error) &&
           record_downloads(run->directory, run->name, table, error) &&
           record_nodes(run->directory, run->name, table->world, error);
}

static bool
run_downloads(ModeRun *run, PlanSelection mode, GError **error)
{
    if (run->scenario->measure.has_trace &&
        !recorder_trace(&run->recorder, error))
        return false;
    if (!open_turns(run, error))
        return false;
    World world;
    world_init(&world, run->scenario, mode);
    Population population;
    population_init(&population, &world);
    DownloadTable table;
    download_table_init(&table, &world, &population);
    watch_world_links(run, &world);
    world.trace = run->recorder.notes;
    world.trace_mode = run->name;
    world.turns = run->turns;
    world.turn_wish = run->options.turn_wish;
    agenda_push(&world.network.agenda, run->recorder.interval_ns, AGENDA_SAMPLE,
                0);
    Player player = run->options.player ? run->options.player : play_simulated;
    Play play = {run,          &table,     &population, run->directory,
                 run->stop_ns, run->result};
    run->result->start_rss_bytes = memory_now_bytes();
    bool is_good = player(&play, error) && record_world(run, &table, error);
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
    if (!recorder_init(&run.recorder, directory, run.name,
                       scenario->measure.link_interval_ns, error))
        return false;
    bool is_good;
    if (scenario->workload.downloads)
        is_good =
            run_downloads(&run, scenario->policies.selection[mode], error);
    else
        is_good = run_flows(&run, error);
    recorder_clear(&run.recorder);
    return is_good;
}
