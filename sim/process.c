/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/process.c: two-state episodes and bursts of background load.
 */
#include "sim/process.h"

#include <assert.h>

#include "core/event.h"
#include "sim/parts.h"

#define DAY_NS (INT64_C(86400) * NS_PER_S)
#define PAUSE_NS_MAX (36500 * DAY_NS)

void
process_table_init(ProcessTable *table, Network *network, RandomSeed seed)
{
    table->network = network;
    table->seed = seed;
    table->episodes = g_array_new(false, false, sizeof(Episode));
    table->backgrounds = g_array_new(false, false, sizeof(Background));
}

void
process_table_clear(ProcessTable *table)
{
    g_array_unref(table->episodes);
    g_array_unref(table->backgrounds);
}

static bool
is_evening(const Episode *episode, int64_t time_ns)
{
    int64_t clock_ns = (episode->clock_ns + time_ns) % DAY_NS;
    const int64_t *evening_ns = episode->plan->evening_ns;
    return clock_ns >= evening_ns[0] && clock_ns < evening_ns[1];
}

/* The share of time that the link is congested around time_ns. */
static double
share_at(const Episode *episode, int64_t time_ns)
{
    double share = episode->plan->share_ratio * episode->share_factor;
    if (is_evening(episode, time_ns))
        share *= episode->plan->evening_factor;
    return MIN(share, 0.95);
}

/* When the share changes next. */
static int64_t
next_edge_ns(const Episode *episode, int64_t time_ns)
{
    if (episode->plan->evening_factor == 1)
        return TIME_NEVER;
    int64_t clock_ns = (episode->clock_ns + time_ns) % DAY_NS;
    const int64_t *evening_ns = episode->plan->evening_ns;
    int64_t edge_ns = evening_ns[0] + DAY_NS;
    if (clock_ns < evening_ns[0])
        edge_ns = evening_ns[0];
    else if (clock_ns < evening_ns[1])
        edge_ns = evening_ns[1];
    return time_ns + edge_ns - clock_ns;
}

/* A pause has no memory: where the share changes, it is drawn anew. One that
 * is longer than any run might not end before time does. */
static int64_t
pause_ns(Episode *episode, int64_t time_ns)
{
    double mean_ns = distribution_mean(&episode->plan->episode);
    for (int64_t at_ns = time_ns; at_ns - time_ns < PAUSE_NS_MAX;
         at_ns = next_edge_ns(episode, at_ns)) {
        double share = share_at(episode, at_ns);
        if (share == 0)
            continue;
        Distribution pause = {.kind = DISTRIBUTION_EXPONENTIAL,
                              .a = mean_ns * (1 - share) / share};
        int64_t length_ns = distribution_draw_integer(&pause, &episode->random);
        if (length_ns < next_edge_ns(episode, at_ns) - at_ns)
            return at_ns + length_ns - time_ns;
    }
    return PAUSE_NS_MAX;
}

static void
change(Episode *episode)
{
    int64_t now_ns = episode->next_ns;
    episode->is_on = !episode->is_on;
    int64_t length_ns;
    if (episode->is_on) {
        episode->last_start_ns = now_ns;
        length_ns = distribution_draw_integer(&episode->plan->episode,
                                              &episode->random);
        episode->loss_ratio =
            distribution_draw(&episode->plan->loss, &episode->random);
    } else {
        episode->last_end_ns = now_ns;
        length_ns = pause_ns(episode, now_ns);
    }
    episode->next_ns = now_ns + MAX(length_ns, NS_PER_MS);
}

/* Independent losses p and q in a row: 1 - (1 - p)(1 - q). */
static void
apply(const ProcessTable *table, const Episode *episode)
{
    Link *link = &table->network->links[episode->link];
    link->extra_delay_ns = episode->base_queue_ns;
    link->loss = episode->base_loss;
    if (!episode->is_on)
        return;
    double base = (double)episode->base_loss / 0x1p64;
    link->loss = random_threshold(base + (1 - base) * episode->loss_ratio);
    link->extra_delay_ns += episode->plan->queue_delay_ns;
}

