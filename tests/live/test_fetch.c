/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_fetch.c: the parts of a download: what a URL says, how a
 * file gets its name, and the line that tells how far it is.
 */
#include "live/fetch_progress.h"
#include "live/fetch_url.h"
#include "live/output.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX "00ff0123456789abcdef00ff0123456789abcdef00ff0123456789abcdef0123"

static void
a_url_says_where_and_what(void)
{
    FetchUrl url;
    g_assert_true(fetch_url_parse("http://cdn.example:81/a%20dir/b%2Bc.iso?v=7"
                                  "#part",
                                  &url, NULL));
    g_assert_cmpstr(url.text, ==,
                    "http://cdn.example:81/a%20dir/b%2Bc.iso?v=7");
    g_assert_cmpstr(url.host, ==, "cdn.example");
    g_assert_cmpuint(url.port, ==, 81);
    g_assert_cmpstr(url.name.host, ==, "cdn.example:81");
    g_assert_cmpstr(url.name.path, ==, "/a%20dir/b%2Bc.iso?v=7");
    g_assert_cmpstr(url.path, ==, "a dir/b+c.iso");
    g_assert_cmpuint(url.version, ==, 7);
    g_assert_false(url.is_file);
    g_autofree char *name = fetch_url_file_name(&url);
    g_assert_cmpstr(name, ==, "b+c.iso");
    fetch_url_clear(&url);

    g_assert_true(fetch_url_parse("http://[::1]/f/" HEX, &url, NULL));
    g_assert_cmpstr(url.name.host, ==, "[::1]");
    g_assert_cmpuint(url.port, ==, 80);
    g_assert_cmpuint(url.version, ==, 0);
    g_assert_true(url.is_file);
    g_assert_cmpuint(url.file.bytes[1], ==, 0xff);
    fetch_url_clear(&url);

    g_assert_true(fetch_url_parse("http://h", &url, NULL));
    g_assert_cmpstr(url.name.path, ==, "/");
    g_assert_null(fetch_url_file_name(&url));
    fetch_url_clear(&url);
}

