/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/route.h: what the kernel would do with packets to an address.
 */
#pragma once

#include "core/event.h"

#include <net/if.h>

/* RFC 6928, and net/ipv4/tcp: what a route without a word of it gives. */
#define ROUTE_WINDOW_DEFAULT 10u
#define ROUTE_CONGESTION_BYTES 16u

typedef struct Route {
    char device[IF_NAMESIZE];
    uint32_t window_segments;                /* initial; 0: the default */
    char congestion[ROUTE_CONGESTION_BYTES]; /* "": no word of it */
} Route;

/* Ask by rtnetlink, as `ip route get` does. False, with the reason to be
 * freed, when there is no way there. */
bool route_find(const Address *target, Route *ret_route, char **ret_why);
