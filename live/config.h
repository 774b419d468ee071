/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config.h: what the operator says about one process: plain data.
 *
 * A role has its own config of core filled with core's defaults, which the
 * file then overrides. Times are ns, rates bit/s, sizes bytes. Paths are as
 * seen from the working directory: the file says them from its own folder.
 */
#pragma once

#include "core/client.h"
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/node.h"
#include "core/origin.h"
#include "live/listener.h"
#include "live/tls.h"

#define LIVE_LISTEN_MAX 8u
#define LIVE_WORKER_MAX 64u
#define LIVE_SERVICE_MAX 64u
#define LIVE_MASTER_KEY_MAX 8u
#define LIVE_REGION_MAX 1024u
/* Ids above are the driver's, for peers that nobody introduced. */
#define LIVE_PEER_ID_MAX ((UINT32_C(1) << 31) - 1)
#define LIVE_KEY_BYTES 32u

/* Slow start after idle is the kernel's to decide: we say if it differs. */
typedef enum LiveSlowStart {
    LIVE_SLOW_START_ANY,
    LIVE_SLOW_START_ON,
    LIVE_SLOW_START_OFF,
} LiveSlowStart;

/* tls.certificate NULL: in the clear. */
typedef struct LiveListen {
    Address address;
    TlsFiles tls;
    bool is_multipath; /* if the kernel has it */
    KeepAlive keep_alive;
    uint32_t slow_start_after_idle; /* LiveSlowStart */
} LiveListen;

/* A peer this process speaks to; id PEER_NONE: the file does not say it;
 * tls.ca NULL: in the clear. */
typedef struct LivePeer {
    PeerId id;
    Address address;
    TlsFiles tls;
    bool is_multipath; /* if the kernel and the peer have it */
} LivePeer;

typedef enum LivePeerKind {
    LIVE_MANAGER,
    LIVE_KEY_SERVICE,
    LIVE_DATA_CENTRE,
    LIVE_CDN,
    LIVE_PEER_COUNT,
} LivePeerKind;

/* Who may ask for keys as a data centre, and how it is known. */
typedef struct LiveService {
    PeerId id;
    Address address;      /* port 0; :: when it is known by its certificate */
    const char *identity; /* as tls_peer_is wants it, or NULL */
} LiveService;

typedef struct LivePeers {
    LivePeer manager;
    LivePeer key_service;
    LivePeer data_centre;
    LivePeer cdn;
} LivePeers;

/* Files that are served (data centre, CDN), or known by name (client). */
typedef struct LiveFiles {
    const char *directory; /* NULL in other roles */
    const char *tenant;
    const char *catalogue;          /* NULL: none */
    uint8_t id_key[LIVE_KEY_BYTES]; /* FileId = HMAC of tenant 0x00 path; a key
                                       of zeros is none */
} LiveFiles;

/* One of the key service's, by rising number; the last one is active. */
typedef struct LiveMasterKey {
    uint32_t number; /* from 1; never used twice */
    uint8_t bytes[LIVE_KEY_BYTES];
} LiveMasterKey;

typedef struct LiveLimits {
    uint32_t connections;          /* accepted, in all */
    uint32_t connections_per_peer; /* accepted, from one IP address */
    uint64_t memory_bytes;         /* of buffers; beyond, nothing is accepted */
    int64_t header_timeout_ns;     /* from accept, or a request's first byte,
                                      to the end of its head */
    int64_t idle_timeout_ns;       /* no byte either way: closed */
    int64_t drain_timeout_ns;      /* from SIGTERM to the end, at most */
    uint32_t requests_per_second_per_peer; /* 0: any */
    int64_t send_timeout_ns;               /* whoever takes less than ... */
    uint64_t send_bps_min; /* ... this over it is reset; 0: never */
} LiveLimits;

typedef struct LiveConfig {
    uint32_t version; /* of the format */
    Role role;
    PeerId id;
    uint16_t region;
    uint16_t isp;
    LiveListen listen[LIVE_LISTEN_MAX]; /* client: none */
    uint32_t listen_count;
    Address advertise;      /* how others reach this one */
    const char *congestion; /* TCP congestion control; NULL: the system's */
    LivePeers peers;
    LiveFiles files;
    const char *state;     /* SQLite file (manager, key service), or NULL */
    const char *catalogue; /* key service: of whose files; NULL: none */
    LiveMasterKey master_keys[LIVE_MASTER_KEY_MAX];
    uint32_t master_key_count;
    LiveLimits limits;
    Address admin;          /* for operators; port 0: none */
    const char *access_log; /* or NULL */
    const char *user;       /* whom root becomes, or NULL */
    uint32_t worker_count;  /* processes that do the same */
    uint32_t worker_index;  /* which of them this is: its operators' address
                               has a port so much higher */
    uint64_t uplink_bps;    /* edge: for COMMAND_CAPACITY, once, after start */
    bool may_be_clear; /* key service: keys may leave the machine unsealed */

    /* The role's own; the others hold core's defaults. */
    ClientConfig client;
    EdgeConfig edge;
    ManagerConfig manager;
    KeyringConfig key_service;
    OriginConfig data_centre;
    OriginConfig cdn;

    /* Key service; key_service.services has the same ids. */
    LiveService services[LIVE_SERVICE_MAX];
    uint32_t service_count;

    PeerId service_ids[LIVE_SERVICE_MAX]; /* key_service.services is this */
    Region regions[LIVE_REGION_MAX]; /* manager.selection.regions is this */
    GPtrArray *owned;                /* its texts */

    /* Not in the file, as it is for once: where to log turns, or NULL. */
    const char *turns;
} LiveConfig;

/* Defaults of a role, as if the file said nothing more. */
LiveConfig *config_new(Role role);
/* Wipes keys. */
void config_free(LiveConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LiveConfig, config_free)

/* A text, and what messages call its file; relative paths start there. */
typedef struct ConfigText {
    const char *path;
    const char *bytes;
    size_t byte_count;
} ConfigText;

/* Read a file for a role, or append every error ("FILE:LINE:COL: error: ...",
 * char *) and return NULL. Key files are read too: they must be regular, ours
 * and closed to all others. */
LiveConfig *config_read(const char *path, Role role, GPtrArray *errors);
LiveConfig *config_parse(const ConfigText *text, Role role, GPtrArray *errors);

/* Read it, and look whether this machine gives what it wants; remarks
 * (char *) are what an operator may want to know. */
bool config_check(const char *path, Role role, GPtrArray *errors,
                  GPtrArray *remarks);

/* Append the paths (char *) of what differs and holds from a start on only. */
void config_find_changes(const LiveConfig *old, const LiveConfig *new,
                         GPtrArray *ret_paths);

/* "key-service" or "key_service"; false when no role is called so. */
bool config_parse_role(const char *word, Role *ret_role);
/* Of the roles that have a configuration; "; did you mean 'edge'?", or "". */
char *config_suggest_role(const char *word);
/* Append every key that a role may say: default, range, meaning. */
void config_write_help(GString *text, Role role);

/* Does it share its addresses with no other process, not even in a restart? A
 * manager and a key service do not: they have one database. */
bool config_is_alone(const LiveConfig *config);
const LivePeer *config_peer(const LiveConfig *config, LivePeerKind kind);
/* "manager", as the file says it. */
const char *config_peer_name(LivePeerKind kind);
/* What core wants in node_new; lent by config. */
const void *config_node_config(const LiveConfig *config);
/* What EVENT_START tells the node. */
Place config_place(const LiveConfig *config);
