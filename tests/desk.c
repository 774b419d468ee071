/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/desk.c: an origin alone, with one file, a disk and a key service.
 */
#include "tests/desk.h"

#include <string.h>

const FileId DESK_FILE = {{0xf1, 0x1e}};

uint8_t
desk_byte_at(uint64_t offset_bytes)
{
    return (uint8_t)(offset_bytes * 7 + offset_bytes / 256);
}

KeyGrant
desk_grant(uint16_t alg, uint32_t slice_bytes)
{
    KeyGrant grant = {
        .alg = alg,
        .slice_bytes = slice_bytes,
        .version = 1,
        .not_after_ms = 1000000,
    };
    uint8_t basic_key[KEY_BYTES] = {3}, file_key[KEY_BYTES];
    Sealer *sealer = sealer_new();
    seal_file_key(sealer, basic_key, &DESK_FILE, 1, file_key);
    seal_commit(sealer, file_key, grant.commit);
    sealer_free(sealer);
    bool is_paper = alg_is_paper(alg);
    grant.secret_kind = is_paper ? SECRET_BASIC_KEY : SECRET_FILE_KEY;
    memcpy(grant.secret, is_paper ? basic_key : file_key, KEY_BYTES);
    return grant;
}

Desk *
desk_new(bool is_sealing, uint64_t file_bytes)
{
    static const Place PLACE = {.self = 1, .key_service = DESK_KEY_SERVICE};
    static const uint8_t SEED[32] = {0};
    Desk *desk = g_new0(Desk, 1);
    origin_config_init(&desk->config, is_sealing);
    desk->file_bytes = file_bytes;
    desk->version = 1;
    desk->has_payload = true;
    desk->grant = desk_grant(ALG_CTR, 16384);
    solo_init(&desk->solo, is_sealing ? ROLE_DATA_CENTRE : ROLE_CDN,
              &desk->config, SEED);
    solo_start(&desk->solo, &PLACE);
    return desk;
}

void
desk_free(Desk *desk)
{
    solo_clear(&desk->solo);
    g_free(desk);
}

void
desk_answer_read(Desk *desk, const Effect *effect)
{
    bool is_found =
        memcmp(&effect->read.file, &DESK_FILE, sizeof DESK_FILE) == 0;
    uint64_t start = MIN(effect->read.offset_bytes, desk->file_bytes);
    uint64_t size = MIN(effect->read.size_bytes, desk->file_bytes - start);
    Event event = {
        .kind = EVENT_READ,
        .stream = STREAM_NONE,
        .read = {.tag = effect->read.tag,
                 .is_found = is_found,
                 .file_bytes = desk->file_bytes,
                 .extent = {.offset_bytes = start,
                            .size_bytes = size,
                            .version = desk->version}},
    };
    Chunk *chunk = NULL;
    if (desk->has_payload && size > 0) {
        chunk = chunk_new((uint32_t)size);
        for (uint64_t i = 0; i < size; i++)
            chunk->bytes[i] = desk_byte_at(start + i);
        event.read.extent.chunk = chunk;
    }
    solo_take(&desk->solo, event);
    if (chunk)
        chunk_unref(chunk);
}

Sent *
sent_new(void)
{
    Sent *sent = g_new0(Sent, 1);
    sent->heads = g_byte_array_new();
    sent->body = g_byte_array_new();
    return sent;
}

void
sent_free(Sent *sent)
{
    g_byte_array_unref(sent->heads);
    g_byte_array_unref(sent->body);
    g_free(sent);
}

