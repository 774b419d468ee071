/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/testbed.c: moves a world on by the clock on the wall.
 */
#include "live/testbed/testbed.h"

#include <inttypes.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "sim/scenario.h"
#include "live/testbed/cast.h"
#include "live/testbed/troupe.h"

#define READY_WAIT_NS (30 * NS_PER_S)
#define LOOK_NS (100 * NS_PER_MS)
#define TARDY_RATIO_MAX 0.01

typedef struct Testbed {
    Play *play;
    World *world;
    Emulator emulator;
    Troupe troupe;
    int64_t start_ns; /* of the clock: time 0 of the world */
    int64_t look_ns;  /* next time to look up */
} Testbed;

static int64_t
clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t
elapsed_ns(const Testbed *testbed)
{
    return clock_ns() - testbed->start_ns;
}

/* Others' work must wait when a packet is due, and no page of ours be fetched
 * first. Where that is not granted the lateness will tell. */
static void
be_prompt(void)
{
    struct sched_param priority = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
    prctl(PR_SET_TIMERSLACK, 1);
    mlockall(MCL_CURRENT | MCL_FUTURE);
}

static void
be_ordinary(void)
{
    struct sched_param priority = {.sched_priority = 0};
    sched_setscheduler(0, SCHED_OTHER, &priority);
    munlockall();
}

/* Everything that is due by now, at its own time. False: it is over. */
static bool
catch_up(Testbed *testbed, int64_t now_ns)
{
    Network *network = &testbed->world->network;
    while (agenda_peek_ns(&network->agenda) <= now_ns) {
        play_step(testbed->play);
        if (network->outside_head != PACKET_NONE)
            emulator_write(&testbed->emulator, elapsed_ns(testbed));
        if (download_is_over(testbed->play->table))
            return false;
    }
    network->now_ns = now_ns;
    return true;
}

static bool
look_up(Testbed *testbed)
{
    if (testbed->world->network.now_ns < testbed->look_ns)
        return true;
    testbed->look_ns = testbed->world->network.now_ns + LOOK_NS;
    return play_look_up(testbed->play);
}

static bool
is_going_on(const Testbed *testbed)
{
    return !testbed->troupe.error && !download_is_over(testbed->play->table) &&
           testbed->world->network.now_ns < testbed->play->stop_ns;
}

static void
move_on(Testbed *testbed)
{
    Network *network = &testbed->world->network;
    int64_t stop_ns = testbed->play->stop_ns;
    while (is_going_on(testbed) && look_up(testbed)) {
        int64_t next_ns =
            MIN(agenda_peek_ns(&network->agenda), testbed->look_ns);
        troupe_wait(&testbed->troupe, next_ns - elapsed_ns(testbed));
        if (!catch_up(testbed, MIN(elapsed_ns(testbed), stop_ns)))
            return;
        troupe_attend(&testbed->troupe);
    }
}

/* Actors take a while to make their networks; time 0 is when all have. */
static bool
assemble(Testbed *testbed)
{
    population_start(testbed->play->population);
    Troupe *troupe = &testbed->troupe;
    int64_t until_ns = clock_ns() + READY_WAIT_NS;
    while (!troupe->error && !troupe_is_ready(troupe)) {
        if (!play_look_up(testbed->play))
            return false;
        troupe_wait(troupe, LOOK_NS);
        troupe_attend(troupe);
        if (clock_ns() > until_ns)
            g_set_error(&troupe->error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "not all hosts could be started in %" PRId64 " s",
                        READY_WAIT_NS / NS_PER_S);
    }
    return !troupe->error;
}

static bool
is_valid(const Testbed *testbed, GError **error)
{
    const Lateness *lateness = &testbed->play->result->lateness;
    if (lateness->tardy_ratio <= TARDY_RATIO_MAX)
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "the run is void: %.1f %% of the packets came later than 1 ms, "
                "or 5 %% of their way's delay, where 1 %% may (median %.3f ms, "
                "p99 %.3f ms); this machine is too busy, or too slow for so "
                "short ways",
                100 * lateness->tardy_ratio, (double)lateness->median_ns / 1e6,
                (double)lateness->p99_ns / 1e6);
    return false;
}

static bool
play_by_the_clock(Play *play, GError **error)
{
    Testbed testbed = {.play = play, .world = play->table->world};
    emulator_init(&testbed.emulator, testbed.world);
    if (!troupe_init(&testbed.troupe, play, &testbed.emulator, error)) {
        emulator_clear(&testbed.emulator);
        return false;
    }
    if (assemble(&testbed)) {
        be_prompt();
        testbed.start_ns = clock_ns();
        move_on(&testbed);
        be_ordinary();
    }
    play->result->is_real_time = true;
    play->result->lateness = lateness_sum(&testbed.emulator.lateness);
    bool is_good = !testbed.troupe.error;
    if (!is_good)
        g_propagate_error(error, g_steal_pointer(&testbed.troupe.error));
    troupe_clear(&testbed.troupe);
    emulator_clear(&testbed.emulator);
    return is_good && is_valid(&testbed, error);
}

static bool
is_possible(const Scenario *scenario, GError **error)
{
    if (scenario->workload.downloads)
        return cast_is_possible(scenario, error) && segment_is_possible(error);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "a testbed plays roles; this scenario has bare flows");
    return false;
}

const RunVerb testbed_verb = {
    .name = "testbed",
    .summary =
        "Play a scenario with real nodes and packets, by the wall clock.\n\n"
        "Every host is a process in a network namespace of its own, with\n"
        "this kernel's TCP; this program plays the links between them. The\n"
        "results are those of byway run, and may be held against them.",
    .description =
        "Examples:\n"
        "  byway testbed scenarios/testbed.yaml -o out/real\n"
        "  byway run scenarios/testbed.yaml -o out/simulated\n\n"
        "It takes root's rights and the program 'ip'. Nothing it makes\n"
        "outlives it. Files are made up, not read from disk. A run lasts as\n"
        "long as the scenario says; one in which more than one packet in a\n"
        "hundred comes later than 1 ms, or 5 % of its way's delay, is void.\n\n"
        "Exit codes: 0 ok, 1 the run failed or is void, 2 usage or scenario\n"
        "invalid, 3 an expectation was not met, 130/143 interrupted.",
    .player = play_by_the_clock,
    .is_possible = is_possible,
};
