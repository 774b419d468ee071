/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_rule.c: what a configuration must be as a whole.
 *
 * Every key is valid by itself when these are looked at.
 */
#include "live/address.h"
#include "live/config_reader.h"
#include "live/trust.h"

#include <assert.h>
#include <string.h>

/* The manager remembers each pair of groups: 32 bytes each. */
#define GROUP_COUNT_MAX 1024u
#define SERVICES "key_service.services"
#define SLICE_STEP_BYTES 16u

typedef struct Claim {
    const char *path;
    PeerId id;
} Claim;

Mark
config_mark(const TreeNode *root, const char *path, ...)
{
    va_list arguments;
    va_start(arguments, path);
    g_autofree char *whole = g_strdup_vprintf(path, arguments);
    va_end(arguments);
    g_auto(GStrv) steps = g_strsplit(whole, ".", -1);
    const TreeNode *node = root;
    for (char **step = steps; *step && node->kind != TREE_SCALAR; step++) {
        const TreeEntry *entry =
            node->kind == TREE_MAP
                ? tree_find(node, *step)
                : &node->entries[g_ascii_strtoull(*step, NULL, 10)];
        if (!entry)
            break;
        node = entry->value;
    }
    return node->mark;
}

static void
check_listen(ConfigReader *reader, const TreeNode *root)
{
    const LiveConfig *config = reader->config;
    for (uint32_t at = 0; at < config->listen_count; at++) {
        char text[ADDRESS_TEXT_BYTES];
        const Address *address = &config->listen[at].address;
        Mark mark = config_mark(root, "listen.%u", at);
        bool is_key_service = config->role == ROLE_KEY_SERVICE;
        address_write(address, text);
        for (uint32_t other = 0; other < at; other++) {
            if (address_is_equal(address, &config->listen[other].address))
                complain(reader->complaints, mark, "listen: %s is given twice",
                         text);
        }
        bool is_private = config->listen[at].tls.certificate != NULL ||
                          address_is_loopback(address);
        if (is_key_service && !config->may_be_clear && !is_private)
            complain(reader->complaints, mark,
                     "listen: others reach %s, and keys would go to them in "
                     "the clear; 'tls' hides them, 'clear_text: true' allows "
                     "it",
                     text);
    }
}

/* Each worker has a port of its own for operators. */
static void
check_workers(ConfigReader *reader, const TreeNode *root)
{
    const LiveConfig *config = reader->config;
    if (config->admin.port + config->worker_count - 1 > UINT16_MAX)
        complain(reader->complaints, config_mark(root, "admin"),
                 "admin: %u workers need as many ports from %u on",
                 config->worker_count, config->admin.port);
}

static void
check_advertise(ConfigReader *reader, const TreeNode *root)
{
    const LiveConfig *config = reader->config;
    if (config->role != ROLE_EDGE || !address_is_any(&config->advertise))
        return;
    bool is_given = tree_find(root, "advertise") != NULL;
    complain(reader->complaints,
             is_given ? config_mark(root, "advertise")
                      : config_mark(root, "listen"),
             is_given ? "advertise: nobody can be sent to all addresses"
                      : "listen: all addresses of this machine; say with "
                        "'advertise' which one clients are sent to");
}

/* A peer that is this process, or all addresses, is a slip of the pen. */
static void
check_peer(ConfigReader *reader, const TreeNode *root, const char *name,
           const LivePeer *peer)
{
    const LiveConfig *config = reader->config;
    Mark mark = config_mark(root, "peers.%s.address", name);
    if (peer->id == PEER_NONE)
        return;
    if (address_is_any(&peer->address))
        complain(reader->complaints, mark,
                 "address: nobody can be reached at all addresses");
    for (uint32_t at = 0; at < config->listen_count; at++) {
        if (address_is_equal(&peer->address, &config->listen[at].address))
            complain(reader->complaints, mark,
                     "address: this is where this process listens itself");
    }
}

static void
check_ids(ConfigReader *reader, const TreeNode *root)
{
    const LivePeers *peers = &reader->config->peers;
    const Claim claims[] = {
        {"id", reader->config->id},
        {"peers.manager.id", peers->manager.id},
        {"peers.key_service.id", peers->key_service.id},
        {"peers.data_centre.id", peers->data_centre.id},
        {"peers.cdn.id", peers->cdn.id},
    };
    for (guint at = 1; at < G_N_ELEMENTS(claims); at++) {
        for (guint other = 0; other < at; other++) {
            if (claims[at].id != PEER_NONE && claims[at].id == claims[other].id)
                complain(reader->complaints,
                         config_mark(root, "%s", claims[at].path),
                         "id: %u is already that of '%s'", claims[at].id,
                         claims[other].path);
        }
    }
    for (LivePeerKind kind = 0; kind < LIVE_PEER_COUNT; kind++)
        check_peer(reader, root, config_peer_name(kind),
                   config_peer(reader->config, kind));
}

static bool
is_same_proof(const LiveService *service, const LiveService *other)
{
    if (service->identity || other->identity)
        return g_strcmp0(service->identity, other->identity) == 0;
    return address_is_same_host(&service->address, &other->address);
}

