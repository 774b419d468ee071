/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/files.h: the files of one directory, by the ids that nodes know.
 *
 * A FileId is HMAC-SHA256(id key, tenant 0x00 path), so the directory is read
 * once, and again on files_scan; what its folder f/ calls by 64 hex digits is
 * the file of that id. Every file is version 1 of itself: one that changes
 * while it is served is not found any more, since two contents must never be
 * sealed with the key of one version.
 */
#pragma once

#include "core/turn.h"

#include <glib.h>

#define FILES_COUNT_MAX 1000000u
#define FILES_ID_KEY_BYTES 32u

typedef struct Files Files;

typedef struct FilesConfig {
    const char *directory; /* lent, as the next */
    const char *tenant;
    const uint8_t *id_key; /* FILES_ID_KEY_BYTES */
} FilesConfig;

/* Read the directory; symbolic links are not followed. */
Files *files_new(const FilesConfig *config, GError **error);
void files_free(Files *files);
/* Read it again: new files appear, and those that are gone go. */
bool files_scan(Files *files, GError **error);
uint32_t files_count(const Files *files);

/* The id of a path below the directory, without a leading slash. */
FileId files_id(const FilesConfig *config, const char *path);
/* Answer an EFFECT_READ: fill event->read in; the extent's chunk is the
 * caller's. */
void files_read(Files *files, const Effect *effect, Event *event);
