/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_multipath.c: Multipath TCP where the kernel has it, TCP
 * where it has not; and what listeners hand down.
 */
#include "core/wire.h"
#include "live/kernel.h"
#include "tests/live/site.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
is_there(void)
{
    int fd = kernel_open_stream(AF_INET, true);
    bool has_it = fd >= 0 && kernel_is_multipath(fd);
    close(fd);
    if (!has_it)
        g_test_skip("this kernel has no Multipath TCP");
    return has_it;
}

static void
dial(Caller *caller, const Address *target, bool is_multipath)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(target, &name);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
                    is_multipath ? IPPROTO_MPTCP : 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&name, name_bytes), ==, 0);
    caller_take(caller, fd);
}

static void
open_relay(Site *site)
{
    site_init(site);
    site->host.is_multipath = true;
    site->is_multipath = true;
    site_open(site, SITE_KEY_SERVICE);
    site_open(site, SITE_DATA_CENTRE);
    site_open(site, SITE_EDGE);
    site_add_key(site);
}

static void
ask_edge(Site *site, bool is_multipath)
{
    Caller caller;
    g_autofree char *request = site_request(0, 0);
    dial(&caller, &site->nodes[SITE_EDGE].address, is_multipath);
    caller_say(&caller, &site->loop, request);
    g_autoptr(GByteArray) body = site_take_response(site, &caller, 200);
    g_assert_cmpuint(body->len, ==, SITE_FILE_BYTES);
    caller_hang_up(&caller);
}

static void
callers_of_both_kinds_are_served_and_bodies_spliced(void)
{
    Site site;
    if (!is_there())
        return;
    open_relay(&site);
    const SiteNode *edge = &site.nodes[SITE_EDGE];
    ask_edge(&site, true);
    g_assert_cmpuint(edge->listener.multipath_count, ==, 1);
    ask_edge(&site, false);
    g_assert_cmpuint(edge->listener.multipath_count, ==, 1);
    /* The data centre was called once, and its body never copied. */
    g_assert_cmpuint(edge->host.conns.count.multipath, ==, 1);
    g_assert_cmpuint(edge->host.count.forwards, ==, 2);
    g_assert_cmpuint(edge->host.pipes.spare_count, ==, 1);
    site_clear(&site);
}

/* As a kernel without it answers. */
static void
forbid_multipath(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_MPTCP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {G_N_ELEMENTS(steps), steps};
    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==,
                    0);
}

static void
without_the_kernels_help_it_is_tcp_and_said_once(void)
{
    Site site;
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("*no Multipath TCP here, TCP serves*");
        g_test_trap_assert_stderr("*no Multipath TCP here, TCP calls*");
        /* By the edge, and by the data centre. */
        g_test_trap_assert_stderr_unmatched("*calls*calls*calls*");
        return;
    }
    forbid_multipath();
    open_relay(&site);
    site.edge.pool_count_max = 0; /* two calls */
    ask_edge(&site, false);
    ask_edge(&site, false);
    g_assert_cmpuint(site.nodes[SITE_EDGE].host.conns.count.multipath, ==, 0);
    g_assert_cmpuint(site.nodes[SITE_EDGE].listener.multipath_count, ==, 0);
    site_clear(&site);
}

typedef struct Door {
    int fd; /* accepted, or -1 */
} Door;

static void
take(void *context, int fd, const Address *peer)
{
    Door *door = context;
    g_assert_true(address_is_loopback(peer));
    door->fd = fd;
}

static int
option_of(int fd, int option)
{
    int value = 0;
    socklen_t value_bytes = sizeof value;
    g_assert_cmpint(getsockopt(fd, IPPROTO_TCP, option, &value, &value_bytes),
                    ==, 0);
    return value;
}

static void
check_handed_down(bool offers_multipath, bool is_multipath)
{
    Loop loop;
    Listener listener;
    Door door = {-1};
    Caller caller;
    ListenerConfig config = {
        .is_multipath = offers_multipath,
        .keep_alive = {31 * NS_PER_S, 1500 * NS_PER_MS, 4},
        .send_timeout_ns = 9 * NS_PER_S,
    };
    g_autoptr(GError) error = NULL;
    close(loopback_listen(1, &config.address)); /* it was free */
    g_assert_true(loop_init(&loop, &error));
    g_assert_true(listener_init(&listener, &config, &error));
    g_assert_true(listener_start(&listener, &loop, take, &door));
    Address address = listener_address(&listener);
    dial(&caller, &address, is_multipath);
    while (door.fd < 0)
        loopback_step(&loop);
    g_assert_cmpint(option_of(door.fd, TCP_KEEPIDLE), ==, 31);
    g_assert_cmpint(option_of(door.fd, TCP_KEEPINTVL), ==, 2);
    g_assert_cmpint(option_of(door.fd, TCP_KEEPCNT), ==, 4);
    g_assert_cmpint(option_of(door.fd, TCP_NODELAY), ==, 1);
    if (!is_multipath)
        g_assert_cmpint(option_of(door.fd, TCP_USER_TIMEOUT), ==, 9000);
    close(door.fd);
    caller_hang_up(&caller);
    listener_clear(&listener);
    loop_clear(&loop);
}

static void
what_a_listener_says_holds_for_whom_it_accepts(void)
{
    check_handed_down(false, false);
    if (!is_there())
        return;
    check_handed_down(true, false);
    check_handed_down(true, true);
}

#define STORY(name) g_test_add_func("/multipath/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(callers_of_both_kinds_are_served_and_bodies_spliced);
    STORY(without_the_kernels_help_it_is_tcp_and_said_once);
    STORY(what_a_listener_says_holds_for_whom_it_accepts);
    return g_test_run();
}
