/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_wire.c: control messages read back, and nothing else does.
 */
#include <glib.h>
#include <string.h>

#include "core/wire.h"

typedef enum Kind {
    KIND_REGISTER,
    KIND_REPORT,
    KIND_CLIENT_STAT,
    KIND_NODE_REQUEST,
    KIND_NODE_LIST,
    KIND_KEY_REQUEST,
    KIND_KEY_GRANT,
    KIND_COUNT,
} Kind;

typedef struct Body {
    uint8_t bytes[WIRE_BYTES_MAX];
    uint32_t size_bytes;
} Body;

static void
assert_same(const void *one, size_t one_bytes, const void *two,
            size_t two_bytes)
{
    g_assert_cmpuint(one_bytes, ==, two_bytes);
    g_assert_true(memcmp(one, two, one_bytes) == 0);
}

static const Address HOME = {
    .ip = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7},
    .port = 8443,
};

/* What edges send. */
static Body
edge_example(Kind kind)
{
    Body body = {0};
    if (kind == KIND_REGISTER) {
        RegisterMessage message = {.edge = 7,
                                   .address = HOME,
                                   .region = 3,
                                   .isp = 2,
                                   .uplink_bps = 35000000,
                                   .core_count = 4,
                                   .memory_bytes = UINT64_C(8) << 30};
        body.size_bytes = wire_write_register(&message, body.bytes);
    }
    if (kind == KIND_REPORT) {
        ReportMessage message = {.edge = 7,
                                 .cpu_ppm = WIRE_PPM_MAX,
                                 .memory_ppm = 2,
                                 .load_ppm = 3,
                                 .traffic_bytes = 4,
                                 .free_uplink_bps = 5,
                                 .delay_ns = 6,
                                 .bandwidth_bps = 7,
                                 .client_count = 8};
        body.size_bytes = wire_write_report(&message, body.bytes);
    }
    if (kind == KIND_CLIENT_STAT) {
        static const ClientStatMessage MESSAGE = {
            .edge = 7, .stat_count = 2, .stats = {{1, 2, 3, 4, 5, 6}}};
        body.size_bytes = wire_write_client_stat(&MESSAGE, body.bytes);
    }
    return body;
}

/* One message of each kind, every field with its own value. */
static Body
example(Kind kind)
{
    Body body = {0};
    switch (kind) {
    case KIND_REGISTER:
    case KIND_REPORT:
    case KIND_CLIENT_STAT:
        return edge_example(kind);
    case KIND_NODE_REQUEST: {
        NodeRequest message = {.client = 9,
                               .region = 1,
                               .isp = 2,
                               .wanted_count = 20,
                               .exclude_count = 3,
                               .exclude = {11, 12, 13}};
        body.size_bytes = wire_write_node_request(&message, body.bytes);
        break;
    }
    case KIND_NODE_LIST: {
        NodeList message = {.age_ns = 60,
                            .node_count = 2,
                            .nodes = {{5, HOME, 1, 2, 0}, {6, HOME, 3, 4, 4}}};
        body.size_bytes = wire_write_node_list(&message, body.bytes);
        break;
    }
    case KIND_KEY_REQUEST: {
        KeyRequest message = {
            .file = {{1, 2, 3}}, .version = 4, .is_service = true};
        body.size_bytes = wire_write_key_request(&message, body.bytes);
        break;
    }
    case KIND_KEY_GRANT: {
        KeyGrant message = {.alg = 0x11,
                            .secret_kind = SECRET_BASIC_KEY,
                            .slice_bytes = 16384,
                            .version = 3,
                            .not_after_ms = 5,
                            .file_bytes = 6,
                            .key_id = {7},
                            .commit = {8},
                            .secret = {9}};
        body.size_bytes = wire_write_key_grant(&message, body.bytes);
        break;
    }
    case KIND_COUNT:
        g_assert_not_reached();
    }
    return body;
}

