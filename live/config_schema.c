/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/config_schema.c: the tables.
 *
 * A figure that simulations have too is called as there.
 */
#include "live/config_schema.h"
#include "core/seal.h"

#define AT(type, member)                                                       \
    .offset = offsetof(type, member), .size = sizeof(((type *)NULL)->member)
#define COUNTED(type, member, count)                                           \
    AT(type, member), .count_offset = offsetof(type, count),                   \
                      .count_size = sizeof(((type *)NULL)->count)
#define TIME .dimension = DIMENSION_TIME
#define SIZE .dimension = DIMENSION_SIZE
#define RATE .dimension = DIMENSION_RATE
#define HOUR 3.6e12
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
#define GIB (1 << 30)
#define FOR(bits) .roles = (bits)
#define ALWAYS .needed_by = ROLE_BITS_ALL
#define LIVE(bits) .live_for = (bits)

#define CLIENT ROLE_BIT(ROLE_CLIENT)
#define EDGE ROLE_BIT(ROLE_EDGE)
#define MANAGER ROLE_BIT(ROLE_MANAGER)
#define KEY_SERVICE ROLE_BIT(ROLE_KEY_SERVICE)
#define DATA_CENTRE ROLE_BIT(ROLE_DATA_CENTRE)
#define CDN ROLE_BIT(ROLE_CDN)
#define SERVERS (ROLE_BITS_ALL & ~CLIENT)

static const ConfigKey LISTEN_TLS_KEYS[] = {
    {"certificate", CONFIG_PATH, AT(TlsFiles, certificate), ALWAYS,
     .example = "byway.pem", .doc = "PEM, with the chain."},
    {"key", CONFIG_PATH, AT(TlsFiles, key), ALWAYS, .example = "byway.key",
     .doc = "PEM, closed to others."},
    {"client_ca", CONFIG_PATH, AT(TlsFiles, ca), .example = "root.pem",
     .fallback = "nobody is asked for a certificate",
     .doc = "PEM: whose certificates make clients known."},
};
static const ConfigSection LISTEN_TLS = {"tls", false, sizeof(TlsFiles),
                                         LISTEN_TLS_KEYS,
                                         G_N_ELEMENTS(LISTEN_TLS_KEYS)};

static const ConfigWord SLOW_START_WORDS[] = {{"any", LIVE_SLOW_START_ANY},
                                              {"on", LIVE_SLOW_START_ON},
                                              {"off", LIVE_SLOW_START_OFF},
                                              {NULL, 0}};

static const ConfigKey LISTEN_KEYS[] = {
    {"address", CONFIG_ADDRESS, AT(LiveListen, address), ALWAYS,
     .example = "127.0.0.1:8101", .doc = "An address."},
    {"tls", CONFIG_SECTION, AT(LiveListen, tls), .section = &LISTEN_TLS,
     .fallback = "clear", .doc = "HTTPS, with what we show and trust."},
    {"mptcp", CONFIG_FLAG, AT(LiveListen, is_multipath),
     .doc = "Multipath TCP with who offers it, if the kernel has it."},
    {"keep_alive", CONFIG_INTEGER, AT(LiveListen, keep_alive.idle_ns), TIME,
     .range = {1e9, 32767e9}, .fallback = "the system's",
     .doc = "Silence before TCP asks whether the peer is there."},
    {"keep_alive_interval", CONFIG_INTEGER,
     AT(LiveListen, keep_alive.interval_ns), TIME, .range = {1e9, 32767e9},
     .fallback = "the system's", .doc = "From one such question to the next."},
    {"keep_alive_probes", CONFIG_INTEGER, AT(LiveListen, keep_alive.count),
     .range = {1, 127}, .fallback = "the system's",
     .doc = "Questions without an answer that end a connection."},
    {"slow_start_after_idle", CONFIG_WORD,
     AT(LiveListen, slow_start_after_idle), .words = SLOW_START_WORDS,
     .doc = "What net.ipv4.tcp_slow_start_after_idle should be; said at start "
            "if it is not."},
};
static const ConfigSection LISTEN = {"listen", true, sizeof(LiveListen),
                                     LISTEN_KEYS, G_N_ELEMENTS(LISTEN_KEYS)};

