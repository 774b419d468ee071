/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/keyring.c: the key service role.
 *
 * Everything slow is a pass over the table, batch_count rows a wake: it
 * expires, deletes what is idle, wraps anew what an old master key wraps,
 * and stores again what failed to be stored. A pass that leaves no row in
 * need of an old master key ends that key. Restoring stores nothing itself:
 * what it finds to be done is for the pass that the master keys began.
 */
#include "core/keyring.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/key_vault.h"
#include "core/session.h"
#include "core/wire.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_S)
#define PASS_RETRY_NS (10 * NS_PER_S) /* when rows were still being stored */

/* Why a key was deleted, as NOTE_KEY_DELETED tells it. */
enum { DELETED_EXPIRED = 1, DELETED_IDLE = 2 };

struct Keyring {
    const KeyringConfig *config;
    KeyVault *vault;
    KeyTable *table;
    Sessions sessions;
    int64_t sweep_ns; /* when the next regular pass begins */
    int64_t pass_ns;  /* the next batch; TIME_NEVER between passes */
    uint32_t pass_index;
    bool is_old_needed; /* in this pass: a row needs an old master key, */
    bool is_storing;    /* or is being stored */
    bool is_draining;
};

CODER_KNOWS(Keyring, 0, 0, 0, {0}, 0, 0, 0, 0, 0, 0);

void
keyring_config_init(KeyringConfig *config)
{
    *config = (KeyringConfig){
        .alg = ALG_CTR,
        .wrap_alg = WRAP_GCM,
        .slice_bytes = SLICE_BYTES_MAX,
        .lifetime_ns = 30 * NS_PER_DAY,
        .idle_ns = 90 * NS_PER_DAY,
        .sweep_interval_ns = NS_PER_DAY,
        .batch_interval_ns = 10 * NS_PER_MS,
        .batch_count = 256,
        .stream_idle_ns = 120 * NS_PER_S,
    };
}

bool
keyring_config_is_valid(const KeyringConfig *config)
{
    /* Nothing carries tags from the data centre to a client yet. */
    return alg_is_known(config->alg) && config->alg != ALG_GCM &&
           (config->wrap_alg == WRAP_KW || config->wrap_alg == WRAP_GCM) &&
           slice_bytes_is_valid(config->slice_bytes) &&
           config->lifetime_ns > 0 && config->idle_ns > 0 &&
           config->sweep_interval_ns > 0 && config->batch_interval_ns > 0 &&
           config->batch_count > 0 && config->stream_idle_ns > 1;
}

Keyring *
keyring_new(const KeyringConfig *config, const uint8_t seed[32])
{
    assert(keyring_config_is_valid(config));
    Keyring *keyring = g_new0(Keyring, 1);
    keyring->config = config;
    keyring->vault = key_vault_new(config->wrap_alg, seed);
    if (!config->is_master_told)
        key_vault_draw_master(keyring->vault);
    keyring->table = key_table_new();
    sessions_init(&keyring->sessions, config->stream_idle_ns);
    keyring->sweep_ns = TIME_NEVER;
    keyring->pass_ns = TIME_NEVER;
    return keyring;
}

void
keyring_free(Keyring *keyring)
{
    if (!keyring)
        return;
    sessions_clear(&keyring->sessions);
    key_table_free(keyring->table);
    key_vault_free(keyring->vault);
    g_free(keyring);
}

static uint64_t
ms_of(int64_t time_ns)
{
    return (uint64_t)(time_ns / NS_PER_MS);
}

static uint32_t
day_of(int64_t time_ns)
{
    return (uint32_t)(time_ns / NS_PER_DAY);
}

