/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/note.c: the names of notes, as result files and turn logs print them.
 */
#include "core/note.h"

#include <assert.h>

static const char *const NOTE_NAMES[NOTE_COUNT] = {
    [NOTE_NONE] = "none",
    [NOTE_DOWNLOAD_STARTED] = "download_started",
    [NOTE_DOWNLOAD_SLOW] = "download_slow",
    [NOTE_DOWNLOAD_MEASURED] = "download_measured",
    [NOTE_DOWNLOAD_EDGE_RATE] = "download_edge_rate",
    [NOTE_DOWNLOAD_CDN_RATE] = "download_cdn_rate",
    [NOTE_DOWNLOAD_DONE] = "download_done",
    [NOTE_DOWNLOAD_FAILED] = "download_failed",
    [NOTE_DOWNLOAD_STOPPED] = "download_stopped",
    [NOTE_DOWNLOAD_WINDOW] = "download_window",
    [NOTE_DOWNLOAD_WINDOW_RATE] = "download_window_rate",
    [NOTE_DOWNLOAD_WINDOW_EDGE_RATE] = "download_window_edge_rate",
    [NOTE_CDN_CONNECTED] = "cdn_connected",
    [NOTE_CDN_REFUSED] = "cdn_refused",
    [NOTE_EDGE_TRIED] = "edge_tried",
    [NOTE_EDGE_CONNECTED] = "edge_connected",
    [NOTE_EDGE_REFUSED] = "edge_refused",
    [NOTE_EDGE_REJOINED] = "edge_rejoined",
    [NOTE_EDGE_LOST] = "edge_lost",
    [NOTE_EDGE_BYTES] = "edge_bytes",
    [NOTE_CDN_BYTES] = "cdn_bytes",
    [NOTE_NODES_LISTED] = "nodes_listed",
    [NOTE_NODES_FAILED] = "nodes_failed",
    [NOTE_KEY_GRANTED] = "key_granted",
    [NOTE_KEY_REFUSED] = "key_refused",
    [NOTE_MESSAGE_BAD] = "message_bad",
    [NOTE_ANSWER_BAD] = "answer_bad",
    [NOTE_REQUEST_SERVED] = "request_served",
    [NOTE_REQUEST_REFUSED] = "request_refused",
    [NOTE_EDGE_ONLINE] = "edge_online",
    [NOTE_EDGE_OFFLINE] = "edge_offline",
    [NOTE_KEY_CREATED] = "key_created",
    [NOTE_KEY_DELETED] = "key_deleted",
    [NOTE_KEY_REWRAPPED] = "key_rewrapped",
    [NOTE_MASTERS_ENDED] = "masters_ended",
    [NOTE_RECORD_BAD] = "record_bad",
};

const char *
note_name(NoteKind kind)
{
    assert(kind < NOTE_COUNT);
    return NOTE_NAMES[kind];
}
