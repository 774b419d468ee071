/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_command.c: the verb `byway fetch`: options, and what is said at
 * the end.
 */
#include "live/fetch_command.h"
#include "live/fetch.h"
#include "live/folder.h"
#include "sim/yaml/options.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SIGNALLED = 128 };

static const char USAGE[] =
    "usage: byway fetch URL [-o FILE] [--config FILE.yaml] [OPTION...]\n\n"
    "Fetch a file (http:// or https://) from a CDN and, when that is slow,\n"
    "from edges at once. It grows as FILE.partial and gets its name when it\n"
    "is whole. What ended early, the same command goes on with.\n\n"
    "  -o, --output FILE    where it goes; by default what the URL calls it\n"
    "  -c, --config FILE    whom to ask for edges and keys; without it, the\n"
    "                       CDN alone is asked, for several parts at once\n"
    "  -f, --force          replace FILE if it is there\n"
    "      --restart        throw FILE.partial away and begin anew\n"
    "      --mptcp          call by Multipath TCP whoever speaks it\n"
    "      --turns LOG      log what the client hears and wants, for byway\n"
    "                       replay; keys and the file's bytes stand in it\n"
    "      --progress WHEN  auto, always or never\n"
    "  -q, --quiet          say nothing but errors\n"
    "      --json           at the end, say it as a JSON object on stdout\n"
    "      --help           print this and exit; with --config: 'byway live\n"
    "                       client --help' lists its keys\n\n"
    "Exit code: 0 FILE is whole, 1 it is not, 2 wrong usage, 130 or 143\n"
    "interrupted by SIGINT or SIGTERM.\n\n"
    "example: byway fetch http://cdn.example/big.iso -o big.iso\n";

typedef struct FetchOptions {
    char *output;
    char *config;
    char *progress;
    char *turns;
    gboolean is_forced;
    gboolean is_restart;
    gboolean is_multipath;
    gboolean is_quiet;
    gboolean is_json;
    gboolean wants_help;
    char **words;
} FetchOptions;

static int
usage_error(const char *text, const char *detail)
{
    fprintf(stderr, "byway fetch: %s%s; see 'byway fetch --help'\n", text,
            detail);
    return EXIT_USAGE;
}

/* --- what is said at the end ------------------------------------------- */

static void
print_json(const Fetch *fetch)
{
    const FetchProgress *progress = &fetch->progress;
    json_t *edges = json_array();
    uint64_t edge_bytes = 0;
    for (guint i = 0; i < progress->edges->len; i++) {
        const FetchEdge *edge = &g_array_index(progress->edges, FetchEdge, i);
        edge_bytes += edge->done_bytes;
        json_array_append_new(edges, json_pack("{s:I, s:I}", "id",
                                               (json_int_t)edge->peer, "bytes",
                                               (json_int_t)edge->done_bytes));
    }
    json_t *summary =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:b, s:f}", "url",
                  fetch->order->url->text, "file", fetch->order->path,
                  "file_bytes", (json_int_t)progress->file_bytes,
                  "resumed_bytes", (json_int_t)progress->held_bytes,
                  "fetched_bytes", (json_int_t)progress->done_bytes,
                  "cdn_bytes", (json_int_t)progress->cdn_bytes, "edge_bytes",
                  (json_int_t)edge_bytes, "edges", edges, "slow",
                  progress->is_slow, "duration_seconds", fetch->elapsed_s);
    if (!summary) { /* a name that is not UTF-8 */
        fputs("{}\n", stdout);
        return;
    }
    json_dumpf(summary, stdout, JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(summary);
}

static void
print_done(const Fetch *fetch)
{
    const FetchProgress *progress = &fetch->progress;
    double rate = (double)progress->done_bytes / MAX(fetch->elapsed_s, 1e-3);
    g_autofree char *whole = fetch_progress_size(progress->file_bytes);
    g_autofree char *held = fetch_progress_size(progress->held_bytes);
    g_autofree char *speed = fetch_progress_size((uint64_t)rate);
    g_autofree char *shares = fetch_progress_shares(progress);
    fprintf(stderr, "%s: %s", fetch->order->path, whole);
    if (progress->held_bytes > 0)
        fprintf(stderr, ", %s of it before", held);
    if (progress->done_bytes > 0)
        fprintf(stderr, ", in %.1f s, %s/s; %s", fetch->elapsed_s, speed,
                shares);
    fputc('\n', stderr);
}

