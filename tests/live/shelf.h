/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/shelf.h: a web server with one file, and a relay that is slow.
 *
 * Both are processes of their own, with a process for each connection, as
 * slow as they are told to be at that moment.
 */
#pragma once

#include "core/event.h"

#include <stdatomic.h>
#include <sys/types.h>

typedef struct ShelfState {
    _Atomic uint32_t rate_bytes; /* a second and connection; 0: any */
    _Atomic uint32_t content;    /* which one; another has another ETag */
    _Atomic uint32_t status;     /* what it refuses with; 0: it serves */
    _Atomic uint64_t served_bytes;
} ShelfState;

typedef struct Shelf {
    pid_t pid;
    Address address;
    ShelfState *state; /* shared with its processes */
    const uint8_t *bytes;
    size_t byte_count;
} Shelf;

/* Content n is these bytes, the first one changed to n; on 127.0.0.1. */
void shelf_open(Shelf *shelf, const uint8_t *bytes, size_t byte_count);
/* To this address; what it says is slowed down, not what it hears. */
void shelf_open_relay(Shelf *shelf, const Address *target);
/* "http://127.0.0.1:PORT/name"; g_free it. */
char *shelf_url(const Shelf *shelf, const char *name);
/* A blocking socket to there, or -1. */
int shelf_dial(const Address *target);
/* Wait until it has sent so much more than now. */
void shelf_wait_served(const Shelf *shelf, uint64_t size_bytes);
/* Its connections are reset, and nobody listens there any more. */
void shelf_close(Shelf *shelf);
