/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gang.c: tickets for items, and waiting that first spins, then sleeps.
 *
 * Jobs last some hundred microseconds and follow one another closely, so who
 * waits looks again and again before it lets the kernel wake it.
 */
#include "sim/gang.h"

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SPINS_MAX 4000
#define JOB_SHIFT 32

struct Gang {
    void (*work)(void *context, uint32_t item);
    void *context;
    GThread **threads;
    uint32_t count;
    uint32_t item_count;
    /* The job's number above, the next item below: who adds one has taken an
     * item of just that job, or finds that none is left. */
    _Alignas(64) atomic_uint_fast64_t ticket;
    _Alignas(64) atomic_uint done_count;
    atomic_bool is_over;
    atomic_uint sleeper_count;
    GMutex mutex;
    GCond is_changed;
};

#if defined(__x86_64__) || defined(__i386__)
#define REST() __builtin_ia32_pause()
#else
#define REST() (void)0
#endif

static void
await(Gang *gang, bool (*is_so)(Gang *gang, uint64_t what), uint64_t what)
{
    for (int i = 0; i < SPINS_MAX; i++) {
        if (is_so(gang, what))
            return;
        REST();
    }
    g_mutex_lock(&gang->mutex);
    atomic_fetch_add(&gang->sleeper_count, 1);
    while (!is_so(gang, what))
        g_cond_wait(&gang->is_changed, &gang->mutex);
    atomic_fetch_sub(&gang->sleeper_count, 1);
    g_mutex_unlock(&gang->mutex);
}

static void
wake_sleepers(Gang *gang)
{
    if (atomic_load(&gang->sleeper_count) == 0)
        return;
    g_mutex_lock(&gang->mutex);
    g_cond_broadcast(&gang->is_changed);
    g_mutex_unlock(&gang->mutex);
}

static bool
is_another_job(Gang *gang, uint64_t job)
{
    /* The last job may be over before its end is looked for. */
    return atomic_load(&gang->is_over) ||
           atomic_load(&gang->ticket) >> JOB_SHIFT != job;
}

static bool
is_done(Gang *gang, uint64_t item_count)
{
    return atomic_load(&gang->done_count) == item_count;
}

/* Take items until none is left; returns the job's number. */
static uint64_t
take_items(Gang *gang)
{
    for (;;) {
        uint64_t ticket = atomic_fetch_add(&gang->ticket, 1);
        uint32_t item = (uint32_t)ticket;
        if (item >= gang->item_count)
            return ticket >> JOB_SHIFT;
        gang->work(gang->context, item);
        if (atomic_fetch_add(&gang->done_count, 1) + 1 == gang->item_count)
            wake_sleepers(gang);
    }
}

static gpointer
live(gpointer data)
{
    Gang *gang = data;
    while (!atomic_load(&gang->is_over)) {
        uint64_t job = take_items(gang);
        await(gang, is_another_job, job);
    }
    return NULL;
}

static void
begin_job(Gang *gang, uint32_t first_item)
{
    uint64_t job = (atomic_load(&gang->ticket) >> JOB_SHIFT) + 1;
    atomic_store(&gang->ticket, job << JOB_SHIFT | first_item);
    wake_sleepers(gang);
}

Gang *
gang_new(uint32_t count, uint32_t item_count, void (*work)(void *, uint32_t),
         void *context)
{
    Gang *gang = g_aligned_alloc0(1, sizeof *gang, 64);
    gang->work = work;
    gang->context = context;
    gang->count = count;
    gang->item_count = item_count;
    atomic_store(&gang->ticket, item_count); /* nothing to do yet */
    gang->threads = g_new0(GThread *, count);
    g_mutex_init(&gang->mutex);
    g_cond_init(&gang->is_changed);
    for (uint32_t i = 1; i < count; i++)
        gang->threads[i] = g_thread_new("part", live, gang);
    return gang;
}

void
gang_run(Gang *gang)
{
    atomic_store(&gang->done_count, 0);
    begin_job(gang, 0);
    take_items(gang);
    await(gang, is_done, gang->item_count);
}

void
gang_free(Gang *gang)
{
    atomic_store(&gang->is_over, true);
    begin_job(gang, gang->item_count);
    for (uint32_t i = 1; i < gang->count; i++)
        g_thread_join(gang->threads[i]);
    g_mutex_clear(&gang->mutex);
    g_cond_clear(&gang->is_changed);
    g_free(gang->threads);
    g_aligned_free(gang);
}
