/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/demo.c: the verb demo: bring it up, fetch once, say what was seen.
 */
#include "live/demo.h"
#include "live/program.h"
#include "sim/yaml/options.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SIGNALLED = 128 };

#define PIECE_BYTES (1u << 20)
#define SIZE_MIB_MAX 65536

static const char USAGE[] =
    "usage: byway demo [OPTION...]\n"
    "       byway demo --stop [--directory DIR]\n\n"
    "Bring up a manager, a key service, a data centre, a CDN that is slow and\n"
    "three edges on this machine, and fetch a file through them. They run "
    "until\n"
    "--stop ends them and removes the directory. The CDN is nginx.\n\n"
    "  -d, --directory DIR  where all of it is; it must not be there\n"
    "                       (byway-demo)\n"
    "      --port N         addresses are 127.0.0.1:N+1 to N+13 (8200)\n"
    "      --size MIB       of the file; twice as much is needed (256)\n"
    "      --stop           end the demo in DIR\n"
    "  -q, --quiet          say nothing but errors\n"
    "      --help           print this and exit\n\n"
    "Exit code: 0 done, 1 something did not work, 2 wrong usage, 130 or 143\n"
    "interrupted.\n\n"
    "example: byway demo\n";

typedef struct DemoOptions {
    char *directory;
    int port;
    int size_mib;
    gboolean is_stop;
    gboolean is_quiet;
    gboolean wants_help;
    char **words;
} DemoOptions;

static void
print_parts(const Demo *demo)
{
    printf("%-12s %3s  address\n", "part", "id");
    for (DemoPart part = 0; part < DEMO_PART_COUNT; part++) {
        char text[ADDRESS_TEXT_BYTES];
        Address address = demo_address(demo, part);
        address_write(&address, text);
        printf("%-12s %3u  %-16s %s\n", demo_name(part), demo_id(part), text,
               demo_remark(part));
    }
}

