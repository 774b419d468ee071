/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/folder.h: the files below a directory, and the ids that nodes know.
 *
 * A FileId is HMAC-SHA256(id key, tenant 0x00 path); what the folder f/ calls
 * by 64 lower-case hex digits is the file of that id.
 */
#pragma once

#include "core/turn.h"

#include <glib.h>
#include <sys/stat.h>

#define FOLDER_FILES_MAX 1000000u
#define FOLDER_ID_KEY_BYTES 32u

typedef struct Folder {
    const char *directory; /* lent, as the next */
    const char *tenant;
    const uint8_t *id_key; /* FOLDER_ID_KEY_BYTES */
} Folder;

/* The id of a path below the directory, without a leading slash. */
FileId folder_id(const Folder *folder, const char *path);
/* Is this path "f/" and hex digits, which are the id? */
bool folder_parse_id(const char *path, FileId *ret_id);
guint folder_hash_id(gconstpointer id);
gboolean folder_is_same_id(gconstpointer left, gconstpointer right);
int64_t folder_modified_ns(const struct stat *stamp);

/* A descriptor of the directory, or -1. */
int folder_open(const char *directory, GError **error);
typedef bool (*FolderVisit)(void *context, const char *path,
                            const struct stat *stamp, GError **error);
/* Every regular file below a directory; symbolic links are not followed. The
 * first false ends it. */
bool folder_walk(const char *directory, FolderVisit visit, void *context,
                 GError **error);
