/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_config.c: good configurations are read, bad ones explained.
 *
 * Runs in the root of the sources. tests/live/bad holds one mistake a file,
 * with every word of the answer beside it; its first line says for which role
 * it is read. Files are copied into a folder with keys and directories.
 */
#include "live/address.h"
#include "live/config_schema.h"
#include "tests/live/authority.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/types.h>

#define BAD "tests/live/bad"
#define PAGE "docs/live.md"
#define ZEROS "00000000000000000000000000000000"
#define KEY_LINE "0123456789abcdefABCDEF0000000001" ZEROS
#define OTHER_KEY "1123456789abcdefABCDEF0000000001" ZEROS "\n"

typedef struct Folder {
    char *path;
    GPtrArray *names; /* of what is in it, in the order of making */
} Folder;

static void
add_file(Folder *folder, const char *name, const char *text, mode_t mode)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
    g_ptr_array_add(folder->names, g_strdup(name));
}

static void
add_directory(Folder *folder, const char *name, mode_t mode)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
    g_ptr_array_add(folder->names, g_strdup(name));
}

/* They are written into the folder; remember them. */
static void
add_certificates(Folder *folder)
{
    static const char *const NAMES[] = {"root.pem", "server.pem", "server.key",
                                        "client.pem", "client.key"};
    static const Claims CLAIMS = {"DNS:relay.test", 5};
    Authority authority;
    authority_init(&authority, folder->path, "root");
    authority_issue(&authority, "server", &CLAIMS);
    authority_issue(&authority, "client", &CLAIMS);
    authority_clear(&authority);
    for (guint at = 0; at < G_N_ELEMENTS(NAMES); at++)
        g_ptr_array_add(folder->names, g_strdup(NAMES[at]));
    add_file(folder, "shown.key", "", 0644);
}

static void
folder_init(Folder *folder)
{
    folder->path = g_dir_make_tmp("byway-config-XXXXXX", NULL);
    folder->names = g_ptr_array_new_with_free_func(g_free);
    g_assert_nonnull(folder->path);
    add_file(folder, "good.key", KEY_LINE "\n", 0600);
    add_file(folder, "id.key", KEY_LINE, 0400);
    add_file(folder, "master-1.key", OTHER_KEY, 0600);
    add_file(folder, "other.key", OTHER_KEY, 0600);
    add_file(folder, "open.key", OTHER_KEY, 0640);
    add_file(folder, "short.key", ZEROS "\n", 0600);
    add_file(folder, "long.key", KEY_LINE "0\n", 0600);
    add_file(folder, "letters.key", ZEROS "zeros of the wrong sort all over\n",
             0600);
    add_certificates(folder);
    add_directory(folder, "files", 0755);
    add_directory(folder, "private", 0700);
    add_directory(folder, "state", 0700);
    add_directory(folder, "shared", 0750);
}

static void
folder_clear(Folder *folder)
{
    for (guint at = 0; at < folder->names->len; at++) {
        g_autofree char *path =
            g_build_filename(folder->path, folder->names->pdata[at], NULL);
        g_remove(path); /* a file may have been made twice */
    }
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_ptr_array_unref(folder->names);
    g_free(folder->path);
}

/* Read a text as a file of the folder. */
static LiveConfig *
read_text(Folder *folder, const char *name, const char *text, Role role,
          GPtrArray *errors)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    add_file(folder, name, text, 0644);
    LiveConfig *config = config_read(path, role, errors);
    g_assert_true((config == NULL) == (errors->len > 0));
    return config;
}

static LiveConfig *
read_good(Folder *folder, const char *text, Role role)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    LiveConfig *config = read_text(folder, "good.yaml", text, role, errors);
    if (errors->len)
        g_test_message("%s", (char *)errors->pdata[0]);
    g_assert_nonnull(config);
    return config;
}

/* "# byway live edge" in the first line. */
static Role
role_of(const char *text)
{
    static const char start[] = "# byway live ";
    Role role = ROLE_COUNT;
    g_assert_true(g_str_has_prefix(text, start));
    text += strlen(start);
    g_autofree char *word = g_strndup(text, strcspn(text, "\n"));
    g_assert_true(config_parse_role(word, &role));
    return role;
}

