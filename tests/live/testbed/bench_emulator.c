/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/testbed/bench_emulator.c: how true delay and rate of a testbed
 * are.
 *
 * Two hosts in networks of their own, a known link between them. UDP echoes
 * tell the delay, one TCP connection of this kernel the rate. Figures for a
 * machine, never a verdict.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/testbed/cast.h"
#include "live/testbed/emulator.h"
#include "live/testbed/message.h"

#define PORT 443
#define ECHO_COUNT 400
#define ECHO_GAP_NS (5 * NS_PER_MS)
#define BULK_NS (3 * NS_PER_S)
#define PIECE_BYTES (256u * 1024)
#define SKIPPED_NS NS_PER_S /* of the bulk: slow start */

static const char PAIR[] =
    "byway: 1\n"
    "title: pair\n"
    "general: {stop_time: 1 min}\n"
    "network:\n"
    "  isps: [one]\n"
    "  regions: [{name: here, latitude: 0, longitude: 0, weights: [1]}]\n"
    "  backbone: {rate: 10 Gbit/s, loss: 0, queue_delay: 0}\n"
    "  profiles:\n"
    "    line: {down: 1 Gbit/s, up: 1 Gbit/s, delay: 0, loss: 0,\n"
    "           queue: 50 ms}\n"
    "roles:\n"
    "  clients: {count: 1, technology: line}\n"
    "  edges: {count: 1}\n"
    "  data_centres: [{region: here, cdn_rate: 10 Gbit/s}]\n"
    "  manager: {region: here, isp: one}\n"
    "  key_service: {region: here, isp: one}\n"
    "workload:\n"
    "  downloads: {slow: 0, interval: 1 h, file_size: 1 MB}\n"
    "policies: {selection: [preferred]}\n";

enum { CDN = 1, CLIENT = 5 };

/* Where the client's process leaves what it found. */
typedef struct Found {
    int64_t rtt_ns[ECHO_COUNT];
    uint32_t rtt_count;
    uint64_t bulk_bytes; /* after the skipped part */
    int64_t bulk_ns;
} Found;

typedef void (*Task)(Found *found);

typedef struct Pair {
    Scenario *scenario;
    World world;
    Population population;
    Emulator emulator;
    Found *found; /* shared */
} Pair;

static int64_t
clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void
die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    _exit(1);
}

static struct sockaddr_in
server_name(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(PORT),
                                .sin_addr.s_addr = htonl(10u << 24 | CDN)};
}

static int
open_socket(int type, bool is_server)
{
    struct sockaddr_in name = server_name();
    int on = 1;
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on))
        die("socket");
    if (is_server ? bind(fd, (struct sockaddr *)&name, sizeof name)
                  : connect(fd, (struct sockaddr *)&name, sizeof name))
        die(is_server ? "bind" : "connect");
    return fd;
}

static void
echo_for_ever(Found *found)
{
    (void)found;
    int fd = open_socket(SOCK_DGRAM, true);
    char bytes[64];
    struct sockaddr_in from;
    socklen_t from_bytes = sizeof from;
    ssize_t size_bytes;
    while ((size_bytes = recvfrom(fd, bytes, sizeof bytes, 0,
                                  (struct sockaddr *)&from, &from_bytes)) > 0)
        sendto(fd, bytes, (size_t)size_bytes, 0, (struct sockaddr *)&from,
               from_bytes);
}

/* One at a time: the next goes when the last has come back. */
static void
measure_delay(Found *found)
{
    int fd = open_socket(SOCK_DGRAM, false);
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (uint32_t i = 0; i < ECHO_COUNT; i++) {
        char bytes[64] = {0};
        int64_t sent_ns = clock_ns();
        if (send(fd, bytes, sizeof bytes, 0) > 0 &&
            recv(fd, bytes, sizeof bytes, 0) > 0)
            found->rtt_ns[found->rtt_count++] = clock_ns() - sent_ns;
        const struct timespec gap = {.tv_nsec = ECHO_GAP_NS};
        nanosleep(&gap, NULL);
    }
}

