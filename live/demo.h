/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/demo.h: a small deployment on this machine, for a first look.
 *
 * A manager, a key service, a data centre, a CDN that is slow (nginx, which
 * knows nothing of byway) and three edges, each a process, on ports of
 * 127.0.0.1 from a base on. All that they read and write is in one directory,
 * and so is the list by which they are found and ended again.
 */
#pragma once

#include "live/address.h"

#include <glib.h>

#define DEMO_FILE "film.bin"
#define DEMO_PORT_MAX 65000

typedef enum DemoPart {
    DEMO_MANAGER,
    DEMO_KEY_SERVICE,
    DEMO_DATA_CENTRE,
    DEMO_CDN,
    DEMO_EDGE_1,
    DEMO_EDGE_2,
    DEMO_EDGE_3,
    DEMO_PART_COUNT,
    DEMO_CLIENT = DEMO_PART_COUNT, /* has a configuration only */
} DemoPart;

typedef struct Demo {
    const char *directory;
    uint16_t port; /* of which each part's is an offset */
    uint32_t size_mib;
    bool is_quiet;
} Demo;

/* byway demo: returns the exit code. */
int demo_main(int argc, char **argv);

/* --- live/demo_part.c: what each part is ------------------------------- */
const char *demo_name(DemoPart part);
uint32_t demo_id(DemoPart part);
const char *demo_remark(DemoPart part);
Address demo_address(const Demo *demo, DemoPart part);
/* Its configuration, as text; g_free it. */
char *demo_config(const Demo *demo, DemoPart part);

/* --- live/demo_site.c: the directory and the processes ----------------- */
/* A path below the directory; g_free it. */
char *demo_path(const Demo *demo, const char *name);
/* Is everything there that it needs, and every port free? */
bool demo_check(const Demo *demo, GError **error);
/* Make the directory, and what is in it. */
bool demo_furnish(const Demo *demo, GError **error);
/* Start all parts, one after the other. */
bool demo_start(const Demo *demo, GError **error);
/* End all processes that were started, and remove the directory. */
bool demo_stop(const Demo *demo, uint32_t *ret_process_count, GError **error);
