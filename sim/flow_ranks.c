/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/flow_ranks.c: flows that begin at one rank and end at another.
 *
 * Each rank has the table, and knows of a flow what happens at the ends that
 * are there. The rest stays as it was in the beginning.
 */
#include <assert.h>
#include <string.h>

#include "sim/flow.h"
#include "sim/parts.h"

/* Of one part, with the numbers of ended connections behind it. */
typedef struct Tidings {
    uint32_t part;
    uint32_t done_count;
    uint32_t ended_count;
} Tidings;

void
flow_tell(FlowTable *table, GByteArray *news)
{
    const Network *network = table->network;
    for (uint32_t part = 0; part < network->part_count; part++) {
        FlowNews *known = &table->news[part];
        Tidings tidings = {part, known->done_count,
                           known->ended->len - known->told_ended};
        bool is_new =
            tidings.ended_count > 0 || known->done_count != known->told_done;
        if (!is_new || !parts_is_here(network->parts, part))
            continue;
        const EndpointId *ended =
            (const EndpointId *)(void *)known->ended->data;
        g_byte_array_append(news, (const guint8 *)&tidings, sizeof tidings);
        g_byte_array_append(news, (const guint8 *)(ended + known->told_ended),
                            tidings.ended_count * (guint)sizeof *ended);
        known->told_done = known->done_count;
        known->told_ended = known->ended->len;
    }
}

void
flow_hear(FlowTable *table, const uint8_t *news, size_t size_bytes)
{
    const uint8_t *end = news + size_bytes;
    while (news < end) {
        Tidings tidings;
        memcpy(&tidings, news, sizeof tidings);
        news += sizeof tidings;
        FlowNews *known = &table->news[tidings.part];
        known->done_count = tidings.done_count;
        g_array_append_vals(known->ended, news, tidings.ended_count);
        news += tidings.ended_count * sizeof(EndpointId);
    }
    assert(news == end);
}

void
flow_gather_open(FlowTable *table)
{
    GArray *open = g_array_new(false, false, sizeof(uint64_t));
    for (uint32_t i = 0; i < table->count; i++) {
        const Flow *flow = &table->flows[i];
        for (uint32_t j = 0; j < flow->connection_count; j++) {
            /* Of none: 0, so that the sum is the one rank's that has it. */
            uint64_t number = flow->endpoints[j] + UINT32_C(1);
            g_array_append_val(open, number);
        }
    }
    parts_sum(table->network, (uint64_t *)(void *)open->data, open->len);
    const uint64_t *number = (const uint64_t *)(void *)open->data;
    for (uint32_t i = 0; i < table->count; i++) {
        const Flow *flow = &table->flows[i];
        for (uint32_t j = 0; j < flow->connection_count; j++)
            flow->endpoints[j] = (EndpointId)(*number++ - 1);
    }
    g_array_unref(open);
}

/* A time that is TIME_NEVER at all ranks but one, or at all, can be summed. */
static uint64_t
until_never(int64_t time_ns)
{
    return (uint64_t)(TIME_NEVER - time_ns);
}

static int64_t
since_never(uint64_t left_ns)
{
    return TIME_NEVER - (int64_t)left_ns;
}

/* What a flow's row tells, as values to sum. */
typedef struct Known {
    uint64_t connected;
    uint64_t first_byte;
    uint64_t done;
    uint64_t got_bytes;
    uint64_t resent_segments;
    uint64_t timeouts;
} Known;

void
flow_gather(FlowTable *table)
{
    g_autofree Known *all = g_new(Known, table->count + 1);
    for (uint32_t i = 0; i < table->count; i++) {
        const Flow *flow = &table->flows[i];
        all[i] = (Known){
            until_never(flow->connected_ns), until_never(flow->first_byte_ns),
            until_never(flow->done_ns),      flow->got_bytes,
            flow->resent_segments,           flow->timeouts,
        };
    }
    parts_sum(table->network, (uint64_t *)all,
              table->count * sizeof(Known) / sizeof(uint64_t));
    for (uint32_t i = 0; i < table->count; i++) {
        Flow *flow = &table->flows[i];
        flow->connected_ns = since_never(all[i].connected);
        flow->first_byte_ns = since_never(all[i].first_byte);
        flow->done_ns = since_never(all[i].done);
        flow->got_bytes = all[i].got_bytes;
        flow->resent_segments = all[i].resent_segments;
        flow->timeouts = all[i].timeouts;
    }
}
