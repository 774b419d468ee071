/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/wire.h: the bodies of control messages, and the paths they go to.
 *
 * Every body is a 4-byte magic, u16 version, u16 flags, then its fields in
 * the order of the struct, big-endian and without padding; a list is a u16
 * count and its items. A parser takes the exact length and nothing else: an
 * unknown flag, a count beyond its bound or a trailing byte is refused.
 */
#pragma once

#include "core/event.h"

#define WIRE_BYTES_MAX 8192u
#define WIRE_NODE_COUNT_MAX 64u
#define WIRE_STAT_COUNT_MAX 256u
#define WIRE_PPM_MAX 1000000u

#define WIRE_PATH_REGISTER "/v1/register"
#define WIRE_PATH_REPORT "/v1/report"
#define WIRE_PATH_CLIENT_STAT "/v1/client-stat"
#define WIRE_PATH_NODES "/v1/nodes"
#define WIRE_PATH_KEY "/v1/key"
#define WIRE_PATH_PROBE "/v1/probe" /* GET ?bytes=N */

/* /f/<64 hex>?v=<version> */
#define WIRE_FILE_PATH_BYTES_MAX 90u

/* Edge to manager: POST WIRE_PATH_REGISTER, answered with 204. */
typedef struct RegisterMessage {
    PeerId edge;
    Address address;
    uint16_t region;
    uint16_t isp;
    uint64_t uplink_bps;
    uint16_t core_count;
    uint64_t memory_bytes;
} RegisterMessage;

/* Edge to manager: POST WIRE_PATH_REPORT, answered with 204. */
typedef struct ReportMessage {
    PeerId edge;
    uint32_t cpu_ppm; /* at most WIRE_PPM_MAX, as the next two */
    uint32_t memory_ppm;
    uint32_t load_ppm;
    uint64_t traffic_bytes; /* since the last report */
    uint64_t free_uplink_bps;
    uint64_t delay_ns;      /* to its data centre */
    uint64_t bandwidth_bps; /* from its data centre */
    uint32_t client_count;
} ReportMessage;

/* What the clients of one (region, ISP) saw at one edge. */
typedef struct ClientStat {
    uint16_t region;
    uint16_t isp;
    uint32_t connect_count;
    uint32_t failure_count;
    uint64_t sent_bytes;
    uint64_t duration_ns;
} ClientStat;

/* Edge to manager: POST WIRE_PATH_CLIENT_STAT, answered with 204. */
typedef struct ClientStatMessage {
    PeerId edge;
    uint16_t stat_count;
    ClientStat stats[WIRE_STAT_COUNT_MAX];
} ClientStatMessage;

/* Client to manager: POST WIRE_PATH_NODES, answered with a NodeList. */
typedef struct NodeRequest {
    PeerId client;
    uint16_t region;
    uint16_t isp;
    uint16_t wanted_count; /* 1 to WIRE_NODE_COUNT_MAX */
    uint16_t exclude_count;
    PeerId exclude[WIRE_NODE_COUNT_MAX];
} NodeRequest;

typedef struct ListedNode {
    PeerId edge;
    Address address;
    uint16_t region;
    uint16_t isp;
    uint8_t level; /* 0 is best */
} ListedNode;

typedef struct NodeList {
    uint64_t age_ns; /* of the ranking */
    uint16_t node_count;
    ListedNode nodes[WIRE_NODE_COUNT_MAX];
} NodeList;

/* To the key service: POST WIRE_PATH_KEY, answered with a KeyGrant. */
typedef struct KeyRequest {
    FileId file;
    uint64_t version; /* 0: the newest */
    bool is_service;  /* asks as a data centre, which seals */
} KeyRequest;

typedef enum SecretKind {
    SECRET_FILE_KEY,  /* prk: opens this version and nothing else */
    SECRET_BASIC_KEY, /* for the paper's own ciphers, which hash it */
} SecretKind;

typedef struct KeyGrant {
    uint16_t alg;
    uint16_t secret_kind; /* SecretKind */
    uint32_t slice_bytes; /* 16 to 16384, a multiple of 16 */
    uint64_t version;     /* at least 1 */
    uint64_t not_after_ms;
    uint64_t file_bytes;
    uint8_t key_id[16];
    uint8_t commit[32];
    uint8_t secret[32];
} KeyGrant;

/* Each returns the number of bytes written; the message must be in bounds. */
uint32_t wire_write_register(const RegisterMessage *message,
                             uint8_t ret_bytes[static WIRE_BYTES_MAX]);
uint32_t wire_write_report(const ReportMessage *message,
                           uint8_t ret_bytes[static WIRE_BYTES_MAX]);
uint32_t wire_write_client_stat(const ClientStatMessage *message,
                                uint8_t ret_bytes[static WIRE_BYTES_MAX]);
uint32_t wire_write_node_request(const NodeRequest *message,
                                 uint8_t ret_bytes[static WIRE_BYTES_MAX]);
uint32_t wire_write_node_list(const NodeList *message,
                              uint8_t ret_bytes[static WIRE_BYTES_MAX]);
uint32_t wire_write_key_request(const KeyRequest *message,
                                uint8_t ret_bytes[static WIRE_BYTES_MAX]);
uint32_t wire_write_key_grant(const KeyGrant *message,
                              uint8_t ret_bytes[static WIRE_BYTES_MAX]);

/* Each takes the whole body, and writes *ret_message only when it is one. */
bool wire_parse_register(const uint8_t *bytes, uint64_t size_bytes,
                         RegisterMessage *ret_message);
bool wire_parse_report(const uint8_t *bytes, uint64_t size_bytes,
                       ReportMessage *ret_message);
bool wire_parse_client_stat(const uint8_t *bytes, uint64_t size_bytes,
                            ClientStatMessage *ret_message);
bool wire_parse_node_request(const uint8_t *bytes, uint64_t size_bytes,
                             NodeRequest *ret_message);
bool wire_parse_node_list(const uint8_t *bytes, uint64_t size_bytes,
                          NodeList *ret_message);
bool wire_parse_key_request(const uint8_t *bytes, uint64_t size_bytes,
                            KeyRequest *ret_message);
bool wire_parse_key_grant(const uint8_t *bytes, uint64_t size_bytes,
                          KeyGrant *ret_message);

/* The path of one version of a file; it is not terminated. */
uint32_t wire_write_file_path(const FileId *file, uint64_t version,
                              char ret_path[static WIRE_FILE_PATH_BYTES_MAX]);
bool wire_parse_file_path(const char *path, uint32_t path_bytes,
                          FileId *ret_file, uint64_t *ret_version);