static void
add_file(Keyring *keyring, const Event *event, Turn *turn)
{
    const Command *command = event->command;
    const KeyRow *newest = key_table_newest(keyring->table, &command->file);
    /* Published again: a catalogue is read at every start. */
    if (newest && newest->version == command->version &&
        newest->file_bytes == command->file_bytes)
        return;
    if (command->version <= (newest ? newest->version : 0)) {
        turn_note(turn, NOTE_REQUEST_REFUSED, PEER_NONE, 409);
        return;
    }
    if (key_vault_active_id(keyring->vault) == 0) {
        turn_note(turn, NOTE_REQUEST_REFUSED, PEER_NONE, 503);
        return;
    }
    KeyRecord record = {
        .alg = keyring->config->alg,
        .slice_bytes = keyring->config->slice_bytes,
        .file = command->file,
        .version = command->version,
        .created_ms = ms_of(event->now_ns),
        .not_after_ms = ms_of(event->now_ns + keyring->config->lifetime_ns),
    };
    KeyRow *row =
        key_table_add(keyring->table, &command->file, command->version);
    row->file_bytes = command->file_bytes;
    row->not_after_ms = record.not_after_ms;
    row->last_used_day = day_of(event->now_ns);
    key_vault_create(keyring->vault, row, &record);
    key_row_store(row, turn);
    turn_work(turn, WORK_KEY, 1, 0);
}

/* The key is gone; the row stays, so that its version never comes again. */
static void
bury(KeyRow *row, KeyState state, Turn *turn)
{
    key_row_replace(row, NULL, 0, 0);
    row->state = state;
    key_row_store(row, turn);
    turn_note(turn, NOTE_KEY_DELETED, PEER_NONE,
              state == KEY_EXPIRED ? DELETED_EXPIRED : DELETED_IDLE);
}

/* Of the durable keys of a file the newest is active: retire the next one
 * that is so too, and return it. */
static KeyRow *
retire_one(Keyring *keyring, const FileId *file)
{
    bool is_newest = true;
    KeyRow *row = key_table_newest(keyring->table, file);
    for (; row; row = row->older) {
        if (row->state == KEY_ACTIVE && !is_newest) {
            row->state = KEY_RETIRED;
            return row;
        }
        /* A closed one was active, for all we know. */
        is_newest &= row->state != KEY_ACTIVE && row->state != KEY_CLOSED;
    }
    return NULL;
}

static void
activate(Keyring *keyring, KeyRow *row, Turn *turn)
{
    KeyRow *retired;
    row->state = KEY_ACTIVE;
    while ((retired = retire_one(keyring, &row->file)))
        key_row_store(retired, turn);
    turn_note(turn, NOTE_KEY_CREATED, PEER_NONE, row->version);
}

static void
take_stored(Keyring *keyring, const Event *event, Turn *turn)
{
    KeyRow *row = key_table_at(keyring->table, event->stored.tag);
    bool is_durable = key_row_stored(row, event->stored.is_durable);
    if (row->state != KEY_PENDING || row->storing_count > 0)
        return;
    if (!is_durable) {
        key_row_replace(row, NULL, 0, 0);
        row->state = KEY_DELETED;
        turn_note(turn, NOTE_REQUEST_REFUSED, PEER_NONE, 503);
        return;
    }
    activate(keyring, row, turn);
}

static void
begin_pass(Keyring *keyring, int64_t at_ns)
{
    keyring->pass_ns = at_ns;
    keyring->pass_index = 0;
    keyring->is_old_needed = false;
    keyring->is_storing = false;
}

static void
rotate(Keyring *keyring, const Event *event, Turn *turn)
{
    const Command *command = event->command;
    uint64_t id = command->value;
    if (id == 0)
        id = (uint64_t)key_vault_active_id(keyring->vault) + 1;
    if (id > UINT32_MAX ||
        !key_vault_add_master(keyring->vault, (uint32_t)id, command->secret)) {
        turn_note(turn, NOTE_REQUEST_REFUSED, PEER_NONE, 409);
        return;
    }
    begin_pass(keyring, event->now_ns + keyring->config->batch_interval_ns);
}