static const ConfigKey PEER_TLS_KEYS[] = {
    {"ca", CONFIG_PATH, AT(TlsFiles, ca), ALWAYS, .example = "root.pem",
     .doc = "PEM: the only roots it may have its certificate from."},
    {"name", CONFIG_TEXT, AT(TlsFiles, name), .fallback = "its IP address",
     .doc = "That its certificate must have."},
    {"certificate", CONFIG_PATH, AT(TlsFiles, certificate),
     .fallback = "none is shown", .doc = "Our own for it; PEM."},
    {"key", CONFIG_PATH, AT(TlsFiles, key), .fallback = "none",
     .doc = "Of certificate; PEM, closed to others."},
};
static const ConfigSection PEER_TLS = {
    "tls", false, sizeof(TlsFiles), PEER_TLS_KEYS, G_N_ELEMENTS(PEER_TLS_KEYS)};

static const ConfigKey PEER_KEYS[] = {
    {"id", CONFIG_INTEGER, AT(LivePeer, id), .range = {0, LIVE_PEER_ID_MAX},
     ALWAYS, .doc = "Its own id."},
    {"address", CONFIG_ADDRESS, AT(LivePeer, address), ALWAYS,
     LIVE(ROLE_BITS_ALL), .doc = "Where it listens."},
    {"tls", CONFIG_SECTION, AT(LivePeer, tls), .section = &PEER_TLS,
     .fallback = "clear", .doc = "HTTPS, with what we trust and show."},
    {"mptcp", CONFIG_FLAG, AT(LivePeer, is_multipath),
     .doc = "Multipath TCP, if the kernel has it and the peer agrees."},
};
static const ConfigSection PEER = {"peer", false, sizeof(LivePeer), PEER_KEYS,
                                   G_N_ELEMENTS(PEER_KEYS)};

static const ConfigKey PEERS_KEYS[] = {
    {"manager", CONFIG_SECTION, AT(LivePeers, manager), FOR(CLIENT | EDGE),
     .needed_by = EDGE, .section = &PEER,
     .example = "{id: 1, address: 127.0.0.1:8001}",
     .doc = "Who knows the edges."},
    {"key_service", CONFIG_SECTION, AT(LivePeers, key_service),
     FOR(CLIENT | DATA_CENTRE), .needed_by = DATA_CENTRE, .section = &PEER,
     .example = "{id: 2, address: 127.0.0.1:8002}",
     .doc = "Who knows the keys."},
    {"data_centre", CONFIG_SECTION, AT(LivePeers, data_centre), FOR(EDGE),
     .needed_by = EDGE, .section = &PEER,
     .example = "{id: 3, address: 127.0.0.1:8003}",
     .doc = "Whose files are relayed."},
    {"cdn", CONFIG_SECTION, AT(LivePeers, cdn), FOR(CLIENT), .section = &PEER,
     .example = "{id: 4, address: 127.0.0.1:8004}",
     .fallback = "where the URL says",
     .doc = "Where downloads begin, whatever host their URL names."},
};
static const ConfigSection PEERS = {"peers", false, sizeof(LivePeers),
                                    PEERS_KEYS, G_N_ELEMENTS(PEERS_KEYS)};

static const ConfigKey FILES_KEYS[] = {
    {"directory", CONFIG_DIRECTORY, AT(LiveFiles, directory), ALWAYS,
     FOR(DATA_CENTRE | CDN), .example = "files",
     .doc = "What is served, with all below it."},
    {"tenant", CONFIG_TEXT, AT(LiveFiles, tenant),
     .doc = "Part of every file's id."},
    {"id_key_file", CONFIG_SECRET, AT(LiveFiles, id_key), ALWAYS,
     .example = "id.key",
     .doc = "Key that makes ids of names; the same for all that serve them."},
    {"catalogue", CONFIG_PATH, AT(LiveFiles, catalogue), FOR(DATA_CENTRE | CDN),
     .needed_by = DATA_CENTRE, .example = "catalogue.csv",
     .fallback = "all files, each as version 1",
     .doc = "What is served, in which version; byway publish writes it."},
};
static const ConfigSection FILES = {"files", false, sizeof(LiveFiles),
                                    FILES_KEYS, G_N_ELEMENTS(FILES_KEYS)};

