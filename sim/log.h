/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/log.h: what a run has to say, on stderr and in log.jsonl.
 *
 * An event is one line on stderr when its level is asked for, and one JSON
 * object on a line of the file when it is info or above, or asked for.
 */
#pragma once

#include "sim/progress.h"

#include <stdio.h>

typedef enum LogLevel {
    LOG_ERROR,
    LOG_WARNING, /* what stderr shows unless asked otherwise */
    LOG_INFO,
    LOG_DEBUG,
    LOG_LEVEL_COUNT,
} LogLevel;

typedef struct Log {
    FILE *file; /* NULL until there is a place for it */
    LogLevel level;
    bool is_mute;       /* another rank tells */
    Progress *progress; /* lent; its line makes room for ours */
    int64_t start_us;
} Log;

void log_init(Log *log, LogLevel level);
/* Begin DIRECTORY/log.jsonl; events until then were for stderr alone. */
bool log_open(Log *log, const char *directory, GError **error);
/* Tell of an event. Its members (sim/member.h) may be NULL; stderr gets the
 * text alone. */
void log_tell(Log *log, LogLevel level, const GString *members,
              const char *format, ...) G_GNUC_PRINTF(4, 5);
/* False when not all of it reached the disk. */
bool log_close(Log *log);
/* "warning"; false when text names no level. */
bool log_parse_level(const char *text, LogLevel *ret_level);
