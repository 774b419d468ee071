/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/street.h: three puppets in a line, to see what a host does.
 *
 *     SENDER ==> RELAY ==> RECEIVER
 *
 * The host layer knows nodes by core/node.h alone, and here that header is
 * implemented by puppets: a test prepares a turn, the puppet leaves it at its
 * cue and writes down what it hears. It is 10 ms from one to the next,
 * whatever the size; only the receiver's line can be slow. Only the relay's
 * CPU takes time: 1 ms for each unit of WORK_RANK.
 */
#pragma once

#include <glib.h>

#include "sim/host.h"

enum { SENDER, RELAY, RECEIVER, HOST_COUNT };

#define KIB UINT64_C(1024)
#define WINDOW_BYTES (128 * KIB) /* what a receiver takes unread */

struct Node {
    Turn plan; /* left at the next event of the kind `cue` */
    EventKind cue;
    bool is_cued;
    int64_t start_ns; /* times are written from here on */
    GString *heard;   /* a line each: ms, event, stream, detail */
    StreamId accepted;
    uint64_t body_bytes; /* file data heard so far: counted, not written */
    uint64_t body_end_bytes;
    uint64_t piece_bytes; /* the last piece of it */
};

typedef struct Street {
    Scenario *scenario;
    World world;
    StreamId sender;
    StreamId from; /* the relay's, from the sender */
    StreamId to;   /* the relay's, to the receiver */
    StreamId receiver;
} Street;

/* The street stays where it is. The receiver's line has receiver_bps, or is
 * infinitely fast (0). Both streams are up, nothing is heard yet. */
void street_init(Street *street, uint64_t receiver_bps);
void street_clear(Street *street);
Node *street_puppet(const Street *street, HostId host);
/* The turn that the puppet will leave when it is told to act... */
Turn *street_plan(Street *street, HostId host);
void street_act(Street *street, HostId host);
/* ... or when it next hears of such an event. */
Turn *street_cue(Street *street, HostId host, EventKind cue);
void street_step(Street *street);
void street_run_ms(Street *street, int64_t ms);
/* Takes 30 ms. */
StreamId street_open(Street *street, HostId from, HostId to);
Endpoint *street_end(Street *street, HostId host, StreamId stream);
void street_expect(const Street *street, HostId host, const char *heard);
/* The sender writes file data from offset_bytes on. */
void street_send_body(Street *street, uint64_t offset_bytes,
                      uint64_t size_bytes);
/* The relay forwards the next size_bytes. */
void street_order(Street *street, uint64_t size_bytes);
/* The relay works, then writes a word to the receiver. */
void street_say(Street *street, uint64_t work_ms, const char *word);