/* Why the client gave up, as far as can be told. */
static void
print_failure(const Fetch *fetch)
{
    const char *host = fetch->name.host;
    if (fetch->error)
        fprintf(stderr, "byway fetch: %s\n", fetch->error->message);
    else if (fetch->has_changed)
        fprintf(stderr,
                "byway fetch: the file has changed at %s meanwhile; --restart "
                "begins anew\n",
                host);
    else if (fetch->status > 0)
        fprintf(stderr, "byway fetch: %s answers %u, and nobody else helps\n",
                host, fetch->status);
    else
        fprintf(stderr,
                "byway fetch: %s does not answer any more, and nobody else "
                "helps\n",
                host);
}

/* It was slow, edges were to help, and none has: an operator wants to know. */
static void
print_no_help(const Fetch *fetch)
{
    const FetchProgress *progress = &fetch->progress;
    const FetchHelp *help = &fetch->help;
    if (!progress->is_slow || progress->edges->len > 0 ||
        fetch->order->config->peers.manager.id == PEER_NONE)
        return;
    fputs("byway fetch: slow, and no edge has helped: ", stderr);
    if (help->is_key_refused && help->key_status == 200)
        fputs("the key is not of this file\n", stderr);
    else if (help->is_key_refused && help->key_status > 0)
        fprintf(stderr, "the key service answers %u\n", help->key_status);
    else if (help->is_key_refused)
        fputs("the key service does not answer\n", stderr);
    else if (help->is_manager_silent)
        fputs("the manager does not answer\n", stderr);
    else
        fprintf(stderr, "%u listed, %u tried\n", help->listed_count,
                help->tried_count);
}

static void
print_rest(const Fetch *fetch)
{
    const FetchJournal *journal = &fetch->journal;
    g_autofree char *here = fetch_progress_size(journal->held.total_bytes -
                                                journal->pending.total_bytes);
    g_autofree char *whole = fetch_progress_size(journal->subject.file_bytes);
    fprintf(stderr,
            "byway fetch: %s of %s are in %s; the same command goes "
            "on from there\n",
            here, whole, fetch->output.partial_path);
}

static int
report(const Fetch *fetch, FetchEnd end, const FetchOptions *options)
{
    bool has_begun = fetch->journal.fd >= 0;
    switch (end) {
    case FETCH_DONE:
        if (!options->is_quiet)
            print_done(fetch);
        if (!options->is_quiet)
            print_no_help(fetch);
        if (options->is_json)
            print_json(fetch);
        return 0;
    case FETCH_REFUSED:
        fprintf(stderr, "byway fetch: %s\n", fetch->error->message);
        return EXIT_USAGE;
    case FETCH_FAILED:
        print_failure(fetch);
        print_no_help(fetch);
        if (has_begun && !fetch->has_changed)
            print_rest(fetch);
        return EXIT_FAILED;
    case FETCH_INTERRUPTED:
        if (has_begun)
            print_rest(fetch);
        return EXIT_SIGNALLED + fetch->signal;
    }
    return EXIT_FAILED;
}

/* --- options ----------------------------------------------------------- */

/* What edges call the file: by the URL, or by the key for names. */
static bool
has_id_key(const LiveFiles *files)
{
    static const uint8_t NONE[LIVE_KEY_BYTES];
    return memcmp(files->id_key, NONE, sizeof NONE) != 0;
}

static bool
find_id(const FetchUrl *url, const LiveConfig *config, FileId *ret_id)
{
    const LiveFiles *files = &config->files;
    *ret_id = url->file;
    if (url->is_file || config->peers.manager.id == PEER_NONE)
        return true;
    if (!has_id_key(files) || !url->path)
        return false;
    Folder folder = {.tenant = files->tenant, .id_key = files->id_key};
    *ret_id = folder_id(&folder, url->path);
    return true;
}

