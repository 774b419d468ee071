/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/loop.c: waits for sockets, times and signals, and tells their owners.
 */
#include "live/loop.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

static int64_t
clock_ns(clockid_t clock)
{
    struct timespec time;
    int result = clock_gettime(clock, &time);
    assert(result == 0);
    return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

bool
loop_init(Loop *loop, GError **error)
{
    memset(loop, 0, sizeof *loop);
    loop->signals.fd = -1;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot wait for sockets: %s", g_strerror(errno));
        return false;
    }
    int64_t boot_ns = clock_ns(CLOCK_BOOTTIME);
    loop->offset_ns = clock_ns(CLOCK_REALTIME) - boot_ns;
    loop_read_clock(loop);
    return true;
}

void
loop_clear(Loop *loop)
{
    if (loop->signals.fd >= 0)
        close(loop->signals.fd);
    close(loop->epoll_fd);
    g_free(loop->timers);
    memset(loop, 0, sizeof *loop);
    loop->epoll_fd = -1;
}

int64_t
loop_now_ns(const Loop *loop)
{
    return loop->now_ns;
}

int64_t
loop_read_clock(Loop *loop)
{
    loop->now_ns = clock_ns(CLOCK_BOOTTIME) + loop->offset_ns;
    return loop->now_ns;
}

int64_t
loop_calendar_shift_ns(const Loop *loop)
{
    return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) -
           loop->offset_ns;
}

