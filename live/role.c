/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/role.c: one configured role, running: its node, sockets and files.
 */
#include "live/catalogue.h"
#include "live/kernel.h"
#include "live/role.h"
#include "live/privilege.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

/* Of the descriptors, so much may be in pipes: two each. */
#define PIPE_SHARE 8u

static void
accept_peer(void *context, int fd, const Address *peer)
{
    const LiveDoor *door = context;
    host_accept(door->host, fd, peer, door->tls);
}

static void
read_file(void *context, const Effect *effect, Event *event)
{
    LiveRole *role = context;
    files_read(role->files, effect, event);
}

static void
keep_record(void *context, uint32_t tag, const Record *record)
{
    LiveRole *role = context;
    keeper_put(&role->keeper, tag, record);
}

static void
see_note(void *context, const Effect *effect)
{
    LiveRole *role = context;
    monitor_note(&role->monitor, effect);
}

static void
see_turn(void *context, const Event *event, const Turn *turn)
{
    LiveRole *role = context;
    monitor_watch(&role->monitor, event, turn);
}

static void
see_passed(void *context, StreamId stream, uint64_t size_bytes)
{
    LiveRole *role = context;
    monitor_passed(&role->monitor, stream, size_bytes);
}

static void
see_refused(void *context, const uint8_t ip[16], uint16_t status)
{
    LiveRole *role = context;
    monitor_refused(&role->monitor, ip, status);
}

static bool
admit(void *context, StreamId stream)
{
    LiveRole *role = context;
    return monitor_admits(&role->monitor, stream);
}

static bool
open_files(LiveRole *role, GError **error)
{
    const LiveFiles *files = &role->config->files;
    if (!files->directory)
        return true;
    FilesConfig config = {{files->directory, files->tenant, files->id_key},
                          files->catalogue};
    role->files = files_new(&config, error);
    return role->files != NULL;
}

/* No socket option says it: an operator has to. */
static void
tell_slow_start(const LiveListen *listen)
{
    bool is_slow;
    char text[ADDRESS_TEXT_BYTES];
    bool is_wanted = listen->slow_start_after_idle == LIVE_SLOW_START_ON;
    if (listen->slow_start_after_idle == LIVE_SLOW_START_ANY ||
        !kernel_slows_after_idle(&is_slow) || is_slow == is_wanted)
        return;
    address_write(&listen->address, text);
    fprintf(stderr,
            "byway: %s wants slow start after idle %s, but "
            "net.ipv4.tcp_slow_start_after_idle is %d\n",
            text, is_wanted ? "on" : "off", is_slow);
}

static bool
open_listeners(LiveRole *role, GError **error)
{
    const LiveConfig *config = role->config;
    for (uint32_t i = 0; i < config->listen_count; i++) {
        ListenerConfig listener = {
            .address = config->listen[i].address,
            .is_multipath = config->listen[i].is_multipath,
            .is_alone = config_is_alone(config),
            .keep_alive = config->listen[i].keep_alive,
            .congestion = config->congestion,
            .send_timeout_ns = config->limits.idle_timeout_ns,
        };
        if (!listener_init(&role->listeners[i], &listener, error))
            return false;
        role->monitor.listener_count = ++role->listener_count;
        tell_slow_start(&config->listen[i]);
    }
    return true;
}

static void
close_listeners(LiveRole *role)
{
    while (role->listener_count > 0)
        listener_clear(&role->listeners[--role->listener_count]);
}

static void
introduce(LiveRole *role, const LivePeer *peer)
{
    if (peer->id == PEER_NONE)
        return;
    peers_introduce(&role->host.peers, peer->id, &peer->address);
    peers_allow_multipath(&role->host.peers, peer->id, peer->is_multipath);
}

