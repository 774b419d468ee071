/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/manager.c: hears edges, forgets silent ones, answers clients.
 *
 * Edges are kept in two lists by the time they were last heard: those in
 * time and those that missed their reports. Hearing an edge moves it to the
 * end of the first list, so each list is in the order of its deadlines and
 * only heads are ever looked at.
 */
#include "core/manager_state.h"
#include "core/sort_key.h"
#include "core/wire.h"

#include <string.h>

void
manager_config_init(ManagerConfig *config)
{
    *config = (ManagerConfig){
        .selection = {.neighbour_metres = 500000,
                      .link_sample_count_min = 8,
                      .link_failure_ppm_max = 500000,
                      .link_speed_ppm_min = 250000},
        .policy = SELECT_PREFERRED,
        .node_count = 20,
        .regroup_interval_ns = 60 * NS_PER_S,
        .offline_after_ns = 180 * NS_PER_S,
        .list_age_ns = 900 * NS_PER_S,
        .failure_ppm = 6500,
        .edge_count_max = 1000000,
    };
}

Manager *
manager_new(const ManagerConfig *config, const uint8_t seed[32])
{
    assert(config->node_count > 0);
    assert(config->regroup_interval_ns > 0);
    assert(config->list_age_ns >= config->offline_after_ns);
    Manager *manager = g_new0(Manager, 1);
    manager->config = config;
    selection_init(&manager->selection, &config->selection, seed);
    dice_init(&manager->dice, seed, 2);
    manager->ranked_ns = -1;
    manager->regroup_ns = TIME_NEVER;
    registry_init(&manager->registry);
    for (HeardKind kind = 0; kind < HEARD_KIND_COUNT; kind++)
        manager->lists[kind] = (HeardList){EDGE_NONE, EDGE_NONE};
    return manager;
}

static void
drop_session(Manager *manager, StreamId stream)
{
    Session *session = manager->sessions[stream];
    http_reader_clear(&session->reader);
    g_free(session);
    manager->sessions[stream] = NULL;
}

void
manager_free(Manager *manager)
{
    for (StreamId stream = 0; stream < manager->session_count; stream++)
        if (manager->sessions[stream])
            drop_session(manager, stream);
    g_free(manager->sessions);
    g_free(manager->heard);
    registry_clear(&manager->registry);
    selection_clear(&manager->selection);
    g_free(manager);
}

static void
unlink_heard(Manager *manager, uint32_t edge)
{
    Heard *heard = &manager->heard[edge];
    if (heard->kind == HEARD_NOWHERE)
        return;
    HeardList *list = &manager->lists[heard->kind];
    if (heard->earlier != EDGE_NONE)
        manager->heard[heard->earlier].later = heard->later;
    else
        list->first = heard->later;
    if (heard->later != EDGE_NONE)
        manager->heard[heard->later].earlier = heard->earlier;
    else
        list->last = heard->earlier;
    heard->kind = HEARD_NOWHERE;
}

void
manager_link_heard(Manager *manager, uint32_t edge, HeardKind kind)
{
    Heard *heard = &manager->heard[edge];
    HeardList *list = &manager->lists[kind];
    assert(heard->kind == HEARD_NOWHERE);
    heard->kind = kind;
    heard->earlier = list->last;
    heard->later = EDGE_NONE;
    if (list->last != EDGE_NONE) {
        assert(manager->heard[list->last].heard_ns <= heard->heard_ns);
        manager->heard[list->last].later = edge;
    } else {
        list->first = edge;
    }
    list->last = edge;
}

void
manager_reserve_heard(Manager *manager, uint32_t edge)
{
    while (manager->heard_capacity <= edge) {
        uint32_t old = manager->heard_capacity;
        manager->heard_capacity = MAX(16, 2 * old);
        manager->heard =
            g_renew(Heard, manager->heard, manager->heard_capacity);
        for (uint32_t i = old; i < manager->heard_capacity; i++)
            manager->heard[i].kind = HEARD_NOWHERE;
    }
}

static void
hear(Manager *manager, uint32_t edge, int64_t now_ns)
{
    manager_reserve_heard(manager, edge);
    unlink_heard(manager, edge);
    manager->heard[edge].heard_ns = now_ns;
    manager_link_heard(manager, edge, HEARD_IN_TIME);
}

static int64_t
head_deadline_ns(const Manager *manager, HeardKind kind, int64_t silence_ns)
{
    uint32_t first = manager->lists[kind].first;
    if (first == EDGE_NONE)
        return TIME_NEVER;
    return manager->heard[first].heard_ns + silence_ns;
}

