/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/parts.h: one network in several parts, side by side.
 *
 * Parts share links, routes and connections, but each link's queue, each
 * link's far end and each end of a connection belongs to one part alone, and
 * a part has an agenda, packets, signals and books of its own. What one part
 * does reaches another over a link of at least window_ns, so all may run that
 * long without looking at one another: a window.
 *
 * Which parts there are follows from the scenario, never from the machine; so
 * do the windows, and what is done between them. Threads only share out the
 * work: the results are the same for any number of them. So do ranks, processes
 * that each have all that was set up and move some of the parts.
 */
#pragma once

#include "sim/mail.h"
#include "sim/network.h"

typedef struct Courier Courier;

struct Parts {
    Network *networks[PARTS_MAX]; /* the first is the one that was split */
    uint32_t count;
    int64_t window_ns;
    uint8_t *near_parts; /* [link]: whose the queue is */
    Agenda agenda;       /* what concerns all: done between windows */
    Courier *courier;    /* NULL: all parts are here */
    uint64_t events;     /* so far */
    uint64_t windows;    /* so far */
    /* Of the busiest thread of each window, summed: all events by these is the
     * most that threads can bring. */
    uint64_t critical_events;
    int64_t next_look_ns;
    uint64_t window_events;            /* of the last window */
    uint64_t part_events[PARTS_MAX];   /* until this window */
    uint64_t sorted_events[PARTS_MAX]; /* until the order was made */
    uint8_t
        order[PARTS_MAX];  /* in which the parts that are here are taken up */
    uint32_t here_count;   /* of them */
    uint32_t thread_count; /* that may take them up; see parts_run */
};

/* How the network's links lie among parts; see partition_of. */
typedef struct PartPlan {
    uint32_t count; /* 2 to PARTS_MAX */
    int64_t window_ns;
    const uint8_t *near_parts; /* [link] */
    const uint8_t *far_parts;
    const double *loads;       /* [part] */
    const TcpOptions *options; /* lent: an array, of all connections */
} PartPlan;

/* Split a network on which nothing has happened. No link, route or path may
 * be added any more. */
Parts *parts_split(Network *network, const PartPlan *plan);
/* The network is whole again, and only good to be cleared. */
void parts_free(Parts *parts);
/* What all share, as network_code does for each. */
void parts_code(Parts *parts, Coder *coder);
/* The part where the link's queue is; the network itself if it is whole. */
Network *parts_of_link(Network *network, LinkId link);

/* Sum up what each rank knows of what is here, and nothing of the rest; all
 * ranks at once, each for the same values. */
void parts_sum(const Network *network, uint64_t *values, size_t count);
/* Whether the link's queue is here; and its far end. */
bool parts_has_link(const Network *network, LinkId link);
bool parts_has_far_end(const Network *network, LinkId link);

typedef struct PartsDriver {
    void *context;
    /* An entry of a part's agenda; all that follows from it there. Called by
     * several threads at once, each for a part of its own. */
    void (*step)(void *context, Network *network, const AgendaEntry *entry);
    /* An entry of parts->agenda. All parts stand at its time. */
    void (*meet)(void *context, const AgendaEntry *entry);
    /* Now and then, at times that are the scenario's; the parts are as they
     * will be when parts_run begins again. False: it is over. */
    bool (*look)(void *context);
    /* What other ranks ought to know of parts that are here: told after each
     * window, and heard before anything else happens. NULL: nothing. */
    void (*tell)(void *context, GByteArray *news);
    void (*hear)(void *context, const uint8_t *news, size_t size_bytes);
} PartsDriver;

/* Run, or go on, until stop_ns at most, by parts->thread_count threads, or as
 * many as there are parts; driver->look may change it. */
void parts_run(Parts *parts, const PartsDriver *driver, int64_t stop_ns);
