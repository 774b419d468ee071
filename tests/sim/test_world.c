/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_world.c: a small edge delivery network, end to end.
 *
 * Each test changes one thing of the same little country and says what must
 * come of it.
 */
#include <glib.h>
#include <string.h>

#include "sim/download.h"
#include "sim/parts.h"

static const char COUNTRY[] =
    "byway: 1\n"
    "title: country\n"
    "general: {stop_time: 4 min, warmup: 70 s}\n"
    "network:\n"
    "  isps: [a, b]\n"
    "  regions:\n"
    "    - {name: north, latitude: 40, longitude: 116, weights: [1, 1]}\n"
    "    - {name: south, latitude: 23, longitude: 113, weights: [1, 1]}\n"
    "  congestion: {share: 60 %, evening_factor: 1,\n"
    "    episode: exponential(10 min), loss: 3 %, queue_delay: 8 ms,\n"
    "    ingress_share: 0.3}\n"
    "  profiles:\n"
    "    line: {down: 40 Mbit/s, up: 20 Mbit/s, delay: 6 ms}\n"
    "roles:\n"
    "  clients: {count: 12, technology: 'choice([[1, line]])'}\n"
    "  edges: {count: 40, session: 1000 h, absence: 1 h, gone: 5 %}\n"
    "  data_centres: [{region: north}]\n"
    "  manager: {region: north, isp: a}\n"
    "  key_service: {region: north, isp: a}\n"
    "workload:\n"
    "  downloads: {slow: 0, interval: exponential(8 s), file_size: 20 MB,\n"
    "    conditioned: false, whole_files: true}\n"
    "policies: {selection: [preferred, nearby, random]}\n"
    "security: {payload_sampled: 30 %}\n"
    "measure: {window: 10 s, sensitivity: []}\n";

/* What one run of the country came to. */
typedef struct Story {
    uint64_t fingerprint;
    uint32_t arrivals;
    uint32_t slow;
    uint32_t sped_up;
    uint32_t done;
    uint64_t delivered_bytes;
    uint64_t edge_attempts;
    uint64_t edge_connects;
    uint64_t equal_bytes;
    uint64_t different_bytes;
    uint32_t causes[CAUSE_OTHER + 1];
    uint32_t parts;
} Story;

static void
count_download(Story *story, const Download *download, uint64_t threshold)
{
    const WindowRates *rates = &download->rates[0];
    bool is_slow = download->trigger_ns != TIME_NEVER;
    story->slow += is_slow;
    story->causes[download->cause] += is_slow;
    story->done += download->outcome == OUTCOME_DONE;
    story->delivered_bytes += download->delivered_bytes;
    story->edge_attempts += download->edge_attempts;
    story->edge_connects += download->edge_connects;
    story->sped_up += download->is_measured &&
                      rates->total_bytes_per_s > threshold &&
                      rates->edge_bytes_per_s > threshold / 2;
    if (download->outcome == OUTCOME_DONE)
        g_assert_cmpuint(download->delivered_bytes, ==, download->file_bytes);
}

typedef struct Stage {
    World world;
    Population population;
    DownloadTable table;
    uint64_t looks; /* so far */
    uint64_t cut;   /* the look at which the run ends; 0: none */
    Coder kept;     /* what a checkpoint of then has */
} Stage;

static void
code_stage(Stage *stage, Coder *coder)
{
    coder_u64(coder, &stage->looks);
    world_code(&stage->world, coder);
    population_code(&stage->population, coder);
    download_table_code(&stage->table, coder);
}

/* What concerns everybody. */
static void
meet(void *context, const AgendaEntry *entry)
{
    Stage *stage = context;
    world_listen(&stage->world);
    if (agenda_kind(entry) == AGENDA_COMMAND)
        download_arrive(&stage->table);
    else
        population_churn(&stage->population, (uint32_t)entry->key);
    world_settle(&stage->world);
}

static void
step(void *context, Network *network, const AgendaEntry *entry)
{
    Stage *stage = context;
    if (!world_step(&stage->world, network, entry))
        meet(stage, entry);
}

static bool
look(void *context)
{
    Stage *stage = context;
    world_listen(&stage->world);
    if (++stage->looks != stage->cut)
        return true;
    code_stage(stage, &stage->kept);
    return false;
}

static void
run(Stage *stage, int64_t stop_ns, uint32_t thread_count)
{
    Network *network = &stage->world.network;
    if (network->parts) {
        PartsDriver driver = {
            .context = stage, .step = step, .meet = meet, .look = look};
        network->parts->thread_count = thread_count;
        parts_run(network->parts, &driver, stop_ns);
        return;
    }
    while (agenda_peek_ns(&network->agenda) <= stop_ns) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        step(stage, network, &entry);
        if (!look(stage))
            return;
    }
}