static void
forget_silent_edges(Manager *manager, int64_t now_ns, Turn *turn)
{
    const ManagerConfig *config = manager->config;
    while (head_deadline_ns(manager, HEARD_IN_TIME, config->offline_after_ns) <=
           now_ns) {
        uint32_t edge = manager->lists[HEARD_IN_TIME].first;
        unlink_heard(manager, edge);
        manager_link_heard(manager, edge, HEARD_LATE);
        selection_set_online(&manager->selection, edge, false);
        turn_note(turn, NOTE_EDGE_OFFLINE, manager->selection.edges[edge].peer,
                  0);
    }
    while (head_deadline_ns(manager, HEARD_LATE, config->list_age_ns) <=
           now_ns) {
        uint32_t edge = manager->lists[HEARD_LATE].first;
        unlink_heard(manager, edge);
        selection_unlist(&manager->selection, edge);
        registry_keep(&manager->registry, edge, manager->heard[edge].heard_ns,
                      now_ns);
    }
}

static void
restore(Manager *manager, const Event *event, Turn *turn)
{
    Selection *selection = &manager->selection;
    ListedEdge edge;
    int64_t heard_ns;
    if (!registry_parse(event->record, &edge, &heard_ns) ||
        !selection_has_group(selection, edge.region, edge.isp) ||
        selection_find(selection, edge.peer) != EDGE_NONE ||
        selection->edge_count == manager->config->edge_count_max) {
        turn_note(turn, NOTE_RECORD_BAD, PEER_NONE, 0);
        return;
    }
    uint32_t index = selection_add(selection, &edge);
    selection_set_online(selection, index, false);
    manager_reserve_heard(manager, index);
    /* A clock that was set back must not make it young for ever. */
    manager->heard[index].heard_ns = MIN(heard_ns, event->now_ns);
    registry_restored(&manager->registry, index,
                      manager->heard[index].heard_ns);
    manager->is_restoring = true;
}

/* All are here: let them be in the order of their deadlines. */
static void
end_restoring(Manager *manager)
{
    uint32_t count = manager->selection.edge_count;
    SortKey *keys = g_new(SortKey, count);
    for (uint32_t edge = 0; edge < count; edge++)
        keys[edge] = (SortKey){(uint64_t)manager->heard[edge].heard_ns, edge};
    sort_keys(keys, count);
    for (uint32_t i = 0; i < count; i++)
        manager_link_heard(manager, keys[i].number, HEARD_LATE);
    g_free(keys);
    manager->is_restoring = false;
}

static void
regroup(Manager *manager, int64_t now_ns)
{
    selection_regroup(&manager->selection);
    manager->ranked_ns = now_ns;
}

static void
answer(const Manager *manager, StreamId stream, uint16_t status, Turn *turn)
{
    HttpHead head = {.status = status, .is_last = manager->is_draining};
    http_send_response(turn, stream, &head, NULL);
}

/* Each serve_ function returns the status it answered, or 400 without an
 * answer when the body is not a message. */
static uint16_t
serve_register(Manager *manager, const Event *event, const HttpPiece *body,
               Turn *turn)
{
    Selection *selection = &manager->selection;
    RegisterMessage message;
    if (!wire_parse_register(body->bytes, body->size_bytes, &message))
        return 400;
    if (!selection_has_group(selection, message.region, message.isp))
        return 400;
    uint32_t known = selection_find(selection, message.edge);
    if (known == EDGE_NONE &&
        selection->edge_count == manager->config->edge_count_max) {
        answer(manager, event->stream, 503, turn);
        return 503;
    }
    ListedEdge edge = {
        .peer = message.edge,
        .address = message.address,
        .region = message.region,
        .isp = message.isp,
        .health = {.bandwidth_bps = message.uplink_bps},
    };
    if (known == EDGE_NONE || !selection->edges[known].is_online)
        turn_note(turn, NOTE_EDGE_ONLINE, message.edge, 0);
    uint32_t index = selection_add(selection, &edge);
    hear(manager, index, event->now_ns);
    registry_keep(&manager->registry, index, event->now_ns, event->now_ns);
    answer(manager, event->stream, 204, turn);
    return 204;
}

static uint16_t
serve_report(Manager *manager, const Event *event, const HttpPiece *body,
             Turn *turn)
{
    Selection *selection = &manager->selection;
    ReportMessage message;
    if (!wire_parse_report(body->bytes, body->size_bytes, &message))
        return 400;
    uint32_t edge = selection_find(selection, message.edge);
    if (edge == EDGE_NONE) {
        answer(manager, event->stream, 404, turn); /* register first */
        return 404;
    }
    ListedEdge *listed = &selection->edges[edge];
    uint64_t bandwidth_bps = message.free_uplink_bps;
    if (message.bandwidth_bps > 0)
        bandwidth_bps = MIN(bandwidth_bps, message.bandwidth_bps);
    listed->health = (EdgeHealth){
        .delay_ns = message.delay_ns,
        .bandwidth_bps = bandwidth_bps,
        .load_ppm = message.load_ppm,
    };
    if (!listed->is_online)
        turn_note(turn, NOTE_EDGE_ONLINE, message.edge, 0);
    selection_set_online(selection, edge, true);
    hear(manager, edge, event->now_ns);
    if (event->now_ns - registry_kept_ns(&manager->registry, edge) >
        manager->config->list_age_ns / 3)
        registry_keep(&manager->registry, edge, event->now_ns, event->now_ns);
    answer(manager, event->stream, 204, turn);
    return 204;
}

