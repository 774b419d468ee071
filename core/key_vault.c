/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_vault.c: the master keys, and all that needs them.
 */
#include "core/key_vault.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

typedef struct MasterKey {
    uint32_t id;
    uint8_t secret[KEY_BYTES];
} MasterKey;

struct KeyVault {
    Sealer *sealer;
    MasterKey *masters; /* by rising number: the last one is active */
    uint32_t master_count;
    uint16_t wrap_alg;
    uint8_t seed[32];
    uint64_t draw_count;
};

CODER_KNOWS(MasterKey, 0, {0});
CODER_KNOWS(KeyVault, 0, 0, 0, 0, {0}, 0);

/* What follows from one draw: enough for one new record. */
typedef struct Draw {
    uint8_t basic_key[KEY_BYTES];
    uint8_t key_id[KEY_ID_BYTES];
    uint8_t nonce[12];
    uint8_t unused[4];
} Draw;

_Static_assert(sizeof(Draw) == 64, "one seal_draw");

static void
draw(KeyVault *vault, Draw *ret_draw)
{
    uint8_t bytes[64];
    seal_draw(vault->sealer, vault->seed, vault->draw_count++, bytes);
    memcpy(ret_draw, bytes, sizeof *ret_draw);
    seal_wipe(bytes, sizeof bytes);
}

KeyVault *
key_vault_new(uint16_t wrap_alg, const uint8_t seed[32])
{
    KeyVault *vault = g_new0(KeyVault, 1);
    vault->sealer = sealer_new();
    vault->wrap_alg = wrap_alg;
    memcpy(vault->seed, seed, sizeof vault->seed);
    return vault;
}

static void
forget_masters(KeyVault *vault)
{
    seal_wipe(vault->masters, vault->master_count * sizeof *vault->masters);
    g_free(vault->masters);
    vault->masters = NULL;
    vault->master_count = 0;
}

void
key_vault_free(KeyVault *vault)
{
    if (!vault)
        return;
    forget_masters(vault);
    sealer_free(vault->sealer);
    seal_wipe(vault, sizeof *vault);
    g_free(vault);
}

Sealer *
key_vault_sealer(KeyVault *vault)
{
    return vault->sealer;
}

static const MasterKey *
active_master(const KeyVault *vault)
{
    assert(vault->master_count > 0);
    return &vault->masters[vault->master_count - 1];
}

static const MasterKey *
find_master(const KeyVault *vault, uint32_t id)
{
    for (uint32_t i = 0; i < vault->master_count; i++)
        if (vault->masters[i].id == id)
            return &vault->masters[i];
    return NULL;
}

uint32_t
key_vault_active_id(const KeyVault *vault)
{
    return vault->master_count > 0 ? active_master(vault)->id : 0;
}

bool
key_vault_has_old(const KeyVault *vault)
{
    return vault->master_count > 1;
}

bool
key_vault_is_old_needed(const KeyVault *vault, const KeyRow *row)
{
    for (uint32_t i = 0; i + 1 < vault->master_count; i++)
        if (key_row_needs(row, vault->masters[i].id))
            return true;
    return false;
}

/* The list moves by hand: realloc would leave a copy behind. */
bool
key_vault_add_master(KeyVault *vault, uint32_t id,
                     const uint8_t secret[KEY_BYTES])
{
    assert(id > 0);
    const MasterKey *known = find_master(vault, id);
    if (known)
        return memcmp(known->secret, secret, KEY_BYTES) == 0;
    uint32_t count = vault->master_count;
    uint32_t place = 0;
    while (place < count && vault->masters[place].id < id)
        place++;
    MasterKey *masters = g_new0(MasterKey, count + 1);
    masters[place].id = id;
    memcpy(masters[place].secret, secret, KEY_BYTES);
    for (uint32_t i = 0; i < count; i++)
        masters[i < place ? i : i + 1] = vault->masters[i];
    if (count > 0)
        seal_wipe(vault->masters, count * sizeof *masters);
    g_free(vault->masters);
    vault->masters = masters;
    vault->master_count = count + 1;
    return true;
}