static void
restore(Keyring *keyring, const Event *event, Turn *turn)
{
    KeyRow *row = key_table_restore(keyring->table, event->record);
    if (row && row->record) {
        turn_work(turn, WORK_KEY, 1, 0);
        if (!key_vault_can_open(keyring->vault, row))
            row->state = KEY_CLOSED;
    }
    if (!row || row->state == KEY_CLOSED)
        turn_note(turn, NOTE_RECORD_BAD, PEER_NONE, row ? row->master_id : 0);
    KeyRow *retired = row ? retire_one(keyring, &row->file) : NULL;
    if (retired)
        retired->is_dirty = true;
}

static void
rewrap(Keyring *keyring, KeyRow *row, Turn *turn)
{
    key_vault_rewrap(keyring->vault, row);
    key_row_store(row, turn);
    turn_work(turn, WORK_KEY, 1, 0);
    turn_note(turn, NOTE_KEY_REWRAPPED, PEER_NONE, row->master_id);
}

static void
tend_row(Keyring *keyring, KeyRow *row, const Event *event, Turn *turn)
{
    if (row->storing_count == 0) {
        int64_t unused_days =
            (int64_t)day_of(event->now_ns) - row->last_used_day;
        bool is_idle = unused_days > keyring->config->idle_ns / NS_PER_DAY;
        if (row->record && ms_of(event->now_ns) > row->not_after_ms)
            bury(row, KEY_EXPIRED, turn);
        else if (row->record && is_idle)
            bury(row, KEY_DELETED, turn);
        else if (row->record && row->state != KEY_CLOSED &&
                 row->master_id != key_vault_active_id(keyring->vault))
            rewrap(keyring, row, turn);
        else if (row->is_dirty)
            key_row_store(row, turn);
    }
    keyring->is_storing |= row->storing_count > 0;
    keyring->is_old_needed |= key_vault_is_old_needed(keyring->vault, row);
}

static void
run_batch(Keyring *keyring, const Event *event, Turn *turn)
{
    uint32_t count = key_table_count(keyring->table);
    uint32_t end =
        MIN(count, keyring->pass_index + keyring->config->batch_count);
    for (; keyring->pass_index < end; keyring->pass_index++)
        tend_row(keyring, key_table_at(keyring->table, keyring->pass_index),
                 event, turn);
    if (keyring->pass_index < count) {
        keyring->pass_ns = event->now_ns + keyring->config->batch_interval_ns;
        return;
    }
    keyring->pass_ns = TIME_NEVER;
    if (!key_vault_has_old(keyring->vault))
        return;
    if (keyring->is_storing) {
        begin_pass(keyring, event->now_ns + PASS_RETRY_NS);
    } else if (!keyring->is_old_needed) {
        key_vault_end_old(keyring->vault);
        turn_note(turn, NOTE_MASTERS_ENDED, PEER_NONE,
                  key_vault_active_id(keyring->vault));
    }
}

/* The row that a request means, or NULL. */
static KeyRow *
find_row(Keyring *keyring, const KeyRequest *request)
{
    KeyRow *row = key_table_newest(keyring->table, &request->file);
    if (request->version == 0)
        while (row && row->state == KEY_PENDING && row->older)
            row = row->older;
    else
        while (row && row->version != request->version)
            row = row->older;
    return row;
}

static bool
is_service(const Keyring *keyring, PeerId peer)
{
    for (uint32_t i = 0; i < keyring->config->service_count; i++)
        if (keyring->config->services[i] == peer)
            return true;
    return false;
}

static void
fill_grant(Keyring *keyring, const KeyRow *row, KeyGrant *grant)
{
    KeyRecord record;
    uint8_t basic_key[KEY_BYTES], file_key[KEY_BYTES];
    Sealer *sealer = key_vault_sealer(keyring->vault);
    key_vault_open(keyring->vault, row, &record, basic_key);
    seal_file_key(sealer, basic_key, &row->file, row->version, file_key);
    *grant = (KeyGrant){
        .alg = record.alg,
        .secret_kind = SECRET_FILE_KEY,
        .slice_bytes = record.slice_bytes,
        .version = row->version,
        .not_after_ms = row->not_after_ms,
        .file_bytes = row->file_bytes,
    };
    memcpy(grant->key_id, record.key_id, sizeof grant->key_id);
    seal_commit(sealer, file_key, grant->commit);
    memcpy(grant->secret, file_key, KEY_BYTES);
    if (alg_is_paper(record.alg)) {
        grant->secret_kind = SECRET_BASIC_KEY;
        memcpy(grant->secret, basic_key, KEY_BYTES);
    }
    seal_wipe(basic_key, sizeof basic_key);
    seal_wipe(file_key, sizeof file_key);
}