static void
a_url_that_cannot_be_is_explained(void)
{
    static const char *const BAD[][2] = {
        {"ftp://a/b", "begins with http://"},
        {"a/b", "no URL"},
        {"http:///b", "names no host"},
        {"http://me:secret@a/b", "told to nobody"},
        {"http://a:0/b", "port"},
        {"http://a:99999/b", "no URL"},
        {"http://a b/c", "http"},
        {"http://a/b c", "http"},
        {"http://a/b\r\nX: y", "http"},
        {"http://a\xc3\xa9/b", "http"},
        {"http://a%0Ab/c", "its host"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        FetchUrl url;
        g_autoptr(GError) error = NULL;
        bool is_good = fetch_url_parse(BAD[i][0], &url, &error);
        if (is_good || !strstr(error->message, BAD[i][1]))
            g_test_message("%s: %s", BAD[i][0], is_good ? "" : error->message);
        g_assert_false(is_good);
        g_assert_nonnull(strstr(error->message, BAD[i][1]));
    }
}

/* Names that would hide, or leave the folder, are for -o to say. */
static void
a_url_gives_no_strange_file_name(void)
{
    static const char *const BAD[] = {
        "http://a/",          "http://a/x/",     "http://a/..",
        "http://a/.ssh",      "http://a/%2e%2e", "http://a/x%2f..%2fy",
        "http://a/x%0ay.txt", "http://a/x%00y",  "http://a/%ff",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        FetchUrl url;
        g_assert_true(fetch_url_parse(BAD[i], &url, NULL));
        g_assert_null(fetch_url_file_name(&url));
        fetch_url_clear(&url);
    }
}

typedef struct Desk {
    char *folder;
    char *path;
    char *partial;
    Output output;
} Desk;

static void
desk_init(Desk *desk)
{
    desk->folder = g_dir_make_tmp("byway-output-XXXXXX", NULL);
    g_assert_nonnull(desk->folder);
    desk->path = g_build_filename(desk->folder, "x", NULL);
    desk->partial = g_build_filename(desk->folder, "x.partial", NULL);
}

static void
desk_clear(Desk *desk)
{
    unlink(desk->path);
    unlink(desk->partial);
    g_assert_cmpint(rmdir(desk->folder), ==, 0);
    g_free(desk->folder);
    g_free(desk->path);
    g_free(desk->partial);
}

static void
write_text(Desk *desk, uint64_t offset_bytes, const char *text)
{
    Extent extent = {.offset_bytes = offset_bytes, .size_bytes = strlen(text)};
    extent.chunk = chunk_new((uint32_t)extent.size_bytes);
    memcpy(extent.chunk->bytes, text, extent.size_bytes);
    g_assert_true(output_write(&desk->output, &extent, NULL));
    chunk_unref(extent.chunk);
}

static void
a_file_has_its_name_only_when_it_is_whole(void)
{
    Desk desk;
    desk_init(&desk);
    mode_t mask = umask(027);
    g_assert_true(output_open(&desk.output, desk.path, false, NULL));
    umask(mask);
    g_assert_cmpuint(desk.output.held_bytes, ==, 0);
    g_assert_true(output_reserve(&desk.output, 10, NULL));
    write_text(&desk, 5, "world");
    g_assert_false(g_file_test(desk.path, G_FILE_TEST_EXISTS));
    output_close(&desk.output);

    g_assert_true(output_open(&desk.output, desk.path, false, NULL));
    g_assert_cmpuint(desk.output.held_bytes, ==, 10);
    write_text(&desk, 0, "hello");
    g_assert_true(output_publish(&desk.output, 10, NULL));
    output_close(&desk.output);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(desk.path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "helloworld");
    g_assert_false(g_file_test(desk.partial, G_FILE_TEST_EXISTS));
    struct stat stamp;
    g_assert_cmpint(stat(desk.path, &stamp), ==, 0);
    g_assert_cmpint(stamp.st_mode & 0777, ==, 0640);
    desk_clear(&desk);
}

static void
what_is_there_is_not_written_over(void)
{
    Desk desk;
    desk_init(&desk);
    g_autoptr(GError) error = NULL;
    g_assert_true(output_open(&desk.output, desk.path, false, NULL));
    write_text(&desk, 0, "new");
    /* It comes while the download runs. */
    g_assert_true(g_file_set_contents(desk.path, "old", -1, NULL));
    g_assert_false(output_publish(&desk.output, 3, &error));
    g_assert_nonnull(strstr(error->message, "File exists"));
    output_close(&desk.output);
    g_clear_error(&error);

    g_assert_false(output_open(&desk.output, desk.path, false, &error));
    g_assert_nonnull(strstr(error->message, "is there already"));
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(desk.path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "old");

    g_assert_true(output_open(&desk.output, desk.path, true, NULL));
    g_assert_true(output_publish(&desk.output, 3, NULL));
    output_close(&desk.output);
    g_autofree char *now = NULL;
    g_assert_true(g_file_get_contents(desk.path, &now, NULL, NULL));
    g_assert_cmpstr(now, ==, "new");
    desk_clear(&desk);
}

static void
a_second_writer_is_turned_away(void)
{
    Desk desk;
    Output second;
    g_autoptr(GError) error = NULL;
    desk_init(&desk);
    g_assert_true(output_open(&desk.output, desk.path, false, NULL));
    g_assert_false(output_open(&second, desk.path, false, &error));
    g_assert_nonnull(strstr(error->message, "another byway fetch"));
    output_close(&desk.output);
    desk_clear(&desk);
}

/* Nobody makes us write through a link that he put there before. */
static void
a_link_is_not_followed(void)
{
    Desk desk;
    g_autoptr(GError) error = NULL;
    desk_init(&desk);
    g_assert_cmpint(symlink("elsewhere", desk.partial), ==, 0);
    g_assert_false(output_open(&desk.output, desk.path, false, &error));
    g_assert_nonnull(strstr(error->message, "symbolic link"));
    desk_clear(&desk);
}

static void
take_note(FetchProgress *progress, NoteKind kind, PeerId about, uint64_t value)
{
    Effect effect = {.kind = EFFECT_NOTE};
    effect.note.kind = kind;
    effect.note.about = about;
    effect.note.value = value;
    fetch_progress_take(progress, &effect);
}

static void
the_line_tells_who_brings_it(void)
{
    FetchProgress progress;
    fetch_progress_init(&progress, FETCH_PROGRESS_NEVER);
    progress.is_terminal = true;
    progress.file_bytes = 10000000;
    progress.held_bytes = 1000000;
    fetch_progress_start(&progress, 0);
    for (uint32_t second = 1; second <= 4; second++) {
        progress.done_bytes = second * 1000000;
        fetch_progress_show(&progress, second * NS_PER_S);
    }
    take_note(&progress, NOTE_CDN_BYTES, 0, 600000);
    take_note(&progress, NOTE_EDGE_BYTES, 12, 300000);
    take_note(&progress, NOTE_CDN_BYTES, 0, 600000);
    take_note(&progress, NOTE_EDGE_BYTES, 17, 1500000);
    g_autofree char *line = fetch_progress_line(&progress, 4 * NS_PER_S, 200);
    g_assert_cmpstr(line, ==,
                    " 50 % [============>           ] 5.0 MB of 10.0 MB, "
                    "1.0 MB/s, 0:05 left; CDN 40 %, edge 12 10 %, "
                    "edge 17 50 %");
    g_autofree char *narrow = fetch_progress_line(&progress, 4 * NS_PER_S, 20);
    g_assert_cmpuint(strlen(narrow), ==, 20);
    fetch_progress_clear(&progress);
}

static void
sizes_have_units(void)
{
    static const struct {
        uint64_t size_bytes;
        const char *text;
    } SIZES[] = {{0, "0 B"},
                 {999, "999 B"},
                 {1000, "1.0 kB"},
                 {99949, "99.9 kB"},
                 {99951, "100 kB"},
                 {999499, "999 kB"},
                 {999500, "1.0 MB"},
                 {UINT64_C(5000000000), "5.0 GB"},
                 {UINT64_MAX, "18447 PB"}};
    for (size_t i = 0; i < G_N_ELEMENTS(SIZES); i++) {
        g_autofree char *text = fetch_progress_size(SIZES[i].size_bytes);
        g_assert_cmpstr(text, ==, SIZES[i].text);
    }
}

#define STORY(name) g_test_add_func("/fetch/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_url_says_where_and_what);
    STORY(a_url_that_cannot_be_is_explained);
    STORY(a_url_gives_no_strange_file_name);
    STORY(a_file_has_its_name_only_when_it_is_whole);
    STORY(what_is_there_is_not_written_over);
    STORY(a_second_writer_is_turned_away);
    STORY(a_link_is_not_followed);
    STORY(the_line_tells_who_brings_it);
    STORY(sizes_have_units);
    return g_test_run();
}
