/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_gang.c: many short jobs, each item done once.
 */
#include "sim/gang.h"

#include <glib.h>
#include <stdatomic.h>

#define ITEMS 13u
#define JOBS 20000u

typedef struct Ledger {
    atomic_uint done[ITEMS];
    uint32_t job; /* written between jobs, read in them */
    atomic_uint wrong_count;
} Ledger;

static void
do_item(void *context, uint32_t item)
{
    Ledger *ledger = context;
    if (atomic_fetch_add(&ledger->done[item], 1) != ledger->job)
        atomic_fetch_add(&ledger->wrong_count, 1);
}

static void
run_jobs(uint32_t thread_count)
{
    Ledger ledger = {0};
    Gang *gang = gang_new(thread_count, ITEMS, do_item, &ledger);
    for (uint32_t job = 0; job < JOBS; job++) {
        ledger.job = job;
        /* Whose they are may change from job to job. */
        gang_set_home(gang, job % ITEMS, job / ITEMS % thread_count);
        gang_run(gang);
        for (uint32_t item = 0; item < ITEMS; item++)
            g_assert_cmpuint(atomic_load(&ledger.done[item]), ==, job + 1);
    }
    gang_free(gang);
    g_assert_cmpuint(atomic_load(&ledger.wrong_count), ==, 0);
}

static void
each_item_of_each_job_is_done_once(void)
{
    run_jobs(1);
    run_jobs(2);
    run_jobs(5);
}

static void
a_gang_that_never_works_can_be_let_go(void)
{
    Ledger ledger = {0};
    gang_free(gang_new(3, ITEMS, do_item, &ledger));
    g_assert_cmpuint(atomic_load(&ledger.done[0]), ==, 0);
}

/* Whenever its threads look whether it is over. */
static void
nor_is_it_kept_by_its_last_job(void)
{
    for (uint32_t i = 0; i < 3000; i++) {
        Ledger ledger = {0};
        Gang *gang = gang_new(3, ITEMS, do_item, &ledger);
        gang_run(gang);
        gang_free(gang);
        g_assert_cmpuint(atomic_load(&ledger.done[0]), ==, 1);
    }
}

/* Who waits long goes to sleep, and is woken. */
static void
threads_that_slept_come_back(void)
{
    Ledger ledger = {0};
    Gang *gang = gang_new(2, ITEMS, do_item, &ledger);
    for (uint32_t job = 0; job < 5; job++) {
        ledger.job = job;
        g_usleep(20000);
        gang_run(gang);
    }
    gang_free(gang);
    g_assert_cmpuint(atomic_load(&ledger.done[ITEMS - 1]), ==, 5);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gang/each_item_of_each_job_is_done_once",
                    each_item_of_each_job_is_done_once);
    g_test_add_func("/gang/a_gang_that_never_works_can_be_let_go",
                    a_gang_that_never_works_can_be_let_go);
    g_test_add_func("/gang/nor_is_it_kept_by_its_last_job",
                    nor_is_it_kept_by_its_last_job);
    g_test_add_func("/gang/threads_that_slept_come_back",
                    threads_that_slept_come_back);
    return g_test_run();
}