/* Parse a body as a message of one kind and write it anew. */
static bool
rewrite(Kind kind, const uint8_t *bytes, uint64_t size_bytes, Body *ret_body)
{
    union {
        RegisterMessage registration;
        ReportMessage report;
        ClientStatMessage client_stat;
        NodeRequest node_request;
        NodeList node_list;
        KeyRequest key_request;
        KeyGrant key_grant;
    } m;
    uint8_t *to = ret_body->bytes;
    uint32_t *size = &ret_body->size_bytes;
    switch (kind) {
    case KIND_REGISTER:
        return wire_parse_register(bytes, size_bytes, &m.registration) &&
               (*size = wire_write_register(&m.registration, to)) > 0;
    case KIND_REPORT:
        return wire_parse_report(bytes, size_bytes, &m.report) &&
               (*size = wire_write_report(&m.report, to)) > 0;
    case KIND_CLIENT_STAT:
        return wire_parse_client_stat(bytes, size_bytes, &m.client_stat) &&
               (*size = wire_write_client_stat(&m.client_stat, to)) > 0;
    case KIND_NODE_REQUEST:
        return wire_parse_node_request(bytes, size_bytes, &m.node_request) &&
               (*size = wire_write_node_request(&m.node_request, to)) > 0;
    case KIND_NODE_LIST:
        return wire_parse_node_list(bytes, size_bytes, &m.node_list) &&
               (*size = wire_write_node_list(&m.node_list, to)) > 0;
    case KIND_KEY_REQUEST:
        return wire_parse_key_request(bytes, size_bytes, &m.key_request) &&
               (*size = wire_write_key_request(&m.key_request, to)) > 0;
    case KIND_KEY_GRANT:
        return wire_parse_key_grant(bytes, size_bytes, &m.key_grant) &&
               (*size = wire_write_key_grant(&m.key_grant, to)) > 0;
    case KIND_COUNT:
        break;
    }
    g_assert_not_reached();
}

static void
every_message_reads_back_as_it_was_written(void)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Body said = example(kind);
        Body again;
        g_assert_true(rewrite(kind, said.bytes, said.size_bytes, &again));
        assert_same(said.bytes, said.size_bytes, again.bytes, again.size_bytes);
    }
}

static void
a_report_has_its_bytes_where_the_layout_says(void)
{
    static const uint8_t EXPECTED[] = {
        'B', 'Y', 'R',  'P',  0, 1, 0, 0, 0, 0, 0, 7, /* edge */
        0,   0xf, 0x42, 0x40, 0, 0, 0, 2, 0, 0, 0, 3, /* ppm */
        0,   0,   0,    0,    0, 0, 0, 4,             /* traffic */
        0,   0,   0,    0,    0, 0, 0, 5,             /* uplink */
        0,   0,   0,    0,    0, 0, 0, 6,             /* delay */
        0,   0,   0,    0,    0, 0, 0, 7, 0, 0, 0, 8, /* clients */
    };
    Body body = example(KIND_REPORT);
    assert_same(body.bytes, body.size_bytes, EXPECTED, sizeof EXPECTED);
}

static void
a_message_cut_or_lengthened_anywhere_is_refused(void)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++) {
        Body said = example(kind);
        Body again;
        for (uint32_t size = 0; size < said.size_bytes; size++) {
            uint8_t *copy = g_memdup2(said.bytes, size);
            g_assert_false(rewrite(kind, copy, size, &again));
            g_free(copy);
        }
        g_assert_false(rewrite(kind, said.bytes, said.size_bytes + 1, &again));
    }
}

static void
a_message_is_no_other_message(void)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        for (Kind other = 0; other < KIND_COUNT; other++) {
            Body said = example(kind);
            Body again;
            bool is_read = rewrite(other, said.bytes, said.size_bytes, &again);
            g_assert_cmpint(is_read, ==, kind == other);
        }
}

static void
unknown_versions_and_flags_are_refused(void)
{
    for (Kind kind = 0; kind < KIND_COUNT; kind++)
        for (uint32_t bit = 0; bit < 32; bit++) {
            Body said = example(kind);
            Body again;
            bool is_known = kind == KIND_KEY_REQUEST && bit == 31 - 7;
            said.bytes[4 + bit / 8] ^= (uint8_t)(1u << bit % 8);
            g_assert_cmpint(rewrite(kind, said.bytes, said.size_bytes, &again),
                            ==, is_known);
        }
}

/* Overwrite two bytes of an example; is it still read? */
static bool
reads_with_u16(Kind kind, uint32_t at_bytes, uint16_t value)
{
    Body said = example(kind);
    Body again;
    said.bytes[at_bytes] = (uint8_t)(value >> 8);
    said.bytes[at_bytes + 1] = (uint8_t)value;
    return rewrite(kind, said.bytes, said.size_bytes, &again);
}

