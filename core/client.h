/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/client.h: the client role: downloads a file, with help when slow.
 *
 * COMMAND_FETCH starts a download from the CDN (place->source). When its
 * speed over the slow window is below slow_bps it asks the manager for edges
 * and the key service for the file's key, and fetches missing ranges from
 * the CDN and from edges at once, each byte from one source at a time.
 */
#pragma once

#include "core/coder.h"
#include "core/turn.h"

#define CLIENT_CDN_MAX 8
#define CLIENT_EDGE_MAX 16
#define CLIENT_WINDOW_MAX 4

typedef struct ClientConfig {
    uint32_t queue_count_max; /* downloads that wait for their turn */
    uint32_t cdn_connections; /* at most CLIENT_CDN_MAX */
    uint32_t cdn_retry_count; /* failures in a row before it gives up */
    int64_t cdn_retry_ns;     /* first back-off, doubles each time */

    uint64_t slow_bps;      /* T: a download below is slow */
    int64_t slow_window_ns; /* whole seconds; speed is taken over it */
    bool never_asks;        /* no edges: the CDN alone */

    uint32_t node_count;       /* edges asked for */
    uint32_t edge_connections; /* used at once, at most CLIENT_EDGE_MAX */
    uint32_t edge_probe_count; /* connection attempts at once */
    uint32_t enough_ppm;       /* of slow_bps: faster adds no edges */
    int64_t connect_timeout_ns;
    int64_t stall_ns;             /* a silent source is closed */
    int64_t retry_after_ns;       /* slow for so long: ask for other edges */
    uint32_t retry_count;         /* requests beyond the first */
    int64_t converge_interval_ns; /* how often the worst edge is judged */

    int64_t block_ns; /* a request asks for this much time's worth */
    uint32_t block_bytes_min;
    uint32_t block_bytes_max;

    /* Rates are noted over the first window, and over each other one as a
     * sensitivity; ascending after the first. All begin at the trigger. */
    int64_t window_ns[CLIENT_WINDOW_MAX];
    uint32_t window_count;
    bool stops_after_window; /* end the download after the longest */
    int64_t fast_stop_ns;    /* end it, if not slow by then; 0: never */
} ClientConfig;

typedef struct Client Client;

void client_config_init(ClientConfig *config);

Client *client_new(const ClientConfig *config, const uint8_t seed[32]);
void client_free(Client *client);
/* core/client_code.c; see node_code. */
void client_code(Client *client, Coder *coder);
void client_turn(Client *client, const Event *event, Turn *turn);
