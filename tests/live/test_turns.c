/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_turns.c: what nodes did over sockets, they do again without.
 */
#include "live/operate.h"
#include "sim/replay/replay.h"
#include "tests/live/site.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* All six roles: a caller has ranges from the edge, the client a whole file
 * from the CDN. */
static void
live_a_day(Site *site)
{
    static const SiteRole ROLES[] = {SITE_MANAGER,     SITE_KEY_SERVICE,
                                     SITE_DATA_CENTRE, SITE_EDGE,
                                     SITE_CDN,         SITE_CLIENT};
    static const Region REGION = {39.9, 116.4};
    site->manager.selection.regions = &REGION;
    site->manager.selection.region_count = 1;
    site->manager.selection.isp_count = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(ROLES); i++)
        site_open(site, ROLES[i]);
    site_add_key(site);
    Caller caller;
    caller_dial(&caller, &site->nodes[SITE_EDGE].address);
    for (uint64_t i = 0; i < 3; i++) {
        g_autofree char *request = site_request(i << 20, 300000);
        caller_say(&caller, &site->loop, request);
        g_byte_array_unref(site_take_response(site, &caller, 206));
    }
    caller_hang_up(&caller);
    Command fetch = {.kind = COMMAND_FETCH,
                     .file = site_file(),
                     .file_bytes = SITE_FILE_BYTES,
                     .version = SITE_VERSION};
    host_command(&site->nodes[SITE_CLIENT].host, &fetch);
    site_wait_for_note(site, SITE_CLIENT, NOTE_DOWNLOAD_DONE, 1);
}

static void
a_day_over_sockets_is_lived_again_without(void)
{
    Coder log;
    Site site;
    ReplayResult result;
    coder_init_write(&log);
    site_init(&site);
    site.turns = &log;
    turn_log_head(&log, "a site");
    live_a_day(&site);
    site_clear(&site);
    for (ReplayWay way = REPLAY_STAYING; way <= REPLAY_MOVING; way++) {
        replay_run(log.out, log.at, way, &result);
        g_assert_cmpstr(result.difference->str, ==, "");
        g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
        g_assert_cmpuint(result.node_count, ==, SITE_COUNT);
        g_assert_cmpuint(result.turn_count, ==, result.event_count);
        g_assert_cmpuint(result.turn_count, >, 100);
        g_assert_cmpuint(result.open_count, ==, 0);
        g_test_message("%zu bytes, %u events", log.at,
                       (guint)result.event_count);
        replay_clear(&result);
    }
    coder_clear(&log);
}

/* --- a process of its own --------------------------------------------------
 */

typedef struct Shop {
    char *directory;
    char *turns;
    char *file;
    LiveConfig *config;
    Address address;
    Loop loop; /* of the caller, who needs none but its clock */
    pid_t child;
} Shop;

static void
serve(Shop *shop, int tell)
{
    g_autoptr(GError) error = NULL;
    g_autofree LiveRole *role = g_new(LiveRole, 1);
    if (!role_start(role, shop->config, &error))
        g_error("%s", error->message);
    Address address = listener_address(&role->listeners[0]);
    if (write(tell, &address, sizeof address) != sizeof address)
        _exit(2);
    bool is_whole = operate_run(role, NULL);
    role_stop(role);
    _exit(is_whole ? 0 : 1);
}

static void
shop_open(Shop *shop)
{
    g_autofree char *why = NULL;
    int ends[2];
    shop->directory = g_dir_make_tmp("byway-turns-XXXXXX", NULL);
    shop->file = g_build_filename(shop->directory, "small", NULL);
    shop->turns = g_strconcat(shop->directory, ".turns", NULL);
    g_assert_true(g_file_set_contents(shop->file, "small", 5, NULL));
    shop->config = config_new(ROLE_CDN);
    shop->config->files.directory = shop->directory;
    shop->config->turns = shop->turns;
    shop->config->listen_count = 1;
    g_assert_true(address_parse_host("127.0.0.1",
                                     &shop->config->listen[0].address, &why));
    g_assert_cmpint(pipe(ends), ==, 0);
    shop->child = fork();
    g_assert_cmpint(shop->child, >=, 0);
    if (shop->child == 0)
        serve(shop, ends[1]);
    close(ends[1]);
    ssize_t told = read(ends[0], &shop->address, sizeof shop->address);
    g_assert_cmpint(told, ==, sizeof shop->address);
    close(ends[0]);
    g_assert_true(loop_init(&shop->loop, NULL));
}

static void
shop_visit(Shop *shop)
{
    Caller caller;
    caller_dial(&caller, &shop->address);
    caller_say(&caller, &shop->loop,
               "GET /none HTTP/1.1\r\nHost: test\r\n\r\n");
    caller_wait(&caller, &shop->loop, strlen("HTTP/1.1 404 Not Found"));
    caller_hang_up(&caller);
}

static ReplayResult
shop_close(Shop *shop, int signal)
{
    g_autofree char *log = NULL;
    gsize size_bytes;
    int status;
    ReplayResult result;
    kill(shop->child, signal);
    g_assert_cmpint(waitpid(shop->child, &status, 0), ==, shop->child);
    g_assert_true(g_file_get_contents(shop->turns, &log, &size_bytes, NULL));
    replay_run((const uint8_t *)log, size_bytes, REPLAY_STAYING, &result);
    g_assert_cmpstr(result.difference->str, ==, "");
    g_unlink(shop->turns);
    g_unlink(shop->file);
    g_rmdir(shop->directory);
    g_free(shop->turns);
    g_free(shop->file);
    g_free(shop->directory);
    config_free(shop->config);
    loop_clear(&shop->loop);
    return result;
}

static void
a_role_logs_all_its_life(void)
{
    Shop shop;
    shop_open(&shop);
    shop_visit(&shop);
    struct stat status;
    g_assert_cmpint(stat(shop.turns, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    ReplayResult result = shop_close(&shop, SIGTERM);
    g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
    g_assert_cmpuint(result.node_count, ==, 1);
    g_assert_cmpuint(result.event_count, >=, 4); /* start, two, stop */
    g_assert_cmpuint(result.open_count, ==, 0);
    replay_clear(&result);
}

/* The event is in the file before the node has it; its turn comes with the
 * next one. */
static void
a_role_that_is_killed_leaves_all_events(void)
{
    Shop shop;
    shop_open(&shop);
    shop_visit(&shop);
    ReplayResult result = shop_close(&shop, SIGKILL);
    g_assert_cmpint(result.end, ==, REPLAY_EQUAL);
    g_assert_cmpuint(result.event_count, >=, 3);
    g_assert_cmpuint(result.turn_count, ==, result.event_count - 1);
    g_assert_cmpuint(result.open_count, ==, 1);
    replay_clear(&result);
}

static void
a_log_that_is_there_stops_a_role(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree LiveRole *role = g_new(LiveRole, 1);
    LiveConfig *config = config_new(ROLE_EDGE);
    config->turns = "/dev/null";
    g_assert_false(role_start(role, config, &error));
    g_assert_cmpstr(error->message, ==, "/dev/null: File exists");
    config_free(config);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turns/day", a_day_over_sockets_is_lived_again_without);
    g_test_add_func("/turns/life", a_role_logs_all_its_life);
    g_test_add_func("/turns/killed", a_role_that_is_killed_leaves_all_events);
    g_test_add_func("/turns/in_the_way", a_log_that_is_there_stops_a_role);
    return g_test_run();
}