static const ConfigKey MASTER_KEY_KEYS[] = {
    {"number", CONFIG_INTEGER, AT(LiveMasterKey, number), ALWAYS,
     .range = {1, UINT32_MAX}, .example = "1",
     .doc = "Never used for another key."},
    {"file", CONFIG_SECRET, AT(LiveMasterKey, bytes), ALWAYS,
     .example = "master-1.key", .doc = "One line of 64 hex digits."},
};
static const ConfigSection MASTER_KEY = {"master key", false,
                                         sizeof(LiveMasterKey), MASTER_KEY_KEYS,
                                         G_N_ELEMENTS(MASTER_KEY_KEYS)};

static const ConfigKey LIMITS_KEYS[] = {
    {"connections", CONFIG_INTEGER, AT(LiveLimits, connections),
     .range = {1, 1000000}, LIVE(EDGE | MANAGER | KEY_SERVICE),
     .doc = "Accepted at a time."},
    {"connections_per_peer", CONFIG_INTEGER,
     AT(LiveLimits, connections_per_peer), .range = {1, 1000000}, LIVE(SERVERS),
     .doc = "The same, from one IP address."},
    {"memory", CONFIG_INTEGER, AT(LiveLimits, memory_bytes), SIZE,
     .range = {1 << 20, 1024.0 * GIB}, LIVE(SERVERS),
     .doc = "Of all buffers together."},
    {"header_timeout", CONFIG_INTEGER, AT(LiveLimits, header_timeout_ns), TIME,
     .range = {1e6, HOUR}, LIVE(SERVERS),
     .doc = "From connecting, or a request's first byte, to its head's end."},
    {"idle_timeout", CONFIG_INTEGER, AT(LiveLimits, idle_timeout_ns), TIME,
     .range = {1e6, DAY}, LIVE(MANAGER),
     .doc = "A silent connection is closed after it."},
    {"drain_timeout", CONFIG_INTEGER, AT(LiveLimits, drain_timeout_ns), TIME,
     .range = {0, DAY}, LIVE(SERVERS),
     .doc = "SIGTERM lets what runs finish for so long at most."},
    {"requests_per_second_per_peer", CONFIG_INTEGER,
     AT(LiveLimits, requests_per_second_per_peer), .range = {0, 1000000},
     LIVE(SERVERS),
     .doc = "Begun, from one IP address; more are told 429. 0: no limit."},
    {"send_timeout", CONFIG_INTEGER, AT(LiveLimits, send_timeout_ns), TIME,
     .range = {1e6, HOUR}, LIVE(SERVERS),
     .doc = "Who takes less than send_rate_min for so long is cut off."},
    {"send_rate_min", CONFIG_INTEGER, AT(LiveLimits, send_bps_min), RATE,
     .range = {0, 1e12}, LIVE(SERVERS),
     .doc = "That rate. 0: nobody is cut off."},
};
static const ConfigSection LIMITS = {"limits", false, sizeof(LiveLimits),
                                     LIMITS_KEYS, G_N_ELEMENTS(LIMITS_KEYS)};

