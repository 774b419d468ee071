/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_process.c: congestion that comes and goes by itself.
 */
#include "sim/process.h"

#include <glib.h>

#include "core/event.h"

#define HOUR_NS (INT64_C(3600) * NS_PER_S)
#define DAY_NS (24 * HOUR_NS)
#define QUEUE_NS (30 * NS_PER_MS)

/* A fifth of the time, twice as much from 19 to 23 o'clock, 2 minutes each,
 * 2 to 4 % of packets lost. */
static const PlanCongestion PLAN = {
    .share_ratio = 0.2,
    .evening_factor = 2,
    .evening_ns = {19 * HOUR_NS, 23 * HOUR_NS},
    .episode = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 120e9},
    .loss = {.kind = DISTRIBUTION_UNIFORM, .a = 0.02, .b = 0.04},
    .queue_delay_ns = QUEUE_NS,
};

typedef struct Sky {
    Network network;
    ProcessTable table;
    LinkId link;
} Sky;

static Link *
sky_link(const Sky *sky)
{
    return &sky->network.links[sky->link];
}

static void
sky_init(Sky *sky)
{
    Link *link;
    network_init(&sky->network);
    sky->link = network_add_link(&sky->network, &link);
    link->rate_bps = 8000000;
    process_table_init(&sky->table, &sky->network, (RandomSeed){1, 0});
}

static void
sky_clear(Sky *sky)
{
    process_table_clear(&sky->table);
    network_clear(&sky->network);
}

static void
step(Sky *sky)
{
    AgendaEntry entry = agenda_pop(&sky->network.agenda);
    g_assert_cmpint(agenda_kind(&entry), ==, AGENDA_PROCESS);
    sky->network.now_ns = entry.time_ns;
    process_run(&sky->table, (uint32_t)entry.key);
}

typedef struct Time {
    int64_t all_ns;
    int64_t congested_ns;
} Time;

/* Time with and without congestion, by day and in the evening. */
static void
watch(Sky *sky, int64_t until_ns, int64_t clock_ns, Time ret_times[2])
{
    ret_times[0] = ret_times[1] = (Time){0};
    while (sky->network.now_ns < until_ns) {
        int64_t start_ns = sky->network.now_ns;
        bool is_on = sky_link(sky)->extra_delay_ns > 0;
        step(sky);
        int64_t length_ns = sky->network.now_ns - start_ns;
        int64_t hour = (start_ns + clock_ns) % DAY_NS / HOUR_NS;
        Time *time = &ret_times[hour >= 19 && hour < 23];
        time->all_ns += length_ns;
        time->congested_ns += is_on ? length_ns : 0;
    }
}

static double
share(Time time)
{
    return (double)time.congested_ns / (double)time.all_ns;
}

static void
a_link_is_congested_for_its_share_of_the_time_and_more_in_the_evening(void)
{
    Sky sky;
    Time times[2];
    const int64_t clock_ns = 8 * HOUR_NS;
    sky_init(&sky);
    process_add_episode(&sky.table, sky.link, "sky", &PLAN, 1, clock_ns);
    process_table_start(&sky.table);
    watch(&sky, 300 * DAY_NS, clock_ns, times);
    g_assert_cmpfloat_with_epsilon(share(times[0]), 0.2, 0.01);
    g_assert_cmpfloat_with_epsilon(share(times[1]), 0.4, 0.02);
    sky_clear(&sky);
}

/* Share of congested moments, four an hour: by day, in the evening. */
static void
sample(Sky *sky, const PlanCongestion *plan, int64_t clock_ns,
       double ret_shares[2])
{
    uint32_t seen[2] = {0};
    uint32_t congested[2] = {0};
    process_add_episode(&sky->table, sky->link, "sky", plan, 1, clock_ns);
    process_table_start(&sky->table);
    for (int64_t at_ns = 0; at_ns < 2000 * DAY_NS; at_ns += HOUR_NS / 4) {
        while (agenda_peek_ns(&sky->network.agenda) <= at_ns)
            step(sky);
        int64_t hour = (at_ns + clock_ns) % DAY_NS / HOUR_NS;
        bool is_evening = hour >= 19 && hour < 23;
        seen[is_evening]++;
        congested[is_evening] += sky_link(sky)->extra_delay_ns > 0;
    }
    ret_shares[0] = (double)congested[0] / seen[0];
    ret_shares[1] = (double)congested[1] / seen[1];
}

