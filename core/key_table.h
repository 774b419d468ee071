/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_table.h: every key version there ever was, by file.
 *
 * A row without a record is a tombstone and stays: no version of a file ever
 * gets a second key. A row changes in memory first and is then stored; a
 * master key is in use while a row's record, in memory or as last known to
 * be durable, is wrapped by it.
 *
 *     key    file[32] | u64 version
 *     value  u8 state | u32 last_used_day | u64 file_bytes | key record
 *
 * What a row became is read back after a restart. A value that makes no sense
 * leaves its row KEY_CLOSED: the version stays used, and the store is not
 * touched.
 */
#pragma once

#include "core/key_record.h"
#include "core/turn.h"

#define KEY_TOMBSTONE_BYTES 13u /* a stored value without key record */

/* Numbers are in stored values. */
typedef enum KeyState {
    KEY_PENDING, /* not durable yet: no grants */
    KEY_ACTIVE,  /* the newest of its file: seals and opens */
    KEY_RETIRED, /* opens until it expires */
    KEY_EXPIRED,
    KEY_DELETED, /* long unused, or never became durable */
    KEY_CLOSED,  /* restored, but does not open here; never stored */
} KeyState;

typedef struct KeyRow {
    struct KeyRow *older; /* the version before, or NULL */
    FileId file;
    uint64_t version;
    uint64_t file_bytes;
    uint64_t not_after_ms;
    uint8_t *record; /* NULL in a tombstone */
    uint32_t record_bytes;
    uint32_t index; /* the row's place, and its tag in turn_store */
    uint32_t last_used_day;
    uint32_t master_id;         /* of the record; 0 without one */
    uint32_t durable_master_id; /* of the durable record */
    uint32_t storing_count;     /* stores not yet answered */
    KeyState state;
    bool is_dirty; /* the last store failed */
} KeyRow;

typedef struct KeyTable KeyTable;

KeyTable *key_table_new(void);
void key_table_free(KeyTable *table);

uint32_t key_table_count(const KeyTable *table);
KeyRow *key_table_at(KeyTable *table, uint32_t index);
/* The newest version, or NULL; follow `older` for the others. */
KeyRow *key_table_newest(KeyTable *table, const FileId *file);
/* Add a version above all others of its file, PENDING and without record. */
KeyRow *key_table_add(KeyTable *table, const FileId *file, uint64_t version);

/* Take back a row that key_row_store wrote, in any order; NULL when the key
 * is no key of ours or is there already. */
KeyRow *key_table_restore(KeyTable *table, const Record *stored);

/* Give the row another record (copied), or with 0 bytes none. */
void key_row_replace(KeyRow *row, const uint8_t *record, uint32_t record_bytes,
                     uint32_t master_id);
/* Ask for the row to be kept as it is now. */
void key_row_store(KeyRow *row, Turn *turn);
/* Take an answer of the store; true when the row as it is is durable. */
bool key_row_stored(KeyRow *row, bool is_durable);
/* Is this master key needed to read the row, now or after a restart? */
bool key_row_needs(const KeyRow *row, uint32_t master_id);

/* Write the table, or read it into an empty one. */
void key_table_code(KeyTable *table, Coder *coder);
