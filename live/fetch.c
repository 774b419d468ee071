/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch.c: one download, from its first request to its file.
 */
#include "live/fetch.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* No edge of a manager may be called so: who is accepted has such numbers. */
#define CDN_PEER (PEER_NONE - 1)
#define TICK_NS (100 * NS_PER_MS)
#define SYNC_INTERVAL_NS (10 * NS_PER_S)
/* Nothing else is done meanwhile, so it must not take long: sources that are
 * not heard look silent. */
#define SYNC_BYTES (UINT64_C(64) << 20)
/* On record at the latest when so much is not; a kill costs no more. */
#define PENDING_BYTES_MAX (UINT64_C(1) << 20)

/* --- while it runs ----------------------------------------------------- */

/* The first error is the cause of all others. */
static void
stop(Fetch *fetch, GError *error)
{
    if (fetch->error)
        g_clear_error(&error);
    else
        fetch->error = error;
    loop_stop(&fetch->loop);
}

static void
flush(Fetch *fetch)
{
    GError *error = NULL;
    if (!fetch_journal_flush(&fetch->journal, &error))
        stop(fetch, error);
}

static void
deliver(void *context, const Extent *extent)
{
    Fetch *fetch = context;
    GError *error = NULL;
    Range range = {extent->offset_bytes,
                   extent->offset_bytes + extent->size_bytes};
    if (fetch->error)
        return;
    if (!output_write(&fetch->output, extent, &error)) {
        stop(fetch, error);
        return;
    }
    fetch_journal_put(&fetch->journal, &range);
    fetch->progress.done_bytes += extent->size_bytes;
    if (fetch->journal.pending.total_bytes >= PENDING_BYTES_MAX)
        flush(fetch);
}

/* Asked for a part of one content, it gave the whole of another. */
static bool
is_other_content(const Fetch *fetch, uint64_t status)
{
    return status == 200 && fetch->name.etag[0];
}

static void
take_refusal(Fetch *fetch, const Effect *note)
{
    if (note->note.about != CDN_PEER || note->note.value == 0)
        return;
    fetch->status = (uint16_t)note->note.value;
    if (!is_other_content(fetch, note->note.value))
        return;
    fetch->has_changed = true;
    loop_stop(&fetch->loop);
}

static void
take_help(FetchHelp *help, const Effect *note)
{
    NoteKind kind = note->note.kind;
    if (kind == NOTE_NODES_LISTED || kind == NOTE_NODES_FAILED)
        help->is_manager_silent = kind == NOTE_NODES_FAILED;
    if (kind == NOTE_NODES_LISTED)
        help->listed_count += (uint32_t)note->note.value;
    help->tried_count += kind == NOTE_EDGE_TRIED;
    if (kind == NOTE_KEY_GRANTED || kind == NOTE_KEY_REFUSED)
        help->is_key_refused = kind == NOTE_KEY_REFUSED;
    if (kind == NOTE_KEY_REFUSED)
        help->key_status = (uint16_t)note->note.value;
}

static void
take_note(void *context, const Effect *note)
{
    Fetch *fetch = context;
    fetch_progress_take(&fetch->progress, note);
    take_help(&fetch->help, note);
    if (note->note.kind == NOTE_ANSWER_BAD)
        take_refusal(fetch, note);
    fetch->is_done |= note->note.kind == NOTE_DOWNLOAD_DONE;
    fetch->has_failed |= note->note.kind == NOTE_DOWNLOAD_FAILED;
    if (fetch->is_done || fetch->has_failed)
        loop_stop(&fetch->loop);
}

static void
sync_disk(Fetch *fetch)
{
    GError *error = NULL;
    if (!output_sync(&fetch->output, &error) ||
        !fetch_journal_mark_synced(&fetch->journal, &error))
        stop(fetch, error);
    fetch->synced_bytes = fetch->progress.done_bytes;
    fetch->sync_ns = loop_read_clock(&fetch->loop) + SYNC_INTERVAL_NS;
}

