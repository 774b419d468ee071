/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_check.c: a configuration against the machine it is for.
 */
#include "live/address.h"
#include "live/check.h"
#include "live/route.h"
#include "tests/live/authority.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct Desk {
    char *folder;
    char *path;
    GPtrArray *errors;
    GPtrArray *remarks;
} Desk;

static void
desk_init(Desk *desk)
{
    desk->folder = g_dir_make_tmp("byway-check-XXXXXX", NULL);
    g_assert_nonnull(desk->folder);
    desk->path = g_build_filename(desk->folder, "byway.yaml", NULL);
    desk->errors = g_ptr_array_new_with_free_func(g_free);
    desk->remarks = g_ptr_array_new_with_free_func(g_free);
}

static void
desk_clear(Desk *desk)
{
    g_remove(desk->path);
    g_assert_cmpint(g_rmdir(desk->folder), ==, 0);
    g_ptr_array_unref(desk->errors);
    g_ptr_array_unref(desk->remarks);
    g_free(desk->path);
    g_free(desk->folder);
}

/* Check a manager that listens there, with what else is said. */
static bool
check_manager(Desk *desk, const char *listen, const char *more)
{
    g_autofree char *text = g_strdup_printf(
        "byway: 1\nrole: manager\nid: 1\nlisten: %s\n"
        "manager: {isps: 1, regions: [{latitude: 0, longitude: 0}]}\n%s",
        listen, more);
    g_assert_true(g_file_set_contents(desk->path, text, -1, NULL));
    return config_check(desk->path, ROLE_MANAGER, desk->errors, desk->remarks);
}

static void
expect_error(const Desk *desk, const char *place_and_text)
{
    g_autofree char *whole = g_strconcat(desk->path, place_and_text, NULL);
    g_assert_cmpuint(desk->errors->len, ==, 1);
    g_assert_cmpstr(desk->errors->pdata[0], ==, whole);
}

static bool
has_remark(const Desk *desk, const char *text)
{
    for (guint at = 0; at < desk->remarks->len; at++) {
        if (strstr(desk->remarks->pdata[at], text))
            return true;
    }
    return false;
}

/* A listening socket on a port of the system's choice. */
static int
listen_somewhere(bool is_shared, Address *ret_address)
{
    const int is_on = 1;
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_storage bound;
    socklen_t bound_bytes = sizeof bound;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (is_shared)
        g_assert_cmpint(
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &is_on, sizeof is_on), ==,
            0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&bound, &bound_bytes),
                    ==, 0);
    g_assert_true(address_from_socket(&bound, ret_address));
    return fd;
}

/* The same of an edge, which shares its address with its successor. */
static bool
check_edge(Desk *desk, const char *listen, const char *more)
{
    g_autofree char *text = g_strdup_printf(
        "byway: 1\nrole: edge\nid: 9\nregion: 0\nisp: 0\nuplink: 1 Mbit/s\n"
        "listen: %s\n"
        "peers: {manager: {id: 1, address: 127.0.0.1:8001},\n"
        "        data_centre: {id: 3, address: 127.0.0.2:8003}}\n%s",
        listen, more);
    g_assert_true(g_file_set_contents(desk->path, text, -1, NULL));
    return config_check(desk->path, ROLE_EDGE, desk->errors, desk->remarks);
}

static void
an_address_that_others_hold_is_an_error(void)
{
    Desk desk;
    Address address;
    char text[ADDRESS_TEXT_BYTES];
    desk_init(&desk);
    int fd = listen_somewhere(false, &address);
    address_write(&address, text);
    g_assert_false(check_edge(&desk, text, ""));
    g_autofree char *error = g_strdup_printf(
        ":7:9: error: listen: cannot bind %s: Address already in use", text);
    expect_error(&desk, error);
    close(fd);
    desk_clear(&desk);
}

/* A manager that runs has its address for itself: it may be that. */
static void
an_address_that_a_manager_may_hold_itself_is_told(void)
{
    Desk desk;
    Address address;
    char text[ADDRESS_TEXT_BYTES];
    desk_init(&desk);
    int fd = listen_somewhere(false, &address);
    address_write(&address, text);
    g_assert_true(check_manager(&desk, text, ""));
    g_autofree char *said = g_strdup_printf("listen: %s is in use", text);
    g_assert_true(has_remark(&desk, said));
    close(fd);
    g_assert_cmpuint(desk.errors->len, ==, 0);
    desk_clear(&desk);
}

/* So an operator can check what a running process is about to reload. */
static void
a_process_that_serves_there_goes_on(void)
{
    Desk desk;
    Address address;
    char text[ADDRESS_TEXT_BYTES];
    struct sockaddr_storage name;
    desk_init(&desk);
    int fd = listen_somewhere(true, &address);
    address_write(&address, text);
    g_assert_true(check_edge(&desk, text, ""));
    g_autofree char *said =
        g_strdup_printf("listen: %s is served already", text);
    g_assert_true(has_remark(&desk, said));
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t name_bytes = address_to_socket(&address, &name);
    g_assert_cmpint(connect(client, (struct sockaddr *)&name, name_bytes), ==,
                    0);
    int accepted = accept(fd, NULL, NULL);
    g_assert_cmpint(accepted, >=, 0);
    close(accepted);
    close(client);
    close(fd);
    desk_clear(&desk);
}

