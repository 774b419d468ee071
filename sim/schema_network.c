/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/schema_network.c: the keys under `network` and `hosts`.
 */
#include "sim/schema.h"

#define RATE .dimension = DIMENSION_RATE
#define TIME .dimension = DIMENSION_TIME
#define RATIO .dimension = DIMENSION_RATIO, .range = {0, 1}

const Word SCHEMA_AQM_WORDS[] = {
    {"droptail", PLAN_AQM_DROPTAIL},
    {"codel", PLAN_AQM_CODEL},
    {NULL, 0},
};

static const Field NAME_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanName, name), .doc = "A short name."},
};
static const Section NAME = {"name", SECTION_BARE, sizeof(PlanName),
                             NAME_FIELDS, G_N_ELEMENTS(NAME_FIELDS)};

static const Field WEIGHT_FIELDS[] = {
    {"weight", FIELD_NUMBER, .size = sizeof(double), .fallback = "0",
     .doc = "Share of the clients."},
};
static const Section WEIGHT = {"weight", SECTION_BARE, sizeof(double),
                               WEIGHT_FIELDS, G_N_ELEMENTS(WEIGHT_FIELDS)};

static const Field REGION_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanRegion, name),
     .doc = "What roles call the region."},
    {"latitude", FIELD_NUMBER, FIELD_AT(PlanRegion, latitude),
     .range = {-90, 90}, .doc = "Degrees north."},
    {"longitude", FIELD_NUMBER, FIELD_AT(PlanRegion, longitude),
     .range = {-180, 180}, .doc = "Degrees east."},
    {"weights", FIELD_LIST, FIELD_COUNTED(PlanRegion, weights, weight_count),
     .section = &WEIGHT,
     .doc = "Share of all clients in each ISP's cell, in the order of isps; "
            "they need not sum to 1."},
};
static const Section REGION = {"region", SECTION_MAP, sizeof(PlanRegion),
                               REGION_FIELDS, G_N_ELEMENTS(REGION_FIELDS)};

static const Field TRUNK_FIELDS[] = {
    {"rate", FIELD_INTEGER, FIELD_AT(PlanTrunk, rate_bps), RATE,
     .range = {1, 0}, .fallback = "100 Gbit/s", .doc = "Capacity."},
    {"loss", FIELD_NUMBER, FIELD_AT(PlanTrunk, loss_ratio), RATIO,
     .fallback = "0 %", .doc = "Random loss of packets."},
    {"queue_delay", FIELD_INTEGER, FIELD_AT(PlanTrunk, queue_delay_ns), TIME,
     .fallback = "0 ms", .doc = "A standing queue, added to the delay."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanTrunk, queue), .fallback = "50 ms",
     .doc = "How much may wait."},
};
static const Section TRUNK = {"trunk", SECTION_MAP, sizeof(PlanTrunk),
                              TRUNK_FIELDS, G_N_ELEMENTS(TRUNK_FIELDS)};

static const Field INGRESS_FIELDS[] = {
    {"rate", FIELD_INTEGER, FIELD_AT(PlanIngress, rate_bps), RATE,
     .range = {1, 0}, .fallback = "100 Gbit/s", .doc = "Capacity."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanIngress, queue), .fallback = "50 ms",
     .doc = "How much may wait."},
};
static const Section INGRESS = {"ingress", SECTION_MAP, sizeof(PlanIngress),
                                INGRESS_FIELDS, G_N_ELEMENTS(INGRESS_FIELDS)};

#define HOUR_RANGE TIME, .range = {0, 86400e9}

static const Field HOURS_FIELDS[] = {
    {"from", FIELD_INTEGER, .offset = 0, .size = sizeof(int64_t), HOUR_RANGE,
     .doc = "Time of day."},
    {"to", FIELD_INTEGER, .offset = sizeof(int64_t), .size = sizeof(int64_t),
     HOUR_RANGE, .doc = "Time of day."},
};
static const Section HOURS = {"hours", SECTION_TUPLE, sizeof(int64_t[2]),
                              HOURS_FIELDS, G_N_ELEMENTS(HOURS_FIELDS)};

