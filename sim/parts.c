/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/parts.c: splits a network, and runs its parts window by window.
 */
#include "sim/parts.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/event.h"
#include "sim/courier.h"
#include "sim/gang.h"

/* Fewer events than this are sooner done than shared out. */
#define SHARED_EVENTS_MIN 64u
#define SORT_WINDOWS 64u
/* Whether the run is over is looked at every so many lengths of a window: at
 * times that do not depend on where meetings cut windows. */
#define LOOK_WINDOWS 16

typedef struct PartsRun {
    Parts *parts;
    const PartsDriver *driver;
    Gang *gang; /* NULL: one thread */
    uint32_t thread_count;
    int64_t end_ns;             /* of the window */
    int64_t next_ns[PARTS_MAX]; /* of a part's agenda */
    RankNotice notice;          /* ours, then that of all */
} PartsRun;

Network *
parts_network(const Parts *parts, uint32_t part)
{
    return parts->networks[part];
}

bool
parts_is_here(const Parts *parts, uint32_t part)
{
    return !parts->courier || courier_is_here(parts->courier, part);
}

bool
parts_has_link(const Network *network, LinkId link)
{
    const Parts *parts = network->parts;
    return !parts || parts_is_here(parts, parts->near_parts[link]);
}

bool
parts_has_far_end(const Network *network, LinkId link)
{
    const Parts *parts = network->parts;
    return !parts || parts_is_here(parts, network->links[link].far_part);
}

void
parts_sum(const Network *network, uint64_t *values, size_t count)
{
    if (network->parts && network->parts->courier)
        ranks_sum(values, count);
}

static void
set_up_part(Parts *parts, Network *network, uint32_t part)
{
    network->parts = parts;
    network->part = part;
    network->part_count = parts->count;
    network->mail = mail_new(parts->count);
    network->gone = g_array_new(false, false, sizeof(Gone));
    network->released = g_array_new(false, false, sizeof(EndpointId));
    network->opened = g_array_new(false, false, sizeof(TcpOpened));
    parts->networks[part] = network;
}

static Network *
new_part(const Parts *parts, const Network *whole)
{
    Network *network = g_aligned_alloc(1, sizeof *network, 64);
    network_init_part(network, parts->count);
    network->now_ns = whole->now_ns;
    network->links = whole->links;
    network->link_count = whole->link_count;
    network->routes = whole->routes;
    network->route_count = whole->route_count;
    network->connections = whole->connections;
    network->life_start_ns = whole->life_start_ns;
    return network;
}

Parts *
parts_split(Network *network, const PartPlan *plan)
{
    assert(!network->parts);
    assert(network->agenda.count == 0);
    assert(network->connection_count == 0);
    assert(plan->count > 1);
    assert(plan->count <= PARTS_MAX);
    assert(plan->window_ns > 0);
    Parts *parts = g_new0(Parts, 1);
    parts->count = plan->count;
    parts->window_ns = plan->window_ns;
    parts->near_parts = g_memdup2(plan->near_parts, network->link_count);
    parts->courier = courier_new(plan);
    parts->next_look_ns = LOOK_WINDOWS * parts->window_ns;
    parts->thread_count = 1;
    agenda_init(&parts->agenda, parts->count);
    for (uint32_t part = 0; part < parts->count; part++) {
        if (parts_is_here(parts, part))
            parts->order[parts->here_count++] = (uint8_t)part;
    }
    for (LinkId id = 0; id < network->link_count; id++) {
        Link *link = &network->links[id];
        link->far_part = plan->far_parts[id];
        link->is_crossing = plan->far_parts[id] != plan->near_parts[id];
        assert(!link->is_crossing || link->delay_ns >= plan->window_ns);
    }
    agenda_clear(&network->agenda);
    agenda_init(&network->agenda, parts->count);
    set_up_part(parts, network, 0);
    for (uint32_t part = 1; part < parts->count; part++)
        set_up_part(parts, new_part(parts, network), part);
    return parts;
}

void
parts_free(Parts *parts)
{
    for (uint32_t part = 0; part < parts->count; part++) {
        Network *network = parts->networks[part];
        mail_free(network->mail, parts->count);
        g_array_unref(network->gone);
        g_array_unref(network->released);
        g_array_unref(network->opened);
        network->mail = NULL;
        network->gone = network->released = network->opened = NULL;
        if (part > 0) {
            network_clear_part(network);
            g_aligned_free(network);
        }
    }
    if (parts->courier)
        courier_free(parts->courier);
    agenda_clear(&parts->agenda);
    g_free(parts->near_parts);
    Network *whole = parts->networks[0];
    whole->parts = NULL;
    g_free(parts);
}

