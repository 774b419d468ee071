/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_scenario.c: good scenarios are read, bad ones explained.
 *
 * Runs in the root of the sources. tests/sim/bad holds one mistake a file,
 * with every word of the answer beside it; a first line "# set: KEY=VALUE" is
 * given as --set.
 */
#include "sim/nat.h"
#include "sim/scenario.h"
#include "sim/schema.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#define BAD "tests/sim/bad"
#define SCENARIOS "scenarios"

static const char SMALL[] =
    "byway: 1\n"
    "title: small\n"
    "general: {stop_time: 1 s}\n"
    "network:\n"
    "  nodes: [{name: L}, {name: R}]\n"
    "  links:\n"
    "    - {name: middle, from: L, to: R, rate: 10 Mbit/s, delay: 5 ms}\n"
    "hosts: [{name: a, at: L}, {name: b, at: R}]\n"
    "workload: {flows: [{from: a, to: b, bytes: 1 MB}]}\n";

static GPtrArray *
read_errors(const char *text, const char *path, const char *const *overrides)
{
    GPtrArray *errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Scenario) scenario =
        scenario_parse(text, strlen(text), path, overrides, errors);
    g_assert_true((scenario == NULL) == (errors->len > 0));
    return errors;
}

static Scenario *
read_good(const char *text, const char *const *overrides)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Scenario *scenario =
        scenario_parse(text, strlen(text), "good.yaml", overrides, errors);
    if (errors->len)
        g_test_message("%s", (char *)errors->pdata[0]);
    g_assert_nonnull(scenario);
    return scenario;
}

/* The --set lines at the head of a bad file. */
static GPtrArray *
find_overrides(const char *text)
{
    GPtrArray *overrides = g_ptr_array_new_with_free_func(g_free);
    while (g_str_has_prefix(text, "# set: ")) {
        text += strlen("# set: ");
        size_t bytes = strcspn(text, "\n");
        g_ptr_array_add(overrides, g_strndup(text, bytes));
        text += bytes + 1;
    }
    g_ptr_array_add(overrides, NULL);
    return overrides;
}

static void
check_bad_file(const char *name)
{
    g_autofree char *path = g_build_filename(BAD, name, NULL);
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".yaml"));
    g_autofree char *answer_path = g_strconcat(stem, ".txt", NULL);
    g_autofree char *text = NULL;
    g_autofree char *answer = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(g_file_get_contents(answer_path, &answer, NULL, NULL));
    g_autoptr(GPtrArray) overrides = find_overrides(text);
    g_autoptr(GPtrArray) errors =
        read_errors(text, path, (const char *const *)overrides->pdata);
    g_autoptr(GString) said = g_string_new(NULL);
    for (guint at = 0; at < errors->len; at++)
        g_string_append_printf(said, "%s\n", (char *)errors->pdata[at]);
    g_string_replace(said, BAD "/", "", 0);
    g_assert_cmpstr(said->str, ==, answer);
}

static void
every_mistake_is_named_with_its_place(void)
{
    g_autoptr(GDir) folder = g_dir_open(BAD, 0, NULL);
    g_assert_nonnull(folder);
    guint file_count = 0;
    for (const char *name; (name = g_dir_read_name(folder));) {
        if (!g_str_has_suffix(name, ".yaml"))
            continue;
        check_bad_file(name);
        file_count++;
    }
    g_assert_cmpuint(file_count, >=, 40);
}

static Scenario *
read_file(const char *name, const char *const *overrides)
{
    g_autofree char *path = g_build_filename(SCENARIOS, name, NULL);
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Scenario *scenario = scenario_read(path, overrides, errors);
    if (errors->len)
        g_test_message("%s", (char *)errors->pdata[0]);
    g_assert_nonnull(scenario);
    return scenario;
}

static char *
write_text(const Scenario *scenario)
{
    return g_string_free(scenario_write(scenario), FALSE);
}

static void
check_round_trip(const Scenario *scenario)
{
    g_autofree char *first = write_text(scenario);
    g_autoptr(Scenario) again = read_good(first, NULL);
    g_autofree char *second = write_text(again);
    g_assert_cmpstr(first, ==, second);
}

