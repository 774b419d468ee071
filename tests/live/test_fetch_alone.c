/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_fetch_alone.c: byway fetch, as a process, from a web server
 * that knows nothing of byway.
 *
 * Usage: test_live_fetch_alone BYWAY
 */
#include "tests/live/caller.h"
#include "tests/live/errand.h"
#include "tests/live/shelf.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES (3u << 20)
/* At 1 MB/s on each of two connections it takes a second and a half. */
#define SLOW_BYTES 1000000u
#define MEBIBYTE (1u << 20)
#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

typedef struct Desk {
    const char *byway;
    char *folder;
    char *path;
    char *partial;
    char *journal;
    char *url;
    uint8_t *bytes;
    Shelf shelf;
    Errand errand;
} Desk;

static void
desk_init(Desk *desk, const void *byway)
{
    memset(desk, 0, sizeof *desk);
    desk->byway = byway;
    desk->folder = g_dir_make_tmp("byway-fetch-XXXXXX", NULL);
    g_assert_nonnull(desk->folder);
    desk->path = g_build_filename(desk->folder, "x.bin", NULL);
    desk->partial = g_strconcat(desk->path, ".partial", NULL);
    desk->journal = g_strconcat(desk->partial, ".journal", NULL);
    desk->bytes = g_malloc(FILE_BYTES);
    loopback_fill(desk->bytes, FILE_BYTES, 3);
    shelf_open(&desk->shelf, desk->bytes, FILE_BYTES);
    desk->url = shelf_url(&desk->shelf, "folder/x.bin");
}

static void
desk_clear(Desk *desk)
{
    shelf_close(&desk->shelf);
    g_unlink(desk->path);
    g_unlink(desk->partial);
    g_unlink(desk->journal);
    g_assert_cmpint(g_rmdir(desk->folder), ==, 0);
    g_free(desk->folder);
    g_free(desk->path);
    g_free(desk->partial);
    g_free(desk->journal);
    g_free(desk->url);
    g_free(desk->bytes);
}

static void
start(Desk *desk, const char *option)
{
    const char *const words[] = {desk->byway, "fetch", desk->url,
                                 "--json",    option,  NULL};
    errand_start(&desk->errand, desk->folder, words, 0);
}

/* Wait for its end, expect this code and this word on stderr. */
static void
expect(Desk *desk, int code, const char *word)
{
    int found = errand_wait(&desk->errand);
    if (found != code || !strstr(desk->errand.err, word))
        g_test_message("exit code %d: %s", found, desk->errand.err);
    g_assert_cmpint(found, ==, code);
    g_assert_nonnull(strstr(desk->errand.err, word));
}

static uint64_t
figure(const Desk *desk, const char *name)
{
    g_autofree char *key = g_strdup_printf("\"%s\": ", name);
    const char *at = strstr(desk->errand.out, key);
    g_assert_nonnull(at);
    return g_ascii_strtoull(at + strlen(key), NULL, 10);
}

static void
expect_whole(Desk *desk)
{
    g_autofree char *bytes = NULL;
    gsize byte_count = 0;
    expect(desk, 0, "x.bin: 3.1 MB");
    g_assert_cmpuint(figure(desk, "resumed_bytes") +
                         figure(desk, "fetched_bytes"),
                     ==, FILE_BYTES);
    g_assert_true(g_file_get_contents(desk->path, &bytes, &byte_count, NULL));
    g_assert_cmpuint(byte_count, ==, FILE_BYTES);
    desk->bytes[0] = (uint8_t)desk->shelf.state->content;
    g_assert_true(memcmp(bytes, desk->bytes, FILE_BYTES) == 0);
    g_assert_false(g_file_test(desk->partial, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(desk->journal, G_FILE_TEST_EXISTS));
    errand_clear(&desk->errand);
}

/* Begin slowly, and return somewhere in the middle. */
static void
start_slowly(Desk *desk, const char *option)
{
    desk->shelf.state->rate_bytes = SLOW_BYTES;
    start(desk, option);
    shelf_wait_served(&desk->shelf, MEBIBYTE / 8 * 7);
}

static void
interrupt(Desk *desk, int number)
{
    start_slowly(desk, NULL);
    errand_signal(&desk->errand, number);
}

static void
a_file_comes_whole(const void *byway)
{
    Desk desk;
    desk_init(&desk, byway);
    start(&desk, NULL);
    expect_whole(&desk);
    /* All of it once, and perhaps the byte of the first request. */
    g_assert_cmpuint(desk.shelf.state->served_bytes, <=, FILE_BYTES + 1);
    desk_clear(&desk);
}

static void
a_killed_download_goes_on_where_it_was(const void *byway)
{
    Desk desk;
    desk_init(&desk, byway);
    interrupt(&desk, SIGKILL);
    g_assert_cmpint(errand_wait(&desk.errand), ==, 128 + SIGKILL);
    errand_clear(&desk.errand);
    g_assert_false(g_file_test(desk.path, G_FILE_TEST_EXISTS));
    desk.shelf.state->rate_bytes = 0;
    start(&desk, NULL);
    expect_whole(&desk);
    /* Begun anew it would be more than that. */
    g_assert_cmpuint(desk.shelf.state->served_bytes, <,
                     FILE_BYTES + MEBIBYTE / 4 * 3);
    desk_clear(&desk);
}

static void
an_interrupted_download_says_how_to_go_on(const void *byway)
{
    static const int NUMBERS[] = {SIGINT, SIGTERM};
    Desk desk;
    desk_init(&desk, byway);
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
        interrupt(&desk, NUMBERS[i]);
        expect(&desk, 128 + NUMBERS[i], "the same command goes on");
        errand_clear(&desk.errand);
    }
    desk.shelf.state->rate_bytes = 0;
    start(&desk, NULL);
    expect_whole(&desk);
    desk_clear(&desk);
}

