/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/bench/print.c: prints what was measured, and what was aimed at.
 */
#include "sim/bench/bench.h"

#include "sim/transport/tcp.h"

#include <math.h>
#include <stdio.h>

typedef enum GoalKind {
    GOAL_USER_S,
    GOAL_PEAK_MB,
    GOAL_HOP_NS,   /* of a packet-hop */
    GOAL_SPEED_UP, /* by two threads: this one is at least */
} GoalKind;

typedef struct Goal {
    const char *name;
    const char *workload;
    const char *base; /* divided by this one's; NULL: as it is */
    GoalKind kind;
    double limit; /* at most, or at least */
} Goal;

static const Goal GOALS[] = {
    {"w1, user s", "w1", NULL, GOAL_USER_S, 1.3},
    {"w2, user s", "w2", NULL, GOAL_USER_S, 6.6},
    {"w3, user s", "w3", NULL, GOAL_USER_S, 7.5},
    {"growth from w1 to w3, ns/hop", "w3", "w1", GOAL_HOP_NS, 1.5},
    {"growth from w1 to w4, ns/hop", "w4", "w1", GOAL_HOP_NS, 2.0},
    {"w3, peak MB", "w3", NULL, GOAL_PEAK_MB, 20.0},
    {"w3, speed-up by 2 threads", "w3", NULL, GOAL_SPEED_UP, 1.7},
    {"w5, speed-up by 2 threads", "w5", NULL, GOAL_SPEED_UP, 1.7},
};

static void
print_number(double number, int width, int digits)
{
    if (isfinite(number))
        printf("%*.*f", width, digits, number);
    else
        printf("%*s", width, "-");
}

static double
hop_ns(const EngineFigures *figures)
{
    return figures->user_s.median * 1e9 / (double)figures->last.packet_hops;
}

static void
print_speed(const EngineFigures *figures)
{
    const Spread *user_s = &figures->user_s;
    double hops = (double)figures->last.packet_hops;
    double events = (double)figures->last.events;
    print_number(user_s->median, 8, 2);
    print_number(user_s->least, 7, 2);
    print_number(user_s->most, 7, 2);
    print_number(hops / 1e6, 8, 2);
    print_number(hops / 1e6 / user_s->median, 7, 2);
    print_number(events / hops, 11, 3);
    print_number(user_s->median * 1e9 / events, 9, 0);
    print_number(hop_ns(figures), 7, 0);
}

static void
print_memory(const EngineFigures *figures)
{
    const Spread *peak = &figures->peak_bytes;
    double start_bytes = (double)figures->last.start_bytes;
    double connections = (double)figures->last.connections_max;
    print_number(peak->median / 1e6, 8, 1);
    print_number(peak->least / 1e6, 7, 1);
    print_number(peak->most / 1e6, 7, 1);
    print_number(start_bytes / 1e6, 9, 1);
    print_number(connections, 13, 0);
    print_number((peak->median - start_bytes) / connections, 12, 0);
}

static double
speed_up(const EngineFigures *figures)
{
    return figures->wall_s.median / figures->shared_wall_s.median;
}

static void
print_threads(const EngineFigures *figures)
{
    const TrialCost *shared = &figures->last_shared;
    print_number((double)shared->parts, 6, 0);
    print_number(figures->wall_s.median, 9, 2);
    print_number(figures->shared_wall_s.median, 9, 2);
    print_number(figures->shared_wall_s.least, 7, 2);
    print_number(figures->shared_wall_s.most, 7, 2);
    print_number(speed_up(figures), 10, 2);
    print_number(shared->parts > 1
                     ? (double)shared->events / (double)shared->critical_events
                     : 1,
                 9, 2);
}

static void
print_shares(const EngineFigures *figures)
{
    for (PartKind part = 0; part < PART_COUNT; part++)
        print_number(100 * figures->shares[part], 9, 1);
}