static void
tick(void *context)
{
    Fetch *fetch = context;
    int64_t now_ns = loop_now_ns(&fetch->loop);
    flush(fetch);
    uint64_t fresh_bytes = fetch->progress.done_bytes - fetch->synced_bytes;
    bool is_due = now_ns >= fetch->sync_ns || fresh_bytes >= SYNC_BYTES;
    if (is_due && !fetch->error)
        sync_disk(fetch);
    fetch_progress_show(&fetch->progress, now_ns);
    loop_set_timer(&fetch->loop, &fetch->tick, now_ns + TICK_NS);
}

static void
hear_signal(void *context, int number)
{
    Fetch *fetch = context;
    fetch->signal = number;
    loop_stop(&fetch->loop);
}

/* --- before ------------------------------------------------------------ */

static bool
start_loop(Fetch *fetch)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of size is an error of writing */
    return loop_init(&fetch->loop, &fetch->error) &&
           loop_hear_signals(&fetch->loop, &signals, hear_signal, fetch,
                             &fetch->error);
}

/* With https:// a certificate must have the URL's name, from a root of the
 * configuration or of the system. */
static bool
open_trust(Fetch *fetch)
{
    const LiveConfig *config = fetch->order->config;
    TlsFiles files = config->peers.cdn.tls;
    if (!trust_open(&fetch->trust, config, &fetch->error))
        return false;
    if (!fetch->order->url->is_secure && !files.ca)
        return true;
    if (!files.name)
        files.name = fetch->order->url->host;
    fetch->web = tls_context_new_caller(&files, &fetch->error);
    return fetch->web != NULL;
}

/* Where the CDN is: where the config says, or else where the URL does. */
static uint32_t
find_cdn(Fetch *fetch, Address addresses[static FETCH_ADDRESS_MAX])
{
    const LivePeer *cdn = &fetch->order->config->peers.cdn;
    if (cdn->id == PEER_NONE)
        return fetch_url_look_up(fetch->order->url, addresses, &fetch->error);
    addresses[0] = cdn->address;
    return 1;
}

/* Can it go on without the CDN? Edges must be there, and what they should
 * bring must be known. */
static bool
can_go_on(const Fetch *fetch, JournalFind found)
{
    return found == JOURNAL_FOUND && !fetch->order->is_restart &&
           fetch->order->config->peers.manager.id != PEER_NONE;
}

static void
take_answer(Fetch *fetch, ProbeAnswer *answer, FetchSubject *subject)
{
    *subject = (FetchSubject){
        .url = g_strdup(fetch->order->url->text),
        .file_bytes = answer->file_bytes,
        .version = fetch->order->url->version,
        .etag = g_steal_pointer(&answer->etag),
        .modified = g_steal_pointer(&answer->modified),
    };
}

/* Ask the CDN what the file is. False: fetch->error or ->signal says why. An
 * empty subject: it is silent, and the journal's has to do. */
static bool
ask(Fetch *fetch, JournalFind found, Address *ret_cdn, FetchSubject *subject)
{
    Address addresses[FETCH_ADDRESS_MAX];
    uint32_t count = find_cdn(fetch, addresses);
    Probe probe;
    probe_init(&probe, &fetch->loop, &fetch->name);
    probe.tls = fetch->web;
    if (count > 0) {
        probe_run(&probe, addresses, count);
        *ret_cdn = addresses[probe.address_index];
    } else {
        probe.result = PROBE_SILENT;
        probe.error = g_steal_pointer(&fetch->error);
        probe.is_over = true;
    }
    bool is_good = probe.is_over && probe.result == PROBE_GOOD;
    bool is_silent = probe.is_over && probe.result == PROBE_SILENT;
    if (is_good)
        take_answer(fetch, &probe.answer, subject);
    else if (is_silent && can_go_on(fetch, found))
        fprintf(stderr, "byway fetch: %s; going on with edges\n",
                probe.error->message);
    else
        fetch->error = g_steal_pointer(&probe.error);
    probe_clear(&probe);
    return !fetch->error && !fetch->signal;
}

static const char *
find_difference(const FetchSubject *then, const FetchSubject *now)
{
    if (strcmp(then->url, now->url) != 0)
        return "is a part of another URL's file";
    if (then->version != now->version)
        return "is a part of another version";
    if (then->file_bytes != now->file_bytes)
        return "is a part of a file of another size: it has changed";
    if (g_strcmp0(then->etag, now->etag) != 0 ||
        g_strcmp0(then->modified, now->modified) != 0)
        return "is a part of an earlier file: it has changed";
    return NULL;
}

