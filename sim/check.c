/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/check.c: read scenarios without running them; print their schema.
 */
#include "sim/check.h"
#include "sim/schema.h"
#include "sim/yaml/options.h"

#include <stdio.h>

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

static const char CHECK_HELP[] =
    "Usage: byway check [OPTION]... FILE...\n"
    "Read scenarios, and say what is wrong with them, without running them.\n"
    "\n"
    "      --set KEY.PATH=VALUE  change a key first; may be given again\n"
    "      --effective           print the scenario with all defaults\n"
    "      --help                print this and exit\n"
    "\n"
    "Exit code: 0 all are valid, 2 one is not.\n"
    "\n"
    "Example:\n"
    "  byway check --set general.seed=7 scenarios/first.yaml\n";

static const char SCHEMA_HELP[] =
    "Usage: byway schema\n"
    "Print the JSON Schema (draft 2020-12) of scenario files, for editors.\n"
    "\n"
    "      --help  print this and exit\n"
    "\n"
    "Example:\n"
    "  byway schema >byway.schema.json\n";

typedef struct CheckOptions {
    char **overrides;
    char **paths;
    gboolean is_effective;
} CheckOptions;

/* Data must have reached stdout for a verb to have done its work. */
static int
finish_stdout(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_OK;
    fputs("byway: cannot write to stdout\n", stderr);
    return EXIT_FAILED;
}

static bool
check_file(const CheckOptions *options, const char *path)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Scenario) scenario =
        scenario_read(path, (const char *const *)options->overrides, errors);
    for (guint at = 0; at < errors->len; at++)
        fprintf(stderr, "%s\n", (char *)errors->pdata[at]);
    if (!scenario)
        return false;
    for (guint at = 0; at < scenario->remarks->len; at++)
        fprintf(stderr, "%s: note: %s\n", path,
                (char *)scenario->remarks->pdata[at]);
    if (!options->is_effective) {
        printf("%s: ok\n", path);
        return true;
    }
    g_autoptr(GString) text = scenario_write(scenario);
    fputs(text->str, stdout);
    return true;
}

static bool
parse_options(int argc, char **argv, CheckOptions *options)
{
    const GOptionEntry entries[] = {
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->overrides, NULL,
         NULL},
        {"effective", 0, 0, G_OPTION_ARG_NONE, &options->is_effective, NULL,
         NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->paths,
         NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GError) error = NULL;
    if (!options_parse(entries, argc, argv, &error)) {
        fprintf(stderr, "byway check: %s\n", error->message);
        return false;
    }
    if (!options->paths)
        fputs("byway check: no file named; see byway check --help\n", stderr);
    return options->paths != NULL;
}

static bool
is_help(int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        if (g_str_equal(argv[at], "--help"))
            return true;
    }
    return false;
}

int
check_main(int argc, char **argv)
{
    CheckOptions options = {NULL, NULL, FALSE};
    if (is_help(argc, argv)) {
        fputs(CHECK_HELP, stdout);
        return finish_stdout();
    }
    bool is_valid = parse_options(argc, argv, &options);
    for (guint at = 0; options.paths && options.paths[at]; at++)
        is_valid = check_file(&options, options.paths[at]) && is_valid;
    g_strfreev(options.overrides);
    g_strfreev(options.paths);
    int code = finish_stdout();
    return is_valid ? code : EXIT_USAGE;
}

int
schema_main(int argc, char **argv)
{
    if (is_help(argc, argv)) {
        fputs(SCHEMA_HELP, stdout);
        return finish_stdout();
    }
    if (argc > 1) {
        fputs("byway schema: takes no arguments; see byway schema --help\n",
              stderr);
        return EXIT_USAGE;
    }
    g_autoptr(GString) text = schema_write_json();
    fputs(text->str, stdout);
    return finish_stdout();
}
