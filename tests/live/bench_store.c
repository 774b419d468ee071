/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/bench_store.c: what durability costs, by records to a commit.
 *
 * Prints lines "records_per_commit,commits_per_second,records_per_second",
 * then the seconds that a start takes with all these records. The directory
 * to work in may be given; on another disk the figures are others.
 */
#include <glib/gstdio.h>
#include <stdio.h>

#include "core/number.h"
#include "live/store.h"

#define MEASURE_US (2 * G_USEC_PER_SEC)
#define VALUE_BYTES 201u /* of a key service's record */

static double
seconds_since(gint64 start_us)
{
    return (double)(g_get_monotonic_time() - start_us) / G_USEC_PER_SEC;
}

static void
measure(Store *store, uint32_t batch_count, uint64_t *number)
{
    g_autoptr(GArray) tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    Record record = {.key_bytes = 40, .value_bytes = VALUE_BYTES};
    uint64_t commit_count = 0;
    gint64 start_us = g_get_monotonic_time();
    while (g_get_monotonic_time() - start_us < MEASURE_US) {
        for (uint32_t i = 0; i < batch_count; i++) {
            /* Files' ids are random, so records go anywhere. */
            number_put(record.key, g_random_int(), 4);
            number_put(record.key + 32, ++*number, 8);
            store_put(store, i, &record);
        }
        g_assert_true(store_commit(store, tags, NULL));
        commit_count++;
    }
    double seconds = seconds_since(start_us);
    printf("%u,%.0f,%.0f\n", batch_count, (double)commit_count / seconds,
           (double)tags->len / seconds);
}

static void
count_record(void *context, const Record *record)
{
    uint64_t *count = context;
    *count += record->key_bytes > 0;
}

int
main(int argc, char **argv)
{
    static const uint32_t BATCHES[] = {1, 16, 256, 4096};
    g_autofree char *directory =
        argc > 1 ? g_strdup(argv[1]) : g_dir_make_tmp("byway-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "bench.db", NULL);
    uint64_t number = 0, count = 0;
    g_autoptr(GError) error = NULL;
    Store *store = store_open(path, ROLE_KEY_SERVICE, &error);
    g_assert_no_error(error);
    printf("records_per_commit,commits_per_second,records_per_second\n");
    for (size_t i = 0; i < G_N_ELEMENTS(BATCHES); i++)
        measure(store, BATCHES[i], &number);
    store_free(store);
    gint64 start_us = g_get_monotonic_time();
    store = store_open(path, ROLE_KEY_SERVICE, NULL);
    g_assert_true(store_restore(store, count_record, &count, NULL));
    printf("start with %u records: %.2f s\n", (unsigned)count,
           seconds_since(start_us));
    store_free(store);
    g_unlink(path);
    if (argc <= 1)
        g_rmdir(directory);
    return 0;
}
