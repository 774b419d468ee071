/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate.c: runs the table of proofs, or the kernel's cases.
 */
#include "sim/validate.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "sim/validate/kernel.h"
#include "sim/validate/proof.h"
#include "sim/yaml/options.h"

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_MISSED 3

static const char HELP[] =
    "Usage: byway validate [OPTION]... [ID]...\n"
    "   or: byway validate kernel [--group LIST] FILE.csv\n"
    "Hold the simulator against closed forms, RFCs and a real kernel's TCP.\n"
    "\n"
    "      --list        print the table of truths without measuring\n"
    "      --group LIST  of the kernel's groups: "
    "short,shortcc,hystart,bulk10,\n"
    "                    bulk50,loss,lossrtt (all of these), drops,shortq\n"
    "      --help        print this and exit\n"
    "\n"
    "Exit code: 0 all met, 2 usage or unreadable file, 3 one was missed.\n"
    "\n"
    "Example:\n"
    "  byway validate Q1 T5\n"
    "  byway validate kernel --group loss kernel_tcp.csv\n";

typedef struct Options {
    char **words;
    char *groups;
    gboolean is_list;
    gboolean is_help;
} Options;

static bool
parse_options(int argc, char **argv, Options *options)
{
    const GOptionEntry entries[] = {
        {"list", 0, 0, G_OPTION_ARG_NONE, &options->is_list, NULL, NULL},
        {"help", 0, 0, G_OPTION_ARG_NONE, &options->is_help, NULL, NULL},
        {"group", 0, 0, G_OPTION_ARG_STRING, &options->groups, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->words,
         NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GError) error = NULL;
    if (options_parse(entries, argc, argv, &error))
        return true;
    fprintf(stderr, "byway validate: %s; see 'byway validate --help'\n",
            error->message);
    return false;
}

static bool
is_wanted(const Options *options, const char *id)
{
    return !options->words ||
           g_strv_contains((const char *const *)options->words, id);
}

static bool
is_known_id(const char *id)
{
    for (uint32_t i = 0; i < PROOF_ROW_COUNT; i++) {
        if (strcmp(PROOF_ROWS[i].id, id) == 0)
            return true;
    }
    return false;
}

static bool
are_ids_known(const Options *options)
{
    for (guint i = 0; options->words && options->words[i]; i++) {
        if (is_known_id(options->words[i]))
            continue;
        fprintf(stderr,
                "byway validate: no row '%s'; 'byway validate --list' shows "
                "them all\n",
                options->words[i]);
        return false;
    }
    return true;
}

static void
print_list(const Options *options)
{
    printf("%-4s %-48s %14s %-14s %s\n", "id", "case", "expected", "band",
           "source");
    for (uint32_t i = 0; i < PROOF_ROW_COUNT; i++) {
        const ProofRow *row = &PROOF_ROWS[i];
        g_autofree char *band = proof_band_text(row);
        if (is_wanted(options, row->id))
            printf("%-4s %-48s %14.10g %-14s %s\n", row->id, row->text,
                   row->expected, band, row->source);
    }
}

static bool
print_row(const ProofRow *row, Estimate measured)
{
    bool is_met = proof_is_met(row, measured);
    g_autofree char *band = proof_band_text(row);
    g_autofree char *interval = g_strdup("");
    if (measured.half_width > 0) {
        g_free(interval);
        interval = g_strdup_printf("+-%.3g", measured.half_width);
    }
    printf("%-4s %-48s %12.9g %12.9g %-10s %-14s %s\n", row->id, row->text,
           row->expected, measured.value, interval, band,
           is_met ? "met" : "MISSED");
    fflush(stdout);
    return is_met;
}

static int
run_proofs(const Options *options)
{
    uint32_t count = 0;
    uint32_t missed_count = 0;
    const ProofRow *previous = NULL;
    Estimate parts[PROOF_PARTS_MAX];
    printf("%-4s %-48s %12s %12s %-10s %-14s %s\n", "id", "case", "expected",
           "measured", "99.9 %", "band", "verdict");
    for (uint32_t i = 0; i < PROOF_ROW_COUNT; i++) {
        const ProofRow *row = &PROOF_ROWS[i];
        if (!is_wanted(options, row->id))
            continue;
        Estimate measured = proof_measure(row, previous, parts);
        count++;
        missed_count += !print_row(row, measured);
        previous = row;
    }
    printf("%u rows, %u missed\n", count, missed_count);
    return missed_count ? EXIT_MISSED : EXIT_OK;
}

static int
run_kernel(const Options *options)
{
    const char *path = options->words[1];
    if (path && !options->words[2] && !options->is_list)
        return kernel_compare(path, options->groups);
    fputs("byway validate kernel: name one file of measurements; see 'byway "
          "validate --help'\n",
          stderr);
    return EXIT_USAGE;
}

static int
run(const Options *options)
{
    if (options->is_help) {
        fputs(HELP, stdout);
        return EXIT_OK;
    }
    if (options->words && strcmp(options->words[0], "kernel") == 0)
        return run_kernel(options);
    if (options->groups) {
        fputs("byway validate: --group belongs to 'byway validate kernel'\n",
              stderr);
        return EXIT_USAGE;
    }
    if (!are_ids_known(options))
        return EXIT_USAGE;
    if (!options->is_list)
        return run_proofs(options);
    print_list(options);
    return EXIT_OK;
}

int
validate_main(int argc, char **argv)
{
    Options options = {0};
    int code = EXIT_USAGE;
    if (parse_options(argc, argv, &options))
        code = run(&options);
    g_strfreev(options.words);
    g_free(options.groups);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fputs("byway: cannot write to stdout\n", stderr);
    return EXIT_FAILED;
}
