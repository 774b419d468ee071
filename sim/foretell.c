/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/foretell.c: a run's files without the run, for analysis to sum up.
 */
#include "sim/foretell.h"

#include <string.h>

#include "analysis/outline.h"
#include "sim/manifest.h"
#include "sim/record.h"

#define ANY_LINK "*"

/* In every mode a row that has nothing but this name in this column. */
static void
add_rows(GString *csv, const Scenario *scenario, const char *column,
         const char *name)
{
    g_autofree char *head = g_strndup(csv->str, strcspn(csv->str, "\n"));
    g_auto(GStrv) columns = g_strsplit(head, ",", -1);
    for (uint32_t mode = 0; mode < mode_count(scenario); mode++) {
        for (uint32_t at = 0; columns[at]; at++) {
            g_string_append(csv, at > 0 ? "," : "");
            if (strcmp(columns[at], "mode") == 0)
                g_string_append(csv, mode_name(scenario, mode));
            else if (strcmp(columns[at], column) == 0)
                g_string_append(csv, name);
        }
        g_string_append_c(csv, '\n');
    }
}

static GString *
new_table(RecordKind kind, const Scenario *scenario)
{
    g_autofree char *head = record_new_head(kind, scenario);
    return g_string_new(head);
}

static GString *
new_flows(const Scenario *scenario)
{
    GString *csv = new_table(RECORD_FLOWS, scenario);
    const PlanWorkload *workload = &scenario->workload;
    g_autofree bool *is_used = g_new0(bool, scenario->transport_count);
    for (uint32_t at = 0; at < workload->flow_count; at++)
        is_used[workload->flows[at].transport] = true;
    for (uint32_t at = 0; at < scenario->transport_count; at++) {
        if (is_used[at])
            add_rows(csv, scenario, "transport", scenario->transports[at].name);
    }
    return csv;
}

static GString *
new_links(const Scenario *scenario)
{
    GString *csv = new_table(RECORD_LINKS, scenario);
    add_rows(csv, scenario, "link", ANY_LINK);
    return csv;
}

static GString *
new_nodes(const Scenario *scenario)
{
    GString *csv = new_table(RECORD_NODES, scenario);
    for (int role = 0; role < ROLE_COUNT; role++) {
        if (role != ROLE_EDGE || scenario->roles.edges)
            add_rows(csv, scenario, "role", role_name((Role)role));
    }
    return csv;
}

char **
foretell_figures(const Scenario *scenario)
{
    g_autofree ModeResult *modes = g_new0(ModeResult, mode_count(scenario));
    ManifestFacts facts = {.scenario_text = "",
                           .effective_text = "",
                           .started = "",
                           .modes = modes};
    g_autoptr(GString) manifest = manifest_new_text(scenario, &facts);
    g_autoptr(GString) downloads = new_table(RECORD_DOWNLOADS, scenario);
    g_autoptr(GString) flows = new_flows(scenario);
    g_autoptr(GString) links = new_links(scenario);
    g_autoptr(GString) nodes = new_nodes(scenario);
    bool has_downloads = scenario->workload.downloads;
    OutlineTexts texts = {
        .manifest = manifest->str,
        .downloads = has_downloads ? downloads->str : NULL,
        .flows = has_downloads ? NULL : flows->str,
        .links = links->str,
        .nodes = has_downloads ? nodes->str : NULL,
    };
    return outline_new_paths(&texts);
}

bool
foretell_has(char **figures, const char *metric)
{
    for (; *figures; figures++) {
        bool is_pattern = strstr(*figures, "." ANY_LINK ".");
        if (is_pattern ? g_pattern_match_simple(*figures, metric)
                       : strcmp(*figures, metric) == 0)
            return true;
    }
    return false;
}
