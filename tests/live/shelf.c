/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/shelf.c: a web server with one file, and a relay that is slow.
 */
#include "tests/live/shelf.h"
#include "tests/live/caller.h"
#include "tests/live/errand.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_BYTES 16384u
#define HEAD_BYTES_MAX 4096u

static void
send_all(int fd, const void *bytes, size_t byte_count)
{
    for (size_t done = 0; done < byte_count;) {
        ssize_t sent = send(fd, (const char *)bytes + done, byte_count - done,
                            MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            _exit(0);
        done += (size_t)sent;
    }
}

static void
send_slowly(Shelf *shelf, int fd, const uint8_t *bytes, size_t byte_count)
{
    for (size_t done = 0; done < byte_count;) {
        size_t piece = MIN(byte_count - done, PIECE_BYTES);
        uint32_t rate_bytes = shelf->state->rate_bytes;
        send_all(fd, bytes + done, piece);
        done += piece;
        shelf->state->served_bytes += piece;
        if (rate_bytes > 0)
            g_usleep(piece * 1000000 / rate_bytes);
    }
}

/* The next request's head, as a text; ends the process at the end. */
static void
read_head(int fd, char head[static HEAD_BYTES_MAX + 1])
{
    size_t head_bytes = 0;
    do {
        ssize_t result =
            recv(fd, head + head_bytes, HEAD_BYTES_MAX - head_bytes, 0);
        if (result <= 0)
            _exit(0);
        head_bytes += (size_t)result;
        head[head_bytes] = '\0';
    } while (!strstr(head, "\r\n\r\n"));
}

/* GET with a range; the whole when If-Range names another content. */
static void
answer(Shelf *shelf, int fd, const char *head)
{
    uint32_t content = shelf->state->content;
    uint64_t first = 0, last = shelf->byte_count - 1;
    char etag[32], text[256];
    g_snprintf(etag, sizeof etag, "\"content-%u\"", content);
    const char *range = strstr(head, "\r\nRange: bytes=");
    const char *if_range = strstr(head, "\r\nIf-Range: ");
    if (if_range && !g_str_has_prefix(if_range + 12, etag))
        range = NULL;
    if (range)
        sscanf(range + 15, "%" SCNu64 "-%" SCNu64, &first, &last);
    last = MIN(last, shelf->byte_count - 1);
    int text_bytes = g_snprintf(
        text, sizeof text,
        "HTTP/1.1 %s\r\nETag: %s\r\nContent-Length: %" PRIu64 "\r\n",
        range ? "206 Partial Content" : "200 OK", etag, last - first + 1);
    send_all(fd, text, (size_t)text_bytes);
    text_bytes =
        g_snprintf(text, sizeof text,
                   "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%zu\r\n",
                   first, last, shelf->byte_count);
    send_all(fd, text, range ? (size_t)text_bytes : 0);
    send_all(fd, "\r\n", 2);
    uint8_t mark = (uint8_t)content;
    if (first == 0)
        send_slowly(shelf, fd, &mark, 1);
    first = MAX(first, 1);
    send_slowly(shelf, fd, shelf->bytes + first, last + 1 - first);
}

static void
refuse(int fd, uint32_t status)
{
    char text[64];
    int text_bytes =
        g_snprintf(text, sizeof text,
                   "HTTP/1.1 %u No\r\nContent-Length: 0\r\n\r\n", status);
    send_all(fd, text, (size_t)text_bytes);
}

static void
serve(Shelf *shelf, const Address *target, int fd)
{
    (void)target;
    for (;;) {
        char head[HEAD_BYTES_MAX + 1];
        read_head(fd, head);
        uint32_t status = shelf->state->status;
        if (status > 0)
            refuse(fd, status);
        else
            answer(shelf, fd, head);
    }
}

int
shelf_dial(const Address *target)
{
    struct sockaddr_storage to;
    socklen_t to_bytes = address_to_socket(target, &to);
    int fd = socket(to.ss_family, SOCK_STREAM, 0);
    g_assert_cmpint(fd, >=, 0);
    if (connect(fd, (struct sockaddr *)&to, to_bytes) == 0)
        return fd;
    close(fd);
    return -1;
}

static void
relay(Shelf *shelf, const Address *target, int near)
{
    int far = shelf_dial(target);
    if (far < 0)
        _exit(0);
    struct pollfd ends[2] = {{.fd = near, .events = POLLIN},
                             {.fd = far, .events = POLLIN}};
    for (;;) {
        uint8_t bytes[PIECE_BYTES];
        poll(ends, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (ends[i].revents == 0)
                continue;
            ssize_t result = recv(ends[i].fd, bytes, sizeof bytes, 0);
            if (result <= 0)
                _exit(0);
            if (i == 0)
                send_all(far, bytes, (size_t)result);
            else
                send_slowly(shelf, near, bytes, (size_t)result);
        }
    }
}

static void
open_shelf(Shelf *shelf, void (*run)(Shelf *, const Address *, int),
           const Address *target)
{
    int listener = loopback_listen(64, &shelf->address);
    shelf->state = mmap(NULL, sizeof *shelf->state, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(shelf->state != MAP_FAILED);
    shelf->pid = errand_fork();
    if (shelf->pid > 0) {
        close(listener);
        return;
    }
    fcntl(listener, F_SETFL, 0);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        if (fork() == 0) {
            errand_die_with_parent();
            close(listener);
            run(shelf, target, fd);
        }
        close(fd);
    }
}

void
shelf_open(Shelf *shelf, const uint8_t *bytes, size_t byte_count)
{
    *shelf = (Shelf){.bytes = bytes, .byte_count = byte_count};
    open_shelf(shelf, serve, NULL);
}

void
shelf_open_relay(Shelf *shelf, const Address *target)
{
    *shelf = (Shelf){.pid = 0};
    open_shelf(shelf, relay, target);
}

char *
shelf_url(const Shelf *shelf, const char *name)
{
    char where[ADDRESS_TEXT_BYTES];
    address_write(&shelf->address, where);
    return g_strdup_printf("http://%s/%s", where, name);
}

void
shelf_wait_served(const Shelf *shelf, uint64_t size_bytes)
{
    uint64_t goal_bytes = shelf->state->served_bytes + size_bytes;
    for (uint32_t i = 0; shelf->state->served_bytes < goal_bytes; i++) {
        g_assert_cmpuint(i, <, CALLER_PATIENCE_NS / (10 * NS_PER_MS));
        errand_sleep_ms(10);
    }
}

void
shelf_close(Shelf *shelf)
{
    errand_end(shelf->pid);
    munmap(shelf->state, sizeof *shelf->state);
}
