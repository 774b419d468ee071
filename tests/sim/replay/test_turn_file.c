/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/replay/test_turn_file.c: logs on disks, and on disks that are full.
 */
#include "sim/replay/turn_file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Desk {
    char *folder;
    char *path;
    char *parts[3];
} Desk;

static Desk
open_desk(void)
{
    Desk desk = {.folder = g_dir_make_tmp("turns-XXXXXX", NULL)};
    g_assert_nonnull(desk.folder);
    desk.path = g_build_filename(desk.folder, "log", NULL);
    desk.parts[0] = g_build_filename(desk.folder, "log.one", NULL);
    desk.parts[1] = g_build_filename(desk.folder, "log.two", NULL);
    return desk;
}

static void
close_desk(Desk *desk)
{
    g_unlink(desk->path);
    g_assert_cmpint(g_rmdir(desk->folder), ==, 0);
    g_free(desk->path);
    g_free(desk->parts[0]);
    g_free(desk->parts[1]);
    g_free(desk->folder);
}

static void
write_log(const char *path, uint32_t event_count)
{
    g_autoptr(GError) error = NULL;
    TurnFile *file = turn_file_new(path, "a test", &error);
    g_assert_no_error(error);
    for (uint32_t i = 0; i < event_count; i++)
        turn_file_event(file, i,
                        &(Event){.kind = EVENT_WAKE, .stream = STREAM_NONE});
    g_assert_true(turn_file_close(file, &error));
}

static uint32_t
count_records(const char *path, TurnLogKind kind)
{
    g_autofree char *bytes = NULL;
    gsize size_bytes;
    uint32_t count = 0;
    uint64_t at_bytes = 0;
    TurnLogRecord record;
    g_assert_true(g_file_get_contents(path, &bytes, &size_bytes, NULL));
    while (turn_log_next((const uint8_t *)bytes, size_bytes, &at_bytes,
                         &record) == TURN_LOG_RECORD)
        count += record.kind == kind;
    g_assert_cmpuint(at_bytes, ==, size_bytes);
    return count;
}

static void
a_log_is_its_owners_alone_and_replaces_nothing(void)
{
    Desk desk = open_desk();
    struct stat status;
    g_autoptr(GError) error = NULL;
    write_log(desk.path, 1);
    g_assert_cmpint(stat(desk.path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    g_assert_null(turn_file_new(desk.path, "a test", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_assert_cmpuint(count_records(desk.path, TURN_LOG_EVENT), ==, 1);
    close_desk(&desk);
}

static void
more_than_a_buffer_is_written_whole(void)
{
    Desk desk = open_desk();
    write_log(desk.path, 10000);
    g_assert_cmpuint(count_records(desk.path, TURN_LOG_EVENT), ==, 10000);
    close_desk(&desk);
}

static void
what_is_flushed_is_there_at_once(void)
{
    Desk desk = open_desk();
    Event event = {.kind = EVENT_WAKE, .stream = STREAM_NONE};
    TurnFile *file = turn_file_new(desk.path, "a test", NULL);
    turn_file_event(file, 0, &event);
    turn_file_flush(file);
    g_assert_cmpuint(count_records(desk.path, TURN_LOG_EVENT), ==, 1);
    g_assert_true(turn_file_close(file, NULL));
    close_desk(&desk);
}

static void
parts_become_one_log_and_are_gone(void)
{
    Desk desk = open_desk();
    write_log(desk.parts[0], 3000);
    write_log(desk.parts[1], 4000);
    g_assert_true(turn_file_join(desk.path, desk.parts, NULL));
    g_assert_cmpuint(count_records(desk.path, TURN_LOG_HEAD), ==, 2);
    g_assert_cmpuint(count_records(desk.path, TURN_LOG_EVENT), ==, 7000);
    close_desk(&desk);
}

static void
parts_that_are_not_there_are_left_out(void)
{
    Desk desk = open_desk();
    write_log(desk.parts[1], 4);
    g_assert_true(turn_file_join(desk.path, desk.parts, NULL));
    g_assert_cmpuint(count_records(desk.path, TURN_LOG_EVENT), ==, 4);
    close_desk(&desk);
}

static void
a_full_disk_ends_the_log_with_the_reason(void)
{
    /* A device that is always full is not new, so turn_file_new has none. */
    g_autoptr(GError) error = NULL;
    TurnFile *full = g_new0(TurnFile, 1);
    full->path = g_strdup("/dev/full");
    full->file = g_open(full->path, O_WRONLY, 0);
    Event event = {.kind = EVENT_WAKE, .stream = STREAM_NONE};
    g_assert_cmpint(full->file, >=, 0);
    turn_file_event(full, 0, &event);
    g_assert_true(turn_file_is_good(full));
    turn_file_flush(full);
    g_assert_false(turn_file_is_good(full));
    turn_file_event(full, 0, &event);
    g_assert_false(turn_file_close(full, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
    g_assert_nonnull(strstr(error->message, "/dev/full"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turn_file/own",
                    a_log_is_its_owners_alone_and_replaces_nothing);
    g_test_add_func("/turn_file/long", more_than_a_buffer_is_written_whole);
    g_test_add_func("/turn_file/flushed", what_is_flushed_is_there_at_once);
    g_test_add_func("/turn_file/joined", parts_become_one_log_and_are_gone);
    g_test_add_func("/turn_file/missing",
                    parts_that_are_not_there_are_left_out);
    g_test_add_func("/turn_file/full",
                    a_full_disk_ends_the_log_with_the_reason);
    return g_test_run();
}
