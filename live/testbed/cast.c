/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/cast.c: from hosts of a population to roles over sockets.
 *
 * The roles get the very structures that simulated nodes get; only where
 * others are reached has to be said in another way.
 */
#include "live/testbed/cast.h"

#include <string.h>
#include <sys/random.h>

/* IPv4 and TCP with the time stamps that kernels send. */
#define HEADER_BYTES 52u
#define HYSTART_PATH "/sys/module/tcp_cubic/parameters/hystart"

static LivePeer
peer(PeerId id)
{
    return (LivePeer){.id = id, .address = reach_address(id)};
}

static void
cast_role(LiveConfig *config, const Population *population)
{
    config->client = population->client_config;
    config->edge = population->edge_config;
    config->manager = population->manager_config;
    config->key_service = population->keyring_config;
    config->key_service.is_master_told = true;
    config->data_centre = population->origin_config;
    config->cdn = population->cdn_config;
}

static void
cast_peers(LiveConfig *config, const Population *population, const Place *place)
{
    config->peers.manager = peer(place->manager);
    config->peers.key_service = peer(place->key_service);
    if (config->role == ROLE_CLIENT)
        config->peers.cdn = peer(place->source);
    if (config->role == ROLE_EDGE)
        config->peers.data_centre = peer(place->source);
    if (config->role != ROLE_KEY_SERVICE)
        return;
    const KeyringConfig *keyring = &population->keyring_config;
    config->service_count = keyring->service_count;
    for (uint32_t i = 0; i < keyring->service_count; i++) {
        PeerId service = keyring->services[i];
        config->services[i].id = service;
        config->services[i].address = reach_address(service);
        config->services[i].address.port = 0;
    }
}

static bool
cast_master_key(LiveConfig *config, GError **error)
{
    config->master_key_count = 1;
    config->master_keys[0].number = 1;
    if (getentropy(config->master_keys[0].bytes, LIVE_KEY_BYTES) == 0)
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "the system has no randomness to give");
    return false;
}

static SegmentPlan
cast_segment(const Host *host)
{
    static const char *const CONGESTION[] = {
        [CONGESTION_CUBIC] = "cubic",
        [CONGESTION_RENO] = "reno",
    };
    const TcpOptions *options = host->options;
    return (SegmentPlan){
        .address = host->place.address,
        .congestion = CONGESTION[options->congestion],
        .initial_window_packets = options->initial_window_packets,
        .mtu_bytes = options->mss_bytes + options->header_bytes,
        .receive_window_bytes = options->receive_window_bytes,
        .has_delayed_ack = options->has_delayed_ack,
        .has_slow_start_after_idle = options->has_slow_start_after_idle,
    };
}

bool
cast_plan(const Population *population, HostId id, ActorPlan *ret_plan,
          GError **error)
{
    const Host *host = &population->world->hosts[id];
    g_autoptr(LiveConfig) config = config_new(host->role);
    config->id = id;
    config->region = host->place.region;
    config->isp = host->place.isp;
    config->advertise = host->place.address;
    if (host->role != ROLE_CLIENT)
        config->listen[config->listen_count++].address = host->place.address;
    cast_role(config, population);
    cast_peers(config, population, &host->place);
    if (host->role == ROLE_KEY_SERVICE && !cast_master_key(config, error))
        return false;
    *ret_plan = (ActorPlan){g_steal_pointer(&config), cast_segment(host)};
    return true;
}

/* This setting is one for the whole machine, so it is not changed. */
static bool
kernel_has_hystart(void)
{
    g_autofree char *text = NULL;
    return !g_file_get_contents(HYSTART_PATH, &text, NULL, NULL) ||
           text[0] != '0';
}

static const char *
find_obstacle(const PlanTransport *transport)
{
    if (transport->header_bytes != HEADER_BYTES)
        return "header: a kernel's are 52 B";
    if (transport->congestion == PLAN_CUBIC &&
        transport->has_hystart != kernel_has_hystart())
        return "hystart: this kernel has it otherwise, for all its networks "
               "(" HYSTART_PATH ")";
    return NULL;
}

static uint32_t
count_hosts(const Scenario *scenario)
{
    const PlanRoles *roles = &scenario->roles;
    uint32_t servers =
        2 * roles->data_centre_count * scenario->network.isp_count + 2;
    return servers + (roles->edges ? roles->edges->count : 0) +
           roles->clients->count;
}

bool
cast_is_possible(const Scenario *scenario, GError **error)
{
    if (scenario->measure.pcap_count > 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "measure.pcap: a testbed's packets are real; tcpdump "
                    "captures them");
        return false;
    }
    if (count_hosts(scenario) > CAST_HOSTS_MAX) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the scenario has %u hosts; a testbed plays %u at most",
                    count_hosts(scenario), CAST_HOSTS_MAX);
        return false;
    }
    for (uint32_t i = 0; i < scenario->transport_count; i++) {
        const PlanTransport *transport = &scenario->transports[i];
        const char *obstacle = find_obstacle(transport);
        if (!obstacle)
            continue;
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "transports.%s.%s",
                    transport->name, obstacle);
        return false;
    }
    return true;
}