static int
fetch_order(FetchOrder *order, const FetchOptions *options)
{
    if (!find_id(order->url, order->config, &order->file))
        return usage_error("edges know no file of this name: files.id_key_file "
                           "is not in ",
                           options->config);
    g_autofree char *name = fetch_url_file_name(order->url);
    order->path = options->output ? options->output : name;
    if (!order->path)
        return usage_error("the URL names no file; where to, -o FILE?", "");
    if (strcmp(order->path, "-") == 0)
        return usage_error("parts come in any order: only a file can take "
                           "them, not -o -",
                           "");
    g_autofree Fetch *fetch = g_new(Fetch, 1);
    FetchEnd end = fetch_run(fetch, order);
    int exit_code = report(fetch, end, options);
    fetch_clear(fetch);
    return exit_code;
}

static LiveConfig *
open_config(const char *path)
{
    if (!path) {
        LiveConfig *config = config_new(ROLE_CLIENT);
        config->client.never_asks = true;
        return config;
    }
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    LiveConfig *config = config_read(path, ROLE_CLIENT, errors);
    for (guint i = 0; i < errors->len; i++)
        fprintf(stderr, "%s\n", (const char *)errors->pdata[i]);
    return config;
}

static bool
parse_progress(const FetchOptions *options, FetchProgressMode *ret_mode)
{
    const char *text = options->progress ? options->progress : "auto";
    *ret_mode = FETCH_PROGRESS_AUTO;
    if (strcmp(text, "always") == 0)
        *ret_mode = FETCH_PROGRESS_ALWAYS;
    else if (strcmp(text, "never") == 0)
        *ret_mode = FETCH_PROGRESS_NEVER;
    else if (strcmp(text, "auto") != 0)
        return false;
    if (options->is_quiet)
        *ret_mode = FETCH_PROGRESS_NEVER;
    return true;
}

static int
run_options(const FetchOptions *options)
{
    FetchOrder order = {
        .may_replace = options->is_forced,
        .is_multipath = options->is_multipath,
        .is_restart = options->is_restart,
    };
    if (!options->words || !options->words[0])
        return usage_error("which URL?", "");
    if (options->words[1])
        return usage_error("one URL at a time: ", options->words[1]);
    if (!parse_progress(options, &order.progress))
        return usage_error("--progress is auto, always or never, not ",
                           options->progress);
    if (options->turns && g_file_test(options->turns, G_FILE_TEST_EXISTS))
        return usage_error("--turns replaces no file, choose another name "
                           "than ",
                           options->turns);
    g_autoptr(GError) error = NULL;
    FetchUrl url;
    if (!fetch_url_parse(options->words[0], &url, &error))
        return usage_error(error->message, "");
    g_autoptr(LiveConfig) config = open_config(options->config);
    order.url = &url;
    order.config = config;
    if (config)
        config->turns = options->turns;
    int exit_code = config ? fetch_order(&order, options) : EXIT_USAGE;
    fetch_url_clear(&url);
    return exit_code;
}

int
fetch_main(int argc, char **argv)
{
    FetchOptions options = {0};
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, NULL, NULL},
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config, NULL, NULL},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &options.is_forced, NULL, NULL},
        {"mptcp", 0, 0, G_OPTION_ARG_NONE, &options.is_multipath, NULL, NULL},
        {"restart", 0, 0, G_OPTION_ARG_NONE, &options.is_restart, NULL, NULL},
        {"turns", 0, 0, G_OPTION_ARG_FILENAME, &options.turns, NULL, NULL},
        {"progress", 0, 0, G_OPTION_ARG_STRING, &options.progress, NULL, NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.is_quiet, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.is_json, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options.wants_help, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.words,
         NULL, NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    bool is_parsed = options_parse(entries, argc, argv, &error);
    int exit_code = EXIT_USAGE;
    if (!is_parsed)
        usage_error(error->message, "");
    else if (options.wants_help)
        exit_code = fputs(USAGE, stdout) < 0 ? EXIT_FAILED : 0;
    else
        exit_code = run_options(&options);
    g_free(options.output);
    g_free(options.config);
    g_free(options.progress);
    g_free(options.turns);
    g_strfreev(options.words);
    return exit_code;
}
