/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/key_cache.c: the keys that a data centre holds for a short while.
 *
 * An entry is in one list at a time: wanted, asked (in the order of the
 * requests on the stream, so that answers find them), held or refused (in
 * the order in which they are forgotten).
 */
#include "core/key_cache.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "core/wire.h"

/* How long a refusal answers for the key service. */
#define REFUSED_NS NS_PER_S
/* A keep-alive stream may end just when it is used: ask once more. */
#define ASK_COUNT_MAX 2

typedef struct Entry {
    struct Entry *next;
    FileVersion wanted;
    int64_t time_ns; /* asked: since when; held, refused: until when */
    SlicePlan plan;
    uint64_t not_after_ms;
    KeyAnswer answer;
    uint16_t status;
    uint8_t ask_count;
} Entry;

typedef struct EntryList {
    Entry *first;
    Entry *last;
} EntryList;

struct KeyCache {
    KeyCacheConfig config;
    GHashTable *entries; /* FileVersion to Entry: looked up, not iterated */
    EntryList wanted;
    EntryList asked;
    EntryList held;
    EntryList refused;
    HttpReader reader;
    StreamId stream;
    bool is_connected;
    bool is_last; /* the answer being read says Connection: close */
    uint16_t status;
    int64_t connect_ns;
    int64_t now_ns;
};

CODER_KNOWS(KeyCache, {0}, 0, {0}, {0}, {0}, {0}, {0}, 0, 0, 0, 0, 0, 0);
CODER_KNOWS(KeyCacheConfig, 0, 0, 0, 0);
CODER_KNOWS(Entry, 0, {{{0}}, 0}, 0, {0}, 0, 0, 0, 0);

static guint
hash_version(gconstpointer wanted)
{
    const FileVersion *key = wanted;
    guint hash;
    memcpy(&hash, key->file.bytes, sizeof hash);
    return hash ^ (guint)key->version;
}

static gboolean
is_same_version(gconstpointer one, gconstpointer two)
{
    return memcmp(one, two, sizeof(FileVersion)) == 0;
}

static void
list_push(EntryList *list, Entry *entry)
{
    entry->next = NULL;
    if (list->last)
        list->last->next = entry;
    else
        list->first = entry;
    list->last = entry;
}

static Entry *
list_pop(EntryList *list)
{
    Entry *entry = list->first;
    assert(entry);
    list->first = entry->next;
    if (!list->first)
        list->last = NULL;
    return entry;
}

KeyCache *
key_cache_new(const KeyCacheConfig *config)
{
    KeyCache *cache = g_new0(KeyCache, 1);
    cache->config = *config;
    cache->entries = g_hash_table_new(hash_version, is_same_version);
    cache->stream = STREAM_NONE;
    http_reader_init(&cache->reader, HTTP_RESPONSES);
    return cache;
}

static void
entry_free(Entry *entry)
{
    seal_wipe(entry, sizeof *entry);
    g_free(entry);
}

static void
list_clear(EntryList *list)
{
    while (list->first)
        entry_free(list_pop(list));
}

void
key_cache_free(KeyCache *cache)
{
    if (!cache)
        return;
    g_hash_table_destroy(cache->entries);
    list_clear(&cache->wanted);
    list_clear(&cache->asked);
    list_clear(&cache->held);
    list_clear(&cache->refused);
    http_reader_clear(&cache->reader);
    g_free(cache);
}

static void
forget_old(KeyCache *cache, EntryList *list)
{
    while (list->first && list->first->time_ns <= cache->now_ns) {
        Entry *entry = list_pop(list);
        g_hash_table_remove(cache->entries, &entry->wanted);
        entry_free(entry);
    }
}

KeyAnswer
key_cache_find(KeyCache *cache, const FileVersion *wanted, SlicePlan *ret_plan,
               uint16_t *ret_status)
{
    Entry *entry = g_hash_table_lookup(cache->entries, wanted);
    if (!entry) {
        entry = g_new0(Entry, 1);
        entry->wanted = *wanted;
        entry->answer = KEY_ANSWER_WAIT;
        g_hash_table_insert(cache->entries, &entry->wanted, entry);
        list_push(&cache->wanted, entry);
    }
    bool is_plan = entry->answer == KEY_ANSWER_PLAN;
    if (is_plan &&
        (uint64_t)(cache->now_ns / NS_PER_MS) > entry->not_after_ms) {
        *ret_status = 410;
        return KEY_ANSWER_REFUSED;
    }
    if (is_plan)
        *ret_plan = entry->plan;
    if (entry->answer == KEY_ANSWER_REFUSED)
        *ret_status = entry->status;
    return entry->answer;
}

