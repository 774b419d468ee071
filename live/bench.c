/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench.c: the verb bench: rounds of loads, and their medians.
 */
#include "live/bench.h"
#include "live/program.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define IDLE_COUNT 1000u
#define ROUND_COUNT_MAX 99u
#define LOAD_NS (500 * NS_PER_MS)

typedef struct Samples {
    double cpu_us[ROUND_COUNT_MAX];
    double wait_us[ROUND_COUNT_MAX];
    uint32_t count;
} Samples;

typedef struct PrivateSamples {
    double cpu_us[ROUND_COUNT_MAX];
    uint32_t count;
} PrivateSamples;

typedef struct SealSamples {
    double sealing_us[ROUND_COUNT_MAX];
    double cipher_us[ROUND_COUNT_MAX];
    uint32_t count;
} SealSamples;

typedef struct Bench {
    uint32_t round_count;
    char *h2load; /* NULL: not installed */
    char *directory;
    BenchRelay origin;
    BenchRelay relays[RELAY_COUNT];
    Samples samples[RELAY_COUNT][POINT_COUNT];
    PrivateSamples private_samples[RELAY_COUNT][PRIVATE_COUNT];
    SealSamples seals[SEAL_COUNT];
    Figures figures[RELAY_COUNT];
} Bench;

static const char USAGE[] =
    "usage: byway bench live [OPTION...]\n\n"
    "Measure what relaying costs on this machine: byway's edge beside a bare\n"
    "splice relay, and haproxy and nginx where they are installed, all in\n"
    "front of the same origin on the loopback. CPU is the relay's own, of a\n"
    "request. As root it keeps to a network of its own. With h2load, TLS and\n"
    "HTTP/2 are measured too; and what sealing slices costs.\n\n"
    "      --rounds N  of which medians are taken, 1 to 99 (9)\n"
    "  -q, --quiet     no progress\n"
    "  -h, --help      this text\n\n"
    "example: byway bench live --rounds 3\n";

static bool
measure(Bench *bench, RelayKind kind, PointKind point, GError **error)
{
    const BenchRelay *relay = &bench->relays[kind];
    Samples *samples = &bench->samples[kind][point];
    BenchLoad *load = load_new(&relay->address, POINTS[point].body_bytes,
                               POINTS[point].connection_count, error);
    if (!load)
        return false;
    LoadResult result;
    int64_t start_ns = bench_cpu_ns(relay->process);
    bool is_run = load_run(load, LOAD_NS, &result, error);
    int64_t cpu_ns = bench_cpu_ns(relay->process) - start_ns;
    load_free(load);
    if (!is_run)
        return false;
    double request_count = (double)result.request_count;
    samples->cpu_us[samples->count] = (double)cpu_ns / 1e3 / request_count;
    samples->wait_us[samples->count++] = (double)result.median_ns / 1e3;
    return true;
}

static bool
measure_private(Bench *bench, RelayKind kind, PrivateKind point, GError **error)
{
    const BenchRelay *relay = &bench->relays[kind];
    PrivateSamples *samples = &bench->private_samples[kind][point];
    uint64_t request_count;
    int64_t start_ns = bench_cpu_ns(relay->process);
    if (!bench_run_private(bench->h2load, relay, point, &request_count, error))
        return false;
    int64_t cpu_ns = bench_cpu_ns(relay->process) - start_ns;
    samples->cpu_us[samples->count++] =
        (double)cpu_ns / 1e3 / (double)request_count;
    return true;
}

/* None of them can splice what it encrypts. */
static bool
run_private_round(Bench *bench, GError **error)
{
    static const RelayKind KINDS[] = {RELAY_OURS, RELAY_HAPROXY_COPY,
                                      RELAY_NGINX};
    for (PrivateKind point = 0; point < PRIVATE_COUNT && bench->h2load; point++)
        for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++)
            if (bench->relays[KINDS[i]].process != 0 &&
                !measure_private(bench, KINDS[i], point, error))
                return false;
    for (SealKind kind = 0; kind < SEAL_COUNT; kind++) {
        SealSamples *seals = &bench->seals[kind];
        bench_seal(kind, &seals->sealing_us[seals->count],
                   &seals->cipher_us[seals->count]);
        seals->count++;
    }
    return true;
}

