/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/plan_network.h: the network part of a scenario, as plain data.
 *
 * Base units throughout. What a file names (region, isp, node, profile) is an
 * index of the list that defines it. Lists lie beside their counts.
 */
#pragma once

#include "sim/distribution.h"

#include <stdbool.h>

#define PLAN_NONE UINT32_MAX

typedef enum PlanAqm { PLAN_AQM_DROPTAIL, PLAN_AQM_CODEL } PlanAqm;

typedef enum PlanQueueUnit {
    PLAN_QUEUE_PACKETS,
    PLAN_QUEUE_BYTES,
    PLAN_QUEUE_NS, /* what the link sends in this time */
} PlanQueueUnit;

typedef struct PlanQueue {
    PlanQueueUnit unit;
    uint64_t limit;
} PlanQueue;

typedef struct PlanName {
    const char *name;
} PlanName;

/* One (region, isp) cell per ISP. weights: share of all clients, one per
 * ISP in the order of PlanNetwork.isps; they need not sum to 1. */
typedef struct PlanRegion {
    const char *name;
    double latitude; /* degrees */
    double longitude;
    double *weights;
    uint32_t weight_count; /* = isp_count */
} PlanRegion;

/* Per ordered pair of cells: backbone within an ISP, peering between two. */
typedef struct PlanTrunk {
    uint64_t rate_bps;
    double loss_ratio;
    int64_t queue_delay_ns; /* a standing queue, added to the delay */
    PlanQueue queue;
} PlanTrunk;

/* Per cell: one queue that everything entering the cell shares. */
typedef struct PlanIngress {
    uint64_t rate_bps;
    PlanQueue queue;
} PlanIngress;

/* Two-state episodes on (data centre -> cell) paths and on cell ingresses. */
typedef struct PlanCongestion {
    double share_ratio; /* of the time, outside the evening */
    double evening_factor;
    int64_t evening_ns[2]; /* local time of day: from, to */
    Distribution episode;  /* ns */
    Distribution loss;     /* ratio, added during an episode */
    int64_t queue_delay_ns;
    double ingress_share_ratio; /* of the episodes: at ingresses */
} PlanCongestion;

/* An access line. down has one distribution, or one per ISP. */
typedef struct PlanProfile {
    const char *name;
    Distribution *down; /* bit/s */
    uint32_t down_count;
    Distribution up;    /* bit/s */
    Distribution delay; /* ns, one way */
    Distribution loss;  /* ratio, towards the host */
    PlanQueue queue;
    PlanAqm aqm;
} PlanProfile;

typedef struct PlanNode {
    const char *name;
} PlanNode;

/* Gilbert-Elliott: p good to bad, r bad to good, per packet. */
typedef struct PlanBurstLoss {
    double p_ratio;
    double r_ratio;
    double loss_good_ratio;
    double loss_bad_ratio;
} PlanBurstLoss;

typedef struct PlanRateStep {
    int64_t start_ns;
    uint64_t rate_bps;
} PlanRateStep;

/* Other people's packets: a share of the rate, in on/off periods. */
typedef struct PlanBackground {
    double load_ratio;
    int64_t period_ns;
} PlanBackground;

typedef struct PlanLink {
    const char *name;
    uint32_t from; /* index of nodes */
    uint32_t to;
    bool is_duplex; /* the same again from `to` to `from` */
    bool may_reorder;
    uint64_t rate_bps;
    int64_t delay_ns;
    PlanQueue queue;
    PlanAqm aqm;
    double loss_ratio;
    PlanBurstLoss *burst_loss; /* NULL: none */
    int64_t jitter_ns_max;     /* uniform from 0, added to delay_ns */
    PlanRateStep *schedule;    /* by rising start_ns; may be empty */
    uint32_t schedule_count;
    PlanBackground *background; /* NULL: none */
} PlanLink;

/* The routers and links of a GML file; the reader has already added them to
 * nodes and links, so only the reader looks at this. */
typedef struct PlanGraph {
    const char *gml;
    double inflation;
    int64_t hop_delay_ns;
    uint64_t rate_bps; /* of edges without LinkSpeedRaw */
    PlanQueue queue;
} PlanGraph;

typedef struct PlanNetwork {
    PlanName *isps;
    uint32_t isp_count;
    PlanRegion *regions;
    uint32_t region_count;
    double inflation;     /* route length over great circle, 200 km per ms */
    int64_t hop_delay_ns; /* one way, inside a region, added to each route */
    PlanTrunk backbone;
    PlanTrunk peering;
    PlanIngress ingress;
    PlanCongestion *congestion; /* NULL: none */
    PlanProfile *profiles;
    uint32_t profile_count;
    PlanNode *nodes;
    uint32_t node_count;
    PlanLink *links;
    uint32_t link_count;
    PlanGraph *graph; /* NULL: none */
    bool has_fusion;  /* of a bare graph's links that one other link feeds */
} PlanNetwork;

/* A host, or with count > 1 the hosts name0, name1 ... of a bare graph. */
typedef struct PlanHost {
    const char *name;
    uint32_t count;
    uint32_t at;       /* index of network.nodes */
    uint32_t profile;  /* PLAN_NONE: the five fields below hold */
    uint64_t rate_bps; /* 0: no access line, the host stands at the node */
    int64_t delay_ns;
    double loss_ratio; /* towards the host */
    PlanQueue queue;
    PlanAqm aqm;
} PlanHost;
