/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_origin.c: a server of nothing in particular, for relays to ask.
 *
 * It has no files but one of memory that it sends from with sendfile, so
 * that it costs as little as an origin can.
 */
#include "live/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define READY_MAX 256
#define REQUEST_BYTES_MAX 4096u
#define PIECE_BYTES (1u << 20)
#define PATH_START "GET /f/"

typedef struct Caller {
    int fd;
    uint32_t heard_bytes;
    uint64_t left_bytes;
    off_t offset_bytes;
    char heard[REQUEST_BYTES_MAX + 1];
} Caller;

void
bench_write_path(uint64_t body_bytes,
                 char ret_path[static BENCH_PATH_BYTES_MAX])
{
    g_snprintf(ret_path, BENCH_PATH_BYTES_MAX,
               "/f/%016" PRIx64 "%016x%016x%016x?v=1", body_bytes, 0, 0, 0);
}

static int
open_content(void)
{
    g_autofree uint8_t *piece = g_malloc(PIECE_BYTES);
    int fd = memfd_create("bench", MFD_CLOEXEC);
    for (uint32_t i = 0; i < PIECE_BYTES; i++)
        piece[i] = (uint8_t)(i * 2654435761u >> 13);
    for (uint64_t at = 0; at < BENCH_BODY_BYTES_MAX; at += PIECE_BYTES)
        if (write(fd, piece, PIECE_BYTES) != (ssize_t)PIECE_BYTES)
            return -1;
    return fd;
}

/* False when the caller is gone. */
static bool
push(Caller *caller, int content_fd)
{
    while (caller->left_bytes > 0) {
        ssize_t sent_bytes = sendfile(
            caller->fd, content_fd, &caller->offset_bytes, caller->left_bytes);
        if (sent_bytes < 0)
            return errno == EAGAIN;
        caller->left_bytes -= (uint64_t)sent_bytes;
    }
    return true;
}

/* A request has come in full: nobody here asks twice at once. */
static bool
answer(Caller *caller, int content_fd)
{
    char size[17] = "", head[128];
    if (!g_str_has_prefix(caller->heard, PATH_START))
        return false;
    g_strlcpy(size, caller->heard + strlen(PATH_START), sizeof size);
    caller->left_bytes =
        MIN(g_ascii_strtoull(size, NULL, 16), BENCH_BODY_BYTES_MAX);
    caller->offset_bytes = 0;
    caller->heard_bytes = 0;
    int head_bytes = g_snprintf(head, sizeof head,
                                "HTTP/1.1 200 OK\r\n"
                                "Content-Length: %" PRIu64 "\r\n\r\n",
                                caller->left_bytes);
    ssize_t sent_bytes =
        send(caller->fd, head, (size_t)head_bytes, MSG_NOSIGNAL | MSG_MORE);
    return sent_bytes == head_bytes && push(caller, content_fd);
}

static bool
hear(Caller *caller, int content_fd)
{
    ssize_t size_bytes =
        recv(caller->fd, caller->heard + caller->heard_bytes,
             REQUEST_BYTES_MAX - caller->heard_bytes, MSG_DONTWAIT);
    if (size_bytes < 0)
        return errno == EAGAIN;
    if (size_bytes == 0)
        return false;
    caller->heard_bytes += (uint32_t)size_bytes;
    caller->heard[caller->heard_bytes] = '\0';
    if (!strstr(caller->heard, "\r\n\r\n"))
        return caller->heard_bytes < REQUEST_BYTES_MAX;
    return answer(caller, content_fd);
}

static void
welcome(int epoll_fd, int listen_fd)
{
    int on = 1;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Caller *caller = g_new0(Caller, 1);
    caller->fd = fd;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                .data.ptr = caller};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void
serve(Caller *caller, uint32_t events, int content_fd)
{
    bool is_here = push(caller, content_fd);
    if (is_here && (events & EPOLLIN))
        is_here = hear(caller, content_fd);
    if (is_here)
        return;
    close(caller->fd);
    g_free(caller);
}

void
bench_origin_run(int listen_fd)
{
    struct epoll_event ready[READY_MAX];
    struct epoll_event event = {.events = EPOLLIN};
    int content_fd = open_content();
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (content_fd < 0 ||
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) != 0)
        return;
    for (;;) {
        int count = epoll_wait(epoll_fd, ready, READY_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.ptr)
                serve(ready[i].data.ptr, ready[i].events, content_fd);
            else
                welcome(epoll_fd, listen_fd);
        }
    }
}
