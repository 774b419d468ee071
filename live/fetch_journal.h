/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_journal.h: which ranges of a partial file are held.
 *
 * A text file of lines, each with a checksum that goes on from the line
 * before: what was cut short or written over ends the journal, and nothing
 * after it counts. The head says what file this is of; then come ranges, and
 * marks that all above is on the disk for certain. What is not marked counts
 * only until the machine starts anew.
 *
 *     byway-fetch 1 | url U | bytes N | version N | etag E | modified M |
 *     boot B | held START END | synced
 */
#pragma once

#include "core/ranges.h"

#include <glib.h>

typedef struct FetchSubject {
    char *url;
    uint64_t file_bytes;
    uint64_t version; /* 0: not said */
    char *etag;       /* NULL: the server gave none, as the next */
    char *modified;   /* Last-Modified, as it was said */
} FetchSubject;

typedef struct FetchJournal {
    char *path;
    char *boot;
    int fd; /* -1: not begun */
    FetchSubject subject;
    RangeSet held;    /* on record or about to be */
    RangeSet pending; /* the part that is about to be */
    uint64_t sum;     /* of the lines so far */
    uint32_t line_count;
} FetchJournal;

void fetch_subject_clear(FetchSubject *subject);

typedef enum JournalFind {
    JOURNAL_FOUND,
    JOURNAL_NONE, /* no file, or nothing in it that can be trusted */
    JOURNAL_BAD,  /* it cannot be read: the error says why */
} JournalFind;

/* Changes with each start of the machine; empty: unknown. g_free it. */
char *fetch_journal_boot(void);
/* Read what an earlier process has left at this path. */
JournalFind fetch_journal_init(FetchJournal *journal, const char *path,
                               const char *boot, GError **error);
/* The same from a text, which is written over; false is JOURNAL_NONE. */
bool fetch_journal_parse(FetchJournal *journal, char *text);
void fetch_journal_clear(FetchJournal *journal);
/* Write the whole of it anew; all that is held must be on the disk. */
bool fetch_journal_begin(FetchJournal *journal, GError **error);
/* One more range; none of it may be held already. */
void fetch_journal_put(FetchJournal *journal, const Range *range);
/* Put on record what is pending. */
bool fetch_journal_flush(FetchJournal *journal, GError **error);
/* Say that it all is on the disk, and be there too. */
bool fetch_journal_mark_synced(FetchJournal *journal, GError **error);
/* The file is whole: the journal goes. */
void fetch_journal_remove(FetchJournal *journal);

/* What is not held; the caller clears it. */
RangeSet fetch_journal_missing(const FetchJournal *journal);
