/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_table.c: every key version there ever was, by file.
 */
#include "core/key_table.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/number.h"

#define ROW_KEY_BYTES 40u

struct KeyTable {
    KeyRow **rows; /* in the order of their creation */
    uint32_t count;
    uint32_t capacity;
    GHashTable *newest; /* FileId to row: looked up, never iterated */
};

CODER_KNOWS(KeyTable, 0, 0, 0, 0);
CODER_KNOWS(KeyRow, 0, {{0}}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/* File ids are random, so any four bytes will do. */
static guint
hash_file(gconstpointer file)
{
    guint hash;
    memcpy(&hash, ((const FileId *)file)->bytes, sizeof hash);
    return hash;
}

static gboolean
is_same_file(gconstpointer one, gconstpointer two)
{
    return memcmp(one, two, sizeof(FileId)) == 0;
}

KeyTable *
key_table_new(void)
{
    KeyTable *table = g_new0(KeyTable, 1);
    table->newest = g_hash_table_new(hash_file, is_same_file);
    return table;
}

void
key_table_free(KeyTable *table)
{
    if (!table)
        return;
    g_hash_table_destroy(table->newest);
    for (uint32_t i = 0; i < table->count; i++) {
        g_free(table->rows[i]->record);
        g_free(table->rows[i]);
    }
    g_free(table->rows);
    g_free(table);
}

uint32_t
key_table_count(const KeyTable *table)
{
    return table->count;
}

KeyRow *
key_table_at(KeyTable *table, uint32_t index)
{
    assert(index < table->count);
    return table->rows[index];
}

KeyRow *
key_table_newest(KeyTable *table, const FileId *file)
{
    return g_hash_table_lookup(table->newest, file);
}

/* Where a version goes among those of its file: after *ret_newer, which is
 * NULL when it is the newest, and before *ret_older. */
static void
find_place(KeyTable *table, const FileId *file, uint64_t version,
           KeyRow **ret_newer, KeyRow **ret_older)
{
    KeyRow *newer = NULL;
    KeyRow *older = key_table_newest(table, file);
    while (older && older->version > version) {
        newer = older;
        older = older->older;
    }
    *ret_newer = newer;
    *ret_older = older;
}

static KeyRow *
insert(KeyTable *table, const FileId *file, uint64_t version)
{
    KeyRow *newer, *older;
    find_place(table, file, version, &newer, &older);
    assert(!older || older->version < version);
    if (table->count == table->capacity) {
        table->capacity = MAX(16, 2 * table->capacity);
        table->rows = g_renew(KeyRow *, table->rows, table->capacity);
    }
    KeyRow *row = g_new0(KeyRow, 1);
    row->older = older;
    row->file = *file;
    row->version = version;
    row->index = table->count;
    row->state = KEY_PENDING;
    table->rows[table->count++] = row;
    if (newer)
        newer->older = row;
    else
        g_hash_table_replace(table->newest, &row->file, row);
    return row;
}

KeyRow *
key_table_add(KeyTable *table, const FileId *file, uint64_t version)
{
    const KeyRow *newest = key_table_newest(table, file);
    assert(!newest || newest->version < version);
    return insert(table, file, version);
}

void
key_row_replace(KeyRow *row, const uint8_t *record, uint32_t record_bytes,
                uint32_t master_id)
{
    assert((record_bytes == 0) == (master_id == 0));
    g_free(row->record);
    row->record = record_bytes > 0 ? g_memdup2(record, record_bytes) : NULL;
    row->record_bytes = record_bytes;
    row->master_id = master_id;
}

/* Read a stored value into its row; false when it makes no sense there. */
static bool
read_value(KeyRow *row, const Record *stored)
{
    KeyRecord header;
    if (stored->value_bytes < KEY_TOMBSTONE_BYTES)
        return false;
    const uint8_t *record = stored->value + KEY_TOMBSTONE_BYTES;
    uint32_t record_bytes = stored->value_bytes - KEY_TOMBSTONE_BYTES;
    row->state = stored->value[0];
    row->last_used_day = (uint32_t)number_at(stored->value + 1, 4);
    row->file_bytes = number_at(stored->value + 5, 8);
    if (row->file_bytes > INT64_MAX) /* no grant says more */
        return false;
    if (row->state == KEY_EXPIRED || row->state == KEY_DELETED)
        return record_bytes == 0;
    if (row->state != KEY_ACTIVE && row->state != KEY_RETIRED)
        return false;
    if (!key_record_parse(record, record_bytes, &header) ||
        !is_same_file(&header.file, &row->file) ||
        header.version != row->version || header.master_id == 0)
        return false;
    row->not_after_ms = header.not_after_ms;
    key_row_replace(row, record, record_bytes, header.master_id);
    row->durable_master_id = header.master_id;
    return true;
}

KeyRow *
key_table_restore(KeyTable *table, const Record *stored)
{
    FileId file;
    KeyRow *newer, *older;
    if (stored->key_bytes != ROW_KEY_BYTES)
        return NULL;
    memcpy(file.bytes, stored->key, sizeof file.bytes);
    uint64_t version = number_at(stored->key + sizeof file.bytes, 8);
    find_place(table, &file, version, &newer, &older);
    if (version == 0 || (older && older->version == version))
        return NULL;
    KeyRow *row = insert(table, &file, version);
    if (!read_value(row, stored))
        row->state = KEY_CLOSED;
    return row;
}

void
key_row_store(KeyRow *row, Turn *turn)
{
    assert(row->state != KEY_CLOSED);
    Record record = {.key_bytes = ROW_KEY_BYTES,
                     .value_bytes = KEY_TOMBSTONE_BYTES + row->record_bytes};
    memcpy(record.key, row->file.bytes, sizeof row->file.bytes);
    number_put(record.key + 32, row->version, 8);
    bool is_pending = row->state == KEY_PENDING; /* until this is durable */
    record.value[0] = (uint8_t)(is_pending ? KEY_ACTIVE : row->state);
    number_put(record.value + 1, row->last_used_day, 4);
    number_put(record.value + 5, row->file_bytes, 8);
    if (row->record)
        memcpy(record.value + KEY_TOMBSTONE_BYTES, row->record,
               row->record_bytes);
    row->storing_count++;
    turn_store(turn, row->index, &record);
}

bool
key_row_stored(KeyRow *row, bool is_durable)
{
    assert(row->storing_count > 0);
    row->storing_count--;
    row->is_dirty = !is_durable;
    if (row->storing_count > 0 || row->is_dirty)
        return false;
    row->durable_master_id = row->master_id;
    return true;
}

bool
key_row_needs(const KeyRow *row, uint32_t master_id)
{
    return row->master_id == master_id || row->durable_master_id == master_id;
}

static void
code_record(KeyRow *row, Coder *coder)
{
    uint8_t bytes[KEY_RECORD_BYTES_MAX];
    uint32_t size_bytes = row->record_bytes;
    uint32_t master_id = row->master_id;
    coder_bounded(coder, &size_bytes, sizeof bytes);
    coder_u32(coder, &master_id);
    if (!coder->is_reading) {
        coder_bytes(coder, row->record, size_bytes);
        return;
    }
    coder_bytes(coder, bytes, size_bytes);
    coder->is_bad |= (size_bytes == 0) != (master_id == 0);
    if (!coder->is_bad)
        key_row_replace(row, bytes, size_bytes, master_id);
}

static void
code_row(KeyRow *row, Coder *coder)
{
    coder_u64(coder, &row->file_bytes);
    coder_u64(coder, &row->not_after_ms);
    code_record(row, coder);
    coder_u32(coder, &row->last_used_day);
    coder_u32(coder, &row->durable_master_id);
    coder_u32(coder, &row->storing_count);
    row->state = (KeyState)coder_choice(coder, row->state, KEY_CLOSED + 1);
    coder_flag(coder, &row->is_dirty);
}

/* The row that is read next, or NULL. */
static KeyRow *
read_row(KeyTable *table, const FileId *file, uint64_t version, Coder *coder)
{
    KeyRow *newer, *older;
    find_place(table, file, version, &newer, &older);
    coder->is_bad |= older && older->version == version;
    return coder->is_bad ? NULL : insert(table, file, version);
}

/* In the order of their creation, from which all else follows. */
void
key_table_code(KeyTable *table, Coder *coder)
{
    uint32_t count = table->count;
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count; i++) {
        FileId file = {{0}};
        uint64_t version = 0;
        if (!coder->is_reading) {
            file = table->rows[i]->file;
            version = table->rows[i]->version;
        }
        coder_bytes(coder, file.bytes, sizeof file.bytes);
        coder_u64(coder, &version);
        KeyRow *row = coder->is_reading ? read_row(table, &file, version, coder)
                                        : table->rows[i];
        if (!row)
            return;
        code_row(row, coder);
    }
}