CODER_KNOWS(Parts, {0}, 0, 0, 0, {{0}, {0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0,
            0, 0, 0, 0, 0, {0}, {0}, {0}, 0, 0);

void
parts_code(Parts *parts, Coder *coder)
{
    agenda_code(&parts->agenda, coder);
    coder_u64(coder, &parts->events);
    coder_u64(coder, &parts->windows);
    coder_u64(coder, &parts->critical_events);
    coder_i64(coder, &parts->next_look_ns);
    coder_u64(coder, &parts->window_events);
    coder_bytes(coder, parts->part_events, sizeof parts->part_events);
    coder_bytes(coder, parts->sorted_events, sizeof parts->sorted_events);
    coder_bytes(coder, parts->order, sizeof parts->order);
}

Network *
parts_of_link(Network *network, LinkId link)
{
    Parts *parts = network->parts;
    return parts ? parts->networks[parts->near_parts[link]] : network;
}

/* --- a window ----------------------------------------------------------- */

static void
work_part(PartsRun *run, uint32_t part)
{
    Network *network = run->parts->networks[part];
    mail_collect(network);
    int64_t next_ns = agenda_peek_ns(&network->agenda);
    while (next_ns <= run->end_ns) {
        AgendaEntry entry = agenda_pop(&network->agenda);
        run->driver->step(run->driver->context, network, &entry);
        next_ns = agenda_peek_ns(&network->agenda);
    }
    run->next_ns[part] = next_ns;
}

static void
work(void *context, uint32_t place)
{
    PartsRun *run = context;
    work_part(run, run->parts->order[place]);
}

static uint64_t *
least(uint64_t *loads, uint32_t count)
{
    uint64_t *best = loads;
    for (uint32_t i = 1; i < count; i++) {
        if (loads[i] < *best)
            best = &loads[i];
    }
    return best;
}

/* The heaviest part to the thread that has least, and so on. */
static void
find_homes(PartsRun *run)
{
    const Parts *parts = run->parts;
    uint64_t loads[PARTS_MAX] = {0};
    for (uint32_t place = 0; place < parts->here_count; place++) {
        uint8_t part = parts->order[place];
        uint64_t *load = least(loads, run->thread_count);
        gang_set_home(run->gang, place, (uint32_t)(load - loads));
        *load += 1 + parts->part_events[part] - parts->sorted_events[part];
    }
}

/* The heaviest parts first, by what they did since the last time. */
static void
sort_parts(PartsRun *run)
{
    Parts *parts = run->parts;
    for (uint32_t i = 1; i < parts->here_count; i++) {
        uint8_t part = parts->order[i];
        uint64_t weight = parts->part_events[part] - parts->sorted_events[part];
        uint32_t place = i;
        for (; place > 0; place--) {
            uint8_t before = parts->order[place - 1];
            if (parts->part_events[before] - parts->sorted_events[before] >=
                weight)
                break;
            parts->order[place] = before;
        }
        parts->order[place] = part;
    }
    if (run->gang)
        find_homes(run);
    memcpy(parts->sorted_events, parts->part_events, sizeof parts->part_events);
}

static void
count_window(PartsRun *run)
{
    Parts *parts = run->parts;
    uint64_t loads[PARTS_MAX] = {0};
    uint64_t most = 0;
    parts->window_events = 0;
    for (uint32_t i = 0; i < parts->here_count; i++) {
        uint8_t part = parts->order[i];
        const Network *network = parts->networks[part];
        uint64_t events = network->agenda.popped_total;
        uint64_t *load = least(loads, run->thread_count);
        *load += events - parts->part_events[part];
        most = MAX(most, *load);
        parts->window_events += events - parts->part_events[part];
        parts->part_events[part] = events;
    }
    run->notice.events = parts->window_events;
    run->notice.critical_events = most;
    parts->windows++;
}

static void
tell_gone(const Parts *parts, Network *network)
{
    for (guint i = 0; i < network->gone->len; i++) {
        const Gone *gone = &g_array_index(network->gone, Gone, i);
        tcp_packet_gone(parts->networks[gone->part], gone->endpoint);
    }
    g_array_set_size(network->gone, 0);
}

static int
compare_ids(const void *a, const void *b)
{
    EndpointId left = *(const EndpointId *)a;
    EndpointId right = *(const EndpointId *)b;
    return (left > right) - (left < right);
}

/* Connections that are over end at two parts, so nobody may run now. Which
 * they are depends on the time alone, and so has their order to. */
static void
release_connections(Parts *parts)
{
    for (uint32_t part = 0; part < parts->count; part++)
        tell_gone(parts, parts->networks[part]);
    if (parts->courier)
        courier_exchange_standings(parts);
    for (uint32_t part = 0; part < parts->count; part++) {
        Network *network = parts->networks[part];
        GArray *released = network->released;
        g_array_sort(released, compare_ids);
        for (guint i = 0; i < released->len; i++) {
            EndpointId id = g_array_index(released, EndpointId, i);
            uint32_t home = network_home(network, id);
            if (tcp_release(parts->networks[home], id) && parts->courier)
                courier_tell_released(parts, id);
        }
        g_array_set_size(released, 0);
    }
}

static void
run_window(PartsRun *run, int64_t end_ns)
{
    Parts *parts = run->parts;
    run->end_ns = end_ns;
    for (uint32_t part = 0; part < parts->count; part++)
        mail_turn(parts->networks[part]->mail);
    if (run->gang && parts->window_events >= SHARED_EVENTS_MIN) {
        gang_run(run->gang);
    } else {
        for (uint32_t i = 0; i < run->parts->here_count; i++)
            work(run, i);
    }
    count_window(run);
    if (parts->windows % SORT_WINDOWS == 0)
        sort_parts(run);
}

/* --- between windows ----------------------------------------------------- */

static void
set_clocks(const Parts *parts, int64_t now_ns)
{
    for (uint32_t part = 0; part < parts->count; part++)
        parts->networks[part]->now_ns = now_ns;
}

static void
meet(PartsRun *run)
{
    Parts *parts = run->parts;
    AgendaEntry entry = agenda_pop(&parts->agenda);
    set_clocks(parts, entry.time_ns);
    run->driver->meet(run->driver->context, &entry);
    for (uint32_t part = 0; part < parts->count; part++)
        run->next_ns[part] = agenda_peek_ns(&parts->networks[part]->agenda);
}

/* When something happens next in any part. */
static int64_t
next_event_ns(const PartsRun *run)
{
    int64_t next_ns = TIME_NEVER;
    for (uint32_t i = 0; i < run->parts->here_count; i++) {
        uint32_t part = run->parts->order[i];
        next_ns = MIN(next_ns, run->next_ns[part]);
        next_ns = MIN(next_ns, run->parts->networks[part]->mail->first_ns);
    }
    return next_ns;
}

static int64_t
latest_ns(const Parts *parts)
{
    int64_t now_ns = 0;
    for (uint32_t part = 0; part < parts->count; part++)
        now_ns = MAX(now_ns, parts->networks[part]->now_ns);
    return now_ns;
}

/* Tell other ranks, and hear them: what all know now. */
static void
take_stock(PartsRun *run)
{
    Parts *parts = run->parts;
    RankNotice *notice = &run->notice;
    notice->next_ns = next_event_ns(run);
    notice->latest_ns = latest_ns(parts);
    if (parts->courier)
        courier_exchange(parts, run->driver, notice);
    parts->events += notice->events;
    parts->critical_events += notice->critical_events;
    notice->events = notice->critical_events = 0;
}

/* What is still in the post is on a link, and stays there. */
static void
take_last_mail(const Parts *parts)
{
    for (uint32_t part = 0; part < parts->count; part++) {
        parts->networks[part]->ahead_ns = 0;
        mail_turn(parts->networks[part]->mail);
    }
    for (uint32_t part = 0; part < parts->count; part++) {
        if (parts_is_here(parts, part))
            mail_collect(parts->networks[part]);
    }
}

static void
run_init(PartsRun *run)
{
    const Parts *parts = run->parts;
    for (uint32_t i = 0; i < parts->here_count; i++) {
        uint8_t part = parts->order[i];
        run->next_ns[part] = agenda_peek_ns(&parts->networks[part]->agenda);
    }
}

static void
use_threads(PartsRun *run, uint32_t thread_count)
{
    if (run->thread_count == thread_count)
        return;
    if (run->gang)
        gang_free(run->gang);
    run->gang = NULL;
    run->thread_count = thread_count;
    if (thread_count > 1)
        run->gang = gang_new(thread_count, run->parts->here_count, work, run);
}

void
parts_run(Parts *parts, const PartsDriver *driver, int64_t stop_ns)
{
    PartsRun run = {.parts = parts, .driver = driver};
    run_init(&run);
    const int64_t look_ns = LOOK_WINDOWS * parts->window_ns;
    int64_t end_ns = stop_ns;
    for (;;) {
        use_threads(&run, CLAMP(parts->thread_count, 1, parts->count));
        take_stock(&run);
        int64_t next_ns = run.notice.next_ns;
        int64_t meet_ns = agenda_peek_ns(&parts->agenda);
        int64_t first_ns = MIN(next_ns, meet_ns);
        if (first_ns > MIN(parts->next_look_ns, stop_ns)) {
            set_clocks(parts, MIN(parts->next_look_ns, stop_ns));
            release_connections(parts);
            bool is_over = !driver->look(driver->context);
            if (is_over)
                end_ns = run.notice.latest_ns;
            if (is_over || first_ns > stop_ns)
                break;
            parts->next_look_ns = (first_ns / look_ns + 1) * look_ns;
        } else if (meet_ns < next_ns) {
            meet(&run);
        } else {
            int64_t last_ns = next_ns + parts->window_ns - 1;
            run_window(&run, MIN(MIN(last_ns, meet_ns),
                                 MIN(parts->next_look_ns, stop_ns)));
        }
    }
    if (run.gang)
        gang_free(run.gang);
    take_last_mail(parts);
    set_clocks(parts, end_ns);
}