static void
check_bad_file(Folder *folder, const char *name)
{
    g_autofree char *path = g_build_filename(BAD, name, NULL);
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".yaml"));
    g_autofree char *answer_path = g_strconcat(stem, ".txt", NULL);
    g_autofree char *text = NULL;
    g_autofree char *answer = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(g_file_get_contents(answer_path, &answer, NULL, NULL));
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(LiveConfig) config =
        read_text(folder, name, text, role_of(text), errors);
    g_assert_null(config);
    g_autoptr(GString) said = g_string_new(NULL);
    for (guint at = 0; at < errors->len; at++)
        g_string_append_printf(said, "%s\n", (char *)errors->pdata[at]);
    g_autofree char *start = g_strconcat(folder->path, "/", NULL);
    g_string_replace(said, start, "", 0);
    g_assert_cmpstr(said->str, ==, answer);
}

static void
every_mistake_is_named_with_its_place(void)
{
    Folder folder;
    folder_init(&folder);
    g_autoptr(GDir) bad = g_dir_open(BAD, 0, NULL);
    g_assert_nonnull(bad);
    guint file_count = 0;
    for (const char *name; (name = g_dir_read_name(bad));) {
        if (!g_str_has_suffix(name, ".yaml"))
            continue;
        check_bad_file(&folder, name);
        file_count++;
    }
    g_assert_cmpuint(file_count, >=, 85);
    folder_clear(&folder);
}

static void
a_file_that_is_not_there_is_an_error(void)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_assert_null(config_read("no/where.yaml", ROLE_EDGE, errors));
    g_assert_cmpuint(errors->len, ==, 1);
    g_assert_cmpstr(errors->pdata[0], ==,
                    "no/where.yaml: error: cannot open 'no/where.yaml': "
                    "No such file or directory");
}

/* What --help prints is a configuration, one of the defaults, and core can
 * work with it. */
static void
the_help_can_be_read_back(void)
{
    Folder folder;
    folder_init(&folder);
    for (Role role = 0; role < ROLE_COUNT; role++) {
        g_autoptr(GString) text = g_string_new(NULL);
        config_write_help(text, role);
        g_autoptr(LiveConfig) config = read_good(&folder, text->str, role);
        g_autoptr(LiveConfig) fresh = config_new(role);
        g_assert_cmpint(config->role, ==, role);
        g_assert_cmpuint(config->limits.memory_bytes, ==,
                         fresh->limits.memory_bytes);
        g_assert_cmpint(config->edge.probe_interval_ns, ==,
                        fresh->edge.probe_interval_ns);
        g_assert_cmpuint(config->client.enough_ppm, ==,
                         fresh->client.enough_ppm);
        g_assert_cmpuint(config->manager.policy, ==, fresh->manager.policy);
        g_assert_cmpuint(config->key_service.alg, ==, fresh->key_service.alg);
        const uint8_t seed[32] = {0};
        node_free(node_new(role, config_node_config(config), seed));
    }
    folder_clear(&folder);
}

static char *
read_page(void)
{
    char *page = NULL;
    g_assert_true(g_file_get_contents(PAGE, &page, NULL, NULL));
    return page;
}

/* The page is written by hand but for the keys. */
static void
the_page_has_every_key(void)
{
    g_autofree char *page = read_page();
    for (Role role = 0; role < ROLE_COUNT; role++) {
        g_autoptr(GString) text = g_string_new("```yaml\n");
        config_write_help(text, role);
        g_string_append(text, "```\n");
        if (!strstr(page, text->str))
            g_error("%s has not what is said of the role %s", PAGE,
                    role_name(role));
    }
}

/* Examples begin with the name of their file: "# edge.yaml". */
static void
the_examples_of_the_page_are_valid(void)
{
    static const char start[] = "```yaml\n# ";
    Folder folder;
    folder_init(&folder);
    g_autofree char *page = read_page();
    guint example_count = 0;
    for (const char *at = page; (at = strstr(at, start)); example_count++) {
        at += strlen(start);
        const char *end = strstr(at, "```");
        g_autofree char *text = g_strndup(at - 2, (gsize)(end - at) + 2);
        g_autofree char *word = g_strndup(at, strcspn(at, "."));
        Role role = ROLE_COUNT;
        g_assert_true(config_parse_role(word, &role));
        config_free(read_good(&folder, text, role));
    }
    g_assert_cmpuint(example_count, ==, ROLE_COUNT);
    folder_clear(&folder);
}

