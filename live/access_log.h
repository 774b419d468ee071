/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/access_log.h: one JSON object a line for each request.
 *
 * Whoever adds a line never waits for a disk: a thread of its own writes what
 * a bounded buffer holds, some time later. When the disk does not keep up,
 * lines are lost, and counted.
 */
#pragma once

#include "live/loop.h"
#include "live/visit.h"

/* Two of them: one fills while the other is written. */
#define ACCESS_LOG_BYTES (1u << 20)

typedef struct AccessLog AccessLog;

/* Append to a file, which is made if need be. role is the log's "role". */
AccessLog *access_log_new(const char *path, const char *role, Loop *loop,
                          GError **error);
/* Write what is left. */
void access_log_free(AccessLog *log);

void access_log_add(AccessLog *log, const Visit *visit);
/* The file has been moved away: from the next line on, write to a new one of
 * this name, which is copied. What stays is the old one if that fails. */
void access_log_reopen(AccessLog *log, const char *path);
uint64_t access_log_lost_count(const AccessLog *log);

/* The line of a visit, with its line break. */
void access_log_write(GString *text, const char *role, const Visit *visit);