static void
an_address_of_another_machine_is_an_error(void)
{
    Desk desk;
    desk_init(&desk);
    g_assert_false(check_manager(&desk, "203.0.113.1:8001", ""));
    expect_error(&desk, ":4:9: error: listen: cannot bind 203.0.113.1:8001: "
                        "Cannot assign requested address");
    desk_clear(&desk);
}

static void
operators_have_an_address_and_a_log(void)
{
    Desk desk;
    Address address;
    char text[ADDRESS_TEXT_BYTES];
    desk_init(&desk);
    int fd = listen_somewhere(false, &address);
    address_write(&address, text);
    g_autofree char *taken = g_strdup_printf("admin: %s\n", text);
    g_autofree char *error = g_strdup_printf(
        ":6:8: error: admin: cannot bind %s: Address already in use", text);
    g_assert_false(check_manager(&desk, "127.0.0.1:8001", taken));
    expect_error(&desk, error);
    close(fd);
    desk_clear(&desk);
    desk_init(&desk);
    g_assert_true(check_manager(&desk, "127.0.0.1:8001",
                                "admin: 0.0.0.0:39113\n"
                                "access_log: access.jsonl\n"));
    g_assert_true(has_remark(&desk, "admin: whoever reaches 0.0.0.0:39113"));
    desk_clear(&desk);
    desk_init(&desk);
    g_assert_false(check_manager(&desk, "127.0.0.1:8001",
                                 "access_log: /nowhere/access.jsonl\n"));
    expect_error(&desk, ":6:13: error: access_log: cannot write in "
                        "'/nowhere': No such file or directory");
    desk_clear(&desk);
}

static void
what_only_the_kernel_can_do_is_told(void)
{
    static const char *const WANTED[] = {"on", "off"};
    uint32_t unmet_count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(WANTED); i++) {
        Desk desk;
        desk_init(&desk);
        g_autofree char *listen =
            g_strdup_printf("{address: 127.3.5.7:8001, mptcp: true, "
                            "keep_alive: 30 s, keep_alive_interval: 5 s, "
                            "keep_alive_probes: 3, "
                            "slow_start_after_idle: %s}",
                            WANTED[i]);
        g_assert_true(check_manager(&desk, listen, ""));
        g_assert_true(has_remark(&desk, "mptcp: the kernel has "));
        g_assert_true(has_remark(&desk, "listen 0: slow start after idle is "));
        for (guint at = 0; at < desk.remarks->len; at++)
            unmet_count +=
                strstr(desk.remarks->pdata[at], "which is not wanted") != NULL;
        desk_clear(&desk);
    }
    g_assert_cmpuint(unmet_count, ==, 1);
}

static void
a_congestion_control_must_be_there(void)
{
    Desk desk;
    desk_init(&desk);
    g_assert_false(check_manager(&desk, "127.3.5.7:8001", "congestion: rneo"));
    g_assert_cmpuint(desk.errors->len, ==, 1);
    g_assert_nonnull(strstr(desk.errors->pdata[0],
                            ":6:13: error: congestion: cannot use 'rneo': No "
                            "such file or directory (allowed: "));
    g_ptr_array_set_size(desk.errors, 0);
    g_assert_true(check_manager(&desk, "127.3.5.7:8001", "congestion: reno"));
    g_assert_true(has_remark(&desk, "congestion control: reno; allowed: "));
    desk_clear(&desk);
}

static void
a_database_that_others_can_open_is_an_error(void)
{
    Desk desk;
    desk_init(&desk);
    g_autofree char *database = g_build_filename(desk.folder, "m.db", NULL);
    g_assert_true(g_file_set_contents(database, "", 0, NULL));
    g_assert_cmpint(g_chmod(database, 0644), ==, 0);
    g_assert_false(check_manager(&desk, "127.3.5.7:8001", "state: m.db"));
    g_autofree char *error = g_strdup_printf(
        ":6:8: error: state: '%s' is open to others (mode 0644); chmod 600 "
        "would close it",
        database);
    expect_error(&desk, error);
    g_ptr_array_set_size(desk.errors, 0);
    g_assert_cmpint(g_chmod(database, 0600), ==, 0);
    g_assert_true(check_manager(&desk, "127.3.5.7:8001", "state: m.db"));
    g_remove(database);
    desk_clear(&desk);
}

/* A lower limit stays, so a process of its own meets it. An edge has two
 * sockets for each connection that it accepted. */
static void
connections_need_open_files(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }
    const struct rlimit limit = {500, 500};
    Desk desk;
    desk_init(&desk);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    g_assert_true(
        check_manager(&desk, "127.3.5.7:8001", "limits: {connections: 400}"));
    g_assert_true(
        check_edge(&desk, "127.3.5.7:8101", "limits: {connections: 218}"));
    g_assert_false(
        check_edge(&desk, "127.3.5.7:8101", "limits: {connections: 219}"));
    expect_error(&desk, ":10:23: error: connections: 219 need 502 open files; "
                        "the system allows 500");
    desk_clear(&desk);
}

