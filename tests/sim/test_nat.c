/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_nat.c: who can meet whom, and how hosts get their class.
 *
 * Runs in the root of the sources: populations are those of first.yaml, with
 * more people.
 */
#include "sim/nat.h"
#include "sim/population.h"

#include <glib.h>
#include <math.h>

#define HOSTS 10000u
#define MANY_EDGES "roles.edges.count=10000"
#define MANY_CLIENTS "roles.clients.count=10000"
#define HOME_EDGES                                                             \
    "roles.edges.nat=choice([[1, public], [3, port_restricted], "              \
    "[4, symmetric]])"
#define HOME_CLIENTS                                                           \
    "roles.clients.nat=choice([[0.3, full_cone], [0.7, symmetric]])"

/* 'x': they meet. Columns in the order of rows. */
static const char TABLE[NAT_CLASS_COUNT][NAT_CLASS_COUNT + 1] = {
    "xxxxx", /* public */
    "xxxxx", /* full cone */
    "xxxxx", /* restricted cone */
    "xxxx.", /* port restricted */
    "xxx..", /* symmetric */
};

typedef struct Town {
    Scenario *scenario;
    World world;
    Population population;
} Town;

static Town *
town_new(const char *const *changes)
{
    Town *town = g_new0(Town, 1);
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    town->scenario = scenario_read("scenarios/first.yaml", changes, errors);
    for (guint at = 0; at < errors->len; at++)
        g_printerr("%s\n", (char *)errors->pdata[at]);
    g_assert_nonnull(town->scenario);
    world_init(&town->world, town->scenario, PLAN_SELECTION_PREFERRED);
    population_init(&town->population, &town->world);
    return town;
}

static void
town_free(Town *town)
{
    population_clear(&town->population);
    world_clear(&town->world);
    scenario_free(town->scenario);
    g_free(town);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Town, town_free)

static void
pairs_meet_as_the_table_says(void)
{
    for (guint one = 0; one < NAT_CLASS_COUNT; one++) {
        for (guint other = 0; other < NAT_CLASS_COUNT; other++) {
            bool can_meet = nat_can_meet((NatClass)one, (NatClass)other);
            g_assert_cmpint(TABLE[one][other], ==, can_meet ? 'x' : '.');
        }
    }
}

#define ANYWHERE UINT32_MAX

/* Of so many hosts from first on that live in the cell: within four standard
 * deviations of the share. */
static void
check_share(const Town *town, HostId first, SiteId cell, NatClass nat,
            double expected)
{
    uint32_t asked = 0;
    uint32_t found = 0;
    for (HostId id = first; id < first + HOSTS; id++) {
        const Host *host = &town->world.hosts[id];
        bool is_asked = cell == ANYWHERE || host->site == cell;
        asked += is_asked;
        found += is_asked && host->nat == nat;
    }
    g_assert_cmpuint(asked, >, HOSTS / 10);
    double deviation = sqrt(expected * (1 - expected) / asked);
    g_assert_cmpfloat_with_epsilon((double)found / asked, expected,
                                   4 * deviation);
}

static void
classes_are_as_frequent_as_their_weights(void)
{
    const char *const changes[] = {MANY_EDGES, MANY_CLIENTS, HOME_EDGES,
                                   HOME_CLIENTS, NULL};
    g_autoptr(Town) town = town_new(changes);
    HostId edges = town->population.first_edge;
    check_share(town, edges, ANYWHERE, NAT_PUBLIC, 0.125);
    check_share(town, edges, ANYWHERE, NAT_PORT_RESTRICTED, 0.375);
    check_share(town, edges, ANYWHERE, NAT_SYMMETRIC, 0.5);
    HostId clients = town->population.first_client;
    check_share(town, clients, ANYWHERE, NAT_FULL_CONE, 0.3);
    check_share(town, clients, ANYWHERE, NAT_SYMMETRIC, 0.7);
}

static void
they_are_so_in_every_cell(void)
{
    const char *const changes[] = {MANY_EDGES, MANY_CLIENTS, HOME_EDGES,
                                   HOME_CLIENTS, NULL};
    g_autoptr(Town) town = town_new(changes);
    for (SiteId cell = 0; cell < town->world.terrain.cell_count; cell++) {
        check_share(town, town->population.first_edge, cell, NAT_SYMMETRIC,
                    0.5);
        check_share(town, town->population.first_client, cell, NAT_SYMMETRIC,
                    0.7);
    }
}

static void
unless_told_everybody_is_public(void)
{
    const char *const changes[] = {MANY_EDGES, MANY_CLIENTS, NULL};
    g_autoptr(Town) town = town_new(changes);
    for (HostId id = 0; id < town->world.host_count; id++)
        g_assert_cmpuint(town->world.hosts[id].nat, ==, NAT_PUBLIC);
}

static void
check_link(const Town *left, const Town *right, LinkId id)
{
    const Link *one = &left->world.network.links[id];
    const Link *other = &right->world.network.links[id];
    g_assert_cmpuint(one->rate_bps, ==, other->rate_bps);
    g_assert_cmpint(one->delay_ns, ==, other->delay_ns);
    g_assert_cmpint(one->extra_delay_ns, ==, other->extra_delay_ns);
}

static void
translators_change_nothing_else_about_a_host(void)
{
    const char *const plain[] = {MANY_EDGES, MANY_CLIENTS, NULL};
    const char *const changes[] = {MANY_EDGES, MANY_CLIENTS, HOME_EDGES,
                                   HOME_CLIENTS, NULL};
    g_autoptr(Town) before = town_new(plain);
    g_autoptr(Town) after = town_new(changes);
    g_assert_cmpuint(before->world.host_count, ==, after->world.host_count);
    for (HostId id = 0; id < before->world.host_count; id++) {
        const Host *host = &before->world.hosts[id];
        g_assert_cmpuint(host->site, ==, after->world.hosts[id].site);
        check_link(before, after, host->up);
        check_link(before, after, host->down);
    }
}

static void
a_new_neighbour_changes_nobodys_class(void)
{
    const char *const few[] = {MANY_EDGES, HOME_EDGES, HOME_CLIENTS, NULL};
    const char *const more[] = {"roles.edges.count=10001", HOME_EDGES,
                                HOME_CLIENTS, NULL};
    g_autoptr(Town) before = town_new(few);
    g_autoptr(Town) after = town_new(more);
    const Host *old = before->world.hosts;
    const Host *new = after->world.hosts;
    for (uint32_t i = 0; i < HOSTS; i++)
        g_assert_cmpuint(old[before->population.first_edge + i].nat, ==,
                         new[after->population.first_edge + i].nat);
    for (uint32_t i = 0; i < before->population.client_count; i++)
        g_assert_cmpuint(old[before->population.first_client + i].nat, ==,
                         new[after->population.first_client + i].nat);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nat/table", pairs_meet_as_the_table_says);
    g_test_add_func("/nat/shares", classes_are_as_frequent_as_their_weights);
    g_test_add_func("/nat/cells", they_are_so_in_every_cell);
    g_test_add_func("/nat/default", unless_told_everybody_is_public);
    g_test_add_func("/nat/alone", translators_change_nothing_else_about_a_host);
    g_test_add_func("/nat/neighbour", a_new_neighbour_changes_nobodys_class);
    return g_test_run();
}
