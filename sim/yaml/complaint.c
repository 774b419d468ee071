/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/complaint.c: gather, sort and word the errors of a scenario.
 */
#include "sim/yaml/complaint.h"

#include <assert.h>
#include <string.h>

/* Longer words are not compared: nobody mistypes them into a key. */
#define WORD_BYTES_MAX 80u

typedef struct Complaint {
    Mark mark;
    guint sequence;
    char *text;
} Complaint;

static void
complaint_free(void *item)
{
    Complaint *complaint = item;
    g_free(complaint->text);
    g_free(complaint);
}

void
complaints_init(Complaints *complaints, const char *path)
{
    complaints->path = path;
    complaints->list = g_ptr_array_new_with_free_func(complaint_free);
}

void
complaints_clear(Complaints *complaints)
{
    g_ptr_array_unref(complaints->list);
    complaints->list = NULL;
}

void
complain(Complaints *complaints, Mark mark, const char *format, ...)
{
    Complaint *complaint = g_new(Complaint, 1);
    va_list arguments;
    va_start(arguments, format);
    complaint->mark = mark;
    complaint->sequence = complaints->list->len;
    complaint->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(complaints->list, complaint);
}

void
complaints_take(Complaints *complaints, Complaints *found, const char *base)
{
    for (guint at = 0; at < found->list->len; at++) {
        Complaint *complaint = found->list->pdata[at];
        complaint->mark.base = base;
        complaint->sequence = complaints->list->len + at;
    }
    g_ptr_array_extend_and_steal(complaints->list,
                                 g_steal_pointer(&found->list));
    complaints_init(found, found->path);
}

static int
compare_number(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static uint32_t
mark_rank(Mark mark)
{
    uint32_t base_rank = mark.base ? 1 : 0;
    return mark.set ? mark.set_index + 2 : base_rank;
}

/* The file first, then its base, then the options in their order. */
static int
compare_complaints(const void *left, const void *right)
{
    const Complaint *a = *(Complaint *const *)left;
    const Complaint *b = *(Complaint *const *)right;
    int order = compare_number(mark_rank(a->mark), mark_rank(b->mark));
    order = order ? order : compare_number(a->mark.line, b->mark.line);
    order = order ? order : compare_number(a->mark.column, b->mark.column);
    return order ? order : compare_number(a->sequence, b->sequence);
}

static char *
word_complaint(const Complaints *complaints, const Complaint *complaint)
{
    const Mark *mark = &complaint->mark;
    if (mark->set)
        return g_strdup_printf("--set %s: error: %s", mark->set,
                               complaint->text);
    return g_strdup_printf("%s:%u:%u: error: %s",
                           mark->base ? mark->base : complaints->path,
                           mark->line, mark->column, complaint->text);
}

void
complaints_report(const Complaints *complaints, GPtrArray *errors)
{
    g_ptr_array_sort(complaints->list, compare_complaints);
    const char *last = "";
    guint told_count = 0;
    for (guint at = 0; at < complaints->list->len; at++) {
        char *text = word_complaint(complaints, complaints->list->pdata[at]);
        /* A node that several aliases share is read once for each. */
        if (g_str_equal(text, last)) {
            g_free(text);
            continue;
        }
        if (told_count++ == COMPLAINTS_MAX) {
            g_free(text);
            g_ptr_array_add(errors, g_strdup_printf("%s: error: and more",
                                                    complaints->path));
            return;
        }
        g_ptr_array_add(errors, text);
        last = text;
    }
}

static uint32_t
least(uint32_t a, uint32_t b, uint32_t c)
{
    return MIN(MIN(a, b), c);
}

/* Levenshtein distance, one row at a time. */
static uint32_t
edit_distance(const char *a, const char *b)
{
    uint32_t row[WORD_BYTES_MAX + 1];
    uint32_t b_bytes = (uint32_t)strlen(b);
    assert(b_bytes <= WORD_BYTES_MAX);
    for (uint32_t j = 0; j <= b_bytes; j++)
        row[j] = j;
    for (uint32_t i = 0; a[i]; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < b_bytes; j++) {
            uint32_t cost = a[i] == b[j] ? 0 : 1;
            uint32_t up = row[j + 1];
            row[j + 1] = least(up + 1, row[j] + 1, diagonal + cost);
            diagonal = up;
        }
    }
    return row[b_bytes];
}

const char *
complaint_nearest(const char *text, const char *const *words)
{
    size_t text_bytes = strlen(text);
    if (text_bytes > WORD_BYTES_MAX)
        return NULL;
    const char *nearest = NULL;
    uint32_t best = (uint32_t)text_bytes / 3 + 2;
    for (; *words; words++) {
        if (strlen(*words) > WORD_BYTES_MAX)
            continue;
        if (g_ascii_strcasecmp(text, *words) == 0)
            return *words;
        uint32_t distance = edit_distance(text, *words);
        if (distance < best && distance < strlen(*words)) {
            best = distance;
            nearest = *words;
        }
    }
    return nearest;
}

char *
complaint_suggestion(const char *text, const char *const *words)
{
    const char *nearest = complaint_nearest(text, words);
    return nearest ? g_strdup_printf("; did you mean '%s'?", nearest)
                   : g_strdup("");
}
