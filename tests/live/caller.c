/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/caller.c: a bare socket on the other side of what is tested.
 */
#include "tests/live/caller.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES 65536u
#define STEP_NS (2 * NS_PER_MS)

void
loopback_step(Loop *loop)
{
    loop_step(loop, loop_read_clock(loop) + STEP_NS);
}

uint32_t
loopback_fd_count(void)
{
    g_autoptr(GDir) directory = g_dir_open("/proc/self/fd", 0, NULL);
    g_assert_nonnull(directory);
    uint32_t count = 0;
    while (g_dir_read_name(directory))
        count++;
    return count;
}

void
loopback_fill(uint8_t *bytes, size_t byte_count, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < byte_count; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(state >> 24);
    }
}

void
loopback_compare(const GByteArray *held, const void *bytes, size_t byte_count)
{
    g_assert_cmpuint(held->len, ==, byte_count);
    g_assert_true(byte_count == 0 ||
                  memcmp(held->data, bytes, byte_count) == 0);
}

int
loopback_listen(int backlog, Address *ret_address)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t name_bytes = sizeof name;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    g_assert_cmpint(listen(fd, backlog), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&name, &name_bytes), ==,
                    0);
    struct sockaddr_storage storage = {0};
    memcpy(&storage, &name, sizeof name);
    g_assert_true(address_from_socket(&storage, ret_address));
    return fd;
}

static int
dial(const Address *target)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(target, &name);
    int on = 1;
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(fd, >=, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&name, name_bytes), ==, 0);
    return fd;
}

void
loopback_pair(int ret_ends[static 2])
{
    Address address;
    int listener = loopback_listen(1, &address);
    ret_ends[0] = dial(&address);
    ret_ends[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    g_assert_cmpint(ret_ends[1], >=, 0);
    close(listener);
}

void
caller_take(Caller *caller, int fd)
{
    *caller = (Caller){.fd = fd, .heard = g_byte_array_new()};
}

void
caller_dial(Caller *caller, const Address *target)
{
    caller_take(caller, dial(target));
}

void
caller_hang_up(Caller *caller)
{
    if (caller->fd >= 0)
        close(caller->fd);
    caller->fd = -1;
    g_clear_pointer(&caller->heard, g_byte_array_unref);
}

void
caller_reset(Caller *caller)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(caller->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    caller_hang_up(caller);
}

size_t
caller_try_send(Caller *caller, const void *bytes, size_t byte_count)
{
    ssize_t sent_bytes =
        send(caller->fd, bytes, byte_count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent_bytes < 0 ? 0 : (size_t)sent_bytes;
}

void
caller_send(Caller *caller, Loop *loop, const void *bytes, size_t byte_count)
{
    int64_t end_ns = loop_read_clock(loop) + CALLER_PATIENCE_NS;
    const uint8_t *left = bytes;
    while (byte_count > 0) {
        size_t sent_bytes = caller_try_send(caller, left, byte_count);
        left += sent_bytes;
        byte_count -= sent_bytes;
        if (byte_count > 0)
            loopback_step(loop);
        g_assert_cmpint(loop_now_ns(loop), <, end_ns);
    }
}

void
caller_say(Caller *caller, Loop *loop, const char *text)
{
    caller_send(caller, loop, text, strlen(text));
}

void
caller_listen(Caller *caller, size_t byte_count)
{
    uint8_t bytes[PIECE_BYTES];
    while (byte_count > 0 && !caller->is_ended && !caller->error) {
        ssize_t read_bytes = recv(caller->fd, bytes,
                                  MIN(byte_count, sizeof bytes), MSG_DONTWAIT);
        if (read_bytes < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (read_bytes < 0)
            caller->error = errno;
        else if (read_bytes == 0)
            caller->is_ended = true;
        else
            g_byte_array_append(caller->heard, bytes, (guint)read_bytes);
        byte_count -= read_bytes > 0 ? (size_t)read_bytes : 0;
    }
}

static void
wait(Caller *caller, Loop *loop, size_t heard_bytes)
{
    int64_t end_ns = loop_read_clock(loop) + CALLER_PATIENCE_NS;
    caller_listen(caller, SIZE_MAX);
    while (caller->heard->len < heard_bytes && !caller->is_ended &&
           !caller->error) {
        loopback_step(loop);
        caller_listen(caller, SIZE_MAX);
        g_assert_cmpint(loop_now_ns(loop), <, end_ns);
    }
}

void
caller_wait(Caller *caller, Loop *loop, size_t heard_bytes)
{
    wait(caller, loop, heard_bytes);
    g_assert_cmpuint(caller->heard->len, >=, heard_bytes);
}

void
caller_wait_for_end(Caller *caller, Loop *loop)
{
    wait(caller, loop, SIZE_MAX);
}
