/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/kernel.c: simulates measured cases and tells the differences.
 */
#include "sim/validate/kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/event.h"
#include "sim/validate/chosen.h"
#include "sim/validate/lab.h"
#include "sim/validate/sample.h"

#define EXIT_OK 0
#define EXIT_USAGE 2
#define EXIT_MISSED 3
#define UP_BPS 1000000000u
/* Random cases are repeated until the mean is known to a standard error of
 * 1 %, so that what is left is a difference of models. */
#define RUNS_MIN 20u
#define RUNS_MAX 200u
#define MEAN_ERROR_RATIO 0.01

/* What a group is held to. */
typedef struct KernelGroup {
    const char *name;
    bool is_rate; /* goodput is compared, not the time of completion */
    double tolerance_ratio;
    double tolerance_floor; /* in the unit compared */
    bool is_chosen;         /* losses are picked by hand */
    const char *apart;      /* why it is compared only when asked for */
} KernelGroup;

static const KernelGroup GROUPS[] = {
    {"short", false, 0.02, 1.0, false, NULL},
    {"shortcc", false, 0.02, 1.0, false, NULL},
    {"hystart", true, 0.02, 0, false, NULL},
    {"bulk10", true, 0.05, 0, false, NULL},
    {"bulk50", true, 0.05, 0, false, NULL},
    {"loss", true, 0.15, 0, false, NULL},
    {"lossrtt", true, 0.15, 0, false, NULL},
    {"drops", false, 0.1, 20, true,
     "Linux lets the time-out's margin fall once a round trip, RFC 6298 with "
     "every sample"},
    {"shortq", false, 0.1, 0, false,
     "where a queue overflows by a packet or two, single cases differ"},
};
/* Of chosen losses that a timer repairs. */
#define EDGE_TOLERANCE_RATIO 0.05
#define MSS_BYTES 1448u

typedef struct Result {
    double value;
    double error_ratio; /* standard error of the mean over value; 0: none */
    uint32_t run_count;
} Result;

/* Of one group so far. */
typedef struct Tally {
    GArray *errors; /* double, absolute ratios */
    uint32_t missed_count;
} Tally;

static const KernelGroup *
group_of(const TruthCase *truth)
{
    for (size_t i = 0; i < G_N_ELEMENTS(GROUPS); i++) {
        if (strcmp(GROUPS[i].name, truth->group) == 0)
            return &GROUPS[i];
    }
    return NULL;
}

static LabPlan
plan_of(const TruthCase *truth, uint64_t seed)
{
    CongestionKind kind =
        truth->control == TRUTH_RENO ? CONGESTION_RENO : CONGESTION_CUBIC;
    LabPlan plan = lab_plan(kind, truth->initial_window);
    plan.options.has_slow_start_after_idle = truth->has_idle_restart;
    plan.options.has_hystart = truth->has_hystart;
    plan.down_bps = truth->rate_bps;
    plan.up_bps = UP_BPS;
    plan.rtt_ns = truth->rtt_ns;
    plan.queue_packets = truth->queue_packets;
    plan.loss_ratio = truth->loss_ratio;
    plan.answer_bytes = truth->size_bytes ? truth->size_bytes : LAB_ENDLESS;
    plan.seed = seed;
    return plan;
}

static bool
parse_tag(const TruthCase *truth, Chosen *ret_chosen)
{
    uint32_t segments =
        (uint32_t)((truth->size_bytes + MSS_BYTES - 1) / MSS_BYTES);
    return chosen_parse(truth->tag, truth->initial_window, segments,
                        ret_chosen);
}

/* Why a case is not compared; NULL when it is. */
static const char *
find_reason(const TruthCase *truth)
{
    Chosen chosen;
    const KernelGroup *group = group_of(truth);
    if (truth->unlike)
        return truth->unlike;
    if (!group)
        return "group is not compared yet";
    if (group->is_chosen && !parse_tag(truth, &chosen))
        return "the lost packets are not understood";
    if (group->is_chosen && (chosen.mask & 1))
        return "two timers race for a lost SYN-ACK, and either may win";
    if (!group->is_chosen && g_str_has_prefix(truth->tag, CHOSEN_PREFIX))
        return "losses picked by hand";
    return NULL;
}

