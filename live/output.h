/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/output.h: a file that appears under its name only when it is whole.
 *
 * Until then it grows as NAME.partial, in any order, locked against a second
 * writer; what is there is kept, whatever happens.
 */
#pragma once

#include "core/event.h"

#include <glib.h>

typedef struct Output {
    char *path;
    char *partial_path;
    int fd; /* of the partial file */
    bool may_replace;
    uint64_t held_bytes; /* size of the partial file when it was opened */
} Output;

/* Open the partial file, or begin it. Fails when the name is taken, with
 * G_FILE_ERROR_EXIST, unless it may be replaced. */
bool output_open(Output *output, const char *path, bool may_replace,
                 GError **error);
void output_close(Output *output);
/* Forget what is in it. */
bool output_empty(Output *output, GError **error);
/* Take the room on the disk now rather than fail for want of it later. */
bool output_reserve(Output *output, uint64_t size_bytes, GError **error);
/* An attempt that never began leaves no empty file behind. */
void output_drop_empty(Output *output);
bool output_write(Output *output, const Extent *extent, GError **error);
/* What is written would outlive a power cut. */
bool output_sync(Output *output, GError **error);
/* It is whole, and has so many bytes: give it its name. */
bool output_publish(Output *output, uint64_t size_bytes, GError **error);

/* fsync of the folder that a path lies in. */
bool output_sync_folder(const char *path, GError **error);
/* "cannot WORD PATH: why", of errno; false. */
bool output_fail(const char *word, const char *path, GError **error);