static uint16_t
serve_client_stat(Manager *manager, const Event *event, const HttpPiece *body,
                  Turn *turn)
{
    Selection *selection = &manager->selection;
    ClientStatMessage message;
    if (!wire_parse_client_stat(body->bytes, body->size_bytes, &message))
        return 400;
    uint32_t edge = selection_find(selection, message.edge);
    if (edge == EDGE_NONE) {
        answer(manager, event->stream, 404, turn);
        return 404;
    }
    for (uint32_t i = 0; i < message.stat_count; i++) {
        const ClientStat *stat = &message.stats[i];
        if (!selection_has_group(selection, stat->region, stat->isp))
            return 400;
        LinkHistory seen = {stat->connect_count, stat->failure_count,
                            stat->sent_bytes, stat->duration_ns};
        selection_observe(selection, edge,
                          selection_group(selection, stat->region, stat->isp),
                          &seen);
    }
    answer(manager, event->stream, 204, turn);
    return 204;
}

static void
list_nodes(const Manager *manager, const SelectAnswer *picked, NodeList *list)
{
    list->node_count = (uint16_t)picked->count;
    for (uint32_t i = 0; i < picked->count; i++) {
        const ListedEdge *edge = &manager->selection.edges[picked->edges[i]];
        list->nodes[i] = (ListedNode){
            .edge = edge->peer,
            .address = edge->address,
            .region = edge->region,
            .isp = edge->isp,
            .level = edge->level,
        };
    }
}

static uint16_t
serve_nodes(Manager *manager, const Event *event, const HttpPiece *body,
            Turn *turn)
{
    Selection *selection = &manager->selection;
    NodeRequest request;
    if (!wire_parse_node_request(body->bytes, body->size_bytes, &request))
        return 400;
    if (!selection_has_group(selection, request.region, request.isp))
        return 400;
    if (dice_happens_ppm(&manager->dice, manager->config->failure_ppm)) {
        answer(manager, event->stream, 503, turn);
        turn_note(turn, NOTE_REQUEST_REFUSED, request.client, 503);
        return 503;
    }
    if (manager->ranked_ns < 0)
        regroup(manager, event->now_ns);
    SelectQuery query = {
        .region = request.region,
        .isp = request.isp,
        .count = MIN(request.wanted_count, manager->config->node_count),
        .avoided = request.exclude,
        .avoided_count = request.exclude_count,
    };
    SelectAnswer picked;
    selection_pick(selection, manager->config->policy, &query, &picked);

    NodeList list = {.age_ns = (uint64_t)(event->now_ns - manager->ranked_ns)};
    list_nodes(manager, &picked, &list);
    uint8_t bytes[WIRE_BYTES_MAX];
    HttpHead head = {.status = 200, .is_last = manager->is_draining};
    head.body_bytes = wire_write_node_list(&list, bytes);
    turn_work(turn, WORK_RANK, 1, 0);
    http_send_response(turn, event->stream, &head, bytes);
    turn_note(turn, NOTE_REQUEST_SERVED, request.client, head.body_bytes);
    return 200;
}

static Route
find_route(const HttpHead *head)
{
    if (http_is_path(head, WIRE_PATH_REPORT))
        return ROUTE_REPORT;
    if (http_is_path(head, WIRE_PATH_CLIENT_STAT))
        return ROUTE_CLIENT_STAT;
    if (http_is_path(head, WIRE_PATH_NODES))
        return ROUTE_NODES;
    if (http_is_path(head, WIRE_PATH_REGISTER))
        return ROUTE_REGISTER;
    return ROUTE_NONE;
}

static uint16_t
serve(Manager *manager, const Event *event, const HttpPiece *body, Turn *turn)
{
    switch (manager->sessions[event->stream]->route) {
    case ROUTE_REGISTER:
        return serve_register(manager, event, body, turn);
    case ROUTE_REPORT:
        return serve_report(manager, event, body, turn);
    case ROUTE_CLIENT_STAT:
        return serve_client_stat(manager, event, body, turn);
    case ROUTE_NODES:
        return serve_nodes(manager, event, body, turn);
    case ROUTE_NONE:
        break;
    }
    return 404;
}

