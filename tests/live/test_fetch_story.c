/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_fetch_story.c: a whole deployment of byway processes, and
 * downloads that need its edges.
 *
 * Manager, key service, data centre, CDN and three edges listen on an address
 * of 127.0.0.0/8 that is this process's own. Clients reach CDN and edges
 * through relays that are as slow as a story wants them.
 *
 * Usage: test_live_fetch_story BYWAY
 */
#include "core/http.h"
#include "core/wire.h"
#include "tests/live/caller.h"
#include "tests/live/errand.h"
#include "tests/live/shelf.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES ((5u << 20) + 4321)
#define EDGE_COUNT 3u
#define MANAGER_PORT 8001
#define CDN_PORT 8004
#define EDGE_PORT 8101
#define CDN_RATE 150000u /* far below the threshold, with two connections */
#define EDGE_RATE 1200000u

typedef enum TownRole {
    TOWN_MANAGER,
    TOWN_KEY_SERVICE,
    TOWN_DATA_CENTRE,
    TOWN_CDN,
    TOWN_EDGE,
    TOWN_COUNT = TOWN_EDGE + EDGE_COUNT,
} TownRole;

typedef struct Town {
    const char *byway;
    char *folder;
    char host[32];
    uint8_t *bytes;
    Errand roles[TOWN_COUNT];
    Shelf edges[EDGE_COUNT]; /* relays */
    Shelf cdn;               /* a relay, too */
    Shelf shelf;             /* a CDN that is none of ours */
    Errand errand;
    GPtrArray *logs; /* of turns: names in the folder */
} Town;

/* One more log that somebody is to write; its name. */
static const char *
add_log(Town *town)
{
    char *name = g_strdup_printf("%u.turns", town->logs->len);
    g_ptr_array_add(town->logs, name);
    return name;
}

static void
put(const Town *town, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(town->folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
}

/* What follows "byway: 1", with @ for the town's address. */
static void
put_config(const Town *town, const char *name, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "@", -1);
    g_autofree char *rest = g_strjoinv(town->host, parts);
    g_autofree char *whole = g_strconcat("byway: 1\n", rest, NULL);
    put(town, name, whole);
}

static void
put_edge(const Town *town, uint32_t edge)
{
    char where[ADDRESS_TEXT_BYTES];
    address_write(&town->edges[edge].address, where);
    g_autofree char *name = g_strdup_printf("edge%u.yaml", edge);
    g_autofree char *text = g_strdup_printf(
        "role: edge\nid: %u\nregion: 0\nisp: 0\nuplink: 50 Mbit/s\n"
        "listen: '@:%u'\nadvertise: %s\n"
        "peers:\n"
        "  manager: {id: 1, address: '@:8001'}\n"
        "  data_centre: {id: 3, address: '@:8003'}\n"
        "edge: {register_spread: 0 s, report_interval: 1 s}\n",
        11 + edge, EDGE_PORT + edge, where);
    put_config(town, name, text);
}

