/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/manager_code.c: a manager's state in bytes.
 */
#include "core/manager_state.h"
#include "core/turn_code.h"

#define ROUTE_COUNT (ROUTE_NODES + 1)

CODER_KNOWS(Manager, 0,
            {{0}, {0}, 0, 0, 0, 0, {0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {0},
            0, 0, 0, 0, {{0}}, {0}, 0, 0, 0, 0);
CODER_KNOWS(Heard, 0, 0, 0, 0);
CODER_KNOWS(HeardList, 0, 0);
CODER_KNOWS(Session, 0, 0, 0, {0});

static uint32_t
list_count(const Manager *manager, HeardKind kind)
{
    uint32_t count = 0;
    for (uint32_t edge = manager->lists[kind].first; edge != EDGE_NONE;
         edge = manager->heard[edge].later)
        count++;
    return count;
}

/* May the edge be appended? */
static bool
fits_list(const Manager *manager, HeardKind kind, uint32_t edge)
{
    uint32_t last = manager->lists[kind].last;
    if (edge >= manager->selection.edge_count ||
        manager->heard[edge].kind != HEARD_NOWHERE)
        return false;
    return last == EDGE_NONE ||
           manager->heard[last].heard_ns <= manager->heard[edge].heard_ns;
}

static void
code_list(Manager *manager, HeardKind kind, Coder *coder)
{
    uint32_t count = coder->is_reading ? 0 : list_count(manager, kind);
    uint32_t edge = manager->lists[kind].first;
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count; i++) {
        coder_u32(coder, &edge);
        if (!coder->is_reading) {
            edge = manager->heard[edge].later;
            continue;
        }
        coder->is_bad |= !fits_list(manager, kind, edge);
        if (coder->is_bad)
            return;
        manager_link_heard(manager, edge, kind);
    }
}

static void
code_heard(Manager *manager, Coder *coder)
{
    uint32_t count = manager->selection.edge_count;
    if (coder->is_reading && count > 0)
        manager_reserve_heard(manager, count - 1);
    assert(count <= manager->heard_capacity);
    for (uint32_t edge = 0; edge < count; edge++)
        coder_i64(coder, &manager->heard[edge].heard_ns);
    for (HeardKind kind = 0; kind < HEARD_KIND_COUNT; kind++)
        code_list(manager, kind, coder);
}

/* The next session, by the number of its stream; reading opens it. NULL: it
 * cannot be. */
static Session *
begin_session(Manager *manager, StreamId *stream, Coder *coder)
{
    if (!coder->is_reading)
        while (!manager->sessions[*stream])
            (*stream)++;
    coder_bounded(coder, stream, STREAM_COUNT_MAX);
    if (!coder->is_reading)
        return manager->sessions[*stream];
    bool is_taken =
        *stream < manager->session_count && manager->sessions[*stream];
    coder->is_bad |= is_taken;
    return coder->is_bad ? NULL
                         : manager_open_session(manager, *stream, PEER_NONE);
}

static void
code_sessions(Manager *manager, Coder *coder)
{
    uint32_t count = 0;
    StreamId stream = 0;
    for (uint32_t i = 0; i < manager->session_count; i++)
        count += manager->sessions[i] != NULL;
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count; i++, stream++) {
        Session *session = begin_session(manager, &stream, coder);
        if (!session)
            return;
        coder_u32(coder, &session->peer);
        session->route =
            (Route)coder_choice(coder, session->route, ROUTE_COUNT);
        coder_flag(coder, &session->is_last);
        http_reader_code(&session->reader, coder);
    }
}

void
manager_code(Manager *manager, Coder *coder)
{
    selection_code(&manager->selection, coder);
    coder_u64(coder, &manager->dice.count);
    coder_i64(coder, &manager->ranked_ns);
    coder_i64(coder, &manager->regroup_ns);
    coder_flag(coder, &manager->is_restoring);
    coder_flag(coder, &manager->is_draining);
    code_heard(manager, coder);
    registry_code(&manager->registry, manager->selection.edge_count, coder);
    code_sessions(manager, coder);
}
