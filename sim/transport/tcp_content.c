/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_content.c: hands over what packets only count.
 */
#include <glib.h>

#include "sim/mail.h"
#include "sim/transport/tcp_internal.h"

static void
hand_over(Network *network, Endpoint *endpoint, const Run *run)
{
    if (endpoint->peer_part != network->part) {
        mail_post_content(network, endpoint, run);
        return;
    }
    Endpoint *reader = network_endpoint(network, endpoint->id ^ 1);
    stream_append(&reader->incoming, run);
}

void
tcp_write_bytes(Network *network, Endpoint *endpoint, const void *bytes,
                uint32_t size_bytes)
{
    Run run = run_of_bytes(bytes, size_bytes);
    hand_over(network, endpoint, &run);
}

void
tcp_write_extent(Network *network, Endpoint *endpoint, const Extent *extent)
{
    Run run = run_of_extent(extent);
    hand_over(network, endpoint, &run);
}

void
tcp_write_from(Network *network, Endpoint *endpoint, Endpoint *from,
               uint64_t size_bytes)
{
    while (size_bytes > 0) {
        const Run *first = stream_peek(&from->incoming);
        uint64_t part = MIN(size_bytes, first->size_bytes);
        Run run = run_part(first, part);
        hand_over(network, endpoint, &run);
        stream_skip(&from->incoming, part);
        size_bytes -= part;
    }
}