static void
an_effective_scenario_reads_back_as_itself(void)
{
    static const char *const NAMES[] = {"first.yaml", "netdisk.yaml",
                                        "netdisk-full.yaml",
                                        "flows/dumbbell.yaml"};
    for (guint at = 0; at < G_N_ELEMENTS(NAMES); at++) {
        g_autoptr(Scenario) scenario = read_file(NAMES[at], NULL);
        check_round_trip(scenario);
    }
}

/* Every kind of field, with values that base units cannot round. */
static void
the_rarest_keys_read_back_too(void)
{
    static const char TEXT[] =
        "byway: 1\ntitle: rare\n"
        "general: {stop_time: 1.000000001 s, output: 'a \"b\" \\c'}\n"
        "network:\n"
        "  profiles: {p: {down: 1 Mbit/s, up: 'pareto(1 Mbit/s, 1.1)'}}\n"
        "  nodes: [{name: L}, {name: Zürich}]\n"
        "  links:\n"
        "    - from: L\n"
        "      to: Zürich\n"
        "      rate: 333333333 bit/s\n"
        "      delay: 5 ms\n"
        "      jitter: 1 ms\n"
        "      reorder: true\n"
        "      queue: 1 ms\n"
        "      aqm: codel\n"
        "      burst_loss: {p: 0.1, r: 0.3}\n"
        "      background: {load: 30 %}\n"
        "      schedule: [[0 s, 1 Mbit/s], [1 us, 2 Mbit/s]]\n"
        "hosts:\n"
        "  - {name: a, count: 12, at: L, profile: p}\n"
        "  - {name: b, at: Zürich, rate: 1 Gbit/s, loss: 1e-7}\n"
        "workload:\n"
        "  flows: [{from: a11, to: b, bytes: endless, transport: t}]\n"
        "transports: {t: {congestion: reno, delayed_ack: false}}\n"
        "sweep:\n"
        "  replications: 3\n"
        "  vary: {hosts.b.loss: [0, 1 %, '2 %'], measure.trace: [false],\n"
        "    transports.t: ['{congestion: \"cubic\"}']}\n"
        "expect: [{metric: events, max: -1},\n"
        "  {metric: modes.flows.links.L-Zürich back.utilisation_ratio.p50,\n"
        "   min: 0, max: 0}]\n";
    g_autoptr(Scenario) scenario = read_good(TEXT, NULL);
    g_assert_cmpstr(scenario->general.output, ==, "a \"b\" \\c");
    g_assert_cmpint(scenario->general.stop_time_ns, ==, 1000000001);
    g_assert_cmpuint(scenario->workload.flows[0].from.member, ==, 11);
    g_assert_cmpuint(scenario->workload.flows[0].size_bytes, ==,
                     PLAN_BYTES_ENDLESS);
    g_assert_true(isinf(scenario->expect[0].min));
    g_assert_cmpfloat(scenario->expect[1].max, ==, 0);
    g_assert_cmpstr(scenario->network.links[0].name, ==, "L-Zürich");
    g_assert_cmpuint(scenario->sweep->vary[0].value_count, ==, 3);
    g_assert_cmpstr(scenario->sweep->vary[2].values[0].text, ==,
                    "{congestion: \"cubic\"}");
    check_round_trip(scenario);
}

static void
a_variant_says_only_what_is_different(void)
{
    g_autoptr(Scenario) everyday = read_file("netdisk.yaml", NULL);
    g_autoptr(Scenario) full = read_file("netdisk-full.yaml", NULL);
    g_assert_cmpuint(full->roles.edges->count, ==, 60000);
    g_assert_cmpuint(full->policies.selection_count, ==, 1);
    /* With the sizes put back, it is the everyday one. */
    full->title = everyday->title;
    full->general.stop_time_ns = everyday->general.stop_time_ns;
    full->roles.clients->count = everyday->roles.clients->count;
    full->roles.edges->count = everyday->roles.edges->count;
    full->workload.downloads->slow = everyday->workload.downloads->slow;
    full->workload.downloads->interval = everyday->workload.downloads->interval;
    full->policies = everyday->policies;
    full->expect = everyday->expect;
    full->expect_count = everyday->expect_count;
    g_autofree char *left = write_text(everyday);
    g_autofree char *right = write_text(full);
    g_assert_cmpstr(left, ==, right);
}

