/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/troupe.h: all actors of a world, as its nodes that live
 * elsewhere.
 */
#pragma once

#include "sim/play.h"
#include "live/testbed/emulator.h"

#include <sys/epoll.h>
#include <sys/types.h>

#define TROUPE_EVENTS_MAX 64

typedef struct Member {
    pid_t process; /* 0: none */
    int socket;
    bool is_ready;
} Member;

typedef struct Troupe {
    World *world;
    const Population *population;
    DownloadTable *table;
    Emulator *emulator; /* lent, as all above */
    Elsewhere elsewhere;
    Member *members; /* [host] */
    int epoll_fd;
    struct epoll_event events[TROUPE_EVENTS_MAX];
    uint32_t event_count;
    GError *error; /* why the play cannot go on; NULL: it can */
} Troupe;

/* From now on the world's nodes are actors. */
bool troupe_init(Troupe *troupe, const Play *play, Emulator *emulator,
                 GError **error);
/* End all actors; what they cost goes to the hosts' counts. */
void troupe_clear(Troupe *troupe);
/* Nobody that was started has yet to get ready. */
bool troupe_is_ready(const Troupe *troupe);
/* Wait for packets and messages, for so long at most ... */
void troupe_wait(Troupe *troupe, int64_t wait_ns);
/* ... and take them, at the network's present time. */
void troupe_attend(Troupe *troupe);
