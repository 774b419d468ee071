/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_loop.c: sockets, times, jobs and signals, each in its turn.
 */
#include "live/loop.h"

#include <glib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMER_COUNT 200u

typedef struct Bell {
    Loop *loop;
    Timer timer;
    Job job;
    GString *trace;
    char name;
} Bell;

static void
ring(void *context)
{
    Bell *bell = context;
    g_string_append_c(bell->trace, bell->name);
}

static void
start_loop(Loop *loop)
{
    g_autoptr(GError) error = NULL;
    bool is_made = loop_init(loop, &error);
    g_assert_no_error(error);
    g_assert_true(is_made);
}

typedef struct Alarm {
    Timer timer;
    Loop *loop;
    int64_t *last_ns;
    uint32_t *fired_count;
} Alarm;

static void
fire(void *context)
{
    Alarm *alarm = context;
    g_assert_cmpint(alarm->timer.at_ns, <=, loop_now_ns(alarm->loop));
    g_assert_cmpint(*alarm->last_ns, <=, alarm->timer.at_ns);
    *alarm->last_ns = alarm->timer.at_ns;
    ++*alarm->fired_count;
}

static void
timers_fire_in_order_however_they_are_moved(void)
{
    Loop loop;
    start_loop(&loop);
    Alarm alarms[TIMER_COUNT];
    int64_t last_ns = 0;
    uint32_t fired_count = 0, wanted_count = 0;
    g_autoptr(GRand) dice = g_rand_new_with_seed(1);
    int64_t start_ns = loop_now_ns(&loop);
    for (uint32_t i = 0; i < TIMER_COUNT; i++)
        alarms[i] =
            (Alarm){{0, 0, fire, &alarms[i]}, &loop, &last_ns, &fired_count};
    for (uint32_t i = 0; i < 20 * TIMER_COUNT; i++) {
        Alarm *alarm = &alarms[i % TIMER_COUNT];
        if (g_rand_int_range(dice, 0, 4) == 0)
            loop_unset_timer(&loop, &alarm->timer);
        else
            loop_set_timer(&loop, &alarm->timer,
                           start_ns + g_rand_int_range(dice, 0, 5000000));
    }
    for (uint32_t i = 0; i < TIMER_COUNT; i++)
        wanted_count += alarms[i].timer.place != 0;
    g_assert_cmpuint(wanted_count, ==, loop.timer_count);
    while (loop.timer_count > 0)
        loop_step(&loop, TIME_NEVER);
    g_assert_cmpuint(fired_count, ==, wanted_count);
    g_assert_cmpint(loop_now_ns(&loop), >=, last_ns);
    loop_clear(&loop);
}

static void
ring_again(void *context)
{
    Bell *bell = context;
    ring(bell);
    loop_add_job(bell->loop, &bell->job);
    loop_set_timer(bell->loop, &bell->timer, 0);
}

static void
what_asks_for_itself_again_waits_for_the_next_iteration(void)
{
    Loop loop;
    start_loop(&loop);
    g_autoptr(GString) trace = g_string_new(NULL);
    Bell again = {.loop = &loop, .trace = trace, .name = 'a'};
    again.job = (Job){.run = ring_again, .context = &again};
    again.timer = (Timer){.fire = ring_again, .context = &again};
    Bell once = {.loop = &loop, .trace = trace, .name = 'b'};
    once.job = (Job){.run = ring, .context = &once};
    Bell dropped = {.loop = &loop, .trace = trace, .name = 'c'};
    dropped.job = (Job){.run = ring, .context = &dropped};
    loop_add_job(&loop, &again.job);
    loop_add_job(&loop, &dropped.job);
    loop_add_job(&loop, &once.job);
    loop_add_job(&loop, &once.job);
    loop_drop_job(&loop, &dropped.job);
    loop_step(&loop, TIME_NEVER);
    g_assert_cmpstr(trace->str, ==, "ab");
    loop_step(&loop, TIME_NEVER); /* the timer, then the job */
    g_assert_cmpstr(trace->str, ==, "abaa");
    loop_clear(&loop);
}

typedef struct Pair {
    Loop *loop;
    Watch watches[2];
    uint32_t told_count;
} Pair;

/* Whoever is told first takes the other back. */
static void
take_other_back(void *context, uint32_t events)
{
    Pair *pair = context;
    g_assert_true(events & EPOLLIN);
    pair->told_count++;
    for (uint32_t i = 0; i < 2; i++)
        loop_forget(pair->loop, &pair->watches[i]);
}

static void
nobody_is_told_after_being_taken_back(void)
{
    Loop loop;
    start_loop(&loop);
    Pair pair = {.loop = &loop};
    int ends[2][2];
    for (uint32_t i = 0; i < 2; i++) {
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i]), ==, 0);
        pair.watches[i] = (Watch){
            .fd = ends[i][0], .ready = take_other_back, .context = &pair};
        g_assert_true(loop_watch(&loop, &pair.watches[i], EPOLLIN));
        g_assert_cmpint(write(ends[i][1], "x", 1), ==, 1);
    }
    loop_step(&loop, TIME_NEVER);
    g_assert_cmpuint(pair.told_count, ==, 1);
    for (uint32_t i = 0; i < 2; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    loop_clear(&loop);
}

static void
note_signal(void *context, int number)
{
    int *heard = context;
    *heard = number;
}

static void
signals_are_heard_between_turns(void)
{
    Loop loop;
    start_loop(&loop);
    int heard = 0;
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    sigprocmask(SIG_BLOCK, NULL, &before);
    g_autoptr(GError) error = NULL;
    bool is_heard =
        loop_hear_signals(&loop, &signals, note_signal, &heard, &error);
    g_assert_no_error(error);
    g_assert_true(is_heard);
    raise(SIGUSR2);
    g_assert_cmpint(heard, ==, 0);
    loop_step(&loop, TIME_NEVER);
    g_assert_cmpint(heard, ==, SIGUSR2);
    loop_clear(&loop);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

#define STORY(name) g_test_add_func("/loop/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(timers_fire_in_order_however_they_are_moved);
    STORY(what_asks_for_itself_again_waits_for_the_next_iteration);
    STORY(nobody_is_told_after_being_taken_back);
    STORY(signals_are_heard_between_turns);
    return g_test_run();
}
