/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/keyring.h: the key service role: one basic key per file version.
 *
 * COMMAND_ADD_FILE creates a key, which is granted from the moment its
 * wrapped record is durable until its fixed expiry. POST /v1/key grants: to
 * a data centre (a listed service), which seals the newest version only, and
 * to clients. Memory holds wrapped records; a basic key is in the clear only
 * within a turn. COMMAND_ROTATE brings a new master key, and every record is
 * wrapped anew, a batch at a time; the old one is wiped when no durable
 * record needs it.
 *
 * After a restart the master keys come first, by their numbers, the old one
 * too if a rotation was not finished, then the records (EVENT_RESTORED). A
 * record that does not open is noted, refused with 503 and left in the store
 * as it is: its version is never used again, and with the right master key
 * the next restart opens it.
 */
#pragma once

#include "core/coder.h"
#include "core/turn.h"

typedef struct KeyringConfig {
    uint16_t alg;      /* Alg of new keys; not one with a tag */
    uint16_t wrap_alg; /* WrapAlg */
    uint32_t slice_bytes;
    int64_t lifetime_ns;       /* of a key, fixed when it is created */
    int64_t idle_ns;           /* unused for so long, a key is deleted */
    int64_t sweep_interval_ns; /* how often expired and idle keys go */
    int64_t batch_interval_ns; /* between two batches of such a chore */
    uint32_t batch_count;      /* records looked at in one batch */
    int64_t stream_idle_ns;    /* a silent stream is closed */
    bool is_master_told;       /* COMMAND_ROTATE brings master key 1, too */
    const PeerId *services;    /* who may ask as a data centre; lent */
    uint32_t service_count;
} KeyringConfig;

typedef struct Keyring Keyring;

/* Fill in the defaults of the specification; services stay empty. */
void keyring_config_init(KeyringConfig *config);
/* Can keys be made with these figures? */
bool keyring_config_is_valid(const KeyringConfig *config);

/* The seed yields basic keys, nonces and, unless it is told, the first master
 * key. With records to be restored it must be one that was never used. */
Keyring *keyring_new(const KeyringConfig *config, const uint8_t seed[32]);
void keyring_free(Keyring *keyring);
/* See node_code. */
void keyring_code(Keyring *keyring, Coder *coder);
void keyring_turn(Keyring *keyring, const Event *event, Turn *turn);
