/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/scenario.c: from a file to a Scenario, or to its errors.
 *
 * Text to tree, its base, overrides, tree to structs, names to indices, rules.
 * Rules are looked at only when all that comes before is without fault: they
 * may then trust every number and every index.
 */
#include "sim/scenario.h"
#include "sim/graph.h"
#include "sim/yaml/input.h"
#include "sim/scenario_rule.h"

#include <string.h>

static Scenario *
scenario_new(void)
{
    Scenario *scenario = g_new0(Scenario, 1);
    scenario->owned = g_ptr_array_new_with_free_func(g_free);
    scenario->remarks = g_ptr_array_new_with_free_func(g_free);
    return scenario;
}

void
scenario_free(Scenario *scenario)
{
    if (!scenario)
        return;
    g_ptr_array_unref(scenario->owned);
    g_ptr_array_unref(scenario->remarks);
    g_free(scenario);
}

/* A link without a name is called after its ends; parallel ones are counted,
 * so that results can tell them apart. */
static void
name_links(Reader *reader)
{
    PlanNetwork *network = &reader->scenario->network;
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    for (uint32_t at = 0; at < network->link_count; at++) {
        if (network->links[at].name)
            g_hash_table_add(taken, (void *)network->links[at].name);
    }
    for (uint32_t at = 0; at < network->link_count; at++) {
        PlanLink *link = &network->links[at];
        if (link->name)
            continue;
        char *name = g_strdup_printf("%s-%s", network->nodes[link->from].name,
                                     network->nodes[link->to].name);
        while (g_hash_table_contains(taken, name)) {
            g_autofree char *stem = name;
            name = g_strdup_printf("%s.%u", stem, at);
        }
        link->name = name;
        g_ptr_array_add(reader->scenario->owned, name);
        g_hash_table_add(taken, name);
    }
}

static bool
is_clean(const Reader *reader)
{
    return reader->complaints->list->len == 0;
}

static void
finish(Reader *reader, const TreeNode *root)
{
    Graph graph = {.plan = reader->scenario->network.graph};
    if (graph.plan && graph.plan->gml) {
        const TreeEntry *network = tree_find(root, "network");
        const TreeEntry *entry = tree_find(network->value, "graph");
        if (!graph_add_nodes(&graph, reader, entry->value->mark))
            return;
    }
    reader_resolve(reader, root);
    if (!is_clean(reader))
        return;
    if (graph.plan)
        graph_add_links(&graph, reader);
    name_links(reader);
    RuleContext rules = {.complaints = reader->complaints,
                         .scenario = reader->scenario,
                         .root = root};
    scenario_rule_check(&rules);
}

/* The base is read before the options are looked at. */
static bool
check_override(Reader *reader, const char *override, uint32_t set_index)
{
    if (!g_str_has_prefix(override, "base="))
        return true;
    complain(reader->complaints, (Mark){.set = "base", .set_index = set_index},
             "the base of a scenario is chosen in its file");
    return false;
}

static void
read_tree(Reader *reader, Tree *tree, const char *const *overrides)
{
    bool is_applied = true;
    for (uint32_t at = 0; overrides && overrides[at]; at++)
        is_applied =
            check_override(reader, overrides[at], at) &&
            tree_override(tree, overrides[at], at, reader->complaints) &&
            is_applied;
    if (!tree->root) {
        complain(reader->complaints, (Mark){.line = 1, .column = 1},
                 "there is nothing in it");
        return;
    }
    reader_read(reader, tree->root);
    if (tree->root->kind == TREE_MAP && is_applied)
        finish(reader, tree->root);
}

Scenario *
scenario_parse(const char *text, size_t text_bytes, const char *path,
               const char *const *overrides, GPtrArray *errors)
{
    g_autoptr(Scenario) scenario = scenario_new();
    g_autofree char *directory = g_path_get_dirname(path);
    Tree tree;
    Complaints complaints;
    tree_init(&tree);
    complaints_init(&complaints, path);
    Reader reader = {.scenario = scenario,
                     .complaints = &complaints,
                     .directory = directory,
                     .pendings = g_array_new(FALSE, FALSE, sizeof(Pending))};
    if (tree_parse(&tree, text, text_bytes, &complaints) &&
        tree_rebase(&tree, directory, &complaints))
        read_tree(&reader, &tree, overrides);
    bool is_read = is_clean(&reader);
    complaints_report(&complaints, errors);
    g_array_unref(reader.pendings);
    complaints_clear(&complaints);
    tree_clear(&tree);
    return is_read ? g_steal_pointer(&scenario) : NULL;
}

Scenario *
scenario_read(const char *path, const char *const *overrides, GPtrArray *errors)
{
    g_autofree char *why = NULL;
    size_t text_bytes = 0;
    g_autofree char *text =
        input_read(path, TREE_TEXT_BYTES_MAX, &text_bytes, &why);
    if (!text) {
        g_ptr_array_add(errors, g_strdup_printf("%s: error: %s", path, why));
        return NULL;
    }
    return scenario_parse(text, text_bytes, path, overrides, errors);
}