static void
print_rows(const EngineFigures *figures, uint32_t count,
           void (*print_row)(const EngineFigures *figures))
{
    for (uint32_t i = 0; i < count; i++) {
        printf("  %-12s", figures[i].workload->name);
        print_row(&figures[i]);
        putchar('\n');
    }
    putchar('\n');
}

static void
print_cuts(const EngineFigures *figures, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (figures[i].workload->cut)
            printf("  %s is %s with %s\n\n", figures[i].workload->name,
                   figures[i].workload->path, figures[i].workload->cut);
}

void
bench_print_cost(const EngineFigures *figures, uint32_t count)
{
    printf("%-14s%8s%7s%7s%8s%7s%11s%9s%7s\n", "speed", "user s", "least",
           "most", "M hops", "M/s", "events/hop", "ns/event", "ns/hop");
    print_rows(figures, count, print_speed);
    print_cuts(figures, count);
    printf("%-14s%8s%7s%7s%9s%13s%12s\n", "memory", "peak MB", "least", "most",
           "start MB", "connections", "bytes each");
    print_rows(figures, count, print_memory);
    printf(
        "  start: scenario read, world built, nothing has happened; "
        "connections: the most\n  at once; bytes each: peak less start, so "
        "with packets on their way and what\n  results take. The record of a "
        "connection alone, both its ends, has %zu.\n\n",
        sizeof(Connection));
}

void
bench_print_threads(const EngineFigures *figures, uint32_t count,
                    uint32_t thread_count)
{
    g_autofree char *threads = g_strdup_printf("by %u", thread_count);
    printf("%-14s%6s%9s%9s%7s%7s%10s%9s\n", "threads, wall", "parts", "by 1 s",
           threads, "least", "most", "speed-up", "at most");
    print_rows(figures, count, print_threads);
    puts("  at most: all events by those of the busiest thread of each "
         "window\n");
}

void
bench_print_shares(const EngineFigures *figures, uint32_t count)
{
    printf("%-14s", "share of time");
    for (PartKind part = 0; part < PART_COUNT; part++)
        printf("%9s", PART_NAMES[part]);
    putchar('\n');
    print_rows(figures, count, print_shares);
    puts("  in %, of one more run under perf, by source file; other is "
         "libraries, system,\n  reading the scenario\n");
}

static const EngineFigures *
find(const EngineFigures *figures, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (g_str_equal(figures[i].workload->name, name))
            return &figures[i];
    return NULL;
}

static double
goal_figure(const EngineFigures *figures, GoalKind kind, uint32_t thread_count)
{
    if (!figures)
        return NAN;
    switch (kind) {
    case GOAL_USER_S:
        return figures->user_s.median;
    case GOAL_PEAK_MB:
        return figures->peak_bytes.median / 1e6;
    case GOAL_HOP_NS:
        return hop_ns(figures);
    case GOAL_SPEED_UP:
        return thread_count == 2 ? speed_up(figures) : (double)NAN;
    }
    g_assert_not_reached();
}

void
bench_print_goals(const EngineFigures *figures, uint32_t count,
                  uint32_t thread_count)
{
    printf("%-32s%8s%17s\n", "", "is", "should be");
    for (size_t i = 0; i < G_N_ELEMENTS(GOALS); i++) {
        const Goal *goal = &GOALS[i];
        double value = goal_figure(find(figures, count, goal->workload),
                                   goal->kind, thread_count);
        if (goal->base)
            value /= goal_figure(find(figures, count, goal->base), goal->kind,
                                 thread_count);
        bool is_least = goal->kind == GOAL_SPEED_UP;
        bool is_met = is_least ? value >= goal->limit : value <= goal->limit;
        const char *verdict = is_met ? "met" : "missed";
        printf("  %-30s", goal->name);
        print_number(value, 8, 2);
        printf("%11s%6.2f  %s\n", is_least ? "at least" : "at most",
               goal->limit, isnan(value) ? "not measured" : verdict);
    }
    puts("\nSeconds at most are for a core of 2.5 GHz.");
}
