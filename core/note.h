/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/note.h: what happened, for those who count.
 */
#pragma once

/* What happened, for counting; never read by a node. A client's notes are
 * about the tag of its download where they are not about an edge. */
typedef enum NoteKind {
    NOTE_NONE,
    NOTE_DOWNLOAD_STARTED,     /* value: bytes of the file */
    NOTE_DOWNLOAD_SLOW,        /* value: speed in B/s over the slow window */
    NOTE_DOWNLOAD_MEASURED,    /* value: total B/s over the measuring window */
    NOTE_DOWNLOAD_EDGE_RATE,   /* value: edge B/s over the measuring window */
    NOTE_DOWNLOAD_CDN_RATE,    /* value: CDN B/s over the measuring window */
    NOTE_DOWNLOAD_DONE,        /* value: bytes delivered, each counted once */
    NOTE_DOWNLOAD_FAILED,      /* value: bytes delivered */
    NOTE_DOWNLOAD_STOPPED,     /* after its window, as asked; value: bytes */
    NOTE_DOWNLOAD_WINDOW,      /* value: ns of a further window; two follow */
    NOTE_DOWNLOAD_WINDOW_RATE, /* value: total B/s over it */
    NOTE_DOWNLOAD_WINDOW_EDGE_RATE, /* value: edge B/s over it */
    NOTE_CDN_CONNECTED,             /* value: connect time ns */
    NOTE_CDN_REFUSED,               /* refused or lost; value: CloseReason */
    NOTE_EDGE_TRIED,      /* about: edge; a first attempt to connect begins */
    NOTE_EDGE_CONNECTED,  /* about: edge; value: connect time ns */
    NOTE_EDGE_REFUSED,    /* about: edge; value: CloseReason */
    NOTE_EDGE_REJOINED,   /* about: edge; a spare again; connect time ns */
    NOTE_EDGE_LOST,       /* about: edge; it was connected; CloseReason */
    NOTE_EDGE_BYTES,      /* about: edge; value: bytes of one range */
    NOTE_CDN_BYTES,       /* value: bytes of one range */
    NOTE_NODES_LISTED,    /* value: edges in the manager's answer */
    NOTE_NODES_FAILED,    /* the manager did not answer, or with an error */
    NOTE_KEY_GRANTED,     /* value: key algorithm */
    NOTE_KEY_REFUSED,     /* value: HTTP status */
    NOTE_MESSAGE_BAD,     /* about: peer; a message was refused */
    NOTE_ANSWER_BAD,      /* about: peer; value: its status, or 0 */
    NOTE_REQUEST_SERVED,  /* about: peer; value: body bytes */
    NOTE_REQUEST_REFUSED, /* about: peer; value: HTTP status */
    NOTE_EDGE_ONLINE,     /* manager: about edge */
    NOTE_EDGE_OFFLINE,    /* manager: about edge */
    NOTE_KEY_CREATED,
    NOTE_KEY_DELETED,   /* value: 1 expired, 2 idle */
    NOTE_KEY_REWRAPPED, /* value: master key id */
    NOTE_MASTERS_ENDED, /* value: master key id; older ones are not needed */
    NOTE_RECORD_BAD,    /* a restored one; value: the master key that does not
                           open it, unknown or another; 0: makes no sense */
    NOTE_COUNT,
} NoteKind;

const char *note_name(NoteKind kind); /* snake_case */
