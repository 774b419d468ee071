/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download_ask.c: asks the manager for edges and the key service for the
 * file's key, each on a stream of its own that ends with the answer.
 */
#include "core/download.h"

#include <string.h>

#define ASK_AGAIN_NS (2 * NS_PER_S)
#define KEY_ASKED_COUNT_MAX 3u

void
inquiry_init(Inquiry *inquiry)
{
    memset(inquiry, 0, sizeof *inquiry);
    inquiry->stream = STREAM_NONE;
    inquiry->retry_ns = TIME_NEVER;
}

void
inquiry_clear(Inquiry *inquiry)
{
    http_reader_clear(&inquiry->reader);
    inquiry->stream = STREAM_NONE;
}

bool
inquiry_is_pending(const Inquiry *inquiry)
{
    return inquiry->stream != STREAM_NONE || inquiry->retry_ns != TIME_NEVER;
}

Inquiry *
inquiry_find(Download *download, StreamId stream)
{
    if (download->nodes.stream == stream)
        return &download->nodes;
    if (download->key.stream == stream)
        return &download->key;
    return NULL;
}

static void
begin(Inquiry *inquiry, PeerId peer, int64_t now_ns, Turn *turn)
{
    inquiry->stream = turn_connect(turn, peer, TRANSPORT_TCP);
    inquiry->since_ns = now_ns;
    inquiry->retry_ns = TIME_NEVER;
    inquiry->asked_count++;
    inquiry->status = 0;
    http_reader_init(&inquiry->reader, HTTP_RESPONSES);
}

/* Whatever it was, no answer that helps has come. */
static void
fail(Client *client, Inquiry *inquiry, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    uint32_t tag = download->command.tag;
    bool may_retry;
    if (inquiry == &download->nodes) {
        turn_note(turn, NOTE_NODES_FAILED, tag, inquiry->status);
        may_retry = inquiry->asked_count <= client->config->retry_count;
    } else {
        bool is_final = inquiry->status == 404 || inquiry->status == 410;
        turn_note(turn, NOTE_KEY_REFUSED, tag, inquiry->status);
        may_retry = !is_final && inquiry->asked_count < KEY_ASKED_COUNT_MAX;
    }
    inquiry_clear(inquiry);
    if (may_retry)
        inquiry->retry_ns = now_ns + ASK_AGAIN_NS * inquiry->asked_count;
}

void
inquiry_lose(Client *client, Inquiry *inquiry, int64_t now_ns, Turn *turn)
{
    fail(client, inquiry, now_ns, turn);
}

static uint32_t
write_node_request(const Client *client, uint8_t bytes[WIRE_BYTES_MAX])
{
    const Download *download = client->download;
    NodeRequest request = {
        .client = client->place.self,
        .region = client->place.region,
        .isp = client->place.isp,
        .wanted_count = (uint16_t)client->config->node_count,
    };
    /* The latest, if it has been told of more than fit. */
    uint32_t count = MIN(download->candidate_count, WIRE_NODE_COUNT_MAX);
    uint32_t first = download->candidate_count - count;
    request.exclude_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++)
        request.exclude[i] = download->candidates[first + i].peer;
    return wire_write_node_request(&request, bytes);
}

void
inquiry_connected(Client *client, Inquiry *inquiry, Turn *turn)
{
    const Download *download = client->download;
    bool is_nodes = inquiry == &download->nodes;
    const char *path = is_nodes ? WIRE_PATH_NODES : WIRE_PATH_KEY;
    uint8_t bytes[WIRE_BYTES_MAX];
    HttpHead head = {
        .method = HTTP_POST,
        .target = path,
        .target_bytes = (uint32_t)strlen(path),
        .is_last = true,
    };
    if (is_nodes) {
        head.body_bytes = write_node_request(client, bytes);
    } else {
        KeyRequest request = {
            .file = download->command.file,
            .version = download->command.version,
        };
        head.body_bytes = wire_write_key_request(&request, bytes);
    }
    http_send_request(turn, inquiry->stream, &head, bytes);
}