static void
put_configs(const Town *town)
{
    put(town, "id.key",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
    put(town, "master.key",
        "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n");
    put_config(town, "manager.yaml",
               "role: manager\nid: 1\nlisten: '@:8001'\n"
               "manager:\n"
               "  isps: 1\n"
               "  regions: [{latitude: 39.9, longitude: 116.4}]\n"
               "  regroup_interval: 1 s\n");
    put_config(town, "key-service.yaml",
               "role: key-service\nid: 2\nlisten: '@:8002'\n"
               "state: state/keys.db\ncatalogue: catalogue.csv\n"
               "master_keys: [{number: 1, file: master.key}]\n"
               "key_service: {services: [{id: 3, address: @}]}\n");
    put_config(town, "data-centre.yaml",
               "role: data-centre\nid: 3\nlisten: '@:8003'\n"
               "peers: {key_service: {id: 2, address: '@:8002'}}\n"
               "files: {directory: files, id_key_file: id.key,"
               " catalogue: catalogue.csv}\n");
    put_config(town, "cdn.yaml",
               "role: cdn\nid: 4\nlisten: '@:8004'\n"
               "files: {directory: files, id_key_file: id.key}\n");
    put_config(town, "client.yaml",
               "role: client\nid: 41\nregion: 0\nisp: 0\n"
               "peers:\n"
               "  manager: {id: 1, address: '@:8001'}\n"
               "  key_service: {id: 2, address: '@:8002'}\n"
               "files: {id_key_file: id.key}\n"
               "client: {slow_window: 1 s, slow_threshold: 30 Mbit/s}\n");
    for (uint32_t i = 0; i < EDGE_COUNT; i++)
        put_edge(town, i);
}

static Address
address_of(const Town *town, uint32_t port)
{
    Address address;
    g_autofree char *why = NULL;
    g_assert_true(address_parse_host(town->host, &address, &why));
    address.port = (uint16_t)port;
    return address;
}

static void
start_role(Town *town, TownRole role)
{
    static const char *const NAMES[] = {"manager", "key-service", "data-centre",
                                        "cdn"};
    const char *name = role < TOWN_EDGE ? NAMES[role] : "edge";
    g_autofree char *file =
        role < TOWN_EDGE ? g_strconcat(name, ".yaml", NULL)
                         : g_strdup_printf("edge%u.yaml", role - TOWN_EDGE);
    const char *const words[] = {town->byway,   "live", name,
                                 "--config",    file,   "--turns",
                                 add_log(town), NULL};
    errand_start(&town->roles[role], town->folder, words, 0);
}

/* How many edges the manager would name. */
static uint32_t
count_listed(const Town *town)
{
    uint8_t body[WIRE_BYTES_MAX];
    char head_text[HTTP_WRITE_BYTES_MAX];
    NodeRequest request = {.client = 99, .wanted_count = 20};
    HttpHead head = {
        .method = HTTP_POST,
        .target = WIRE_PATH_NODES,
        .target_bytes = (uint32_t)strlen(WIRE_PATH_NODES),
        .body_bytes = wire_write_node_request(&request, body),
        .is_last = true,
    };
    Address address = address_of(town, MANAGER_PORT);
    uint8_t answer[WIRE_BYTES_MAX];
    size_t answer_bytes = 0;
    NodeList list = {.node_count = 0};
    int fd = shelf_dial(&address);
    if (fd < 0)
        return 0;
    size_t head_bytes = http_write_request(&head, head_text);
    send(fd, head_text, head_bytes, MSG_NOSIGNAL);
    send(fd, body, head.body_bytes, MSG_NOSIGNAL);
    ssize_t result;
    while ((result = recv(fd, answer + answer_bytes,
                          sizeof answer - answer_bytes, 0)) > 0)
        answer_bytes += (size_t)result;
    close(fd);
    uint32_t start_bytes = 0;
    if (http_scan(answer, answer_bytes, 0, &start_bytes) == HTTP_SCAN_END)
        wire_parse_node_list(answer + start_bytes, answer_bytes - start_bytes,
                             &list);
    return list.node_count;
}

static void
publish(Town *town)
{
    const char *const words[] = {town->byway, "publish", "--config",
                                 "data-centre.yaml", NULL};
    g_autofree char *folder = g_build_filename(town->folder, "files", NULL);
    g_autofree char *state = g_build_filename(town->folder, "state", NULL);
    g_autofree char *path = g_build_filename(folder, "big.bin", NULL);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(state, 0700), ==, 0);
    g_assert_true(
        g_file_set_contents(path, (const char *)town->bytes, FILE_BYTES, NULL));
    errand_start(&town->errand, town->folder, words, 0);
    g_assert_cmpint(errand_wait(&town->errand), ==, 0);
    errand_clear(&town->errand);
}

