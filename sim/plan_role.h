/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/plan_role.h: the role part of a scenario, as plain data.
 *
 * The actors of the edge delivery system; base units, indices for names. An
 * actor that the file leaves out is a NULL pointer or an empty list.
 */
#pragma once

#include "sim/plan_network.h"

/* Which of the CDN's sites serves a client. */
typedef enum PlanCdnSite {
    PLAN_CDN_NEAREST,
    PLAN_CDN_ANY, /* drawn for each client */
} PlanCdnSite;

typedef struct PlanClients {
    uint32_t count;
    PlanCdnSite cdn_site;
    Distribution technology;     /* choice of network.profiles */
    Distribution nat;            /* choice of NatClass */
    uint32_t transport;          /* of what clients send */
    uint64_t slow_threshold_bps; /* T; bits, as every rate */
    int64_t slow_window_ns;
    uint32_t cdn_connections;
    uint32_t edge_connections;
    double enough_factor; /* adds edges below this times T */
    int64_t connect_timeout_ns;
    int64_t retry_after_ns;
    uint32_t retries;
    uint32_t cores;
} PlanClients;

typedef struct PlanEdges {
    uint32_t count;
    double server_room_share_ratio; /* the others stand in homes */
    Distribution server_room_up;    /* bit/s */
    Distribution home_up;           /* bit/s */
    double down_factor;             /* downlink over uplink */
    Distribution use;               /* ratio: uplink in use by its owner */
    Distribution delay;             /* ns, one way */
    Distribution loss;              /* ratio, on the uplink */
    Distribution queue_delay;       /* ns: standing queue of the uplink */
    PlanQueue queue;
    PlanAqm aqm;
    uint32_t clients_max;
    Distribution session;        /* ns online */
    Distribution absence;        /* ns offline */
    Distribution nat;            /* choice of NatClass */
    double reachable_near_ratio; /* same region */
    double reachable_far_ratio;  /* other regions */
    double gone_ratio;           /* listed but switched off unnoticed */
    int64_t report_interval_ns;
    int64_t probe_interval_ns;
    uint32_t transport; /* of what edges send */
} PlanEdges;

/* One per ISP in the region; a CDN server stands beside each. */
typedef struct PlanDataCentre {
    uint32_t region;
    uint64_t rate_bps;
    uint32_t cores;
    uint32_t transport;
    uint64_t cdn_rate_bps;
    uint32_t cdn_transport;
} PlanDataCentre;

typedef struct PlanManager {
    uint32_t region;
    uint32_t isp;
    uint32_t nodes; /* edges in an answer */
    double failure_ratio;
    int64_t list_age_ns;
    uint32_t cores;
} PlanManager;

typedef struct PlanKeyService {
    uint32_t region;
    uint32_t isp;
    int64_t expiry_ns;
    int64_t idle_deletion_ns;
    uint32_t cores;
} PlanKeyService;

typedef struct PlanRoles {
    PlanClients *clients; /* NULL: no role system in this scenario */
    PlanEdges *edges;
    PlanDataCentre *data_centres;
    uint32_t data_centre_count;
    PlanManager *manager;
    PlanKeyService *key_service;
} PlanRoles;