static void
refuse(KeyCache *cache, Entry *entry, uint16_t status)
{
    bool is_told = status == 404 || status == 410;
    entry->answer = KEY_ANSWER_REFUSED;
    entry->status = is_told ? status : 503;
    entry->time_ns = cache->now_ns + REFUSED_NS;
    list_push(&cache->refused, entry);
}

/* Is this what was asked for, and something a slice can be sealed with? */
static bool
is_usable(KeyCache *cache, const Entry *entry, const KeyGrant *grant)
{
    uint8_t file_key[KEY_BYTES], commit[KEY_BYTES];
    bool is_paper = alg_is_paper(grant->alg);
    if (grant->version != entry->wanted.version || !alg_is_known(grant->alg) ||
        grant->alg == ALG_GCM ||
        is_paper != (grant->secret_kind == SECRET_BASIC_KEY))
        return false;
    if (grant->not_after_ms <= (uint64_t)(cache->now_ns / NS_PER_MS))
        return false;
    memcpy(file_key, grant->secret, KEY_BYTES);
    if (is_paper)
        seal_file_key(cache->config.sealer, grant->secret, &entry->wanted.file,
                      grant->version, file_key);
    seal_commit(cache->config.sealer, file_key, commit);
    seal_wipe(file_key, sizeof file_key);
    return memcmp(commit, grant->commit, sizeof commit) == 0;
}

static void
take_grant(KeyCache *cache, Entry *entry, const HttpPiece *piece)
{
    KeyGrant grant;
    if (!wire_parse_key_grant(piece->bytes, piece->size_bytes, &grant) ||
        !is_usable(cache, entry, &grant)) {
        refuse(cache, entry, 502);
        return;
    }
    entry->answer = KEY_ANSWER_PLAN;
    entry->not_after_ms = grant.not_after_ms;
    entry->plan.alg = grant.alg;
    entry->plan.slice_bytes = grant.slice_bytes;
    memcpy(entry->plan.secret, grant.secret, KEY_BYTES);
    entry->time_ns = cache->now_ns + cache->config.ttl_ns;
    list_push(&cache->held, entry);
    seal_wipe(&grant, sizeof grant);
}

/* The stream is gone. What was asked is wanted again, if it may be. */
static void
forget_stream(KeyCache *cache)
{
    bool was_connected = cache->is_connected;
    cache->stream = STREAM_NONE;
    cache->is_connected = false;
    http_reader_clear(&cache->reader);
    http_reader_init(&cache->reader, HTTP_RESPONSES);
    EntryList asked = cache->asked;
    EntryList wanted = cache->wanted;
    cache->asked = (EntryList){NULL, NULL};
    cache->wanted = (EntryList){NULL, NULL};
    while (asked.first) {
        Entry *entry = list_pop(&asked);
        if (entry->ask_count < ASK_COUNT_MAX)
            list_push(&cache->wanted, entry);
        else
            refuse(cache, entry, 503);
    }
    while (wanted.first) {
        Entry *entry = list_pop(&wanted);
        if (was_connected)
            list_push(&cache->wanted, entry);
        else
            refuse(cache, entry, 503);
    }
}

static void
give_up_stream(KeyCache *cache, Turn *turn, CloseReason reason)
{
    turn_close(turn, cache->stream, reason);
    forget_stream(cache);
}

/* One step of reading answers; false when the input is used up. */
static bool
read_answer(KeyCache *cache, HttpInput *input, Turn *turn)
{
    HttpPiece piece;
    switch (http_reader_next(&cache->reader, input, &piece)) {
    case HTTP_MORE:
        return false;
    case HTTP_HEAD:
        cache->status = piece.head.status;
        cache->is_last = piece.head.is_last;
        if (cache->asked.first && http_reader_collect(&cache->reader))
            return true;
        break;
    case HTTP_BODY:
        if (cache->status == 200 && cache->asked.first) {
            take_grant(cache, list_pop(&cache->asked), &piece);
            cache->status = 0; /* answered */
        }
        return true;
    case HTTP_END:
        if (cache->status != 0)
            refuse(cache, list_pop(&cache->asked), cache->status);
        if (cache->is_last)
            give_up_stream(cache, turn, CLOSE_DONE);
        return !cache->is_last;
    case HTTP_BAD:
        break;
    }
    turn_note(turn, NOTE_MESSAGE_BAD, cache->config.key_service, 0);
    give_up_stream(cache, turn, CLOSE_PROTOCOL);
    return false;
}

static bool
is_overdue(const KeyCache *cache)
{
    if (cache->stream == STREAM_NONE)
        return false;
    int64_t least_ns = cache->now_ns - cache->config.timeout_ns;
    if (!cache->is_connected)
        return cache->connect_ns <= least_ns;
    return cache->asked.first && cache->asked.first->time_ns <= least_ns;
}

