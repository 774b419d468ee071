/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/stage.c: runs nodes in virtual time and carries out their turns.
 */
#include "tests/stage_world.h"

#include <assert.h>
#include <string.h>

#define DEFAULT_DELAY_NS (10 * NS_PER_MS)
#define DEFAULT_LINE_BPS UINT64_C(1000000000)
#define STORE_NS NS_PER_MS

StageNode *
stage_node(const Stage *stage, uint32_t node)
{
    assert(node < stage->nodes->len);
    return g_ptr_array_index(stage->nodes, node);
}

Wire *
stage_wire(const Stage *stage, uint32_t wire)
{
    return g_ptr_array_index(stage->wires, wire);
}

Stage *
stage_new(uint64_t seed)
{
    Stage *stage = g_new0(Stage, 1);
    stage->seed = seed;
    stage->nodes = g_ptr_array_new();
    stage->wires = g_ptr_array_new();
    stage->files = g_array_new(FALSE, TRUE, sizeof(StageFile));
    stage->rules = g_array_new(FALSE, TRUE, sizeof(PairRule));
    stage->tasks = g_sequence_new(NULL);
    stage->trace = g_string_new(NULL);
    turn_init(&stage->turn);
    return stage;
}

static void
free_stage_node(StageNode *node)
{
    node_free(node->node);
    stream_pool_clear(&node->pool);
    g_array_free(node->streams, TRUE);
    g_ptr_array_free(node->seen, TRUE);
    g_free(node->name);
    g_free(node);
}

static void
free_wire(Wire *wire)
{
    for (uint32_t side = 0; side < 2; side++) {
        pipe_clear(&wire->sides[side].outbox);
        pipe_clear(&wire->sides[side].inbox);
    }
    g_free(wire);
}

static Task *
pop_task(Stage *stage)
{
    GSequenceIter *first = g_sequence_get_begin_iter(stage->tasks);
    if (g_sequence_iter_is_end(first))
        return NULL;
    Task *task = g_sequence_get(first);
    g_sequence_remove(first);
    return task;
}

static void
free_task(Task *task)
{
    if (task->piece)
        piece_free(task->piece);
    g_free(task);
}

void
stage_free(Stage *stage)
{
    turn_clear(&stage->turn);
    for (Task *task; (task = pop_task(stage));)
        free_task(task);
    g_sequence_free(stage->tasks);
    for (uint32_t i = 0; i < stage->wires->len; i++)
        free_wire(stage_wire(stage, i));
    g_ptr_array_free(stage->wires, TRUE);
    for (uint32_t i = 0; i < stage->nodes->len; i++)
        free_stage_node(stage_node(stage, i));
    g_ptr_array_free(stage->nodes, TRUE);
    g_array_free(stage->files, TRUE);
    g_array_free(stage->rules, TRUE);
    g_string_free(stage->trace, TRUE);
    g_free(stage);
}

static gint
compare_tasks(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    const Task *x = a;
    const Task *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

void
stage_push(Stage *stage, int64_t at_ns, const Task *task)
{
    assert(at_ns >= stage->now_ns);
    Task *copy = g_memdup2(task, sizeof *task);
    copy->at_ns = at_ns;
    copy->sequence = stage->sequence++;
    g_sequence_insert_sorted(stage->tasks, copy, compare_tasks, NULL);
}

static void
free_seen(gpointer seen)
{
    if (seen)
        g_byte_array_unref(seen);
}

PeerId
stage_add(Stage *stage, const char *name, Role role, const void *config)
{
    StageNode *node = g_new0(StageNode, 1);
    PeerId peer = stage->nodes->len;
    for (uint32_t i = 0; i < 8; i++)
        node->seed[i] = (uint8_t)(stage->seed >> (8 * i));
    memcpy(&node->seed[8], &peer, sizeof peer);
    node->config = config;
    node->node = node_new(role, config, node->seed);
    mover_init(&node->mover, config, node->seed);
    node->name = g_strdup(name);
    node->streams = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    node->seen = g_ptr_array_new_with_free_func(free_seen);
    node->up_bps = DEFAULT_LINE_BPS;
    node->down_bps = DEFAULT_LINE_BPS;
    node->wake_ns = TIME_NEVER;
    node->place = (Place){
        .self = peer,
        .manager = PEER_NONE,
        .key_service = PEER_NONE,
        .source = PEER_NONE,
        .address = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
                    .port = (uint16_t)(1024 + peer)},
    };
    g_ptr_array_add(stage->nodes, node);
    stage_push(stage, stage->now_ns, &(Task){.kind = TASK_START, .node = peer});
    return peer;
}

