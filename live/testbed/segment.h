/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/segment.h: one host's own network, with one line out of it.
 *
 * The network is a namespace without a name: it goes with the last process in
 * it, however that ends, so there is never anything to clean up. The line is
 * a TUN device: what its descriptor gives are the IP packets that the host
 * sends, what is written to it the host receives.
 */
#pragma once

#include "core/event.h"

#include <glib.h>

#define SEGMENT_DEVICE "byway"

/* How the host's kernel sends and receives. */
typedef struct SegmentPlan {
    Address address;        /* IPv4, in 10.0.0.0/8, where all hosts are */
    const char *congestion; /* lent; "cubic" */
    uint32_t initial_window_packets;
    uint32_t mtu_bytes;
    uint64_t receive_window_bytes;
    bool has_delayed_ack;
    bool has_slow_start_after_idle;
} SegmentPlan;

/* Whether this process may make such networks; else error says what it would
 * need. */
bool segment_is_possible(GError **error);
/* Move this process into a network of its own. Returns the line's descriptor,
 * which does not block, or -1. */
int segment_enter(const SegmentPlan *plan, GError **error);