static const char EDGE[] = "byway: 1\n"
                           "role: edge\n"
                           "id: 2147483647\n"
                           "region: 1023\n"
                           "isp: 2\n"
                           "listen: ['0.0.0.0:80', '[::]:80']\n"
                           "advertise: '[2001:db8::7]:80'\n"
                           "uplink: 50 Mbit/s\n"
                           "congestion: bbr\n"
                           "x-owner: somebody\n"
                           "peers:\n"
                           "  manager: {id: 1, address: 192.0.2.1:1}\n"
                           "  data_centre: {id: 0, address: 192.0.2.3:3}\n"
                           "limits:\n"
                           "  connections: 70000\n"
                           "  memory: 5 GiB\n"
                           "  idle_timeout: 1.5 s\n"
                           "edge: {clients_max: 7, pool_idle: 2 ms}\n";

static void
what_the_file_says_goes_to_its_place(void)
{
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) config = read_good(&folder, EDGE, ROLE_EDGE);
    char text[ADDRESS_TEXT_BYTES];
    g_assert_cmpuint(config->id, ==, LIVE_PEER_ID_MAX);
    g_assert_cmpuint(config->listen_count, ==, 2);
    address_write(&config->listen[1].address, text);
    g_assert_cmpstr(text, ==, "[::]:80");
    g_assert_cmpuint(config->uplink_bps, ==, 50000000);
    g_assert_cmpstr(config->congestion, ==, "bbr");
    g_assert_cmpuint(config->limits.connections, ==, 70000);
    g_assert_cmpuint(config->limits.memory_bytes, ==, UINT64_C(5) << 30);
    g_assert_cmpint(config->limits.idle_timeout_ns, ==, 1500 * NS_PER_MS);
    g_assert_cmpuint(config->limits.connections_per_peer, ==, 256);
    g_assert_cmpuint(config->edge.client_count_max, ==, 7);
    g_assert_cmpint(config->edge.pool_idle_ns, ==, 2 * NS_PER_MS);
    g_assert_cmpint(config->edge.client_idle_ns, ==, 1500 * NS_PER_MS);
    g_assert_true(config_node_config(config) == &config->edge);
    folder_clear(&folder);
}

static void
listeners_and_peers_may_be_private(void)
{
    static const char TEXT[] =
        "byway: 1\nrole: data_centre\nid: 3\n"
        "listen:\n"
        "  address: 127.0.0.1:8003\n"
        "  tls: {certificate: server.pem, key: server.key}\n"
        "files: {directory: files, id_key_file: id.key, catalogue: c.csv}\n"
        "peers:\n"
        "  key_service:\n"
        "    id: 2\n"
        "    address: 127.0.0.1:8002\n"
        "    tls: {ca: root.pem, certificate: client.pem, key: client.key}\n";
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) config = read_good(&folder, TEXT, ROLE_DATA_CENTRE);
    const LiveListen *listen = &config->listen[0];
    const TlsFiles *tls = &config->peers.key_service.tls;
    g_assert_cmpuint(config->listen_count, ==, 1);
    g_assert_cmpuint(listen->address.port, ==, 8003);
    g_assert_true(g_str_has_suffix(listen->tls.certificate, "/server.pem"));
    g_assert_true(g_str_has_suffix(listen->tls.key, "/server.key"));
    g_assert_null(listen->tls.ca);
    g_assert_true(g_str_has_suffix(tls->ca, "/root.pem"));
    g_assert_true(g_str_has_suffix(tls->certificate, "/client.pem"));
    g_assert_null(tls->name);
    folder_clear(&folder);
}

