/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/run.c: from the command line to a directory of results.
 */
#include "sim/run.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/command.h"
#include "sim/directory.h"
#include "sim/manifest.h"
#include "sim/member.h"
#include "sim/modes.h"
#include "sim/population.h"
#include "sim/record.h"
#include "sim/resume.h"
#include "sim/stop.h"
#include "sim/together.h"

#define EXIT_FAILED 1

static bool
join_parts(const Modes *modes, GError **error)
{
    const char *names[PROGRESS_MODES_MAX + 1] = {NULL};
    for (uint32_t i = 0; i < modes->count; i++)
        names[i] = mode_name(modes->scenario, i);
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        if (!record_join(modes->directory, (RecordKind)kind, modes->scenario,
                         names, error))
            return false;
    }
    log_tell(modes->log, LOG_DEBUG, NULL, "the rows of all modes are joined");
    return true;
}

static char **
all_mode_names(const Scenario *scenario)
{
    char **names = g_new0(char *, mode_count(scenario) + 1);
    for (uint32_t i = 0; i < mode_count(scenario); i++)
        names[i] = g_strdup(mode_name(scenario, i));
    return names;
}

static bool
join_turns(const Modes *modes, GError **error)
{
    const TurnWish *wish = modes->options.turn_wish;
    g_auto(GStrv) names = all_mode_names(modes->scenario);
    if (!turn_wish_join(wish, names, error))
        return false;
    if (wish->path)
        log_tell(modes->log, LOG_INFO, NULL, "the turns are in %s", wish->path);
    return true;
}

/* Whether the world will have the node whose turns are wished for. */
static bool
is_somebody(const Scenario *scenario, const TurnWish *wish, GError **error)
{
    if (wish->role == ROLE_COUNT)
        return true;
    const char *role = role_name(wish->role);
    uint32_t count = population_role_count(scenario, wish->role);
    if (count == 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--turns-of: the scenario has no %s", role);
    else if (wish->number != UINT32_MAX && wish->number >= count)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--turns-of: there is no %s %u; the scenario has %u, "
                    "numbered from 0 to %u",
                    role, wish->number, count, count - 1);
    else
        return true;
    return false;
}

static bool
may_log_turns(const Scenario *scenario, const TurnWish *wish, GError **error)
{
    if (wish->path && !scenario->workload.downloads) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--turns: bare flows have no nodes, and no turns");
        return false;
    }
    if (wish->path && !is_somebody(scenario, wish, error))
        return false;
    g_auto(GStrv) names = all_mode_names(scenario);
    return turn_wish_is_possible(wish, names, error);
}

static bool
write_text(const char *directory, const char *name, const char *text,
           size_t text_bytes, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    return g_file_set_contents(path, text, (gssize)text_bytes, error);
}

static bool
write_results(const Modes *modes, ManifestFacts *facts, GError **error)
{
    const char *directory = modes->directory;
    g_autoptr(GString) effective = scenario_write(modes->scenario);
    facts->effective_text = effective->str;
    facts->effective_bytes = effective->len;
    facts->modes = modes->results;
    return join_parts(modes, error) && join_turns(modes, error) &&
           write_text(directory, "scenario.yaml", facts->scenario_text,
                      facts->scenario_bytes, error) &&
           write_text(directory, "effective.yaml", effective->str,
                      effective->len, error) &&
           manifest_write(directory, modes->scenario, facts, error);
}

static ModeResult *
share_results(void)
{
    size_t size_bytes = PROGRESS_MODES_MAX * sizeof(ModeResult);
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void
tell_begin(const Scenario *scenario, RunOutcome *outcome)
{
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "version", BYWAY_VERSION);
    member_add_text(members, "scenario", outcome->options.scenario_path);
    member_add_text(members, "title", scenario->title);
    member_add_count(members, "seed", scenario->general.seed);
    member_add_count(members, "jobs", outcome->options.jobs);
    member_add_text(members, "output", outcome->directory);
    log_tell(&outcome->log, LOG_INFO, members, "the run of %s begins",
             outcome->options.scenario_path);
    for (uint32_t i = 0; i < scenario->remarks->len; i++)
        log_tell(&outcome->log, LOG_WARNING, NULL, "%s",
                 (char *)scenario->remarks->pdata[i]);
}