static void
refuse(Manager *manager, StreamId stream, uint16_t status, Turn *turn)
{
    turn_note(turn, NOTE_MESSAGE_BAD, manager->sessions[stream]->peer, status);
    HttpHead head = {.status = status, .method = HTTP_POST, .is_last = true};
    http_send_response(turn, stream, &head, NULL);
    turn_close(turn, stream, CLOSE_DONE);
    drop_session(manager, stream);
}

/* Take one step of a message; returns 0 or the status to refuse it with. */
static uint16_t
take_step(Manager *manager, const Event *event, HttpStep step,
          const HttpPiece *piece, Turn *turn)
{
    Session *session = manager->sessions[event->stream];
    if (step == HTTP_BAD)
        return piece->status;
    if (step == HTTP_HEAD) {
        session->route = find_route(&piece->head);
        session->is_last = piece->head.is_last || manager->is_draining;
        if (session->route == ROUTE_NONE)
            return 404;
        if (piece->head.method != HTTP_POST)
            return 405;
        if (piece->head.body_bytes == 0)
            return 400;
        return http_reader_collect(&session->reader) ? 0 : 413;
    }
    if (step == HTTP_BODY) {
        if (!piece->bytes)
            return 400; /* file data is no message */
        uint16_t status = serve(manager, event, piece, turn);
        return status == 400 ? status : 0;
    }
    return 0;
}

static void
end_stream(Manager *manager, StreamId stream, Turn *turn)
{
    turn_close(turn, stream, CLOSE_DONE);
    drop_session(manager, stream);
}

static void
receive(Manager *manager, const Event *event, Turn *turn)
{
    Session *session = manager->sessions[event->stream];
    HttpInput input = http_input(event);
    HttpPiece piece;
    for (;;) {
        HttpStep step = http_reader_next(&session->reader, &input, &piece);
        if (step == HTTP_MORE)
            return;
        uint16_t status = take_step(manager, event, step, &piece, turn);
        if (status != 0) {
            refuse(manager, event->stream, status, turn);
            return;
        }
        if (step == HTTP_END && session->is_last) {
            end_stream(manager, event->stream, turn);
            return;
        }
    }
}

Session *
manager_open_session(Manager *manager, StreamId stream, PeerId peer)
{
    if (stream >= manager->session_count) {
        uint32_t old = manager->session_count;
        manager->session_count = MAX(stream + 1, 2 * old);
        manager->sessions =
            g_renew(Session *, manager->sessions, manager->session_count);
        memset(&manager->sessions[old], 0,
               (manager->session_count - old) * sizeof(Session *));
    }
    assert(!manager->sessions[stream]);
    Session *session = g_new0(Session, 1);
    session->peer = peer;
    http_reader_init(&session->reader, HTTP_REQUESTS);
    manager->sessions[stream] = session;
    return session;
}

static void
look_at_time(Manager *manager, int64_t now_ns, Turn *turn)
{
    const ManagerConfig *config = manager->config;
    forget_silent_edges(manager, now_ns, turn);
    registry_flush(&manager->registry, &manager->selection, now_ns, turn);
    if (manager->regroup_ns <= now_ns) {
        regroup(manager, now_ns);
        manager->regroup_ns = now_ns + config->regroup_interval_ns;
    }
    turn_wake(turn, manager->regroup_ns);
    turn_wake(turn, manager->registry.flush_ns);
    turn_wake(turn, head_deadline_ns(manager, HEARD_IN_TIME,
                                     config->offline_after_ns));
    turn_wake(turn, head_deadline_ns(manager, HEARD_LATE, config->list_age_ns));
}

void
manager_turn(Manager *manager, const Event *event, Turn *turn)
{
    if (manager->is_restoring && event->kind != EVENT_RESTORED)
        end_restoring(manager);
    switch (event->kind) {
    case EVENT_START:
        manager->regroup_ns =
            event->now_ns + manager->config->regroup_interval_ns;
        break;
    case EVENT_ACCEPTED:
        manager_open_session(manager, event->stream, event->accepted.peer);
        break;
    case EVENT_RECEIVED:
        receive(manager, event, turn);
        break;
    case EVENT_ENDED: /* all it asked is answered already */
        end_stream(manager, event->stream, turn);
        break;
    case EVENT_CLOSED:
        drop_session(manager, event->stream);
        break;
    case EVENT_RESTORED:
        restore(manager, event, turn);
        break;
    case EVENT_STOP:
        registry_flush_all(&manager->registry, &manager->selection, turn);
        break;
    case EVENT_WAKE:
    case EVENT_STORED:  /* what failed becomes old, and is kept again */
    case EVENT_DRAINED: /* answers are small: nothing waits for room */
        break;
    case EVENT_COMMAND:
        manager->is_draining |= event->command->kind == COMMAND_DRAIN;
        break;
    case EVENT_CONNECTED:
    case EVENT_FORWARDED:
    case EVENT_READ:
        break; /* nothing that a manager asks for, or keeps */
    }
    look_at_time(manager, event->now_ns, turn);
}