Place *
stage_place(Stage *stage, PeerId peer)
{
    return &stage_node(stage, peer)->place;
}

static PairRule *
find_rule(const Stage *stage, PeerId from, PeerId to)
{
    for (uint32_t i = 0; i < stage->rules->len; i++) {
        PairRule *rule = &g_array_index(stage->rules, PairRule, i);
        if (rule->from == from && rule->to == to)
            return rule;
    }
    return NULL;
}

static PairRule *
add_rule(Stage *stage, PeerId from, PeerId to)
{
    PairRule *rule = find_rule(stage, from, to);
    if (rule)
        return rule;
    PairRule fresh = {.from = from, .to = to};
    g_array_append_val(stage->rules, fresh);
    return find_rule(stage, from, to);
}

void
stage_set_line(Stage *stage, PeerId peer, uint64_t up_bps, uint64_t down_bps)
{
    stage_node(stage, peer)->up_bps = up_bps;
    stage_node(stage, peer)->down_bps = down_bps;
}

void
stage_set_delay(Stage *stage, PeerId a, PeerId b, int64_t delay_ns)
{
    add_rule(stage, a, b)->delay_ns = delay_ns;
    add_rule(stage, b, a)->delay_ns = delay_ns;
}

void
stage_set_rate(Stage *stage, PeerId from, PeerId to, uint64_t rate_bps)
{
    add_rule(stage, from, to)->rate_bps = rate_bps;
}

int64_t
stage_delay_ns(const Stage *stage, uint32_t a, uint32_t b)
{
    const PairRule *rule = find_rule(stage, a, b);
    return rule && rule->delay_ns ? rule->delay_ns : DEFAULT_DELAY_NS;
}

uint64_t
stage_rate_bps(const Stage *stage, uint32_t from, uint32_t to)
{
    const PairRule *rule = find_rule(stage, from, to);
    return rule && rule->rate_bps ? rule->rate_bps : DEFAULT_LINE_BPS;
}

void
stage_command(Stage *stage, PeerId peer, const Command *command)
{
    stage_push(
        stage, stage->now_ns,
        &(Task){.kind = TASK_COMMAND, .node = peer, .command = *command});
}

void
stage_fetch(Stage *stage, PeerId client, const StageFile *file, uint32_t tag)
{
    Command command = {
        .kind = COMMAND_FETCH,
        .tag = tag,
        .file = file->id,
        .file_bytes = file->size_bytes,
        .version = file->version,
    };
    stage_command(stage, client, &command);
}

int64_t
stage_now_ns(const Stage *stage)
{
    return stage->now_ns;
}

static void
store_soon(Stage *stage, uint32_t node, const Effect *effect)
{
    stage_push(stage, stage->now_ns + STORE_NS,
               &(Task){.kind = TASK_STORED, .node = node, .effect = *effect});
}

static void
carry_out(Stage *stage, uint32_t id, const Effect *effect)
{
    const Turn *turn = &stage->turn;
    switch (effect->kind) {
    case EFFECT_CONNECT:
        wire_connect(stage, id, effect->stream, effect->connect.peer);
        break;
    case EFFECT_WRITE:
        wire_send(stage, id, effect->stream,
                  turn->bytes + effect->write.start_bytes,
                  effect->write.size_bytes, NULL);
        break;
    case EFFECT_WRITE_BODY:
        wire_send(stage, id, effect->stream, NULL, effect->extent.size_bytes,
                  &effect->extent);
        break;
    case EFFECT_EXPECT:
        wire_expect(stage, id, effect->stream, effect->expect_bytes);
        break;
    case EFFECT_FORWARD:
        wire_forward(stage, id, effect);
        break;
    case EFFECT_CLOSE:
        wire_close(stage, id, effect->stream, effect->close_reason);
        break;
    case EFFECT_READ:
        stage_push(stage, stage->now_ns,
                   &(Task){.kind = TASK_READ, .node = id, .effect = *effect});
        break;
    case EFFECT_DELIVER:
        stage_check_delivery(stage, id, &effect->extent);
        break;
    case EFFECT_STORE:
        store_soon(stage, id, effect);
        break;
    case EFFECT_INTRODUCE: {
        const Place *known = stage_place(stage, effect->introduce.peer);
        assert(known->address.port == effect->introduce.address.port);
        assert(memcmp(known->address.ip, effect->introduce.address.ip, 16) ==
               0);
        break;
    }
    case EFFECT_WORK:
        stage_node(stage, id)->work[effect->work.kind] += effect->work.units;
        break;
    case EFFECT_NOTE:
        stage_trace_note(stage, id, effect);
        break;
    }
}

