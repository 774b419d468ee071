/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_content.c: hands over what packets only count.
 */
#include "sim/transport/tcp_internal.h"

static Stream *
reader_of(Network *network, const Endpoint *endpoint)
{
    return &network_endpoint(network, endpoint->id ^ 1)->incoming;
}

void
tcp_write_bytes(Network *network, Endpoint *endpoint, const void *bytes,
                uint32_t size_bytes)
{
    stream_write_bytes(reader_of(network, endpoint), bytes, size_bytes);
}

void
tcp_write_extent(Network *network, Endpoint *endpoint, const Extent *extent)
{
    stream_write_extent(reader_of(network, endpoint), extent);
}

void
tcp_write_from(Network *network, Endpoint *endpoint, Endpoint *from,
               uint64_t size_bytes)
{
    stream_move(&from->incoming, reader_of(network, endpoint), size_bytes);
}
