/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config.c: defaults, a file over them, and what follows from both.
 */
#include "live/check.h"
#include "live/privilege.h"
#include "sim/yaml/input.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

static const LiveLimits LIMITS = {
    .connections = 4096,
    .connections_per_peer = 256,
    .memory_bytes = UINT64_C(256) << 20,
    .header_timeout_ns = 10 * NS_PER_S,
    .idle_timeout_ns = 120 * NS_PER_S,
    .drain_timeout_ns = 30 * NS_PER_S,
    .send_timeout_ns = 30 * NS_PER_S,
    .send_bps_min = 8000,
};

static void
init_roles(LiveConfig *config)
{
    long page_count = sysconf(_SC_PHYS_PAGES);
    long core_count = sysconf(_SC_NPROCESSORS_ONLN);
    client_config_init(&config->client);
    edge_config_init(&config->edge);
    manager_config_init(&config->manager);
    keyring_config_init(&config->key_service);
    origin_config_init(&config->data_centre, true);
    origin_config_init(&config->cdn, false);
    config->manager.failure_ppm = 0; /* here things fail by themselves */
    if (core_count > 0)
        config->edge.core_count = (uint16_t)MIN(core_count, UINT16_MAX);
    if (page_count > 0)
        config->edge.memory_bytes =
            (uint64_t)page_count * (uint64_t)sysconf(_SC_PAGESIZE);
}

LiveConfig *
config_new(Role role)
{
    const LivePeer nobody = {.id = PEER_NONE};
    LiveConfig *config = g_new0(LiveConfig, 1);
    config->role = role;
    config->peers = (LivePeers){nobody, nobody, nobody, nobody};
    config->files.tenant = "default";
    config->limits = LIMITS;
    config->worker_count = 1;
    config->owned = g_ptr_array_new_with_free_func(g_free);
    init_roles(config);
    config->key_service.is_master_told = true;
    return config;
}

void
config_free(LiveConfig *config)
{
    if (!config)
        return;
    g_ptr_array_unref(config->owned);
    explicit_bzero(config, sizeof *config);
    g_free(config);
}

/* What core calls otherwise, or wants to be told twice. */
static void
finish(LiveConfig *config, bool is_advertised)
{
    const LiveLimits *limits = &config->limits;
    if (!is_advertised)
        config->advertise = config->listen[0].address;
    config->manager.selection.regions = config->regions;
    for (uint32_t at = 0; at < config->service_count; at++)
        config->service_ids[at] = config->services[at].id;
    config->key_service.services = config->service_ids;
    config->key_service.service_count = config->service_count;
    config->client.never_asks = config->peers.manager.id == PEER_NONE;
    config->edge.client_idle_ns = limits->idle_timeout_ns;
    config->key_service.stream_idle_ns = limits->idle_timeout_ns;
    config->data_centre.stream_idle_ns = limits->idle_timeout_ns;
    config->cdn.stream_idle_ns = limits->idle_timeout_ns;
    config->data_centre.session_count_max = limits->connections;
    config->cdn.session_count_max = limits->connections;
}

/* Before any other file is looked at: that is done as the user. */
static void
become_user(const ConfigReader *reader, const TreeNode *root)
{
    const TreeEntry *entry =
        root->kind == TREE_MAP ? tree_find(root, "user") : NULL;
    g_autofree char *why = NULL;
    if (!entry || entry->value->kind != TREE_SCALAR)
        return;
    if (!privilege_assume(entry->value->text, &why))
        complain(reader->complaints, entry->value->mark, "user: %s", why);
}

static void
read_tree(ConfigReader *reader, const TreeNode *root)
{
    if (!root) {
        complain(reader->complaints, (Mark){.line = 1, .column = 1},
                 "there is nothing in it");
        return;
    }
    become_user(reader, root);
    config_reader_read(reader, root);
    if (reader->complaints->list->len > 0)
        return;
    finish(reader->config, tree_find(root, "advertise") != NULL);
    config_rule_check(reader, root);
    if (reader->remarks && reader->complaints->list->len == 0)
        check_machine(reader, root, reader->remarks);
}

static bool
parse(ConfigReader *reader, const char *text, size_t text_bytes)
{
    Tree tree;
    tree_init(&tree);
    if (tree_parse(&tree, text, text_bytes, reader->complaints))
        read_tree(reader, tree.root);
    tree_clear(&tree);
    return reader->complaints->list->len == 0;
}