static void
introduce_peers(LiveRole *role)
{
    const LiveConfig *config = role->config;
    introduce(role, &config->peers.manager);
    introduce(role, &config->peers.key_service);
    introduce(role, &config->peers.data_centre);
    introduce(role, &config->peers.cdn);
    trust_secure(&role->trust, config, &role->host.peers);
    config = role->started;
    for (uint32_t i = 0; i < config->service_count; i++) {
        const LiveService *service = &config->services[i];
        if (service->identity)
            peers_vouch_identity(&role->host.peers, service->id,
                                 service->identity);
        else
            peers_vouch(&role->host.peers, service->id, &service->address);
    }
}

static uint32_t
pipe_count_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    return (uint32_t)(MIN(limit.rlim_cur, G_MAXINT32) / 2 / PIPE_SHARE);
}

/* As many descriptors as we may have. */
static void
raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A key service has a key for every version that was published. */
static bool
add_published(LiveRole *role, GError **error)
{
    if (!role->config->catalogue)
        return true;
    g_autoptr(Catalogue) catalogue =
        catalogue_read(role->config->catalogue, error);
    if (!catalogue)
        return false;
    for (guint i = 0; i < catalogue->files->len; i++) {
        const CatalogueFile *file = catalogue->files->pdata[i];
        Command command = {.kind = COMMAND_ADD_FILE,
                           .file = file->id,
                           .version = file->version,
                           .file_bytes = file->size_bytes};
        host_command(&role->host, &command);
    }
    return true;
}

/* Others know it by the address that it listens at, if that is one. */
static const Address *
find_source(LiveRole *role)
{
    role->source = role->config->listen[0].address;
    role->source.port = 0;
    bool is_known =
        role->config->listen_count > 0 && !address_is_any(&role->source);
    return is_known ? &role->source : NULL;
}

static void
fill_limits(HostConfig *host, const LiveConfig *config)
{
    const LiveLimits *limits = &config->limits;
    uint64_t timeout_ms = (uint64_t)(limits->send_timeout_ns / NS_PER_MS);
    host->stream_count_max = limits->connections;
    host->stream_count_max_per_peer = limits->connections_per_peer;
    host->memory_bytes_max = limits->memory_bytes;
    host->head_timeout_ns = limits->header_timeout_ns;
    host->session_idle_ns = limits->idle_timeout_ns;
    host->send_timeout_ns = limits->send_timeout_ns;
    host->send_bytes_min = limits->send_bps_min / 8 * timeout_ms / 1000;
    /* The other roles know which of their streams wait for something. */
    host->idle_timeout_ns =
        config->role == ROLE_MANAGER ? limits->idle_timeout_ns : 0;
}

static void
tell_capacity(LiveRole *role)
{
    Command capacity = {.kind = COMMAND_CAPACITY,
                        .value = role->config->uplink_bps};
    if (role->config->role == ROLE_EDGE)
        host_command(&role->host, &capacity);
}

static uint32_t
highest_master_key(const LiveConfig *config)
{
    uint32_t count = config->master_key_count;
    return count > 0 ? config->master_keys[count - 1].number : 0;
}

static bool
start_host(LiveRole *role, GError **error)
{
    const LiveConfig *config = role->config;
    HostConfig host = {
        .role = config->role,
        .role_config = config_node_config(config),
        .place = config_place(config),
        .source = find_source(role),
        .pipe_count_max = pipe_count_max(),
        .limits = {.connect_timeout_ns = 10 * NS_PER_S,
                   .send_timeout_ns = 10 * NS_PER_S,
                   .linger_timeout_ns = 2 * NS_PER_S},
        .sink = {.context = role,
                 .note = see_note,
                 .passed = see_passed,
                 .refused = see_refused,
                 .admits = admit,
                 .read = role->files ? read_file : NULL,
                 .store = role->keeper.store ? keep_record : NULL},
    };
    fill_limits(&host, config);
    if (getentropy(host.seed, sizeof host.seed) != 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "the system has no randomness to give");
        return false;
    }
    if (monitor_is_wanted(config))
        host.sink.watch = see_turn;
    g_autofree char *verb = g_strconcat("live ", role_name(config->role), NULL);
    if (!turns_open(&role->turns, config, verb, &host, error))
        return false;
    host_init(&role->host, &role->loop, &host);
    explicit_bzero(host.seed, sizeof host.seed);
    introduce_peers(role);
    host_start(&role->host);
    if (!keeper_restore(&role->keeper, &role->host, config, error) ||
        !add_published(role, error)) {
        host_clear(&role->host);
        turns_close(&role->turns);
        return false;
    }
    tell_capacity(role);
    return true;
}

