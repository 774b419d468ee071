/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch.h: one download, from its first request to its file.
 *
 * The client role of core decides who is asked for what; here are its
 * sockets, the partial file and the journal, so that whatever ends the
 * process, the next one goes on from there.
 */
#pragma once

#include "live/config.h"
#include "live/fetch_journal.h"
#include "live/fetch_probe.h"
#include "live/fetch_progress.h"
#include "live/fetch_url.h"
#include "live/host.h"
#include "live/output.h"
#include "live/trust.h"
#include "live/turns.h"

/* What is wanted; all lent. */
typedef struct FetchOrder {
    const FetchUrl *url;
    const LiveConfig *config;
    FileId file; /* when the config has a manager */
    const char *path;
    bool may_replace;
    bool is_multipath;
    bool is_restart; /* throw away what an earlier attempt has left */
    FetchProgressMode progress;
} FetchOrder;

typedef enum FetchEnd {
    FETCH_DONE,
    FETCH_REFUSED, /* nothing was begun: the name is taken */
    FETCH_FAILED,
    FETCH_INTERRUPTED, /* by fetch->signal */
} FetchEnd;

/* What came of asking for edges. */
typedef struct FetchHelp {
    uint32_t listed_count;
    uint32_t tried_count;
    bool is_manager_silent; /* at the last try, or it answered in error */
    bool is_key_refused;
    uint16_t key_status; /* 0: no answer */
} FetchHelp;

typedef struct Fetch {
    const FetchOrder *order;
    Loop loop;
    Trust trust;
    TlsContext *web; /* how the CDN is called; NULL: in the clear */
    Output output;
    FetchJournal journal;
    FetchProgress progress;
    Host host;
    Turns turns;
    WebName name;
    Timer tick;
    uint64_t synced_bytes; /* of progress.done_bytes */
    int64_t sync_ns;       /* when the disk is to have it all again */
    int signal;            /* that interrupted it; 0: none */
    bool is_done;
    bool has_failed; /* the client has given up */
    FetchHelp help;
    uint16_t status;  /* the last that the CDN refused with; 0: none */
    bool has_changed; /* the CDN has another content by now */
    double elapsed_s; /* known at the end */
    GError *error;    /* what went wrong here, or why it could not be */
} Fetch;

/* All that can be told is in the struct afterwards, until fetch_clear. */
FetchEnd fetch_run(Fetch *fetch, const FetchOrder *order);
void fetch_clear(Fetch *fetch);