/* The rest is taken while the role runs. */
static void
a_change_that_needs_a_restart_is_named(void)
{
    static const char *const CHANGES[][3] = {
        {"id: 2147483647", "id: 5", "id"},
        {"'0.0.0.0:80', ", "", "listen"},
        {"'0.0.0.0:80'", "'0.0.0.0:81'", "listen.0.address"},
        {"congestion: bbr", "congestion: cubic", "congestion"},
        {"manager: {id: 1", "manager: {id: 2", "peers.manager.id"},
        {"clients_max: 7", "clients_max: 8", "edge.clients_max"},
        {"idle_timeout: 1.5 s", "idle_timeout: 2 s", "limits.idle_timeout"},
        {"connections: 70000", "connections: 70001", NULL},
        {"192.0.2.1:1", "192.0.2.1:2", NULL},
        {"uplink: 50", "uplink: 60", NULL},
        {"x-owner: somebody", "access_log: log", NULL},
    };
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) old = read_good(&folder, EDGE, ROLE_EDGE);
    for (size_t i = 0; i < G_N_ELEMENTS(CHANGES); i++) {
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GString) text = g_string_new(EDGE);
        guint count = g_string_replace(text, CHANGES[i][0], CHANGES[i][1], 0);
        g_assert_cmpuint(count, ==, 1);
        g_autoptr(LiveConfig) new = read_good(&folder, text->str, ROLE_EDGE);
        config_find_changes(old, new, paths);
        g_assert_cmpuint(paths->len, ==, CHANGES[i][2] ? 1 : 0);
        if (CHANGES[i][2])
            g_assert_cmpstr(paths->pdata[0], ==, CHANGES[i][2]);
    }
    folder_clear(&folder);
}

/* Core has an own figure for it in each role. */
static void
limits_go_to_the_role(void)
{
    Folder folder;
    folder_init(&folder);
    for (Role role = 0; role < ROLE_COUNT; role++) {
        g_autoptr(GString) text = g_string_new(NULL);
        config_write_help(text, role);
        g_string_replace(text, "idle_timeout: 2 min", "idle_timeout: 7 s", 1);
        g_string_replace(text, "connections: 4096", "connections: 77", 1);
        g_autoptr(LiveConfig) config = read_good(&folder, text->str, role);
        const OriginConfig *origin = config_node_config(config);
        if (role == ROLE_DATA_CENTRE || role == ROLE_CDN) {
            g_assert_cmpint(origin->stream_idle_ns, ==, 7 * NS_PER_S);
            g_assert_cmpuint(origin->session_count_max, ==, 77);
        }
        if (role == ROLE_KEY_SERVICE)
            g_assert_cmpint(config->key_service.stream_idle_ns, ==,
                            7 * NS_PER_S);
    }
    folder_clear(&folder);
}

static void
a_node_is_told_who_and_where_it_is(void)
{
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) config = read_good(&folder, EDGE, ROLE_EDGE);
    Place place = config_place(config);
    char text[ADDRESS_TEXT_BYTES];
    address_write(&place.address, text);
    g_assert_cmpstr(text, ==, "[2001:db8::7]:80");
    g_assert_cmpuint(place.self, ==, LIVE_PEER_ID_MAX);
    g_assert_cmpuint(place.manager, ==, 1);
    g_assert_cmpuint(place.source, ==, 0);
    g_assert_cmpuint(place.key_service, ==, PEER_NONE);
    g_assert_cmpuint(place.region, ==, 1023);
    g_assert_cmpuint(place.isp, ==, 2);
    folder_clear(&folder);
}

static void
a_key_service_has_its_keys_and_services(void)
{
    static const char TEXT[] =
        "byway: 1\nrole: key_service\nid: 2\nlisten: 192.0.2.2:8002\n"
        "clear_text: true\nstate: private/keys.db\n"
        "master_keys:\n"
        "  - {number: 3, file: good.key}\n"
        "  - {number: 7, file: other.key}\n"
        "key_service:\n"
        "  slice_size: 1 KiB\n"
        "  algorithm: chacha20\n"
        "  services: [{id: 3, address: 192.0.2.3}, {id: 4, address: '::1'}]\n";
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) config = read_good(&folder, TEXT, ROLE_KEY_SERVICE);
    g_autofree char *state =
        g_build_filename(folder.path, "private", "keys.db", NULL);
    g_assert_cmpstr(config->state, ==, state);
    g_assert_cmpuint(config->master_key_count, ==, 2);
    g_assert_cmpuint(config->master_keys[1].number, ==, 7);
    g_assert_cmpuint(config->master_keys[0].bytes[0], ==, 0x01);
    g_assert_cmpuint(config->master_keys[0].bytes[8], ==, 0xab);
    g_assert_cmpuint(config->master_keys[0].bytes[15], ==, 0x01);
    g_assert_cmpuint(config->key_service.service_count, ==, 2);
    g_assert_cmpuint(config->key_service.services[1], ==, 4);
    g_assert_cmpuint(config->services[1].address.port, ==, 0);
    g_assert_cmpuint(config->key_service.slice_bytes, ==, 1024);
    g_assert_true(keyring_config_is_valid(&config->key_service));
    folder_clear(&folder);
}

