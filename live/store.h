/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/store.h: what a node asked to keep, in one SQLite file.
 *
 * What is put between two commits is one transaction: all of it is durable
 * or nothing. A failure is final: from then on no commit succeeds, nothing
 * more may be acknowledged, and the process should end. The kernel may have
 * thrown away what it failed to write, so a second try would prove nothing.
 *
 * A file belongs to one process, that of one role: others are kept out by a
 * lock. Readers may look, and copy it with sqlite3's .backup.
 */
#pragma once

#include "core/node.h"

#include <glib.h>

typedef struct Store Store;

/* Open a file, or make a new one, readable by its owner alone in a directory
 * that is closed to others. One that is damaged, or another's, is refused. */
Store *store_open(const char *path, Role role, GError **error);
/* What was put since the last commit is forgotten. */
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Hand every record over, by rising key; visit puts nothing. */
bool store_restore(Store *store,
                   void (*visit)(void *context, const Record *record),
                   void *context, GError **error);
/* Keep a record, or without a value delete it; the next commit tells. */
void store_put(Store *store, uint32_t tag, const Record *record);
/* Make durable what was put, and append its tags (uint32_t) in the order they
 * were put. Costs nothing if there is nothing. */
bool store_commit(Store *store, GArray *tags, GError **error);
