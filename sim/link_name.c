/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/link_name.c: finds links by name, and the nearest name.
 */
#include "sim/link_name.h"

#include <string.h>

#include "sim/population.h"
#include "sim/yaml/complaint.h"

#define NAMES_COMPARED_MAX 10000u

/* "a back" without " back"; NULL when it does not end so. Free it. */
static char *
strip(const char *name, const char *ending)
{
    if (!g_str_has_suffix(name, ending))
        return NULL;
    return g_strndup(name, strlen(name) - strlen(ending));
}

/* As numbers are written, "7" and not "07". */
static bool
parse_number(const char *text, uint32_t *ret_number)
{
    char *end;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end || number >= UINT32_MAX ||
        (*text == '0' && text[1]))
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

/* --- a bare graph --------------------------------------------------------- */

static bool
find_graph_link(const PlanNetwork *network, const char *name,
                NamedLink *ret_link)
{
    g_autofree char *stem = strip(name, " back");
    for (uint32_t at = 0; at < network->link_count; at++) {
        const PlanLink *link = &network->links[at];
        bool is_back = stem && link->is_duplex && g_str_equal(link->name, stem);
        if (!is_back && !g_str_equal(link->name, name))
            continue;
        *ret_link = (NamedLink){NAMED_LINK, at, 0, is_back};
        return true;
    }
    return false;
}

static bool
has_line(const PlanHost *host)
{
    return host->profile != PLAN_NONE || host->rate_bps > 0;
}

static bool
find_host_line(const Scenario *scenario, const char *name, NamedLink *ret_link)
{
    g_autofree char *up = strip(name, " up");
    g_autofree char *down = strip(name, " down");
    const char *stem = up ? up : down;
    for (uint32_t at = 0; stem && at < scenario->host_count; at++) {
        const PlanHost *host = &scenario->hosts[at];
        if (!has_line(host) || !g_str_has_prefix(stem, host->name))
            continue;
        const char *rest = stem + strlen(host->name);
        uint32_t number = 0;
        bool is_there = host->count == 1 ? *rest == '\0'
                                         : parse_number(rest, &number) &&
                                               number < host->count;
        if (!is_there)
            continue;
        *ret_link = (NamedLink){NAMED_HOST, at, number, down != NULL};
        return true;
    }
    return false;
}

static void
add_host_names(const PlanHost *host, GPtrArray *names)
{
    for (uint32_t i = 0; i < host->count && names->len < NAMES_COMPARED_MAX;
         i++) {
        g_autofree char *number =
            host->count == 1 ? g_strdup("") : g_strdup_printf("%u", i);
        g_ptr_array_add(names, g_strdup_printf("%s%s up", host->name, number));
        g_ptr_array_add(names,
                        g_strdup_printf("%s%s down", host->name, number));
    }
}

static void
add_graph_names(const Scenario *scenario, GPtrArray *names)
{
    const PlanNetwork *network = &scenario->network;
    for (uint32_t at = 0;
         at < network->link_count && names->len < NAMES_COMPARED_MAX; at++) {
        const PlanLink *link = &network->links[at];
        g_ptr_array_add(names, g_strdup(link->name));
        if (link->is_duplex)
            g_ptr_array_add(names, g_strdup_printf("%s back", link->name));
    }
    for (uint32_t at = 0; at < scenario->host_count; at++) {
        if (has_line(&scenario->hosts[at]))
            add_host_names(&scenario->hosts[at], names);
    }
}

/* --- a world of roles ----------------------------------------------------- */

