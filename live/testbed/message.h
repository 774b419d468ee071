/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/message.h: what the testbed and its actors tell each other.
 *
 * Both are this program, on this machine, joined by a socket pair that keeps
 * messages apart and in order.
 */
#pragma once

#include "core/turn.h"

typedef enum MessageKind {
    MESSAGE_READY,    /* from an actor, with its line: it serves */
    MESSAGE_FAILED,   /* from an actor: why it cannot */
    MESSAGE_NOTE,     /* from an actor: its node noted something */
    MESSAGE_DELIVERY, /* from a client: file data has come, and is right or not
                       */
    MESSAGE_COMMAND,  /* to an actor: for its node, or files to have */
} MessageKind;

typedef struct Delivery {
    uint64_t offset_bytes;
    uint64_t size_bytes;
    bool is_equal;
} Delivery;

typedef struct Message {
    MessageKind kind;
    union {
        char why[256];
        Effect note;
        Delivery delivery;
        Command command; /* without what it could point to */
    };
} Message;

/* Send, and lend a descriptor with it unless that is -1. */
bool message_send(int socket, const Message *message, int descriptor);

typedef enum MessageWait {
    MESSAGE_TAKEN,
    MESSAGE_NONE, /* none waits */
    MESSAGE_OVER, /* the other side has gone */
} MessageWait;

/* Take a message if one waits; a descriptor that came with it is the
 * caller's, else *ret_descriptor is -1. */
MessageWait message_take(int socket, Message *ret_message, int *ret_descriptor);
