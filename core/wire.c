/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/wire.c: reads and writes the bodies of control messages.
 *
 * One visit function a message names its fields in order; it both reads and
 * writes, so the two cannot drift apart. A cursor that has failed stays
 * where it is and reads zeros.
 *
 *     magic[4] | version u16 | flags u16 | fields ...
 */
#include "core/wire.h"

#include <assert.h>
#include <string.h>

#include "core/http.h"

#define WIRE_VERSION 1
#define FLAG_SERVICE 1u

typedef struct Cursor {
    uint8_t *to;         /* NULL when reading */
    const uint8_t *from; /* NULL when writing */
    uint64_t at_bytes;
    uint64_t size_bytes; /* of the message, or of the room */
    bool is_bad;
} Cursor;

/* Step over byte_count bytes; false if they are not there. */
static bool
cursor_take(Cursor *cursor, uint64_t byte_count)
{
    if (cursor->is_bad || cursor->size_bytes - cursor->at_bytes < byte_count) {
        cursor->is_bad = true;
        return false;
    }
    cursor->at_bytes += byte_count;
    return true;
}

static void
visit_bytes(Cursor *cursor, uint8_t *bytes, uint32_t byte_count)
{
    if (!cursor_take(cursor, byte_count)) {
        memset(bytes, 0, byte_count);
        return;
    }
    uint64_t start_bytes = cursor->at_bytes - byte_count;
    if (cursor->to)
        memcpy(cursor->to + start_bytes, bytes, byte_count);
    else
        memcpy(bytes, cursor->from + start_bytes, byte_count);
}

