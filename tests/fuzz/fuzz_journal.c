/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_journal.c: whatever lines a journal has, what is held and
 * what is missing make up the file.
 *
 * The first byte says whether each line gets the checksum that it should have.
 */
#include <glib.h>
#include <string.h>

#include "live/fetch_journal.h"
#include "tests/fuzz/fuzz.h"

static char *
add_sums(const char *text)
{
    GString *whole = g_string_new(NULL);
    guint64 sum = UINT64_C(14695981039346656037);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        for (const char *at = *line; *at; at++)
            sum = (sum ^ (guint8)*at) * UINT64_C(1099511628211);
        g_string_append_printf(whole, "%s %016" G_GINT64_MODIFIER "x\n", *line,
                               sum);
    }
    return g_string_free(whole, FALSE);
}

static void
check(const FetchJournal *journal)
{
    uint64_t end_bytes = 0;
    for (uint32_t i = 0; i < journal->held.count; i++) {
        const Range *range = &journal->held.ranges[i];
        g_assert_true(i == 0 || range->start_bytes > end_bytes);
        g_assert_cmpuint(range->start_bytes, <, range->end_bytes);
        end_bytes = range->end_bytes;
    }
    g_assert_cmpuint(end_bytes, <=, journal->subject.file_bytes);
    RangeSet missing = fetch_journal_missing(journal);
    g_assert_cmpuint(missing.total_bytes + journal->held.total_bytes, ==,
                     journal->subject.file_bytes);
    ranges_clear(&missing);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    if (byte_count < 1)
        return 0;
    FetchJournal journal;
    g_autofree char *raw = g_strndup((const char *)bytes + 1, byte_count - 1);
    g_autofree char *text = bytes[0] & 1 ? add_sums(raw) : g_strdup(raw);
    fetch_journal_init(&journal, "/nonexistent/journal", "b", NULL);
    if (fetch_journal_parse(&journal, text))
        check(&journal);
    fetch_journal_clear(&journal);
    return 0;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    static const char *const EXAMPLES[] = {
        "\x01"
        "byway-fetch 1\nurl http://a/b\nbytes 1000\nversion 1\n"
        "etag \"1\"\nmodified Sat\nboot b\nsynced\nheld 0 10\n"
        "held 20 30\nsynced\nheld 10 20\nheld 990 1000\n",
        "\x01"
        "byway-fetch 1\nurl u\nbytes 9\nboot c\nheld 0 5\nheld 4 9\n",
        "\x02"
        "byway-fetch 1 7782dc8193d8fc81\nurl u 0123456789abcdef\n",
    };
    if (n >= G_N_ELEMENTS(EXAMPLES))
        return 0;
    uint32_t size_bytes = (uint32_t)strlen(EXAMPLES[n]);
    memcpy(ret_bytes, EXAMPLES[n], size_bytes);
    return size_bytes;
}