static void
the_way_to_each_peer_is_told(void)
{
    Desk desk;
    desk_init(&desk);
    g_assert_true(check_edge(&desk, "127.3.5.7:8101", ""));
    g_assert_true(has_remark(&desk, "manager 127.0.0.1:8001: by lo, initial "
                                    "window 10 segments (the default)"));
    g_assert_true(has_remark(&desk, "data_centre 127.0.0.2:8003: by lo, "));
    g_assert_true(has_remark(&desk, "default route: "));
    desk_clear(&desk);
}

static bool
run_ip(const char *arguments)
{
    int status = 0;
    g_autofree char *command = g_strconcat("ip ", arguments, NULL);
    return g_spawn_command_line_sync(command, NULL, NULL, &status, NULL) &&
           g_spawn_check_wait_status(status, NULL);
}

static void
expect_route(const char *host, const char *device, uint32_t window,
             const char *congestion)
{
    Address address;
    Route route;
    g_autofree char *why = NULL;
    g_assert_true(address_parse_host(host, &address, &why));
    g_assert_true(route_find(&address, &route, &why));
    g_assert_cmpstr(route.device, ==, device);
    g_assert_cmpuint(route.window_segments, ==, window);
    g_assert_cmpstr(route.congestion, ==, congestion);
}

/* In a network namespace of its own, which starts without any route. */
static void
the_days_of_a_certificate_are_told(void)
{
    static const char *const NAMES[] = {"root.pem", "server.pem", "server.key"};
    static const Claims CLAIMS = {"DNS:relay.test", 5};
    Desk desk;
    Authority authority;
    desk_init(&desk);
    authority_init(&authority, desk.folder, "root");
    authority_issue(&authority, "server", &CLAIMS);
    g_assert_true(check_manager(
        &desk,
        "{address: '127.0.0.1:1', tls: {certificate: server.pem, key: "
        "server.key}}",
        ""));
    g_assert_true(has_remark(&desk, "server.pem: 5 days left"));
    for (guint at = 0; at < G_N_ELEMENTS(NAMES); at++) {
        g_autofree char *path = authority_path(&authority, NAMES[at]);
        g_remove(path);
    }
    authority_clear(&authority);
    desk_clear(&desk);
}

static void
a_route_says_its_initial_window(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }
    if (unshare(CLONE_NEWNET) != 0 || !run_ip("link set lo up") ||
        !run_ip("route add 198.51.100.0/24 dev lo initcwnd 32 congctl reno") ||
        !run_ip("-6 route add 2001:db8::/64 dev lo initcwnd 20")) {
        g_test_message("no namespace, or no ip: nothing looked at");
        return;
    }
    Address address;
    Route route;
    g_autofree char *why = NULL;
    expect_route("127.0.0.1", "lo", 0, "");
    expect_route("198.51.100.9", "lo", 32, "reno");
    expect_route("2001:db8::1", "lo", 20, "");
    g_assert_true(address_parse_host("192.0.2.1", &address, &why));
    g_assert_false(route_find(&address, &route, &why));
    g_assert_cmpstr(why, ==, "Network is unreachable");
}

/* What `byway live ROLE --check` prints, and its exit code. */
static void
an_exit_code_tells_good_from_bad(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stdout("*/byway.yaml: ok\n  congestion control: *");
        g_test_trap_assert_stderr("*/byway.yaml:4:9: error: listen: "
                                  "'127.0.0.1' is not an address; *");
        return;
    }
    Desk desk;
    desk_init(&desk);
    check_manager(&desk, "127.3.5.7:8001", "");
    g_assert_cmpint(check_run(desk.path, ROLE_MANAGER), ==, 0);
    check_manager(&desk, "127.0.0.1", "");
    g_assert_cmpint(check_run(desk.path, ROLE_MANAGER), ==, 2);
    desk_clear(&desk);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/taken", an_address_that_others_hold_is_an_error);
    g_test_add_func("/check/held",
                    an_address_that_a_manager_may_hold_itself_is_told);
    g_test_add_func("/check/shared", a_process_that_serves_there_goes_on);
    g_test_add_func("/check/foreign",
                    an_address_of_another_machine_is_an_error);
    g_test_add_func("/check/operators", operators_have_an_address_and_a_log);
    g_test_add_func("/check/kernel", what_only_the_kernel_can_do_is_told);
    g_test_add_func("/check/congestion", a_congestion_control_must_be_there);
    g_test_add_func("/check/database",
                    a_database_that_others_can_open_is_an_error);
    g_test_add_func("/check/open_files", connections_need_open_files);
    g_test_add_func("/check/peers", the_way_to_each_peer_is_told);
    g_test_add_func("/check/certificate", the_days_of_a_certificate_are_told);
    g_test_add_func("/check/route", a_route_says_its_initial_window);
    g_test_add_func("/check/exit_code", an_exit_code_tells_good_from_bad);
    return g_test_run();
}