/* Hear the terminal again, and go when this process goes. */
static void
hear_again(void *unused)
{
    (void)unused;
    signal(SIGINT, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* What a user would type, with its progress on this terminal. Returns its
 * exit code. */
static int
fetch(const Demo *demo)
{
    char address_text[ADDRESS_TEXT_BYTES];
    Address address = demo_address(demo, DEMO_CDN);
    address_write(&address, address_text);
    g_autofree char *program = program_find_self();
    g_autofree char *url =
        g_strdup_printf("http://%s/" DEMO_FILE, address_text);
    g_autofree char *config = demo_path(demo, "client.yaml");
    g_autofree char *output = demo_path(demo, DEMO_FILE);
    const char *words[] = {
        program, "fetch", url,    "--config",
        config,  "-o",    output, demo->is_quiet ? "-q" : NULL,
        NULL};
    if (!demo->is_quiet) {
        printf("\nbyway fetch %s --config %s -o %s\n", url, config, output);
        fflush(stdout);
    }
    g_autoptr(GError) error = NULL;
    pid_t process;
    int status = 0;
    if (!g_spawn_async(NULL, (char **)(uintptr_t)words, NULL,
                       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN,
                       hear_again, NULL, &process, &error)) {
        fprintf(stderr, "byway demo: %s\n", error->message);
        return EXIT_FAILED;
    }
    waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status)
                             : EXIT_SIGNALLED + WTERMSIG(status);
}

static bool
is_same(FILE *left, FILE *right)
{
    g_autofree char *piece = g_malloc(PIECE_BYTES);
    g_autofree char *other = g_malloc(PIECE_BYTES);
    for (;;) {
        size_t size_bytes = fread(piece, 1, PIECE_BYTES, left);
        if (fread(other, 1, PIECE_BYTES, right) != size_bytes ||
            memcmp(piece, other, size_bytes) != 0)
            return false;
        if (size_bytes < PIECE_BYTES)
            return !ferror(left) && !ferror(right);
    }
}

static bool
compare(const Demo *demo)
{
    g_autofree char *from = demo_path(demo, "files/" DEMO_FILE);
    g_autofree char *to = demo_path(demo, DEMO_FILE);
    FILE *left = fopen(from, "rb");
    FILE *right = fopen(to, "rb");
    bool is_good = left && right && is_same(left, right);
    if (left)
        fclose(left);
    if (right)
        fclose(right);
    return is_good;
}

static void
print_end(const Demo *demo)
{
    bool is_default = strcmp(demo->directory, "byway-demo") == 0;
    printf("\nAll parts still run. Their configurations and logs are in %s;\n"
           "byway demo --stop%s%s ends and removes it all.\n",
           demo->directory, is_default ? "" : " --directory ",
           is_default ? "" : demo->directory);
}

/* Nothing is left of a demo that does not come up. */
static int
give_up(const Demo *demo, const char *why)
{
    uint32_t count;
    fprintf(stderr, "byway demo: %s\n", why);
    demo_stop(demo, &count, NULL);
    return EXIT_FAILED;
}

static int
show(const Demo *demo)
{
    g_autoptr(GError) error = NULL;
    if (!demo_check(demo, &error)) {
        fprintf(stderr, "byway demo: %s\n", error->message);
        return EXIT_FAILED;
    }
    signal(SIGINT, SIG_IGN); /* it would leave half of it behind */
    if (!demo_furnish(demo, &error) || !demo_start(demo, &error))
        return give_up(demo, error->message);
    if (!demo->is_quiet)
        print_parts(demo);
    int exit_code = fetch(demo);
    bool is_good = exit_code == 0 && compare(demo);
    if (exit_code == 0 && !is_good)
        fprintf(stderr, "byway demo: what came is not what was published\n");
    else if (is_good && !demo->is_quiet)
        printf("%u MiB came, the same byte for byte.\n", demo->size_mib);
    if (!demo->is_quiet)
        print_end(demo);
    return exit_code == 0 && !is_good ? EXIT_FAILED : exit_code;
}

static int
stop(const Demo *demo)
{
    g_autoptr(GError) error = NULL;
    uint32_t count;
    if (!demo_stop(demo, &count, &error)) {
        fprintf(stderr, "byway demo: %s\n", error->message);
        return EXIT_FAILED;
    }
    if (!demo->is_quiet)
        printf("%u processes ended, %s removed\n", count, demo->directory);
    return 0;
}

static int
usage_error(const char *text, const char *detail)
{
    fprintf(stderr, "byway demo: %s%s; see 'byway demo --help'\n", text,
            detail);
    return EXIT_USAGE;
}

static int
run_options(const DemoOptions *options)
{
    Demo demo = {
        .directory = options->directory ? options->directory : "byway-demo",
        .port = (uint16_t)options->port,
        .size_mib = (uint32_t)options->size_mib,
        .is_quiet = options->is_quiet,
    };
    if (options->wants_help) {
        fputs(USAGE, stdout);
        return 0;
    }
    if (options->words && options->words[0])
        return usage_error("what is to be done with ", options->words[0]);
    if (options->port < 1024 || options->port > DEMO_PORT_MAX)
        return usage_error("--port is from 1024 to 65000", "");
    if (options->size_mib < 1 || options->size_mib > SIZE_MIB_MAX)
        return usage_error("--size is from 1 to 65536 MiB", "");
    return options->is_stop ? stop(&demo) : show(&demo);
}

int
demo_main(int argc, char **argv)
{
    DemoOptions options = {.port = 8200, .size_mib = 256};
    const GOptionEntry entries[] = {
        {"directory", 'd', 0, G_OPTION_ARG_FILENAME, &options.directory, NULL,
         NULL},
        {"port", 0, 0, G_OPTION_ARG_INT, &options.port, NULL, NULL},
        {"size", 0, 0, G_OPTION_ARG_INT, &options.size_mib, NULL, NULL},
        {"stop", 0, 0, G_OPTION_ARG_NONE, &options.is_stop, NULL, NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options.is_quiet, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options.wants_help, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.words,
         NULL, NULL},
        G_OPTION_ENTRY_NULL};
    g_autoptr(GError) error = NULL;
    bool is_parsed = options_parse(entries, argc, argv, &error);
    int exit_code =
        is_parsed ? run_options(&options) : usage_error(error->message, "");
    g_free(options.directory);
    g_strfreev(options.words);
    return exit_code;
}
