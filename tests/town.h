/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/town.h: one of each role and some edges on a stage, ready to fetch.
 *
 * Unless a test says otherwise: a stream from the CDN carries 1.6 Mbit/s and
 * one from an edge 2.4 Mbit/s, so that two CDN streams (400 kB/s) are slow
 * and four edges (1.2 MB/s) help. Edge n is 5 + n ms from the client.
 */
#pragma once

#include "core/client.h"
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/origin.h"
#include "tests/stage.h"

#define TOWN_EDGE_MAX 24u
#define TOWN_CDN_BPS 1600000u
#define TOWN_EDGE_BPS 2400000u

typedef struct Town {
    Stage *stage;
    PeerId manager;
    PeerId key_service;
    PeerId cdn;
    PeerId data_centre;
    PeerId client;
    PeerId edges[TOWN_EDGE_MAX];
    uint32_t edge_count;
    Region region;
    ManagerConfig manager_config;
    EdgeConfig edge_config;
    ClientConfig client_config;
    KeyringConfig keyring_config;
    OriginConfig cdn_config;
    OriginConfig data_centre_config;
} Town;

/* Configurations may be changed before town_open. */
Town *town_new(void);
void town_free(Town *town);
/* Build it, and run it for 2 s until all edges are registered. */
void town_open(Town *town, uint32_t edge_count);
const void *town_config(const Town *town, Role role);
/* A file that the data centre can seal; runs the stage until it can. */
StageFile town_add_file(Town *town, uint64_t size_bytes, bool has_payload);
