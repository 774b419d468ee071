/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_table.c: every key version there ever was, by file.
 */
#include "core/key_table.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

struct KeyTable {
    KeyRow **rows; /* in the order of their creation */
    uint32_t count;
    uint32_t capacity;
    GHashTable *newest; /* FileId to row: looked up, never iterated */
};

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

KeyRow *
key_table_add(KeyTable *table, const FileId *file, uint64_t version)
{
    KeyRow *older = key_table_newest(table, file);
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
    g_hash_table_replace(table->newest, &row->file, row);
    return row;
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

static void
put_number(uint8_t *at, uint64_t value, uint32_t byte_count)
{
    for (uint32_t i = 0; i < byte_count; i++)
        at[i] = (uint8_t)(value >> 8 * (byte_count - 1 - i));
}

void
key_row_store(KeyRow *row, Turn *turn)
{
    Record record = {.key_bytes = 40, .value_bytes = 13 + row->record_bytes};
    memcpy(record.key, row->file.bytes, sizeof row->file.bytes);
    put_number(record.key + 32, row->version, 8);
    bool is_pending = row->state == KEY_PENDING; /* until this is durable */
    record.value[0] = (uint8_t)(is_pending ? KEY_ACTIVE : row->state);
    put_number(record.value + 1, row->last_used_day, 4);
    put_number(record.value + 5, row->file_bytes, 8);
    if (row->record)
        memcpy(record.value + 13, row->record, row->record_bytes);
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
