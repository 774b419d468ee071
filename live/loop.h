/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/loop.h: waits for sockets, times and signals, and tells their owners.
 *
 * One loop a process, one thread a loop. What it knows is embedded in its
 * owners: a Watch in whoever has the descriptor, a Timer in whoever has a
 * deadline, a Job in whoever has work left for the end of an iteration.
 * Nobody is told of anything after taking it back.
 *
 * Sockets are level-triggered: a piece that is read and left half-way is
 * reported again, so that one read a report is enough, none is spent on
 * hearing "nothing more", and no wake-up can be lost.
 */
#pragma once

#include "core/event.h"

#include <glib.h>
#include <signal.h>
#include <sys/epoll.h>

#define LOOP_READY_MAX 256u

typedef struct Loop Loop;

typedef struct Watch {
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT: what the kernel was asked for */
    void (*ready)(void *context, uint32_t events);
    void *context;
} Watch;

typedef struct Timer {
    int64_t at_ns;
    uint32_t place; /* in the heap, counted from 1; 0: not set */
    void (*fire)(void *context);
    void *context;
} Timer;

typedef struct Job {
    struct Job *next;
    bool is_waiting;
    void (*run)(void *context);
    void *context;
} Job;

struct Loop {
    int epoll_fd;
    int64_t now_ns;    /* of this iteration */
    int64_t offset_ns; /* from the monotonic clock to the calendar */
    bool is_stopping;  /* loop_run returns after this iteration */
    Watch signals;     /* fd -1: none */
    void (*heard)(void *context, int number);
    void *heard_context;
    Timer **timers; /* a binary heap, the earliest first */
    uint32_t timer_count;
    uint32_t timer_capacity;
    Job *first_job;
    Job *last_job;
    uint32_t job_count;
    uint32_t ready_count; /* reports of this iteration */
    uint32_t ready_index; /* the next one to be told */
    struct epoll_event ready[LOOP_READY_MAX];
};

bool loop_init(Loop *loop, GError **error);
void loop_clear(Loop *loop);
/* Serve until loop_stop, at least one iteration. */
void loop_run(Loop *loop);
void loop_stop(Loop *loop);
/* Wait no longer than until at_ns, and tell what has happened. */
void loop_step(Loop *loop, int64_t at_ns);
/* Calendar time, that never goes back: monotonic since loop_init, the time for
 * which the machine was suspended counted in. */
int64_t loop_now_ns(const Loop *loop);
/* Read the clock, where much time may have passed since the last report. */
int64_t loop_read_clock(Loop *loop);

/* How far the calendar is from that by now: somebody has set it. */
int64_t loop_calendar_shift_ns(const Loop *loop);

/* False, with errno, when the kernel has no room. */
bool loop_watch(Loop *loop, Watch *watch, uint32_t events);
/* Ask for other events; a call that changes nothing costs nothing. */
void loop_rewatch(Loop *loop, Watch *watch, uint32_t events);
/* Before the descriptor is closed, which takes it out of the kernel's set. */
void loop_forget(Loop *loop, Watch *watch);

/* Set or move; fires once, no earlier than at_ns. */
void loop_set_timer(Loop *loop, Timer *timer, int64_t at_ns);
void loop_unset_timer(Loop *loop, Timer *timer);

/* Run once at the end of this iteration, or, when asked for by a job, of the
 * next one, which then does not wait. */
void loop_add_job(Loop *loop, Job *job);
void loop_drop_job(Loop *loop, Job *job);

/* Block these signals and hear of them here instead; once a loop. */
bool loop_hear_signals(Loop *loop, const sigset_t *signals,
                       void (*heard)(void *context, int number), void *context,
                       GError **error);
