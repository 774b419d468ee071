/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/forward.c: a standing order: bytes from one socket to another.
 */
#include "live/forward.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

/* Wished for; a user may have 64 MiB of pipes in all, after which the kernel
 * refuses to enlarge one, and what it has is used. */
#define PIPE_BYTES (1u << 20)
#define SPARE_COUNT_MAX 64u
#define ROUND_COUNT_MAX 8u

static const Pipe NO_PIPE = {-1, -1, 0};

void
pipes_init(Pipes *pipes, uint32_t lent_count_max, Memory *memory)
{
    *pipes = (Pipes){.lent_count_max = lent_count_max, .memory = memory};
}

static void
close_pipe(Pipe *pipe)
{
    close(pipe->read_fd);
    close(pipe->write_fd);
    *pipe = NO_PIPE;
}

void
pipes_clear(Pipes *pipes)
{
    assert(pipes->lent_count == 0);
    while (pipes->spare_count > 0)
        close_pipe(&pipes->spare[--pipes->spare_count]);
    g_free(pipes->spare);
    pipes->spare = NULL;
}

static bool
take_pipe(Pipes *pipes, Pipe *ret_pipe)
{
    if (pipes->spare_count > 0) {
        *ret_pipe = pipes->spare[--pipes->spare_count];
        pipes->lent_count++;
        return true;
    }
    int ends[2];
    if (pipes->lent_count == pipes->lent_count_max ||
        pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    int size_bytes = fcntl(ends[1], F_SETPIPE_SZ, (int)PIPE_BYTES);
    if (size_bytes < 0)
        size_bytes = fcntl(ends[1], F_GETPIPE_SZ);
    *ret_pipe = (Pipe){ends[0], ends[1], (uint32_t)MAX(0, size_bytes)};
    if (ret_pipe->size_bytes < FORWARD_SPLICE_BYTES_MIN) {
        close_pipe(ret_pipe); /* the user has too many: two pages */
        return false;
    }
    pipes->lent_count++;
    return true;
}

static void
return_pipe(Pipes *pipes, Pipe *pipe, bool is_empty)
{
    if (pipe->read_fd < 0)
        return;
    assert(pipes->lent_count > 0);
    pipes->lent_count--;
    if (!is_empty || pipes->spare_count == SPARE_COUNT_MAX) {
        close_pipe(pipe);
        return;
    }
    if (!pipes->spare)
        pipes->spare = g_new(Pipe, SPARE_COUNT_MAX);
    pipes->spare[pipes->spare_count++] = *pipe;
    *pipe = NO_PIPE;
}

void
forward_init(Forward *forward, Pipes *pipes, Conn *from, Conn *to,
             uint64_t size_bytes)
{
    *forward = (Forward){
        .pipes = pipes,
        .from = from,
        .to = to,
        .pipe = NO_PIPE,
        .left_bytes = size_bytes,
        .total_bytes = size_bytes,
    };
}

static void
take_in(Forward *forward, uint32_t size_bytes)
{
    forward->held_bytes += size_bytes;
    forward->pipes->held_bytes += size_bytes;
    forward->pipes->memory->held_bytes += size_bytes;
}

static void
let_out(Forward *forward, uint32_t size_bytes)
{
    forward->held_bytes -= size_bytes;
    forward->pipes->held_bytes -= size_bytes;
    forward->pipes->memory->held_bytes -= size_bytes;
}

void
forward_clear(Forward *forward)
{
    return_pipe(forward->pipes, &forward->pipe, forward->held_bytes == 0);
    let_out(forward, forward->held_bytes);
    conn_want_read(forward->from, true);
}

/* The target takes no more: neither do we. */
static ForwardStep
wait_for_room(Forward *forward)
{
    conn_want_read(forward->from, false);
    conn_want_room(forward->to);
    return FORWARD_WAITS;
}

static ForwardStep
wait_for_bytes(Forward *forward)
{
    conn_want_read(forward->from, true);
    return FORWARD_WAITS;
}

/* The target has gone, which its own reader will hear: until then, wait. */
static ForwardStep
wait_for_end(Forward *forward)
{
    conn_want_read(forward->from, false);
    return FORWARD_WAITS;
}

static ForwardStep
copy(Forward *forward)
{
    uint32_t most_bytes =
        memory_portion(forward->pipes->memory, CONN_READ_BYTES_MAX);
    uint32_t wanted_bytes = (uint32_t)MIN(forward->left_bytes, most_bytes);
    uint32_t size_bytes;
    switch (conn_read(forward->from, wanted_bytes, &size_bytes)) {
    case CONN_READ_NOTHING:
        return wait_for_bytes(forward);
    case CONN_READ_END:
        return FORWARD_ENDED;
    case CONN_READ_LOST:
        return FORWARD_LOST;
    case CONN_READ_BYTES:
        break;
    }
    OutSlice slice = conns_lend(forward->from->conns, size_bytes);
    conn_write(forward->to, &slice, 1);
    forward->left_bytes -= size_bytes;
    if (forward->left_bytes == 0)
        return FORWARD_DONE;
    return forward->to->out.unsent_bytes > 0 ? wait_for_room(forward)
                                             : wait_for_bytes(forward);
}

static ssize_t
move(int from_fd, int to_fd, uint64_t size_bytes)
{
    ssize_t moved_bytes;
    do {
        moved_bytes = splice(from_fd, NULL, to_fd, NULL, size_bytes,
                             SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    } while (moved_bytes < 0 && errno == EINTR);
    return moved_bytes;
}

/* From the pipe to the target. False when some of it has to wait. */
static bool
empty_pipe(Forward *forward)
{
    Conn *to = forward->to;
    while (forward->held_bytes > 0) {
        ssize_t moved_bytes =
            move(forward->pipe.read_fd, to->watch.fd, forward->held_bytes);
        if (moved_bytes <= 0) {
            conn_is_fatal(to, moved_bytes < 0 ? errno : EPIPE);
            return false;
        }
        let_out(forward, (uint32_t)moved_bytes);
        conn_count_sent(to, (uint64_t)moved_bytes);
    }
    return_pipe(forward->pipes, &forward->pipe, true);
    return true;
}

static uint64_t
room_bytes(const Pipes *pipes)
{
    uint64_t most_bytes = pipes->memory->held_bytes_max / 2;
    uint64_t free_bytes = most_bytes - MIN(pipes->held_bytes, most_bytes);
    free_bytes = MIN(free_bytes, memory_free_bytes(pipes->memory));
    return MAX(FORWARD_SPLICE_BYTES_MIN, free_bytes);
}

static ForwardStep
fill_pipe(Forward *forward)
{
    Conn *from = forward->from;
    uint64_t wanted_bytes =
        MIN(forward->left_bytes, room_bytes(forward->pipes));
    wanted_bytes = MIN(wanted_bytes, forward->pipe.size_bytes);
    ssize_t moved_bytes =
        move(from->watch.fd, forward->pipe.write_fd, wanted_bytes);
    if (moved_bytes > 0) {
        take_in(forward, (uint32_t)moved_bytes);
        forward->left_bytes -= (uint64_t)moved_bytes;
        conn_count_received(from, (uint64_t)moved_bytes);
        return FORWARD_DONE;
    }
    return_pipe(forward->pipes, &forward->pipe, true);
    if (moved_bytes < 0 && errno == EAGAIN)
        return wait_for_bytes(forward);
    /* An end or an error: the same read tells which. */
    return copy(forward);
}

/* A pipe full after the other, until one side has to be waited for: looking
 * again costs less than being woken again. */
static ForwardStep
pump_pipe(Forward *forward)
{
    for (uint32_t i = 0; i < ROUND_COUNT_MAX; i++) {
        if (forward->held_bytes == 0) {
            /* A pipe is filled by its pages: copies can be smaller. */
            if (memory_is_short(forward->pipes->memory,
                                FORWARD_SPLICE_BYTES_MIN) ||
                !take_pipe(forward->pipes, &forward->pipe))
                return copy(forward);
            ForwardStep step = fill_pipe(forward);
            if (step != FORWARD_DONE)
                return step;
        }
        if (!empty_pipe(forward))
            return forward->to->is_broken ? wait_for_end(forward)
                                          : wait_for_room(forward);
        if (forward->left_bytes == 0)
            return FORWARD_DONE;
    }
    return wait_for_bytes(forward); /* others want to move, too */
}

ForwardStep
forward_pump(Forward *forward)
{
    if (forward->to->is_broken || forward->to->state != CONN_OPEN)
        return wait_for_end(forward);
    if (forward->to->out.unsent_bytes > 0)
        return wait_for_room(forward);
    bool is_copied = forward->total_bytes < FORWARD_SPLICE_BYTES_MIN ||
                     forward->from->tls || forward->to->tls ||
                     forward->from->http2 || forward->to->http2;
    if (is_copied)
        return copy(forward);
    return pump_pipe(forward);
}