static void
send_for_ever(Found *found)
{
    (void)found;
    int door = open_socket(SOCK_STREAM, true);
    char *bytes = g_malloc0(PIECE_BYTES);
    listen(door, 1);
    int fd = accept(door, NULL, NULL);
    while (send(fd, bytes, PIECE_BYTES, MSG_NOSIGNAL) > 0)
        continue;
}

static void
measure_rate(Found *found)
{
    int fd = open_socket(SOCK_STREAM, false);
    char *bytes = g_malloc(PIECE_BYTES);
    int64_t start_ns = clock_ns() + SKIPPED_NS;
    int64_t first_ns = 0;
    int64_t now_ns = 0;
    do {
        ssize_t size_bytes = recv(fd, bytes, PIECE_BYTES, 0);
        if (size_bytes <= 0)
            die("recv");
        now_ns = clock_ns();
        if (first_ns > 0)
            found->bulk_bytes += (uint64_t)size_bytes;
        else if (now_ns >= start_ns)
            first_ns = now_ns;
    } while (now_ns < start_ns + BULK_NS);
    found->bulk_ns = now_ns - first_ns;
}

/* A host's process: makes its network, gives its line away, does its job. */
static pid_t
start_host(Pair *pair, HostId id, Task task)
{
    ActorPlan plan;
    g_autoptr(GError) error = NULL;
    int sockets[2];
    if (!cast_plan(&pair->population, id, &plan, &error) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0)
        die("host");
    pid_t process = fork();
    if (process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int line = segment_enter(&plan.segment, &error);
        const Message ready = {.kind = MESSAGE_READY};
        if (line < 0 || !message_send(sockets[1], &ready, line))
            die("network");
        close(line);
        task(pair->found);
        _exit(0);
    }
    config_free((LiveConfig *)plan.config);
    struct pollfd wait = {.fd = sockets[0], .events = POLLIN};
    Message message;
    int line = -1;
    if (process < 0 || poll(&wait, 1, 10000) != 1 ||
        message_take(sockets[0], &message, &line) != MESSAGE_TAKEN)
        die("host");
    emulator_take_line(&pair->emulator, id, line);
    pair->world.hosts[id].is_there = true;
    close(sockets[0]);
    close(sockets[1]);
    return process;
}

static void
pass_packets(Pair *pair, pid_t client)
{
    Network *network = &pair->world.network;
    int *lines = pair->emulator.lines;
    struct pollfd waits[] = {{.fd = lines[CDN], .events = POLLIN},
                             {.fd = lines[CLIENT], .events = POLLIN}};
    int64_t start_ns = clock_ns();
    while (waitpid(client, NULL, WNOHANG) == 0) {
        int64_t wait_ns = MIN(agenda_peek_ns(&network->agenda),
                              clock_ns() - start_ns + 100 * NS_PER_MS);
        wait_ns = MAX(wait_ns - (clock_ns() - start_ns), 0);
        struct timespec wait = {.tv_nsec = wait_ns};
        ppoll(waits, G_N_ELEMENTS(waits), &wait, NULL);
        int64_t now_ns = clock_ns() - start_ns;
        while (agenda_peek_ns(&network->agenda) <= now_ns) {
            AgendaEntry entry = agenda_pop(&network->agenda);
            world_step(&pair->world, &pair->world.network, &entry);
            emulator_write(&pair->emulator, clock_ns() - start_ns);
        }
        network->now_ns = now_ns;
        emulator_read(&pair->emulator, CDN);
        emulator_read(&pair->emulator, CLIENT);
    }
}

static void
be_prompt(void)
{
    struct sched_param priority = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority);
    prctl(PR_SET_TIMERSLACK, 1);
}