static const Field CONGESTION_FIELDS[] = {
    {"share", FIELD_NUMBER, FIELD_AT(PlanCongestion, share_ratio), RATIO,
     .fallback = "5 %",
     .doc = "Share of the time a path is congested, outside the evening."},
    {"evening_factor", FIELD_NUMBER, FIELD_AT(PlanCongestion, evening_factor),
     .fallback = "3", .doc = "How many times that in the evening."},
    {"evening", FIELD_SECTION, FIELD_AT(PlanCongestion, evening_ns),
     .section = &HOURS, .fallback = "[19 h, 23 h]",
     .doc = "From and to, local time of day."},
    {"episode", FIELD_DISTRIBUTION, FIELD_AT(PlanCongestion, episode), TIME,
     .fallback = "exponential(10 min)", .doc = "How long it lasts."},
    {"loss", FIELD_DISTRIBUTION, FIELD_AT(PlanCongestion, loss), RATIO,
     .fallback = "uniform(0.5 %, 1 %)",
     .doc = "Added loss, drawn for each episode."},
    {"queue_delay", FIELD_INTEGER, FIELD_AT(PlanCongestion, queue_delay_ns),
     TIME, .fallback = "8 ms", .doc = "Added standing queue."},
    {"ingress_share", FIELD_NUMBER,
     FIELD_AT(PlanCongestion, ingress_share_ratio), RATIO, .fallback = "0.45",
     .doc = "Share of it at the ingress of cells, where it meets edges too; "
            "the rest is on paths from data centres."},
};
static const Section CONGESTION = {"congestion", SECTION_MAP,
                                   sizeof(PlanCongestion), CONGESTION_FIELDS,
                                   G_N_ELEMENTS(CONGESTION_FIELDS)};

static const Field PROFILE_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanProfile, name),
     .doc = "What hosts and technologies call the profile."},
    {"down", FIELD_PER_ISP, FIELD_COUNTED(PlanProfile, down, down_count), RATE,
     .range = {1, 0},
     .doc = "Downlink: one distribution, or a map of ISP to distribution."},
    {"up", FIELD_DISTRIBUTION, FIELD_AT(PlanProfile, up), RATE, .range = {1, 0},
     .doc = "Uplink."},
    {"delay", FIELD_DISTRIBUTION, FIELD_AT(PlanProfile, delay), TIME,
     .fallback = "5.5 ms", .doc = "One way."},
    {"loss", FIELD_DISTRIBUTION, FIELD_AT(PlanProfile, loss), RATIO,
     .fallback = "0 %", .doc = "Random loss towards the host."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanProfile, queue), .fallback = "100 ms",
     .doc = "How much may wait, each way."},
    {"aqm", FIELD_WORD, FIELD_AT(PlanProfile, aqm), .words = SCHEMA_AQM_WORDS,
     .fallback = "droptail", .doc = "Queue management of both ways."},
};
static const Section PROFILE = {"profile", SECTION_MAP, sizeof(PlanProfile),
                                PROFILE_FIELDS, G_N_ELEMENTS(PROFILE_FIELDS)};

static const Field NODE_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanNode, name),
     .doc = "What links and hosts call the router."},
};
static const Section NODE = {"node", SECTION_MAP, sizeof(PlanNode), NODE_FIELDS,
                             G_N_ELEMENTS(NODE_FIELDS)};

static const Field BURST_LOSS_FIELDS[] = {
    {"p", FIELD_NUMBER, FIELD_AT(PlanBurstLoss, p_ratio), RATIO,
     .doc = "Chance per packet to go from good to bad."},
    {"r", FIELD_NUMBER, FIELD_AT(PlanBurstLoss, r_ratio), RATIO,
     .doc = "Chance per packet to go from bad to good."},
    {"loss_good", FIELD_NUMBER, FIELD_AT(PlanBurstLoss, loss_good_ratio), RATIO,
     .fallback = "0", .doc = "Loss while good."},
    {"loss_bad", FIELD_NUMBER, FIELD_AT(PlanBurstLoss, loss_bad_ratio), RATIO,
     .fallback = "1", .doc = "Loss while bad."},
};
static const Section BURST_LOSS = {"burst_loss", SECTION_MAP,
                                   sizeof(PlanBurstLoss), BURST_LOSS_FIELDS,
                                   G_N_ELEMENTS(BURST_LOSS_FIELDS)};

static const Field RATE_STEP_FIELDS[] = {
    {"start", FIELD_INTEGER, FIELD_AT(PlanRateStep, start_ns), TIME,
     .doc = "From when on."},
    {"rate", FIELD_INTEGER, FIELD_AT(PlanRateStep, rate_bps), RATE,
     .doc = "The rate then; 0: nothing moves until the next step."},
};
static const Section RATE_STEP = {"rate step", SECTION_TUPLE,
                                  sizeof(PlanRateStep), RATE_STEP_FIELDS,
                                  G_N_ELEMENTS(RATE_STEP_FIELDS)};

