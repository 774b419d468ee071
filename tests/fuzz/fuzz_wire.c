/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_wire.c: a body that is accepted is the only way to write
 * what it says.
 *
 * The first byte picks the message, or the path of a file.
 */
#include <glib.h>
#include <string.h>

#include "core/wire.h"
#include "tests/fuzz/fuzz.h"

enum {
    KIND_REGISTER,
    KIND_REPORT,
    KIND_CLIENT_STAT,
    KIND_NODE_REQUEST,
    KIND_NODE_LIST,
    KIND_KEY_REQUEST,
    KIND_KEY_GRANT,
    KIND_FILE_PATH,
    KIND_COUNT,
};

/* The size of the message when it was accepted and written again; 0 when it
 * was not. */
static uint32_t
rewrite_edge(uint8_t kind, const uint8_t *bytes, size_t size, uint8_t *to)
{
    RegisterMessage registration;
    ReportMessage report;
    ClientStatMessage stat;
    switch (kind) {
    case KIND_REGISTER:
        return wire_parse_register(bytes, size, &registration)
                   ? wire_write_register(&registration, to)
                   : 0;
    case KIND_REPORT:
        return wire_parse_report(bytes, size, &report)
                   ? wire_write_report(&report, to)
                   : 0;
    default:
        return wire_parse_client_stat(bytes, size, &stat)
                   ? wire_write_client_stat(&stat, to)
                   : 0;
    }
}

static uint32_t
rewrite_client(uint8_t kind, const uint8_t *bytes, size_t size, uint8_t *to)
{
    NodeRequest node_request;
    NodeList list;
    KeyRequest key_request;
    KeyGrant grant;
    switch (kind) {
    case KIND_NODE_REQUEST:
        return wire_parse_node_request(bytes, size, &node_request)
                   ? wire_write_node_request(&node_request, to)
                   : 0;
    case KIND_NODE_LIST:
        return wire_parse_node_list(bytes, size, &list)
                   ? wire_write_node_list(&list, to)
                   : 0;
    case KIND_KEY_REQUEST:
        return wire_parse_key_request(bytes, size, &key_request)
                   ? wire_write_key_request(&key_request, to)
                   : 0;
    default:
        return wire_parse_key_grant(bytes, size, &grant)
                   ? wire_write_key_grant(&grant, to)
                   : 0;
    }
}

static uint32_t
rewrite_path(const uint8_t *bytes, size_t size, uint8_t *to)
{
    FileId file;
    uint64_t version;
    char path[WIRE_FILE_PATH_BYTES_MAX];
    if (!wire_parse_file_path((const char *)bytes, (uint32_t)size, &file,
                              &version))
        return 0;
    uint32_t path_bytes = wire_write_file_path(&file, version, path);
    memcpy(to, path, path_bytes);
    return path_bytes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    uint8_t again[WIRE_BYTES_MAX];
    if (byte_count < 1)
        return 0;
    uint8_t kind = bytes[0] % KIND_COUNT;
    const uint8_t *body = bytes + 1;
    size_t size = byte_count - 1;
    uint32_t again_bytes;
    if (kind <= KIND_CLIENT_STAT)
        again_bytes = rewrite_edge(kind, body, size, again);
    else if (kind <= KIND_KEY_GRANT)
        again_bytes = rewrite_client(kind, body, size, again);
    else
        again_bytes = rewrite_path(body, size, again);
    if (again_bytes > 0) {
        g_assert_cmpuint(again_bytes, ==, size);
        g_assert_true(memcmp(again, body, size) == 0);
    }
    return 0;
}

static uint32_t
edge_example(uint32_t n, uint8_t *body)
{
    RegisterMessage registration = {.edge = 7, .core_count = 4};
    ReportMessage report = {.edge = 7, .cpu_ppm = 5000, .client_count = 3};
    ClientStatMessage stat = {.edge = 7, .stat_count = 2};
    if (n == KIND_REGISTER)
        return wire_write_register(&registration, body);
    if (n == KIND_REPORT)
        return wire_write_report(&report, body);
    return wire_write_client_stat(&stat, body);
}

static uint32_t
client_example(uint32_t n, uint8_t *body)
{
    NodeRequest node_request = {.wanted_count = 20, .exclude_count = 3};
    NodeList list = {.age_ns = 5, .node_count = 2};
    KeyRequest key_request = {.version = 4, .is_service = true};
    KeyGrant grant = {.alg = 0x11, .slice_bytes = 16384, .version = 3};
    if (n == KIND_NODE_REQUEST)
        return wire_write_node_request(&node_request, body);
    if (n == KIND_NODE_LIST)
        return wire_write_node_list(&list, body);
    if (n == KIND_KEY_REQUEST)
        return wire_write_key_request(&key_request, body);
    return wire_write_key_grant(&grant, body);
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    ret_bytes[0] = (uint8_t)n;
    uint8_t *body = ret_bytes + 1;
    if (n <= KIND_CLIENT_STAT)
        return 1 + edge_example(n, body);
    if (n <= KIND_KEY_GRANT)
        return 1 + client_example(n, body);
    if (n > KIND_FILE_PATH)
        return 0;
    FileId file = {{0xab, 0xcd}};
    char path[WIRE_FILE_PATH_BYTES_MAX];
    uint32_t path_bytes = wire_write_file_path(&file, 12, path);
    memcpy(body, path, path_bytes);
    return 1 + path_bytes;
}
