/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_store.c: what was acknowledged is there, whatever happens.
 *
 * The story of the kills: a child puts numbered records in batches and tells
 * each number over a pipe once it is durable; the test kills it at a random
 * moment, which may be while it still recovers what its forerunner left. The
 * next child looks whether the file is what one of the batches, at or after
 * the last one told, left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/key_table.h"
#include "core/number.h"
#include "live/store.h"

#define KILL_COUNT 200u
#define KEY_COUNT 1000u /* number n is under the key n % KEY_COUNT */
#define BATCH_COUNT 7u

typedef struct Shelf {
    char *directory;
    char *path;
} Shelf;

static Shelf
shelf_new(void)
{
    Shelf shelf = {.directory = g_dir_make_tmp("byway-store-XXXXXX", NULL)};
    g_assert_nonnull(shelf.directory);
    shelf.path = g_build_filename(shelf.directory, "state.db", NULL);
    return shelf;
}

static void
shelf_clear(Shelf *shelf)
{
    GDir *files = g_dir_open(shelf->directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(shelf->directory, name, NULL);
        g_unlink(path);
    }
    g_dir_close(files);
    g_assert_cmpint(g_rmdir(shelf->directory), ==, 0);
    g_free(shelf->directory);
    g_free(shelf->path);
}

static Store *
open_store(const Shelf *shelf)
{
    GError *error = NULL;
    Store *store = store_open(shelf->path, ROLE_MANAGER, &error);
    g_assert_no_error(error);
    return store;
}

static void
expect_refusal(const Shelf *shelf, Role role, const char *words)
{
    GError *error = NULL;
    g_assert_null(store_open(shelf->path, role, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, shelf->directory) ||
        !strstr(error->message, words))
        g_error("'%s' does not say '%s'", error->message, words);
    g_error_free(error);
}

/* Record n: its key comes again every KEY_COUNT numbers, its value never. */
static Record
record_of(uint64_t n)
{
    Record record = {.key_bytes = 4, .value_bytes = 8 + (uint32_t)(n % 200)};
    number_put(record.key, n % KEY_COUNT, 4);
    number_put(record.value, n, 8);
    for (uint32_t i = 8; i < record.value_bytes; i++)
        record.value[i] = (uint8_t)(n * i);
    return record;
}

static bool
put_batch(Store *store, uint64_t first)
{
    g_autoptr(GArray) tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint64_t n = first; n < first + BATCH_COUNT; n++) {
        Record record = record_of(n);
        store_put(store, (uint32_t)n, &record);
    }
    if (!store_commit(store, tags, NULL)) {
        g_assert_cmpuint(tags->len, ==, 0);
        return false;
    }
    g_assert_cmpuint(tags->len, ==, BATCH_COUNT);
    for (uint32_t i = 0; i < BATCH_COUNT; i++)
        g_assert_cmpuint(g_array_index(tags, uint32_t, i), ==,
                         (uint32_t)first + i);
    return true;
}

typedef struct Look {
    uint64_t numbers[KEY_COUNT]; /* by key; 0: none, as numbers begin at 1 */
    uint64_t last;
} Look;

static void
look_at(void *context, const Record *record)
{
    Look *look = context;
    uint64_t n = number_at(record->value, 8);
    Record expected = record_of(n);
    g_assert_true(memcmp(&expected, record, sizeof expected) == 0);
    look->numbers[n % KEY_COUNT] = n;
    look->last = MAX(look->last, n);
}

/* The last number there; all is as it was when that one was put, and it ends
 * a batch. */
static uint64_t
check_all(Store *store)
{
    Look look = {0};
    GError *error = NULL;
    store_restore(store, look_at, &look, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(look.last % BATCH_COUNT, ==, 0);
    uint64_t n = look.last;
    for (uint32_t i = 0; i < KEY_COUNT && n > 0; i++, n--)
        g_assert_cmpuint(look.numbers[n % KEY_COUNT], ==, n);
    return look.last;
}

static void
records_come_back_by_rising_key_and_deleted_ones_do_not(void)
{
    Shelf shelf = shelf_new();
    Store *store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), ==, 0);
    for (uint64_t n = 1; n < 300 * BATCH_COUNT; n += BATCH_COUNT)
        g_assert_true(put_batch(store, n));
    store_free(store);
    store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), ==, 300 * BATCH_COUNT);
    g_autoptr(GArray) tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint64_t n = 1; n <= KEY_COUNT; n++) {
        Record record = record_of(n);
        record.value_bytes = 0;
        store_put(store, 9, &record);
    }
    g_assert_true(store_commit(store, tags, NULL));
    store_free(store);
    store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), ==, 0);
    store_free(store);
    shelf_clear(&shelf);
}

static void
what_was_not_committed_is_not_there(void)
{
    Shelf shelf = shelf_new();
    Store *store = open_store(&shelf);
    g_assert_true(put_batch(store, 1));
    Record record = record_of(100);
    store_put(store, 100, &record);
    store_free(store);
    store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), ==, BATCH_COUNT);
    store_free(store);
    shelf_clear(&shelf);
}

