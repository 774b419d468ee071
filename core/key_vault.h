/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_vault.h: the master keys, and all that needs them.
 *
 * Basic keys, key ids and nonces follow from one seed and a count, so a seed
 * must never come twice where records are restored. Records are wrapped by
 * the active master key, that of the highest number; older ones open what
 * they wrapped until they are ended.
 */
#pragma once

#include "core/key_table.h"

typedef struct KeyVault KeyVault;

KeyVault *key_vault_new(uint16_t wrap_alg, const uint8_t seed[32]);
void key_vault_free(KeyVault *vault);

/* Lent; it has no slice plan. */
Sealer *key_vault_sealer(KeyVault *vault);
uint32_t key_vault_active_id(const KeyVault *vault); /* 0: none yet */
bool key_vault_has_old(const KeyVault *vault);
/* Is an older master key needed to read the row? */
bool key_vault_is_old_needed(const KeyVault *vault, const KeyRow *row);

/* Let master key 1 follow from the seed; the first draw, if at all. */
void key_vault_draw_master(KeyVault *vault);
/* Take a master key by its number, at least 1. False, and nothing happens,
 * when another one has that number. */
bool key_vault_add_master(KeyVault *vault, uint32_t id,
                          const uint8_t secret[KEY_BYTES]);
/* Wipe every master key but the active one. */
void key_vault_end_old(KeyVault *vault);

/* Draw a basic key, complete the record (master, wrap, key id) and put it
 * into the row. */
void key_vault_create(KeyVault *vault, KeyRow *row, KeyRecord *record);
/* Wrap the row's key with the active master key. */
void key_vault_rewrap(KeyVault *vault, KeyRow *row);
/* Does the row's record open, with a master key that is here? */
bool key_vault_can_open(KeyVault *vault, const KeyRow *row);
/* Read the row's record, which opens; the caller wipes the key. */
void key_vault_open(KeyVault *vault, const KeyRow *row, KeyRecord *ret_record,
                    uint8_t ret_basic_key[static KEY_BYTES]);

/* Write the master keys, in the clear, and how far the draws have come; or
 * read them into a vault of the same seed, instead of those it has. */
void key_vault_code(KeyVault *vault, Coder *coder);