/* Everything from a checked scenario to a directory of results. */
static bool
simulate(const Scenario *scenario, RunOutcome *outcome, ManifestFacts *facts,
         GError **error)
{
    bool is_first = outcome->ranks.self == 0;
    outcome->is_kept = outcome->options.checkpoint_ns > 0;
    if (!ranks_agree(!is_first ||
                     log_open(&outcome->log, outcome->partial, error)))
        return false;
    if (is_first)
        tell_begin(scenario, outcome);
    Modes modes = {.scenario = scenario,
                   .directory = outcome->partial,
                   .options = {.turn_wish = &outcome->options.turn_wish,
                               .player = outcome->verb->player,
                               .checkpoint_ns = outcome->options.checkpoint_ns,
                               .build = &outcome->build},
                   .ranks = outcome->ranks,
                   .log = &outcome->log,
                   .parent = getpid(),
                   .count = mode_count(scenario),
                   .results = share_results()};
    if (!modes.results)
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                    "no shared memory: %s", g_strerror(errno));
    if (!ranks_agree(modes.results))
        return false;
    bool is_good = !outcome->options.resume || modes_restore(&modes, error);
    if (is_good)
        modes_run(&modes, &outcome->options);
    if (modes.has_failed && modes.options.turn_wish->path)
        log_tell(&outcome->log, LOG_WARNING, NULL,
                 "the turns so far stay in %s.MODE",
                 modes.options.turn_wish->path);
    bool has_checkpoints = modes.options.checkpoint_ns > 0;
    bool is_cut = has_checkpoints && modes.signal;
    is_good = is_good && !modes.has_failed && !is_cut;
    if (is_good)
        is_good = ranks_agree(!is_first || write_results(&modes, facts, error));
    outcome->is_kept = has_checkpoints && !is_good;
    if (modes.signal)
        outcome->exit_code = 128 + modes.signal;
    munmap(modes.results, PROGRESS_MODES_MAX * sizeof(ModeResult));
    if (!is_good && !*error)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    is_cut             ? "the run was cut short"
                    : outcome->is_kept ? "the run failed"
                                       : "the run failed, and leaves nothing");
    return is_good;
}

static bool
open_results(const Scenario *scenario, RunOutcome *outcome, GError **error)
{
    if (outcome->options.resume)
        return resume_is_same(scenario, outcome, error);
    outcome->started = progress_timestamp();
    if (!directory_open(scenario, outcome, error))
        return false;
    if (outcome->options.checkpoint_ns == 0 ||
        resume_prepare(scenario, outcome, error))
        return true;
    directory_remove(outcome->partial, NULL);
    outcome->exit_code = EXIT_FAILED;
    return false;
}

/* Whether it can be run here, and has a place for its results. */
static bool
make_ready(const Scenario *scenario, RunOutcome *outcome, GError **error)
{
    const RunVerb *verb = outcome->verb;
    if (!together_is_possible(scenario, &outcome->options, error))
        return false;
    bool is_ready =
        outcome->ranks.self > 0 ||
        ((!verb->is_possible || verb->is_possible(scenario, error)) &&
         may_log_turns(scenario, &outcome->options.turn_wish, error) &&
         open_results(scenario, outcome, error));
    return ranks_agree(is_ready);
}

static int
refuse(RunOutcome *outcome, const GError *error)
{
    if (error)
        log_tell(&outcome->log, LOG_ERROR, NULL, "%s", error->message);
    return outcome->exit_code ? outcome->exit_code : COMMAND_EXIT_USAGE;
}

static bool
may_keep(const RunOutcome *outcome)
{
    const RunOptions *options = &outcome->options;
    return outcome->ranks.count == 1 ||
           (options->checkpoint_ns == 0 && !options->resume) ||
           command_usage_error(
               "several ranks keep no checkpoints; run without mpirun", "");
}

static int
read_and_simulate(int argc, char **argv, RunOutcome *outcome)
{
    g_autoptr(Scenario) scenario = NULL;
    int exit_code = 0;
    int voice = together_hush(outcome->ranks);
    bool is_good = command_parse(argc, argv, outcome, &exit_code);
    if (is_good && !may_keep(outcome)) {
        exit_code = COMMAND_EXIT_USAGE;
        is_good = false;
    }
    if (!ranks_agree(is_good))
        return exit_code;
    log_init(&outcome->log, outcome->options.log_level);
    outcome->log.is_mute = outcome->ranks.self > 0;
    g_autofree char *text = NULL;
    size_t text_bytes = 0;
    g_autoptr(GError) error = NULL;
    if (outcome->options.resume && !resume_open(outcome, &error))
        return refuse(outcome, error);
    scenario = command_read(&outcome->options, &text, &text_bytes);
    together_speak(voice);
    if (!ranks_agree(scenario)) {
        if (scenario)
            log_tell(&outcome->log, LOG_ERROR, NULL,
                     "another rank cannot read %s as this one does",
                     outcome->options.scenario_path);
        return COMMAND_EXIT_USAGE;
    }
    stop_hold();
    if (!make_ready(scenario, outcome, &error))
        return refuse(outcome, error);
    ManifestFacts facts = {.scenario_text = text,
                           .scenario_bytes = text_bytes,
                           .started = outcome->started};
    if (simulate(scenario, outcome, &facts, &error))
        return 0;
    if (error)
        log_tell(&outcome->log, LOG_ERROR, NULL, "%s", error->message);
    if (outcome->is_kept)
        log_tell(&outcome->log, LOG_WARNING, NULL,
                 "what is done is kept; 'byway run --resume %s' goes on",
                 outcome->directory);
    else if (outcome->partial)
        directory_remove(outcome->partial, NULL);
    return outcome->exit_code ? outcome->exit_code : EXIT_FAILED;
}

int
run_simulate(const RunVerb *verb, int argc, char **argv, RunOutcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    outcome->verb = verb;
    outcome->lock = -1;
    outcome->ranks = verb->player ? ranks_here() : ranks_join();
    int exit_code = read_and_simulate(argc, argv, outcome);
    return together_leave(outcome->ranks, exit_code);
}
