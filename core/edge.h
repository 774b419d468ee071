/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/edge.h: the edge role: an untrusted machine that relays ciphertext.
 *
 * It registers with the manager and reports to it, probes its data centre,
 * and passes range requests of clients on to the data centre over pooled
 * streams. It holds no key and looks at no body byte.
 */
#pragma once

#include "core/coder.h"
#include "core/turn.h"

/* A client says where it stands, for the edge's CLIENT_STAT: GET ?group=N,
 * N = region * 65536 + ISP, answered with 204. It need not wait for it. */
#define EDGE_PATH_HELLO "/v1/hello"

typedef struct EdgeConfig {
    int64_t register_spread_ns; /* first contact: uniform over this */
    int64_t report_interval_ns;
    int64_t probe_interval_ns;
    uint32_t probe_bytes;      /* 0: no probes */
    uint32_t client_count_max; /* accepted streams beyond get 503 */
    uint32_t pool_count_max;   /* idle streams to the data centre */
    int64_t pool_idle_ns;      /* and how long they are kept */
    int64_t client_idle_ns;    /* a silent client stream is closed */
    int64_t answer_timeout_ns; /* data centre: connect, or first byte */
    uint16_t core_count;       /* of the machine, for its registration */
    uint64_t memory_bytes;
} EdgeConfig;

typedef struct Edge Edge;

void edge_config_init(EdgeConfig *config);

Edge *edge_new(const EdgeConfig *config, const uint8_t seed[32]);
void edge_free(Edge *edge);
/* core/edge_code.c; see node_code. */
void edge_code(Edge *edge, Coder *coder);
void edge_turn(Edge *edge, const Event *event, Turn *turn);