/* By day a pause lasts three hours on average: many reach into the evening. */
static void
a_pause_that_began_by_day_does_not_keep_the_evening_away(void)
{
    PlanCongestion plan = PLAN;
    plan.share_ratio = 0.05;
    plan.evening_factor = 3;
    plan.episode.a = 600e9;
    double shares[2];
    Sky sky;
    sky_init(&sky);
    sample(&sky, &plan, 8 * HOUR_NS, shares);
    g_assert_cmpfloat_with_epsilon(shares[0], 0.05, 0.01);
    g_assert_cmpfloat_with_epsilon(shares[1], 0.15, 0.01);
    sky_clear(&sky);
}

/* But for what began by day: of 16 moments of an evening, one is at 19 o'clock
 * sharp. */
static void
an_evening_may_be_free_of_congestion(void)
{
    PlanCongestion plan = PLAN;
    plan.evening_factor = 0;
    double shares[2];
    Sky sky;
    sky_init(&sky);
    sample(&sky, &plan, 20 * HOUR_NS, shares);
    g_assert_cmpfloat_with_epsilon(shares[0], 0.2, 0.01);
    g_assert_cmpfloat_with_epsilon(shares[1], 0.2 / 16, 0.002);
    sky_clear(&sky);
}

/* The evening has no end, so there is no moment to draw a pause at. */
static void
an_evening_without_end_or_congestion_is_one_long_pause(void)
{
    PlanCongestion plan = PLAN;
    plan.evening_factor = 0;
    plan.evening_ns[0] = 0;
    plan.evening_ns[1] = DAY_NS;
    Sky sky;
    sky_init(&sky);
    process_add_episode(&sky.table, sky.link, "sky", &plan, 1, 0);
    process_table_start(&sky.table);
    g_assert_cmpint(sky_link(&sky)->extra_delay_ns, ==, 0);
    g_assert_cmpint(agenda_peek_ns(&sky.network.agenda), >=, 36500 * DAY_NS);
    sky_clear(&sky);
}

static void
a_link_may_have_a_part_of_the_share(void)
{
    Sky sky;
    Time times[2];
    sky_init(&sky);
    process_add_episode(&sky.table, sky.link, "sky", &PLAN, 0.25, 0);
    process_table_start(&sky.table);
    watch(&sky, 300 * DAY_NS, 0, times);
    g_assert_cmpfloat_with_epsilon(share(times[0]), 0.05, 0.005);
    sky_clear(&sky);
}

/* Its own loss of 1 % stays, and others' is added to it. */
static void
an_episode_adds_loss_and_a_queue_and_takes_them_away(void)
{
    Sky sky;
    sky_init(&sky);
    sky_link(&sky)->loss = random_threshold(0.01);
    sky_link(&sky)->extra_delay_ns = NS_PER_MS;
    uint32_t number =
        process_add_episode(&sky.table, sky.link, "sky", &PLAN, 1, 0);
    process_table_start(&sky.table);
    uint32_t episode_count = 0;
    for (uint32_t i = 0; i < 200; i++) {
        step(&sky);
        const Episode *episode = process_episode(&sky.table, number);
        const Link *link = sky_link(&sky);
        double loss = (double)link->loss / 0x1p64;
        episode_count += episode->is_on;
        g_assert_cmpint(link->extra_delay_ns, ==,
                        NS_PER_MS + (episode->is_on ? QUEUE_NS : 0));
        g_assert_cmpfloat(loss, >=, episode->is_on ? 0.0298 - 1e-9 : 0.01);
        g_assert_cmpfloat(loss, <=, episode->is_on ? 0.0496 : 0.01 + 1e-9);
    }
    g_assert_cmpuint(episode_count, ==, 100);
    sky_clear(&sky);
}

