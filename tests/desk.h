/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/desk.h: an origin alone, with one file, a disk and a key service.
 *
 * The test plays the peers; the disk and the key service answer as told.
 */
#pragma once

#include "core/origin.h"
#include "core/seal.h"
#include "core/wire.h"
#include "tests/solo.h"

#define DESK_EDGE 5u
#define DESK_KEY_SERVICE 2u

extern const FileId DESK_FILE;

typedef struct Desk {
    OriginConfig config;
    Solo solo;
    KeyGrant grant;      /* what the key service answers */
    uint64_t file_bytes; /* of the one file there is */
    uint64_t version;
    bool has_payload;
} Desk;

/* A desk with a file of version 1, with payload, and a CTR key. */
Desk *desk_new(bool is_sealing, uint64_t file_bytes);
void desk_free(Desk *desk);
/* A key that the service would grant for the file. */
KeyGrant desk_grant(uint16_t alg, uint32_t slice_bytes);
uint8_t desk_byte_at(uint64_t offset_bytes);

/* What a stream was sent: the bytes of its heads, and file data apart. */
typedef struct Sent {
    GByteArray *heads;
    GByteArray *body;
    uint64_t body_bytes; /* with or without payload */
    uint64_t block_bytes_max;
    uint64_t sealed_slices;
    uint64_t read_bytes;
    bool is_closed;
} Sent;

Sent *sent_new(void);
void sent_free(Sent *sent);
/* The first head that was sent. */
HttpHead sent_head(const Sent *sent);

/* Answer a turn_read as the file is. */
void desk_answer_read(Desk *desk, const Effect *effect);
/* Be the key service: take the connection and answer one request. */
void desk_answer_key(Desk *desk, uint16_t status);
/* Play the disk, and a peer that takes all it gets, until all is still. */
void desk_play(Desk *desk, StreamId stream, Sent *sent);

/* A GET of the file, with a range unless size_bytes is 0. */
char *desk_get_text(uint64_t offset_bytes, uint64_t size_bytes);
/* Ask with a request of the test's own, and hear the answer. */
Sent *desk_ask(Desk *desk, StreamId stream, const char *text);
/* Fetch a range over a stream, or with STREAM_NONE over one of its own. */
Sent *desk_fetch(Desk *desk, StreamId stream, uint64_t offset_bytes,
                 uint64_t size_bytes);
