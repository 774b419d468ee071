/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/schema_role.c: the keys under `roles`.
 */
#include "sim/nat.h"
#include "sim/schema.h"

#define RATE .dimension = DIMENSION_RATE
#define TIME .dimension = DIMENSION_TIME
#define RATIO .dimension = DIMENSION_RATIO, .range = {0, 1}
#define TRANSPORT .reference = REFERENCE_TRANSPORT, .fallback = "default"

static const Word CDN_SITE_WORDS[] = {
    {"nearest", PLAN_CDN_NEAREST}, {"any", PLAN_CDN_ANY}, {NULL, 0}};

const Word SCHEMA_NAT_WORDS[] = {
    {"public", NAT_PUBLIC},
    {"full_cone", NAT_FULL_CONE},
    {"restricted_cone", NAT_RESTRICTED_CONE},
    {"port_restricted", NAT_PORT_RESTRICTED},
    {"symmetric", NAT_SYMMETRIC},
    {NULL, 0},
};

static const Field CLIENT_FIELDS[] = {
    {"count", FIELD_INTEGER, FIELD_AT(PlanClients, count), .range = {1, 1e7},
     .doc = "How many, spread over the cells by their weights."},
    {"technology", FIELD_DISTRIBUTION, FIELD_AT(PlanClients, technology),
     .reference = REFERENCE_PROFILE,
     .doc = "Access line: choice([[weight, profile], ...])."},
    {"nat", FIELD_DISTRIBUTION, FIELD_AT(PlanClients, nat),
     .words = SCHEMA_NAT_WORDS, .fallback = "public",
     .doc = "Address translators, choice([[weight, class], ...]): only those "
            "edges are reached that hole punching can reach."},
    {"cdn_site", FIELD_WORD, FIELD_AT(PlanClients, cdn_site),
     .words = CDN_SITE_WORDS, .fallback = "nearest",
     .doc =
         "The site of the client's ISP that serves it: the nearest, or any."},
    {"transport", FIELD_REFERENCE, FIELD_AT(PlanClients, transport), TRANSPORT,
     .doc = "Of what clients send."},
    {"slow_threshold", FIELD_INTEGER, FIELD_AT(PlanClients, slow_threshold_bps),
     RATE, .range = {8, 0}, .fallback = "1 MB/s",
     .doc = "T: a download below is slow."},
    {"slow_window", FIELD_INTEGER, FIELD_AT(PlanClients, slow_window_ns), TIME,
     .range = {1e9, 60e9}, .fallback = "5 s",
     .doc = "Over which speed is taken; whole seconds."},
    {"cdn_connections", FIELD_INTEGER, FIELD_AT(PlanClients, cdn_connections),
     .range = {1, 8}, .fallback = "2", .doc = "To the CDN, of a download."},
    {"edge_connections", FIELD_INTEGER, FIELD_AT(PlanClients, edge_connections),
     .range = {1, 16}, .fallback = "4",
     .doc = "To edges, of a download, at most."},
    {"enough_factor", FIELD_NUMBER, FIELD_AT(PlanClients, enough_factor),
     .range = {0, 100}, .fallback = "1.3",
     .doc = "Above this many T a download adds no edges."},
    {"connect_timeout", FIELD_INTEGER,
     FIELD_AT(PlanClients, connect_timeout_ns), TIME, .range = {1e6, 0},
     .fallback = "3 s", .doc = "For an edge to answer."},
    {"retry_after", FIELD_INTEGER, FIELD_AT(PlanClients, retry_after_ns), TIME,
     .range = {1e6, 0}, .fallback = "10 s",
     .doc = "Still slow for so long: ask for other edges."},
    {"retries", FIELD_INTEGER, FIELD_AT(PlanClients, retries),
     .range = {0, 100}, .fallback = "2",
     .doc = "Requests for edges beyond the first."},
    {"cores", FIELD_INTEGER, FIELD_AT(PlanClients, cores), .range = {1, 4096},
     .fallback = "4", .doc = "That open slices."},
};
static const Section CLIENTS = {"clients", SECTION_MAP, sizeof(PlanClients),
                                CLIENT_FIELDS, G_N_ELEMENTS(CLIENT_FIELDS)};

