/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/manager_state.h: the insides of a manager, for the files of that role.
 */
#pragma once

#include "core/http_reader.h"
#include "core/manager.h"
#include "core/registry.h"

typedef enum HeardKind {
    HEARD_IN_TIME,
    HEARD_LATE,
    HEARD_KIND_COUNT,
    HEARD_NOWHERE = HEARD_KIND_COUNT, /* no longer listed */
} HeardKind;

/* By the edge's index in the selection. */
typedef struct Heard {
    int64_t heard_ns;
    uint32_t earlier;
    uint32_t later;
    HeardKind kind;
} Heard;

typedef struct HeardList {
    uint32_t first;
    uint32_t last;
} HeardList;

typedef enum Route {
    ROUTE_NONE,
    ROUTE_REGISTER,
    ROUTE_REPORT,
    ROUTE_CLIENT_STAT,
    ROUTE_NODES,
} Route;

typedef struct Session {
    PeerId peer;
    Route route; /* of the message being collected */
    bool is_last;
    HttpReader reader;
} Session;

struct Manager {
    const ManagerConfig *config;
    Selection selection;
    Dice dice;
    int64_t ranked_ns; /* last regroup; -1: none yet */
    int64_t regroup_ns;
    Heard *heard;
    uint32_t heard_capacity;
    HeardList lists[HEARD_KIND_COUNT];
    Registry registry;
    bool is_restoring;  /* restored edges are in no list yet */
    Session **sessions; /* by stream */
    uint32_t session_count;
    bool is_draining;
};

/* core/manager.c */
/* Let there be an entry for this edge; those that are new are in no list. */
void manager_reserve_heard(Manager *manager, uint32_t edge);
/* Append the edge; heard_ns never falls along a list. */
void manager_link_heard(Manager *manager, uint32_t edge, HeardKind kind);
Session *manager_open_session(Manager *manager, StreamId stream, PeerId peer);