static bool
take_nodes(Client *client, const HttpPiece *body, int64_t now_ns, Turn *turn)
{
    NodeList list;
    if (!wire_parse_node_list(body->bytes, body->size_bytes, &list))
        return false;
    turn_note(turn, NOTE_NODES_LISTED, client->download->command.tag,
              list.node_count);
    edges_take_list(client, &list, now_ns);
    return true;
}

/* Is the secret the one that was meant? The commitment tells. */
static bool
is_committed(Client *client, const KeyGrant *grant)
{
    const Command *command = &client->download->command;
    uint8_t file_key[KEY_BYTES];
    uint8_t commit[KEY_BYTES];
    memcpy(file_key, grant->secret, sizeof file_key);
    if (grant->secret_kind == SECRET_BASIC_KEY)
        seal_file_key(client->sealer, grant->secret, &command->file,
                      grant->version, file_key);
    seal_commit(client->sealer, file_key, commit);
    seal_wipe(file_key, sizeof file_key);
    return memcmp(commit, grant->commit, sizeof commit) == 0;
}

static bool
take_grant(Client *client, const HttpPiece *body, Turn *turn)
{
    Download *download = client->download;
    KeyGrant grant;
    if (!wire_parse_key_grant(body->bytes, body->size_bytes, &grant))
        return false;
    Command *command = &download->command;
    bool is_wanted = command->version == 0 || grant.version == command->version;
    if (!is_wanted || grant.file_bytes != command->file_bytes)
        return false;
    command->version = grant.version;
    download->plan.alg = grant.alg;
    download->plan.slice_bytes = grant.slice_bytes;
    memcpy(download->plan.secret, grant.secret, sizeof grant.secret);
    if (grant.alg != ALG_PLAIN) {
        if (!client->sealer)
            client->sealer = sealer_new();
        bool is_good = is_committed(client, &grant) &&
                       sealer_use(client->sealer, &download->plan);
        seal_wipe(grant.secret, sizeof grant.secret);
        if (!is_good)
            return false;
    }
    download->has_key = true;
    turn_note(turn, NOTE_KEY_GRANTED, download->command.tag, grant.alg);
    return true;
}

void
inquiry_receive(Client *client, Inquiry *inquiry, const Event *event,
                Turn *turn)
{
    HttpInput input = http_input(event);
    HttpPiece piece;
    bool is_nodes = inquiry == &client->download->nodes;
    for (;;) {
        HttpStep step = http_reader_next(&inquiry->reader, &input, &piece);
        bool is_good = step == HTTP_HEAD || step == HTTP_BODY;
        if (step == HTTP_MORE)
            return;
        if (step == HTTP_HEAD) {
            inquiry->status = piece.head.status;
            is_good = inquiry->status == 200 && piece.head.body_bytes > 0 &&
                      http_reader_collect(&inquiry->reader);
        }
        bool is_done = false;
        if (step == HTTP_BODY && piece.bytes) {
            is_done = is_nodes ? take_nodes(client, &piece, event->now_ns, turn)
                               : take_grant(client, &piece, turn);
            is_good = is_done;
        }
        if (is_good && !is_done)
            continue;
        turn_close(turn, inquiry->stream, CLOSE_DONE);
        if (is_done)
            inquiry_clear(inquiry);
        else
            fail(client, inquiry, event->now_ns, turn);
        return;
    }
}

static void
look_at_one(Client *client, Inquiry *inquiry, PeerId peer, int64_t now_ns,
            Turn *turn)
{
    int64_t deadline_ns = inquiry->since_ns + client->config->stall_ns;
    if (inquiry->stream != STREAM_NONE && deadline_ns <= now_ns) {
        turn_close(turn, inquiry->stream, CLOSE_TIMED_OUT);
        fail(client, inquiry, now_ns, turn);
    }
    if (inquiry->retry_ns <= now_ns)
        begin(inquiry, peer, now_ns, turn);
    turn_wake(turn, inquiry->retry_ns);
    if (inquiry->stream != STREAM_NONE)
        turn_wake(turn, inquiry->since_ns + client->config->stall_ns);
}

void
inquiries_look_at_time(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    look_at_one(client, &download->nodes, client->place.manager, now_ns, turn);
    look_at_one(client, &download->key, client->place.key_service, now_ns,
                turn);
}