static const Field EDGE_FIELDS[] = {
    {"count", FIELD_INTEGER, FIELD_AT(PlanEdges, count), .range = {0, 1e7},
     .doc = "How many, spread over the cells by their weights."},
    {"server_room_share", FIELD_NUMBER,
     FIELD_AT(PlanEdges, server_room_share_ratio), RATIO, .fallback = "10 %",
     .doc = "Share of edges in small server rooms; the rest are in homes."},
    {"server_room_up", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, server_room_up),
     RATE, .range = {1, 0}, .fallback = "300 Mbit/s",
     .doc = "Uplink of a server room."},
    {"home_up", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, home_up), RATE,
     .range = {1, 0}, .fallback = "lognormal(24 Mbit/s, 0.86)",
     .doc = "Uplink of a home."},
    {"down_factor", FIELD_NUMBER, FIELD_AT(PlanEdges, down_factor),
     .range = {0.01, 1000}, .fallback = "1", .doc = "Downlink over uplink."},
    {"use", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, use),
     .dimension = DIMENSION_RATIO, .range = {0, 0.99},
     .fallback = "uniform(30 %, 80 %)",
     .doc = "Share of the uplink that its owner uses."},
    {"delay", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, delay), TIME,
     .fallback = "5.5 ms", .doc = "Of the access line, one way."},
    {"loss", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, loss),
     .dimension = DIMENSION_RATIO, .range = {0, 0.5}, .fallback = "0 %",
     .doc = "Random loss on the uplink."},
    {"queue_delay", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, queue_delay), TIME,
     .fallback = "0 ms", .doc = "Standing queue of the uplink."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanEdges, queue), .fallback = "100 ms",
     .doc = "How much may wait, each way."},
    {"aqm", FIELD_WORD, FIELD_AT(PlanEdges, aqm), .words = SCHEMA_AQM_WORDS,
     .fallback = "droptail", .doc = "Queue management of both ways."},
    {"clients_max", FIELD_INTEGER, FIELD_AT(PlanEdges, clients_max),
     .range = {1, 100000}, .fallback = "32",
     .doc = "Clients served at once; the others are refused."},
    {"session", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, session), TIME,
     .range = {1e9, 0}, .fallback = "lognormal(2 h, 1.65)",
     .doc = "How long an edge stays online."},
    {"absence", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, absence), TIME,
     .range = {1e9, 0}, .fallback = "lognormal(2 h, 1.65)",
     .doc = "How long it stays away."},
    {"nat", FIELD_DISTRIBUTION, FIELD_AT(PlanEdges, nat),
     .words = SCHEMA_NAT_WORDS, .fallback = "public",
     .doc = "Address translators, choice([[weight, class], ...])."},
    {"reachable_near", FIELD_NUMBER, FIELD_AT(PlanEdges, reachable_near_ratio),
     RATIO, .fallback = "0.95",
     .doc = "Share of edges that clients of the same region can reach, of "
            "those that nat allows."},
    {"reachable_far", FIELD_NUMBER, FIELD_AT(PlanEdges, reachable_far_ratio),
     RATIO, .fallback = "0.70",
     .doc = "Share of edges that clients of other regions can reach, of those "
            "that nat allows."},
    {"gone", FIELD_NUMBER, FIELD_AT(PlanEdges, gone_ratio), RATIO,
     .fallback = "12.7 %",
     .doc = "Share of listed edges that have left unnoticed."},
    {"report_interval", FIELD_INTEGER, FIELD_AT(PlanEdges, report_interval_ns),
     TIME, .range = {1e9, 0}, .fallback = "60 s",
     .doc = "Between two reports to the manager."},
    {"probe_interval", FIELD_INTEGER, FIELD_AT(PlanEdges, probe_interval_ns),
     TIME, .range = {1e9, 0}, .fallback = "5 min",
     .doc = "Between two probes of the data centre."},
    {"transport", FIELD_REFERENCE, FIELD_AT(PlanEdges, transport), TRANSPORT,
     .doc = "Of what edges send."},
};
static const Section EDGES = {"edges", SECTION_MAP, sizeof(PlanEdges),
                              EDGE_FIELDS, G_N_ELEMENTS(EDGE_FIELDS)};