static bool
refuse_partial(Fetch *fetch, const char *why)
{
    g_set_error(&fetch->error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
                "%s %s; --restart begins anew", fetch->output.partial_path,
                why);
    return false;
}

/* What an earlier attempt has left is of the same file, or there is none. */
static bool
settle_subject(Fetch *fetch, JournalFind found, const FetchSubject *now)
{
    FetchJournal *journal = &fetch->journal;
    const RangeSet *held = &journal->held;
    bool is_new = fetch->order->is_restart || fetch->output.held_bytes == 0;
    if (is_new && !output_empty(&fetch->output, &fetch->error))
        return false;
    if (is_new) {
        ranges_clear(&journal->held);
        return true;
    }
    if (found != JOURNAL_FOUND)
        return refuse_partial(fetch, "has no journal that says what it holds");
    if (held->count > 0 &&
        held->ranges[held->count - 1].end_bytes > fetch->output.held_bytes)
        return refuse_partial(fetch, "is shorter than its journal says");
    const char *difference =
        now->url ? find_difference(&journal->subject, now) : NULL;
    return !difference || refuse_partial(fetch, difference);
}

/* Only a strong one may vouch for parts (RFC 9110 section 13.1.5). */
static void
use_etag(Fetch *fetch)
{
    const char *etag = fetch->journal.subject.etag;
    if (!etag || *etag != '"' || strlen(etag) >= sizeof fetch->name.etag)
        return;
    g_strlcpy(fetch->name.etag, etag, sizeof fetch->name.etag);
}

/* Partial file, first request, journal, room on the disk. */
static bool
prepare(Fetch *fetch, Address *ret_cdn)
{
    g_autofree char *path =
        g_strconcat(fetch->output.partial_path, ".journal", NULL);
    FetchSubject subject = {0};
    g_autofree char *boot = fetch_journal_boot();
    JournalFind found =
        fetch_journal_init(&fetch->journal, path, boot, &fetch->error);
    bool is_good = found != JOURNAL_BAD &&
                   ask(fetch, found, ret_cdn, &subject) &&
                   settle_subject(fetch, found, &subject);
    if (is_good && subject.url) {
        fetch_subject_clear(&fetch->journal.subject);
        fetch->journal.subject = subject;
    } else {
        fetch_subject_clear(&subject);
    }
    if (!is_good)
        return false;
    use_etag(fetch);
    return output_sync(&fetch->output, &fetch->error) &&
           fetch_journal_begin(&fetch->journal, &fetch->error) &&
           output_reserve(&fetch->output, fetch->journal.subject.file_bytes,
                          &fetch->error);
}

/* --- the download ------------------------------------------------------ */

static void
introduce(Fetch *fetch, const LivePeer *peer)
{
    if (peer->id == PEER_NONE)
        return;
    peers_introduce(&fetch->host.peers, peer->id, &peer->address);
    peers_allow_multipath(&fetch->host.peers, peer->id, peer->is_multipath);
}

static bool
start_host(Fetch *fetch, const Address *cdn)
{
    const LiveConfig *config = fetch->order->config;
    HostConfig host = {
        .role = ROLE_CLIENT,
        .role_config = &config->client,
        .place = config_place(config),
        .is_multipath = fetch->order->is_multipath,
        .limits = {.connect_timeout_ns = 10 * NS_PER_S,
                   .send_timeout_ns = 10 * NS_PER_S,
                   .linger_timeout_ns = NS_PER_S},
        .sink = {.context = fetch, .note = take_note, .deliver = deliver},
    };
    if (getentropy(host.seed, sizeof host.seed) != 0) {
        g_set_error(&fetch->error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "the system has no randomness to give");
        return false;
    }
    host.place.source = CDN_PEER;
    if (!turns_open(&fetch->turns, config, "fetch", &host, &fetch->error))
        return false;
    host_init(&fetch->host, &fetch->loop, &host);
    introduce(fetch, &config->peers.manager);
    introduce(fetch, &config->peers.key_service);
    if (cdn->port > 0)
        peers_introduce(&fetch->host.peers, CDN_PEER, cdn);
    peers_allow_multipath(&fetch->host.peers, CDN_PEER,
                          config->peers.cdn.is_multipath);
    trust_secure(&fetch->trust, config, &fetch->host.peers);
    if (fetch->web)
        peers_secure(&fetch->host.peers, CDN_PEER, fetch->web);
    host_start(&fetch->host);
    return true;
}

