/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/scenario_rule.c: rules of time, cells, roles and measures.
 */
#include "sim/scenario_rule.h"
#include "core/event.h"
#include "core/seal.h"
#include "sim/foretell.h"
#include "sim/link_name.h"

#include <math.h>
#include <string.h>

#define SENSITIVITY_MAX 3u
#define CAPTURES_MAX 256u /* each has a file open */

static const TreeNode *
step_into(const TreeNode *node, const char *step, Mark *mark)
{
    if (node->kind == TREE_SCALAR)
        return NULL;
    if (node->kind == TREE_LIST) {
        guint64 index = g_ascii_strtoull(step, NULL, 10);
        if (index >= node->entry_count)
            return NULL;
        *mark = node->entries[index].value->mark;
        return node->entries[index].value;
    }
    const TreeEntry *entry = tree_find(node, step);
    if (!entry)
        return NULL;
    *mark = entry->key_mark;
    return entry->value;
}

void
rule_complain(const RuleContext *context, const char *path, const char *format,
              ...)
{
    Mark mark = context->root->mark;
    g_auto(GStrv) steps = g_strsplit(path, ".", -1);
    const TreeNode *node = context->root;
    for (guint at = 0; node && steps[at]; at++)
        node = step_into(node, steps[at], &mark);
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    complain(context->complaints, mark, "%s", text);
}

static void
check_general(const RuleContext *context)
{
    const PlanGeneral *general = &context->scenario->general;
    if (general->warmup_ns >= general->stop_time_ns)
        rule_complain(context, "general.warmup",
                      "warmup must end before stop_time");
    for (const char *at = context->scenario->title; *at; at++) {
        if ((guchar)*at & 0x80) {
            rule_complain(context, "title",
                          "title: ASCII only, it names "
                          "folders");
            return;
        }
    }
}

static void
check_weights(const RuleContext *context)
{
    const PlanNetwork *network = &context->scenario->network;
    double sum = 0;
    for (uint32_t at = 0; at < network->region_count; at++) {
        const PlanRegion *region = &network->regions[at];
        g_autofree char *path =
            g_strdup_printf("network.regions.%u.weights", at);
        if (region->weight_count != network->isp_count)
            rule_complain(context, path,
                          "region '%s' has %u weights for %u "
                          "isps",
                          region->name, region->weight_count,
                          network->isp_count);
        for (uint32_t isp = 0; isp < region->weight_count; isp++)
            sum += region->weights[isp];
    }
    if (network->region_count && !(sum > 0))
        rule_complain(context, "network.regions",
                      "the weights of all "
                      "regions sum to 0");
}

static void
check_cells(const RuleContext *context)
{
    const PlanNetwork *network = &context->scenario->network;
    if (network->region_count && !network->isp_count)
        rule_complain(context, "network.regions", "regions need network.isps");
    else
        check_weights(context);
}

static bool
is_endless(const Distribution *length_ns)
{
    return !isfinite(distribution_mean(length_ns));
}

static void
check_congestion(const RuleContext *context)
{
    const PlanCongestion *congestion = context->scenario->network.congestion;
    if (!congestion)
        return;
    const int64_t *evening_ns = congestion->evening_ns;
    if (!context->scenario->network.region_count)
        rule_complain(context, "network.congestion",
                      "congestion needs network.regions");
    if (evening_ns[0] >= evening_ns[1])
        rule_complain(context, "network.congestion.evening",
                      "the evening ends before it begins; after midnight is "
                      "another day");
    if (congestion->share_ratio * MAX(congestion->evening_factor, 1) > 0.95)
        rule_complain(context, "network.congestion",
                      "share is above 0.95, by itself or times "
                      "evening_factor");
    if (is_endless(&congestion->episode))
        rule_complain(context, "network.congestion.episode",
                      "the mean of episode is infinite");
}

/* The manager takes an edge for offline that is silent for three reports. */
static void
check_edge_times(const RuleContext *context)
{
    const PlanEdges *edges = context->scenario->roles.edges;
    const PlanManager *manager = context->scenario->roles.manager;
    if (!edges)
        return;
    if (is_endless(&edges->session))
        rule_complain(context, "roles.edges.session",
                      "the mean of session is infinite");
    if (is_endless(&edges->absence))
        rule_complain(context, "roles.edges.absence",
                      "the mean of absence is infinite");
    if (manager && edges->report_interval_ns > manager->list_age_ns / 3)
        rule_complain(context, "roles.edges.report_interval",
                      "report_interval is more than a third of the manager's "
                      "list_age: edges would drop out between reports");
}