static void
town_open(Town *town, const char *byway)
{
    memset(town, 0, sizeof *town);
    town->logs = g_ptr_array_new_with_free_func(g_free);
    unsigned number = (unsigned)getpid();
    g_snprintf(town->host, sizeof town->host, "127.%u.%u.%u",
               64 + (number >> 16 & 63), number >> 8 & 255, number & 255);
    town->byway = byway;
    town->folder = g_dir_make_tmp("byway-town-XXXXXX", NULL);
    town->bytes = g_malloc(FILE_BYTES);
    loopback_fill(town->bytes, FILE_BYTES, 9);
    town->bytes[0] = 0;
    for (uint32_t i = 0; i < EDGE_COUNT; i++) {
        Address target = address_of(town, EDGE_PORT + i);
        shelf_open_relay(&town->edges[i], &target);
        town->edges[i].state->rate_bytes = EDGE_RATE;
    }
    Address target = address_of(town, CDN_PORT);
    shelf_open_relay(&town->cdn, &target);
    town->cdn.state->rate_bytes = CDN_RATE;
    shelf_open(&town->shelf, town->bytes, FILE_BYTES);
    town->shelf.state->rate_bytes = CDN_RATE;
    put_configs(town);
    publish(town);
    for (TownRole role = 0; role < TOWN_COUNT; role++)
        start_role(town, role);
    for (uint32_t i = 0; count_listed(town) < EDGE_COUNT; i++) {
        g_assert_cmpuint(i, <, CALLER_PATIENCE_NS / (20 * NS_PER_MS));
        errand_sleep_ms(20);
    }
}

static void
stop_role(Town *town, TownRole role, int number)
{
    Errand *errand = &town->roles[role];
    if (errand->pid == 0)
        return;
    errand_signal(errand, number);
    int code = errand_wait(errand);
    if (*errand->err)
        g_test_message("role %d: %s", (int)role, errand->err);
    g_assert_cmpint(code, ==, number == SIGKILL ? 128 + SIGKILL : 0);
}

