/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/tour.c: hands out runs, and tells what became of them.
 */
#include "sim/sweep/tour.h"

#include <stdio.h>

#include "sim/log.h"
#include "sim/stop.h"

#define EXIT_FAILED 1
#define POLL_NS 20000000

typedef struct Tour {
    Rack *rack;
    Crew *crew;
    Log log;
    Progress progress;
    uint32_t run_count;
    uint32_t next; /* run to look at */
    uint32_t kept_count;
    uint32_t done_count;
    uint32_t failed_count;
    int signal; /* or 0 */
} Tour;

static void
show_progress(Tour *tour)
{
    if (!progress_is_due(&tour->progress))
        return;
    uint32_t over_count = tour->done_count + tour->failed_count;
    uint32_t wanted_count = tour->run_count - tour->kept_count;
    double passed_s = progress_elapsed_s(&tour->progress);
    g_autofree char *left =
        over_count == 0 ? g_strdup("?")
                        : progress_new_duration(
                              passed_s * (double)(wanted_count - over_count) /
                              (double)over_count);
    g_autofree char *line =
        g_strdup_printf("%u of %u runs done, %u under way, %s left",
                        tour->kept_count + tour->done_count, tour->run_count,
                        tour->crew->busy_count, left);
    progress_print(&tour->progress, line);
}

static void
tell_failure(Tour *tour, const RunEnd *end)
{
    g_autofree char *name = study_run_name(tour->rack->study, end->run);
    log_tell(&tour->log, LOG_ERROR, NULL, "run %s failed with exit code %d%s",
             name, end->exit_code, *end->told ? ":" : "");
    g_auto(GStrv) lines = g_strsplit(end->told, "\n", -1);
    for (char **line = lines; *line; line++)
        fprintf(stderr, "    %s\n", *line);
    tour->failed_count++;
}

/* A run is judged by what is there, not by its word. */
static void
take_end(Tour *tour, const RunEnd *end)
{
    if (rack_survey(tour->rack, end->run)) {
        tour->done_count++;
        return;
    }
    rack_remove_partial(tour->rack, end->run);
    if (!tour->signal)
        tell_failure(tour, end);
}

static void
start_run(Tour *tour, uint32_t run)
{
    RunOrder order;
    rack_write_order(tour->rack, run, &order);
    g_autoptr(GError) error = NULL;
    if (crew_start(tour->crew, &order, &error))
        return;
    log_tell(&tour->log, LOG_ERROR, NULL, "%s", error->message);
    tour->failed_count++;
}

static void
start_runs(Tour *tour)
{
    while (tour->next < tour->run_count && crew_has_place(tour->crew)) {
        uint32_t run = tour->next++;
        if (!tour->rack->is_whole[run])
            start_run(tour, run);
    }
}

static void
take_signal(Tour *tour, int signal)
{
    if (!tour->signal)
        log_tell(&tour->log, LOG_WARNING, NULL,
                 "%s: the sweep ends and keeps the runs that are finished",
                 stop_name(signal));
    tour->signal = signal;
    crew_kill(tour->crew);
}

static void
play(Tour *tour)
{
    RunEnd end;
    while (tour->crew->busy_count > 0 ||
           (tour->next < tour->run_count && !tour->signal)) {
        if (!tour->signal)
            start_runs(tour);
        int signal = stop_wait(POLL_NS);
        if (signal)
            take_signal(tour, signal);
        while (crew_poll(tour->crew, &end))
            take_end(tour, &end);
        show_progress(tour);
    }
}

static int
tell_end(Tour *tour)
{
    if (tour->signal) {
        stop_forget_echo();
        log_tell(&tour->log, LOG_WARNING, NULL,
                 "%u of %u runs are there; the same command goes on",
                 tour->kept_count + tour->done_count, tour->run_count);
        return 128 + tour->signal;
    }
    if (tour->failed_count > 0)
        log_tell(&tour->log, LOG_ERROR, NULL, "%u of %u runs failed",
                 tour->failed_count, tour->run_count);
    return tour->failed_count > 0 ? EXIT_FAILED : 0;
}

int
tour(Rack *rack, Crew *crew, ProgressMode mode)
{
    Tour tour = {
        .rack = rack, .crew = crew, .run_count = study_run_count(rack->study)};
    for (uint32_t run = 0; run < tour.run_count; run++)
        tour.kept_count += rack->is_whole[run];
    log_init(&tour.log, LOG_WARNING);
    progress_init(&tour.progress, NULL, 0, mode);
    tour.log.progress = &tour.progress;
    if (tour.kept_count > 0 && mode != PROGRESS_NEVER)
        fprintf(stderr, "byway: %u of %u runs are there already\n",
                tour.kept_count, tour.run_count);
    play(&tour);
    progress_end(&tour.progress);
    return tell_end(&tour);
}