static void
schedule(const ProcessTable *table, LinkId link, int64_t at_ns, uint32_t id)
{
    Network *network = parts_of_link(table->network, link);
    agenda_push(&network->agenda, at_ns, AGENDA_PROCESS, id);
}

uint32_t
process_add_episode(ProcessTable *table, LinkId link, const char *name,
                    const PlanCongestion *plan, double share_factor,
                    int64_t clock_ns)
{
    assert(plan->share_ratio * share_factor > 0);
    network_steer_link(table->network, link);
    const Link *target = &table->network->links[link];
    Episode episode = {.link = link,
                       .plan = plan,
                       .share_factor = share_factor,
                       .clock_ns = clock_ns,
                       .last_end_ns = INT64_MIN / 2,
                       .base_queue_ns = target->extra_delay_ns,
                       .base_loss = target->loss};
    random_init(&episode.random, table->seed, name, "congestion");
    /* In its stationary state at time 0, then on to now. */
    episode.is_on = random_unit(&episode.random) >= share_at(&episode, 0);
    change(&episode);
    while (episode.next_ns <= table->network->now_ns)
        change(&episode);
    apply(table, &episode);
    g_array_append_val(table->episodes, episode);
    return table->episodes->len - 1;
}

void
process_add_background(ProcessTable *table, LinkId link, const char *name,
                       const PlanBackground *plan)
{
    network_steer_link(table->network, link);
    RandomStream phase;
    random_init(&phase, table->seed, name, "background");
    double burst_ns = (double)plan->period_ns * plan->load_ratio;
    Background background = {
        .link = link,
        .period_ns = plan->period_ns,
        .burst_ns = (int64_t)burst_ns,
        .next_ns = (int64_t)((double)plan->period_ns * random_unit(&phase)),
    };
    g_array_append_val(table->backgrounds, background);
}

void
process_table_start(const ProcessTable *table)
{
    for (uint32_t i = 0; i < table->episodes->len; i++) {
        const Episode *episode = &g_array_index(table->episodes, Episode, i);
        schedule(table, episode->link, episode->next_ns, 2 * i);
    }
    for (uint32_t i = 0; i < table->backgrounds->len; i++) {
        const Background *background =
            &g_array_index(table->backgrounds, Background, i);
        schedule(table, background->link, background->next_ns, 2 * i + 1);
    }
}

const Episode *
process_episode(const ProcessTable *table, uint32_t episode)
{
    Episode *found = &g_array_index(table->episodes, Episode, episode);
    bool is_here = parts_has_link(table->network, found->link);
    /* Another rank moves the link, nobody moves this and its copy here. */
    while (!is_here && found->next_ns <= table->network->now_ns)
        change(found);
    if (!is_here)
        apply(table, found);
    return found;
}

static void
send_burst(ProcessTable *table, uint32_t number)
{
    Background *background =
        &g_array_index(table->backgrounds, Background, number);
    Link *link = &table->network->links[background->link];
    link->free_ns =
        MAX(link->free_ns, background->next_ns) + background->burst_ns;
    link->busy_ns += (uint64_t)background->burst_ns;
    background->next_ns += background->period_ns;
    schedule(table, background->link, background->next_ns, 2 * number + 1);
}

void
process_run(ProcessTable *table, uint32_t id)
{
    if (id & 1) {
        send_burst(table, id / 2);
        return;
    }
    Episode *episode = &g_array_index(table->episodes, Episode, id / 2);
    change(episode);
    apply(table, episode);
    schedule(table, episode->link, episode->next_ns, id);
}

CODER_KNOWS(Background, 0, 0, 0, 0);

void
process_table_code(ProcessTable *table, Coder *coder)
{
    for (guint i = 0; i < table->episodes->len; i++) {
        Episode *episode = &g_array_index(table->episodes, Episode, i);
        const PlanCongestion *plan = episode->plan;
        episode->plan = NULL;
        coder_bytes(coder, episode, sizeof *episode);
        episode->plan = plan;
    }
    for (guint i = 0; i < table->backgrounds->len; i++)
        coder_i64(coder,
                  &g_array_index(table->backgrounds, Background, i).next_ns);
}