static void
note_turn(const Desk *desk, StreamId stream, Sent *sent)
{
    GByteArray *bytes = solo_written(&desk->solo, stream);
    g_byte_array_append(sent->heads, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
    const Effect *effect;
    for (uint32_t n = 0;
         (effect = solo_effect(&desk->solo, EFFECT_WRITE_BODY, n)); n++) {
        const Extent *extent = &effect->extent;
        g_assert_cmpuint(effect->stream, ==, stream);
        sent->body_bytes += extent->size_bytes;
        if (extent->chunk)
            g_byte_array_append(sent->body, extent->chunk->bytes,
                                (guint)extent->size_bytes);
    }
    sent->block_bytes_max =
        MAX(sent->block_bytes_max, solo_body_bytes(&desk->solo, stream));
    for (uint32_t n = 0; (effect = solo_effect(&desk->solo, EFFECT_WORK, n));
         n++)
        sent->sealed_slices += effect->work.units;
    sent->is_closed |= solo_is_closed(&desk->solo, stream);
}

void
desk_play(Desk *desk, StreamId stream, Sent *sent)
{
    for (;;) {
        note_turn(desk, stream, sent);
        const Effect *read = solo_effect(&desk->solo, EFFECT_READ, 0);
        bool is_full =
            solo_body_bytes(&desk->solo, stream) > STREAM_LOW_WATER_BYTES;
        if (read) {
            Effect copy = *read;
            sent->read_bytes += copy.read.size_bytes;
            desk_answer_read(desk, &copy);
        } else if (is_full && !sent->is_closed) {
            solo_take(&desk->solo,
                      (Event){.kind = EVENT_DRAINED, .stream = stream});
        } else {
            return;
        }
    }
}

void
desk_answer_key(Desk *desk, uint16_t status)
{
    const Effect *connect = solo_effect(&desk->solo, EFFECT_CONNECT, 0);
    g_assert_nonnull(connect);
    g_assert_cmpuint(connect->connect.peer, ==, DESK_KEY_SERVICE);
    StreamId stream = connect->stream;
    solo_take(&desk->solo, (Event){.kind = EVENT_CONNECTED, .stream = stream});
    GByteArray *request = solo_written(&desk->solo, stream);
    g_assert_nonnull(g_strstr_len((const char *)request->data,
                                  (gssize)request->len, "POST /v1/key "));
    g_byte_array_unref(request);
    uint8_t body[WIRE_BYTES_MAX];
    char head_bytes[HTTP_WRITE_BYTES_MAX];
    HttpHead head = {.status = status};
    if (status == 200)
        head.body_bytes = wire_write_key_grant(&desk->grant, body);
    GByteArray *answer = g_byte_array_new();
    g_byte_array_append(answer, (const guint8 *)head_bytes,
                        http_write_response(&head, head_bytes));
    g_byte_array_append(answer, body, (guint)head.body_bytes);
    solo_receive(&desk->solo, stream, answer->data, answer->len);
    g_byte_array_unref(answer);
}

char *
desk_get_text(uint64_t offset_bytes, uint64_t size_bytes)
{
    char path[WIRE_FILE_PATH_BYTES_MAX];
    char bytes[HTTP_WRITE_BYTES_MAX];
    HttpHead head = {
        .method = HTTP_GET,
        .target = path,
        .target_bytes = wire_write_file_path(&DESK_FILE, 1, path),
        .has_range = size_bytes > 0,
        .range = {.offset_bytes = offset_bytes, .size_bytes = size_bytes},
    };
    return g_strndup(bytes, http_write_request(&head, bytes));
}

HttpHead
sent_head(const Sent *sent)
{
    HttpHead head;
    uint32_t head_bytes;
    g_assert_cmpint(
        http_scan(sent->heads->data, sent->heads->len, 0, &head_bytes), ==,
        HTTP_SCAN_END);
    g_assert_cmpuint(http_parse_response(sent->heads->data, head_bytes, &head),
                     ==, 0);
    return head;
}

Sent *
desk_ask(Desk *desk, StreamId stream, const char *text)
{
    Sent *sent = sent_new();
    if (stream == STREAM_NONE)
        stream = solo_accept(&desk->solo, DESK_EDGE);
    solo_receive_text(&desk->solo, stream, text);
    if (solo_effect(&desk->solo, EFFECT_CONNECT, 0))
        desk_answer_key(desk, 200);
    desk_play(desk, stream, sent);
    return sent;
}

Sent *
desk_fetch(Desk *desk, StreamId stream, uint64_t offset_bytes,
           uint64_t size_bytes)
{
    g_autofree char *text = desk_get_text(offset_bytes, size_bytes);
    return desk_ask(desk, stream, text);
}
