/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/check.c: addresses, routes, congestion controls, directories.
 */
#include "live/check.h"
#include "live/address.h"
#include "live/kernel.h"
#include "live/listener.h"
#include "live/privilege.h"
#include "live/route.h"
#include "live/secret.h"
#include "live/trust.h"
#include "sim/yaml/input.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_OK 0
#define EXIT_USAGE 2
#define SETTINGS "/proc/sys/net/ipv4/tcp_"
#define SETTING_BYTES_MAX 4096u
/* The database, the log, the loop, standard streams ... */
#define OTHER_FILES 64u

typedef struct Check {
    ConfigReader *reader;
    const TreeNode *root;
    GPtrArray *remarks;
} Check;

static void G_GNUC_PRINTF(2, 3)
    remark(const Check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(check->remarks, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

static int
open_socket(const Address *address)
{
    int family = address_is_ipv4(address) ? AF_INET : AF_INET6;
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void
remark_served(const Check *check, const char *key, const Address *address)
{
    char text[ADDRESS_TEXT_BYTES];
    if (!listener_is_served(address))
        return;
    address_write(address, text);
    remark(check,
           "%s: %s is served already: right if it is by this role, whose "
           "restart shares it",
           key, text);
}

/* It may be this very role that is there, and about to reload. */
static void
check_address(const Check *check, uint32_t at)
{
    const LiveConfig *config = check->reader->config;
    const Address *address = &config->listen[at].address;
    char text[ADDRESS_TEXT_BYTES];
    bool is_alone = config_is_alone(config);
    int reason = listener_try(address, is_alone);
    address_write(address, text);
    if (is_alone && reason == EADDRINUSE)
        remark(check,
               "listen: %s is in use: by this role, if it runs; no other "
               "process can listen there meanwhile",
               text);
    else if (reason)
        complain(check->reader->complaints,
                 config_mark(check->root, "listen.%u", at),
                 "listen: cannot bind %s: %s", text, g_strerror(reason));
    else
        remark_served(check, "listen", address);
}

static void
check_listen(const Check *check)
{
    privilege_raise(); /* it would be root who listens */
    for (uint32_t at = 0; at < check->reader->config->listen_count; at++)
        check_address(check, at);
    privilege_lower();
}

static void
check_multipath(const Check *check)
{
    const LiveConfig *config = check->reader->config;
    bool is_wanted = false;
    for (uint32_t at = 0; at < config->listen_count; at++)
        is_wanted |= config->listen[at].is_multipath;
    for (LivePeerKind kind = 0; kind < LIVE_PEER_COUNT; kind++)
        is_wanted |= config_peer(config, kind)->is_multipath;
    if (!is_wanted)
        return;
    int fd = kernel_open_stream(AF_INET, true);
    if (fd < 0 || !kernel_is_multipath(fd))
        remark(check, "mptcp: the kernel has none, or net.mptcp.enabled is 0; "
                      "TCP serves instead");
    else
        remark(check, "mptcp: the kernel has it");
    if (fd >= 0)
        close(fd);
}

static void
check_slow_start(const Check *check)
{
    const LiveConfig *config = check->reader->config;
    bool is_slow;
    for (uint32_t at = 0; at < config->listen_count; at++) {
        uint32_t wanted = config->listen[at].slow_start_after_idle;
        if (wanted == LIVE_SLOW_START_ANY || !kernel_slows_after_idle(&is_slow))
            continue;
        bool is_met = is_slow == (wanted == LIVE_SLOW_START_ON);
        remark(check, "listen %u: slow start after idle is %s%s", at,
               is_slow ? "on" : "off",
               is_met ? ""
                      : ", which is not wanted: see "
                        "net.ipv4.tcp_slow_start_after_idle");
    }
}

static void
check_admin(const Check *check)
{
    const Address *admin = &check->reader->config->admin;
    char text[ADDRESS_TEXT_BYTES];
    if (admin->port == 0)
        return;
    address_write(admin, text);
    int reason = listener_try(admin, false);
    if (reason)
        complain(check->reader->complaints, config_mark(check->root, "admin"),
                 "admin: cannot bind %s: %s", text, g_strerror(reason));
    else
        remark_served(check, "admin", admin);
    if (!reason && !address_is_loopback(admin))
        remark(check, "admin: whoever reaches %s can read what is counted",
               text);
}

static void
check_access_log(const Check *check)
{
    const char *path = check->reader->config->access_log;
    if (!path)
        return;
    g_autofree char *directory = g_path_get_dirname(path);
    bool is_there = access(path, F_OK) == 0;
    if (access(is_there ? path : directory, W_OK) != 0)
        complain(check->reader->complaints,
                 config_mark(check->root, "access_log"),
                 "access_log: cannot write %s'%s': %s", is_there ? "" : "in ",
                 is_there ? path : directory, g_strerror(errno));
}

/* ENOENT: the kernel has no such module; EPERM: it is for root alone. */
static int
try_congestion(const char *name)
{
    const Address any = {.port = 0};
    int fd = open_socket(&any);
    if (fd < 0)
        return errno;
    bool is_taken = setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name,
                               (socklen_t)strlen(name)) == 0;
    int reason = is_taken ? 0 : errno;
    close(fd);
    return reason;
}

/* A line that the kernel writes; free it. */
static char *
read_setting(const char *path)
{
    g_autofree char *why = NULL;
    size_t byte_count = 0;
    char *text = input_read(path, SETTING_BYTES_MAX, &byte_count, &why);
    return text ? g_strchomp(text) : g_strdup("unknown");
}

static void
check_congestion(const Check *check)
{
    const char *name = check->reader->config->congestion;
    g_autofree char *allowed =
        read_setting(SETTINGS "allowed_congestion_control");
    g_autofree char *usual = read_setting(SETTINGS "congestion_control");
    int reason = name ? try_congestion(name) : 0;
    if (reason)
        complain(check->reader->complaints,
                 config_mark(check->root, "congestion"),
                 "congestion: cannot use '%s': %s (allowed: %s)", name,
                 g_strerror(reason), allowed);
    else
        remark(check, "congestion control: %s%s; allowed: %s",
               name ? name : usual, name ? "" : " (the system's)", allowed);
}

static void
remark_route(const Check *check, const char *who, const Route *route)
{
    uint32_t segments = route->window_segments;
    remark(check, "%s: by %s, initial window %u segments%s%s%s", who,
           route->device, segments ? segments : ROUTE_WINDOW_DEFAULT,
           segments ? " (the route's)" : " (the default)",
           *route->congestion ? ", congestion control " : "",
           route->congestion);
}

static void
check_peer(const Check *check, const char *name, const LivePeer *peer)
{
    Route route;
    char text[ADDRESS_TEXT_BYTES];
    g_autofree char *why = NULL;
    if (peer->id == PEER_NONE)
        return;
    address_write(&peer->address, text);
    g_autofree char *who = g_strdup_printf("%s %s", name, text);
    if (route_find(&peer->address, &route, &why))
        remark_route(check, who, &route);
    else
        complain(check->reader->complaints,
                 config_mark(check->root, "peers.%s.address", name),
                 "address: no way to %s: %s", text, why);
}

/* An address that documents use leaves by the default route. */
static void
check_default_route(const Check *check)
{
    const Address stranger = {
        .ip = {[10] = 0xff, [11] = 0xff, 203, 0, 113, 1}}; /* RFC 5737 */
    Route route;
    g_autofree char *why = NULL;
    if (route_find(&stranger, &route, &why))
        remark_route(check, "default route", &route);
    else
        remark(check, "default route: %s", why);
}

static void
check_routes(const Check *check)
{
    const LiveConfig *config = check->reader->config;
    for (LivePeerKind kind = 0; kind < LIVE_PEER_COUNT; kind++)
        check_peer(check, config_peer_name(kind), config_peer(config, kind));
    check_default_route(check);
}

/* Takes the context; a configuration whose files fail has no check. */
static void
remark_days(const Check *check, const TlsFiles *files, TlsContext *context)
{
    int day_count;
    if (context && tls_context_days_left(context, &day_count))
        remark(check, "certificate %s: %d days left", files->certificate,
               day_count);
    tls_context_free(context);
}

static void
check_certificates(const Check *check)
{
    const LiveConfig *config = check->reader->config;
    for (uint32_t at = 0; at < config->listen_count; at++)
        remark_days(check, &config->listen[at].tls,
                    trust_load_listener(&config->listen[at], NULL));
    for (LivePeerKind kind = 0; kind < LIVE_PEER_COUNT; kind++) {
        const LivePeer *peer = config_peer(config, kind);
        remark_days(check, &peer->tls, trust_load_peer(peer, NULL));
    }
}

static void
check_files(const Check *check)
{
    const char *path = check->reader->config->files.directory;
    if (path && access(path, R_OK | X_OK) != 0)
        complain(check->reader->complaints,
                 config_mark(check->root, "files.directory"),
                 "directory: cannot read '%s': %s", path, g_strerror(errno));
}

static void
check_state(const Check *check)
{
    const char *path = check->reader->config->state;
    char *why = NULL;
    if (!path)
        return;
    g_autofree char *directory = g_path_get_dirname(path);
    if (access(directory, R_OK | W_OK | X_OK) != 0)
        why = g_strdup_printf("cannot write in '%s': %s", directory,
                              g_strerror(errno));
    else if (g_file_test(path, G_FILE_TEST_EXISTS))
        secret_check_file(path, &why);
    if (why)
        complain(check->reader->complaints, config_mark(check->root, "state"),
                 "state: %s", why);
    g_free(why);
}

/* An edge has a second connection for each it accepted. */
static void
check_open_files(const Check *check)
{
    const LiveConfig *config = check->reader->config;
    struct rlimit limit;
    uint32_t each = config->role == ROLE_EDGE ? 2 : 1;
    rlim_t wanted = (rlim_t)config->limits.connections * each + OTHER_FILES;
    if (config->role == ROLE_CLIENT || getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted)
        complain(check->reader->complaints,
                 config_mark(check->root, "limits.connections"),
                 "connections: %u need %" G_GUINT64_FORMAT
                 " open files; the system allows %" G_GUINT64_FORMAT,
                 config->limits.connections, (guint64)wanted,
                 (guint64)limit.rlim_max);
}

void
check_machine(ConfigReader *reader, const TreeNode *root, GPtrArray *remarks)
{
    const Check check = {reader, root, remarks};
    check_listen(&check);
    check_multipath(&check);
    check_slow_start(&check);
    check_admin(&check);
    check_access_log(&check);
    check_congestion(&check);
    check_routes(&check);
    check_certificates(&check);
    check_files(&check);
    check_state(&check);
    check_open_files(&check);
}

static void
print_lines(FILE *file, const char *start, const GPtrArray *lines)
{
    for (guint at = 0; at < lines->len; at++)
        fprintf(file, "%s%s\n", start, (const char *)lines->pdata[at]);
}

int
check_run(const char *path, Role role)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
    bool is_fine = config_check(path, role, errors, remarks);
    print_lines(stderr, "", errors);
    if (is_fine)
        printf("%s: ok\n", path);
    print_lines(stdout, "  ", remarks);
    return is_fine ? EXIT_OK : EXIT_USAGE;
}
