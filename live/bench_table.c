/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_table.c: prints what was measured, and what was aimed at.
 */
#include "live/bench.h"

#include <math.h>
#include <stdio.h>

#define MIB (UINT64_C(1) << 20)
#define KIB UINT64_C(1024)

const Point POINTS[POINT_COUNT] = {
    [POINT_LARGE] = {"256 MiB, 4 connections", 256 * MIB, 4, true},
    [POINT_MIDDLE] = {"512 KiB, 1 connection", 512 * KIB, 1, false},
    [POINT_MIDDLE_MANY] = {"512 KiB, 64 connections", 512 * KIB, 64, false},
    [POINT_SMALL] = {"16 KiB, 1 connection", 16 * KIB, 1, false},
    [POINT_SMALL_MANY] = {"16 KiB, 64 connections", 16 * KIB, 64, false},
    [POINT_SMALL_CROWD] = {"16 KiB, 1000 connections", 16 * KIB, 1000, true},
};

/* Our figure as it is, or divided by another relay's. */
typedef struct Goal {
    const char *name;
    size_t place;    /* in Figures */
    RelayKind other; /* RELAY_COUNT: none */
    double most;
} Goal;

static const Goal GOALS[] = {
    {"CPU, 256 MiB, to bare splice", offsetof(Figures, cpu_us[POINT_LARGE]),
     RELAY_SPLICE, 1.25},
    {"CPU, 256 MiB, to nginx", offsetof(Figures, cpu_us[POINT_LARGE]),
     RELAY_NGINX, 0.4},
    {"CPU, 512 KiB, 1 connection, to haproxy",
     offsetof(Figures, cpu_us[POINT_MIDDLE]), RELAY_HAPROXY, 1.0},
    {"CPU, 512 KiB, 64 connections, to haproxy",
     offsetof(Figures, cpu_us[POINT_MIDDLE_MANY]), RELAY_HAPROXY, 1.0},
    {"time, 512 KiB, to nginx", offsetof(Figures, wait_us[POINT_MIDDLE]),
     RELAY_NGINX, 0.75},
    {"time, 512 KiB, to haproxy", offsetof(Figures, wait_us[POINT_MIDDLE]),
     RELAY_HAPROXY, 1.1},
    {"CPU, 16 KiB, 64 connections, to haproxy, 64 KiB",
     offsetof(Figures, cpu_us[POINT_SMALL_MANY]), RELAY_HAPROXY_COPY, 1.0},
    {"system calls, 512 KiB", offsetof(Figures, middle_calls), RELAY_COUNT,
     11.0},
    {"system calls, 16 KiB", offsetof(Figures, small_calls), RELAY_COUNT, 8.0},
    {"KiB, idle connection", offsetof(Figures, idle_kib), RELAY_COUNT, 1.3},
    {"KiB, idle connection by TLS", offsetof(Figures, idle_tls_kib),
     RELAY_COUNT, 10.0},
    {"CPU, TLS, HTTP/1.1, 512 KiB, to nginx",
     offsetof(Figures, private_us[PRIVATE_TLS_MIDDLE]), RELAY_NGINX, 1.0},
    {"CPU, TLS, HTTP/2, 512 KiB, to nginx",
     offsetof(Figures, private_us[PRIVATE_H2_MIDDLE]), RELAY_NGINX, 1.0},
    {"CPU, clear HTTP/2, 512 KiB, to haproxy, 64 KiB",
     offsetof(Figures, private_us[PRIVATE_H2C_MIDDLE]), RELAY_HAPROXY_COPY,
     1.0},
    {"CPU, clear HTTP/2, 16 KiB, to haproxy, 64 KiB",
     offsetof(Figures, private_us[PRIVATE_H2C_SMALL]), RELAY_HAPROXY_COPY, 1.0},
    {"CPU, sealing, to bare aes-256-ctr",
     offsetof(Figures, seal_to_cipher[SEAL_CTR]), RELAY_COUNT, 1 / 0.80},
    {"CPU, sealing, to bare aes-256-gcm",
     offsetof(Figures, seal_to_cipher[SEAL_GCM]), RELAY_COUNT, 1 / 0.70},
};

static void
print_number(double number, int width, int digits)
{
    if (isnan(number))
        printf("%*s", width, "-");
    else
        printf("%*.*f", width, digits, number);
}