void
key_vault_draw_master(KeyVault *vault)
{
    assert(vault->draw_count == 0);
    Draw first;
    draw(vault, &first);
    key_vault_add_master(vault, 1, first.basic_key);
    seal_wipe(&first, sizeof first);
}

void
key_vault_end_old(KeyVault *vault)
{
    MasterKey active = *active_master(vault);
    seal_wipe(vault->masters, vault->master_count * sizeof *vault->masters);
    vault->masters[0] = active;
    vault->master_count = 1;
    seal_wipe(&active, sizeof active);
}

/* Wrap a key with the active master key and put it into the row. */
static void
wrap_into(KeyVault *vault, KeyRow *row, KeyRecord *record, const Draw *luck,
          const uint8_t basic_key[KEY_BYTES])
{
    uint8_t bytes[KEY_RECORD_BYTES_MAX];
    const MasterKey *master = active_master(vault);
    record->wrap_alg = vault->wrap_alg;
    record->master_id = master->id;
    uint32_t size_bytes = key_record_wrap(vault->sealer, record, master->secret,
                                          luck->nonce, basic_key, bytes);
    key_row_replace(row, bytes, size_bytes, master->id);
}

void
key_vault_create(KeyVault *vault, KeyRow *row, KeyRecord *record)
{
    Draw luck;
    draw(vault, &luck);
    memcpy(record->key_id, luck.key_id, sizeof record->key_id);
    wrap_into(vault, row, record, &luck, luck.basic_key);
    seal_wipe(&luck, sizeof luck);
}

void
key_vault_rewrap(KeyVault *vault, KeyRow *row)
{
    uint8_t basic_key[KEY_BYTES];
    KeyRecord record;
    Draw luck;
    key_vault_open(vault, row, &record, basic_key);
    draw(vault, &luck);
    wrap_into(vault, row, &record, &luck, basic_key);
    seal_wipe(&luck, sizeof luck);
    seal_wipe(basic_key, sizeof basic_key);
}

bool
key_vault_can_open(KeyVault *vault, const KeyRow *row)
{
    uint8_t basic_key[KEY_BYTES];
    const MasterKey *master = find_master(vault, row->master_id);
    if (!master)
        return false;
    bool is_open =
        key_record_unwrap(vault->sealer, row->record, row->record_bytes,
                          master->secret, basic_key);
    seal_wipe(basic_key, sizeof basic_key);
    return is_open;
}

void
key_vault_open(KeyVault *vault, const KeyRow *row, KeyRecord *ret_record,
               uint8_t ret_basic_key[static KEY_BYTES])
{
    const MasterKey *master = find_master(vault, row->master_id);
    assert(master);
    /* Rows were made here or tried: one that does not open now is a broken
     * memory. */
    bool is_parsed =
        key_record_parse(row->record, row->record_bytes, ret_record);
    bool is_open =
        key_record_unwrap(vault->sealer, row->record, row->record_bytes,
                          master->secret, ret_basic_key);
    assert(is_parsed);
    assert(is_open);
}

void
key_vault_code(KeyVault *vault, Coder *coder)
{
    uint32_t count = vault->master_count;
    coder_u64(coder, &vault->draw_count);
    coder_u32(coder, &count);
    if (coder->is_reading) {
        forget_masters(vault);
        if (!coder_has(coder, (uint64_t)count * sizeof *vault->masters))
            return;
        vault->masters = g_new0(MasterKey, count);
        vault->master_count = count;
    }
    uint32_t last_id = 0;
    for (uint32_t i = 0; i < count; i++) {
        MasterKey *master = &vault->masters[i];
        coder_u32(coder, &master->id);
        coder_bytes(coder, master->secret, sizeof master->secret);
        coder->is_bad |= master->id <= last_id;
        last_id = master->id;
    }
}