static Scenario *
new_country(const char *const *changes)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Scenario *scenario = scenario_parse(COUNTRY, strlen(COUNTRY),
                                        "country.yaml", changes, errors);
    for (uint32_t i = 0; i < errors->len; i++)
        g_printerr("%s\n", (char *)errors->pdata[i]);
    g_assert_nonnull(scenario);
    return scenario;
}

/* In one piece if there is no thread for its parts. */
static void
stage_init(Stage *stage, const Scenario *scenario, PlanSelection mode,
           uint32_t thread_count)
{
    world_init(&stage->world, scenario, mode);
    population_init(&stage->population, &stage->world);
    if (thread_count > 0)
        world_split(&stage->world);
    download_table_init(&stage->table, &stage->world, &stage->population);
    stage->looks = stage->cut = 0;
    coder_init_write(&stage->kept);
}

static void
stage_clear(Stage *stage)
{
    coder_clear(&stage->kept);
    download_table_clear(&stage->table);
    population_clear(&stage->population);
    world_clear(&stage->world);
}

static Story
story_of(const Stage *stage)
{
    const DownloadTable *table = &stage->table;
    const World *world = &stage->world;
    network_check(&world->network);
    Story story = {.fingerprint = network_total(&world->network).fingerprint,
                   .arrivals = table->arrival_count,
                   .equal_bytes = table->equal_bytes,
                   .different_bytes = table->different_bytes,
                   .parts = world->network.part_count};
    uint64_t threshold = world->scenario->roles.clients->slow_threshold_bps / 8;
    for (uint32_t i = 0; i < table->downloads->len; i++)
        count_download(&story, &g_array_index(table->downloads, Download, i),
                       threshold);
    return story;
}

static Story
tell_by(const char *const *changes, PlanSelection mode, uint32_t thread_count)
{
    g_autoptr(Scenario) scenario = new_country(changes);
    Stage stage;
    stage_init(&stage, scenario, mode, thread_count);
    population_start(&stage.population);
    run(&stage, scenario->general.stop_time_ns, thread_count);
    Story story = story_of(&stage);
    stage_clear(&stage);
    return story;
}

/* Every so many looks the run ends, and goes on in another world. */
static Story
tell_cut(const char *const *changes, uint32_t thread_count, uint64_t looks)
{
    g_autoptr(Scenario) scenario = new_country(changes);
    Coder kept;
    coder_init_write(&kept);
    uint32_t cuts = 0;
    for (;;) {
        Stage stage;
        stage_init(&stage, scenario, PLAN_SELECTION_NEARBY, thread_count);
        if (cuts == 0) {
            population_start(&stage.population);
        } else {
            Coder coder;
            coder_init_read(&coder, kept.out, kept.at);
            code_stage(&stage, &coder);
            g_assert_true(coder_is_whole(&coder));
        }
        stage.cut = stage.looks + looks;
        run(&stage, scenario->general.stop_time_ns, thread_count);
        coder_clear(&kept);
        kept = stage.kept;
        coder_init_write(&stage.kept);
        bool is_over = kept.at == 0;
        Story story = is_over ? story_of(&stage) : (Story){0};
        stage_clear(&stage);
        if (is_over) {
            g_assert_cmpuint(cuts, >=, 20);
            return story;
        }
        cuts++;
    }
}

static Story
tell(const char *const *changes, PlanSelection mode)
{
    return tell_by(changes, mode, 0);
}

static void
slow_downloads_are_sped_up_and_payload_arrives_equal(void)
{
    Story story = tell(NULL, PLAN_SELECTION_PREFERRED);
    g_assert_cmpuint(story.slow, >, 3);
    g_assert_cmpuint(story.sped_up, >, 0);
    g_assert_cmpuint(story.edge_attempts, >, 0);
    g_assert_cmpuint(story.equal_bytes, >, 0);
    g_assert_cmpuint(story.different_bytes, ==, 0);
}

static void
without_edges_nothing_is_sped_up(void)
{
    const char *const changes[] = {"roles.edges.count=0", NULL};
    Story story = tell(changes, PLAN_SELECTION_PREFERRED);
    g_assert_cmpuint(story.slow, >, 3);
    g_assert_cmpuint(story.sped_up, ==, 0);
    g_assert_cmpuint(story.edge_attempts, ==, 0);
}

static void
with_slow_own_lines_nothing_is_sped_up(void)
{
    const char *const changes[] = {"network.profiles.line.down=7 Mbit/s", NULL};
    Story story = tell(changes, PLAN_SELECTION_PREFERRED);
    g_assert_cmpuint(story.slow, >, 3);
    g_assert_cmpuint(story.sped_up, ==, 0);
}