static bool
start_listeners(LiveRole *role, GError **error)
{
    for (uint32_t i = 0; i < role->listener_count; i++) {
        LiveDoor *door = &role->doors[i];
        *door = (LiveDoor){&role->host, role->trust.listeners[i]};
        if (listener_start(&role->listeners[i], &role->loop, accept_peer, door))
            continue;
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot wait for connections");
        return false;
    }
    return true;
}

bool
role_start(LiveRole *role, const LiveConfig *config, GError **error)
{
    memset(role, 0, sizeof *role);
    role->config = role->started = config;
    raise_limit();
    signal(SIGPIPE, SIG_IGN); /* splice has no MSG_NOSIGNAL */
    if (!loop_init(&role->loop, error))
        return false;
    monitor_init(&role->monitor, &role->host, role->listeners);
    if (config->role == ROLE_KEY_SERVICE)
        privilege_keep_secrets();
    privilege_raise();
    bool are_open = open_listeners(role, error);
    privilege_lower();
    privilege_drop();
    if (!are_open || !trust_open(&role->trust, config, error) ||
        !open_files(role, error) ||
        !monitor_open(&role->monitor, config, &role->loop, error) ||
        !keeper_open(&role->keeper, config, &role->loop, error) ||
        !start_host(role, error))
        goto fail_open;
    if (start_listeners(role, error))
        return true;
    host_clear(&role->host);
    turns_close(&role->turns);
fail_open:
    keeper_close(&role->keeper);
    monitor_close(&role->monitor, &role->loop);
    close_listeners(role);
    files_free(role->files);
    trust_close(&role->trust);
    loop_clear(&role->loop);
    return false;
}

void
role_yield_door(LiveRole *role)
{
    for (uint32_t i = 0; i < role->listener_count; i++)
        listener_yield(&role->listeners[i], role->started->worker_count);
    monitor_yield(&role->monitor);
}

void
role_close_door(LiveRole *role)
{
    for (uint32_t i = 0; i < role->listener_count; i++)
        listener_empty(&role->listeners[i]);
    close_listeners(role);
}

bool
role_read_files(LiveRole *role, GError **error)
{
    return trust_reload(&role->trust, error) &&
           (!role->files || files_scan(role->files, error)) &&
           add_published(role, error);
}

void
role_take_config(LiveRole *role, LiveConfig *config)
{
    HostConfig limits = role->host.config;
    fill_limits(&limits, config);
    host_limit(&role->host, &limits);
    keeper_tell_master_keys(&role->host, config,
                            highest_master_key(role->config));
    config_free(role->reread);
    role->config = role->reread = config;
    introduce_peers(role);
    tell_capacity(role);
    /* Whoever is here already stays unseen. */
    if (monitor_is_wanted(config))
        role->host.config.sink.watch = see_turn;
    monitor_take_config(&role->monitor, config, &role->loop);
}

bool
role_stop(LiveRole *role)
{
    close_listeners(role);
    host_clear(&role->host);
    turns_close(&role->turns);
    bool is_kept = keeper_close(&role->keeper);
    monitor_close(&role->monitor, &role->loop);
    files_free(role->files);
    trust_close(&role->trust);
    config_free(role->reread);
    loop_clear(&role->loop);
    return is_kept;
}
