/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/log.c: one event, one line.
 *
 * Processes that share the file take turns: each line is written at once.
 */
#include "sim/log.h"

#include <glib/gstdio.h>
#include <string.h>

#include "sim/directory.h"
#include "sim/member.h"

static const char *const NAMES[LOG_LEVEL_COUNT] = {
    [LOG_ERROR] = "error",
    [LOG_WARNING] = "warning",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

bool
log_parse_level(const char *text, LogLevel *ret_level)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (g_str_equal(text, NAMES[i])) {
            *ret_level = (LogLevel)i;
            return true;
        }
    }
    return false;
}

void
log_init(Log *log, LogLevel level)
{
    *log = (Log){.level = level, .start_us = progress_now_us()};
}

bool
log_open(Log *log, const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "log.jsonl", NULL);
    log->file = g_fopen(path, "ae");
    return log->file || directory_fail(error, path);
}

static void
show(const Log *log, LogLevel level, const char *text)
{
    if (log->progress)
        progress_end(log->progress);
    fprintf(stderr, "byway: %s%s\n", level == LOG_WARNING ? "warning: " : "",
            text);
}

static void
keep(const Log *log, LogLevel level, const GString *members, const char *text)
{
    g_autoptr(GString) json = g_string_new(NULL);
    member_add_number(json, "time_seconds",
                      (double)(progress_now_us() - log->start_us) / 1e6);
    member_add_text(json, "level", NAMES[level]);
    member_add_text(json, "message", text);
    if (members)
        g_string_append_len(json, members->str, (gssize)members->len);
    g_string_truncate(json, json->len - strlen(",\n"));
    /* Texts have theirs escaped: these part members. */
    g_strdelimit(json->str, "\n", ' ');
    fprintf(log->file, "{%s}\n", json->str);
    fflush(log->file);
}

void
log_tell(Log *log, LogLevel level, const GString *members, const char *format,
         ...)
{
    bool is_shown = level <= log->level && !log->is_mute;
    bool is_kept = log->file && level <= MAX(log->level, LOG_INFO);
    if (!is_shown && !is_kept)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (is_shown)
        show(log, level, text);
    if (is_kept)
        keep(log, level, members, text);
}

bool
log_close(Log *log)
{
    FILE *file = log->file;
    log->file = NULL;
    bool is_good = !file || !ferror(file);
    return (!file || fclose(file) == 0) && is_good;
}
