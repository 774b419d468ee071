/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/node_log.c: roles and their configs, as a turn log keeps them.
 */
#include "core/node_log.h"

#include <assert.h>
#include <string.h>

/* A field that is not logged would make a replay another node. */
#define IS_LP64 (sizeof(void *) == 8)
_Static_assert(!IS_LP64 || sizeof(ClientConfig) == 168, "code the new field");
_Static_assert(!IS_LP64 || sizeof(EdgeConfig) == 80, "code the new field");
_Static_assert(!IS_LP64 || sizeof(ManagerConfig) == 72, "code the new field");
_Static_assert(!IS_LP64 || sizeof(KeyringConfig) == 80, "code the new field");
_Static_assert(!IS_LP64 || sizeof(OriginConfig) == 32, "code the new field");

static void
code_client(ClientConfig *config, Coder *coder)
{
    coder_u32(coder, &config->queue_count_max);
    coder_u32(coder, &config->cdn_connections);
    coder_u32(coder, &config->cdn_retry_count);
    coder_i64(coder, &config->cdn_retry_ns);
    coder_u64(coder, &config->slow_bps);
    coder_i64(coder, &config->slow_window_ns);
    coder_flag(coder, &config->never_asks);
    coder_u32(coder, &config->node_count);
    coder_u32(coder, &config->edge_connections);
    coder_u32(coder, &config->edge_probe_count);
    coder_u32(coder, &config->enough_ppm);
    coder_i64(coder, &config->connect_timeout_ns);
    coder_i64(coder, &config->stall_ns);
    coder_i64(coder, &config->retry_after_ns);
    coder_u32(coder, &config->retry_count);
    coder_i64(coder, &config->converge_interval_ns);
    coder_i64(coder, &config->block_ns);
    coder_u32(coder, &config->block_bytes_min);
    coder_u32(coder, &config->block_bytes_max);
    coder_bounded(coder, &config->window_count, CLIENT_WINDOW_MAX);
    for (uint32_t i = 0; i < CLIENT_WINDOW_MAX; i++)
        coder_i64(coder, &config->window_ns[i]);
    coder_flag(coder, &config->stops_after_window);
    coder_i64(coder, &config->fast_stop_ns);
}

static void
code_edge(EdgeConfig *config, Coder *coder)
{
    coder_i64(coder, &config->register_spread_ns);
    coder_i64(coder, &config->report_interval_ns);
    coder_i64(coder, &config->probe_interval_ns);
    coder_u32(coder, &config->probe_bytes);
    coder_u32(coder, &config->client_count_max);
    coder_u32(coder, &config->pool_count_max);
    coder_i64(coder, &config->pool_idle_ns);
    coder_i64(coder, &config->client_idle_ns);
    coder_i64(coder, &config->answer_timeout_ns);
    coder_u16(coder, &config->core_count);
    coder_u64(coder, &config->memory_bytes);
}

static void
code_regions(LoggedNode *node, Coder *coder)
{
    SelectionConfig *config = &node->manager.selection;
    coder_u16(coder, &config->region_count);
    if (coder->is_reading) {
        if (!coder_has(coder, 16u * (uint64_t)config->region_count))
            return;
        node->regions = g_new0(Region, config->region_count);
        config->regions = node->regions;
    }
    for (uint32_t i = 0; i < config->region_count; i++) {
        Region region = config->regions[i];
        coder_double(coder, &region.latitude_degrees);
        coder_double(coder, &region.longitude_degrees);
        if (coder->is_reading)
            node->regions[i] = region;
    }
}

static void
code_manager(LoggedNode *node, Coder *coder)
{
    ManagerConfig *config = &node->manager;
    SelectionConfig *selection = &config->selection;
    code_regions(node, coder);
    coder_u16(coder, &selection->isp_count);
    coder_u32(coder, &selection->neighbour_metres);
    coder_u32(coder, &selection->link_sample_count_min);
    coder_u32(coder, &selection->link_failure_ppm_max);
    coder_u32(coder, &selection->link_speed_ppm_min);
    config->policy = (SelectPolicyKind)coder_choice(coder, config->policy,
                                                    SELECT_POLICY_COUNT);
    coder_u32(coder, &config->node_count);
    coder_i64(coder, &config->regroup_interval_ns);
    coder_i64(coder, &config->offline_after_ns);
    coder_i64(coder, &config->list_age_ns);
    coder_u32(coder, &config->failure_ppm);
    coder_u32(coder, &config->edge_count_max);
}

