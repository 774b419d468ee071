/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mode_flows.c: runs bare flows, in one part or in several.
 */
#include "sim/mode_run.h"

#include "sim/link_name.h"
#include "sim/memory.h"
#include "sim/parts.h"

typedef struct FlowRun {
    ModeRun *run;
    FlowTable *table;
    ProcessTable *processes;
} FlowRun;

static void
sample(ModeRun *run, Network *network)
{
    if (network->now_ns > 0)
        recorder_sample(&run->recorder, network);
    int64_t next_ns = mode_schedule_sample(run, network);
    if (!run->scenario->network.has_fusion)
        return;
    for (uint32_t part = 0; part < network->part_count; part++)
        network_run_ahead(network_part(network, part), next_ns);
}

static void
step(void *context, Network *network, const AgendaEntry *entry)
{
    FlowRun *flows = context;
    if (!network_step(network, entry)) {
        if (agenda_kind(entry) == AGENDA_FLOW)
            flow_start(flows->table, network, (uint32_t)entry->key);
        else if (agenda_kind(entry) == AGENDA_PROCESS)
            process_run(flows->processes, (uint32_t)entry->key);
        else
            sample(flows->run, network);
    }
    Signal signal;
    while (network_take_signal(network, &signal))
        flow_take_signal(flows->table, network, &signal);
}

static void
meet(void *context, const AgendaEntry *entry)
{
    (void)entry; /* nothing but samples concerns all */
    FlowRun *flows = context;
    sample(flows->run, flows->table->network);
}

static bool
look(void *context)
{
    FlowRun *flows = context;
    const Network *network = flows->table->network;
    uint32_t done_count = flow_tend(flows->table);
    if (done_count == flows->table->count)
        return false;
    mode_use_threads(flows->run, network->parts);
    return mode_look(flows->run, network, done_count);
}

static void
tell(void *context, GByteArray *news)
{
    FlowRun *flows = context;
    flow_tell(flows->table, news);
}

static void
hear(void *context, const uint8_t *news, size_t size_bytes)
{
    FlowRun *flows = context;
    flow_hear(flows->table, news, size_bytes);
}

static void
loop(FlowRun *flows)
{
    Network *network = flows->table->network;
    int64_t stop_ns = flows->run->stop_ns;
    if (network->parts) {
        PartsDriver driver = {flows, step, meet, look, tell, hear};
        mode_use_threads(flows->run, network->parts);
        parts_run(network->parts, &driver, stop_ns);
        return;
    }
    while (agenda_peek_ns(&network->agenda) <= stop_ns) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        step(flows, network, &entry);
        uint32_t done_count = flow_tend(flows->table);
        if (done_count == flows->table->count ||
            !mode_look(flows->run, network, done_count))
            return;
    }
    network->now_ns = stop_ns;
}

static void
code_flows(void *context, Coder *coder)
{
    FlowRun *flows = context;
    process_table_code(flows->processes, coder);
    flow_table_code(flows->table, coder);
}

static void
watch_graph_links(ModeRun *run, const Network *network)
{
    const PlanNetwork *plan = &run->scenario->network;
    LinkId link = 0;
    for (uint32_t i = 0; i < plan->link_count && link < PLAN_SAMPLED_LINKS_MAX;
         i++) {
        recorder_watch(&run->recorder, link++, plan->links[i].name);
        if (!plan->links[i].is_duplex)
            continue;
        g_autofree char *back = g_strdup_printf("%s back", plan->links[i].name);
        recorder_watch(&run->recorder, link++, back);
    }
    g_assert(link <= network->link_count);
}

static LinkId
find_graph_link(const ModeRun *run, const Topology *topology, const char *name)
{
    NamedLink named;
    bool is_known = link_name_find(run->scenario, name, &named);
    g_assert(is_known); /* the reader has seen to it */
    if (named.kind == NAMED_HOST) {
        uint32_t host = topology_host(topology, named.index, named.number);
        return topology_line(topology, host, named.is_back);
    }
    LinkId link = named.is_back;
    for (uint32_t i = 0; i < named.index; i++)
        link += run->scenario->network.links[i].is_duplex ? 2 : 1;
    return link;
}

static bool
capture_graph_links(ModeRun *run, const FlowTable *table, GError **error)
{
    const PlanMeasure *measure = &run->scenario->measure;
    bool is_good = true;
    for (uint32_t i = 0; is_good && i < measure->pcap_count; i++) {
        const char *name = measure->pcap[i].link;
        LinkId id = find_graph_link(run, table->topology, name);
        is_good = recorder_capture(&run->recorder, &table->network->links[id],
                                   name, error);
    }
    return is_good;
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
run_table(ModeRun *run, FlowTable *table, ProcessTable *processes,
          GError **error)
{
    Network *network = table->network;
    if (!capture_graph_links(run, table, error))
        return false;
    process_table_start(processes);
    watch_graph_links(run, network);
    run->result->progress.goal = table->count;
    sample(run, network);
    run->result->start_rss_bytes = memory_now_bytes();
    FlowRun flows = {.run = run, .table = table, .processes = processes};
    run->code = code_flows;
    run->context = &flows;
    if (run->is_resumed && !mode_go_on(run, network, error))
        return false;
    loop(&flows);
    uint32_t done_count = flow_tend(table);
    flow_settle(table);
    mode_read_off(run, network, done_count);
    return recorder_close(&run->recorder, network->now_ns, error) &&
           record_flows(run->directory, run->name, table, error);
}

bool
mode_run_flows(ModeRun *run, GError **error)
{
    Network network;
    network_init(&network);
    g_autofree char *unjoined = NULL;
    FlowTable *table = flow_table_new(run->scenario, &network, true, &unjoined);
    if (!table) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s", unjoined);
        network_clear(&network);
        return false;
    }
    ProcessTable processes;
    process_table_init(&processes, &network, setup_seed(run->scenario));
    add_backgrounds(run->scenario, &processes);
    bool is_good =
        mode_is_elsewhere(&network) || run_table(run, table, &processes, error);
    flow_table_free(table);
    process_table_clear(&processes);
    network_clear(&network);
    return is_good;
}