/* A service is known by where it comes from, or what it shows. */
static void
check_proof(ConfigReader *reader, const TreeNode *root, uint32_t at)
{
    const LiveService *service = &reader->config->services[at];
    const char *key = service->identity ? "identity" : "address";
    Mark mark = config_mark(root, SERVICES ".%u.%s", at, key);
    if (!address_is_any(&service->address) == (service->identity != NULL))
        complain(reader->complaints, config_mark(root, SERVICES ".%u", at),
                 "service: expected one of address and identity");
    else if (service->identity && !tls_is_identity(service->identity))
        complain(reader->complaints, mark,
                 "identity: '%s' is neither a URI nor sha256: and 64 hex "
                 "digits",
                 service->identity);
    for (uint32_t other = 0; other < at; other++) {
        if (is_same_proof(service, &reader->config->services[other]))
            complain(reader->complaints, mark, "%s: already that of service %u",
                     key, reader->config->services[other].id);
    }
}

static void
check_services(ConfigReader *reader, const TreeNode *root)
{
    const LiveConfig *config = reader->config;
    for (uint32_t at = 0; at < config->service_count; at++) {
        const LiveService *service = &config->services[at];
        Mark mark = config_mark(root, SERVICES ".%u.id", at);
        if (service->id == config->id)
            complain(reader->complaints, mark, "id: %u is already that of 'id'",
                     service->id);
        for (uint32_t other = 0; other < at; other++) {
            if (service->id == config->services[other].id)
                complain(reader->complaints, mark, "id: %u is given twice",
                         service->id);
        }
        check_proof(reader, root, at);
    }
}

static void
check_master_keys(ConfigReader *reader, const TreeNode *root)
{
    const LiveMasterKey *keys = reader->config->master_keys;
    for (uint32_t at = 1; at < reader->config->master_key_count; at++) {
        if (keys[at].number <= keys[at - 1].number)
            complain(reader->complaints,
                     config_mark(root, "master_keys.%u.number", at),
                     "number: %u does not come after %u", keys[at].number,
                     keys[at - 1].number);
        for (uint32_t other = 0; other < at; other++) {
            if (memcmp(keys[at].bytes, keys[other].bytes, LIVE_KEY_BYTES) == 0)
                complain(reader->complaints,
                         config_mark(root, "master_keys.%u.file", at),
                         "file: the same key as number %u", keys[other].number);
        }
    }
}

static void
check_key_service(ConfigReader *reader, const TreeNode *root)
{
    const KeyringConfig *config = &reader->config->key_service;
    check_services(reader, root);
    check_master_keys(reader, root);
    if (config->slice_bytes % SLICE_STEP_BYTES != 0)
        complain(reader->complaints,
                 config_mark(root, "key_service.slice_size"),
                 "slice_size: not a multiple of %u B", SLICE_STEP_BYTES);
    else
        assert(keyring_config_is_valid(config));
}

static void
check_manager(ConfigReader *reader, const TreeNode *root)
{
    const ManagerConfig *config = &reader->config->manager;
    const SelectionConfig *map = &config->selection;
    if ((uint32_t)map->region_count * map->isp_count > GROUP_COUNT_MAX)
        complain(reader->complaints, config_mark(root, "manager.isps"),
                 "isps: %u regions of %u ISPs are more than %u groups",
                 map->region_count, map->isp_count, GROUP_COUNT_MAX);
    if (config->list_age_ns < config->offline_after_ns)
        complain(reader->complaints, config_mark(root, "manager.list_age"),
                 "list_age: shorter than offline_after");
}

static void
check_client(ConfigReader *reader, const TreeNode *root)
{
    const LivePeers *peers = &reader->config->peers;
    bool has_manager = peers->manager.id != PEER_NONE;
    if (has_manager != (peers->key_service.id != PEER_NONE))
        complain(reader->complaints, config_mark(root, "peers"),
                 "peers: edges take both, a manager and a key service");
    if (reader->config->client.slow_window_ns % NS_PER_S != 0)
        complain(reader->complaints, config_mark(root, "client.slow_window"),
                 "slow_window: not a whole number of seconds");
}

/* Takes the context, and what was wrong with it. */
static void
check_context(ConfigReader *reader, Mark mark, TlsContext *context,
              GError *error)
{
    if (error)
        complain(reader->complaints, mark, "tls: %s", error->message);
    g_clear_error(&error);
    tls_context_free(context);
}

static void
check_peer_tls(ConfigReader *reader, const TreeNode *root, LivePeerKind kind)
{
    const LivePeer *peer = config_peer(reader->config, kind);
    Mark mark = config_mark(root, "peers.%s.tls", config_peer_name(kind));
    GError *error = NULL;
    if (!peer->tls.certificate != !peer->tls.key) {
        complain(reader->complaints, mark,
                 "tls: expected both or neither of certificate and key");
        return;
    }
    TlsContext *context = trust_load_peer(peer, &error);
    check_context(reader, mark, context, error);
}

/* Loaded now, so that a mistake in them is one of the file. */
static void
check_tls(ConfigReader *reader, const TreeNode *root)
{
    const LiveConfig *config = reader->config;
    for (uint32_t at = 0; at < config->listen_count; at++) {
        GError *error = NULL;
        TlsContext *context = trust_load_listener(&config->listen[at], &error);
        check_context(reader, config_mark(root, "listen.%u.tls", at), context,
                      error);
    }
    for (LivePeerKind kind = 0; kind < LIVE_PEER_COUNT; kind++)
        check_peer_tls(reader, root, kind);
}

void
config_rule_check(ConfigReader *reader, const TreeNode *root)
{
    check_listen(reader, root);
    check_workers(reader, root);
    check_advertise(reader, root);
    check_ids(reader, root);
    check_tls(reader, root);
    if (reader->config->role == ROLE_KEY_SERVICE)
        check_key_service(reader, root);
    if (reader->config->role == ROLE_MANAGER)
        check_manager(reader, root);
    if (reader->config->role == ROLE_CLIENT)
        check_client(reader, root);
}