static const ConfigKey CLIENT_KEYS[] = {
    {"cdn_connections", CONFIG_INTEGER, AT(ClientConfig, cdn_connections),
     .range = {1, CLIENT_CDN_MAX}, .doc = "To the CDN, of a download."},
    {"cdn_retries", CONFIG_INTEGER, AT(ClientConfig, cdn_retry_count),
     .range = {0, 1000}, .doc = "Failures in a row before it gives up."},
    {"cdn_retry", CONFIG_INTEGER, AT(ClientConfig, cdn_retry_ns), TIME,
     .range = {1e6, HOUR}, .doc = "First wait between them; it doubles."},
    {"slow_threshold", CONFIG_INTEGER, AT(ClientConfig, slow_bps), RATE,
     .range = {8, 1e12}, .doc = "T: a download below is slow."},
    {"slow_window", CONFIG_INTEGER, AT(ClientConfig, slow_window_ns), TIME,
     .range = {1e9, 60e9}, .doc = "Over which speed is taken; whole seconds."},
    {"nodes", CONFIG_INTEGER, AT(ClientConfig, node_count),
     .range = {1, SELECT_PICK_MAX}, .doc = "Edges asked for."},
    {"edge_connections", CONFIG_INTEGER, AT(ClientConfig, edge_connections),
     .range = {1, CLIENT_EDGE_MAX}, .doc = "To edges, of a download, at most."},
    {"enough_factor", CONFIG_PPM, AT(ClientConfig, enough_ppm),
     .range = {0, 100}, .doc = "Above this many T a download adds no edges."},
    {"connect_timeout", CONFIG_INTEGER, AT(ClientConfig, connect_timeout_ns),
     TIME, .range = {1e6, HOUR}, .doc = "For an edge to answer."},
    {"stall_timeout", CONFIG_INTEGER, AT(ClientConfig, stall_ns), TIME,
     .range = {1e6, HOUR}, .doc = "A silent source is left after it."},
    {"retry_after", CONFIG_INTEGER, AT(ClientConfig, retry_after_ns), TIME,
     .range = {1e6, DAY}, .doc = "Still slow for so long: ask for others."},
    {"retries", CONFIG_INTEGER, AT(ClientConfig, retry_count),
     .range = {0, 100}, .doc = "Requests for edges beyond the first."},
};
static const ConfigSection CLIENT_SECTION = {"client", false,
                                             sizeof(ClientConfig), CLIENT_KEYS,
                                             G_N_ELEMENTS(CLIENT_KEYS)};

static const ConfigKey EDGE_KEYS[] = {
    {"register_spread", CONFIG_INTEGER, AT(EdgeConfig, register_spread_ns),
     TIME, .range = {0, DAY},
     .doc = "The first contact with the manager comes within it."},
    {"report_interval", CONFIG_INTEGER, AT(EdgeConfig, report_interval_ns),
     TIME, .range = {1e9, DAY}, .doc = "Between two reports to the manager."},
    {"probe_interval", CONFIG_INTEGER, AT(EdgeConfig, probe_interval_ns), TIME,
     .range = {1e9, DAY}, .doc = "Between two probes of the data centre."},
    {"probe_size", CONFIG_INTEGER, AT(EdgeConfig, probe_bytes), SIZE,
     .range = {0, STREAM_LOW_WATER_BYTES}, .doc = "Of one; 0: no probes."},
    {"clients_max", CONFIG_INTEGER, AT(EdgeConfig, client_count_max),
     .range = {1, 1000000}, .doc = "Connections served; others get 503."},
    {"pool", CONFIG_INTEGER, AT(EdgeConfig, pool_count_max),
     .range = {0, 65536}, .doc = "Idle connections to the data centre kept."},
    {"pool_idle", CONFIG_INTEGER, AT(EdgeConfig, pool_idle_ns), TIME,
     .range = {1e6, DAY},
     .doc = "How long; shorter than the data centre's idle_timeout."},
    {"answer_timeout", CONFIG_INTEGER, AT(EdgeConfig, answer_timeout_ns), TIME,
     .range = {1e6, HOUR}, .doc = "For the data centre's first byte."},
};
static const ConfigSection EDGE_SECTION = {"edge", false, sizeof(EdgeConfig),
                                           EDGE_KEYS, G_N_ELEMENTS(EDGE_KEYS)};

static const ConfigKey REGION_KEYS[] = {
    {"latitude", CONFIG_NUMBER, AT(Region, latitude_degrees), ALWAYS,
     .range = {-90, 90}, .example = "39.9", .doc = "Degrees north."},
    {"longitude", CONFIG_NUMBER, AT(Region, longitude_degrees), ALWAYS,
     .range = {-180, 180}, .example = "116.4", .doc = "Degrees east."},
};
static const ConfigSection REGION = {"region", false, sizeof(Region),
                                     REGION_KEYS, G_N_ELEMENTS(REGION_KEYS)};