/* Each load goes through every relay before the next one. */
static bool
run_round(Bench *bench, uint32_t round, GError **error)
{
    for (PointKind point = 0; point < POINT_COUNT; point++) {
        if (POINTS[point].is_long && round % 3 != 0)
            continue;
        for (RelayKind kind = 0; kind < RELAY_COUNT; kind++)
            if (bench->relays[kind].process != 0 &&
                !measure(bench, kind, point, error))
                return false;
    }
    return run_private_round(bench, error);
}

/* Memory of connections that were served once and wait; before them one was,
 * so that what a first connection needs is not counted. */
static bool
measure_idle(const BenchRelay *relay, bool is_tls, double *ret_kib,
             GError **error)
{
    const Address *target = is_tls ? &relay->tls : &relay->address;
    uint64_t small_bytes = POINTS[POINT_SMALL].body_bytes;
    BenchIdle *first = bench_idle_new(target, is_tls, small_bytes, 1, error);
    if (!first)
        return false;
    uint64_t before_bytes = bench_resident_bytes(relay->process);
    BenchIdle *idle =
        bench_idle_new(target, is_tls, small_bytes, IDLE_COUNT, error);
    uint64_t after_bytes = bench_resident_bytes(relay->process);
    bench_idle_free(first);
    bench_idle_free(idle);
    *ret_kib = ((double)after_bytes - (double)before_bytes) / 1024 / IDLE_COUNT;
    return idle != NULL;
}

/* A bare relay does not know TLS. */
static bool
measure_idles(Bench *bench, RelayKind kind, GError **error)
{
    const BenchRelay *relay = &bench->relays[kind];
    Figures *figures = &bench->figures[kind];
    if (relay->process == 0)
        return true;
    return measure_idle(relay, false, &figures->idle_kib, error) &&
           (kind == RELAY_SPLICE ||
            measure_idle(relay, true, &figures->idle_tls_kib, error));
}

static double
count_calls(Bench *bench, RelayKind kind, PointKind point)
{
    const BenchRelay *relay = &bench->relays[kind];
    double count = NAN;
    BenchLoad *load =
        load_new(&relay->address, POINTS[point].body_bytes, 1, NULL);
    if (load)
        bench_count_calls(relay->process, load, bench->directory, &count);
    load_free(load);
    return count;
}