static void
at_time_zero_a_share_of_the_links_is_congested(void)
{
    Sky sky;
    uint32_t congested_count = 0;
    sky_init(&sky);
    for (uint32_t i = 0; i < 2000; i++) {
        g_autofree char *name = g_strdup_printf("sky %u", i);
        uint32_t number =
            process_add_episode(&sky.table, sky.link, name, &PLAN, 1, 0);
        congested_count += process_episode(&sky.table, number)->is_on;
        sky_link(&sky)->loss = 0;
        sky_link(&sky)->extra_delay_ns = 0;
    }
    g_assert_cmpuint(congested_count, >, 400 - 60);
    g_assert_cmpuint(congested_count, <, 400 + 60);
    sky_clear(&sky);
}

/* Whoever looks first, and when, sees the same weather. */
static void
an_episode_is_in_the_same_state_whenever_it_is_first_looked_at(void)
{
    Sky early;
    Sky late;
    sky_init(&early);
    sky_init(&late);
    process_add_episode(&early.table, early.link, "sky", &PLAN, 1, 0);
    process_table_start(&early.table);
    while (agenda_peek_ns(&early.network.agenda) <= 9 * HOUR_NS)
        step(&early);
    late.network.now_ns = 9 * HOUR_NS;
    process_add_episode(&late.table, late.link, "sky", &PLAN, 1, 0);
    process_table_start(&late.table);
    const Episode *first = process_episode(&early.table, 0);
    const Episode *second = process_episode(&late.table, 0);
    g_assert_cmpint(first->is_on, ==, second->is_on);
    g_assert_cmpint(first->next_ns, ==, second->next_ns);
    g_assert_cmpuint(sky_link(&early)->loss, ==, sky_link(&late)->loss);
    sky_clear(&early);
    sky_clear(&late);
}

static void
background_load_takes_its_part_of_the_rate(void)
{
    Sky sky;
    PlanBackground plan = {.load_ratio = 0.3, .period_ns = 10 * NS_PER_MS};
    sky_init(&sky);
    process_add_background(&sky.table, sky.link, "sky", &plan);
    process_table_start(&sky.table);
    while (agenda_peek_ns(&sky.network.agenda) <= 100 * NS_PER_S)
        step(&sky);
    double busy = (double)sky_link(&sky)->busy_ns / (100.0 * 1e9);
    g_assert_cmpfloat_with_epsilon(busy, 0.3, 0.001);
    /* Who comes into a burst waits for its end. */
    g_assert_cmpint(link_wait_ns(sky_link(&sky), sky.network.now_ns), ==,
                    3 * NS_PER_MS);
    sky_clear(&sky);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/process/share",
        a_link_is_congested_for_its_share_of_the_time_and_more_in_the_evening);
    g_test_add_func("/process/evening",
                    a_pause_that_began_by_day_does_not_keep_the_evening_away);
    g_test_add_func("/process/free_evening",
                    an_evening_may_be_free_of_congestion);
    g_test_add_func("/process/long_evening",
                    an_evening_without_end_or_congestion_is_one_long_pause);
    g_test_add_func("/process/factor", a_link_may_have_a_part_of_the_share);
    g_test_add_func("/process/effect",
                    an_episode_adds_loss_and_a_queue_and_takes_them_away);
    g_test_add_func("/process/start",
                    at_time_zero_a_share_of_the_links_is_congested);
    g_test_add_func(
        "/process/look",
        an_episode_is_in_the_same_state_whenever_it_is_first_looked_at);
    g_test_add_func("/process/background",
                    background_load_takes_its_part_of_the_rate);
    return g_test_run();
}