static void
a_file_that_has_changed_is_not_mixed_with_another(const void *byway)
{
    Desk desk;
    desk_init(&desk, byway);
    interrupt(&desk, SIGINT);
    expect(&desk, 128 + SIGINT, "");
    errand_clear(&desk.errand);
    desk.shelf.state->content = 1;
    start(&desk, NULL);
    expect(&desk, 1, "it has changed; --restart");
    errand_clear(&desk.errand);
    g_assert_true(g_file_test(desk.partial, G_FILE_TEST_EXISTS));

    /* And once more, in the middle. */
    start_slowly(&desk, "--restart");
    desk.shelf.state->content = 2;
    expect(&desk, 1, "has changed");
    errand_clear(&desk.errand);
    g_assert_false(g_file_test(desk.path, G_FILE_TEST_EXISTS));
    desk.shelf.state->rate_bytes = 0;
    start(&desk, "--restart");
    expect_whole(&desk);
    desk_clear(&desk);
}

static void
a_full_disk_keeps_what_it_holds(const void *byway)
{
    Desk desk;
    desk_init(&desk, byway);
    const char *const words[] = {desk.byway, "fetch", desk.url, NULL};
    errand_start(&desk.errand, desk.folder, words, 2 * MEBIBYTE);
    expect(&desk, 1, "x.bin.partial: File too large");
    g_assert_nonnull(strstr(desk.errand.err, "the same command goes on"));
    errand_clear(&desk.errand);
    start(&desk, NULL);
    expect_whole(&desk);
    desk_clear(&desk);
}

/* Nobody is where the manager and the key service should be. */
static void
it_is_told_when_no_edge_helps(const void *byway)
{
    static const char CONFIG[] =
        "byway: 1\nrole: client\nid: 9\nregion: 0\nisp: 0\n"
        "peers:\n"
        "  manager: {id: 1, address: '127.0.0.1:1'}\n"
        "  key_service: {id: 2, address: '127.0.0.1:2'}\n"
        "client: {slow_window: 1 s, slow_threshold: 100 Mbit/s}\n";
    Desk desk;
    desk_init(&desk, byway);
    g_autofree char *path = g_build_filename(desk.folder, "c.yaml", NULL);
    g_assert_true(g_file_set_contents(path, CONFIG, -1, NULL));
    const char *words[] = {desk.byway, "fetch",  desk.url, "--config",
                           path,       "--json", NULL};
    errand_start(&desk.errand, desk.folder, words, 0);
    expect(&desk, 2, "files.id_key_file");
    errand_clear(&desk.errand);

    g_free(desk.url);
    desk.url = shelf_url(&desk.shelf, "f/" ID);
    desk.shelf.state->rate_bytes = SLOW_BYTES;
    words[2] = desk.url;
    errand_start(&desk.errand, desk.folder, words, 0);
    expect(&desk, 0, "no edge has helped: the key service does not answer");
    g_assert_cmpuint(figure(&desk, "cdn_bytes"), ==, FILE_BYTES);
    errand_clear(&desk.errand);
    g_autofree char *file = g_build_filename(desk.folder, ID, NULL);
    g_assert_cmpint(g_unlink(file), ==, 0);
    g_assert_cmpint(g_unlink(path), ==, 0);
    desk_clear(&desk);
}

static void
what_cannot_be_is_said(const void *byway)
{
    Desk desk;
    desk_init(&desk, byway);
    desk.shelf.state->status = 404;
    start(&desk, NULL);
    expect(&desk, 1, "answers 404 Not Found");
    errand_clear(&desk.errand);
    g_assert_false(g_file_test(desk.partial, G_FILE_TEST_EXISTS));

    g_assert_true(g_file_set_contents(desk.path, "mine", -1, NULL));
    start(&desk, NULL);
    expect(&desk, 2, "is there already");
    errand_clear(&desk.errand);
    desk.shelf.state->status = 0;
    start(&desk, "--force");
    expect_whole(&desk);

    const char *const words[] = {desk.byway, "fetch", desk.url,
                                 "-o",       "-",     NULL};
    errand_start(&desk.errand, desk.folder, words, 0);
    expect(&desk, 2, "only a file can take them");
    errand_clear(&desk.errand);

    g_free(desk.url);
    desk.url = g_strdup("https://127.0.0.1:1/x.bin");
    start(&desk, "--force");
    expect(&desk, 1, "refuses connections");
    errand_clear(&desk.errand);
    g_free(desk.url);
    desk.url = g_strdup("http://127.0.0.1:1/x.bin");
    start(&desk, "--force");
    expect(&desk, 1, "refuses connections");
    errand_clear(&desk.errand);
    desk_clear(&desk);
}

#define STORY(name) g_test_add_data_func("/fetch_alone/" #name, byway, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    g_autofree char *byway = g_canonicalize_filename(argv[1], NULL);
    STORY(a_file_comes_whole);
    STORY(a_killed_download_goes_on_where_it_was);
    STORY(an_interrupted_download_says_how_to_go_on);
    STORY(a_file_that_has_changed_is_not_mixed_with_another);
    STORY(a_full_disk_keeps_what_it_holds);
    STORY(it_is_told_when_no_edge_helps);
    STORY(what_cannot_be_is_said);
    return g_test_run();
}
