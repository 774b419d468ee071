/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/flow_stage.c: sets a scenario up and does what its agenda says.
 */
#include "tests/sim/flow_stage.h"

#include <string.h>

#include "core/event.h"

/* A graph's links come first, both ways of each. */
static void
add_backgrounds(FlowStage *stage)
{
    const PlanNetwork *plan = &stage->scenario->network;
    for (uint32_t i = 0; i < plan->link_count; i++) {
        const PlanLink *link = &plan->links[i];
        g_assert_true(link->is_duplex);
        if (!link->background)
            continue;
        for (LinkId id = 2 * i; id < 2 * i + 2; id++)
            process_add_background(&stage->processes, id, link->name,
                                   link->background);
    }
}

void
flow_stage_init(FlowStage *stage, const char *scenario, bool may_split)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    stage->looks = stage->cut = 0;
    stage->has_other_threads = false;
    coder_init_write(&stage->kept);
    stage->scenario =
        scenario_parse(scenario, strlen(scenario), "stage.yaml", NULL, errors);
    for (guint i = 0; i < errors->len; i++)
        g_printerr("%s\n", (char *)errors->pdata[i]);
    g_assert_nonnull(stage->scenario);
    network_init(&stage->network);
    char *why = NULL;
    stage->table =
        flow_table_new(stage->scenario, &stage->network, may_split, &why);
    g_assert_null(why);
    process_table_init(&stage->processes, &stage->network,
                       setup_seed(stage->scenario));
    add_backgrounds(stage);
    process_table_start(&stage->processes);
}

void
flow_stage_clear(FlowStage *stage)
{
    coder_clear(&stage->kept);
    process_table_clear(&stage->processes);
    flow_table_free(stage->table);
    network_clear(&stage->network);
    scenario_free(stage->scenario);
}

static void
code_stage(FlowStage *stage, Coder *coder)
{
    coder_u64(coder, &stage->looks);
    process_table_code(&stage->processes, coder);
    flow_table_code(stage->table, coder);
}

void
flow_stage_go_on(FlowStage *stage, const Coder *kept)
{
    Coder coder;
    coder_init_read(&coder, kept->out, kept->at);
    code_stage(stage, &coder);
    g_assert_true(coder_is_whole(&coder));
}

static bool
look(void *context)
{
    FlowStage *stage = context;
    flow_tend(stage->table);
    if (stage->has_other_threads)
        stage->network.parts->thread_count = (uint32_t)(1 + stage->looks % 3);
    if (++stage->looks != stage->cut)
        return true;
    code_stage(stage, &stage->kept);
    return false;
}

static void
step(void *context, Network *network, const AgendaEntry *entry)
{
    FlowStage *stage = context;
    if (network_step(network, entry))
        ;
    else if (agenda_kind(entry) == AGENDA_PROCESS)
        process_run(&stage->processes, (uint32_t)entry->key);
    else
        flow_start(stage->table, network, (uint32_t)entry->key);
    Signal signal;
    while (network_take_signal(network, &signal))
        flow_take_signal(stage->table, network, &signal);
}

void
flow_stage_run(FlowStage *stage, int64_t until_ns)
{
    Network *network = &stage->network;
    while (agenda_peek_ns(&network->agenda) <= until_ns) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        step(stage, network, &entry);
        if (!look(stage))
            return;
    }
    network->now_ns = until_ns;
    network_check(network);
}

static void
look_ahead(void *context, const AgendaEntry *entry)
{
    FlowStage *stage = context;
    Network *network = &stage->network;
    int64_t until_ns = entry->time_ns + 100 * NS_PER_MS;
    for (uint32_t part = 0; part < network->part_count; part++)
        network_run_ahead(network_part(network, part), until_ns);
    agenda_push(&network->parts->agenda, until_ns, AGENDA_SAMPLE, 0);
}

void
flow_stage_run_parts(FlowStage *stage, int64_t until_ns, uint32_t thread_count,
                     bool runs_ahead)
{
    Parts *parts = stage->network.parts;
    g_assert_nonnull(parts);
    PartsDriver driver = {
        .context = stage, .step = step, .meet = look_ahead, .look = look};
    if (runs_ahead && stage->looks == 0)
        agenda_push(&parts->agenda, 0, AGENDA_SAMPLE, 0);
    parts->thread_count = thread_count;
    parts_run(parts, &driver, until_ns);
}

void
flow_stage_compare(const Link *left, const Link *right)
{
    g_assert_cmpuint(left->arrived_packets, ==, right->arrived_packets);
    g_assert_cmpuint(left->waited_ns, ==, right->waited_ns);
    g_assert_cmpuint(left->waiting_packets_max, ==, right->waiting_packets_max);
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        g_assert_cmpuint(left->dropped_packets[reason], ==,
                         right->dropped_packets[reason]);
}