/* The name of the at-th link that many share, or NULL. */
static char *
shared_name(const Scenario *scenario, uint32_t at, NamedLink *ret_link)
{
    const PlanNetwork *network = &scenario->network;
    const PlanRoles *roles = &scenario->roles;
    uint32_t isps = network->isp_count;
    const char *isp = network->isps[at % isps].name;
    uint32_t cells = network->region_count * isps;
    if (at < cells) {
        *ret_link = (NamedLink){NAMED_INGRESS, at, 0, false};
        return g_strdup_printf("%s/%s ingress",
                               network->regions[at / isps].name, isp);
    }
    at -= cells;
    uint32_t servers = roles->data_centre_count * isps;
    if (at >= 2 * servers)
        return NULL;
    Role role = at < servers ? ROLE_DATA_CENTRE : ROLE_CDN;
    uint32_t number = at % servers;
    uint32_t centre = number / isps;
    uint32_t region = roles->data_centres[centre].region;
    *ret_link = (NamedLink){NAMED_NODE, role, number, false};
    return g_strdup_printf("%s/%s data centre %u %s uplink",
                           network->regions[region].name, isp, centre,
                           role_name(role));
}

static bool
find_shared_link(const Scenario *scenario, const char *name,
                 NamedLink *ret_link)
{
    for (uint32_t at = 0;; at++) {
        NamedLink link;
        g_autofree char *known = shared_name(scenario, at, &link);
        if (!known)
            return false;
        if (!g_str_equal(known, name))
            continue;
        *ret_link = link;
        return true;
    }
}

/* The role and number may be of a node that is not there. */
static bool
parse_line(const char *name, NamedLink *ret_link)
{
    g_auto(GStrv) words = g_strsplit(name, " ", 4);
    if (g_strv_length(words) != 3)
        return false;
    bool is_back = g_str_equal(words[2], "down");
    Role role = 0;
    while (role < ROLE_COUNT && !g_str_equal(words[0], role_name(role)))
        role++;
    *ret_link = (NamedLink){NAMED_NODE, role, 0, is_back};
    return parse_number(words[1], &ret_link->number) &&
           (is_back || g_str_equal(words[2], "up"));
}

static bool
find_line(const Scenario *scenario, const char *name, NamedLink *ret_link)
{
    NamedLink link;
    if (!parse_line(name, &link) || link.index == ROLE_COUNT ||
        link.number >= population_role_count(scenario, (Role)link.index))
        return false;
    *ret_link = link;
    return true;
}

static void
add_world_names(const Scenario *scenario, const NamedLink *line,
                GPtrArray *names)
{
    NamedLink link;
    char *name;
    for (uint32_t at = 0; (name = shared_name(scenario, at, &link)); at++)
        g_ptr_array_add(names, name);
    for (int role = 0; line && role < ROLE_COUNT; role++) {
        if (line->number < population_role_count(scenario, (Role)role))
            g_ptr_array_add(names,
                            g_strdup_printf("%s %u %s", role_name((Role)role),
                                            line->number,
                                            line->is_back ? "down" : "up"));
    }
}

bool
link_name_find(const Scenario *scenario, const char *name, NamedLink *ret_link)
{
    if (scenario->workload.downloads)
        return find_line(scenario, name, ret_link) ||
               find_shared_link(scenario, name, ret_link);
    return find_graph_link(&scenario->network, name, ret_link) ||
           find_host_line(scenario, name, ret_link);
}

char *
link_name_complaint(const Scenario *scenario, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    NamedLink line;
    bool is_line = scenario->workload.downloads && parse_line(name, &line);
    if (is_line && line.index < ROLE_COUNT) {
        const char *role = role_name((Role)line.index);
        uint32_t count = population_role_count(scenario, (Role)line.index);
        return count == 0
                   ? g_strdup_printf("the scenario has no %s", role)
                   : g_strdup_printf("there is no %s %u; the scenario has %u, "
                                     "numbered from 0 to %u",
                                     role, line.number, count, count - 1);
    }
    if (scenario->workload.downloads)
        add_world_names(scenario, is_line ? &line : NULL, names);
    else
        add_graph_names(scenario, names);
    g_ptr_array_add(names, NULL);
    g_autofree char *suggestion =
        complaint_suggestion(name, (const char *const *)names->pdata);
    return g_strdup_printf("no link is called '%s'%s", name, suggestion);
}
