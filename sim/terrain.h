/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/terrain.h: cells, data-centre sites, and the links between them.
 *
 * A site is a cell (region, ISP) or a data centre within a region and ISP.
 * From one site to another lead a trunk (backbone within an ISP, peering
 * between two, with the distance's delay) and the ingress of the cell that is
 * entered. What a trunk draws depends on its name alone.
 */
#pragma once

#include "sim/process.h"
#include "sim/setup.h"

typedef uint32_t SiteId;

typedef struct Site {
    uint32_t region;
    uint32_t isp;
    SiteId cell; /* of a data centre: the cell around it */
    bool is_data_centre;
    LinkId ingress;           /* LINK_NONE for data centres */
    uint32_t ingress_episode; /* PLAN_NONE: none */
    char *name;
} Site;

typedef struct Terrain {
    const Scenario *scenario;
    Network *network;
    ProcessTable *processes;
    Site *sites;
    uint32_t cell_count; /* sites 0 to cell_count - 1 are cells */
    uint32_t site_count;
    uint32_t *routes;   /* [from][to] */
    uint32_t *episodes; /* [from][to]: of the trunk, PLAN_NONE */
} Terrain;

void terrain_init(Terrain *terrain, const Scenario *scenario, Network *network,
                  ProcessTable *processes);
void terrain_clear(Terrain *terrain);
SiteId terrain_cell(const Terrain *terrain, uint32_t region, uint32_t isp);
/* The site of the n-th data centre of the scenario in one ISP. */
SiteId terrain_data_centre(const Terrain *terrain, uint32_t plan, uint32_t isp);
/* The data centre of the same ISP nearest to a cell: index of the plan. */
uint32_t terrain_nearest_data_centre(const Terrain *terrain, SiteId cell);
uint32_t terrain_route(const Terrain *terrain, SiteId from, SiteId to);
LinkId terrain_trunk(const Terrain *terrain, SiteId from, SiteId to);
/* The episode on the way from a data centre to a cell, or NULL. */
const Episode *terrain_path_episode(const Terrain *terrain, SiteId from,
                                    SiteId to);
const Episode *terrain_ingress_episode(const Terrain *terrain, SiteId cell);
