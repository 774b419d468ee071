/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/caller.h: a bare socket on the other side of what is tested.
 *
 * It never blocks: a test takes turns with the loop in one thread, so that
 * what happens when is the test's own choice.
 */
#pragma once

#include "live/address.h"
#include "live/loop.h"

#include <glib.h>

/* Long enough on a busy machine; a story that needs it fails. */
#define CALLER_PATIENCE_NS (20 * NS_PER_S)

typedef struct Caller {
    int fd;
    GByteArray *heard;
    bool is_ended; /* the other side has sent its FIN */
    int error;     /* what a read failed with: ECONNRESET */
} Caller;

void caller_dial(Caller *caller, const Address *target);
/* The end of a pair that loopback_pair made. */
void caller_take(Caller *caller, int fd);
/* Close in an orderly way, or with a reset. */
void caller_hang_up(Caller *caller);
void caller_reset(Caller *caller);
/* Send as much as the kernel takes; returns how much. */
size_t caller_try_send(Caller *caller, const void *bytes, size_t byte_count);
/* Send it all, though it may take turns with the loop. */
void caller_send(Caller *caller, Loop *loop, const void *bytes,
                 size_t byte_count);
void caller_say(Caller *caller, Loop *loop, const char *text);
/* Read at most byte_count bytes of what has come. */
void caller_listen(Caller *caller, size_t byte_count);
/* Let the loop run until so much was heard in all, or the end came. */
void caller_wait(Caller *caller, Loop *loop, size_t heard_bytes);
/* Let the loop run until the other side has ended or reset. */
void caller_wait_for_end(Caller *caller, Loop *loop);

/* A connected pair over 127.0.0.1, both ends non-blocking. */
void loopback_pair(int ret_ends[static 2]);
/* A socket that listens on 127.0.0.1, and where. */
int loopback_listen(int backlog, Address *ret_address);
/* Descriptors that this process has open. */
uint32_t loopback_fd_count(void);
/* One short iteration. */
void loopback_step(Loop *loop);
/* Fail unless it holds these bytes and no others. */
void loopback_compare(const GByteArray *held, const void *bytes,
                      size_t byte_count);
/* Bytes that differ from their neighbours, the same each time. */
void loopback_fill(uint8_t *bytes, size_t byte_count, uint32_t seed);
