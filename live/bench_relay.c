/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_relay.c: starts each relay as a process of its own.
 *
 * Each is one thread and one process in the foreground, with a pool towards
 * the origin that never empties, so that what is compared is the relaying.
 */
#include "live/bench.h"
#include "live/program.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const RELAY_NAMES[RELAY_COUNT] = {
    [RELAY_SPLICE] = "bare splice",
    [RELAY_OURS] = "byway edge",
    [RELAY_HAPROXY] = "haproxy, splicing",
    [RELAY_HAPROXY_COPY] = "haproxy, 64 KiB",
    [RELAY_NGINX] = "nginx, 64 KiB",
};

/* Words that begin with @ are filled in. */
static const char EDGE_CONFIG[] = "byway: 1\n"
                                  "role: edge\n"
                                  "id: 12\n"
                                  "region: 0\n"
                                  "isp: 0\n"
                                  "uplink: 10 Gbit/s\n"
                                  "listen:\n"
                                  "  - @LISTEN\n"
                                  "  - address: @TLS\n"
                                  "    tls: {certificate: @PEM, key: @PEM}\n"
                                  "peers:\n"
                                  "  manager: {id: 1, address: @ORIGIN}\n"
                                  "  data_centre: {id: 3, address: @ORIGIN}\n"
                                  "limits:\n"
                                  "  connections: 8192\n"
                                  "  connections_per_peer: 8192\n"
                                  "edge:\n"
                                  "  clients_max: 8192\n"
                                  "  pool: 4096\n"
                                  "  pool_idle: 1 h\n"
                                  "  register_spread: 1 d\n"
                                  "  probe_size: 0\n";

static const char HAPROXY_CONFIG[] = "global\n"
                                     " nbthread 1\n"
                                     " maxconn 4000\n"
                                     " tune.bufsize @BUFFER\n"
                                     " tune.pipesize 1048576\n"
                                     "defaults\n"
                                     " mode http\n"
                                     " timeout connect 5s\n"
                                     " timeout client 600s\n"
                                     " timeout server 600s\n"
                                     " timeout http-keep-alive 600s\n"
                                     " http-reuse always\n"
                                     " @SPLICE option splice-response\n"
                                     "listen relay\n"
                                     " bind @LISTEN backlog 4096\n"
                                     " bind @TLS backlog 4096 ssl crt @PEM"
                                     " alpn h2,http/1.1\n"
                                     " bind @H2C backlog 4096 proto h2\n"
                                     " server origin @ORIGIN"
                                     " pool-max-conn 2000\n";

static const char NGINX_CONFIG[] =
    "daemon off; master_process off; worker_processes 1;\n"
    "pid @DIRECTORY/nginx.pid; error_log @DIRECTORY/nginx.log error;\n"
    "events { worker_connections 20000; }\n"
    "http {\n"
    " access_log off; keepalive_requests 1000000000;\n"
    " keepalive_timeout 600s; tcp_nopush on;\n"
    " client_body_temp_path @DIRECTORY/body; proxy_temp_path "
    "@DIRECTORY/proxy;\n"
    " fastcgi_temp_path @DIRECTORY/fastcgi; scgi_temp_path @DIRECTORY/scgi;\n"
    " uwsgi_temp_path @DIRECTORY/uwsgi;\n"
    " proxy_max_temp_file_size 0; proxy_http_version 1.1;\n"
    " proxy_set_header Connection \"\";\n"
    " proxy_buffers 8 64k; proxy_buffer_size 64k;\n"
    " proxy_busy_buffers_size 256k;\n"
    " upstream origin { server @ORIGIN; keepalive 4096;\n"
    "  keepalive_requests 1000000000; keepalive_timeout 600s; }\n"
    " ssl_certificate @PEM; ssl_certificate_key @PEM;\n"
    " server { listen @LISTEN backlog=4096; listen @TLS ssl http2;\n"
    "  listen @H2C http2;\n"
    "  location / { proxy_pass http://origin; } } }\n";

static bool
fail(const char *name, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s does not start",
                name);
    return false;
}