/* Play the two jobs over a link that differs from the usual in one key. */
static Lateness
play(const char *change, Task server, Task client, Found *found)
{
    const char *const changes[] = {change, NULL};
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Pair pair = {.found = found};
    memset(found, 0, sizeof *found);
    pair.scenario =
        scenario_parse(PAIR, strlen(PAIR), "pair.yaml", changes, errors);
    for (guint i = 0; i < errors->len; i++)
        fprintf(stderr, "%s\n", (char *)errors->pdata[i]);
    g_assert_nonnull(pair.scenario);
    world_init(&pair.world, pair.scenario, PLAN_SELECTION_PREFERRED);
    population_init(&pair.population, &pair.world);
    emulator_init(&pair.emulator, &pair.world);
    pid_t serving = start_host(&pair, CDN, server);
    pass_packets(&pair, start_host(&pair, CLIENT, client));
    kill(serving, SIGKILL);
    waitpid(serving, NULL, 0);
    Lateness lateness = lateness_sum(&pair.emulator.lateness);
    emulator_clear(&pair.emulator);
    population_clear(&pair.population);
    world_clear(&pair.world);
    scenario_free(pair.scenario);
    return lateness;
}

static int
compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void
bench_delay(int64_t delay_us, Found *found)
{
    g_autofree char *change =
        g_strdup_printf("network.hop_delay=%" G_GINT64_FORMAT " us", delay_us);
    Lateness lateness = play(change, echo_for_ever, measure_delay, found);
    if (found->rtt_count == 0)
        die("no echo");
    qsort(found->rtt_ns, found->rtt_count, sizeof *found->rtt_ns, compare);
    int64_t median_ns = found->rtt_ns[found->rtt_count / 2];
    double error_us = (double)median_ns / 2e3 - (double)delay_us;
    printf("delay %5.1f ms: median round trip %8.3f ms, %+.3f ms a way; "
           "p90 %8.3f ms; %u of %u echoes; late p50 %.3f, p99 %.3f ms\n",
           (double)delay_us / 1e3, (double)median_ns / 1e6, error_us / 1e3,
           (double)found->rtt_ns[found->rtt_count * 9 / 10] / 1e6,
           found->rtt_count, ECHO_COUNT, (double)lateness.median_ns / 1e6,
           (double)lateness.p99_ns / 1e6);
}

static void
bench_rate(uint32_t rate_mbps, Found *found)
{
    g_autofree char *change =
        g_strdup_printf("network.profiles.line.down=%u Mbit/s", rate_mbps);
    Lateness lateness = play(change, send_for_ever, measure_rate, found);
    double goodput_mbps =
        8e3 * (double)found->bulk_bytes / (double)MAX(found->bulk_ns, 1);
    double ideal_mbps = rate_mbps * 1448.0 / 1500;
    printf("rate %5u Mbit/s: goodput %7.2f Mbit/s of %7.2f, %+.2f %%; "
           "late p50 %.3f, p99 %.3f ms\n",
           rate_mbps, goodput_mbps, ideal_mbps,
           100 * (goodput_mbps / ideal_mbps - 1),
           (double)lateness.median_ns / 1e6, (double)lateness.p99_ns / 1e6);
}

int
main(void)
{
    static const int64_t DELAYS_US[] = {1000, 10000, 50000};
    static const uint32_t RATES_MBPS[] = {10, 100, 300, 600};
    g_autoptr(GError) error = NULL;
    if (!segment_is_possible(&error)) {
        printf("skipped: %s\n", error->message);
        return 77;
    }
    Found *found = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED)
        die("memory");
    be_prompt();
    for (size_t i = 0; i < G_N_ELEMENTS(DELAYS_US); i++)
        bench_delay(DELAYS_US[i], found);
    for (size_t i = 0; i < G_N_ELEMENTS(RATES_MBPS); i++)
        bench_rate(RATES_MBPS[i], found);
    return 0;
}