bool
loop_watch(Loop *loop, Watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    watch->events = events;
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

void
loop_rewatch(Loop *loop, Watch *watch, uint32_t events)
{
    if (watch->events == events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = watch};
    watch->events = events;
    int result = epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
    assert(result == 0);
}

void
loop_forget(Loop *loop, Watch *watch)
{
    for (uint32_t i = loop->ready_index; i < loop->ready_count; i++) {
        if (loop->ready[i].data.ptr == watch)
            loop->ready[i].data.ptr = NULL;
    }
}

static void
put_timer(Loop *loop, uint32_t place, Timer *timer)
{
    loop->timers[place - 1] = timer;
    timer->place = place;
}

static void
lift_timer(Loop *loop, uint32_t place, Timer *timer)
{
    while (place > 1 && timer->at_ns < loop->timers[place / 2 - 1]->at_ns) {
        put_timer(loop, place, loop->timers[place / 2 - 1]);
        place /= 2;
    }
    put_timer(loop, place, timer);
}

static void
sink_timer(Loop *loop, uint32_t place, Timer *timer)
{
    for (;;) {
        uint32_t child = 2 * place;
        if (child > loop->timer_count)
            break;
        if (child < loop->timer_count &&
            loop->timers[child]->at_ns < loop->timers[child - 1]->at_ns)
            child++;
        if (timer->at_ns <= loop->timers[child - 1]->at_ns)
            break;
        put_timer(loop, place, loop->timers[child - 1]);
        place = child;
    }
    put_timer(loop, place, timer);
}

void
loop_set_timer(Loop *loop, Timer *timer, int64_t at_ns)
{
    if (timer->place == 0) {
        if (loop->timer_count == loop->timer_capacity) {
            loop->timer_capacity = MAX(16, 2 * loop->timer_capacity);
            loop->timers = g_renew(Timer *, loop->timers, loop->timer_capacity);
        }
        timer->at_ns = at_ns;
        lift_timer(loop, ++loop->timer_count, timer);
        return;
    }
    bool is_later = at_ns > timer->at_ns;
    timer->at_ns = at_ns;
    if (is_later)
        sink_timer(loop, timer->place, timer);
    else
        lift_timer(loop, timer->place, timer);
}

void
loop_unset_timer(Loop *loop, Timer *timer)
{
    uint32_t place = timer->place;
    if (place == 0)
        return;
    timer->place = 0;
    Timer *last = loop->timers[--loop->timer_count];
    if (last == timer)
        return;
    lift_timer(loop, place, last);
    sink_timer(loop, last->place, last);
}

void
loop_add_job(Loop *loop, Job *job)
{
    if (job->is_waiting)
        return;
    job->is_waiting = true;
    job->next = NULL;
    if (loop->last_job)
        loop->last_job->next = job;
    else
        loop->first_job = job;
    loop->last_job = job;
    loop->job_count++;
}

void
loop_drop_job(Loop *loop, Job *job)
{
    if (!job->is_waiting)
        return;
    Job *before = NULL;
    for (Job *other = loop->first_job; other != job; other = other->next)
        before = other;
    if (before)
        before->next = job->next;
    else
        loop->first_job = job->next;
    if (loop->last_job == job)
        loop->last_job = before;
    job->is_waiting = false;
    loop->job_count--;
}

/* No more than there are now: what jobs ask for waits. */
static void
run_jobs(Loop *loop)
{
    for (uint32_t left = loop->job_count; left > 0 && loop->first_job; left--) {
        Job *job = loop->first_job;
        loop_drop_job(loop, job);
        job->run(job->context);
    }
}

static void
fire_timers(Loop *loop)
{
    /* No more than there are now: one that wants to fire at once again must
     * not keep the sockets waiting. */
    for (uint32_t left = loop->timer_count; left > 0; left--) {
        if (loop->timer_count == 0 || loop->timers[0]->at_ns > loop->now_ns)
            return;
        Timer *timer = loop->timers[0];
        loop_unset_timer(loop, timer);
        timer->fire(timer->context);
    }
}

/* Rounded up, so that what is waited for has then come. */
static int
wait_ms(Loop *loop, int64_t at_ns)
{
    if (loop->first_job)
        return 0;
    if (loop->timer_count > 0)
        at_ns = MIN(at_ns, loop->timers[0]->at_ns);
    if (at_ns == TIME_NEVER)
        return -1;
    int64_t left_ns = at_ns - loop_read_clock(loop);
    int64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;
    return (int)CLAMP(left_ms, 0, G_MAXINT / 2);
}

void
loop_step(Loop *loop, int64_t at_ns)
{
    int count = epoll_wait(loop->epoll_fd, loop->ready, LOOP_READY_MAX,
                           wait_ms(loop, at_ns));
    assert(count >= 0 || errno == EINTR);
    loop_read_clock(loop);
    loop->ready_count = (uint32_t)MAX(0, count);
    loop->ready_index = 0;
    while (loop->ready_index < loop->ready_count) {
        const struct epoll_event *event = &loop->ready[loop->ready_index++];
        Watch *watch = event->data.ptr;
        if (watch)
            watch->ready(watch->context, event->events);
    }
    fire_timers(loop);
    run_jobs(loop);
}

void
loop_run(Loop *loop)
{
    loop->is_stopping = false;
    do {
        loop_step(loop, TIME_NEVER);
    } while (!loop->is_stopping);
}

void
loop_stop(Loop *loop)
{
    loop->is_stopping = true;
}

static void
read_signal(void *context, uint32_t events)
{
    Loop *loop = context;
    assert(events & EPOLLIN);
    struct signalfd_siginfo info;
    ssize_t size_bytes = read(loop->signals.fd, &info, sizeof info);
    if (size_bytes == (ssize_t)sizeof info)
        loop->heard(loop->heard_context, (int)info.ssi_signo);
}

bool
loop_hear_signals(Loop *loop, const sigset_t *signals,
                  void (*heard)(void *context, int number), void *context,
                  GError **error)
{
    assert(loop->signals.fd < 0);
    loop->heard = heard;
    loop->heard_context = context;
    loop->signals.ready = read_signal;
    loop->signals.context = loop;
    loop->signals.fd = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
    bool is_heard = loop->signals.fd >= 0 &&
                    sigprocmask(SIG_BLOCK, signals, NULL) == 0 &&
                    loop_watch(loop, &loop->signals, EPOLLIN);
    if (!is_heard)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot hear signals: %s", g_strerror(errno));
    return is_heard;
}
