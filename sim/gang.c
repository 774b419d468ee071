/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gang.c: claims on items, and waiting that first spins, then sleeps.
 *
 * Jobs last some hundred microseconds and follow one another closely, so who
 * waits looks again and again before it lets the kernel wake it.
 */
#include "sim/gang.h"

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SPINS_MAX 4000

typedef struct Item {
    atomic_uint claim; /* the last job in which somebody took it */
    atomic_uint home;  /* thread */
} Item;

typedef struct Worker {
    Gang *gang;
    uint32_t thread;
} Worker;

struct Gang {
    void (*work)(void *context, uint32_t item);
    void *context;
    GThread **threads;
    uint32_t count;
    uint32_t item_count;
    Item *items;
    _Alignas(64) atomic_uint job; /* grows by one with each */
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
await(Gang *gang, bool (*is_so)(Gang *gang, uint32_t what), uint32_t what)
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
is_another_job(Gang *gang, uint32_t job)
{
    return atomic_load(&gang->is_over) || atomic_load(&gang->job) != job;
}

static bool
is_done(Gang *gang, uint32_t item_count)
{
    return atomic_load(&gang->done_count) == item_count;
}

/* Who comes late, from a job that is over, gets nothing: all is claimed. */
static bool
claim(Item *item, uint32_t job)
{
    uint32_t before = job - 1;
    return atomic_load(&item->claim) == before &&
           atomic_compare_exchange_strong(&item->claim, &before, job);
}

static void
take_item(Gang *gang, uint32_t item, uint32_t job)
{
    if (!claim(&gang->items[item], job))
        return;
    gang->work(gang->context, item);
    if (atomic_fetch_add(&gang->done_count, 1) + 1 == gang->item_count)
        wake_sleepers(gang);
}

/* Returns the job's number. */
static uint32_t
take_items(Gang *gang, uint32_t thread)
{
    uint32_t job = atomic_load(&gang->job);
    for (uint32_t item = 0; item < gang->item_count; item++) {
        if (atomic_load_explicit(&gang->items[item].home,
                                 memory_order_relaxed) == thread)
            take_item(gang, item, job);
    }
    for (uint32_t item = 0; item < gang->item_count; item++)
        take_item(gang, item, job);
    return job;
}

static gpointer
live(gpointer data)
{
    Worker worker = *(Worker *)data;
    g_free(data);
    while (!atomic_load(&worker.gang->is_over)) {
        uint32_t job = take_items(worker.gang, worker.thread);
        await(worker.gang, is_another_job, job);
    }
    return NULL;
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
    gang->items = g_new0(Item, item_count);
    for (uint32_t item = 0; item < item_count; item++)
        gang_set_home(gang, item, item % count);
    gang->threads = g_new0(GThread *, count);
    g_mutex_init(&gang->mutex);
    g_cond_init(&gang->is_changed);
    for (uint32_t i = 1; i < count; i++) {
        Worker *worker = g_new(Worker, 1);
        *worker = (Worker){gang, i};
        gang->threads[i] = g_thread_new("part", live, worker);
    }
    return gang;
}

void
gang_set_home(Gang *gang, uint32_t item, uint32_t thread)
{
    atomic_store_explicit(&gang->items[item].home, thread,
                          memory_order_relaxed);
}

void
gang_run(Gang *gang)
{
    atomic_store(&gang->done_count, 0);
    atomic_fetch_add(&gang->job, 1);
    wake_sleepers(gang);
    take_items(gang, 0);
    await(gang, is_done, gang->item_count);
}

void
gang_free(Gang *gang)
{
    atomic_store(&gang->is_over, true);
    wake_sleepers(gang);
    for (uint32_t i = 1; i < gang->count; i++)
        g_thread_join(gang->threads[i]);
    g_mutex_clear(&gang->mutex);
    g_cond_clear(&gang->is_changed);
    g_free(gang->threads);
    g_free(gang->items);
    g_aligned_free(gang);
}