/* Nothing outlives the bench, however it ends. */
static void
bind_to_parent(void *unused)
{
    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* origin NULL: be the origin. */
static bool
start_child(BenchRelay *relay, const Address *origin, GError **error)
{
    int listen_fd = bench_listen(&relay->address);
    if (listen_fd < 0)
        return fail("a listener", error);
    relay->process = fork();
    if (relay->process == 0) {
        bind_to_parent(NULL);
        signal(SIGPIPE, SIG_IGN);
        if (origin)
            bench_splice_run(listen_fd, origin);
        else
            bench_origin_run(listen_fd);
        _exit(1);
    }
    close(listen_fd);
    return relay->process > 0 || fail("a process", error);
}

bool
bench_start_origin(BenchRelay *origin, GError **error)
{
    *origin = (BenchRelay){0};
    if (!start_child(origin, NULL, error))
        return false;
    bench_pin(origin->process, false);
    return true;
}

static const char *
template_of(RelayKind kind)
{
    switch (kind) {
    case RELAY_OURS:
        return EDGE_CONFIG;
    case RELAY_HAPROXY:
    case RELAY_HAPROXY_COPY:
        return HAPROXY_CONFIG;
    case RELAY_NGINX:
        return NGINX_CONFIG;
    case RELAY_SPLICE:
    case RELAY_COUNT:
        break;
    }
    return "";
}

static void
fill_in(GString *text, const char *word, const Address *address)
{
    char there[ADDRESS_TEXT_BYTES];
    address_write(address, there);
    g_string_replace(text, word, there, 0);
}

static char *
write_config(const BenchRelay *relay, const char *directory,
             const Address *origin)
{
    bool is_copying = relay->kind == RELAY_HAPROXY_COPY;
    g_autoptr(GString) text = g_string_new(template_of(relay->kind));
    fill_in(text, "@LISTEN", &relay->address);
    fill_in(text, "@TLS", &relay->tls);
    fill_in(text, "@H2C", &relay->h2c);
    fill_in(text, "@ORIGIN", origin);
    g_string_replace(text, "@PEM", "@DIRECTORY/" BENCH_CERTIFICATE, 0);
    g_string_replace(text, "@DIRECTORY", directory, 0);
    g_string_replace(text, "@BUFFER", is_copying ? "65536" : "16384", 0);
    g_string_replace(text, "@SPLICE", is_copying ? "no" : "", 0);
    char *path = g_strdup_printf("%s/relay-%d", directory, (int)relay->kind);
    if (!g_file_set_contents(path, text->str, -1, NULL))
        g_clear_pointer(&path, g_free);
    return path;
}

static bool
spawn(BenchRelay *relay, const char *const *arguments, GError **error)
{
    GPid process;
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL;
    if (!g_spawn_async(NULL, (char **)(uintptr_t)arguments, NULL, flags,
                       bind_to_parent, NULL, &process, error))
        return false;
    relay->process = process;
    return program_wait(relay->process, &relay->address) ||
           fail(RELAY_NAMES[relay->kind], error);
}

/* They are free, and were found. */
static void
find_ports(BenchRelay *relay)
{
    int fds[] = {bench_listen(&relay->address), bench_listen(&relay->tls),
                 bench_listen(&relay->h2c)};
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
        close(fds[i]);
    if (relay->kind == RELAY_OURS) /* tells them by the first bytes */
        relay->h2c = relay->address;
}

static bool
start_program(BenchRelay *relay, const char *directory, const Address *origin,
              GError **error)
{
    bool is_ours = relay->kind == RELAY_OURS;
    bool is_nginx = relay->kind == RELAY_NGINX;
    g_autofree char *program =
        is_ours ? program_find_self()
                : program_find(is_nginx ? "nginx" : "haproxy");
    if (!program)
        return true;
    find_ports(relay);
    g_autofree char *config = write_config(relay, directory, origin);
    if (!config)
        return fail("a configuration", error);
    const char *ours[] = {program, "live", "edge", "--config", config, NULL};
    const char *nginx[] = {program, "-p", directory, "-c", config, NULL};
    const char *haproxy[] = {program, "-f", config, NULL};
    return spawn(relay, is_ours ? ours : is_nginx ? nginx : haproxy, error);
}

bool
bench_start_relay(BenchRelay *relay, RelayKind kind, const char *directory,
                  const Address *origin, GError **error)
{
    *relay = (BenchRelay){.kind = kind};
    bool is_started = kind == RELAY_SPLICE
                          ? start_child(relay, origin, error)
                          : start_program(relay, directory, origin, error);
    if (is_started && relay->process != 0)
        bench_pin(relay->process, true);
    return is_started;
}

void
bench_stop(BenchRelay *relay)
{
    if (relay->process <= 0)
        return;
    kill(relay->process, SIGKILL);
    waitpid(relay->process, NULL, 0);
    relay->process = 0;
}
