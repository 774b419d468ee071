/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/keyroom.h: a key service alone, with a store that keeps.
 *
 * The test plays the peers, and the store answers when it is told to. What it
 * has said to be durable outlives the process: a restart has nothing else.
 */
#pragma once

#include "core/keyring.h"
#include "core/wire.h"
#include "tests/solo.h"

#define KEYROOM_CLIENT 5u
#define KEYROOM_SERVICE 9u
#define KEYROOM_RECORD_START 13u /* of a stored value */

typedef struct Keyroom {
    KeyringConfig config;
    Solo solo;
    GArray *kept; /* Record: what the store holds */
    uint8_t life; /* each has a seed of its own */
} Keyroom;

typedef struct KeyroomAnswer {
    uint16_t status;
    KeyGrant grant;
} KeyroomAnswer;

/* A key service that draws its first master key; open it when the
 * configuration is as it should be. */
Keyroom *keyroom_new(void);
void keyroom_open(Keyroom *room);
/* One that is open and knows the master keys 1 to master_count, as live. */
Keyroom *keyroom_told(uint32_t master_count);
void keyroom_free(Keyroom *room);

FileId keyroom_file(uint32_t number);
/* The command alone; its store is not answered yet. */
void keyroom_command_add(Keyroom *room, uint32_t file, uint64_t version);
/* The same, and it is durable. */
void keyroom_add(Keyroom *room, uint32_t file, uint64_t version);
/* Answer every store of this turn, and of those that follow from it. */
void keyroom_store_all(Keyroom *room, bool is_durable);
/* The place-th record that the store holds. */
Record *keyroom_kept(const Keyroom *room, guint place);

/* Bring a master key by its number, 0 for the next. */
void keyroom_tell_master(Keyroom *room, uint64_t id, uint8_t first_of_secret);
/* What the master key of a number begins with, where nothing else is said. */
uint8_t keyroom_secret(uint64_t id);
void keyroom_restore(Keyroom *room, const Record *record);
/* End the process, whatever it was doing, and begin another one that is told
 * these master keys and what was kept. */
void keyroom_restart(Keyroom *room, uint32_t first_master,
                     uint32_t last_master);

GByteArray *keyroom_request(uint32_t file, uint64_t version, bool is_service);
/* The one answer in the last turn. */
KeyroomAnswer keyroom_read_answer(const Solo *solo, StreamId stream);
KeyroomAnswer keyroom_ask_as(Keyroom *room, PeerId peer, uint32_t file,
                             uint64_t version, bool is_service);
/* As a client; what the question changes is durable. */
KeyroomAnswer keyroom_ask(Keyroom *room, uint32_t file, uint64_t version);