bool
key_cache_take(KeyCache *cache, const Event *event, Turn *turn)
{
    cache->now_ns = event->now_ns;
    forget_old(cache, &cache->held);
    forget_old(cache, &cache->refused);
    if (event->kind == EVENT_WAKE && is_overdue(cache)) {
        give_up_stream(cache, turn, CLOSE_TIMED_OUT);
        return true;
    }
    if (event->stream != cache->stream || cache->stream == STREAM_NONE)
        return false;
    if (event->kind == EVENT_CONNECTED)
        cache->is_connected = true;
    if (event->kind == EVENT_CLOSED)
        forget_stream(cache);
    if (event->kind == EVENT_RECEIVED) {
        HttpInput input = http_input(event);
        while (read_answer(cache, &input, turn))
            continue;
    }
    return true;
}

static void
ask_one(KeyCache *cache, Entry *entry, Turn *turn)
{
    uint8_t body[WIRE_BYTES_MAX];
    KeyRequest request = {
        .file = entry->wanted.file,
        .version = entry->wanted.version,
        .is_service = true,
    };
    HttpHead head = {
        .method = HTTP_POST,
        .target = WIRE_PATH_KEY,
        .target_bytes = sizeof WIRE_PATH_KEY - 1,
        .body_bytes = wire_write_key_request(&request, body),
    };
    http_send_request(turn, cache->stream, &head, body);
    entry->time_ns = cache->now_ns;
    entry->ask_count++;
    list_push(&cache->asked, entry);
}

void
key_cache_ask(KeyCache *cache, Turn *turn)
{
    if (cache->wanted.first && cache->stream == STREAM_NONE) {
        cache->stream =
            turn_connect(turn, cache->config.key_service, TRANSPORT_TCP);
        cache->connect_ns = cache->now_ns;
    }
    while (cache->wanted.first && cache->is_connected)
        ask_one(cache, list_pop(&cache->wanted), turn);
    if (cache->held.first)
        turn_wake(turn, cache->held.first->time_ns);
    if (cache->refused.first)
        turn_wake(turn, cache->refused.first->time_ns);
    if (cache->asked.first)
        turn_wake(turn, cache->asked.first->time_ns + cache->config.timeout_ns);
    if (cache->stream != STREAM_NONE && !cache->is_connected)
        turn_wake(turn, cache->connect_ns + cache->config.timeout_ns);
}

static void
code_entry(Entry *entry, Coder *coder)
{
    coder_i64(coder, &entry->time_ns);
    slice_plan_code(&entry->plan, coder);
    coder_u64(coder, &entry->not_after_ms);
    entry->answer =
        (KeyAnswer)coder_choice(coder, entry->answer, KEY_ANSWER_REFUSED + 1);
    coder_u16(coder, &entry->status);
    coder_u8(coder, &entry->ask_count);
}

/* The next entry of what is read, or NULL. */
static Entry *
read_key(KeyCache *cache, const FileVersion *wanted, Coder *coder)
{
    coder->is_bad |= g_hash_table_contains(cache->entries, wanted);
    if (coder->is_bad)
        return NULL;
    Entry *entry = g_new0(Entry, 1);
    entry->wanted = *wanted;
    g_hash_table_insert(cache->entries, &entry->wanted, entry);
    return entry;
}

static void
code_list(KeyCache *cache, EntryList *list, Coder *coder)
{
    uint32_t count = 0;
    for (const Entry *entry = list->first; entry; entry = entry->next)
        count++;
    coder_u32(coder, &count);
    Entry *entry = list->first;
    for (uint32_t i = 0; i < count; i++) {
        FileVersion wanted = {.version = 0};
        if (entry)
            wanted = entry->wanted;
        coder_bytes(coder, wanted.file.bytes, sizeof wanted.file.bytes);
        coder_u64(coder, &wanted.version);
        if (coder->is_reading) {
            entry = read_key(cache, &wanted, coder);
            if (!entry)
                return;
            list_push(list, entry);
        }
        code_entry(entry, coder);
        entry = entry->next;
    }
}

void
key_cache_code(KeyCache *cache, Coder *coder)
{
    coder_u32(coder, &cache->config.key_service);
    coder_u32(coder, &cache->stream);
    coder_flag(coder, &cache->is_connected);
    coder_flag(coder, &cache->is_last);
    coder_u16(coder, &cache->status);
    coder_i64(coder, &cache->connect_ns);
    coder_i64(coder, &cache->now_ns);
    http_reader_code(&cache->reader, coder);
    code_list(cache, &cache->wanted, coder);
    code_list(cache, &cache->asked, coder);
    code_list(cache, &cache->held, coder);
    code_list(cache, &cache->refused, coder);
}