static void
a_manager_has_its_map_and_fails_nobody_on_purpose(void)
{
    static const char TEXT[] =
        "byway: 1\nrole: manager\nid: 1\nlisten: 192.0.2.1:8001\n"
        "manager:\n"
        "  isps: 3\n"
        "  selection: random\n"
        "  regions:\n"
        "    - {latitude: 39.9, longitude: 116.4}\n"
        "    - {latitude: -33.9, longitude: -70}\n";
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) config = read_good(&folder, TEXT, ROLE_MANAGER);
    const SelectionConfig *map = &config->manager.selection;
    g_assert_cmpuint(map->region_count, ==, 2);
    g_assert_cmpuint(map->isp_count, ==, 3);
    g_assert_cmpfloat(map->regions[1].latitude_degrees, ==, -33.9);
    g_assert_cmpuint(config->manager.policy, ==, SELECT_RANDOM);
    g_assert_cmpuint(config->manager.failure_ppm, ==, 0);
    g_assert_null(config->state);
    folder_clear(&folder);
}

static void
a_client_without_a_manager_asks_nobody(void)
{
    static const char TEXT[] =
        "byway: 1\nrole: client\nid: 41\nregion: 0\nisp: 0\n"
        "peers: {cdn: {id: 4, address: 192.0.2.4:80}}\n"
        "client: {enough_factor: 2.5, slow_threshold: 1 MB/s}\n";
    Folder folder;
    folder_init(&folder);
    g_autoptr(LiveConfig) config = read_good(&folder, TEXT, ROLE_CLIENT);
    g_assert_true(config->client.never_asks);
    g_assert_cmpuint(config->client.enough_ppm, ==, 2500000);
    g_assert_cmpuint(config->client.slow_bps, ==, 8000000);
    g_assert_cmpuint(config_place(config).source, ==, 4);
    folder_clear(&folder);
}

static void
check_key(const ConfigKey *key)
{
    static const double SIZE_MAX_OF[] = {
        [2] = UINT16_MAX, [4] = UINT32_MAX, [8] = (double)INT64_MAX};
    g_assert_true(g_str_has_suffix(key->doc, ".") ||
                  g_str_has_suffix(key->doc, "?"));
    if (key->kind != CONFIG_INTEGER)
        return;
    g_assert_cmpfloat(key->range.min, >=, 0);
    g_assert_cmpfloat(key->range.max, >, 0);
    g_assert_cmpfloat(key->range.max, <=, SIZE_MAX_OF[key->size]);
}

/* Every value that is in range has room in its member. */
static void
the_tables_are_sound(void)
{
    g_autoptr(GPtrArray) sections = g_ptr_array_new();
    g_ptr_array_add(sections, (void *)&CONFIG_SCHEMA);
    for (guint at = 0; at < sections->len; at++) {
        const ConfigSection *section = sections->pdata[at];
        for (uint32_t i = 0; i < section->key_count; i++) {
            check_key(&section->keys[i]);
            if (section->keys[i].section)
                g_ptr_array_add(sections, (void *)section->keys[i].section);
        }
    }
    g_assert_cmpuint(sections->len, >, 10);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/mistakes", every_mistake_is_named_with_its_place);
    g_test_add_func("/config/no_file", a_file_that_is_not_there_is_an_error);
    g_test_add_func("/config/help", the_help_can_be_read_back);
    g_test_add_func("/config/page", the_page_has_every_key);
    g_test_add_func("/config/examples", the_examples_of_the_page_are_valid);
    g_test_add_func("/config/values", what_the_file_says_goes_to_its_place);
    g_test_add_func("/config/private", listeners_and_peers_may_be_private);
    g_test_add_func("/config/changes", a_change_that_needs_a_restart_is_named);
    g_test_add_func("/config/limits", limits_go_to_the_role);
    g_test_add_func("/config/place", a_node_is_told_who_and_where_it_is);
    g_test_add_func("/config/key_service",
                    a_key_service_has_its_keys_and_services);
    g_test_add_func("/config/manager",
                    a_manager_has_its_map_and_fails_nobody_on_purpose);
    g_test_add_func("/config/client", a_client_without_a_manager_asks_nobody);
    g_test_add_func("/config/tables", the_tables_are_sound);
    return g_test_run();
}
