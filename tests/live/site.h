/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/site.h: a small deployment on loopback, in one loop.
 *
 * A manager (1), a key service (2), a data centre (3), a CDN (4) and an edge
 * (12), each with sockets of its own; callers and clients speak to them. The
 * files are made of SITE_FILE_BYTES bytes that loopback_fill gives.
 */
#pragma once

#include "core/client.h"
#include "core/coder.h"
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/origin.h"
#include "live/host.h"
#include "live/listener.h"
#include "live/monitor.h"
#include "tests/live/caller.h"

#define SITE_FILE_BYTES ((3u << 20) + 777)
#define SITE_VERSION 1u

typedef enum SiteRole {
    SITE_MANAGER,
    SITE_KEY_SERVICE,
    SITE_DATA_CENTRE,
    SITE_CDN,
    SITE_EDGE,
    SITE_CLIENT,
    SITE_COUNT,
} SiteRole;

typedef struct Site Site;

typedef struct SiteNode {
    TlsContext *tls; /* of its listener; before it opens */
    Site *site;
    bool is_open;
    Host host;
    Listener listener;
    Address address;
    Monitor monitor;
    uint32_t notes[NOTE_COUNT];
    uint64_t delivered_bytes;
} SiteNode;

struct Site {
    Loop loop;
    SiteNode nodes[SITE_COUNT];
    uint32_t fd_count; /* before it was there */
    Coder *turns;      /* a turn log of all nodes, or NULL */
    uint8_t *content;  /* of every file */
    uint8_t *delivered;
    ClientConfig client;
    EdgeConfig edge;
    ManagerConfig manager;
    KeyringConfig key_service;
    OriginConfig data_centre;
    OriginConfig cdn;
    PeerId services[1];
    int64_t send_timeout_ns;       /* of listeners */
    bool is_multipath;             /* of listeners */
    TlsContext *calls[SITE_COUNT]; /* how a role is called; NULL: clear */
    const char *identity;          /* of the data centre; NULL: its address */
    HostConfig host; /* what is the same in all; change before site_open */
};

/* Defaults in all configs; nobody runs yet. */
void site_init(Site *site);
void site_open(Site *site, SiteRole role);
void site_close(Site *site, SiteRole role);
/* Close all and see that no descriptor is left. */
void site_clear(Site *site);
/* Where an edge's data centre is, instead of the site's own. */
void site_redirect(Site *site, const Address *data_centre);
/* The key of the file, from the key service. */
void site_add_key(Site *site);
/* Let it run until a node has noted something so often. */
void site_wait_for_note(Site *site, SiteRole role, NoteKind kind,
                        uint32_t count);
void site_run(Site *site, int64_t for_ns);

FileId site_file(void);
/* GET of the file; size_bytes 0: of all of it. The caller frees. */
char *site_request(uint64_t offset_bytes, uint64_t size_bytes);
/* Wait for one response on the connection, check its status, and cut it out
 * of what was heard: the body is returned. */
GByteArray *site_take_response(Site *site, Caller *caller, uint32_t status);
