/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/turn_file.h: a turn log (core/turn_log.h) that is being written.
 *
 * The file is new and its owner's alone: keys stand in it. A write that fails
 * ends the log; the driver asks now and then, and goes on as it likes.
 */
#pragma once

#include "core/turn_log.h"

typedef struct TurnFile {
    char *path;
    int file;
    int error; /* errno of the write that failed, or 0 */
    Coder log; /* not yet written */
} TurnFile;

/* writer is a text for people: which program, doing what. */
TurnFile *turn_file_new(const char *path, const char *writer, GError **error);
/* Write the rest; false when not all of the log is in the file. */
bool turn_file_close(TurnFile *file, GError **error);

void turn_file_node(TurnFile *file, LoggedNode *node);
void turn_file_event(TurnFile *file, uint32_t node, const Event *event);
void turn_file_turn(TurnFile *file, const Turn *turn);
/* Hand all to the kernel, so that it outlives this process. */
void turn_file_flush(TurnFile *file);
bool turn_file_is_good(const TurnFile *file);

/* Make one log of several, a NULL-terminated list of paths that are then gone;
 * those that are not there are left out. */
bool turn_file_join(const char *path, char **parts, GError **error);
