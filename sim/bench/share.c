/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/bench/share.c: which parts of the engine the time goes to.
 *
 * perf knows the source file of each sample, inlined functions included.
 */
#include "sim/bench/bench.h"

#include "sim/stop.h"

#include <string.h>

const char *const PART_NAMES[PART_COUNT] = {
    [PART_AGENDA] = "agenda",     [PART_LINKS] = "links",
    [PART_CROSSING] = "crossing", [PART_TCP] = "TCP",
    [PART_PREFETCH] = "prefetch", [PART_ROLES] = "roles",
    [PART_RESULTS] = "results",   [PART_OTHER] = "other",
};

/* Files by the beginning of their names; all else is PART_OTHER. */
typedef struct PartFiles {
    const char *start;
    PartKind part;
} PartFiles;

static const PartFiles PART_FILES[] = {
    {"/analysis/", PART_RESULTS},      {"/core/", PART_ROLES},
    {"/sim/agenda.", PART_AGENDA},     {"/sim/codel.", PART_LINKS},
    {"/sim/download.", PART_ROLES},    {"/sim/effect.", PART_ROLES},
    {"/sim/host.", PART_ROLES},        {"/sim/link.", PART_LINKS},
    {"/sim/gang.", PART_CROSSING},     {"/sim/mail.", PART_CROSSING},
    {"/sim/nat.", PART_ROLES},         {"/sim/network.", PART_LINKS},
    {"/sim/parts.", PART_CROSSING},    {"/sim/world_parts.", PART_ROLES},
    {"/sim/packet.", PART_LINKS},      {"/sim/payload.", PART_ROLES},
    {"/sim/prefetch.", PART_PREFETCH}, {"/sim/quantile.", PART_RESULTS},
    {"/sim/record.", PART_RESULTS},    {"/sim/stream.", PART_TCP},
    {"/sim/transport/", PART_TCP},     {"/sim/world.", PART_ROLES},
};

/* path is as the compiler saw it, "…/build/../sim/link.c". */
static PartKind
part_of(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(PART_FILES); i++) {
        const char *start = PART_FILES[i].start;
        const char *at = g_strrstr(path, start);
        if (at && !strchr(at + strlen(start), '/'))
            return PART_FILES[i].part;
    }
    return PART_OTHER;
}

bool
share_parse(const char *report, double ret_shares[static PART_COUNT])
{
    double shares[PART_COUNT] = {0};
    double total = 0;
    g_auto(GStrv) lines = g_strsplit(report, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *end;
        double percent = g_ascii_strtod(*line, &end);
        if (end == *line || *end != '%')
            continue; /* a head, or nothing */
        shares[part_of(end)] += percent;
        total += percent;
    }
    if (shares[PART_OTHER] >= total)
        return false;
    for (PartKind part = 0; part < PART_COUNT; part++)
        ret_shares[part] = shares[part] / total;
    return true;
}

static void
release_signals(gpointer unused)
{
    (void)unused;
    stop_release();
}

bool
share_read(const TrialPlace *place, double ret_shares[static PART_COUNT])
{
    char *arguments[] = {
        place->perf,    "report", "--stdio", "-i",
        place->samples, "--sort", "srcfile", "--full-source-path",
        "-t",           "|",      NULL};
    g_auto(GStrv) environment =
        g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autofree char *report = NULL;
    return g_spawn_sync(NULL, arguments, environment,
                        G_SPAWN_STDERR_TO_DEV_NULL, release_signals, NULL,
                        &report, NULL, NULL, NULL) &&
           share_parse(report, ret_shares);
}