static const Field BACKGROUND_FIELDS[] = {
    {"load", FIELD_NUMBER, FIELD_AT(PlanBackground, load_ratio),
     .dimension = DIMENSION_RATIO, .range = {0, 0.95},
     .doc = "Mean share of the rate that is others'."},
    {"period", FIELD_INTEGER, FIELD_AT(PlanBackground, period_ns), TIME,
     .range = {1e6, 0}, .fallback = "1 s",
     .doc = "How often the share changes."},
};
static const Section BACKGROUND = {"background", SECTION_MAP,
                                   sizeof(PlanBackground), BACKGROUND_FIELDS,
                                   G_N_ELEMENTS(BACKGROUND_FIELDS)};

static const Field LINK_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanLink, name), .is_optional = true,
     .doc = "In results; else FROM-TO."},
    {"from", FIELD_REFERENCE, FIELD_AT(PlanLink, from),
     .reference = REFERENCE_NODE, .doc = "A node."},
    {"to", FIELD_REFERENCE, FIELD_AT(PlanLink, to), .reference = REFERENCE_NODE,
     .doc = "A node."},
    {"duplex", FIELD_FLAG, FIELD_AT(PlanLink, is_duplex), .fallback = "true",
     .doc = "The same link again, the other way."},
    {"rate", FIELD_INTEGER, FIELD_AT(PlanLink, rate_bps), RATE, .range = {1, 0},
     .doc = "Of IP packets."},
    {"delay", FIELD_INTEGER, FIELD_AT(PlanLink, delay_ns), TIME,
     .doc = "Propagation, one way."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanLink, queue),
     .fallback = "1000 packets",
     .doc = "How much may wait, without what is being sent."},
    {"aqm", FIELD_WORD, FIELD_AT(PlanLink, aqm), .words = SCHEMA_AQM_WORDS,
     .fallback = "droptail", .doc = "Queue management."},
    {"loss", FIELD_NUMBER, FIELD_AT(PlanLink, loss_ratio), RATIO,
     .fallback = "0", .doc = "Random loss after the queue."},
    {"burst_loss", FIELD_OPTION, FIELD_AT(PlanLink, burst_loss),
     .section = &BURST_LOSS, .doc = "Gilbert-Elliott loss in bursts."},
    {"jitter", FIELD_INTEGER, FIELD_AT(PlanLink, jitter_ns_max), TIME,
     .fallback = "0 ms", .doc = "Added delay, uniform from 0 to this."},
    {"reorder", FIELD_FLAG, FIELD_AT(PlanLink, may_reorder),
     .fallback = "false", .doc = "Whether jitter may change the order."},
    {"schedule", FIELD_LIST, FIELD_COUNTED(PlanLink, schedule, schedule_count),
     .section = &RATE_STEP, .is_optional = true,
     .doc = "Pairs of a time and the rate from then on."},
    {"background", FIELD_OPTION, FIELD_AT(PlanLink, background),
     .section = &BACKGROUND, .doc = "Load of others, in each way."},
};
static const Section LINK = {"link", SECTION_MAP, sizeof(PlanLink), LINK_FIELDS,
                             G_N_ELEMENTS(LINK_FIELDS)};

static const Field GRAPH_FIELDS[] = {
    {"gml", FIELD_TEXT, FIELD_AT(PlanGraph, gml),
     .doc = "A GML file; a relative path starts at the scenario's folder."},
    {"inflation", FIELD_NUMBER, FIELD_AT(PlanGraph, inflation),
     .range = {1, 100}, .fallback = "1.5",
     .doc = "Cable length over great circle; light takes 1 ms for 200 km."},
    {"hop_delay", FIELD_INTEGER, FIELD_AT(PlanGraph, hop_delay_ns), TIME,
     .fallback = "0.1 ms", .doc = "Added to the delay of each link."},
    {"rate", FIELD_INTEGER, FIELD_AT(PlanGraph, rate_bps), RATE,
     .range = {1, 0}, .fallback = "10 Gbit/s",
     .doc = "Of edges without LinkSpeedRaw."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanGraph, queue),
     .fallback = "1000 packets", .doc = "Of each link."},
};
static const Section GRAPH = {"graph", SECTION_MAP, sizeof(PlanGraph),
                              GRAPH_FIELDS, G_N_ELEMENTS(GRAPH_FIELDS)};