static const ConfigWord SELECTION_WORDS[] = {{"preferred", SELECT_PREFERRED},
                                             {"nearby", SELECT_NEARBY},
                                             {"random", SELECT_RANDOM},
                                             {NULL, 0}};

/* The manager's map is kept beside its config: the section is a view of the
 * whole. So is the key service's. */
static const ConfigKey MANAGER_KEYS[] = {
    {"regions", CONFIG_LIST,
     COUNTED(LiveConfig, regions, manager.selection.region_count), ALWAYS,
     .section = &REGION, .item_max = LIVE_REGION_MAX,
     .doc = "The map. The first is region 0 of edges and clients."},
    {"isps", CONFIG_INTEGER, AT(LiveConfig, manager.selection.isp_count),
     ALWAYS, .range = {1, LIVE_REGION_MAX}, .example = "3",
     .doc = "How many; edges and clients count them from 0."},
    {"selection", CONFIG_WORD, AT(LiveConfig, manager.policy),
     .words = SELECTION_WORDS, .doc = "How edges are chosen."},
    {"nodes", CONFIG_INTEGER, AT(LiveConfig, manager.node_count),
     .range = {1, SELECT_PICK_MAX}, .doc = "Edges in an answer, at most."},
    {"edges_max", CONFIG_INTEGER, AT(LiveConfig, manager.edge_count_max),
     .range = {1, 10000000}, .doc = "Registered; others get 503."},
    {"regroup_interval", CONFIG_INTEGER,
     AT(LiveConfig, manager.regroup_interval_ns), TIME, .range = {1e9, DAY},
     .doc = "Between two rankings of all edges."},
    {"offline_after", CONFIG_INTEGER, AT(LiveConfig, manager.offline_after_ns),
     TIME, .range = {1e9, DAY},
     .doc = "Of silence; three report intervals of the edges."},
    {"list_age", CONFIG_INTEGER, AT(LiveConfig, manager.list_age_ns), TIME,
     .range = {1e9, YEAR}, .doc = "How long a silent edge stays listed."},
};
static const ConfigSection MANAGER_SECTION = {"manager", false,
                                              sizeof(LiveConfig), MANAGER_KEYS,
                                              G_N_ELEMENTS(MANAGER_KEYS)};

static const ConfigKey SERVICE_KEYS[] = {
    {"id", CONFIG_INTEGER, AT(LiveService, id), .range = {0, LIVE_PEER_ID_MAX},
     ALWAYS, .example = "3", .doc = "The data centre's id."},
    {"address", CONFIG_HOST, AT(LiveService, address), .example = "127.0.0.1",
     .doc = "Its IP address, if it is known by that."},
    {"identity", CONFIG_TEXT, AT(LiveService, identity),
     .fallback = "the address",
     .doc = "A URI in its certificate, or sha256: and its key's hash."},
};
static const ConfigSection SERVICE = {"service", false, sizeof(LiveService),
                                      SERVICE_KEYS, G_N_ELEMENTS(SERVICE_KEYS)};

static const ConfigWord ALGORITHM_WORDS[] = {
    {"aes-256-ctr", ALG_CTR}, {"aes-256-cfb", ALG_CFB},
    {"aes-256-cbc", ALG_CBC}, {"chacha20", ALG_CHACHA20},
    {"plain", ALG_PLAIN},     {NULL, 0}};

