/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/courier.h: what parts of a network send one another between ranks.
 *
 * Every rank has set the whole network up, and moves some of its parts. What
 * they have for parts of other ranks is in bags, lists and the driver's news;
 * the courier takes it out and puts what comes in the same places there, as
 * if those parts had been moved here.
 */
#pragma once

#include "sim/parts.h"
#include "sim/ranks.h"

/* What a rank knows of its parts, or all ranks of all. */
typedef struct RankNotice {
    int64_t next_ns; /* when something happens next */
    int64_t latest_ns;
    uint64_t events; /* in the last window */
    uint64_t critical_events;
} RankNotice;

typedef struct Courier {
    Ranks ranks;
    uint32_t rank_of[PARTS_MAX];
    const TcpOptions *options; /* lent: those of all connections */
    GByteArray **out;          /* [rank] */
    GByteArray **in;
} Courier;

/* NULL when there is but one rank. */
Courier *courier_new(const PartPlan *plan);
void courier_free(Courier *courier);
bool courier_is_here(const Courier *courier, uint32_t part);
/* Mail, connections that were opened and over, packets that are gone, and
 * news. The notice becomes what all ranks together say. */
void courier_exchange(Parts *parts, const PartsDriver *driver,
                      RankNotice *notice);
/* Of connections that may be over, to the ranks that opened them. */
void courier_exchange_standings(Parts *parts);
/* To be told in the next exchange: it is over. */
void courier_tell_released(Parts *parts, EndpointId id);