static int
compare_numbers(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double
median(double *numbers, uint32_t count)
{
    if (count == 0)
        return NAN;
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

static void
conclude_private(Bench *bench, RelayKind kind)
{
    Figures *figures = &bench->figures[kind];
    for (PrivateKind point = 0; point < PRIVATE_COUNT; point++) {
        PrivateSamples *samples = &bench->private_samples[kind][point];
        figures->private_us[point] = median(samples->cpu_us, samples->count);
        if (samples->count == 0)
            continue;
        double least_us = samples->cpu_us[0]; /* they are sorted now */
        double most_us = samples->cpu_us[samples->count - 1];
        figures->private_spread[point] =
            (most_us - least_us) / figures->private_us[point];
    }
}

static void
conclude_seals(Bench *bench)
{
    Figures *ours = &bench->figures[RELAY_OURS];
    for (SealKind kind = 0; kind < SEAL_COUNT; kind++) {
        SealSamples *seals = &bench->seals[kind];
        ours->seal_us[kind] = median(seals->sealing_us, seals->count);
        ours->cipher_us[kind] = median(seals->cipher_us, seals->count);
        ours->seal_to_cipher[kind] =
            ours->seal_us[kind] / ours->cipher_us[kind];
    }
}

static void
conclude(Bench *bench)
{
    for (RelayKind kind = 0; kind < RELAY_COUNT; kind++) {
        Figures *figures = &bench->figures[kind];
        for (PointKind point = 0; point < POINT_COUNT; point++) {
            Samples *samples = &bench->samples[kind][point];
            figures->cpu_us[point] = median(samples->cpu_us, samples->count);
            figures->wait_us[point] = median(samples->wait_us, samples->count);
        }
    }
    for (RelayKind kind = 0; kind < RELAY_COUNT; kind++)
        conclude_private(bench, kind);
    conclude_seals(bench);
}

static bool
start(Bench *bench, GError **error)
{
    if (!bench_start_origin(&bench->origin, error) ||
        !bench_write_certificate(bench->directory, error))
        return false;
    bench->h2load = program_find("h2load");
    for (RelayKind kind = 0; kind < RELAY_COUNT; kind++) {
        bench->figures[kind].idle_kib = NAN;
        bench->figures[kind].idle_tls_kib = NAN;
        bench->figures[kind].middle_calls = NAN;
        bench->figures[kind].small_calls = NAN;
        BenchRelay *relay = &bench->relays[kind];
        if (!bench_start_relay(relay, kind, bench->directory,
                               &bench->origin.address, error))
            return false;
        if (!measure_idles(bench, kind, error))
            return false;
    }
    return true;
}

static bool
run(Bench *bench, bool is_quiet, GError **error)
{
    if (!start(bench, error))
        return false;
    bench_pin(0, false);
    for (uint32_t round = 0; round < bench->round_count; round++) {
        if (!is_quiet)
            fprintf(stderr, "round %u of %u\n", round + 1, bench->round_count);
        if (!run_round(bench, round, error))
            return false;
    }
    conclude(bench);
    for (RelayKind kind = 0; kind < RELAY_COUNT; kind++) {
        Figures *figures = &bench->figures[kind];
        if (bench->relays[kind].process == 0)
            continue;
        figures->middle_calls = count_calls(bench, kind, POINT_MIDDLE);
        figures->small_calls = count_calls(bench, kind, POINT_SMALL);
    }
    return true;
}

static void
stop(Bench *bench)
{
    for (RelayKind kind = 0; kind < RELAY_COUNT; kind++)
        bench_stop(&bench->relays[kind]);
    bench_stop(&bench->origin);
}

static int
bench_live(uint32_t round_count, bool is_quiet)
{
    g_autoptr(GError) error = NULL;
    g_autofree Bench *bench = g_new0(Bench, 1);
    g_autofree char *directory = g_dir_make_tmp("byway-bench-XXXXXX", &error);
    if (!directory) {
        fprintf(stderr, "byway: %s\n", error->message);
        return EXIT_FAILED;
    }
    bench->round_count = round_count;
    signal(SIGPIPE, SIG_IGN); /* TLS has no MSG_NOSIGNAL */
    bench_raise_limit();
    bench->directory = directory;
    if (!bench_leave_network() && !is_quiet)
        fputs("without a network of its own (that takes root): ports and "
              "congestion control are the machine's\n",
              stderr);
    bool is_good = run(bench, is_quiet, &error);
    stop(bench);
    g_free(bench->h2load);
    program_remove_tree(directory);
    if (!is_good) {
        fprintf(stderr, "byway: %s\n", error->message);
        return EXIT_FAILED;
    }
    printf("over loopback, medians of %u rounds, of %u where bodies are 256 "
           "MiB or\nconnections 1000; HTTP/1.1 in the clear where nothing else "
           "is said\n\n",
           round_count, (round_count + 2) / 3);
    bench_print(bench->figures);
    return 0;
}

static bool
parse_rounds(const char *text, uint32_t *ret_count)
{
    char *end = NULL;
    unsigned long count = strtoul(text, &end, 10);
    if (!g_ascii_isdigit(text[0]) || *end || count < 1 ||
        count > ROUND_COUNT_MAX)
        return false;
    *ret_count = (uint32_t)count;
    return true;
}

static int
complain(const char *what)
{
    fprintf(stderr, "byway bench live: %s\n%s", what, USAGE);
    return EXIT_USAGE;
}

int
bench_live_main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    uint32_t round_count = 9;
    bool is_quiet = false;
    int option;
    while ((option = getopt_long(argc, argv, "qh", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'r':
            if (!parse_rounds(optarg, &round_count))
                return complain("--rounds wants a number from 1 to 99");
            break;
        case 'q':
            is_quiet = true;
            break;
        case 'h':
            fputs(USAGE, stdout);
            return 0;
        default:
            return complain("see below");
        }
    }
    if (optind != argc)
        return complain("there are options, and nothing else");
    return bench_live(round_count, is_quiet);
}