/* One connection at a time is waited for; many only wait for each other. */
static void
print_point(const Figures figures[static RELAY_COUNT], PointKind kind)
{
    const Point *point = &POINTS[kind];
    double body_gb = (double)point->body_bytes / 1e9;
    printf("%-26s%12s%12s%12s%12s\n", point->name, "CPU us", "CPU s/GB",
           "to bare", "median us");
    for (RelayKind relay = 0; relay < RELAY_COUNT; relay++) {
        double cpu_us = figures[relay].cpu_us[kind];
        if (isnan(cpu_us))
            continue;
        printf("  %-24s", RELAY_NAMES[relay]);
        print_number(cpu_us, 12, 1);
        print_number(cpu_us / 1e6 / body_gb, 12, 3);
        print_number(cpu_us / figures[RELAY_SPLICE].cpu_us[kind], 12, 2);
        print_number(figures[relay].wait_us[kind], 12, 0);
        putchar('\n');
    }
    putchar('\n');
}

static void
print_counts(const Figures figures[static RELAY_COUNT])
{
    printf("%-26s%12s%12s%12s%12s\n", "", "calls 512K", "calls 16K", "idle KiB",
           "by TLS");
    for (RelayKind relay = 0; relay < RELAY_COUNT; relay++) {
        if (isnan(figures[relay].idle_kib))
            continue;
        printf("  %-24s", RELAY_NAMES[relay]);
        print_number(figures[relay].middle_calls, 12, 1);
        print_number(figures[relay].small_calls, 12, 1);
        print_number(figures[relay].idle_kib, 12, 2);
        print_number(figures[relay].idle_tls_kib, 12, 2);
        putchar('\n');
    }
    putchar('\n');
}

static void
print_private(const Figures figures[static RELAY_COUNT], PrivateKind kind)
{
    const PrivatePoint *point = &PRIVATE_POINTS[kind];
    double body_gb = (double)point->body_bytes / 1e9;
    printf("%-26s%12s%12s%12s\n", point->name, "CPU us", "CPU s/GB",
           "spread %");
    for (RelayKind relay = 0; relay < RELAY_COUNT; relay++) {
        double cpu_us = figures[relay].private_us[kind];
        if (isnan(cpu_us))
            continue;
        printf("  %-24s", RELAY_NAMES[relay]);
        print_number(cpu_us, 12, 1);
        print_number(cpu_us / 1e6 / body_gb, 12, 3);
        print_number(100 * figures[relay].private_spread[kind], 12, 0);
        putchar('\n');
    }
    putchar('\n');
}

static void
print_seals(const Figures *ours)
{
    static const char *const NAMES[SEAL_COUNT] = {"aes-256-ctr", "aes-256-gcm"};
    printf("%-26s%12s%12s%12s\n", "slice of 16 KiB, CPU us", "sealed", "bare",
           "MB/s");
    for (SealKind kind = 0; kind < SEAL_COUNT; kind++) {
        printf("  %-24s", NAMES[kind]);
        print_number(ours->seal_us[kind], 12, 2);
        print_number(ours->cipher_us[kind], 12, 2);
        print_number(16384 / ours->seal_us[kind], 12, 0);
        putchar('\n');
    }
    putchar('\n');
}

/* What is not there is not compared with, and that is said. */
static void
print_absent(const Figures figures[static RELAY_COUNT])
{
    for (RelayKind relay = 0; relay < RELAY_COUNT; relay++)
        if (isnan(figures[relay].cpu_us[POINT_MIDDLE]))
            printf("not installed, so not measured: %s\n", RELAY_NAMES[relay]);
    if (isnan(figures[RELAY_OURS].private_us[PRIVATE_TLS_MIDDLE]))
        puts("not installed: h2load; so TLS and HTTP/2 were not measured");
}

static double
read_figure(const Figures *figures, size_t place)
{
    return *(const double *)(const void *)((const char *)figures + place);
}

static void
print_goal(const Figures figures[static RELAY_COUNT], const Goal *goal)
{
    double value = read_figure(&figures[RELAY_OURS], goal->place);
    if (goal->other != RELAY_COUNT)
        value /= read_figure(&figures[goal->other], goal->place);
    printf("  %-48s", goal->name);
    print_number(value, 8, 2);
    const char *verdict = value <= goal->most ? "met" : "missed";
    printf("%8.2f  %s\n", goal->most, isnan(value) ? "not measured" : verdict);
}

void
bench_print(const Figures figures[static RELAY_COUNT])
{
    for (PointKind kind = 0; kind < POINT_COUNT; kind++)
        print_point(figures, kind);
    print_counts(figures);
    for (PrivateKind kind = 0; kind < PRIVATE_COUNT; kind++)
        if (!isnan(figures[RELAY_OURS].private_us[kind]))
            print_private(figures, kind);
    print_seals(&figures[RELAY_OURS]);
    print_absent(figures);
    printf("%-50s%8s%8s\n", "byway edge", "is", "at most");
    for (size_t i = 0; i < G_N_ELEMENTS(GOALS); i++)
        print_goal(figures, &GOALS[i]);
}
