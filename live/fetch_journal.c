/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_journal.c: which ranges of a partial file are held.
 */
#include "live/fetch_journal.h"
#include "live/output.h"

#include "core/http.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "byway-fetch 1"
#define BOOT_PATH "/proc/sys/kernel/random/boot_id"
#define SUM_START UINT64_C(14695981039346656037) /* FNV-1a */
#define SUM_PRIME UINT64_C(1099511628211)
#define SUM_DIGITS 16u
#define JOURNAL_BYTES_MAX (UINT64_C(64) << 20)
/* Beyond, it is written anew, with what has grown together in one line. */
#define LINE_COUNT_MAX 100000u

static uint64_t
add_sum(uint64_t sum, const char *text, size_t text_bytes)
{
    for (size_t i = 0; i < text_bytes; i++)
        sum = (sum ^ (uint8_t)text[i]) * SUM_PRIME;
    return sum;
}

static void G_GNUC_PRINTF(3, 4)
    add_line(FetchJournal *journal, GString *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    journal->sum = add_sum(journal->sum, line, strlen(line));
    journal->line_count++;
    g_string_append_printf(text, "%s %016" G_GINT64_MODIFIER "x\n", line,
                           journal->sum);
}

char *
fetch_journal_boot(void)
{
    char *id = NULL;
    if (!g_file_get_contents(BOOT_PATH, &id, NULL, NULL))
        return g_strdup("");
    return g_strstrip(id);
}

void
fetch_subject_clear(FetchSubject *subject)
{
    g_free(subject->url);
    g_free(subject->etag);
    g_free(subject->modified);
    memset(subject, 0, sizeof *subject);
}

/* --- reading ----------------------------------------------------------- */

/* Lines as they are taken apart. */
typedef struct Reading {
    FetchJournal *journal;
    RangeSet fresh; /* held, but not marked as synced so far */
    bool is_this_boot;
    bool is_headed;
} Reading;

static bool
is_apart(const RangeSet *set, const Range *range)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (range->start_bytes < set->ranges[i].end_bytes &&
            set->ranges[i].start_bytes < range->end_bytes)
            return false;
    return true;
}

static bool
take_held(Reading *reading, const char *text)
{
    const FetchJournal *journal = reading->journal;
    Range range;
    const char *blank = strchr(text, ' ');
    bool is_range =
        blank &&
        http_parse_number(text, (uint32_t)(blank - text), &range.start_bytes) &&
        http_parse_number(blank + 1, (uint32_t)strlen(blank + 1),
                          &range.end_bytes) &&
        range.start_bytes < range.end_bytes &&
        range.end_bytes <= journal->subject.file_bytes;
    if (!is_range || !is_apart(&journal->held, &range) ||
        !is_apart(&reading->fresh, &range))
        return false;
    ranges_put(&reading->fresh, &range);
    return true;
}

static void
trust_fresh(Reading *reading)
{
    for (uint32_t i = 0; i < reading->fresh.count; i++)
        ranges_put(&reading->journal->held, &reading->fresh.ranges[i]);
    ranges_clear(&reading->fresh);
}

static bool
take_text(char **place, const char *text)
{
    if (*place)
        return false;
    *place = g_strdup(text);
    return true;
}

static bool
take_line(Reading *reading, const char *line)
{
    FetchSubject *subject = &reading->journal->subject;
    const char *blank = strchr(line, ' ');
    const char *rest = blank ? blank + 1 : "";
    uint32_t rest_bytes = (uint32_t)strlen(rest);
    if (!reading->is_headed)
        return reading->is_headed = strcmp(line, MAGIC) == 0;
    if (g_str_has_prefix(line, "url "))
        return take_text(&subject->url, rest);
    if (g_str_has_prefix(line, "bytes "))
        return subject->file_bytes == 0 && /* ranges count on it */
               http_parse_number(rest, rest_bytes, &subject->file_bytes) &&
               subject->file_bytes <= INT64_MAX;
    if (g_str_has_prefix(line, "version "))
        return http_parse_number(rest, rest_bytes, &subject->version);
    if (g_str_has_prefix(line, "etag "))
        return take_text(&subject->etag, rest);
    if (g_str_has_prefix(line, "modified "))
        return take_text(&subject->modified, rest);
    if (g_str_has_prefix(line, "held "))
        return take_held(reading, rest);
    if (g_str_has_prefix(line, "boot ")) {
        const char *boot = reading->journal->boot;
        reading->is_this_boot = *boot && strcmp(rest, boot) == 0;
        return true;
    }
    if (strcmp(line, "synced") != 0)
        return false;
    trust_fresh(reading);
    return true;
}

/* Cut the checksum off; false: it is wrong, or the line is cut short. */
static bool
check_line(FetchJournal *journal, char *line)
{
    size_t line_bytes = strlen(line);
    if (line_bytes <= SUM_DIGITS + 1)
        return false;
    char *digits = line + line_bytes - SUM_DIGITS;
    if (digits[-1] != ' ')
        return false;
    digits[-1] = '\0';
    uint64_t sum = add_sum(journal->sum, line, strlen(line));
    g_autofree char *wanted =
        g_strdup_printf("%016" G_GINT64_MODIFIER "x", sum);
    if (strcmp(digits, wanted) != 0)
        return false;
    journal->sum = sum;
    return true;
}

static bool
parse_lines(FetchJournal *journal, char *text)
{
    Reading reading = {.journal = journal};
    ranges_init(&reading.fresh);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (!check_line(journal, line) || !take_line(&reading, line))
            break;
    }
    if (reading.is_this_boot)
        trust_fresh(&reading);
    ranges_clear(&reading.fresh);
    return journal->subject.url != NULL;
}