static const ConfigKey KEY_SERVICE_KEYS[] = {
    {"services", CONFIG_LIST, COUNTED(LiveConfig, services, service_count),
     ALWAYS, .section = &SERVICE, .item_max = LIVE_SERVICE_MAX,
     .doc = "Data centres, which get keys to seal with."},
    {"algorithm", CONFIG_WORD, AT(LiveConfig, key_service.alg),
     .words = ALGORITHM_WORDS, .doc = "That seals slices of new files."},
    {"slice_size", CONFIG_INTEGER, AT(LiveConfig, key_service.slice_bytes),
     SIZE, .range = {16, SLICE_BYTES_MAX},
     .doc = "Bytes with a key of their own; a multiple of 16 B."},
    {"expiry", CONFIG_INTEGER, AT(LiveConfig, key_service.lifetime_ns), TIME,
     .range = {1e9, 100 * YEAR}, .doc = "Life of a key."},
    {"idle_deletion", CONFIG_INTEGER, AT(LiveConfig, key_service.idle_ns), TIME,
     .range = {1e9, 100 * YEAR},
     .doc = "An unused key is deleted after so long."},
    {"sweep_interval", CONFIG_INTEGER,
     AT(LiveConfig, key_service.sweep_interval_ns), TIME,
     .range = {1e9, 100 * YEAR},
     .doc = "How often expired and unused keys are looked for."},
};
static const ConfigSection KEY_SERVICE_SECTION = {
    "key_service", false, sizeof(LiveConfig), KEY_SERVICE_KEYS,
    G_N_ELEMENTS(KEY_SERVICE_KEYS)};

static const ConfigKey DATA_CENTRE_KEYS[] = {
    {"key_ttl", CONFIG_INTEGER, AT(OriginConfig, key_ttl_ns), TIME,
     .range = {1e6, YEAR}, .doc = "How long a granted key is kept."},
    {"key_timeout", CONFIG_INTEGER, AT(OriginConfig, key_timeout_ns), TIME,
     .range = {1e6, HOUR}, .doc = "For an answer of the key service."},
};
static const ConfigSection DATA_CENTRE_SECTION = {
    "data_centre", false, sizeof(OriginConfig), DATA_CENTRE_KEYS,
    G_N_ELEMENTS(DATA_CENTRE_KEYS)};

