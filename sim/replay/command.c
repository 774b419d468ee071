/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/command.c: the verb `byway replay`: turn logs in, a line each out.
 */
#include "sim/replay/command.h"

#include <stdio.h>
#include <string.h>

#include "sim/replay/replay.h"

enum { EXIT_EQUAL = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char USAGE[] =
    "usage: byway replay [--moving] FILE...\n\n"
    "Hand each node of a turn log its events again, and compare its turns "
    "with\n"
    "those of the log, byte for byte. A log comes from --turns of byway run,\n"
    "live or fetch; of one that was cut short, what is whole is replayed.\n"
    "\n"
    "  --moving  before an event write the node to bytes, and let another one "
    "read\n"
    "            them and go on, as checkpoints have it: nothing may change\n"
    "\n"
    "Exit code: 0 all turns are equal, 1 a turn differs (the first is shown), "
    "the\n"
    "log is damaged or has no turns, 2 wrong usage or no turn log.\n\n"
    "example: byway run scenarios/first.yaml --turns first.turns\n"
    "         byway replay first.turns\n";

static void
tell_counts(const char *path, const ReplayResult *result)
{
    printf("%s: %" G_GUINT64_FORMAT " nodes, %" G_GUINT64_FORMAT
           " events, %" G_GUINT64_FORMAT " turns",
           path, result->node_count, result->event_count, result->turn_count);
    if (result->turn_count == 0)
        puts(": nothing to compare");
    else
        puts(result->end == REPLAY_DIFFERS ? ", the last one differs"
                                           : ", all equal");
}

static int
tell(const char *path, const ReplayResult *result)
{
    const char *text = result->difference->str;
    if (result->end == REPLAY_FOREIGN) {
        fprintf(stderr, "byway: %s: %s\n", path, text);
        return EXIT_USAGE;
    }
    tell_counts(path, result);
    fflush(stdout);
    if (result->open_count > 0)
        fprintf(stderr,
                "byway: %s: a last event has no turn: its process ended in it, "
                "or soon after\n",
                path);
    int equal_code = result->turn_count > 0 ? EXIT_EQUAL : EXIT_FAILED;
    if (result->end == REPLAY_EQUAL)
        return equal_code;
    if (result->end == REPLAY_DIFFERS) {
        fprintf(stderr, "byway: %s: %s", path, text);
        return EXIT_FAILED;
    }
    bool is_cut = result->end == REPLAY_CUT;
    fprintf(stderr, "byway: %s is %s at byte %" G_GUINT64_FORMAT "%s%s\n", path,
            is_cut ? "cut" : "damaged", result->at_bytes,
            is_cut ? ": what came before was replayed" : ": ", text);
    return is_cut ? equal_code : EXIT_FAILED;
}

static int
replay_file(const char *path, ReplayWay way)
{
    g_autoptr(GError) error = NULL;
    GMappedFile *file = g_mapped_file_new(path, false, &error);
    if (!file) {
        fprintf(stderr, "byway: %s\n", error->message);
        return EXIT_USAGE;
    }
    ReplayResult result;
    replay_run((const uint8_t *)g_mapped_file_get_contents(file),
               g_mapped_file_get_length(file), way, &result);
    int exit_code = tell(path, &result);
    replay_clear(&result);
    g_mapped_file_unref(file);
    return exit_code;
}

static int
fail_usage(const char *problem, const char *what)
{
    fprintf(stderr, "byway replay: %s%s; see 'byway replay --help'\n", problem,
            what);
    return EXIT_USAGE;
}

int
replay_main(int argc, char **argv)
{
    int exit_code = EXIT_EQUAL;
    int first = 1;
    ReplayWay way = REPLAY_STAYING;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(USAGE, stdout);
            return EXIT_EQUAL;
        }
    }
    if (argc > 1 && strcmp(argv[1], "--moving") == 0) {
        way = REPLAY_MOVING;
        first = 2;
    }
    if (first == argc)
        return fail_usage("which file?", "");
    if (argv[first][0] == '-')
        return fail_usage("unknown option ", argv[first]);
    for (int i = first; i < argc; i++) {
        int file_code = replay_file(argv[i], way);
        exit_code = MAX(exit_code, file_code);
    }
    return exit_code;
}