static void
check_edges(const RuleContext *context)
{
    const PlanRoles *roles = &context->scenario->roles;
    if (roles->clients && !roles->edges)
        rule_complain(context, "roles.clients",
                      "clients need roles.edges; their count may be 0");
    if (roles->edges && !roles->manager)
        rule_complain(context, "roles.edges", "edges need roles.manager");
    if (roles->edges && !roles->key_service)
        rule_complain(context, "roles.edges", "edges need roles.key_service");
    if (roles->manager && !roles->edges)
        rule_complain(context, "roles.manager", "a manager needs roles.edges");
    if (roles->key_service && !roles->edges)
        rule_complain(context, "roles.key_service",
                      "a key service needs roles.edges");
    check_edge_times(context);
}

static void
check_data_centres(const RuleContext *context)
{
    const PlanRoles *roles = &context->scenario->roles;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (uint32_t at = 0; at < roles->data_centre_count; at++) {
        uint32_t region = roles->data_centres[at].region;
        g_autofree char *path = g_strdup_printf("roles.data_centres.%u", at);
        if (!g_hash_table_add(seen, GUINT_TO_POINTER(region + 1)))
            rule_complain(context, path,
                          "a second data centre in the same region");
    }
}

static void
check_roles(const RuleContext *context)
{
    const Scenario *scenario = context->scenario;
    const PlanRoles *roles = &scenario->roles;
    bool has_roles =
        roles->clients || roles->edges || roles->data_centre_count > 0;
    if (has_roles && !scenario->network.region_count)
        rule_complain(context, "roles", "roles need network.regions");
    if (has_roles && !roles->clients)
        rule_complain(context, "roles", "roles need clients");
    if (roles->clients && roles->data_centre_count == 0)
        rule_complain(context, "roles.clients",
                      "clients need roles.data_centres");
    if (roles->clients && !scenario->workload.downloads)
        rule_complain(context, "roles.clients",
                      "clients need workload.downloads");
    if (scenario->workload.downloads && !roles->clients)
        rule_complain(context, "workload.downloads",
                      "downloads need roles.clients");
    if (roles->clients && roles->clients->slow_window_ns % NS_PER_S)
        rule_complain(context, "roles.clients.slow_window",
                      "slow_window is in whole seconds");
    check_edges(context);
    check_data_centres(context);
}

static void
check_security(const RuleContext *context)
{
    if (!slice_bytes_is_valid(context->scenario->security.slice_bytes))
        rule_complain(context, "security.slice_size",
                      "slice_size is a multiple of 16 B, up to 16 KiB");
}

static void
check_downloads(const RuleContext *context)
{
    const PlanDownloads *downloads = context->scenario->workload.downloads;
    if (!downloads)
        return;
    double share = distribution_share_below(
        &downloads->file_size, (double)downloads->file_bytes_max + 1);
    if (share < 0.01)
        rule_complain(context, "workload.downloads.file_size",
                      "fewer than 1 %% of file_size are up to file_size_max");
    if (downloads->is_conditioned && !context->scenario->roles.edges)
        rule_complain(context, "workload.downloads.conditioned",
                      "conditioned needs roles.edges");
}

static void
check_workload(const RuleContext *context)
{
    const PlanWorkload *workload = &context->scenario->workload;
    if (workload->flow_count == 0 && !workload->downloads)
        rule_complain(context, "workload",
                      "there is nothing to do: workload needs flows or "
                      "downloads");
    check_downloads(context);
}

static void
check_measure(const RuleContext *context)
{
    const PlanMeasure *measure = &context->scenario->measure;
    const PlanDuration *others = measure->sensitivity;
    bool is_rising = measure->sensitivity_count <= SENSITIVITY_MAX;
    for (uint32_t at = 0; is_rising && at < measure->sensitivity_count; at++)
        is_rising = others[at].ns != measure->window_ns &&
                    (at == 0 || others[at].ns > others[at - 1].ns);
    if (!is_rising)
        rule_complain(context, "measure.sensitivity",
                      "sensitivity: at most %u rising times, none of them the "
                      "window",
                      SENSITIVITY_MAX);
    if (measure->has_trace && !context->scenario->workload.downloads)
        rule_complain(context, "measure.trace",
                      "trace needs workload.downloads: flows have no nodes");
}

