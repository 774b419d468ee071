/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/forward.h: a standing order: bytes from one socket to another.
 *
 * Large orders are spliced through a pipe, so that the bytes never enter
 * this process; small ones, those with TLS or HTTP/2 on either side, and all
 * when no pipe is to be had, are copied. A pipe is borrowed while bytes are in
 * it and no longer: what an idle or empty order needs is its record. When the
 * target takes no more, the source is not read: what is under way is bounded by
 * one pipe.
 */
#pragma once

#include "live/conn.h"

/* Below, two copies cost less than the calls that a pipe wants. */
#define FORWARD_SPLICE_BYTES_MIN 65536u

typedef struct Pipe {
    int read_fd; /* -1: none */
    int write_fd;
    uint32_t size_bytes;
} Pipe;

/* Empty pipes that wait to be used again. */
typedef struct Pipes {
    Pipe *spare;
    uint32_t spare_count;
    uint32_t spare_capacity;
    uint32_t lent_count;
    uint32_t lent_count_max;
    uint64_t held_bytes; /* in all of them */
    Memory *memory;      /* lent; half of it is for pipes */
} Pipes;

typedef struct Forward {
    Pipes *pipes;
    Conn *from;
    Conn *to;
    Pipe pipe;
    uint32_t held_bytes;  /* in the pipe */
    uint64_t left_bytes;  /* not yet read */
    uint64_t total_bytes; /* as ordered */
} Forward;

typedef enum ForwardStep {
    FORWARD_WAITS, /* for either side; CONN_READABLE or CONN_ROOM tells */
    FORWARD_DONE,
    FORWARD_ENDED, /* the source's FIN came before the order was done */
    FORWARD_LOST,  /* the source is CONN_LOST */
} ForwardStep;

/* As memory gets scarce, an order moves less at once. */
void pipes_init(Pipes *pipes, uint32_t lent_count_max, Memory *memory);
void pipes_clear(Pipes *pipes);

void forward_init(Forward *forward, Pipes *pipes, Conn *from, Conn *to,
                  uint64_t size_bytes);
/* Give the pipe back; what is in it is lost. The source is read again. */
void forward_clear(Forward *forward);
/* Move what can be moved now, within bounds. */
ForwardStep forward_pump(Forward *forward);
