/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_fetch_journal.c: what a killed download has left behind is
 * known again, and what cannot be trusted is not.
 */
#include "live/fetch_journal.h"

#include <sys/stat.h>
#include <unistd.h>

typedef struct Desk {
    char *folder;
    char *path;
    const char *boot;
    FetchJournal journal;
} Desk;

static void
desk_init(Desk *desk)
{
    desk->folder = g_dir_make_tmp("byway-journal-XXXXXX", NULL);
    g_assert_nonnull(desk->folder);
    desk->boot = "this one";
    desk->path = g_build_filename(desk->folder, "x.partial.journal", NULL);
}

static void
desk_clear(Desk *desk)
{
    unlink(desk->path);
    g_assert_cmpint(rmdir(desk->folder), ==, 0);
    g_free(desk->folder);
    g_free(desk->path);
}

/* Begin one of 1000 bytes. */
static void
begin(Desk *desk)
{
    g_assert_cmpint(
        fetch_journal_init(&desk->journal, desk->path, desk->boot, NULL), ==,
        JOURNAL_NONE);
    desk->journal.subject = (FetchSubject){
        .url = g_strdup("http://a/b c"),
        .file_bytes = 1000,
        .version = 3,
        .etag = g_strdup("\"1\""),
    };
    g_assert_true(fetch_journal_begin(&desk->journal, NULL));
}

static void
put(Desk *desk, uint64_t start_bytes, uint64_t end_bytes)
{
    Range range = {start_bytes, end_bytes};
    fetch_journal_put(&desk->journal, &range);
}

static void
assert_held(Desk *desk, JournalFind wanted, const char *text)
{
    FetchJournal again;
    g_assert_cmpint(fetch_journal_init(&again, desk->path, desk->boot, NULL),
                    ==, wanted);
    g_autoptr(GString) held = g_string_new(NULL);
    for (uint32_t i = 0; i < again.held.count; i++)
        g_string_append_printf(held, "%u-%u ",
                               (unsigned)again.held.ranges[i].start_bytes,
                               (unsigned)again.held.ranges[i].end_bytes);
    g_assert_cmpstr(held->str, ==, text);
    fetch_journal_clear(&again);
}

/* What is on record when the process is killed is what the next one finds. */
static void
what_was_flushed_is_found_again(void)
{
    Desk desk;
    desk_init(&desk);
    begin(&desk);
    put(&desk, 500, 600);
    put(&desk, 0, 100);
    put(&desk, 100, 200);
    g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    put(&desk, 700, 800);
    assert_held(&desk, JOURNAL_FOUND, "0-200 500-600 ");
    RangeSet missing = fetch_journal_missing(&desk.journal);
    g_assert_cmpuint(missing.count, ==, 3);
    g_assert_cmpuint(missing.total_bytes, ==, 600);
    g_assert_cmpuint(missing.ranges[2].start_bytes, ==, 800);
    g_assert_cmpuint(missing.ranges[2].end_bytes, ==, 1000);
    ranges_clear(&missing);
    fetch_journal_clear(&desk.journal);

    FetchJournal again;
    g_assert_cmpint(fetch_journal_init(&again, desk.path, desk.boot, NULL), ==,
                    JOURNAL_FOUND);
    g_assert_cmpstr(again.subject.url, ==, "http://a/b c");
    g_assert_cmpstr(again.subject.etag, ==, "\"1\"");
    g_assert_null(again.subject.modified);
    g_assert_cmpuint(again.subject.file_bytes, ==, 1000);
    g_assert_cmpuint(again.subject.version, ==, 3);
    fetch_journal_clear(&again);
    desk_clear(&desk);
}

/* Every cut and every flipped bit: what is found is a beginning of what was
 * written, or nothing at all. */
static void
a_damaged_journal_is_believed_up_to_the_damage(void)
{
    static const char *const BEGINNINGS[] = {"", "0-100 ", "0-100 300-400 "};
    Desk desk;
    desk_init(&desk);
    begin(&desk);
    put(&desk, 0, 100);
    g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    put(&desk, 300, 400);
    g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    fetch_journal_clear(&desk.journal);
    g_autofree char *text = NULL;
    gsize text_bytes = 0;
    g_assert_true(g_file_get_contents(desk.path, &text, &text_bytes, NULL));
    for (gsize at = 0; at < 2 * text_bytes; at++) {
        bool is_cut = at < text_bytes;
        gsize place = at % text_bytes;
        g_autofree char *damaged = g_memdup2(text, text_bytes);
        damaged[place] ^= is_cut ? 0 : 4;
        gssize size = (gssize)(is_cut ? place : text_bytes);
        g_assert_true(g_file_set_contents_full(
            desk.path, damaged, size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        FetchJournal again;
        JournalFind found =
            fetch_journal_init(&again, desk.path, desk.boot, NULL);
        g_assert_cmpint(found, !=, JOURNAL_BAD);
        g_assert_cmpuint(again.held.count, <, G_N_ELEMENTS(BEGINNINGS));
        const char *wanted = BEGINNINGS[again.held.count];
        fetch_journal_clear(&again);
        assert_held(&desk, found, wanted);
    }
    desk_clear(&desk);
}

/* After a power cut the kernel may have kept the journal and lost the data:
 * only what was synced before counts. */
static void
after_a_restart_of_the_machine_only_synced_ranges_count(void)
{
    Desk desk;
    desk_init(&desk);
    begin(&desk);
    put(&desk, 0, 100);
    g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    g_assert_true(fetch_journal_mark_synced(&desk.journal, NULL));
    put(&desk, 100, 200);
    g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    assert_held(&desk, JOURNAL_FOUND, "0-200 ");
    fetch_journal_clear(&desk.journal);
    desk.boot = "another";
    assert_held(&desk, JOURNAL_FOUND, "0-100 ");
    desk.boot = ""; /* unknown */
    assert_held(&desk, JOURNAL_FOUND, "0-100 ");
    desk_clear(&desk);
}

/* One byte after the other, each put on record: what has grown together is one
 * line again. */
static void
a_long_journal_is_written_anew(void)
{
    Desk desk;
    struct stat before, after;
    desk_init(&desk);
    begin(&desk);
    desk.journal.subject.file_bytes = 1000000;
    g_assert_true(fetch_journal_begin(&desk.journal, NULL));
    for (uint64_t at = 0; at < 100001; at++) {
        put(&desk, at, at + 1);
        g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    }
    g_assert_cmpint(stat(desk.path, &before), ==, 0);
    g_assert_true(fetch_journal_mark_synced(&desk.journal, NULL));
    g_assert_cmpint(stat(desk.path, &after), ==, 0);
    g_assert_cmpuint((guint64)before.st_size, >, 3000000);
    g_assert_cmpuint((guint64)after.st_size, <, 1000);
    put(&desk, 200000, 200001);
    g_assert_true(fetch_journal_flush(&desk.journal, NULL));
    fetch_journal_clear(&desk.journal);
    assert_held(&desk, JOURNAL_FOUND, "0-100001 200000-200001 ");
    desk_clear(&desk);
}

#define STORY(name) g_test_add_func("/fetch_journal/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(what_was_flushed_is_found_again);
    STORY(a_damaged_journal_is_believed_up_to_the_damage);
    STORY(after_a_restart_of_the_machine_only_synced_ranges_count);
    STORY(a_long_journal_is_written_anew);
    return g_test_run();
}
