/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/town.c: builds the town.
 */
#include "tests/town.h"

Town *
town_new(void)
{
    Town *town = g_new0(Town, 1);
    town->stage = stage_new(1);
    town->region = (Region){39.9, 116.4};
    manager_config_init(&town->manager_config);
    town->manager_config.selection.regions = &town->region;
    town->manager_config.selection.region_count = 1;
    town->manager_config.selection.isp_count = 1;
    town->manager_config.failure_ppm = 0;
    edge_config_init(&town->edge_config);
    town->edge_config.register_spread_ns = NS_PER_S;
    client_config_init(&town->client_config);
    keyring_config_init(&town->keyring_config);
    origin_config_init(&town->cdn_config, false);
    origin_config_init(&town->data_centre_config, true);
    return town;
}

void
town_free(Town *town)
{
    stage_free(town->stage);
    g_free(town);
}

static void
settle(Town *town, PeerId peer, PeerId source)
{
    Place *place = stage_place(town->stage, peer);
    place->manager = town->manager;
    place->key_service = town->key_service;
    place->source = source;
}

static void
add_edge(Town *town, uint32_t n)
{
    Stage *stage = town->stage;
    g_autofree char *name = g_strdup_printf("edge%u", n);
    PeerId edge = stage_add(stage, name, ROLE_EDGE, &town->edge_config);
    town->edges[n] = edge;
    settle(town, edge, town->data_centre);
    stage_set_rate(stage, edge, town->client, TOWN_EDGE_BPS);
    stage_set_delay(stage, edge, town->client, (5 + n) * NS_PER_MS);
    Command capacity = {.kind = COMMAND_CAPACITY, .value = 100000000};
    stage_command(stage, edge, &capacity);
}

void
town_open(Town *town, uint32_t edge_count)
{
    Stage *stage = town->stage;
    g_assert_cmpuint(edge_count, <=, TOWN_EDGE_MAX);
    town->edge_count = edge_count;
    town->manager =
        stage_add(stage, "manager", ROLE_MANAGER, &town->manager_config);
    town->key_service =
        stage_add(stage, "keys", ROLE_KEY_SERVICE, &town->keyring_config);
    town->cdn = stage_add(stage, "cdn", ROLE_CDN, &town->cdn_config);
    town->data_centre =
        stage_add(stage, "source", ROLE_DATA_CENTRE, &town->data_centre_config);
    town->keyring_config.services = &town->data_centre;
    town->keyring_config.service_count = 1;
    settle(town, town->data_centre, PEER_NONE);
    town->client =
        stage_add(stage, "client", ROLE_CLIENT, &town->client_config);
    settle(town, town->client, town->cdn);
    stage_set_rate(stage, town->cdn, town->client, TOWN_CDN_BPS);
    for (uint32_t n = 0; n < edge_count; n++)
        add_edge(town, n);
    stage_run_ns(stage, 2 * NS_PER_S);
    g_assert_cmpuint(stage_note_count(stage, town->manager, NOTE_EDGE_ONLINE),
                     ==, edge_count);
}

StageFile
town_add_file(Town *town, uint64_t size_bytes, bool has_payload)
{
    StageFile file = stage_add_file(town->stage, size_bytes, has_payload);
    Command command = {
        .kind = COMMAND_ADD_FILE,
        .file = file.id,
        .file_bytes = size_bytes,
        .version = file.version,
    };
    stage_command(town->stage, town->key_service, &command);
    stage_run_ns(town->stage, 100 * NS_PER_MS);
    return file;
}

const void *
town_config(const Town *town, Role role)
{
    const void *const configs[ROLE_COUNT] = {
        [ROLE_CLIENT] = &town->client_config,
        [ROLE_EDGE] = &town->edge_config,
        [ROLE_MANAGER] = &town->manager_config,
        [ROLE_KEY_SERVICE] = &town->keyring_config,
        [ROLE_DATA_CENTRE] = &town->data_centre_config,
        [ROLE_CDN] = &town->cdn_config,
    };
    return configs[role];
}
