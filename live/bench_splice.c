/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_splice.c: the least that a relay can do: splice, both ways.
 *
 * It knows no HTTP, keeps no limits and gives each connection a target and
 * two pipes of its own for life.
 */
#include "live/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#define READY_MAX 256
#define PIPE_BYTES (1u << 20)

typedef struct Pair Pair;

/* What is read here goes into the pipe and out at the other side. */
typedef struct Side {
    Pair *pair;
    int fd;
    int pipe[2];
    uint32_t held_bytes;
    bool is_ended;
    bool is_shut; /* the other side has heard of the end */
} Side;

struct Pair {
    Side sides[2];
    bool is_gone;
    Pair *next; /* gone, to be freed after the reports of one wait */
};

typedef struct Splicer {
    int epoll_fd;
    struct sockaddr_storage target;
    socklen_t target_bytes;
    Pair *gone;
} Splicer;

static void
part(Splicer *splicer, Pair *pair)
{
    if (pair->is_gone)
        return;
    pair->is_gone = true;
    pair->next = splicer->gone;
    splicer->gone = pair;
    for (int i = 0; i < 2; i++) {
        close(pair->sides[i].fd);
        close(pair->sides[i].pipe[0]);
        close(pair->sides[i].pipe[1]);
    }
}

static void
bury(Splicer *splicer)
{
    while (splicer->gone) {
        Pair *pair = splicer->gone;
        splicer->gone = pair->next;
        g_free(pair);
    }
}

static ssize_t
move(int from_fd, int to_fd, size_t size_bytes)
{
    return splice(from_fd, NULL, to_fd, NULL, size_bytes,
                  SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

typedef enum Step { STEP_ON, STEP_WAIT, STEP_FAIL } Step;

static Step
fill(Side *side)
{
    if (side->is_ended)
        return STEP_WAIT;
    ssize_t size_bytes = move(side->fd, side->pipe[1], PIPE_BYTES);
    if (size_bytes < 0)
        return errno == EAGAIN ? STEP_WAIT : STEP_FAIL;
    side->is_ended = size_bytes == 0;
    side->held_bytes += (uint32_t)size_bytes;
    return STEP_ON;
}

static Step
drain(Side *side, const Side *other)
{
    ssize_t size_bytes = move(side->pipe[0], other->fd, side->held_bytes);
    if (size_bytes < 0)
        return errno == EAGAIN ? STEP_WAIT : STEP_FAIL;
    side->held_bytes -= (uint32_t)size_bytes;
    return STEP_ON;
}

/* False when the pair is done, or broken. */
static bool
pump(Side *side, Side *other)
{
    for (;;) {
        Step filled = fill(side);
        if (filled == STEP_FAIL)
            return false;
        if (side->held_bytes > 0) {
            Step drained = drain(side, other);
            if (drained != STEP_ON)
                return drained == STEP_WAIT;
            continue;
        }
        if (side->is_ended && !side->is_shut) {
            side->is_shut = true;
            shutdown(other->fd, SHUT_WR);
            return !other->is_shut;
        }
        if (filled == STEP_WAIT)
            return true;
    }
}

static bool
open_side(Splicer *splicer, Side *side, Pair *pair, int fd)
{
    int on = 1;
    *side = (Side){.pair = pair, .fd = fd, .pipe = {-1, -1}};
    if (fd < 0 || pipe2(side->pipe, O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    fcntl(side->pipe[1], F_SETPIPE_SZ, PIPE_BYTES);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = side};
    return epoll_ctl(splicer->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int
dial(const Splicer *splicer)
{
    int fd = socket(splicer->target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&splicer->target,
                splicer->target_bytes) != 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void
welcome(Splicer *splicer, int listen_fd)
{
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    Pair *pair = g_new0(Pair, 1);
    bool is_near = open_side(splicer, &pair->sides[0], pair, fd);
    bool is_far = open_side(splicer, &pair->sides[1], pair, dial(splicer));
    if (!is_near || !is_far)
        part(splicer, pair);
}

/* What waits in the other side's pipe wants this one's room. */
static void
serve(Splicer *splicer, Side *side, uint32_t events)
{
    Pair *pair = side->pair;
    Side *other = side == &pair->sides[0] ? &pair->sides[1] : &pair->sides[0];
    if (pair->is_gone)
        return;
    bool is_here = (events & EPOLLERR) == 0;
    if (is_here && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)))
        is_here = pump(side, other);
    if (is_here && (events & EPOLLOUT) && other->held_bytes > 0)
        is_here = pump(other, side);
    if (!is_here)
        part(splicer, pair);
}

void
bench_splice_run(int listen_fd, const Address *target)
{
    struct epoll_event ready[READY_MAX];
    struct epoll_event event = {.events = EPOLLIN};
    Splicer splicer = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    splicer.target_bytes = address_to_socket(target, &splicer.target);
    if (epoll_ctl(splicer.epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) != 0)
        return;
    for (;;) {
        int count = epoll_wait(splicer.epoll_fd, ready, READY_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.ptr)
                serve(&splicer, ready[i].data.ptr, ready[i].events);
            else
                welcome(&splicer, listen_fd);
        }
        bury(&splicer);
    }
}