static void
of_a_graph_with_many_links_some_are_in_links_csv_and_that_is_told(void)
{
    g_autoptr(GString) text =
        g_string_new("byway: 1\ntitle: many\ngeneral: {stop_time: 1 s}\n"
                     "hosts: [{at: L, name: a}, {at: R, name: b}]\n"
                     "workload: {flows: [{bytes: 1 MB, to: b, from: a}]}\n"
                     "network:\n  nodes: [{name: L}, {name: R}]\n  links:\n");
    for (int i = 0; i < 129; i++)
        g_string_append_printf(text,
                               "    - {name: l%d, from: L, to: R, "
                               "rate: 1 Gbit/s, delay: 5 ms}\n",
                               i);
    g_autoptr(Scenario) scenario = read_good(text->str, NULL);
    g_assert_cmpuint(scenario->remarks->len, ==, 1);
    g_assert_cmpstr(scenario->remarks->pdata[0], ==,
                    "links.csv has the first 256 of the graph's 258 links, "
                    "each way counted");
}

static void
the_order_of_keys_does_not_matter(void)
{
    static const char SHUFFLED[] =
        "workload: {flows: [{bytes: 1 MB, to: b, from: a}]}\n"
        "hosts: [{at: L, name: a}, {at: R, name: b}]\n"
        "network:\n"
        "  links:\n"
        "    - {delay: 5 ms, to: R, from: L, rate: 10 Mbit/s, name: middle}\n"
        "  nodes: [{name: L}, {name: R}]\n"
        "title: small\n"
        "general: {stop_time: 1 s}\n"
        "byway: 1\n";
    g_autoptr(Scenario) ordered = read_good(SMALL, NULL);
    g_autoptr(Scenario) shuffled = read_good(SHUFFLED, NULL);
    g_autofree char *left = write_text(ordered);
    g_autofree char *right = write_text(shuffled);
    g_assert_cmpstr(left, ==, right);
}

static void
set_changes_what_it_names_and_nothing_else(void)
{
    static const char *const OVERRIDES[] = {
        "network.links.middle.delay=7 ms",
        "network.links.0.queue=64 kB",
        "measure.window=20 s",
        "hosts.1.rate=1 Gbit/s",
        "workload.flows=[{from: b, to: a, bytes: 2 MB}]",
        "security.seal_slice=1 us",
        NULL};
    g_autoptr(Scenario) scenario = read_good(SMALL, OVERRIDES);
    const PlanLink *link = &scenario->network.links[0];
    g_assert_cmpint(link->delay_ns, ==, 7000000);
    g_assert_cmpuint(link->queue.limit, ==, 64000);
    g_assert_cmpint(scenario->measure.window_ns, ==, 20000000000);
    g_assert_cmpuint(scenario->hosts[0].rate_bps, ==, 0);
    g_assert_cmpuint(scenario->hosts[1].rate_bps, ==, 1000000000);
    g_assert_cmpuint(scenario->workload.flows[0].from.host, ==, 1);
    g_assert_cmpuint(scenario->security.seal_slice_ps, ==, 1000000);
    g_assert_cmpuint(scenario->security.open_slice_ps, ==, 3200000);
}

static void
set_leaves_other_users_of_an_anchor_alone(void)
{
    static const char TEXT[] =
        "byway: 1\ntitle: shared\ngeneral: {stop_time: 1 s}\n"
        "x-line: &line {rate: 1 Mbit/s, delay: 5 ms}\n"
        "network:\n"
        "  nodes: [{name: L}, {name: R}]\n"
        "  links:\n"
        "    - {<<: *line, name: up, from: L, to: R}\n"
        "    - {<<: *line, name: down, from: R, to: L, delay: 6 ms}\n"
        "hosts: [{name: a, at: L}, &b {name: b, at: R}]\n"
        "workload: {flows: [&f {from: a, to: b, bytes: 1 MB}, *f]}\n";
    static const char *const OVERRIDES[] = {"workload.flows.1.bytes=9 B",
                                            "x-line.rate=2 Mbit/s", NULL};
    g_autoptr(Scenario) scenario = read_good(TEXT, OVERRIDES);
    g_assert_cmpuint(scenario->workload.flows[0].size_bytes, ==, 1000000);
    g_assert_cmpuint(scenario->workload.flows[1].size_bytes, ==, 9);
    g_assert_cmpuint(scenario->network.links[0].rate_bps, ==, 1000000);
    g_assert_cmpint(scenario->network.links[0].delay_ns, ==, 5000000);
    g_assert_cmpint(scenario->network.links[1].delay_ns, ==, 6000000);
}

