/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/relief.c: what a host does when its buffers take all that they may.
 *
 * Files are not read until there is memory for what is in them: in order, so
 * that each stream gets its block in turn, however many are slow. Whoever
 * has taken nothing for as long as another has waited loses what it holds:
 * no bound could be kept against those who never take anything.
 */
#include "live/http2.h"

/* So long a read may wait while nobody is ended for it. */
#define PATIENCE_NS (2 * NS_PER_S)
/* At a time: others want to be served, too. */
#define ENDED_COUNT_MAX 128u

typedef struct WaitingRead {
    Effect effect;
    int64_t since_ns;
} WaitingRead;

static void
read_now(Host *host, const Effect *effect)
{
    const HostSink *sink = &host->config.sink;
    Event event = {.kind = EVENT_READ, .stream = STREAM_NONE};
    if (sink->read)
        sink->read(sink->context, effect, &event);
    event.read.tag = effect->read.tag;
    if (event.read.extent.chunk)
        host->conns.memory.held_bytes += event.read.extent.size_bytes;
    host_queue(host, &event);
}

void
host_drop_read(Host *host, const Event *event)
{
    if (!event->read.extent.chunk)
        return;
    host->conns.memory.held_bytes -= event->read.extent.size_bytes;
    chunk_unref(event->read.extent.chunk);
}

void
host_read(Host *host, const Effect *effect)
{
    bool must_wait =
        host->reads.length > 0 ||
        memory_is_short(&host->conns.memory, effect->read.size_bytes);
    if (!must_wait) {
        read_now(host, effect);
        return;
    }
    WaitingRead *waiting = g_new(WaitingRead, 1);
    *waiting = (WaitingRead){*effect, loop_now_ns(host->loop)};
    g_queue_push_tail(&host->reads, waiting);
}

void
host_read_waiting(Host *host)
{
    while (host->reads.length > 0) {
        const WaitingRead *first = g_queue_peek_head(&host->reads);
        if (memory_is_short(&host->conns.memory, first->effect.read.size_bytes))
            return;
        g_autofree WaitingRead *waiting = g_queue_pop_head(&host->reads);
        read_now(host, &waiting->effect);
    }
}

bool
host_is_overfull(const Host *host)
{
    const WaitingRead *first = g_queue_peek_head((GQueue *)&host->reads);
    const Memory *memory = &host->conns.memory;
    if (first)
        return first->since_ns <= loop_now_ns(host->loop) - PATIENCE_NS;
    return memory->held_bytes > memory->held_bytes_max;
}

typedef struct Stuck {
    Conn *conn;
    int64_t since_ns;
} Stuck;

static void
judge(GArray *stuck, Conn *conn)
{
    int64_t least_ns = loop_now_ns(conn->conns->loop) - PATIENCE_NS;
    Stuck one = {conn, conn_stuck_ns(conn)};
    if (one.since_ns <= least_ns)
        g_array_append_val(stuck, one);
}

static int
by_since(const void *a, const void *b)
{
    int64_t first_ns = ((const Stuck *)a)->since_ns;
    int64_t second_ns = ((const Stuck *)b)->since_ns;
    return (first_ns > second_ns) - (first_ns < second_ns);
}

/* Who has taken nothing for so long, the slowest first. */
static GArray *
find_stuck(const Host *host)
{
    GArray *stuck = g_array_new(FALSE, FALSE, sizeof(Stuck));
    for (StreamId stream = 0; stream < host->stream_capacity; stream++) {
        const HostStream *slot = &host->streams[stream];
        if (slot->guest && slot->queued_count == 0)
            judge(stuck, slot->conn);
    }
    for (Http2 *http2 = host->sessions; http2; http2 = http2->next)
        judge(stuck, http2->conn);
    for (Conn *conn = host->conns.parting; conn; conn = conn->next)
        judge(stuck, conn);
    g_array_sort(stuck, by_since);
    return stuck;
}

/* The end of another may have been its own; nobody is buried before the loop
 * goes on. */
static void
end_stuck(Host *host, Conn *conn)
{
    const HostStream *slot = host_slot(host, conn->tag);
    if (conn->state == CONN_FREE)
        return;
    if (conn->state == CONN_PARTING)
        conn_close(conn, CLOSE_RESET);
    else if (conn->session)
        http2_drop(conn->session);
    else if (slot->conn == conn && slot->queued_count == 0)
        host_end_stream(host, conn->tag, CLOSE_TIMED_OUT);
    else
        return;
    host->count.slow_readers++;
}

void
host_end_slowest(Host *host)
{
    if (!host_is_overfull(host))
        return;
    g_autoptr(GArray) stuck = find_stuck(host);
    uint32_t count = MIN(stuck->len, ENDED_COUNT_MAX);
    for (uint32_t i = 0; i < count && host_is_overfull(host); i++) {
        end_stuck(host, g_array_index(stuck, Stuck, i).conn);
        host_read_waiting(host);
    }
}