/* The data centres' CPUs are queues: at 5 us a byte each of them seals
 * 200 kB/s for everybody, far below half the threshold for one. */
static void
data_centres_that_seal_slowly_help_nobody(void)
{
    const char *const changes[] = {"security.seal_byte=5 us",
                                   "roles.data_centres.0.cores=1", NULL};
    Story quick = tell(NULL, PLAN_SELECTION_PREFERRED);
    Story slow = tell(changes, PLAN_SELECTION_PREFERRED);
    g_assert_cmpuint(quick.sped_up, >, 0);
    g_assert_cmpuint(slow.slow, >, 3);
    g_assert_cmpuint(slow.sped_up, ==, 0);
    g_assert_cmpuint(slow.different_bytes, ==, 0);
}

static void
behind_symmetric_translators_nobody_meets(void)
{
    const char *const changes[] = {"roles.clients.nat=symmetric",
                                   "roles.edges.nat=symmetric", NULL};
    Story story = tell(changes, PLAN_SELECTION_PREFERRED);
    g_assert_cmpuint(story.slow, >, 3);
    g_assert_cmpuint(story.edge_attempts, >, 0);
    g_assert_cmpuint(story.edge_connects, ==, 0);
    g_assert_cmpuint(story.sped_up, ==, 0);
}

static void
translators_that_are_got_past_change_nothing(void)
{
    static const char *const CHANGES[][3] = {
        {"roles.clients.nat=public", "roles.edges.nat=public"},
        {"roles.clients.nat=symmetric", "roles.edges.nat=public"},
        {"roles.clients.nat=port_restricted",
         "roles.edges.nat=choice([[1, full_cone], [1, port_restricted]])"},
    };
    Story plain = tell(NULL, PLAN_SELECTION_PREFERRED);
    for (guint at = 0; at < G_N_ELEMENTS(CHANGES); at++) {
        Story story = tell(CHANGES[at], PLAN_SELECTION_PREFERRED);
        g_assert_cmpuint(story.fingerprint, ==, plain.fingerprint);
        g_assert_cmpuint(story.sped_up, ==, plain.sped_up);
    }
}

/* A client tries other edges instead, so that attempts grow in number. */
static void
half_of_the_edges_are_reached_if_half_are_symmetric(void)
{
    const char *const changes[] = {
        "roles.clients.nat=symmetric",
        "roles.edges.nat=choice([[1, public], [1, symmetric]])", NULL};
    Story plain = tell(NULL, PLAN_SELECTION_RANDOM);
    Story story = tell(changes, PLAN_SELECTION_RANDOM);
    double before = (double)plain.edge_connects / (double)plain.edge_attempts;
    double after = (double)story.edge_connects / (double)story.edge_attempts;
    g_test_message("%.3f of %.3f", after, before);
    g_assert_cmpfloat_with_epsilon(after / before, 0.5, 0.15);
}

static void
without_congestion_nothing_is_slow(void)
{
    const char *const changes[] = {"network.congestion.share=0 %", NULL};
    Story story = tell(changes, PLAN_SELECTION_PREFERRED);
    g_assert_cmpuint(story.done, >, 3);
    g_assert_cmpuint(story.slow, ==, 0);
}

static void
the_same_seed_tells_the_same_story(void)
{
    Story once = tell(NULL, PLAN_SELECTION_RANDOM);
    Story again = tell(NULL, PLAN_SELECTION_RANDOM);
    const char *const changes[] = {"general.seed=2", NULL};
    Story other = tell(changes, PLAN_SELECTION_RANDOM);
    g_assert_cmpuint(once.fingerprint, ==, again.fingerprint);
    g_assert_cmpuint(once.fingerprint, !=, other.fingerprint);
}

static void
modes_differ_only_in_whom_they_list(void)
{
    Story preferred = tell(NULL, PLAN_SELECTION_PREFERRED);
    Story random = tell(NULL, PLAN_SELECTION_RANDOM);
    g_assert_cmpuint(preferred.arrivals, ==, random.arrivals);
    g_assert_cmpuint(preferred.fingerprint, !=, random.fingerprint);
}

/* So many clients that none is asked for twice at a time. */
static uint32_t
compare_conditioned(const char *change)
{
    const char *const whole[] = {"roles.clients.count=2000", change, NULL};
    const char *const conditioned[] = {"roles.clients.count=2000", change,
                                       "workload.downloads.conditioned=true",
                                       NULL};
    Story all = tell(whole, PLAN_SELECTION_NEARBY);
    Story some = tell(conditioned, PLAN_SELECTION_NEARBY);
    g_assert_cmpuint(all.arrivals, ==, some.arrivals);
    g_assert_cmpuint(some.slow, ==, all.slow);
    g_assert_cmpuint(some.sped_up, ==, all.sped_up);
    return all.slow;
}