static void
transports_start_from_the_default(void)
{
    g_autofree char *text =
        g_strconcat(SMALL,
                    "transports:\n"
                    "  edge: {slow_start_after_idle: false}\n"
                    "  default: {initial_window: 24}\n"
                    "  old: {initial_window: 3}\n",
                    NULL);
    g_autoptr(Scenario) scenario = read_good(text, NULL);
    const PlanTransport *transports = scenario->transports;
    g_assert_cmpuint(scenario->transport_count, ==, 3);
    g_assert_cmpstr(transports[0].name, ==, "default");
    g_assert_cmpstr(transports[1].name, ==, "edge");
    g_assert_cmpuint(transports[1].initial_window, ==, 24);
    g_assert_false(transports[1].has_slow_start_after_idle);
    g_assert_cmpuint(transports[2].initial_window, ==, 3);
    g_assert_true(transports[2].has_slow_start_after_idle);
}

static void
defaults_are_what_the_schema_says(void)
{
    g_autoptr(Scenario) scenario = read_good(SMALL, NULL);
    g_assert_cmpuint(scenario->general.seed, ==, 1);
    g_assert_cmpuint(scenario->transports[0].mss_bytes, ==, 1448);
    g_assert_cmpuint(scenario->security.slice_bytes, ==, 16384);
    g_assert_cmpuint(scenario->security.seal_byte_ps, ==, 400);
    g_assert_cmpint(scenario->measure.sensitivity[1].ns, ==, 60000000000);
    g_assert_cmpuint(scenario->network.links[0].queue.limit, ==, 1000);
    g_assert_cmpuint(scenario->hosts[0].profile, ==, PLAN_NONE);
    g_assert_null(scenario->roles.clients);
}

/* Each list holds the one before ten times: 10^9 leaves, were they walked. */
static void
a_bomb_of_aliases_is_read_in_no_time(void)
{
    g_autoptr(GString) text = g_string_new(SMALL);
    g_string_append(text, "x-0: &x0 [a, a, a, a, a, a, a, a, a, a]\n");
    for (int level = 1; level < 9; level++) {
        g_string_append_printf(text, "x-%d: &x%d [", level, level);
        for (int at = 0; at < 10; at++)
            g_string_append_printf(text, "%s*x%d", at ? ", " : "", level - 1);
        g_string_append(text, "]\n");
    }
    g_autoptr(Scenario) shallow = read_good(text->str, NULL);
    g_assert_nonnull(shallow);
    g_string_append(text, "expect: *x8\n");
    g_autoptr(GPtrArray) errors = read_errors(text->str, "bomb.yaml", NULL);
    g_assert_cmpuint(errors->len, >, 0);
}

static void
merged_maps_cannot_grow_without_bound(void)
{
    g_autoptr(GString) text = g_string_new(SMALL);
    g_string_append(text, "x-0: &m {");
    for (int at = 0; at < 2000; at++)
        g_string_append_printf(text, "k%d: 1, ", at);
    g_string_append(text, "}\n");
    for (int at = 1; at < 2000; at++)
        g_string_append_printf(text, "x-%d: {<<: *m}\n", at);
    g_autoptr(GPtrArray) errors = read_errors(text->str, "merge.yaml", NULL);
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_cmpstr(errors->pdata[0], ==,
                    "merge.yaml:1:1: error: more than 1000000 entries");
}

static void
check_refused(const char *head, const char *again, const char *expected)
{
    g_autoptr(GString) text = g_string_new(head);
    while (text->len < 3000000)
        g_string_append_printf(text, again, (guint)text->len);
    g_autoptr(GPtrArray) errors = read_errors(text->str, "e.yaml", NULL);
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_cmpstr(errors->pdata[0], ==, expected);
}