static uint64_t
visit_number(Cursor *cursor, uint64_t value, uint32_t byte_count)
{
    uint8_t bytes[8];
    for (uint32_t i = 0; i < byte_count; i++)
        bytes[i] = (uint8_t)(value >> 8 * (byte_count - 1 - i));
    visit_bytes(cursor, bytes, byte_count);
    value = 0;
    for (uint32_t i = 0; i < byte_count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void
visit_u8(Cursor *cursor, uint8_t *value)
{
    *value = (uint8_t)visit_number(cursor, *value, 1);
}

static void
visit_u16(Cursor *cursor, uint16_t *value)
{
    *value = (uint16_t)visit_number(cursor, *value, 2);
}

static void
visit_u32(Cursor *cursor, uint32_t *value)
{
    *value = (uint32_t)visit_number(cursor, *value, 4);
}

static void
visit_u64(Cursor *cursor, uint64_t *value)
{
    *value = visit_number(cursor, *value, 8);
}

static void
visit_address(Cursor *cursor, Address *address)
{
    visit_bytes(cursor, address->ip, sizeof address->ip);
    visit_u16(cursor, &address->port);
}

/* A number that must lie between two bounds, both allowed. */
static void
check(Cursor *cursor, uint64_t value, uint64_t low, uint64_t high)
{
    if (value < low || value > high)
        cursor->is_bad = true;
}

static void
visit_ppm(Cursor *cursor, uint32_t *value)
{
    visit_u32(cursor, value);
    check(cursor, *value, 0, WIRE_PPM_MAX);
}

/* The count of a list; what a bad one would make us loop over is nothing. */
static void
visit_count(Cursor *cursor, uint16_t *count, uint16_t count_max)
{
    visit_u16(cursor, count);
    check(cursor, *count, 0, count_max);
    if (cursor->is_bad)
        *count = 0;
}

static void
visit_prologue(Cursor *cursor, const char *magic, uint16_t *flags)
{
    uint8_t bytes[4];
    memcpy(bytes, magic, sizeof bytes);
    visit_bytes(cursor, bytes, sizeof bytes);
    if (memcmp(bytes, magic, sizeof bytes) != 0)
        cursor->is_bad = true;
    uint16_t version = WIRE_VERSION;
    visit_u16(cursor, &version);
    check(cursor, version, WIRE_VERSION, WIRE_VERSION);
    visit_u16(cursor, flags);
}

/* The prologue of a message that knows no flag. */
static void
visit_magic(Cursor *cursor, const char *magic)
{
    uint16_t flags = 0;
    visit_prologue(cursor, magic, &flags);
    check(cursor, flags, 0, 0);
}

static void
visit_register(Cursor *cursor, RegisterMessage *message)
{
    visit_magic(cursor, "BYRG");
    visit_u32(cursor, &message->edge);
    visit_address(cursor, &message->address);
    visit_u16(cursor, &message->region);
    visit_u16(cursor, &message->isp);
    visit_u64(cursor, &message->uplink_bps);
    visit_u16(cursor, &message->core_count);
    visit_u64(cursor, &message->memory_bytes);
}

static void
visit_report(Cursor *cursor, ReportMessage *message)
{
    visit_magic(cursor, "BYRP");
    visit_u32(cursor, &message->edge);
    visit_ppm(cursor, &message->cpu_ppm);
    visit_ppm(cursor, &message->memory_ppm);
    visit_ppm(cursor, &message->load_ppm);
    visit_u64(cursor, &message->traffic_bytes);
    visit_u64(cursor, &message->free_uplink_bps);
    visit_u64(cursor, &message->delay_ns);
    visit_u64(cursor, &message->bandwidth_bps);
    visit_u32(cursor, &message->client_count);
}

static void
visit_stat(Cursor *cursor, ClientStat *stat)
{
    visit_u16(cursor, &stat->region);
    visit_u16(cursor, &stat->isp);
    visit_u32(cursor, &stat->connect_count);
    visit_u32(cursor, &stat->failure_count);
    visit_u64(cursor, &stat->sent_bytes);
    visit_u64(cursor, &stat->duration_ns);
}

static void
visit_client_stat(Cursor *cursor, ClientStatMessage *message)
{
    visit_magic(cursor, "BYCS");
    visit_u32(cursor, &message->edge);
    visit_count(cursor, &message->stat_count, WIRE_STAT_COUNT_MAX);
    for (uint16_t i = 0; i < message->stat_count; i++)
        visit_stat(cursor, &message->stats[i]);
}

static void
visit_node_request(Cursor *cursor, NodeRequest *message)
{
    visit_magic(cursor, "BYNR");
    visit_u32(cursor, &message->client);
    visit_u16(cursor, &message->region);
    visit_u16(cursor, &message->isp);
    visit_u16(cursor, &message->wanted_count);
    check(cursor, message->wanted_count, 1, WIRE_NODE_COUNT_MAX);
    visit_count(cursor, &message->exclude_count, WIRE_NODE_COUNT_MAX);
    for (uint16_t i = 0; i < message->exclude_count; i++)
        visit_u32(cursor, &message->exclude[i]);
}

static void
visit_node(Cursor *cursor, ListedNode *node)
{
    visit_u32(cursor, &node->edge);
    visit_address(cursor, &node->address);
    visit_u16(cursor, &node->region);
    visit_u16(cursor, &node->isp);
    visit_u8(cursor, &node->level);
}

static void
visit_node_list(Cursor *cursor, NodeList *message)
{
    visit_magic(cursor, "BYNL");
    visit_u64(cursor, &message->age_ns);
    check(cursor, message->age_ns, 0, INT64_MAX);
    visit_count(cursor, &message->node_count, WIRE_NODE_COUNT_MAX);
    for (uint16_t i = 0; i < message->node_count; i++)
        visit_node(cursor, &message->nodes[i]);
}

static void
visit_key_request(Cursor *cursor, KeyRequest *message)
{
    uint16_t flags = message->is_service ? FLAG_SERVICE : 0;
    visit_prologue(cursor, "BYKR", &flags);
    check(cursor, flags, 0, FLAG_SERVICE);
    message->is_service = flags & FLAG_SERVICE;
    visit_bytes(cursor, message->file.bytes, sizeof message->file.bytes);
    visit_u64(cursor, &message->version);
}

static void
visit_key_grant(Cursor *cursor, KeyGrant *message)
{
    visit_magic(cursor, "BYKG");
    visit_u16(cursor, &message->alg);
    visit_u16(cursor, &message->secret_kind);
    check(cursor, message->secret_kind, SECRET_FILE_KEY, SECRET_BASIC_KEY);
    visit_u32(cursor, &message->slice_bytes);
    check(cursor, message->slice_bytes, 16, 16384);
    check(cursor, message->slice_bytes % 16, 0, 0);
    visit_u64(cursor, &message->version);
    check(cursor, message->version, 1, UINT64_MAX);
    visit_u64(cursor, &message->not_after_ms);
    visit_u64(cursor, &message->file_bytes);
    check(cursor, message->file_bytes, 0, INT64_MAX);
    visit_bytes(cursor, message->key_id, sizeof message->key_id);
    visit_bytes(cursor, message->commit, sizeof message->commit);
    visit_bytes(cursor, message->secret, sizeof message->secret);
}

static Cursor
reading(const uint8_t *bytes, uint64_t size_bytes)
{
    return (Cursor){.from = bytes, .size_bytes = size_bytes};
}

static Cursor
writing(uint8_t *bytes)
{
    return (Cursor){.to = bytes, .size_bytes = WIRE_BYTES_MAX};
}

static bool
is_all_read(const Cursor *cursor)
{
    return !cursor->is_bad && cursor->at_bytes == cursor->size_bytes;
}

static uint32_t
written_bytes(const Cursor *cursor)
{
    assert(!cursor->is_bad);
    return (uint32_t)cursor->at_bytes;
}

uint32_t
wire_write_register(const RegisterMessage *message,
                    uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    RegisterMessage copy = *message;
    visit_register(&cursor, &copy);
    return written_bytes(&cursor);
}

uint32_t
wire_write_report(const ReportMessage *message,
                  uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    ReportMessage copy = *message;
    visit_report(&cursor, &copy);
    return written_bytes(&cursor);
}

uint32_t
wire_write_client_stat(const ClientStatMessage *message,
                       uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    ClientStatMessage copy = *message;
    visit_client_stat(&cursor, &copy);
    return written_bytes(&cursor);
}

uint32_t
wire_write_node_request(const NodeRequest *message,
                        uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    NodeRequest copy = *message;
    visit_node_request(&cursor, &copy);
    return written_bytes(&cursor);
}

uint32_t
wire_write_node_list(const NodeList *message,
                     uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    NodeList copy = *message;
    visit_node_list(&cursor, &copy);
    return written_bytes(&cursor);
}

uint32_t
wire_write_key_request(const KeyRequest *message,
                       uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    KeyRequest copy = *message;
    visit_key_request(&cursor, &copy);
    return written_bytes(&cursor);
}

uint32_t
wire_write_key_grant(const KeyGrant *message,
                     uint8_t ret_bytes[static WIRE_BYTES_MAX])
{
    Cursor cursor = writing(ret_bytes);
    KeyGrant copy = *message;
    visit_key_grant(&cursor, &copy);
    return written_bytes(&cursor);
}

bool
wire_parse_register(const uint8_t *bytes, uint64_t size_bytes,
                    RegisterMessage *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    RegisterMessage message = {0};
    visit_register(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

bool
wire_parse_report(const uint8_t *bytes, uint64_t size_bytes,
                  ReportMessage *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    ReportMessage message = {0};
    visit_report(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

bool
wire_parse_client_stat(const uint8_t *bytes, uint64_t size_bytes,
                       ClientStatMessage *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    ClientStatMessage message = {0};
    visit_client_stat(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

bool
wire_parse_node_request(const uint8_t *bytes, uint64_t size_bytes,
                        NodeRequest *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    NodeRequest message = {0};
    visit_node_request(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

bool
wire_parse_node_list(const uint8_t *bytes, uint64_t size_bytes,
                     NodeList *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    NodeList message = {0};
    visit_node_list(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

bool
wire_parse_key_request(const uint8_t *bytes, uint64_t size_bytes,
                       KeyRequest *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    KeyRequest message = {0};
    visit_key_request(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

bool
wire_parse_key_grant(const uint8_t *bytes, uint64_t size_bytes,
                     KeyGrant *ret_message)
{
    Cursor cursor = reading(bytes, size_bytes);
    KeyGrant message = {0};
    visit_key_grant(&cursor, &message);
    if (!is_all_read(&cursor))
        return false;
    *ret_message = message;
    return true;
}

uint32_t
wire_write_file_path(const FileId *file, uint64_t version,
                     char ret_path[static WIRE_FILE_PATH_BYTES_MAX])
{
    static const char DIGITS[] = "0123456789abcdef";
    assert(version > 0);
    uint32_t at = 0;
    memcpy(ret_path, "/f/", 3);
    at += 3;
    for (size_t i = 0; i < sizeof file->bytes; i++) {
        ret_path[at++] = DIGITS[file->bytes[i] >> 4];
        ret_path[at++] = DIGITS[file->bytes[i] & 15];
    }
    memcpy(ret_path + at, "?v=", 3);
    at += 3;
    char digits[20];
    uint32_t digit_count = 0;
    for (; version > 0; version /= 10)
        digits[digit_count++] = DIGITS[version % 10];
    while (digit_count > 0)
        ret_path[at++] = digits[--digit_count];
    assert(at <= WIRE_FILE_PATH_BYTES_MAX);
    return at;
}

/* Lower case only: one file, one spelling. */
static bool
parse_hex(char digit, uint8_t *ret_value)
{
    if (digit >= '0' && digit <= '9')
        *ret_value = (uint8_t)(digit - '0');
    else if (digit >= 'a' && digit <= 'f')
        *ret_value = (uint8_t)(digit - 'a' + 10);
    else
        return false;
    return true;
}

bool
wire_parse_file_path(const char *path, uint32_t path_bytes, FileId *ret_file,
                     uint64_t *ret_version)
{
    FileId file;
    uint64_t version;
    if (path_bytes < 3 + 64 + 4 || memcmp(path, "/f/", 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof file.bytes; i++) {
        uint8_t high, low;
        if (!parse_hex(path[3 + 2 * i], &high) ||
            !parse_hex(path[4 + 2 * i], &low))
            return false;
        file.bytes[i] = (uint8_t)(high << 4 | low);
    }
    if (memcmp(path + 67, "?v=", 3) != 0)
        return false;
    if (!http_parse_number(path + 70, path_bytes - 70, &version))
        return false;
    if (version == 0)
        return false;
    *ret_file = file;
    *ret_version = version;
    return true;
}