static void
code_services(LoggedNode *node, Coder *coder)
{
    KeyringConfig *config = &node->keyring;
    coder_u32(coder, &config->service_count);
    if (coder->is_reading) {
        if (!coder_has(coder, 4u * (uint64_t)config->service_count))
            return;
        node->services = g_new0(PeerId, config->service_count);
        config->services = node->services;
    }
    for (uint32_t i = 0; i < config->service_count; i++) {
        PeerId service = config->services[i];
        coder_u32(coder, &service);
        if (coder->is_reading)
            node->services[i] = service;
    }
}

static void
code_keyring(LoggedNode *node, Coder *coder)
{
    KeyringConfig *config = &node->keyring;
    coder_u16(coder, &config->alg);
    coder_u16(coder, &config->wrap_alg);
    coder_u32(coder, &config->slice_bytes);
    coder_i64(coder, &config->lifetime_ns);
    coder_i64(coder, &config->idle_ns);
    coder_i64(coder, &config->sweep_interval_ns);
    coder_i64(coder, &config->batch_interval_ns);
    coder_u32(coder, &config->batch_count);
    coder_i64(coder, &config->stream_idle_ns);
    coder_flag(coder, &config->is_master_told);
    code_services(node, coder);
}

/* Its first field follows from the role. */
static void
code_origin(LoggedNode *node, Coder *coder)
{
    OriginConfig *config = &node->origin;
    config->is_sealing = node->role == ROLE_DATA_CENTRE;
    coder_u32(coder, &config->session_count_max);
    coder_i64(coder, &config->stream_idle_ns);
    coder_i64(coder, &config->key_ttl_ns);
    coder_i64(coder, &config->key_timeout_ns);
}

void
logged_node_code(LoggedNode *node, Coder *coder)
{
    if (coder->is_reading)
        memset(node, 0, sizeof *node);
    coder_u32(coder, &node->id);
    coder_u32(coder, &node->number);
    node->role = (Role)coder_choice(coder, node->role, ROLE_COUNT);
    coder_bytes(coder, node->seed, sizeof node->seed);
    switch (node->role) {
    case ROLE_CLIENT:
        code_client(&node->client, coder);
        return;
    case ROLE_EDGE:
        code_edge(&node->edge, coder);
        return;
    case ROLE_MANAGER:
        code_manager(node, coder);
        return;
    case ROLE_KEY_SERVICE:
        code_keyring(node, coder);
        return;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN:
        code_origin(node, coder);
        return;
    case ROLE_COUNT:
        g_assert_not_reached();
    }
}

LoggedNode
logged_node(Role role, const void *config, const uint8_t seed[32])
{
    LoggedNode node = {.role = role};
    memcpy(node.seed, seed, sizeof node.seed);
    switch (role) {
    case ROLE_CLIENT:
        node.client = *(const ClientConfig *)config;
        break;
    case ROLE_EDGE:
        node.edge = *(const EdgeConfig *)config;
        break;
    case ROLE_MANAGER:
        node.manager = *(const ManagerConfig *)config;
        break;
    case ROLE_KEY_SERVICE:
        node.keyring = *(const KeyringConfig *)config;
        break;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN:
        node.origin = *(const OriginConfig *)config;
        break;
    case ROLE_COUNT:
        g_assert_not_reached();
    }
    return node;
}

void
logged_node_clear(LoggedNode *node)
{
    g_free(node->regions);
    g_free(node->services);
    memset(node, 0, sizeof *node);
}

const void *
logged_node_config(const LoggedNode *node)
{
    return &node->client; /* all members of a union begin together */
}