/* Grant a key, or return the status to refuse the request with. */
static uint16_t
grant_key(Keyring *keyring, const KeyRequest *request, PeerId peer,
          const Event *event, Turn *turn, KeyGrant *ret_grant)
{
    if (request->is_service && !is_service(keyring, peer))
        return 403;
    KeyRow *row = find_row(keyring, request);
    if (!row)
        return 404;
    if (row->state == KEY_PENDING || row->state == KEY_CLOSED)
        return 503;
    if (row->record && ms_of(event->now_ns) > row->not_after_ms)
        bury(row, KEY_EXPIRED, turn);
    bool is_open = row->state == KEY_ACTIVE ||
                   (row->state == KEY_RETIRED && !request->is_service);
    if (!is_open)
        return 410;
    fill_grant(keyring, row, ret_grant);
    turn_work(turn, WORK_KEY, 1, 0);
    if (row->last_used_day != day_of(event->now_ns)) {
        row->last_used_day = day_of(event->now_ns);
        key_row_store(row, turn);
    }
    return 0;
}

static void
refuse(Keyring *keyring, StreamId stream, uint16_t status, Turn *turn)
{
    PeerId peer = sessions_peek(&keyring->sessions, stream)->peer;
    HttpHead head = {.status = status, .method = HTTP_POST, .is_last = true};
    http_send_response(turn, stream, &head, NULL);
    turn_close(turn, stream, CLOSE_DONE);
    turn_note(turn, NOTE_REQUEST_REFUSED, peer, status);
    sessions_close(&keyring->sessions, stream);
}

static void
answer(Keyring *keyring, const HttpPiece *piece, const Event *event, Turn *turn)
{
    const Session *session = sessions_peek(&keyring->sessions, event->stream);
    uint8_t body[WIRE_BYTES_MAX];
    KeyRequest request;
    KeyGrant grant;
    HttpHead head = {.status = 400, .is_last = session->is_last};
    if (wire_parse_key_request(piece->bytes, piece->size_bytes, &request))
        head.status =
            grant_key(keyring, &request, session->peer, event, turn, &grant);
    if (head.status != 0) {
        http_send_response(turn, event->stream, &head, NULL);
        turn_note(turn, NOTE_REQUEST_REFUSED, session->peer, head.status);
        return;
    }
    head.status = 200;
    head.body_bytes = wire_write_key_grant(&grant, body);
    http_send_response(turn, event->stream, &head, body);
    turn_note(turn, NOTE_REQUEST_SERVED, session->peer, head.body_bytes);
    seal_wipe(&grant, sizeof grant);
    seal_wipe(body, sizeof body);
}

/* Returns the status to refuse the request with, or 0. */
static uint16_t
check_head(const Keyring *keyring, Session *session, const HttpHead *head)
{
    if (!http_is_path(head, WIRE_PATH_KEY))
        return 404;
    if (head->method != HTTP_POST)
        return 405;
    if (head->body_bytes == 0)
        return 400;
    session->is_last = head->is_last || keyring->is_draining;
    return http_reader_collect(&session->reader) ? 0 : 413;
}

static void
end_stream(Keyring *keyring, StreamId stream, Turn *turn)
{
    turn_close(turn, stream, CLOSE_DONE);
    sessions_close(&keyring->sessions, stream);
}