static void
check_selection(const RuleContext *context)
{
    const PlanPolicies *policies = &context->scenario->policies;
    uint32_t seen = 0;
    for (uint32_t at = 0; at < policies->selection_count; at++) {
        uint32_t bit = 1u << policies->selection[at];
        if (seen & bit)
            rule_complain(context, "policies.selection",
                          "selection names a policy twice");
        seen |= bit;
    }
    if (policies->selection_count == 0)
        rule_complain(context, "policies.selection",
                      "selection names no policy");
}

/* A scenario that cannot be run has no figures, and its errors already. */
static bool
has_figures(const Scenario *scenario)
{
    return !scenario->workload.downloads ||
           (scenario->roles.clients && scenario->policies.selection_count > 0);
}

static bool
is_same(const NamedLink *one, const NamedLink *other)
{
    return one->kind == other->kind && one->index == other->index &&
           one->number == other->number && one->is_back == other->is_back;
}

static void
check_pcap(const RuleContext *context)
{
    const Scenario *scenario = context->scenario;
    const PlanMeasure *measure = &scenario->measure;
    NamedLink links[CAPTURES_MAX];
    if (!has_figures(scenario))
        return;
    if (measure->pcap_count > CAPTURES_MAX) {
        rule_complain(context, "measure.pcap", "pcap: at most %u links",
                      CAPTURES_MAX);
        return;
    }
    for (uint32_t at = 0; at < measure->pcap_count; at++) {
        const char *name = measure->pcap[at].link;
        g_autofree char *path = g_strdup_printf("measure.pcap.%u", at);
        g_autofree char *why = NULL;
        links[at] = (NamedLink){.kind = NAMED_NOTHING};
        if (!link_name_find(scenario, name, &links[at]))
            why = link_name_complaint(scenario, name);
        for (uint32_t before = 0; !why && before < at; before++) {
            if (is_same(&links[before], &links[at]))
                why = g_strdup_printf("'%s' is there already", name);
        }
        if (why)
            rule_complain(context, path, "pcap: %s", why);
    }
}

static void
check_metrics(const RuleContext *context)
{
    const Scenario *scenario = context->scenario;
    if (scenario->expect_count == 0 || !has_figures(scenario))
        return;
    g_auto(GStrv) known = foretell_figures(scenario);
    for (uint32_t at = 0; at < scenario->expect_count; at++) {
        const char *metric = scenario->expect[at].metric;
        if (foretell_has(known, metric))
            continue;
        g_autofree char *path = g_strdup_printf("expect.%u.metric", at);
        /* Looking for the nearest for many errors takes long. */
        bool is_helpful = context->complaints->list->len < COMPLAINTS_MAX;
        g_autofree char *hint =
            is_helpful
                ? complaint_suggestion(metric, (const char *const *)known)
                : g_strdup("");
        rule_complain(context, path, "no figure '%s' in the summary%s", metric,
                      hint);
    }
}

static void
check_expect(const RuleContext *context)
{
    const Scenario *scenario = context->scenario;
    check_metrics(context);
    for (uint32_t at = 0; at < scenario->expect_count; at++) {
        const PlanExpect *expect = &scenario->expect[at];
        g_autofree char *path = g_strdup_printf("expect.%u", at);
        if (isinf(expect->min) && isinf(expect->max))
            rule_complain(context, path, "expectation '%s' lacks min or max",
                          expect->metric);
        else if (expect->min > expect->max)
            rule_complain(context, path, "expectation '%s' has min above max",
                          expect->metric);
    }
}

static void
check_sweep(const RuleContext *context)
{
    const PlanSweep *sweep = context->scenario->sweep;
    for (uint32_t at = 0; sweep && at < sweep->vary_count; at++) {
        if (sweep->vary[at].value_count == 0)
            rule_complain(context, "sweep.vary", "'%s' has no values",
                          sweep->vary[at].key);
    }
}

void
scenario_rule_check(const RuleContext *context)
{
    check_general(context);
    check_cells(context);
    check_congestion(context);
    check_roles(context);
    check_security(context);
    check_workload(context);
    check_selection(context);
    check_measure(context);
    check_pcap(context);
    check_sweep(context);
    check_expect(context);
    scenario_rule_check_graph(context);
}
