/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/partition.h: which places of a network are simulated together.
 */
#pragma once

#include <stdint.h>

/* Something that can be sent from one place to another, either way, and how
 * long it takes at least. */
typedef struct PartitionEdge {
    uint32_t a;
    uint32_t b;
    int64_t delay_ns;
} PartitionEdge;

typedef struct Partition {
    uint32_t count;    /* of parts; 1: there is nothing to split */
    int64_t window_ns; /* the shortest delay between two of them */
    uint8_t *part_of;  /* [place]; owned, g_free it */
    double *loads;     /* [part]: its places' weights; owned, g_free it */
} Partition;

/* Places close to one another are put together, the closest first: that makes
 * windows long. Those nearer than 1 ms always are (50 us, where that would
 * leave one part), as are those beyond PARTS_MAX parts; else it ends where one
 * part would have more than a quarter of all the work (weights, one a place).
 * Edges are sorted in place. */
Partition partition_places(uint32_t place_count, const double *weights,
                           PartitionEdge *edges, uint32_t edge_count);