/* Three megabytes each of what takes libyaml time in its square: without
 * the limits, minutes to hours, which the runner would not wait for. */
static void
what_libyaml_chokes_on_is_refused_at_once(void)
{
    check_refused("a: ", "[", "e.yaml:1:67: error: nested too deep");
    check_refused("a: ", "{? ", "e.yaml:1:193: error: nested too deep");
    check_refused("a: ", "\n- &x%u b",
                  "e.yaml:1002:3: error: too many anchors");
    check_refused("a: &a b\nc:", "\n- *a",
                  "e.yaml:100003:3: error: too many aliases");
    check_refused("", "%%TAG !a%u! b\n",
                  "e.yaml:1:1: error: YAML tags are not used in "
                  "scenarios");
}

static void
a_file_that_is_too_long_is_refused(void)
{
    g_autoptr(GString) text = g_string_new(SMALL);
    g_string_append_c(text, '#');
    while (text->len <= 4u << 20)
        g_string_append(text, "0123456789abcdef0123456789abcdef");
    g_autoptr(GPtrArray) errors = read_errors(text->str, "long.yaml", NULL);
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_cmpstr(errors->pdata[0], ==,
                    "long.yaml:1:1: error: longer than 4194304 bytes");
}

static void
check_unreadable(const char *path, const char *expected)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_assert_null(scenario_read(path, NULL, errors));
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_cmpstr(errors->pdata[0], ==, expected);
}

static void
what_is_no_file_is_an_error_of_its_own(void)
{
    check_unreadable("scenarios/nowhere.yaml",
                     "scenarios/nowhere.yaml: error: cannot open "
                     "'scenarios/nowhere.yaml': No such file or directory");
    check_unreadable("scenarios", "scenarios: error: cannot read 'scenarios': "
                                  "Is a directory");
    check_unreadable("/dev/zero", "/dev/zero: error: '/dev/zero' is longer "
                                  "than 4194304 bytes");
}

/* Classes of address translators: one, or a choice of them. */
static void
words_can_be_chosen_among(void)
{
    static const char *const EXPLICIT[] = {"roles.clients.nat=public",
                                           "roles.edges.nat=public", NULL};
    static const char *const CHOICE[] = {
        "roles.clients.nat=choice([[0.3, public], [0.7, symmetric]])", NULL};
    g_autoptr(Scenario) plain = read_file("first.yaml", NULL);
    g_autoptr(Scenario) same = read_file("first.yaml", EXPLICIT);
    g_autofree char *left = write_text(plain);
    g_autofree char *right = write_text(same);
    g_assert_cmpstr(left, ==, right);
    g_autoptr(Scenario) chosen = read_file("first.yaml", CHOICE);
    const Distribution *nat = &chosen->roles.clients->nat;
    g_assert_cmpuint(nat->point_count, ==, 2);
    g_assert_cmpfloat(nat->points[0].value, ==, NAT_PUBLIC);
    g_assert_cmpfloat(nat->points[1].share, ==, 0.7);
    g_assert_cmpfloat(nat->points[1].value, ==, NAT_SYMMETRIC);
    check_round_trip(chosen);
}

static void
the_schema_offers_words_and_choices_of_them(void)
{
    g_autoptr(GString) text = schema_write_json();
    json_t *schema = json_loads(text->str, 0, NULL);
    json_t *word = NULL;
    json_t *choice = NULL;
    int error = json_unpack(schema, "{s{s{s{s{s[{so},{so}]}}}}}", "$defs",
                            "clients", "properties", "nat", "anyOf", "enum",
                            &word, "pattern", &choice);
    g_assert_cmpint(error, ==, 0);
    g_assert_cmpuint(json_array_size(word), ==, NAT_CLASS_COUNT);
    g_assert_cmpstr(json_string_value(json_array_get(word, NAT_SYMMETRIC)), ==,
                    "symmetric");
    g_assert_true(g_regex_match_simple(json_string_value(choice),
                                       "choice([[1, public]])", 0, 0));
    json_decref(schema);
}