static void
leaving_out_what_cannot_be_slow_changes_no_answer(void)
{
    uint32_t slow = compare_conditioned("network.backbone.loss=0 %");
    /* Loss that is always there slows others, too. */
    uint32_t slow_by_loss = compare_conditioned("network.backbone.loss=3 %");
    g_assert_cmpuint(slow_by_loss, >, slow);
}

/* What happens at one and the same nanosecond to two connections of a host
 * happens in the order of their numbers, and parts number theirs each for
 * itself: so the whole has another fingerprint, and the same story. */
static void
compare_parts(const char *const *changes)
{
    Story whole = tell(changes, PLAN_SELECTION_NEARBY);
    Story first = tell_by(changes, PLAN_SELECTION_NEARBY, 1);
    g_assert_cmpuint(first.parts, >, 1);
    g_assert_cmpuint(first.arrivals, ==, whole.arrivals);
    g_assert_cmpuint(first.slow, ==, whole.slow);
    g_assert_cmpuint(first.sped_up, ==, whole.sped_up);
    g_assert_cmpuint(first.delivered_bytes, ==, whole.delivered_bytes);
    g_assert_cmpuint(first.edge_connects, ==, whole.edge_connects);
    g_assert_cmpuint(first.equal_bytes, ==, whole.equal_bytes);
    for (uint32_t cause = 0; cause <= CAUSE_OTHER; cause++)
        g_assert_cmpuint(first.causes[cause], ==, whole.causes[cause]);
    for (uint32_t thread_count = 2; thread_count <= 4; thread_count++) {
        Story story = tell_by(changes, PLAN_SELECTION_NEARBY, thread_count);
        g_assert_cmphex(story.fingerprint, ==, first.fingerprint);
        g_assert_cmpint(memcmp(&story, &first, sizeof story), ==, 0);
    }
}

static void
in_parts_everything_happens_as_in_the_whole(void)
{
    compare_parts(NULL);
}

/* Edges vanish in the middle of what they do, and come back. */
static void
also_where_edges_come_and_go(void)
{
    const char *const changes[] = {"roles.edges.session=20 s",
                                   "roles.edges.absence=10 s", NULL};
    compare_parts(changes);
}

static void
compare_cut(uint32_t thread_count, uint64_t looks)
{
    const char *const changes[] = {"roles.edges.session=20 s",
                                   "roles.edges.absence=10 s", NULL};
    Story uncut = tell_by(changes, PLAN_SELECTION_NEARBY, thread_count);
    Story cut = tell_cut(changes, thread_count, looks);
    g_assert_cmphex(cut.fingerprint, ==, uncut.fingerprint);
    g_assert_cmpuint(cut.equal_bytes, >, 0);
    g_assert_cmpint(memcmp(&cut, &uncut, sizeof cut), ==, 0);
}

static void
cut_in_twenty_the_world_goes_on_as_if_nothing_had_been(void)
{
    compare_cut(0, 40009);
    compare_cut(2, 29);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/world/sped_up_and_equal",
                    slow_downloads_are_sped_up_and_payload_arrives_equal);
    g_test_add_func("/world/no_edges", without_edges_nothing_is_sped_up);
    g_test_add_func("/world/own_lines", with_slow_own_lines_nothing_is_sped_up);
    g_test_add_func("/world/slow_sealing",
                    data_centres_that_seal_slowly_help_nobody);
    g_test_add_func("/world/symmetric",
                    behind_symmetric_translators_nobody_meets);
    g_test_add_func("/world/got_past",
                    translators_that_are_got_past_change_nothing);
    g_test_add_func("/world/half",
                    half_of_the_edges_are_reached_if_half_are_symmetric);
    g_test_add_func("/world/no_congestion", without_congestion_nothing_is_slow);
    g_test_add_func("/world/same_seed", the_same_seed_tells_the_same_story);
    g_test_add_func("/world/modes", modes_differ_only_in_whom_they_list);
    g_test_add_func("/world/conditioned",
                    leaving_out_what_cannot_be_slow_changes_no_answer);
    g_test_add_func("/world/in_parts_everything_happens_as_in_the_whole",
                    in_parts_everything_happens_as_in_the_whole);
    g_test_add_func("/world/also_where_edges_come_and_go",
                    also_where_edges_come_and_go);
    g_test_add_func(
        "/world/cut_in_twenty_the_world_goes_on_as_if_nothing_had_been",
        cut_in_twenty_the_world_goes_on_as_if_nothing_had_been);
    return g_test_run();
}
