/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mode.h: one run of a scenario in one mode, in its own process.
 */
#pragma once

#include "sim/checkpoint.h"
#include "sim/progress.h"
#include "sim/scenario.h"
#include "sim/turn_wish.h"

typedef enum ModeEnd {
    MODE_INTERRUPTED, /* by a signal, maybe before it began */
    MODE_STOP_TIME,   /* before it had all slow downloads that were wanted */
    MODE_COMPLETE,
} ModeEnd;

/* A world of roles under way (sim/play.h), and who moves it on. */
typedef struct Play Play;
typedef bool (*Player)(Play *play, GError **error);

/* How a mode is run, beside its scenario. */
typedef struct ModeOptions {
    const TurnWish *turn_wish; /* NULL: no turns are wished for */
    Player player;             /* NULL: the simulator */
    /* Called at every look, where the mode has its process to itself; or
     * NULL. */
    void (*attend)(void *attendant);
    void *attendant;
    int64_t checkpoint_ns; /* on the wall, between two; 0: there are none */
    const CheckpointBuild *build; /* that writes and reads them */
} ModeOptions;

/* How far packets of a testbed came after their time. */
typedef struct Lateness {
    int64_t median_ns;
    int64_t p99_ns;
    int64_t ns_max;
    double tardy_ratio; /* later than what still is true enough */
} Lateness;

/* Lives in memory that the run's processes share. */
typedef struct ModeResult {
    ModeProgress progress;
    uint32_t thread_count; /* that the parent lets it have now; 0: one */
    ModeEnd end;
    uint64_t fingerprint;
    uint64_t events;
    uint64_t packet_hops;
    uint64_t data_packets;
    uint64_t connections_max; /* that had memory at once */
    uint64_t parts;           /* that the network was split into, or 1 */
    int64_t window_ns;        /* in which they do not look at one another */
    uint64_t windows;
    uint64_t critical_events; /* as in Parts */
    uint64_t threads;         /* at most at once */
    uint64_t ranks;           /* that moved them */
    uint64_t start_rss_bytes; /* with a world where nothing has happened */
    int64_t simulated_ns;
    int64_t resumed_ns; /* simulated, where it last went on; 0: it did not */
    uint64_t arrivals;
    uint64_t candidates;
    uint64_t node_requests;
    uint64_t node_failures;
    uint64_t nodes_listed;
    uint64_t payload_sampled;
    uint64_t payload_equal_bytes;
    uint64_t payload_different_bytes;
    double wall_s;           /* the parent's */
    uint64_t peak_rss_bytes; /* the parent's */
    bool is_real_time;       /* on a testbed */
    Lateness lateness;       /* there */
    char error[256];         /* why it failed */
} ModeResult;

/* "preferred", or "flows" for bare flows. */
const char *mode_name(const Scenario *scenario, uint32_t mode);
uint32_t mode_count(const Scenario *scenario);
/* How far the mode will have to go, before it starts. */
void mode_expect(const Scenario *scenario, ModeResult *result);
/* Complete when every mode is; interrupted when any is. */
ModeEnd mode_end_of_all(const ModeResult *results, uint32_t count);
/* Run to the end, or until SIGINT or SIGTERM, which must be held (sim/stop.h),
 * is pending; write the mode's parts below directory. Options may be NULL. */
bool mode_run(const Scenario *scenario, uint32_t mode, const char *directory,
              const ModeOptions *options, ModeResult *result, GError **error);
