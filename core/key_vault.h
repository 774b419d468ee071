/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_vault.h: the master keys, and all that needs them.
 *
 * Basic keys, key ids and nonces follow from one seed and a count. Records
 * are wrapped by the active master key, the newest; older ones open what
 * they wrapped until they are ended.
 */
#pragma once

#include "core/key_table.h"

typedef struct KeyVault KeyVault;

/* The first master key, number 1, follows from the seed too. */
KeyVault *key_vault_new(uint16_t wrap_alg, const uint8_t seed[32]);
void key_vault_free(KeyVault *vault);

/* Lent; it has no slice plan. */
Sealer *key_vault_sealer(KeyVault *vault);
uint32_t key_vault_active_id(const KeyVault *vault);
bool key_vault_has_old(const KeyVault *vault);
/* Is an older master key needed to read the row? */
bool key_vault_is_old_needed(const KeyVault *vault, const KeyRow *row);

/* Make a master key the active one. */
void key_vault_rotate(KeyVault *vault, const uint8_t secret[KEY_BYTES]);
/* Wipe every master key but the active one. */
void key_vault_end_old(KeyVault *vault);

/* Draw a basic key, complete the record (master, wrap, key id) and put it
 * into the row. */
void key_vault_create(KeyVault *vault, KeyRow *row, KeyRecord *record);
/* Wrap the row's key with the active master key. */
void key_vault_rewrap(KeyVault *vault, KeyRow *row);
/* Read the row's record; the caller wipes the key. */
void key_vault_open(KeyVault *vault, const KeyRow *row, KeyRecord *ret_record,
                    uint8_t ret_basic_key[static KEY_BYTES]);