bool
fetch_journal_parse(FetchJournal *journal, char *text)
{
    if (parse_lines(journal, text))
        return true;
    fetch_subject_clear(&journal->subject);
    ranges_clear(&journal->held);
    return false;
}

static char *
read_text(const char *path, GError **error)
{
    FILE *file = fopen(path, "rbe");
    if (!file) {
        output_fail("read", path, error);
        return NULL;
    }
    GString *text = g_string_new(NULL);
    char bytes[65536];
    size_t read_bytes;
    while (text->len < JOURNAL_BYTES_MAX &&
           (read_bytes = fread(bytes, 1, sizeof bytes, file)) > 0)
        g_string_append_len(text, bytes, (gssize)read_bytes);
    bool is_read = !ferror(file);
    if (!is_read)
        output_fail("read", path, error);
    fclose(file);
    return g_string_free(text, !is_read);
}

JournalFind
fetch_journal_init(FetchJournal *journal, const char *path, const char *boot,
                   GError **error)
{
    *journal = (FetchJournal){
        .path = g_strdup(path),
        .boot = g_strdup(boot),
        .fd = -1,
        .sum = SUM_START,
    };
    ranges_init(&journal->held);
    ranges_init(&journal->pending);
    g_autoptr(GError) why = NULL;
    g_autofree char *text = read_text(path, &why);
    if (text && fetch_journal_parse(journal, text))
        return JOURNAL_FOUND;
    if (text || g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return JOURNAL_NONE;
    g_propagate_error(error, g_steal_pointer(&why));
    return JOURNAL_BAD;
}

/* --- writing ----------------------------------------------------------- */

static bool
append(FetchJournal *journal, const GString *text, GError **error)
{
    for (gsize done_bytes = 0; done_bytes < text->len;) {
        ssize_t result =
            write(journal->fd, text->str + done_bytes, text->len - done_bytes);
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return output_fail("write", journal->path, error);
        done_bytes += (gsize)result;
    }
    return true;
}

static void
add_head(FetchJournal *journal, GString *text)
{
    const FetchSubject *subject = &journal->subject;
    add_line(journal, text, MAGIC);
    add_line(journal, text, "url %s", subject->url);
    add_line(journal, text, "bytes %" G_GUINT64_FORMAT, subject->file_bytes);
    add_line(journal, text, "version %" G_GUINT64_FORMAT, subject->version);
    if (subject->etag)
        add_line(journal, text, "etag %s", subject->etag);
    if (subject->modified)
        add_line(journal, text, "modified %s", subject->modified);
    add_line(journal, text, "boot %s", journal->boot);
}

static void
add_ranges(FetchJournal *journal, GString *text, const RangeSet *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        add_line(journal, text, "held %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                 set->ranges[i].start_bytes, set->ranges[i].end_bytes);
}

static bool
sync_journal(FetchJournal *journal, GError **error)
{
    return fdatasync(journal->fd) == 0 ||
           output_fail("write", journal->path, error);
}

bool
fetch_journal_begin(FetchJournal *journal, GError **error)
{
    g_autofree char *fresh_path = g_strconcat(journal->path, ".new", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    if (journal->fd >= 0)
        close(journal->fd);
    unlink(fresh_path);
    journal->fd = open(
        fresh_path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (journal->fd < 0)
        return output_fail("write", fresh_path, error);
    ranges_clear(&journal->pending);
    journal->sum = SUM_START;
    journal->line_count = 0;
    add_head(journal, text);
    add_ranges(journal, text, &journal->held);
    add_line(journal, text, "synced");
    if (!append(journal, text, error) || !sync_journal(journal, error))
        return false;
    if (rename(fresh_path, journal->path) != 0)
        return output_fail("write", journal->path, error);
    return output_sync_folder(journal->path, error);
}

void
fetch_journal_put(FetchJournal *journal, const Range *range)
{
    ranges_put(&journal->held, range);
    ranges_put(&journal->pending, range);
}

bool
fetch_journal_flush(FetchJournal *journal, GError **error)
{
    if (journal->pending.count == 0)
        return true;
    assert(journal->fd >= 0);
    g_autoptr(GString) text = g_string_new(NULL);
    add_ranges(journal, text, &journal->pending);
    if (!append(journal, text, error))
        return false;
    ranges_clear(&journal->pending);
    return true;
}

bool
fetch_journal_mark_synced(FetchJournal *journal, GError **error)
{
    assert(journal->pending.count == 0);
    if (journal->line_count > LINE_COUNT_MAX)
        return fetch_journal_begin(journal, error);
    g_autoptr(GString) text = g_string_new(NULL);
    add_line(journal, text, "synced");
    return append(journal, text, error) && sync_journal(journal, error);
}

void
fetch_journal_remove(FetchJournal *journal)
{
    unlink(journal->path);
}

void
fetch_journal_clear(FetchJournal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    fetch_subject_clear(&journal->subject);
    ranges_clear(&journal->held);
    ranges_clear(&journal->pending);
    g_free(journal->path);
    g_free(journal->boot);
    memset(journal, 0, sizeof *journal);
    journal->fd = -1;
}

RangeSet
fetch_journal_missing(const FetchJournal *journal)
{
    RangeSet missing;
    uint64_t at_bytes = 0;
    ranges_init(&missing);
    for (uint32_t i = 0; i <= journal->held.count; i++) {
        bool is_end = i == journal->held.count;
        Range gap = {at_bytes, is_end ? journal->subject.file_bytes
                                      : journal->held.ranges[i].start_bytes};
        ranges_put(&missing, &gap);
        if (!is_end)
            at_bytes = journal->held.ranges[i].end_bytes;
    }
    return missing;
}
