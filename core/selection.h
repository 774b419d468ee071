/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/selection.h: the manager's directory of edges, and how it chooses.
 *
 * Edges are kept by index in one flat array, in groups of (region, ISP).
 * Two kinds of order exist. Bags (all listed edges; those of a region) are
 * dense arrays that change in constant time. Ranks (levels within a group)
 * are rebuilt by selection_regroup, once a minute. A policy is a row of
 * SELECT_POLICIES and one file, and answers a query in time that does not
 * grow with the number of edges.
 */
#pragma once

#include "core/coder.h"
#include "core/dice.h"
#include "core/event.h"

#include <glib.h>

/* Quantile classes of a group: 0 is the best, the last is for the offline. */
#define SELECT_LEVEL_COUNT 5
#define SELECT_CLASS_COUNT 4 /* distance classes of groups */
#define SELECT_PICK_MAX 64   /* edges in one answer, and left out of one */
#define EDGE_NONE UINT32_MAX

typedef enum SelectPolicyKind {
    SELECT_PREFERRED,
    SELECT_NEARBY,
    SELECT_RANDOM,
    SELECT_POLICY_COUNT,
} SelectPolicyKind;

typedef struct Region {
    double latitude_degrees;
    double longitude_degrees;
} Region;

/* What an edge says of itself; 0 means not known yet. */
typedef struct EdgeHealth {
    uint64_t delay_ns; /* round trip to its data centre */
    uint64_t
        bandwidth_bps; /* the least of its uplink and its data-centre leg */
    uint32_t load_ppm;
} EdgeHealth;

typedef enum BagKind {
    BAG_ALL,
    BAG_REGION,
    BAG_KIND_COUNT,
} BagKind;

typedef struct ListedEdge {
    PeerId peer;
    Address address;
    uint16_t region;
    uint16_t isp;
    EdgeHealth health;
    bool is_listed; /* may appear in answers */
    bool is_online; /* reports in time, as far as the manager knows */
    uint8_t level;
    uint32_t bag_index[BAG_KIND_COUNT]; /* where in its bags */
} ListedEdge;

/* A dense array of listed edges in no order that means anything. */
typedef struct EdgeBag {
    BagKind kind;
    uint32_t *edges;
    uint32_t count;
    uint32_t capacity;
} EdgeBag;

/* The ranked edges of one group: those of level l are order[level_start[l]]
 * up to, without, order[level_start[l + 1]]. */
typedef struct EdgeGroup {
    uint32_t level_start[SELECT_LEVEL_COUNT + 1];
    uint32_t cursor[SELECT_LEVEL_COUNT]; /* where the next client begins */
} EdgeGroup;

/* What clients of one group saw of the edges of another; it fades. */
typedef struct LinkHistory {
    uint64_t connects;
    uint64_t failures;
    uint64_t bytes;
    uint64_t duration_ns;
} LinkHistory;

typedef struct SelectionConfig {
    const Region *regions; /* lent for the selection's life */
    uint16_t region_count;
    uint16_t isp_count;
    uint32_t neighbour_metres;      /* regions this near are neighbours */
    uint32_t link_sample_count_min; /* connects before a link is judged */
    /* A link is bad when more of its attempts fail than the first figure, or
     * its connections run below the second figure's share of the mean that
     * the clients of the group see: their own lines may be slow anyway. */
    uint32_t link_failure_ppm_max;
    uint32_t link_speed_ppm_min;
} SelectionConfig;

typedef struct Selection {
    SelectionConfig config;
    Dice dice;
    ListedEdge *edges;
    uint32_t edge_count;
    uint32_t edge_capacity;
    GHashTable *index_by_peer; /* looked up, never iterated */
    EdgeBag listed;
    EdgeBag *listed_by_region;
    uint16_t *near_regions; /* [region][n]: the n-th nearest region */
    uint16_t *class_groups; /* [group][n]: groups by (class, distance) */
    uint16_t *class_start;  /* [group][class], SELECT_CLASS_COUNT + 1 each */
    EdgeGroup *groups;
    uint32_t *order;          /* ranked edges, group by group */
    LinkHistory *links;       /* [client group][edge group] */
    LinkHistory *link_sums;   /* [client group], over all edge groups */
    uint32_t avoided_by;      /* number of the query being answered */
    uint32_t *avoided;        /* [edge]: last query that left it out */
    uint64_t looked_at_count; /* entries looked at in all queries so far */
} Selection;

typedef struct SelectQuery {
    uint16_t region; /* of the client */
    uint16_t isp;
    uint32_t count; /* edges wanted, at most SELECT_PICK_MAX */
    const PeerId *avoided;
    uint32_t avoided_count; /* at most SELECT_PICK_MAX */
} SelectQuery;

/* The edges picked so far for one query. */
typedef struct SelectAnswer {
    uint32_t edges[SELECT_PICK_MAX];
    uint32_t count;
    uint32_t wanted_count; /* at most SELECT_PICK_MAX */
} SelectAnswer;

typedef struct SelectPolicy {
    const char *name;
    void (*pick)(Selection *selection, const SelectQuery *query,
                 SelectAnswer *answer);
} SelectPolicy;

extern const SelectPolicy SELECT_POLICIES[SELECT_POLICY_COUNT];

void selection_init(Selection *selection, const SelectionConfig *config,
                    const uint8_t seed[32]);
void selection_clear(Selection *selection);

/* core/selection_code.c: write it, or read it into what selection_init made. */
void selection_code(Selection *selection, Coder *coder);

/* Add an edge or move a known one; it becomes online and listed. The region
 * and the ISP are the deployment's: the caller has checked them. */
uint32_t selection_add(Selection *selection, const ListedEdge *edge);
/* The index of an edge, or EDGE_NONE. */
uint32_t selection_find(const Selection *selection, PeerId peer);
void selection_set_online(Selection *selection, uint32_t edge, bool is_online);
void selection_unlist(Selection *selection, uint32_t edge);
/* Say what clients of a group saw of the edge's group. */
void selection_observe(Selection *selection, uint32_t edge,
                       uint32_t client_group, const LinkHistory *seen);
uint32_t selection_group_count(const Selection *selection);
uint32_t selection_group(const Selection *selection, uint16_t region,
                         uint16_t isp);
bool selection_has_group(const Selection *selection, uint16_t region,
                         uint16_t isp);
/* Work out near_regions, class_groups and class_start; selection_init does. */
void select_map_init(Selection *selection);
/* Rank every group again and let old observations fade. */
void selection_regroup(Selection *selection);

void selection_pick(Selection *selection, SelectPolicyKind policy,
                    const SelectQuery *query, SelectAnswer *answer);

/* For policies: is the link between two groups not known to be bad? */
bool selection_link_is_usable(const Selection *selection, uint32_t client_group,
                              uint32_t edge_group);
/* For policies: add an edge unless it is full, unlisted or avoided. */
bool select_answer_add(Selection *selection, SelectAnswer *answer,
                       uint32_t edge);
/* For policies: fill the answer with uniform draws from a bag. */
void select_answer_draw(Selection *selection, SelectAnswer *answer,
                        EdgeBag *bag);

void select_preferred(Selection *selection, const SelectQuery *query,
                      SelectAnswer *answer);
void select_nearby(Selection *selection, const SelectQuery *query,
                   SelectAnswer *answer);
void select_random(Selection *selection, const SelectQuery *query,
                   SelectAnswer *answer);