static void
remove_folder(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    while (folder && (name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (g_file_test(inner, G_FILE_TEST_IS_DIR))
            remove_folder(inner);
        else
            g_unlink(inner);
    }
    g_rmdir(path);
}

static void
town_close(Town *town)
{
    for (TownRole role = 0; role < TOWN_COUNT; role++) {
        stop_role(town, role, SIGKILL);
        errand_clear(&town->roles[role]);
    }
    for (uint32_t i = 0; i < EDGE_COUNT; i++)
        shelf_close(&town->edges[i]);
    if (town->cdn.pid > 0)
        shelf_close(&town->cdn);
    shelf_close(&town->shelf);
    remove_folder(town->folder);
    g_ptr_array_unref(town->logs);
    g_free(town->folder);
    g_free(town->bytes);
}

static void
fetch(Town *town, const char *url, const char *name)
{
    const char *const words[] = {town->byway,   "fetch",       url,  "--config",
                                 "client.yaml", "--json",      "-o", name,
                                 "--turns",     add_log(town), NULL};
    errand_start(&town->errand, town->folder, words, 0);
}

static void
expect_whole(Town *town, const char *name)
{
    g_autofree char *path = g_build_filename(town->folder, name, NULL);
    g_autofree char *bytes = NULL;
    gsize byte_count = 0;
    int code = errand_wait(&town->errand);
    if (code != 0)
        g_test_message("exit code %d: %s", code, town->errand.err);
    g_assert_cmpint(code, ==, 0);
    g_assert_true(g_file_get_contents(path, &bytes, &byte_count, NULL));
    g_assert_cmpuint(byte_count, ==, FILE_BYTES);
    g_assert_true(memcmp(bytes, town->bytes, FILE_BYTES) == 0);
}

static uint64_t
figure(const Town *town, const char *name)
{
    g_autofree char *key = g_strdup_printf("\"%s\": ", name);
    const char *at = strstr(town->errand.out, key);
    g_assert_nonnull(at);
    return g_ascii_strtoull(at + strlen(key), NULL, 10);
}

/* A web server is slow; edges bring most of it, though one of them dies. */
static void
edges_help_and_one_dies(Town *town)
{
    g_autofree char *url = shelf_url(&town->shelf, "big.bin");
    fetch(town, url, "first.bin");
    shelf_wait_served(&town->edges[0], 300000);
    stop_role(town, TOWN_EDGE, SIGKILL);
    expect_whole(town, "first.bin");
    g_assert_nonnull(strstr(town->errand.out, "\"slow\": true"));
    g_assert_cmpuint(figure(town, "edge_bytes"), >,
                     4 * figure(town, "cdn_bytes"));
    g_assert_cmpuint(figure(town, "edge_bytes") + figure(town, "cdn_bytes"), ==,
                     FILE_BYTES);
    g_assert_cmpuint(town->edges[1].state->served_bytes, >, 1000000);
    g_assert_cmpuint(town->edges[2].state->served_bytes, >, 1000000);
    errand_clear(&town->errand);
}

/* The CDN's own name for it: "f/HEX?v=1". */
static char *
find_id(const Town *town)
{
    g_autofree char *path =
        g_build_filename(town->folder, "catalogue.csv", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    const char *row = strchr(text, '\n') + 1;
    return g_strdup_printf("f/%.64s?v=1", row);
}

/* The client is killed, and when it comes back the CDN is gone. */
static void
a_killed_client_goes_on_without_the_cdn(Town *town)
{
    g_autofree char *id = find_id(town);
    g_autofree char *url = shelf_url(&town->cdn, id);
    fetch(town, url, "second.bin");
    shelf_wait_served(&town->edges[1], 1 << 20);
    errand_signal(&town->errand, SIGKILL);
    g_assert_cmpint(errand_wait(&town->errand), ==, 128 + SIGKILL);
    errand_clear(&town->errand);
    shelf_close(&town->cdn);
    town->cdn.pid = 0;
    for (uint32_t i = 1; i < EDGE_COUNT; i++)
        town->edges[i].state->rate_bytes = 0;
    fetch(town, url, "second.bin");
    expect_whole(town, "second.bin");
    g_assert_nonnull(strstr(town->errand.err, "going on with edges"));
    uint64_t resumed_bytes = figure(town, "resumed_bytes");
    g_assert_cmpuint(resumed_bytes, >, 1 << 19);
    g_assert_cmpuint(figure(town, "edge_bytes"), ==,
                     FILE_BYTES - resumed_bytes);
    errand_clear(&town->errand);
}

/* Killed or not, what each of them did follows from what it heard. */
static void
all_of_it_is_lived_again(Town *town)
{
    for (TownRole role = 0; role < TOWN_COUNT; role++)
        stop_role(town, role, role % 2 == 0 ? SIGTERM : SIGKILL);
    for (guint i = 0; i < town->logs->len; i++) {
        const char *const words[] = {town->byway, "replay",
                                     town->logs->pdata[i], NULL};
        errand_start(&town->errand, town->folder, words, 0);
        g_assert_cmpint(errand_wait(&town->errand), ==, 0);
        g_assert_nonnull(strstr(town->errand.out, "1 nodes, "));
        g_assert_nonnull(strstr(town->errand.out, ", all equal"));
        g_test_message("%s", town->errand.out);
        errand_clear(&town->errand);
    }
}

static void
a_download_needs_its_edges(const void *byway)
{
    Town town;
    town_open(&town, byway);
    edges_help_and_one_dies(&town);
    a_killed_client_goes_on_without_the_cdn(&town);
    all_of_it_is_lived_again(&town);
    town_close(&town);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    g_autofree char *byway = g_canonicalize_filename(argv[1], NULL);
    g_test_add_data_func("/fetch_story/a_download_needs_its_edges", byway,
                         a_download_needs_its_edges);
    return g_test_run();
}