static const ConfigKey CONFIG_KEYS[] = {
    {"byway", CONFIG_INTEGER, AT(LiveConfig, version), .range = {1, 1}, ALWAYS,
     .example = "1", .doc = "Version of this format."},
    {"role", CONFIG_ROLE, AT(LiveConfig, role), ALWAYS,
     .doc = "The same as on the command line."},
    {"id", CONFIG_INTEGER, AT(LiveConfig, id), .range = {0, LIVE_PEER_ID_MAX},
     ALWAYS, .example = "12",
     .doc = "Of this node; no other of the deployment has it."},
    {"region", CONFIG_INTEGER, AT(LiveConfig, region),
     .range = {0, LIVE_REGION_MAX - 1}, FOR(CLIENT | EDGE),
     .needed_by = CLIENT | EDGE, .example = "0",
     .doc = "Where it stands, as the manager counts."},
    {"isp", CONFIG_INTEGER, AT(LiveConfig, isp),
     .range = {0, LIVE_REGION_MAX - 1}, FOR(CLIENT | EDGE),
     .needed_by = CLIENT | EDGE, .example = "0",
     .doc = "In whose network, as the manager counts."},
    {"listen", CONFIG_LIST, COUNTED(LiveConfig, listen, listen_count),
     FOR(SERVERS), .needed_by = SERVERS, .section = &LISTEN,
     .item_max = LIVE_LISTEN_MAX, .may_be_bare = true,
     .example = "127.0.0.1:8101",
     .doc = "Own addresses: one, or a list; "
            "{address: ..., tls: {...}} for HTTPS."},
    {"advertise", CONFIG_ADDRESS, AT(LiveConfig, advertise), FOR(EDGE),
     .fallback = "the first of listen", .doc = "How clients reach it."},
    {"uplink", CONFIG_INTEGER, AT(LiveConfig, uplink_bps), RATE,
     .range = {1, 1e12}, FOR(EDGE), .needed_by = EDGE, .example = "50 Mbit/s",
     LIVE(EDGE),
     .doc = "What it may use of its line; reported to the manager."},
    {"congestion", CONFIG_TEXT, AT(LiveConfig, congestion), FOR(SERVERS),
     .fallback = "the system's",
     .doc = "TCP congestion control towards who connects: cubic, bbr ..."},
    {"peers", CONFIG_SECTION, AT(LiveConfig, peers),
     FOR(CLIENT | EDGE | DATA_CENTRE), .needed_by = EDGE | DATA_CENTRE,
     .section = &PEERS, .doc = "Whom it speaks to."},
    {"files", CONFIG_SECTION, AT(LiveConfig, files),
     FOR(DATA_CENTRE | CDN | CLIENT), .needed_by = DATA_CENTRE | CDN,
     .section = &FILES,
     .doc = "What it serves; or, a client, what it knows by name."},
    {"state", CONFIG_STATE, AT(LiveConfig, state), FOR(MANAGER | KEY_SERVICE),
     .needed_by = KEY_SERVICE, .example = "state/byway.db",
     .fallback = "nothing outlives the process",
     .doc = "Database, in a directory of mode 0700."},
    {"catalogue", CONFIG_PATH, AT(LiveConfig, catalogue), FOR(KEY_SERVICE),
     .fallback = "no keys but those in the state", .example = "catalogue.csv",
     LIVE(KEY_SERVICE),
     .doc = "The data centre's: which files in which versions have keys."},
    {"master_keys", CONFIG_LIST,
     COUNTED(LiveConfig, master_keys, master_key_count), FOR(KEY_SERVICE),
     .needed_by = KEY_SERVICE, .section = &MASTER_KEY,
     .item_max = LIVE_MASTER_KEY_MAX, LIVE(KEY_SERVICE),
     .doc = "By rising number; the last one wraps, the others only open."},
    {"clear_text", CONFIG_FLAG, AT(LiveConfig, may_be_clear), FOR(KEY_SERVICE),
     .doc = "May keys leave this machine in the clear? In a tunnel, or a "
            "laboratory."},
    {"limits", CONFIG_SECTION, AT(LiveConfig, limits), FOR(SERVERS),
     .section = &LIMITS, .doc = "What others can make it spend."},
    {"admin", CONFIG_ADDRESS, AT(LiveConfig, admin), FOR(SERVERS),
     .fallback = "none", .example = "127.0.0.1:9101",
     .doc = "Where operators find /metrics, /healthz and /readyz."},
    {"access_log", CONFIG_PATH, AT(LiveConfig, access_log), FOR(SERVERS),
     .fallback = "none", .example = "access.jsonl", LIVE(SERVERS),
     .doc = "A JSON object a line for each request."},
    {"user", CONFIG_TEXT, AT(LiveConfig, user), FOR(SERVERS),
     .fallback = "who starts it",
     .doc = "Whom root becomes; only listening is done as root."},
    {"workers", CONFIG_INTEGER, AT(LiveConfig, worker_count),
     FOR(DATA_CENTRE | CDN), .range = {1, LIVE_WORKER_MAX},
     .doc = "Processes that share the work; limits are those of each."},
    {"client", CONFIG_SECTION, AT(LiveConfig, client), FOR(CLIENT),
     .section = &CLIENT_SECTION, .doc = "How it downloads."},
    {"edge", CONFIG_SECTION, AT(LiveConfig, edge), FOR(EDGE),
     .section = &EDGE_SECTION, .doc = "How it relays."},
    {"manager", CONFIG_SECTION, .offset = 0, .size = sizeof(LiveConfig),
     FOR(MANAGER), .needed_by = MANAGER, .section = &MANAGER_SECTION,
     .doc = "How it chooses."},
    {"key_service", CONFIG_SECTION, .offset = 0, .size = sizeof(LiveConfig),
     FOR(KEY_SERVICE), .needed_by = KEY_SERVICE,
     .section = &KEY_SERVICE_SECTION, .doc = "How it keeps keys."},
    {"data_centre", CONFIG_SECTION, AT(LiveConfig, data_centre),
     FOR(DATA_CENTRE), .section = &DATA_CENTRE_SECTION, .doc = "How it seals."},
};
const ConfigSection CONFIG_SCHEMA = {"configuration", false, sizeof(LiveConfig),
                                     CONFIG_KEYS, G_N_ELEMENTS(CONFIG_KEYS)};
