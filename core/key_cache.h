/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_cache.h: the keys that a data centre holds for a short while.
 *
 * Keys are asked for over one keep-alive stream to the key service and kept
 * for ttl_ns at most. A caller that is told to wait looks again when
 * key_cache_take says that answers have come.
 */
#pragma once

#include "core/http_reader.h"
#include "core/seal.h"

typedef enum KeyAnswer {
    KEY_ANSWER_WAIT,
    KEY_ANSWER_PLAN,    /* *ret_plan is filled in */
    KEY_ANSWER_REFUSED, /* *ret_status: 404, 410 or 503 */
} KeyAnswer;

typedef struct KeyCacheConfig {
    PeerId key_service;
    int64_t ttl_ns;
    int64_t timeout_ns;
    Sealer *sealer; /* lent; its slice plan is left alone */
} KeyCacheConfig;

/* One version of one file; no padding, so that it hashes and compares. */
typedef struct FileVersion {
    FileId file;
    uint64_t version;
} FileVersion;

_Static_assert(sizeof(FileVersion) == 40, "no padding");

typedef struct KeyCache KeyCache;

KeyCache *key_cache_new(const KeyCacheConfig *config); /* copied */
void key_cache_free(KeyCache *cache);

/* What seals this version? The first to want it has it asked for. */
KeyAnswer key_cache_find(KeyCache *cache, const FileVersion *wanted,
                         SlicePlan *ret_plan, uint16_t *ret_status);
/* Hand it every event first. True when waits may be over. */
bool key_cache_take(KeyCache *cache, const Event *event, Turn *turn);
/* Ask for what was wanted and wish for the next wake: the end of a turn. */
void key_cache_ask(KeyCache *cache, Turn *turn);
/* Write it, whose keys stand in the clear, or read it into a new one; whom it
 * asks is part of it. */
void key_cache_code(KeyCache *cache, Coder *coder);
