/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_log.c: a log that programs can read.
 */
#include "sim/log.h"
#include "sim/member.h"

#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

typedef struct Diary {
    char *directory;
    char *path;
    Log log;
} Diary;

static void
diary_begin(Diary *diary, LogLevel level)
{
    g_autoptr(GError) error = NULL;
    diary->directory = g_dir_make_tmp("byway-log-XXXXXX", NULL);
    diary->path = g_build_filename(diary->directory, "log.jsonl", NULL);
    log_init(&diary->log, level);
    g_assert_true(log_open(&diary->log, diary->directory, &error));
    g_assert_no_error(error);
}

/* Its lines, each a whole JSON object. */
static json_t *
diary_end(Diary *diary)
{
    g_assert_true(log_close(&diary->log));
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(diary->path, &text, NULL, NULL));
    g_assert_true(*text == '\0' || g_str_has_suffix(text, "}\n"));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    json_t *objects = json_array();
    for (char **line = lines; *line && **line; line++) {
        json_error_t fault;
        json_t *object = json_loads(*line, JSON_REJECT_DUPLICATES, &fault);
        if (!object)
            g_error("%s: %s", *line, fault.text);
        json_array_append_new(objects, object);
    }
    g_remove(diary->path);
    g_rmdir(diary->directory);
    g_free(diary->path);
    g_free(diary->directory);
    return objects;
}

static void
expect_text(const json_t *object, const char *key, const char *text)
{
    g_assert_cmpstr(json_string_value(json_object_get(object, key)), ==, text);
}

static void
an_event_is_a_line_with_time_level_text_and_members(void)
{
    Diary diary;
    diary_begin(&diary, LOG_ERROR);
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "mode", "nearby");
    member_add_count(members, "events", INT64_MAX);
    member_add_flag(members, "complete", true);
    log_tell(&diary.log, LOG_INFO, members, "mode %s ends", "nearby");
    log_tell(&diary.log, LOG_INFO, NULL, "exit code %d", 0);
    json_t *events = diary_end(&diary);
    g_assert_cmpuint(json_array_size(events), ==, 2);
    const json_t *event = json_array_get(events, 0);
    double time_s = json_number_value(json_object_get(event, "time_seconds"));
    g_assert_true(time_s >= 0 && time_s < 60);
    expect_text(event, "level", "info");
    expect_text(event, "message", "mode nearby ends");
    expect_text(event, "mode", "nearby");
    g_assert_cmpint(json_integer_value(json_object_get(event, "events")), ==,
                    INT64_MAX);
    g_assert_true(json_is_true(json_object_get(event, "complete")));
    expect_text(json_array_get(events, 1), "message", "exit code 0");
    json_decref(events);
}

static void
no_text_breaks_a_line(void)
{
    Diary diary;
    diary_begin(&diary, LOG_ERROR);
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "path", "a\xff/\t\"b\"\\");
    log_tell(&diary.log, LOG_INFO, members, "gnuplot: %s",
             "line 1,\nline 2,\n");
    json_t *events = diary_end(&diary);
    g_assert_cmpuint(json_array_size(events), ==, 1);
    const json_t *event = json_array_get(events, 0);
    expect_text(event, "message", "gnuplot: line 1,\nline 2,\n");
    expect_text(event, "path", "a\xef\xbf\xbd/\t\"b\"\\");
    json_decref(events);
}

static void
debug_is_kept_when_asked_for(void)
{
    for (int level = LOG_ERROR; level < LOG_LEVEL_COUNT; level++) {
        Diary diary;
        diary_begin(&diary, LOG_ERROR);
        diary.log.level = (LogLevel)level;
        log_tell(&diary.log, LOG_DEBUG, NULL, "a detail");
        json_t *events = diary_end(&diary);
        g_assert_cmpuint(json_array_size(events), ==, level == LOG_DEBUG);
        json_decref(events);
    }
}

static void
levels_go_by_their_names(void)
{
    LogLevel level = LOG_DEBUG;
    g_assert_true(log_parse_level("warning", &level));
    g_assert_cmpint(level, ==, LOG_WARNING);
    g_assert_false(log_parse_level("warn", &level));
    g_assert_false(log_parse_level("", &level));
    g_assert_cmpint(level, ==, LOG_WARNING);
}

static void
a_folder_that_is_not_there_is_an_error(void)
{
    Log log;
    log_init(&log, LOG_ERROR);
    g_autoptr(GError) error = NULL;
    g_assert_false(log_open(&log, "/nonexistent", &error));
    g_assert_nonnull(strstr(error->message, "/nonexistent/log.jsonl"));
    log_tell(&log, LOG_INFO, NULL, "to nobody");
    g_assert_true(log_close(&log));
}

static void
a_line_that_is_lost_is_not_forgotten(void)
{
    Log log;
    log_init(&log, LOG_ERROR);
    log.file = fopen("/dev/full", "a");
    g_assert_nonnull(log.file);
    log_tell(&log, LOG_INFO, NULL, "lost");
    g_assert_false(log_close(&log));
}

#define CASE(name) g_test_add_func("/sim/log/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(an_event_is_a_line_with_time_level_text_and_members);
    CASE(no_text_breaks_a_line);
    CASE(debug_is_kept_when_asked_for);
    CASE(levels_go_by_their_names);
    CASE(a_line_that_is_lost_is_not_forgotten);
    CASE(a_folder_that_is_not_there_is_an_error);
    return g_test_run();
}
