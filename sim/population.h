/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/population.h: who lives in a world: servers, edges, clients.
 *
 * Everything about a host is drawn from a stream named after its role and
 * number, so that one more edge or client changes nobody else.
 */
#pragma once

#include "core/client.h"
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/origin.h"
#include "sim/world.h"

/* What only the workload asks of a client. */
typedef struct ClientTraits {
    uint32_t profile;
    uint64_t down_bps;
} ClientTraits;

typedef struct Population {
    World *world;
    HostId first_origin; /* [plan][isp] */
    HostId first_cdn;    /* [plan][isp] */
    HostId manager;
    HostId key_service;
    HostId first_edge;
    uint32_t edge_count;
    HostId first_client;
    uint32_t client_count;
    ClientTraits *clients;
    double *cell_sums;   /* cumulative weights of cells */
    RandomStream *churn; /* [edge] */
    ClientConfig client_config;
    EdgeConfig edge_config;
    ManagerConfig manager_config;
    KeyringConfig keyring_config;
    OriginConfig origin_config;
    OriginConfig cdn_config;
    Region *regions;
    PeerId *services;
} Population;

/* How many nodes of a role its world has; the scenario has clients. */
uint32_t population_role_count(const Scenario *scenario, Role role);
void population_init(Population *population, World *world);
/* sim/configure.c: the roles' configurations, from the scenario. */
void population_configure(Population *population);
void population_clear(Population *population);
/* Start everybody who is there at time 0, and set their lives going. */
void population_start(Population *population);
/* How edges' lives go on, written or read. */
void population_code(Population *population, Coder *coder);
/* An agenda entry of kind AGENDA_CHURN: an edge comes or goes. */
void population_churn(Population *population, uint32_t edge);
