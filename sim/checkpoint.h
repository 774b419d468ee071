/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/checkpoint.h: what a run has done so far, in files to go on from.
 *
 * They lie in DIR.partial/checkpoint, each whole or not there: a new one takes
 * its name when the disk has all of it. A file holds what lies in memory, so
 * only the program that wrote it can read it, and it says which that was. It
 * is as secret as the run: the keys of simulated files are in it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/coder.h"

#define CHECKPOINT_BUILD_BYTES 32u

/* Which program this is: the SHA-256 of its file. */
typedef struct CheckpointBuild {
    uint8_t digest[CHECKPOINT_BUILD_BYTES];
} CheckpointBuild;

bool checkpoint_find_build(CheckpointBuild *ret_build, GError **error);

/* Writes what the file is to hold, or reads it. */
typedef void (*CheckpointCode)(void *context, Coder *coder);

typedef struct CheckpointFile {
    const char *directory; /* DIR.partial */
    const char *name;
    const CheckpointBuild *build;
    CheckpointCode code;
    void *context;
} CheckpointFile;

/* False, and what was there before still is, when the disk does not take it.
 * The directory must be there. */
bool checkpoint_write(const CheckpointFile *file, GError **error);
/* False when it is damaged or another program's; then code may have read a
 * part of it. */
bool checkpoint_read(const CheckpointFile *file, GError **error);
bool checkpoint_has(const char *directory, const char *name);
/* How long a file is that has been written so far, all of it on the disk; or
 * cut it to that length, which it had. It is open for appending. When the
 * system refuses, the coder is bad. */
void checkpoint_code_file(FILE *file, Coder *coder);