static void
the_schema_is_json_that_knows_every_key(void)
{
    g_autoptr(GString) text = schema_write_json();
    json_t *schema = json_loads(text->str, 0, NULL);
    g_assert_nonnull(schema);
    json_t *properties = json_object_get(schema, "properties");
    for (uint32_t at = 0; at < SCHEMA_SCENARIO.field_count; at++) {
        const Field *field = &SCHEMA_SCENARIO.fields[at];
        json_t *property = json_object_get(properties, field->key);
        g_assert_nonnull(property);
        g_assert_cmpstr(
            json_string_value(json_object_get(property, "description")), ==,
            field->doc);
    }
    json_t *link = json_object_get(json_object_get(schema, "$defs"), "link");
    json_t *required = json_object_get(link, "required");
    g_assert_cmpuint(json_array_size(required), ==, 4);
    g_assert_true(json_is_false(json_object_get(link, "additionalProperties")));
    json_decref(schema);
}

/* Lists are replaced whole, so what is in them must be whole. */
static void
the_schema_lets_a_variant_leave_out_what_its_base_has(void)
{
    g_autoptr(GString) text = schema_write_json();
    json_t *schema = json_loads(text->str, 0, NULL);
    const char *condition = NULL;
    json_t *root = NULL;
    json_t *clients = NULL;
    json_t *profiles = NULL;
    int error =
        json_unpack(schema, "{s{s[s]},s{so,s{s{s{s{so}}},s{s{s{s{so}}}}}}}",
                    "if", "required", &condition, "else", "required", &root,
                    "properties", "roles", "properties", "clients", "required",
                    &clients, "network", "properties", "profiles",
                    "additionalProperties", "required", &profiles);
    g_assert_cmpint(error, ==, 0);
    g_assert_cmpstr(condition, ==, "base");
    g_assert_cmpuint(json_array_size(root), ==, 2);
    g_assert_cmpuint(json_array_size(clients), ==, 2);
    g_assert_cmpuint(json_array_size(profiles), ==, 2);
    g_assert_null(json_object_get(schema, "required"));
    json_t *sections = json_object_get(schema, "$defs");
    json_t *section = json_object_get(sections, "clients");
    g_assert_nonnull(section);
    g_assert_null(json_object_get(section, "required"));
    section = json_object_get(sections, "region");
    g_assert_nonnull(json_object_get(section, "required"));
    json_decref(schema);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scenario/bad", every_mistake_is_named_with_its_place);
    g_test_add_func("/scenario/round_trip",
                    an_effective_scenario_reads_back_as_itself);
    g_test_add_func("/scenario/rare", the_rarest_keys_read_back_too);
    g_test_add_func("/scenario/variant", a_variant_says_only_what_is_different);
    g_test_add_func(
        "/scenario/many_links",
        of_a_graph_with_many_links_some_are_in_links_csv_and_that_is_told);
    g_test_add_func("/scenario/order", the_order_of_keys_does_not_matter);
    g_test_add_func("/scenario/set",
                    set_changes_what_it_names_and_nothing_else);
    g_test_add_func("/scenario/set_anchor",
                    set_leaves_other_users_of_an_anchor_alone);
    g_test_add_func("/scenario/transports", transports_start_from_the_default);
    g_test_add_func("/scenario/defaults", defaults_are_what_the_schema_says);
    g_test_add_func("/scenario/bomb", a_bomb_of_aliases_is_read_in_no_time);
    g_test_add_func("/scenario/merge", merged_maps_cannot_grow_without_bound);
    g_test_add_func("/scenario/deep",
                    what_libyaml_chokes_on_is_refused_at_once);
    g_test_add_func("/scenario/long", a_file_that_is_too_long_is_refused);
    g_test_add_func("/scenario/missing",
                    what_is_no_file_is_an_error_of_its_own);
    g_test_add_func("/scenario/words", words_can_be_chosen_among);
    g_test_add_func("/scenario/schema_words",
                    the_schema_offers_words_and_choices_of_them);
    g_test_add_func("/scenario/schema",
                    the_schema_is_json_that_knows_every_key);
    g_test_add_func("/scenario/schema_base",
                    the_schema_lets_a_variant_leave_out_what_its_base_has);
    return g_test_run();
}
