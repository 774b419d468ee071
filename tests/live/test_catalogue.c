/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_catalogue.c: what is published, and that no version of it
 * ever has two contents.
 */
#include "live/catalogue.h"
#include "live/files.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#define ID_ZEROS                                                               \
    "0000000000000000000000000000000000000000000000000000000000000000"
#define HEADER "file_id,version,size_bytes,modified_ns,path\n"

typedef struct Shelf {
    char *folder;
    char *files;
    char *list;
    uint8_t key[FOLDER_ID_KEY_BYTES];
    FilesConfig config;
} Shelf;

static void
shelf_open(Shelf *shelf)
{
    memset(shelf, 0, sizeof *shelf);
    shelf->folder = g_dir_make_tmp("byway-shelf-XXXXXX", NULL);
    shelf->files = g_build_filename(shelf->folder, "files", NULL);
    shelf->list = g_build_filename(shelf->folder, "catalogue.csv", NULL);
    g_assert_cmpint(g_mkdir(shelf->files, 0700), ==, 0);
    shelf->config =
        (FilesConfig){{shelf->files, "tenant", shelf->key}, shelf->list};
}

static void
shelf_close(Shelf *shelf)
{
    g_autoptr(GDir) files = g_dir_open(shelf->files, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(shelf->files, name, NULL);
        g_unlink(path);
    }
    g_unlink(shelf->list);
    g_rmdir(shelf->files);
    g_rmdir(shelf->folder);
    g_free(shelf->folder);
    g_free(shelf->files);
    g_free(shelf->list);
}

/* Write a file, in place if it is there, at so many seconds of the calendar. */
static void
shelf_put(Shelf *shelf, const char *name, const char *text, time_t at_s)
{
    g_autofree char *path = g_build_filename(shelf->files, name, NULL);
    FILE *file = fopen(path, "w");
    g_assert_nonnull(file);
    g_assert_cmpint(fputs(text, file), >=, 0);
    g_assert_cmpint(fclose(file), ==, 0);
    const struct timeval times[2] = {{.tv_sec = at_s}, {.tv_sec = at_s}};
    g_assert_cmpint(utimes(path, times), ==, 0);
}

/* News are counted right, and listed by path. */
static void
check_news(const Catalogue *catalogue, const PublishCount *count)
{
    uint32_t news_count = 0;
    for (guint i = 0; i < catalogue->files->len; i++) {
        const CatalogueFile *file = catalogue->files->pdata[i];
        const CatalogueFile *next = i + 1 < catalogue->files->len
                                        ? catalogue->files->pdata[i + 1]
                                        : NULL;
        news_count += file->is_news;
        g_assert_true(!next || strcmp(file->path, next->path) < 0);
    }
    g_assert_cmpuint(news_count, ==, count->fresh + count->changed);
}

static PublishCount
shelf_publish(Shelf *shelf, bool is_again)
{
    PublishCount count;
    g_autoptr(Catalogue) catalogue =
        g_file_test(shelf->list, G_FILE_TEST_EXISTS)
            ? catalogue_read(shelf->list, NULL)
            : catalogue_new();
    g_assert_true(catalogue_publish(catalogue, &shelf->config.folder, is_again,
                                    &count, NULL));
    check_news(catalogue, &count);
    g_assert_true(catalogue_write(catalogue, shelf->list, NULL));
    return count;
}

/* The version that is served, or 0; its text must be the expected one. */
static uint64_t
served_version(Shelf *shelf, Files *files, const char *name, const char *text)
{
    Effect effect = {.kind = EFFECT_READ};
    effect.read.file = folder_id(&shelf->config.folder, name);
    effect.read.size_bytes = 1024;
    Event event = {.kind = EVENT_READ};
    files_read(files, &effect, &event);
    if (!event.read.is_found)
        return 0;
    Chunk *chunk = event.read.extent.chunk;
    g_assert_cmpuint(chunk->size_bytes, ==, strlen(text));
    g_assert_true(memcmp(chunk->bytes, text, strlen(text)) == 0);
    chunk_unref(chunk);
    return event.read.extent.version;
}

static void
a_file_that_changes_is_silent_until_it_is_published_again(void)
{
    Shelf shelf;
    shelf_open(&shelf);
    shelf_put(&shelf, "a, b", "first", 1000);
    shelf_put(&shelf, "say \"c\"", "other", 1000);
    PublishCount count = shelf_publish(&shelf, false);
    g_assert_cmpuint(count.fresh, ==, 2);
    Files *files = files_new(&shelf.config, NULL);
    g_assert_cmpuint(served_version(&shelf, files, "a, b", "first"), ==, 1);
    shelf_put(&shelf, "a, b", "again", 1001);
    g_assert_cmpuint(served_version(&shelf, files, "a, b", ""), ==, 0);
    count = shelf_publish(&shelf, false);
    g_assert_cmpuint(count.changed, ==, 1);
    g_assert_cmpuint(count.unchanged, ==, 1);
    g_assert_true(files_scan(files, NULL));
    g_assert_cmpuint(served_version(&shelf, files, "a, b", "again"), ==, 2);
    g_assert_cmpuint(served_version(&shelf, files, "say \"c\"", "other"), ==,
                     1);
    files_free(files);
    shelf_close(&shelf);
}