static void
values_out_of_bounds_are_refused(void)
{
    /* cpu_ppm 1000000 is 0x000f4240. */
    g_assert_true(reads_with_u16(KIND_REPORT, 14, 0x4240));
    g_assert_false(reads_with_u16(KIND_REPORT, 14, 0x4241));
    /* wanted_count */
    g_assert_true(reads_with_u16(KIND_NODE_REQUEST, 16, 64));
    g_assert_false(reads_with_u16(KIND_NODE_REQUEST, 16, 65));
    g_assert_false(reads_with_u16(KIND_NODE_REQUEST, 16, 0));
    /* counts that do not fit the bytes that follow, or their bound */
    g_assert_false(reads_with_u16(KIND_NODE_REQUEST, 18, 2));
    g_assert_false(reads_with_u16(KIND_NODE_REQUEST, 18, 65));
    g_assert_false(reads_with_u16(KIND_NODE_LIST, 16, 65535));
    g_assert_false(reads_with_u16(KIND_CLIENT_STAT, 12, 257));
    /* secret_kind and slice_bytes */
    g_assert_false(reads_with_u16(KIND_KEY_GRANT, 10, 2));
    g_assert_true(reads_with_u16(KIND_KEY_GRANT, 14, 16));
    g_assert_false(reads_with_u16(KIND_KEY_GRANT, 14, 0));
    g_assert_false(reads_with_u16(KIND_KEY_GRANT, 14, 24));
    g_assert_false(reads_with_u16(KIND_KEY_GRANT, 14, 16400));
}

static void
the_longest_lists_fit(void)
{
    ClientStatMessage stats = {.stat_count = WIRE_STAT_COUNT_MAX};
    NodeList list = {.node_count = WIRE_NODE_COUNT_MAX};
    Body body;
    g_assert_cmpuint(wire_write_client_stat(&stats, body.bytes), ==,
                     14 + 28 * WIRE_STAT_COUNT_MAX);
    g_assert_cmpuint(wire_write_node_list(&list, body.bytes), ==,
                     18 + 27 * WIRE_NODE_COUNT_MAX);
}

static void
a_file_path_reads_back(void)
{
    FileId file;
    for (size_t i = 0; i < sizeof file.bytes; i++)
        file.bytes[i] = (uint8_t)(0xa0 + i);
    char path[WIRE_FILE_PATH_BYTES_MAX];
    uint32_t size = wire_write_file_path(&file, 1, path);
    const char *expected = "/f/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
                           "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf?v=1";
    assert_same(path, size, expected, strlen(expected));

    size = wire_write_file_path(&file, UINT64_MAX, path);
    g_assert_cmpuint(size, ==, WIRE_FILE_PATH_BYTES_MAX);
    FileId heard;
    uint64_t version;
    g_assert_true(wire_parse_file_path(path, size, &heard, &version));
    assert_same(&heard, sizeof heard, &file, sizeof file);
    g_assert_cmpuint(version, ==, UINT64_MAX);
}

static void
a_file_has_one_path_only(void)
{
    FileId file = {{0xab}};
    char path[WIRE_FILE_PATH_BYTES_MAX];
    uint32_t size = wire_write_file_path(&file, 10, path);
    uint64_t version;
    for (uint32_t cut = 0; cut < size; cut++)
        if (cut != size - 1) /* ?v=1 is another version, and fine */
            g_assert_false(wire_parse_file_path(path, cut, &file, &version));
    path[3] = 'A'; /* upper case */
    g_assert_false(wire_parse_file_path(path, size, &file, &version));
    path[3] = 'a';
    path[size - 2] = '0'; /* leading zero */
    g_assert_false(wire_parse_file_path(path, size, &file, &version));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/every_message_reads_back_as_it_was_written",
                    every_message_reads_back_as_it_was_written);
    g_test_add_func("/wire/a_report_has_its_bytes_where_the_layout_says",
                    a_report_has_its_bytes_where_the_layout_says);
    g_test_add_func("/wire/a_message_cut_or_lengthened_anywhere_is_refused",
                    a_message_cut_or_lengthened_anywhere_is_refused);
    g_test_add_func("/wire/a_message_is_no_other_message",
                    a_message_is_no_other_message);
    g_test_add_func("/wire/unknown_versions_and_flags_are_refused",
                    unknown_versions_and_flags_are_refused);
    g_test_add_func("/wire/values_out_of_bounds_are_refused",
                    values_out_of_bounds_are_refused);
    g_test_add_func("/wire/the_longest_lists_fit", the_longest_lists_fit);
    g_test_add_func("/wire/a_file_path_reads_back", a_file_path_reads_back);
    g_test_add_func("/wire/a_file_has_one_path_only", a_file_has_one_path_only);
    return g_test_run();
}
