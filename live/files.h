/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/files.h: the files of one directory, by the ids that nodes know.
 *
 * A FileId is HMAC-SHA256(id key, tenant 0x00 path), so the directory is read
 * once, and again on files_scan; what its folder f/ calls by 64 hex digits is
 * the file of that id. With a catalogue just its files are served, in the
 * versions it says; without one every file is version 1 of itself. A file
 * that has changed is not found any more, since two contents must never be
 * sealed with the key of one version.
 */
#pragma once

#include "core/turn.h"

#include <glib.h>
#include <sys/stat.h>

#define FILES_COUNT_MAX 1000000u
#define FILES_ID_KEY_BYTES 32u

typedef struct Files Files;

typedef struct FilesConfig {
    const char *directory; /* lent, as the next */
    const char *tenant;
    const uint8_t *id_key; /* FILES_ID_KEY_BYTES */
    const char *catalogue; /* live/catalogue.h; NULL: none */
} FilesConfig;

/* Read the directory; symbolic links are not followed. */
Files *files_new(const FilesConfig *config, GError **error);
void files_free(Files *files);
/* Read it again: new files appear, and those that are gone go. */
bool files_scan(Files *files, GError **error);
uint32_t files_count(const Files *files);

/* The id of a path below the directory, without a leading slash. */
FileId files_id(const FilesConfig *config, const char *path);
/* Is this path "f/" and 64 lower-case hex digits, which are the id? */
bool files_parse_id(const char *path, FileId *ret_id);
guint files_hash_id(gconstpointer id);
gboolean files_is_same_id(gconstpointer left, gconstpointer right);
int64_t files_modified_ns(const struct stat *stamp);

typedef bool (*FilesVisit)(void *context, const char *path,
                           const struct stat *stamp, GError **error);
/* Every regular file below a directory; the first false ends it. */
bool files_walk(const char *directory, FilesVisit visit, void *context,
                GError **error);
/* Answer an EFFECT_READ: fill event->read in; the extent's chunk is the
 * caller's. */
void files_read(Files *files, const Effect *effect, Event *event);
