/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/catalogue.h: which version of which file is published.
 *
 * A CSV file that `byway publish` writes, and that a data centre and a key
 * service read: the one serves these files as long as they are what they
 * were, the other has a key for each version. A file that changes gets a new
 * version, and a version is never used again, since two contents sealed with
 * one key would give each other away. So rows stay when files go.
 */
#pragma once

#include "live/folder.h"

typedef struct CatalogueFile {
    FileId id;
    uint64_t version; /* from 1 */
    uint64_t size_bytes;
    int64_t modified_ns; /* of the calendar; may be before 1970 */
    char *path;          /* below the directory */
    bool is_news;        /* catalogue_publish gave it this version */
} CatalogueFile;

typedef struct Catalogue {
    GPtrArray *files;  /* CatalogueFile *, by path */
    GHashTable *by_id; /* FileId to CatalogueFile * */
} Catalogue;

Catalogue *catalogue_new(void);
void catalogue_free(Catalogue *catalogue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Catalogue, catalogue_free)
/* NULL with "FILE:LINE: ..." when it is not one, whole. */
Catalogue *catalogue_read(const char *path, GError **error);
/* Replace the file: whoever reads it meanwhile, or after a loss of power, has
 * the old one or the new one. */
bool catalogue_write(const Catalogue *catalogue, const char *path,
                     GError **error);

typedef struct PublishCount {
    uint32_t fresh;
    uint32_t changed; /* or given a new version again */
    uint32_t unchanged;
    uint32_t gone; /* since before; its row stays */
} PublishCount;

/* Bring it up to date with what is below a directory, and sort it by path.
 * is_again gives every file a new version, for new keys. */
bool catalogue_publish(Catalogue *catalogue, const Folder *folder,
                       bool is_again, PublishCount *ret_count, GError **error);

/* live/publish.c: the verb. */
int publish_main(int argc, char **argv);
