/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_idle.c: callers that are served once, and then wait.
 */
#include "live/bench.h"

#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define HEAD_BYTES_MAX 4096u
#define PATIENCE_S 10

typedef struct Caller {
    int fd;
    SSL *tls; /* NULL: in the clear */
} Caller;

struct BenchIdle {
    SSL_CTX *context; /* NULL: in the clear */
    Caller *callers;
    uint32_t caller_count;
};

static bool
fail(const char *what, GError **error)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", what);
    return false;
}

static bool
dial(Caller *caller, const Address *target, SSL_CTX *context, GError **error)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(target, &name);
    caller->fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(caller->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (caller->fd < 0 ||
        connect(caller->fd, (struct sockaddr *)&name, name_bytes) != 0)
        return fail("a relay cannot be reached", error);
    if (!context)
        return true;
    caller->tls = SSL_new(context);
    SSL_set_fd(caller->tls, caller->fd);
    return SSL_connect(caller->tls) == 1 ||
           fail("a relay and we do not agree on TLS", error);
}

static ssize_t
hear(const Caller *caller, char *ret_text, uint64_t most_bytes)
{
    return caller->tls ? SSL_read(caller->tls, ret_text, (int)most_bytes)
                       : recv(caller->fd, ret_text, most_bytes, 0);
}

static ssize_t
say(const Caller *caller, const char *text, size_t text_bytes)
{
    return caller->tls ? SSL_write(caller->tls, text, (int)text_bytes)
                       : send(caller->fd, text, text_bytes, MSG_NOSIGNAL);
}

/* Head and body, and that has to be all. */
static bool
hear_answer(const Caller *caller, uint64_t body_bytes, GError **error)
{
    uint64_t most_bytes = HEAD_BYTES_MAX + body_bytes;
    g_autofree char *text = g_malloc(most_bytes);
    uint64_t heard_bytes = 0;
    while (heard_bytes < most_bytes) {
        ssize_t size_bytes =
            hear(caller, text + heard_bytes, most_bytes - heard_bytes);
        if (size_bytes <= 0)
            return fail("a relay gives up in the middle of an answer", error);
        heard_bytes += (uint64_t)size_bytes;
        const char *end = g_strstr_len(text, (gssize)heard_bytes, "\r\n\r\n");
        if (end && !g_str_has_prefix(text, "HTTP/1.1 200 "))
            return fail("a relay gives another answer than the origin", error);
        if (end && heard_bytes == (uint64_t)(end + 4 - text) + body_bytes)
            return true;
    }
    return fail("a relay gives more than was asked for", error);
}

static bool
ask(const Caller *caller, uint64_t body_bytes, GError **error)
{
    char path[BENCH_PATH_BYTES_MAX];
    bench_write_path(body_bytes, path);
    g_autofree char *request =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
    size_t request_bytes = strlen(request);
    if (say(caller, request, request_bytes) != (ssize_t)request_bytes)
        return fail("a relay takes no request", error);
    return hear_answer(caller, body_bytes, error);
}

BenchIdle *
bench_idle_new(const Address *target, bool is_tls, uint64_t body_bytes,
               uint32_t connection_count, GError **error)
{
    BenchIdle *idle = g_new0(BenchIdle, 1);
    if (is_tls)
        idle->context = SSL_CTX_new(TLS_client_method());
    idle->callers = g_new0(Caller, connection_count);
    while (idle->caller_count < connection_count) {
        Caller *caller = &idle->callers[idle->caller_count++];
        if (!dial(caller, target, idle->context, error) ||
            !ask(caller, body_bytes, error)) {
            bench_idle_free(idle);
            return NULL;
        }
    }
    return idle;
}

void
bench_idle_free(BenchIdle *idle)
{
    if (!idle)
        return;
    for (uint32_t i = 0; i < idle->caller_count; i++) {
        SSL_free(idle->callers[i].tls);
        if (idle->callers[i].fd >= 0)
            close(idle->callers[i].fd);
    }
    g_free(idle->callers);
    SSL_CTX_free(idle->context);
    g_free(idle);
}
