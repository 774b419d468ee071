/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/scenario.h: a whole scenario, read, checked and in base units.
 *
 * A Scenario that scenario_read returns is complete: every key has its value
 * or its default, every name is an index, every number is in range. It owns
 * all it points to. Rules between keys are in sim/scenario_rule.c.
 */
#pragma once

#include "sim/plan_role.h"

#include <glib.h>

typedef struct PlanGeneral {
    uint64_t seed;
    uint64_t replication;
    int64_t stop_time_ns;
    int64_t warmup_ns;  /* measured from here on */
    int64_t clock_ns;   /* local time of day at time 0 */
    const char *output; /* NULL: the command line or its default says */
} PlanGeneral;

/* Hosts of a flow: all members of a group, or one of them. */
typedef struct PlanHostEnd {
    uint32_t host;   /* index of Scenario.hosts */
    uint32_t member; /* PLAN_NONE: all of them, pair by pair */
} PlanHostEnd;

#define PLAN_BYTES_ENDLESS UINT64_MAX

/* The i-th pair starts at start_ns + i * every_ns. Groups pair member by
 * member; a single host pairs with every member of the other side. */
typedef struct PlanFlow {
    PlanHostEnd from;
    PlanHostEnd to;
    uint64_t size_bytes; /* or PLAN_BYTES_ENDLESS; per pair */
    int64_t start_ns;
    int64_t every_ns;
    uint32_t connections; /* that share size_bytes */
    uint32_t transport;
} PlanFlow;

typedef struct PlanDownloads {
    uint32_t slow;         /* stop after so many measured slow ones; 0: never */
    Distribution interval; /* ns between two arrivals */
    Distribution file_size; /* bytes */
    uint64_t file_bytes_max;
    bool is_conditioned;  /* generate only those that can be slow */
    bool has_whole_files; /* false: stop after the measuring window */
    int64_t watch_ns;     /* and when not slow by then; 0: never */
} PlanDownloads;

typedef struct PlanWorkload {
    PlanFlow *flows;
    uint32_t flow_count;
    PlanDownloads *downloads; /* NULL: none */
} PlanWorkload;

typedef enum PlanSelection {
    PLAN_SELECTION_PREFERRED,
    PLAN_SELECTION_NEARBY,
    PLAN_SELECTION_RANDOM,
} PlanSelection;

typedef struct PlanPolicies {
    PlanSelection *selection; /* modes to run, in the order of the file */
    uint32_t selection_count;
} PlanPolicies;

typedef enum PlanCongestionControl {
    PLAN_CUBIC,
    PLAN_RENO,
} PlanCongestionControl;

/* What the file does not say is taken from the transport `default`. */
typedef struct PlanTransport {
    const char *name;
    PlanCongestionControl congestion;
    uint32_t initial_window; /* segments */
    uint32_t mss_bytes;
    uint32_t header_bytes; /* IP and TCP, of every packet */
    bool has_delayed_ack;
    bool has_slow_start_after_idle;
    bool has_hystart;
    uint64_t receive_window_bytes;
} PlanTransport;

/* The cost model prices core's work; in picoseconds, since a byte costs less
 * than one ns. */
typedef struct PlanSecurity {
    uint32_t algorithm; /* the number in key records, e.g. 0x0011 */
    uint32_t slice_bytes;
    double payload_sampled_ratio; /* downloads that carry real bytes */
    uint64_t seal_slice_ps;
    uint64_t seal_byte_ps;
    uint64_t open_slice_ps;
    uint64_t open_byte_ps;
    uint64_t rank_ps;
    uint64_t key_ps;
} PlanSecurity;

typedef struct PlanDuration {
    int64_t ns;
} PlanDuration;

typedef struct PlanCapture {
    const char *link; /* its name; see sim/link_name.h */
} PlanCapture;

#define PLAN_SAMPLED_LINKS_MAX 256u /* of a graph, in links.csv */

typedef struct PlanMeasure {
    int64_t window_ns;
    PlanDuration *sensitivity; /* other windows, reported beside it */
    uint32_t sensitivity_count;
    int64_t link_interval_ns;
    bool has_trace;
    PlanCapture *pcap; /* links whose packets are written down */
    uint32_t pcap_count;
} PlanMeasure;

typedef struct PlanValue {
    const char *text;
} PlanValue;

/* A key path, and what --set would be given for it, one after the other. */
typedef struct PlanVary {
    const char *key;
    PlanValue *values;
    uint32_t value_count;
} PlanVary;

typedef struct PlanSweep {
    uint32_t replications; /* runs of each point */
    PlanVary *vary;
    uint32_t vary_count;
} PlanSweep;

typedef struct PlanExpect {
    const char *metric; /* path into summary.json */
    double min;         /* -INFINITY: no bound */
    double max;         /* INFINITY: no bound */
} PlanExpect;

typedef struct Scenario {
    uint32_t byway;   /* version of the format */
    const char *base; /* the file this one started from, or NULL */
    const char *title;
    PlanGeneral general;
    PlanNetwork network;
    PlanHost *hosts;
    uint32_t host_count;
    PlanRoles roles;
    PlanWorkload workload;
    PlanPolicies policies;
    PlanTransport *transports; /* the first is `default` */
    uint32_t transport_count;
    PlanSecurity security;
    PlanSweep *sweep; /* NULL: none; of no effect on a single run */
    PlanMeasure measure;
    PlanExpect *expect;
    uint32_t expect_count;
    GPtrArray *remarks; /* char *: what the reader decided by itself */
    GPtrArray *owned;   /* all that the fields above point to */
} Scenario;

/* Read and check a file, with `key.path=value` overrides (NULL-terminated,
 * or NULL). NULL when anything is wrong: errors (of char *, freed by their
 * array) then holds every error of the file, a line each, by position. */
Scenario *scenario_read(const char *path, const char *const *overrides,
                        GPtrArray *errors);
/* The same from memory; path names it in errors and is where relative paths
 * start. */
Scenario *scenario_parse(const char *text, size_t text_bytes, const char *path,
                         const char *const *overrides, GPtrArray *errors);
void scenario_free(Scenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)

/* YAML with every key in it; reading it gives the same scenario. */
GString *scenario_write(const Scenario *scenario);