static double
allowed_error(const TruthCase *truth, double measured)
{
    const KernelGroup *group = group_of(truth);
    Chosen chosen;
    if (group->is_chosen && parse_tag(truth, &chosen) && chosen.is_at_an_edge)
        return EDGE_TOLERANCE_RATIO * measured;
    return fmax(group->tolerance_ratio * measured, group->tolerance_floor);
}

/* Mbit/s or ms, as the group is compared. */
static double
simulate_once(const TruthCase *truth, bool is_rate, uint64_t seed)
{
    LabPlan plan = plan_of(truth, seed);
    Lab lab;
    Chosen chosen;
    lab_init(&lab, &plan);
    if (group_of(truth)->is_chosen && parse_tag(truth, &chosen))
        link_extra(lab_down(&lab))->chosen_loss.next = chosen.mask;
    double value;
    if (truth->size_bytes == 0) {
        double bits = 8.0 * (double)lab_measure_bytes(&lab, truth->max_ns);
        value = 1e3 * bits / (double)truth->max_ns;
    } else {
        int64_t took_ns = lab_completion_ns(&lab, TIME_NEVER);
        double bits = 8.0 * (double)truth->size_bytes;
        value = is_rate ? 1e3 * bits / (double)took_ns : (double)took_ns / 1e6;
    }
    lab_clear(&lab);
    return value;
}

static Result
simulate(const TruthCase *truth, bool is_rate)
{
    Sample sample = {0};
    double error_ratio = 0;
    uint32_t runs_max = truth->loss_ratio > 0 ? RUNS_MAX : 1;
    for (uint32_t run = 1; run <= runs_max; run++) {
        sample_add(&sample, simulate_once(truth, is_rate, run));
        if (run < RUNS_MIN)
            continue;
        double variance = sample.square_sum / (run - 1) / run;
        error_ratio = sqrt(variance) / sample.mean;
        if (error_ratio <= MEAN_ERROR_RATIO)
            break;
    }
    return (Result){sample.mean, error_ratio, sample.count};
}

/* Single runs with random loss vary widely, the others hardly: a stall of
 * the machine that measured them is an outlier. */
static double
measured_value(const TruthCase *truth, bool is_rate)
{
    const GArray *values = is_rate ? truth->goodput_mbps : truth->completion_ms;
    return truth->loss_ratio > 0 ? truth_mean(values) : truth_median(values);
}

static void
print_head(void)
{
    printf("%-12s %-6s %-5s %3s %9s %6s %6s %6s %6s %4s %10s %10s %5s %7s "
           "%9s %s\n",
           "case", "group", "cc", "iw", "bytes", "rtt", "Mbit/s", "queue",
           "loss", "reps", "measured", "simulated", "runs", "error",
           "tolerance", "verdict");
}

static void
print_case(const TruthCase *truth, double measured, const Result *result,
           double allowed)
{
    g_autofree char *loss = g_strdup_printf("%g %%", 100 * truth->loss_ratio);
    const char *unit = group_of(truth)->is_rate ? "Mbit/s" : "ms";
    double difference = result->value - measured;
    bool is_met = fabs(difference) <= allowed;
    printf("%-12s %-6s %-5s %3u %9" G_GUINT64_FORMAT " %6g %6g %6u %6s %4u "
           "%10.3f %10.3f %5u %+6.2f%% %8.2f%% %s %s\n",
           truth->name, truth->group,
           truth->control == TRUTH_RENO ? "reno" : "cubic",
           truth->initial_window, truth->size_bytes,
           (double)truth->rtt_ns / 1e6, (double)truth->rate_bps / 1e6,
           truth->queue_packets, loss, truth->goodput_mbps->len, measured,
           result->value, result->run_count, 100 * difference / measured,
           100 * allowed / measured, is_met ? "met" : "MISSED", unit);
}

