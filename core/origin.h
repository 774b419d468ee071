/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/origin.h: the roles that have the files: CDN and data centre.
 *
 * GET /f/<file>?v=<version>, with or without a range, on keep-alive streams.
 * A CDN sends files as they are. A data centre seals them slice by slice
 * while it sends, with keys from the key service, and answers the probes of
 * edges (GET /v1/probe?bytes=N).
 */
#pragma once

#include "core/coder.h"
#include "core/turn.h"

#define ORIGIN_PROBE_BYTES_MAX 65536u

typedef struct OriginConfig {
    bool is_sealing;            /* a data centre */
    uint32_t session_count_max; /* accepted streams beyond get 503 */
    int64_t stream_idle_ns;     /* a silent stream with no work is closed */
    int64_t key_ttl_ns;         /* how long a granted key is kept */
    int64_t key_timeout_ns;     /* for an answer of the key service */
} OriginConfig;

typedef struct Origin Origin;

void origin_config_init(OriginConfig *config, bool is_sealing);

Origin *origin_new(const OriginConfig *config);
void origin_free(Origin *origin);
/* core/origin_code.c; see node_code. */
void origin_code(Origin *origin, Coder *coder);
void origin_turn(Origin *origin, const Event *event, Turn *turn);
