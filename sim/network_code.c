/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/network_code.c: a network under way as bytes, for a checkpoint.
 *
 * Links, routes and paths follow from the scenario: what is read is laid over
 * a network that was set up alike. Flat arrays are taken as they lie.
 */
#include "sim/network.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/parts.h"

CODER_KNOWS(Network, 0, {{0}, {0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, {0}, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, {0});
CODER_KNOWS(Connection, {{0}});

static void
code_endpoint(Endpoint *endpoint, Coder *coder, const TcpOptions *options)
{
    uint32_t option = 0;
    if (!coder->is_reading && endpoint->options)
        option = (uint32_t)(endpoint->options - options);
    coder_u32(coder, &option);
    Endpoint plain = *endpoint;
    plain.options = NULL;
    plain.incoming = (Stream){0};
    scoreboard_init(&plain.board);
    plain.reassembly = (Reassembly){0};
    coder_bytes(coder, &plain, sizeof plain);
    if (coder->is_reading) {
        *endpoint = plain;
        endpoint->options = &options[option];
    }
    if (!endpoint->is_used)
        return;
    stream_code(&endpoint->incoming, coder);
    scoreboard_code(&endpoint->board, coder);
    reassembly_code(&endpoint->reassembly, coder);
}

static void
code_connections(Network *network, Coder *coder, const TcpOptions *options)
{
    uint32_t count = network->connection_count;
    coder_u32(coder, &count);
    if (coder->is_reading &&
        coder_has(coder, (uint64_t)count * sizeof(Connection)))
        tcp_make_room(network, count);
    for (uint32_t i = 0; i < count && !coder->is_bad; i++) {
        Connection *connection =
            network_connection(network, network_connection_index(network, i));
        code_endpoint(&connection->sides[0], coder, options);
        code_endpoint(&connection->sides[1], coder, options);
    }
    coder_u32(coder, &network->free_connection_count);
    if (network->free_connection_count > count)
        coder->is_bad = true;
    else
        coder_bytes(coder, network->free_connections,
                    network->free_connection_count * sizeof(uint32_t));
}

static void
code_array(GArray *array, Coder *coder)
{
    uint32_t count = array->len;
    coder_u32(coder, &count);
    size_t size_bytes = (size_t)count * g_array_get_element_size(array);
    if (coder->is_reading && coder_has(coder, size_bytes))
        g_array_set_size(array, count);
    coder_bytes(coder, array->data, size_bytes);
}

static void
code_part(Network *network, Coder *coder, const TcpOptions *options)
{
    assert(network->signal_count == 0);
    assert(network->outside_head == PACKET_NONE);
    coder_i64(coder, &network->now_ns);
    coder_i64(coder, &network->ahead_ns);
    coder_u64(coder, &network->prefetched_slot);
    coder_u64(coder, &network->fingerprint);
    coder_bytes(coder, &network->count, sizeof network->count);
    agenda_code(&network->agenda, coder);
    packet_pool_code(&network->packets, coder);
    code_connections(network, coder, options);
    if (!network->parts)
        return;
    code_array(network->gone, coder);
    code_array(network->released, coder);
    mail_code(network->mail, network->part_count, coder);
}

void
network_code(Network *network, Coder *coder, const TcpOptions *options)
{
    for (LinkId id = 0; id < network->link_count; id++)
        link_code(&network->links[id], coder);
    for (uint32_t part = 0; part < network->part_count; part++)
        code_part(network_part(network, part), coder, options);
    if (network->parts)
        parts_code(network->parts, coder);
}