static void
compare_case(const TruthCase *truth, Tally *tally)
{
    const KernelGroup *group = group_of(truth);
    double measured = measured_value(truth, group->is_rate);
    Result result = simulate(truth, group->is_rate);
    double allowed = allowed_error(truth, measured);
    double error = fabs(result.value - measured);
    double error_ratio = error / measured;
    g_array_append_val(tally->errors, error_ratio);
    tally->missed_count += !(error <= allowed);
    print_case(truth, measured, &result, allowed);
}

static bool
is_wanted(char **groups, const char *name)
{
    return !groups || g_strv_contains((const char *const *)groups, name);
}

static bool
is_compared(char **groups, const KernelGroup *group)
{
    return is_wanted(groups, group->name) && (groups || !group->apart);
}

/* How many cases of a group were taken; the misses are added up. */
static uint32_t
compare_group(const KernelGroup *group, const GPtrArray *cases,
              uint32_t *missed_count)
{
    Tally tally = {.errors = g_array_new(false, false, sizeof(double))};
    for (guint i = 0; i < cases->len; i++) {
        const TruthCase *truth = cases->pdata[i];
        if (group_of(truth) == group && !find_reason(truth))
            compare_case(truth, &tally);
    }
    uint32_t count = tally.errors->len;
    if (count > 0) {
        double worst = 0;
        for (guint i = 0; i < count; i++)
            worst = fmax(worst, g_array_index(tally.errors, double, i));
        printf("%s: %u cases, median error %.2f %%, largest %.2f %%, %u "
               "missed\n\n",
               group->name, count, 100 * truth_median(tally.errors),
               100 * worst, tally.missed_count);
    }
    *missed_count += tally.missed_count;
    g_array_unref(tally.errors);
    return count;
}

/* "GROUP: REASON" of every case that is left out, counted, in order. */
static void
print_not_taken(const GPtrArray *cases, char **groups)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) counts = g_array_new(false, true, sizeof(guint));
    for (guint i = 0; i < cases->len; i++) {
        const TruthCase *truth = cases->pdata[i];
        const KernelGroup *group = group_of(truth);
        const char *why = find_reason(truth);
        if (!why && !is_compared(groups, group))
            why = group->apart;
        if (!why || !is_wanted(groups, truth->group))
            continue;
        g_autofree char *text = g_strdup_printf("%s: %s", truth->group, why);
        guint place;
        if (!g_ptr_array_find_with_equal_func(reasons, text, g_str_equal,
                                              &place)) {
            place = reasons->len;
            g_ptr_array_add(reasons, g_steal_pointer(&text));
            g_array_set_size(counts, place + 1);
        }
        g_array_index(counts, guint, place)++;
    }
    for (guint i = 0; i < reasons->len; i++)
        printf("not taken: %u of %s\n", g_array_index(counts, guint, i),
               (char *)reasons->pdata[i]);
}

static bool
are_known(char **groups)
{
    for (guint i = 0; groups && groups[i]; i++) {
        TruthCase named = {.group = groups[i]};
        if (group_of(&named))
            continue;
        fprintf(stderr,
                "byway validate kernel: group '%s' is not compared; see "
                "'byway validate --help'\n",
                groups[i]);
        return false;
    }
    return true;
}

int
kernel_compare(const char *path, const char *group_list)
{
    g_auto(GStrv) groups = group_list ? g_strsplit(group_list, ",", -1) : NULL;
    g_autofree char *why = NULL;
    if (!are_known(groups))
        return EXIT_USAGE;
    g_autoptr(GPtrArray) cases = truth_read(path, &why);
    if (!cases) {
        fprintf(stderr, "byway validate kernel: %s\n", why);
        return EXIT_USAGE;
    }
    uint32_t missed_count = 0;
    uint32_t taken_count = 0;
    print_head();
    for (size_t i = 0; i < G_N_ELEMENTS(GROUPS); i++) {
        if (is_compared(groups, &GROUPS[i]))
            taken_count += compare_group(&GROUPS[i], cases, &missed_count);
    }
    print_not_taken(cases, groups);
    if (taken_count == 0) {
        fprintf(stderr, "byway validate kernel: %s: no case to compare\n",
                path);
        return EXIT_USAGE;
    }
    printf("%u cases compared, %u missed\n", taken_count, missed_count);
    return missed_count ? EXIT_MISSED : EXIT_OK;
}