void
stage_log(Stage *stage, Coder *log)
{
    stage->log = log;
    turn_log_head(log, "a stage");
}

static void
log_node(Stage *stage, uint32_t id)
{
    const StageNode *node = stage_node(stage, id);
    LoggedNode logged =
        logged_node(node_role(node->node), node->config, node->seed);
    logged.id = id;
    logged.number = id;
    turn_log_node(stage->log, &logged);
}

void
stage_turn(Stage *stage, uint32_t id, const Event *event)
{
    StageNode *node = stage_node(stage, id);
    if (node->is_cut)
        return;
    Event timed = *event;
    timed.now_ns = stage->now_ns;
    turn_begin(&stage->turn, &node->pool);
    if (stage->log && event->kind == EVENT_START)
        log_node(stage, id);
    if (stage->log)
        turn_log_event(stage->log, id, &timed);
    mover_turn(&node->mover, &node->node, &timed, &stage->turn);
    if (stage->log)
        turn_log_turn(stage->log, &stage->turn);
    assert(stage->turn.wake_ns == TIME_NEVER ||
           stage->turn.wake_ns > stage->now_ns);
    node->wake_ns = stage->turn.wake_ns;
    for (uint32_t i = 0; i < stage->turn.effect_count; i++)
        carry_out(stage, id, &stage->turn.effects[i]);
    wire_mark_full(stage, id);
}

static void
run_task(Stage *stage, Task *task)
{
    Event event = {.stream = STREAM_NONE};
    switch (task->kind) {
    case TASK_START:
        event.kind = EVENT_START;
        event.place = &stage_node(stage, task->node)->place;
        stage_turn(stage, task->node, &event);
        break;
    case TASK_COMMAND:
        event.kind = EVENT_COMMAND;
        event.command = &task->command;
        stage_turn(stage, task->node, &event);
        break;
    case TASK_READ:
        stage_answer_read(stage, task);
        break;
    case TASK_STORED:
        event.kind = EVENT_STORED;
        event.stored.tag = task->effect.store.tag;
        event.stored.is_durable = true;
        stage_turn(stage, task->node, &event);
        break;
    case TASK_CONNECT_ARRIVES:
    case TASK_CONNECT_ANSWERED:
    case TASK_CONNECT_LOST:
    case TASK_PUMP:
    case TASK_PIECE_ARRIVES:
    case TASK_PIECE_DONE:
    case TASK_RESET_ARRIVES:
    case TASK_HAND_OVER:
        wire_run(stage, task);
        break;
    }
}

/* The node to wake first, if it is due before the next task. */
static uint32_t
find_waking_node(const Stage *stage, int64_t before_ns)
{
    uint32_t found = PEER_NONE;
    for (uint32_t i = 0; i < stage->nodes->len; i++) {
        const StageNode *node = stage_node(stage, i);
        if (!node->is_cut && node->wake_ns < before_ns) {
            before_ns = node->wake_ns;
            found = i;
        }
    }
    return found;
}

void
stage_run_ns(Stage *stage, int64_t duration_ns)
{
    int64_t end_ns = stage->now_ns + duration_ns;
    for (;;) {
        GSequenceIter *first = g_sequence_get_begin_iter(stage->tasks);
        int64_t task_ns = end_ns;
        if (!g_sequence_iter_is_end(first))
            task_ns = ((Task *)g_sequence_get(first))->at_ns;
        uint32_t waking = find_waking_node(stage, MIN(task_ns, end_ns));
        if (waking != PEER_NONE) {
            stage->now_ns =
                MAX(stage->now_ns, stage_node(stage, waking)->wake_ns);
            Event wake = {.kind = EVENT_WAKE, .stream = STREAM_NONE};
            stage_turn(stage, waking, &wake);
            continue;
        }
        if (task_ns >= end_ns)
            break;
        Task *task = pop_task(stage);
        assert(task->at_ns >= stage->now_ns);
        stage->now_ns = task->at_ns;
        run_task(stage, task);
        free_task(task);
    }
    stage->now_ns = end_ns;
}

Coder
stage_node_bytes(const Stage *stage, PeerId peer)
{
    Coder bytes;
    coder_init_write(&bytes);
    node_code(stage_node(stage, peer)->node, &bytes);
    return bytes;
}