/* Put batches for ever, and tell the last number of each once it is durable.
 * What the forerunner told must be there. */
static void G_GNUC_NORETURN
live_until_killed(const Shelf *shelf, uint64_t told, int pipe_fd)
{
    Store *store = open_store(shelf);
    uint64_t last = check_all(store);
    g_assert_cmpuint(last, >=, told);
    for (;;) {
        g_assert_true(put_batch(store, last + 1));
        last += BATCH_COUNT;
        g_assert_cmpint(write(pipe_fd, &last, sizeof last), ==, sizeof last);
    }
}

/* Let a child live for so long; the last number that it told. */
static uint64_t
live_and_die(const Shelf *shelf, uint64_t told, gulong life_us)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        close(ends[0]);
        live_until_killed(shelf, told, ends[1]);
    }
    close(ends[1]);
    g_usleep(life_us);
    g_assert_cmpint(kill(child, SIGKILL), ==, 0);
    uint64_t heard;
    while (read(ends[0], &heard, sizeof heard) == sizeof heard)
        told = heard;
    close(ends[0]);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    return told;
}

static void
whatever_was_acknowledged_outlives_kill_nine(void)
{
    Shelf shelf = shelf_new();
    uint64_t told = 0;
    uint32_t mute_count = 0;
    for (uint32_t life = 0; life < KILL_COUNT; life++) {
        uint64_t before = told;
        gulong life_us = (gulong)g_test_rand_int_range(500, 40000);
        told = live_and_die(&shelf, told, life_us);
        mute_count += told == before;
    }
    Store *store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), >=, told);
    g_test_message("%u kills, %u of them before a word; %u acknowledged",
                   KILL_COUNT, mute_count, (unsigned)told);
    g_assert_cmpuint(told, >, KEY_COUNT);
    store_free(store);
    shelf_clear(&shelf);
}

/* Put batches until the disk is full, and tell as above; end with 0 when the
 * failure was final. */
static void G_GNUC_NORETURN
fill_the_disk(const Shelf *shelf, int pipe_fd)
{
    const struct rlimit limit = {300000, 300000};
    Store *store = open_store(shelf);
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    uint64_t last = 0;
    for (; put_batch(store, last + 1); last += BATCH_COUNT) {
        uint64_t told = last + BATCH_COUNT;
        g_assert_cmpint(write(pipe_fd, &told, sizeof told), ==, sizeof told);
    }
    bool is_final = !put_batch(store, last + 1);
    g_autoptr(GArray) tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    is_final &= !store_commit(store, tags, NULL);
    store_free(store);
    _exit(is_final ? 0 : 1);
}

static void
a_full_disk_is_an_error_and_no_acknowledgement(void)
{
    Shelf shelf = shelf_new();
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        fill_the_disk(&shelf, ends[1]);
    close(ends[1]);
    uint64_t told = 0, heard;
    while (read(ends[0], &heard, sizeof heard) == sizeof heard)
        told = heard;
    close(ends[0]);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    g_assert_cmpuint(told, >, 0);
    Store *store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), ==, told);
    g_assert_true(put_batch(store, told + 1));
    store_free(store);
    shelf_clear(&shelf);
}

/* Put a record of a version of a file; false when the store refuses. */
static bool
put_version(Store *store, uint8_t version, uint32_t value_bytes)
{
    g_autoptr(GArray) tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    Record record = {.key_bytes = 40, .value_bytes = value_bytes};
    record.key[39] = version;
    store_put(store, 0, &record);
    return store_commit(store, tags, NULL);
}

static void
a_key_service_never_forgets_a_version_nor_wakes_a_dead_key(void)
{
    Shelf shelf = shelf_new();
    Store *store = store_open(shelf.path, ROLE_KEY_SERVICE, NULL);
    g_assert_true(put_version(store, 1, 201));
    g_assert_true(put_version(store, 1, 181));
    g_assert_true(put_version(store, 1, KEY_TOMBSTONE_BYTES));
    g_assert_true(put_version(store, 1, KEY_TOMBSTONE_BYTES));
    g_assert_false(put_version(store, 1, 201));
    store_free(store);
    store = store_open(shelf.path, ROLE_KEY_SERVICE, NULL);
    g_assert_true(put_version(store, 2, 201));
    g_assert_false(put_version(store, 1, 0));
    /* Nothing is acknowledged after a failure. */
    g_assert_false(put_version(store, 3, 201));
    store_free(store);
    shelf_clear(&shelf);
}