static const Field DATA_CENTRE_FIELDS[] = {
    {"region", FIELD_REFERENCE, FIELD_AT(PlanDataCentre, region),
     .reference = REFERENCE_REGION,
     .doc = "Where one stands for each ISP, with a CDN server beside it."},
    {"rate", FIELD_INTEGER, FIELD_AT(PlanDataCentre, rate_bps), RATE,
     .range = {1, 0}, .fallback = "40 Gbit/s",
     .doc = "Line of the data centre, both ways."},
    {"cores", FIELD_INTEGER, FIELD_AT(PlanDataCentre, cores),
     .range = {1, 4096}, .fallback = "16", .doc = "That seal slices."},
    {"transport", FIELD_REFERENCE, FIELD_AT(PlanDataCentre, transport),
     TRANSPORT, .doc = "Of what the data centre sends."},
    {"cdn_rate", FIELD_INTEGER, FIELD_AT(PlanDataCentre, cdn_rate_bps), RATE,
     .range = {1, 0}, .fallback = "40 Gbit/s",
     .doc = "Line of the CDN server, both ways."},
    {"cdn_transport", FIELD_REFERENCE, FIELD_AT(PlanDataCentre, cdn_transport),
     TRANSPORT, .doc = "Of what the CDN server sends."},
};
static const Section DATA_CENTRE = {"data centre", SECTION_MAP,
                                    sizeof(PlanDataCentre), DATA_CENTRE_FIELDS,
                                    G_N_ELEMENTS(DATA_CENTRE_FIELDS)};

static const Field MANAGER_FIELDS[] = {
    {"region", FIELD_REFERENCE, FIELD_AT(PlanManager, region),
     .reference = REFERENCE_REGION, .doc = "Where it stands."},
    {"isp", FIELD_REFERENCE, FIELD_AT(PlanManager, isp),
     .reference = REFERENCE_ISP, .doc = "In whose network."},
    {"nodes", FIELD_INTEGER, FIELD_AT(PlanManager, nodes), .range = {1, 64},
     .fallback = "20", .doc = "Edges in an answer, at most."},
    {"failures", FIELD_NUMBER, FIELD_AT(PlanManager, failure_ratio), RATIO,
     .fallback = "0 %", .doc = "Share of requests that fail."},
    {"list_age", FIELD_INTEGER, FIELD_AT(PlanManager, list_age_ns), TIME,
     .range = {1e9, 0}, .fallback = "15 min",
     .doc = "How long a silent edge stays listed."},
    {"cores", FIELD_INTEGER, FIELD_AT(PlanManager, cores), .range = {1, 4096},
     .fallback = "4", .doc = "That rank edges."},
};
static const Section MANAGER = {"manager", SECTION_MAP, sizeof(PlanManager),
                                MANAGER_FIELDS, G_N_ELEMENTS(MANAGER_FIELDS)};

static const Field KEY_SERVICE_FIELDS[] = {
    {"region", FIELD_REFERENCE, FIELD_AT(PlanKeyService, region),
     .reference = REFERENCE_REGION, .doc = "Where it stands."},
    {"isp", FIELD_REFERENCE, FIELD_AT(PlanKeyService, isp),
     .reference = REFERENCE_ISP, .doc = "In whose network."},
    {"expiry", FIELD_INTEGER, FIELD_AT(PlanKeyService, expiry_ns), TIME,
     .range = {1e9, 0}, .fallback = "30 d", .doc = "Life of a key."},
    {"idle_deletion", FIELD_INTEGER, FIELD_AT(PlanKeyService, idle_deletion_ns),
     TIME, .range = {1e9, 0}, .fallback = "90 d",
     .doc = "An unused key is deleted after so long."},
    {"cores", FIELD_INTEGER, FIELD_AT(PlanKeyService, cores),
     .range = {1, 4096}, .fallback = "4", .doc = "That wrap keys."},
};
static const Section KEY_SERVICE = {"key service", SECTION_MAP,
                                    sizeof(PlanKeyService), KEY_SERVICE_FIELDS,
                                    G_N_ELEMENTS(KEY_SERVICE_FIELDS)};

static const Field ROLES_FIELDS[] = {
    {"clients", FIELD_OPTION, FIELD_AT(PlanRoles, clients), .section = &CLIENTS,
     .doc = "Who downloads."},
    {"edges", FIELD_OPTION, FIELD_AT(PlanRoles, edges), .section = &EDGES,
     .doc = "Who relays."},
    {"data_centres", FIELD_LIST,
     FIELD_COUNTED(PlanRoles, data_centres, data_centre_count),
     .section = &DATA_CENTRE, .is_optional = true, .doc = "Who has the files."},
    {"manager", FIELD_OPTION, FIELD_AT(PlanRoles, manager), .section = &MANAGER,
     .doc = "Who knows the edges."},
    {"key_service", FIELD_OPTION, FIELD_AT(PlanRoles, key_service),
     .section = &KEY_SERVICE, .doc = "Who knows the keys."},
};
const Section SCHEMA_ROLES = {"roles", SECTION_MAP, sizeof(PlanRoles),
                              ROLES_FIELDS, G_N_ELEMENTS(ROLES_FIELDS)};