static void
command(Fetch *fetch, const RangeSet *missing)
{
    Command command = {
        .kind = COMMAND_FETCH,
        .file = fetch->order->file,
        .file_bytes = fetch->journal.subject.file_bytes,
        .version = fetch->journal.subject.version,
        .name = &fetch->name,
        .missing = missing->ranges,
        .missing_count = missing->count,
    };
    host_command(&fetch->host, &command);
}

static void
download(Fetch *fetch, const RangeSet *missing, const Address *cdn)
{
    int64_t now_ns = loop_read_clock(&fetch->loop);
    if (!start_host(fetch, cdn))
        return;
    fetch->sync_ns = now_ns + SYNC_INTERVAL_NS;
    fetch->tick = (Timer){.fire = tick, .context = fetch};
    loop_set_timer(&fetch->loop, &fetch->tick, now_ns + TICK_NS);
    command(fetch, missing);
    if (!fetch->is_done && !fetch->has_failed)
        loop_run(&fetch->loop);
    loop_unset_timer(&fetch->loop, &fetch->tick);
    host_clear(&fetch->host);
    flush(fetch);
}

static FetchEnd
finish(Fetch *fetch)
{
    uint64_t file_bytes = fetch->journal.subject.file_bytes;
    if (fetch->is_done && !fetch->error &&
        output_publish(&fetch->output, file_bytes, &fetch->error)) {
        fetch_journal_remove(&fetch->journal);
        return FETCH_DONE;
    }
    bool is_interrupted = fetch->signal && !fetch->is_done && !fetch->error;
    return is_interrupted ? FETCH_INTERRUPTED : FETCH_FAILED;
}

FetchEnd
fetch_run(Fetch *fetch, const FetchOrder *order)
{
    memset(fetch, 0, sizeof *fetch);
    fetch->order = order;
    fetch->name = order->url->name;
    fetch->journal.fd = -1;
    fetch->output.fd = -1;
    fetch_progress_init(&fetch->progress, order->progress);
    if (!start_loop(fetch))
        return FETCH_FAILED;
    if (!open_trust(fetch))
        return FETCH_FAILED;
    if (!output_open(&fetch->output, order->path, order->may_replace,
                     &fetch->error))
        return g_error_matches(fetch->error, G_FILE_ERROR, G_FILE_ERROR_EXIST)
                   ? FETCH_REFUSED
                   : FETCH_FAILED;
    Address cdn = {0};
    if (!prepare(fetch, &cdn)) {
        if (fetch->journal.fd < 0)
            output_drop_empty(&fetch->output);
        return fetch->signal ? FETCH_INTERRUPTED : FETCH_FAILED;
    }
    int64_t now_ns = loop_read_clock(&fetch->loop);
    fetch_progress_start(&fetch->progress, now_ns);
    fetch->progress.file_bytes = fetch->journal.subject.file_bytes;
    fetch->progress.held_bytes = fetch->journal.held.total_bytes;
    RangeSet missing = fetch_journal_missing(&fetch->journal);
    fetch->is_done = missing.count == 0;
    if (missing.count > 0)
        download(fetch, &missing, &cdn);
    ranges_clear(&missing);
    fetch_progress_hide(&fetch->progress);
    now_ns = loop_read_clock(&fetch->loop);
    fetch->elapsed_s = fetch_progress_elapsed_s(&fetch->progress, now_ns);
    return finish(fetch);
}

void
fetch_clear(Fetch *fetch)
{
    fetch_progress_clear(&fetch->progress);
    fetch_journal_clear(&fetch->journal);
    output_close(&fetch->output);
    turns_close(&fetch->turns);
    trust_close(&fetch->trust);
    tls_context_free(fetch->web);
    loop_clear(&fetch->loop);
    g_clear_error(&fetch->error);
}