/* What a restart would forget without a catalogue. */
static void
a_change_between_two_lives_of_the_server_is_seen(void)
{
    Shelf shelf;
    shelf_open(&shelf);
    shelf_put(&shelf, "a", "first", 1000);
    shelf_publish(&shelf, false);
    shelf_put(&shelf, "a", "later", 1001);
    Files *files = files_new(&shelf.config, NULL);
    g_assert_cmpuint(served_version(&shelf, files, "a", ""), ==, 0);
    files_free(files);
    shelf_close(&shelf);
}

static void
a_file_that_comes_back_gets_no_version_it_had(void)
{
    Shelf shelf;
    shelf_open(&shelf);
    shelf_put(&shelf, "a", "first", 1000);
    shelf_publish(&shelf, false);
    g_autofree char *path = g_build_filename(shelf.files, "a", NULL);
    g_assert_cmpint(g_unlink(path), ==, 0);
    PublishCount count = shelf_publish(&shelf, false);
    g_assert_cmpuint(count.gone, ==, 1);
    shelf_put(&shelf, "a", "another", 1002);
    count = shelf_publish(&shelf, false);
    g_assert_cmpuint(count.changed, ==, 1);
    Files *files = files_new(&shelf.config, NULL);
    g_assert_cmpuint(served_version(&shelf, files, "a", "another"), ==, 2);
    files_free(files);
    count = shelf_publish(&shelf, true);
    g_assert_cmpuint(count.changed, ==, 1);
    shelf_close(&shelf);
}

static void
only_what_is_published_is_served(void)
{
    Shelf shelf;
    shelf_open(&shelf);
    shelf_put(&shelf, "a", "first", 1000);
    shelf_publish(&shelf, false);
    shelf_put(&shelf, "draft", "not yet", 1000);
    Files *files = files_new(&shelf.config, NULL);
    g_assert_cmpuint(files_count(files), ==, 1);
    g_assert_cmpuint(served_version(&shelf, files, "draft", ""), ==, 0);
    files_free(files);
    shelf_close(&shelf);
}

static void
a_list_that_is_not_one_is_refused_with_its_line(void)
{
    static const struct {
        const char *text;
        const char *says;
    } BAD[] = {
        {"", ":1: error: empty"},
        {"path\n", ":1: error: expected the columns"},
        {HEADER ID_ZEROS ",1,5,7", ":2: error: cut short"},
        {HEADER "zz,1,5,7,a\n", ":2: error: file_id"},
        {HEADER ID_ZEROS ",0,5,7,a\n", ":2: error: version"},
        {HEADER ID_ZEROS ",1,-5,7,a\n", ":2: error: size_bytes"},
        {HEADER ID_ZEROS ",1,5,x,a\n", ":2: error: modified_ns"},
        {HEADER ID_ZEROS ",1,5,7\n", ":2: error: expected 5 columns"},
        {HEADER ID_ZEROS ",1,5,7,\"a\n", ":2: error: path"},
        {HEADER ID_ZEROS ",1,5,7,\"a\"\"\n", ":2: error: path"},
        {HEADER ID_ZEROS ",1,5,7,\"a\"b\n", ":2: error: path"},
        {HEADER ID_ZEROS ",1,5,7,a\n" ID_ZEROS ",2,5,7,a\n",
         ":3: error: file_id: it stands in an earlier line"},
    };
    Shelf shelf;
    shelf_open(&shelf);
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_assert_true(g_file_set_contents(shelf.list, BAD[i].text, -1, NULL));
        g_autoptr(GError) error = NULL;
        g_assert_null(catalogue_read(shelf.list, &error));
        g_assert_nonnull(strstr(error->message, BAD[i].says));
    }
    shelf_close(&shelf);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalogue/change",
                    a_file_that_changes_is_silent_until_it_is_published_again);
    g_test_add_func("/catalogue/restart",
                    a_change_between_two_lives_of_the_server_is_seen);
    g_test_add_func("/catalogue/return",
                    a_file_that_comes_back_gets_no_version_it_had);
    g_test_add_func("/catalogue/draft", only_what_is_published_is_served);
    g_test_add_func("/catalogue/bad",
                    a_list_that_is_not_one_is_refused_with_its_line);
    return g_test_run();
}