static void
the_files_are_closed_to_others(void)
{
    Shelf shelf = shelf_new();
    Store *store = open_store(&shelf);
    g_assert_true(put_batch(store, 1));
    GDir *files = g_dir_open(shelf.directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(shelf.directory, name, NULL);
        GStatBuf status;
        g_assert_cmpint(g_stat(path, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    }
    g_dir_close(files);
    store_free(store);
    g_assert_cmpint(g_chmod(shelf.path, 0640), ==, 0);
    expect_refusal(&shelf, ROLE_MANAGER, "chmod");
    g_assert_cmpint(g_chmod(shelf.path, 0600), ==, 0);
    g_assert_cmpint(g_chmod(shelf.directory, 0755), ==, 0);
    expect_refusal(&shelf, ROLE_MANAGER, "chmod");
    g_assert_cmpint(g_chmod(shelf.directory, 0700), ==, 0);
    shelf_clear(&shelf);
}

static void
a_file_has_one_process_and_one_role(void)
{
    Shelf shelf = shelf_new();
    Store *store = open_store(&shelf);
    expect_refusal(&shelf, ROLE_MANAGER, "another process has it open");
    g_assert_true(put_batch(store, 1)); /* the first one is not disturbed */
    store_free(store);
    expect_refusal(&shelf, ROLE_KEY_SERVICE, "belongs to a manager");
    store = open_store(&shelf);
    g_assert_cmpuint(check_all(store), ==, BATCH_COUNT);
    store_free(store);
    shelf_clear(&shelf);
}

/* Write over a file from an offset on. */
static void
scribble(const Shelf *shelf, off_t offset_bytes, const void *bytes, size_t size)
{
    int fd = open(shelf->path, O_WRONLY | O_CREAT, 0600);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(pwrite(fd, bytes, size, offset_bytes), ==, (gint64)size);
    close(fd);
}

static void
run_sql(const Shelf *shelf, const char *sql)
{
    sqlite3 *database;
    g_assert_cmpint(sqlite3_open(shelf->path, &database), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(database, sql, NULL, NULL, NULL), ==,
                    SQLITE_OK);
    sqlite3_close(database);
    g_assert_cmpint(g_chmod(shelf->path, 0600), ==, 0);
}

static void
what_is_not_ours_is_refused_and_left_alone(void)
{
    static const char TEXT[] = "Dear diary, this is not a database at all.\n";
    Shelf shelf = shelf_new();
    for (uint32_t i = 0; i < 100; i++)
        scribble(&shelf, (off_t)(i * (sizeof TEXT - 1)), TEXT, sizeof TEXT - 1);
    expect_refusal(&shelf, ROLE_MANAGER, "is no database");
    g_unlink(shelf.path);
    run_sql(&shelf, "CREATE TABLE diary(line TEXT)");
    g_autofree char *before = NULL, *after = NULL;
    gsize before_bytes, after_bytes;
    g_file_get_contents(shelf.path, &before, &before_bytes, NULL);
    expect_refusal(&shelf, ROLE_MANAGER, "some other program");
    g_file_get_contents(shelf.path, &after, &after_bytes, NULL);
    g_assert_true(before_bytes == after_bytes &&
                  memcmp(before, after, before_bytes) == 0);
    g_unlink(shelf.path);
    store_free(open_store(&shelf));
    run_sql(&shelf, "PRAGMA user_version=2");
    expect_refusal(&shelf, ROLE_MANAGER, "another version");
    shelf_clear(&shelf);
}

/* A page of zeros, a page that is another, a file that is cut. */
static void
a_damaged_file_is_refused(void)
{
    for (uint32_t damage = 0; damage < 3; damage++) {
        Shelf shelf = shelf_new();
        char page[4096] = {0};
        Store *store = open_store(&shelf);
        for (uint64_t n = 1; n < 300 * BATCH_COUNT; n += BATCH_COUNT)
            g_assert_true(put_batch(store, n));
        store_free(store);
        g_autofree char *bytes = NULL;
        gsize byte_count;
        g_file_get_contents(shelf.path, &bytes, &byte_count, NULL);
        g_assert_cmpuint(byte_count, >, 20 * sizeof page);
        if (damage == 1)
            memcpy(page, bytes + 10 * sizeof page, sizeof page);
        if (damage == 2)
            g_assert_cmpint(truncate(shelf.path, (off_t)byte_count / 2), ==, 0);
        else
            scribble(&shelf, 15 * sizeof page, page, sizeof page);
        expect_refusal(&shelf, ROLE_MANAGER, "is damaged");
        shelf_clear(&shelf);
    }
}

/* A record of a size that nobody writes is no reason to fall. */
static void
a_record_that_was_forged_is_refused(void)
{
    Shelf shelf = shelf_new();
    store_free(open_store(&shelf));
    run_sql(&shelf, "PRAGMA ignore_check_constraints=1;"
                    "INSERT INTO record VALUES(zeroblob(41), zeroblob(300))");
    expect_refusal(&shelf, ROLE_MANAGER, "is damaged");
    shelf_clear(&shelf);
}

#define STORY(name) g_test_add_func("/store/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(records_come_back_by_rising_key_and_deleted_ones_do_not);
    STORY(what_was_not_committed_is_not_there);
    STORY(whatever_was_acknowledged_outlives_kill_nine);
    STORY(a_full_disk_is_an_error_and_no_acknowledgement);
    STORY(a_key_service_never_forgets_a_version_nor_wakes_a_dead_key);
    STORY(the_files_are_closed_to_others);
    STORY(a_file_has_one_process_and_one_role);
    STORY(what_is_not_ours_is_refused_and_left_alone);
    STORY(a_damaged_file_is_refused);
    STORY(a_record_that_was_forged_is_refused);
    return g_test_run();
}
