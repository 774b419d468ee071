/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/listener.c: accepts connections on one address.
 */
#include "live/kernel.h"
#include "live/listener.h"
#include "live/notify.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 4096
/* Taken in a row before other sockets are looked at. */
#define ACCEPT_COUNT_MAX 64u
#define PAUSE_NS (100 * NS_PER_MS)
/* Not more often than this is the same trouble told. */
#define TELL_NS (60 * NS_PER_S)

static bool
set_flag(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

static bool
set_number(int fd, int option, int value)
{
    return setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value) == 0;
}

static bool
set_seconds(int fd, int option, int64_t time_ns)
{
    return time_ns == 0 ||
           set_number(fd, option, (int)((time_ns + NS_PER_S - 1) / NS_PER_S));
}

static bool
set_keep_alive(int fd, const KeepAlive *keep_alive)
{
    return set_flag(fd, SOL_SOCKET, SO_KEEPALIVE) &&
           set_seconds(fd, TCP_KEEPIDLE, keep_alive->idle_ns) &&
           set_seconds(fd, TCP_KEEPINTVL, keep_alive->interval_ns) &&
           (keep_alive->count == 0 ||
            set_number(fd, TCP_KEEPCNT, (int)keep_alive->count));
}

/* Several processes may share the address; so may the next one, before this
 * one has drained. */
static bool
set_sharing(int fd, bool is_alone)
{
    return set_flag(fd, SOL_SOCKET, SO_REUSEADDR) &&
           (is_alone || set_flag(fd, SOL_SOCKET, SO_REUSEPORT));
}

static bool
set_options(const Listener *listener, const ListenerConfig *config)
{
    int fd = listener->watch.fd;
    return set_sharing(fd, config->is_alone) &&
           set_keep_alive(fd, &config->keep_alive) &&
           set_flag(fd, IPPROTO_TCP, TCP_NODELAY) &&
           (listener->is_multipath ||
            set_number(fd, TCP_USER_TIMEOUT, listener->send_timeout_ms));
}

static bool
set_congestion(int fd, const char *name)
{
    return !name || setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name,
                               (socklen_t)strlen(name)) == 0;
}

static int
open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* An earlier process may have yielded to those after it: now that is us, and
 * everybody is equal again. */
static void
stop_yielding(int fd)
{
    int ignored = 0;
    setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &ignored,
               sizeof ignored);
}

/* Returns what failed, or NULL. */
static const char *
open_socket(Listener *listener, const ListenerConfig *config)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(&config->address, &name);
    int fd = notify_inherited(&config->address);
    bool is_inherited = fd >= 0;
    if (is_inherited)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    else
        fd = kernel_open_stream(name.ss_family, config->is_multipath);
    listener->watch.fd = fd;
    listener->is_multipath = fd >= 0 && kernel_is_multipath(fd);
    listener->send_timeout_ms =
        (int)MIN(config->send_timeout_ns / NS_PER_MS, G_MAXINT);
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        !set_options(listener, config))
        return "cannot open a socket for";
    if (!set_congestion(fd, config->congestion))
        return "cannot use the configured congestion control at";
    if (is_inherited)
        return NULL;
    if (bind(fd, (struct sockaddr *)&name, name_bytes) != 0 ||
        listen(fd, BACKLOG) != 0)
        return "cannot listen at";
    stop_yielding(fd);
    return NULL;
}

int
listener_try(const Address *address, bool is_alone)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(address, &name);
    int fd = kernel_open_stream(name.ss_family, false);
    bool is_bound = fd >= 0 && set_sharing(fd, is_alone) &&
                    bind(fd, (const struct sockaddr *)&name, name_bytes) == 0;
    int reason = is_bound ? 0 : errno;
    if (fd >= 0)
        close(fd);
    return reason;
}

bool
listener_is_served(const Address *address)
{
    return notify_inherited(address) < 0 &&
           listener_try(address, true) == EADDRINUSE &&
           listener_try(address, false) == 0;
}

bool
listener_init(Listener *listener, const ListenerConfig *config, GError **error)
{
    *listener = (Listener){.watch.fd = -1, .spare_fd = -1};
    const char *failed = open_socket(listener, config);
    char text[ADDRESS_TEXT_BYTES];
    address_write(&config->address, text);
    if (!failed) {
        listener->spare_fd = open_spare();
        if (config->is_multipath && !listener->is_multipath)
            fprintf(stderr,
                    "byway: %s: no Multipath TCP here, TCP serves instead\n",
                    text);
        return true;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s %s: %s", failed,
                text, g_strerror(errno));
    listener_clear(listener);
    return false;
}