/* Remarks are wanted of a check only. */
static LiveConfig *
parse_text(const ConfigText *text, Role role, GPtrArray *errors,
           GPtrArray *remarks)
{
    g_autoptr(LiveConfig) config = config_new(role);
    g_autofree char *directory = g_path_get_dirname(text->path);
    Complaints complaints;
    complaints_init(&complaints, text->path);
    ConfigReader reader = {config, &complaints, directory, remarks};
    bool is_read = parse(&reader, text->bytes, text->byte_count);
    complaints_report(&complaints, errors);
    complaints_clear(&complaints);
    return is_read ? g_steal_pointer(&config) : NULL;
}

static LiveConfig *
read_file(const char *path, Role role, GPtrArray *errors, GPtrArray *remarks)
{
    g_autofree char *why = NULL;
    ConfigText text = {.path = path};
    g_autofree char *bytes =
        input_read(path, TREE_TEXT_BYTES_MAX, &text.byte_count, &why);
    text.bytes = bytes;
    if (bytes)
        return parse_text(&text, role, errors, remarks);
    g_ptr_array_add(errors, g_strdup_printf("%s: error: %s", path, why));
    return NULL;
}

LiveConfig *
config_parse(const ConfigText *text, Role role, GPtrArray *errors)
{
    return parse_text(text, role, errors, NULL);
}

LiveConfig *
config_read(const char *path, Role role, GPtrArray *errors)
{
    return read_file(path, role, errors, NULL);
}

bool
config_check(const char *path, Role role, GPtrArray *errors, GPtrArray *remarks)
{
    g_autoptr(LiveConfig) config = read_file(path, role, errors, remarks);
    return config != NULL;
}

bool
config_parse_role(const char *word, Role *ret_role)
{
    g_autofree char *name = g_strdelimit(g_strdup(word), "-", '_');
    for (Role role = 0; role < ROLE_COUNT; role++) {
        if (g_str_equal(name, role_name(role))) {
            *ret_role = role;
            return true;
        }
    }
    return false;
}

char *
config_suggest_role(const char *word)
{
    const char *names[ROLE_COUNT + 1] = {NULL};
    for (Role role = 0; role < ROLE_COUNT; role++)
        names[role] = role_name(role);
    return complaint_suggestion(word, names);
}

bool
config_is_alone(const LiveConfig *config)
{
    return config->role == ROLE_MANAGER || config->role == ROLE_KEY_SERVICE;
}

const LivePeer *
config_peer(const LiveConfig *config, LivePeerKind kind)
{
    const LivePeers *peers = &config->peers;
    const LivePeer *const all[LIVE_PEER_COUNT] = {
        [LIVE_MANAGER] = &peers->manager,
        [LIVE_KEY_SERVICE] = &peers->key_service,
        [LIVE_DATA_CENTRE] = &peers->data_centre,
        [LIVE_CDN] = &peers->cdn,
    };
    assert(kind < LIVE_PEER_COUNT);
    return all[kind];
}

const char *
config_peer_name(LivePeerKind kind)
{
    static const char *const names[LIVE_PEER_COUNT] = {
        [LIVE_MANAGER] = "manager",
        [LIVE_KEY_SERVICE] = "key_service",
        [LIVE_DATA_CENTRE] = "data_centre",
        [LIVE_CDN] = "cdn",
    };
    assert(kind < LIVE_PEER_COUNT);
    return names[kind];
}

const void *
config_node_config(const LiveConfig *config)
{
    const void *const configs[ROLE_COUNT] = {
        [ROLE_CLIENT] = &config->client,
        [ROLE_EDGE] = &config->edge,
        [ROLE_MANAGER] = &config->manager,
        [ROLE_KEY_SERVICE] = &config->key_service,
        [ROLE_DATA_CENTRE] = &config->data_centre,
        [ROLE_CDN] = &config->cdn,
    };
    assert(config->role < ROLE_COUNT);
    return configs[config->role];
}

Place
config_place(const LiveConfig *config)
{
    const LivePeers *peers = &config->peers;
    bool is_client = config->role == ROLE_CLIENT;
    return (Place){
        .self = config->id,
        .manager = peers->manager.id,
        .key_service = peers->key_service.id,
        .source = is_client ? peers->cdn.id : peers->data_centre.id,
        .region = config->region,
        .isp = config->isp,
        .address = config->advertise,
    };
}
