/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/complaint.h: what is wrong with a scenario, and where.
 *
 * All complaints of a file are gathered and handed over sorted by position,
 * so that one reading shows every error.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

/* A place in the file, in the file that it starts from when `base` is its
 * path, or in a --set option when `set` is its key path. */
typedef struct Mark {
    const char *base;
    const char *set;
    uint32_t set_index; /* the how many-th --set */
    uint32_t line;      /* from 1 */
    uint32_t column;    /* from 1 */
} Mark;

/* What a bad file can cost at most; the rest is counted, not told. */
#define COMPLAINTS_MAX 200

typedef struct Complaints {
    const char *path; /* lent: what the messages call the file */
    GPtrArray *list;  /* Complaint * */
} Complaints;

void complaints_init(Complaints *complaints, const char *path);
void complaints_clear(Complaints *complaints);
void complain(Complaints *complaints, Mark mark, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* Add what was found in the file `base`, and empty the list it was in. */
void complaints_take(Complaints *complaints, Complaints *found,
                     const char *base);
/* Append "FILE:LINE:COL: error: TEXT" lines, sorted, each told once. */
void complaints_report(const Complaints *complaints, GPtrArray *errors);

/* The word nearest to text, or NULL when none is near enough to be what was
 * meant. words ends in NULL. */
const char *complaint_nearest(const char *text, const char *const *words);
/* "; did you mean 'x'?" or "". Free it. */
char *complaint_suggestion(const char *text, const char *const *words);