void
listener_clear(Listener *listener)
{
    if (listener->loop) {
        loop_unset_timer(listener->loop, &listener->pause);
        loop_forget(listener->loop, &listener->watch);
    }
    if (listener->watch.fd >= 0)
        close(listener->watch.fd);
    if (listener->spare_fd >= 0)
        close(listener->spare_fd);
    listener->watch.fd = listener->spare_fd = -1;
}

static void
tell_full(Listener *listener)
{
    int64_t now_ns = loop_now_ns(listener->loop);
    if (listener->told_ns != 0 && now_ns - listener->told_ns < TELL_NS)
        return;
    listener->told_ns = now_ns;
    fprintf(stderr,
            "byway: all open files that the system allows are in use; "
            "%" G_GUINT64_FORMAT " connections turned away so far\n",
            listener->turned_away_count);
}

/* No descriptor is left: the peer hears so at once, not after a time-out.
 * False when there was none: the kernel looks for a descriptor first. */
static bool
turn_away(Listener *listener)
{
    if (listener->spare_fd >= 0)
        close(listener->spare_fd);
    int fd = accept4(listener->watch.fd, NULL, NULL, SOCK_CLOEXEC);
    listener->turned_away_count += fd >= 0;
    if (fd >= 0)
        close(fd);
    listener->spare_fd = open_spare();
    if (fd >= 0)
        tell_full(listener);
    return fd >= 0;
}

static void
end_pause(void *context)
{
    Listener *listener = context;
    loop_rewatch(listener->loop, &listener->watch, EPOLLIN);
}

/* Whoever knocks would be reported again and again. */
static void
begin_pause(Listener *listener)
{
    loop_rewatch(listener->loop, &listener->watch, 0);
    loop_set_timer(listener->loop, &listener->pause,
                   loop_now_ns(listener->loop) + PAUSE_NS);
}

static bool
is_next_worth_a_try(Listener *listener, int error)
{
    bool is_full = error == EMFILE || error == ENFILE;
    if ((is_full && turn_away(listener)) || error == ECONNABORTED ||
        error == EINTR)
        return true;
    /* With a spare to give up, a full process has turned everybody away. */
    if (error != EAGAIN && !(is_full && listener->spare_fd >= 0))
        begin_pause(listener);
    return false;
}

/* What Multipath TCP does not hand down. Who spoke TCP has a TCP socket. */
static void
prepare(Listener *listener, int fd)
{
    if (!listener->is_multipath)
        return;
    if (kernel_speaks_multipath(fd))
        listener->multipath_count++;
    else
        set_number(fd, TCP_USER_TIMEOUT, listener->send_timeout_ms);
}

/* False when nobody else has knocked. */
static bool
accept_some(Listener *listener)
{
    for (uint32_t i = 0; i < ACCEPT_COUNT_MAX && listener->watch.fd >= 0; i++) {
        struct sockaddr_storage name;
        socklen_t name_bytes = sizeof name;
        int fd = accept4(listener->watch.fd, (struct sockaddr *)&name,
                         &name_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        Address peer;
        if (fd >= 0 && address_from_socket(&name, &peer)) {
            prepare(listener, fd);
            listener->accepted(listener->context, fd, &peer);
        } else if (fd >= 0)
            close(fd);
        else if (!is_next_worth_a_try(listener, errno))
            return false;
    }
    return true;
}

static void
hear_knock(void *context, uint32_t events)
{
    assert(events != 0);
    accept_some(context);
}

void
listener_empty(Listener *listener)
{
    for (uint32_t i = 0; i < BACKLOG / ACCEPT_COUNT_MAX; i++)
        if (!accept_some(listener))
            return;
}

/* The kernel numbers the sockets of an address as they began to listen: those
 * of our generation come first, the next ones then. A number that nobody has
 * makes it choose as usual. */
void
listener_yield(Listener *listener, uint32_t worker_count)
{
    struct sock_filter next[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, worker_count),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, worker_count),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {G_N_ELEMENTS(next), next};
    setsockopt(listener->watch.fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
               &program, sizeof program);
}

bool
listener_start(Listener *listener, Loop *loop,
               void (*accepted)(void *context, int fd, const Address *peer),
               void *context)
{
    listener->loop = loop;
    listener->accepted = accepted;
    listener->context = context;
    listener->watch.ready = hear_knock;
    listener->watch.context = listener;
    listener->pause = (Timer){.fire = end_pause, .context = listener};
    return loop_watch(loop, &listener->watch, EPOLLIN);
}

Address
listener_address(const Listener *listener)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = sizeof name;
    Address address = {.port = 0};
    int result =
        getsockname(listener->watch.fd, (struct sockaddr *)&name, &name_bytes);
    assert(result == 0);
    address_from_socket(&name, &address);
    return address;
}