static const Field NETWORK_FIELDS[] = {
    {"isps", FIELD_LIST, FIELD_COUNTED(PlanNetwork, isps, isp_count),
     .section = &NAME, .is_optional = true, .doc = "Names of the ISPs."},
    {"regions", FIELD_LIST, FIELD_COUNTED(PlanNetwork, regions, region_count),
     .section = &REGION, .is_optional = true,
     .doc = "Places; each has one cell per ISP."},
    {"inflation", FIELD_NUMBER, FIELD_AT(PlanNetwork, inflation),
     .range = {1, 100}, .fallback = "1.8",
     .doc = "Route length over great circle; light takes 1 ms for 200 km."},
    {"hop_delay", FIELD_INTEGER, FIELD_AT(PlanNetwork, hop_delay_ns), TIME,
     .fallback = "0.3 ms",
     .doc = "One way, inside a region, added to every route."},
    {"backbone", FIELD_SECTION, FIELD_AT(PlanNetwork, backbone),
     .section = &TRUNK,
     .doc = "From a cell to another of the same ISP, per ordered pair."},
    {"peering", FIELD_SECTION, FIELD_AT(PlanNetwork, peering),
     .section = &TRUNK,
     .doc = "From a cell to one of another ISP, per ordered pair."},
    {"ingress", FIELD_SECTION, FIELD_AT(PlanNetwork, ingress),
     .section = &INGRESS, .doc = "What enters a cell passes this queue."},
    {"congestion", FIELD_OPTION, FIELD_AT(PlanNetwork, congestion),
     .section = &CONGESTION, .doc = "Episodes of loss and delay."},
    {"profiles", FIELD_MAP, FIELD_COUNTED(PlanNetwork, profiles, profile_count),
     .section = &PROFILE, .is_optional = true, .doc = "Access lines by name."},
    {"nodes", FIELD_LIST, FIELD_COUNTED(PlanNetwork, nodes, node_count),
     .section = &NODE, .is_optional = true, .doc = "Routers of a bare graph."},
    {"links", FIELD_LIST, FIELD_COUNTED(PlanNetwork, links, link_count),
     .section = &LINK, .is_optional = true,
     .doc = "Links between nodes of a bare graph."},
    {"graph", FIELD_OPTION, FIELD_AT(PlanNetwork, graph), .section = &GRAPH,
     .is_unwritten = true, .doc = "More nodes and links, from a GML file."},
    {"fusion", FIELD_FLAG, FIELD_AT(PlanNetwork, has_fusion),
     .fallback = "true",
     .doc = "Spare the events of a bare graph's links that one other link "
            "feeds; results are the same."},
};
const Section SCHEMA_NETWORK = {"network", SECTION_MAP, sizeof(PlanNetwork),
                                NETWORK_FIELDS, G_N_ELEMENTS(NETWORK_FIELDS)};

#define UNLESS_PROFILE .unless_offset = offsetof(PlanHost, profile)

static const Field HOST_FIELDS[] = {
    {"name", FIELD_NAME, FIELD_AT(PlanHost, name),
     .doc = "What flows call the host, or the group."},
    {"count", FIELD_INTEGER, FIELD_AT(PlanHost, count), .range = {1, 1e6},
     .fallback = "1",
     .doc = "More than one make a group: NAME0, NAME1 and so on."},
    {"at", FIELD_REFERENCE, FIELD_AT(PlanHost, at), .reference = REFERENCE_NODE,
     .doc = "The node it hangs on."},
    {"profile", FIELD_REFERENCE, FIELD_AT(PlanHost, profile),
     .reference = REFERENCE_PROFILE, .is_optional = true,
     .doc = "Access line; instead of the keys below."},
    {"rate", FIELD_INTEGER, FIELD_AT(PlanHost, rate_bps), RATE, .fallback = "0",
     UNLESS_PROFILE,
     .doc = "Access line, both ways; 0: none, the host stands at the node."},
    {"delay", FIELD_INTEGER, FIELD_AT(PlanHost, delay_ns), TIME,
     .fallback = "0 ms", UNLESS_PROFILE, .doc = "Of the access line, one way."},
    {"loss", FIELD_NUMBER, FIELD_AT(PlanHost, loss_ratio), RATIO,
     .fallback = "0", UNLESS_PROFILE, .doc = "Random loss towards the host."},
    {"queue", FIELD_QUEUE, FIELD_AT(PlanHost, queue),
     .fallback = "1000 packets", UNLESS_PROFILE,
     .doc = "Of the access line, each way."},
    {"aqm", FIELD_WORD, FIELD_AT(PlanHost, aqm), .words = SCHEMA_AQM_WORDS,
     .fallback = "droptail", UNLESS_PROFILE, .doc = "Queue management."},
};
const Section SCHEMA_HOST = {"host", SECTION_MAP, sizeof(PlanHost), HOST_FIELDS,
                             G_N_ELEMENTS(HOST_FIELDS)};
