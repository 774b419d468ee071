/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/publish.c: the verb `byway publish`.
 */
#include "live/catalogue.h"
#include "live/config.h"
#include "sim/yaml/options.h"

#include "core/wire.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char USAGE[] =
    "usage: byway publish --config DATA-CENTRE.yaml [--again] [--dry-run]\n"
    "                     [--quiet]\n\n"
    "List the files of a data centre in its catalogue: a new one as version "
    "1,\n"
    "a changed one (in size or time) with its version raised. Then send "
    "SIGHUP\n"
    "to the key service, which makes the keys, and to the data centre. A line\n"
    "for each says under which name roles of byway serve it: "
    "/f/HEX?v=VERSION.\n\n"
    "  -c, --config FILE  of the data centre: files.directory and .catalogue\n"
    "      --again        raise the version of every file, for new keys\n"
    "      --dry-run      say what would change, and change nothing\n"
    "  -q, --quiet        print nothing but errors\n"
    "      --help         print this and exit\n\n"
    "Exit code: 0 done, 1 failed, 2 FILE is wrong.\n\n"
    "example: byway publish --config data-centre.yaml\n";

typedef struct PublishOptions {
    char *config;
    gboolean is_again;
    gboolean is_dry_run;
    gboolean is_quiet;
    gboolean wants_help;
    char **words;
} PublishOptions;

static Catalogue *
read_if_there(const char *path, GError **error)
{
    GError *found = NULL;
    Catalogue *catalogue = catalogue_read(path, &found);
    if (g_error_matches(found, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_clear_error(&found);
        return catalogue_new();
    }
    if (found)
        g_propagate_error(error, found);
    return catalogue;
}

static void
print_news(const Catalogue *catalogue, const char *remark)
{
    for (guint i = 0; i < catalogue->files->len; i++) {
        const CatalogueFile *file = catalogue->files->pdata[i];
        char name[WIRE_FILE_PATH_BYTES_MAX];
        if (file->is_news)
            printf("%s %s%.*s\n", file->path, remark,
                   (int)wire_write_file_path(&file->id, file->version, name),
                   name);
    }
}

static bool
publish(const LiveFiles *files, const PublishOptions *options, GError **error)
{
    Folder folder = {files->directory, files->tenant, files->id_key};
    g_autoptr(Catalogue) catalogue = read_if_there(files->catalogue, error);
    PublishCount count;
    if (!catalogue || !catalogue_publish(catalogue, &folder, options->is_again,
                                         &count, error))
        return false;
    if (!options->is_dry_run && count.fresh + count.changed > 0 &&
        !catalogue_write(catalogue, files->catalogue, error))
        return false;
    if (options->is_quiet)
        return true;
    print_news(catalogue, options->is_dry_run ? "would be " : "");
    printf("%s: %u new, %u with a new version, %u as before, %u gone%s\n",
           files->catalogue, count.fresh, count.changed, count.unchanged,
           count.gone, options->is_dry_run ? " (nothing written)" : "");
    return true;
}

static int
usage_error(const char *text, const char *detail)
{
    fprintf(stderr, "byway publish: %s%s; see 'byway publish --help'\n", text,
            detail);
    return EXIT_USAGE;
}

static int
run_options(const PublishOptions *options)
{
    if (options->wants_help) {
        fputs(USAGE, stdout);
        return 0;
    }
    if (options->words && options->words[0])
        return usage_error("what is to be done with ", options->words[0]);
    if (!options->config)
        return usage_error("where is its --config FILE.yaml?", "");
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(LiveConfig) config =
        config_read(options->config, ROLE_DATA_CENTRE, errors);
    for (guint i = 0; i < errors->len; i++)
        fprintf(stderr, "%s\n", (const char *)errors->pdata[i]);
    if (!config)
        return EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    if (publish(&config->files, options, &error))
        return 0;
    fprintf(stderr, "byway: %s\n", error->message);
    return EXIT_FAILED;
}

int
publish_main(int argc, char **argv)
{
    PublishOptions options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config, NULL, NULL},
        {"again", 0, 0, G_OPTION_ARG_NONE, &options.is_again, NULL, NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options.is_dry_run, NULL, NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.is_quiet, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options.wants_help, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.words,
         NULL, NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    bool is_parsed = options_parse(entries, argc, argv, &error);
    int exit_code =
        is_parsed ? run_options(&options) : usage_error(error->message, "");
    g_free(options.config);
    g_strfreev(options.words);
    return exit_code;
}
