/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/files.h: the files of one directory, by the ids that nodes know.
 *
 * An id does not say what its path was, so the directory is read once, and
 * again on files_scan. With a catalogue just its files are served, in the
 * versions it says; without one every file is version 1 of itself. A file
 * that has changed is not found any more, since two contents must never be
 * sealed with the key of one version.
 */
#pragma once

#include "live/folder.h"

typedef struct Files Files;

typedef struct FilesConfig {
    Folder folder;
    const char *catalogue; /* live/catalogue.h; lent; NULL: none */
} FilesConfig;

Files *files_new(const FilesConfig *config, GError **error);
void files_free(Files *files);
/* Read it again: new files appear, and those that are gone go. */
bool files_scan(Files *files, GError **error);
uint32_t files_count(const Files *files);

/* Answer an EFFECT_READ: fill event->read in; the extent's chunk is the
 * caller's. */
void files_read(Files *files, const Effect *effect, Event *event);