static void
receive(Keyring *keyring, const Event *event, Turn *turn)
{
    Session *session = sessions_peek(&keyring->sessions, event->stream);
    if (!session)
        return;
    session->last_ns = event->now_ns;
    HttpInput input = http_input(event);
    HttpPiece piece;
    for (;;) {
        uint16_t status = 0;
        switch (http_reader_next(&session->reader, &input, &piece)) {
        case HTTP_MORE:
            return;
        case HTTP_HEAD:
            status = check_head(keyring, session, &piece.head);
            break;
        case HTTP_BODY:
            answer(keyring, &piece, event, turn);
            break;
        case HTTP_END:
            if (!session->is_last)
                break;
            end_stream(keyring, event->stream, turn);
            return;
        case HTTP_BAD:
            status = piece.status;
            break;
        }
        if (status) {
            refuse(keyring, event->stream, status, turn);
            return;
        }
    }
}

static void
wake(Keyring *keyring, const Event *event, Turn *turn)
{
    StreamId stream = 0;
    while (sessions_next_idle(&keyring->sessions, event->now_ns, &stream)) {
        Session *session = sessions_peek(&keyring->sessions, stream);
        bool is_quiet = http_reader_is_idle(&session->reader);
        turn_close(turn, stream, is_quiet ? CLOSE_DONE : CLOSE_TIMED_OUT);
        sessions_close(&keyring->sessions, stream);
    }
    if (event->now_ns >= keyring->sweep_ns) {
        keyring->sweep_ns = event->now_ns + keyring->config->sweep_interval_ns;
        if (keyring->pass_ns == TIME_NEVER)
            begin_pass(keyring, event->now_ns);
    }
    if (event->now_ns >= keyring->pass_ns)
        run_batch(keyring, event, turn);
}

static void
take_command(Keyring *keyring, const Event *event, Turn *turn)
{
    if (event->command->kind == COMMAND_ADD_FILE)
        add_file(keyring, event, turn);
    else if (event->command->kind == COMMAND_ROTATE)
        rotate(keyring, event, turn);
    else if (event->command->kind == COMMAND_DRAIN)
        keyring->is_draining = true;
}

void
keyring_turn(Keyring *keyring, const Event *event, Turn *turn)
{
    switch (event->kind) {
    case EVENT_START:
        keyring->sweep_ns = event->now_ns + keyring->config->sweep_interval_ns;
        break;
    case EVENT_WAKE:
        wake(keyring, event, turn);
        break;
    case EVENT_COMMAND:
        take_command(keyring, event, turn);
        break;
    case EVENT_ACCEPTED:
        sessions_open(&keyring->sessions, event);
        break;
    case EVENT_RECEIVED:
        receive(keyring, event, turn);
        break;
    case EVENT_ENDED: /* all it asked is answered already */
        end_stream(keyring, event->stream, turn);
        break;
    case EVENT_CLOSED:
        if (sessions_peek(&keyring->sessions, event->stream))
            sessions_close(&keyring->sessions, event->stream);
        break;
    case EVENT_STORED:
        take_stored(keyring, event, turn);
        break;
    case EVENT_RESTORED:
        restore(keyring, event, turn);
        break;
    case EVENT_CONNECTED:
    case EVENT_FORWARDED:
    case EVENT_DRAINED:
    case EVENT_READ:
    case EVENT_STOP:
        break;
    }
    turn_wake(turn, keyring->sweep_ns);
    turn_wake(turn, keyring->pass_ns);
    turn_wake(turn, keyring->sessions.scan_ns);
}

void
keyring_code(Keyring *keyring, Coder *coder)
{
    key_vault_code(keyring->vault, coder);
    key_table_code(keyring->table, coder);
    sessions_code(&keyring->sessions, coder);
    coder_i64(coder, &keyring->sweep_ns);
    coder_i64(coder, &keyring->pass_ns);
    coder_u32(coder, &keyring->pass_index);
    coder_flag(coder, &keyring->is_old_needed);
    coder_flag(coder, &keyring->is_storing);
    coder_flag(coder, &keyring->is_draining);
}
