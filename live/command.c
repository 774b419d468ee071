/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/command.c: the verb `byway live`: options, then one role until it ends.
 */
#include "live/command.h"
#include "live/check.h"
#include "live/listener.h"
#include "live/operate.h"
#include "live/privilege.h"
#include "live/workers.h"
#include "sim/yaml/options.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char USAGE[] =
    "usage: byway live ROLE --config FILE.yaml [--check] [--turns LOG]\n\n"
    "Run one role over real sockets: manager, key-service, data-centre, edge\n"
    "or cdn. SIGTERM finishes what is under way, a second one stops at once;\n"
    "SIGHUP reads FILE, the served directory and the catalogue again, SIGUSR1\n"
    "begins a new access log.\n\n"
    "  -c, --config FILE  what it is, where it listens, whom it knows\n"
    "      --check        only look whether that would work here\n"
    "      --turns LOG    log what the node hears and wants, for byway replay, "
    "to\n"
    "                     a new file; it holds keys, and all that is served\n"
    "      --help         print this and exit; with ROLE: all keys of FILE\n\n"
    "Exit code: 0 all finished, 1 something was cut off, 2 FILE is wrong.\n\n"
    "examples: byway live edge --config edge.yaml\n"
    "          byway live edge --config edge.yaml --turns edge.turns\n"
    "          byway replay edge.turns\n";

typedef struct LiveOptions {
    char *config;
    char *turns;
    gboolean is_check;
    gboolean wants_help;
    char **words;
} LiveOptions;

static int
usage_error(const char *text, const char *detail)
{
    fprintf(stderr, "byway live: %s%s (see 'byway live --help')\n", text,
            detail);
    return EXIT_USAGE;
}

typedef struct Service {
    LiveConfig *config;
    const char *path;
} Service;

static int
serve(const LiveConfig *config, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree LiveRole *role = g_new(LiveRole, 1);
    if (!role_start(role, config, &error)) {
        fprintf(stderr, "byway: %s\n", error->message);
        return EXIT_FAILED;
    }
    if (config->worker_count > 1)
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* cleared by a change of user */
    bool is_whole = operate_run(role, path);
    is_whole &= role_stop(role);
    return is_whole ? 0 : EXIT_FAILED;
}

static int
serve_as_worker(void *context, uint32_t index)
{
    const Service *service = context;
    service->config->worker_index = index;
    return serve(service->config, service->path);
}

static void
tell_if_served(const Address *address)
{
    char text[ADDRESS_TEXT_BYTES];
    if (address->port == 0 || !listener_is_served(address))
        return;
    address_write(address, text);
    fprintf(stderr,
            "byway: another process serves %s already: the two share the "
            "callers, which is right in a restart alone\n",
            text);
}

/* Before there are workers, which share. */
static void
tell_shared(const LiveConfig *config)
{
    privilege_raise();
    for (uint32_t at = 0; at < config->listen_count; at++)
        if (!config_is_alone(config))
            tell_if_served(&config->listen[at].address);
    tell_if_served(&config->admin);
    privilege_lower();
}

static int
run_role(Role role, const LiveOptions *options)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(LiveConfig) config = config_read(options->config, role, errors);
    for (guint i = 0; i < errors->len; i++)
        fprintf(stderr, "%s\n", (const char *)errors->pdata[i]);
    if (!config)
        return EXIT_USAGE;
    config->turns = options->turns;
    tell_shared(config);
    if (config->worker_count == 1)
        return serve(config, options->config);
    if (options->turns)
        return usage_error("--turns logs one process, not ", "workers");
    Service service = {config, options->config};
    return workers_run(config->worker_count, serve_as_worker, &service);
}

static int
help(const LiveOptions *options)
{
    Role role;
    if (!options->words || !config_parse_role(options->words[0], &role)) {
        fputs(USAGE, stdout);
        return 0;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    config_write_help(text, role);
    fputs(text->str, stdout);
    return 0;
}

static int
refuse_role(const char *word)
{
    g_autofree char *hint = config_suggest_role(word);
    g_autofree char *detail = g_strconcat(word, hint, NULL);
    return usage_error("there is no role ", detail);
}

static int
run_options(const LiveOptions *options)
{
    if (options->wants_help)
        return help(options);
    Role role;
    if (!options->words || !options->words[0])
        return usage_error("which role?", "");
    if (options->words[1])
        return usage_error("one role at a time: ", options->words[1]);
    if (!config_parse_role(options->words[0], &role) || role == ROLE_CLIENT)
        return refuse_role(options->words[0]);
    if (!options->config)
        return usage_error("where is its --config FILE.yaml?", "");
    return options->is_check ? check_run(options->config, role)
                             : run_role(role, options);
}

int
live_main(int argc, char **argv)
{
    LiveOptions options = {0};
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config, NULL, NULL},
        {"turns", 0, 0, G_OPTION_ARG_FILENAME, &options.turns, NULL, NULL},
        {"check", 0, 0, G_OPTION_ARG_NONE, &options.is_check, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options.wants_help, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.words,
         NULL, NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    bool is_parsed = options_parse(entries, argc, argv, &error);
    int exit_code =
        is_parsed ? run_options(&options) : usage_error(error->message, "");
    g_free(options.config);
    g_free(options.turns);
    g_strfreev(options.words);
    return exit_code;
}
