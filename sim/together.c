/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/together.c: sums that say what all ranks have come to.
 */
#include "sim/together.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/stop.h"

#define SILENCE "/dev/null"

int
together_hush(Ranks ranks)
{
    if (ranks.self == 0)
        return -1;
    int voice = dup(STDERR_FILENO);
    bool is_hushed =
        freopen(SILENCE, "w", stdout) && freopen(SILENCE, "w", stderr);
    return is_hushed ? voice : -1;
}

void
together_speak(int voice)
{
    if (voice < 0)
        return;
    fflush(stderr);
    dup2(voice, STDERR_FILENO);
    close(voice);
}

/* Each knows all ranks' hashes, so all come to the same. */
static bool
have_all_the_same(Ranks ranks, const Scenario *scenario)
{
    g_autoptr(GString) text = scenario_write(scenario);
    g_autofree uint64_t *hashes = g_new0(uint64_t, ranks.count);
    hashes[ranks.self] = g_str_hash(text->str);
    ranks_sum(hashes, ranks.count);
    for (uint32_t rank = 1; rank < ranks.count; rank++) {
        if (hashes[rank] != hashes[0])
            return false;
    }
    return true;
}

bool
together_is_possible(const Scenario *scenario, const RunOptions *options,
                     GError **error)
{
    Ranks ranks = ranks_here();
    const char *why = NULL;
    if (ranks.count == 1)
        return true;
    if (!have_all_the_same(ranks, scenario))
        why = "the ranks were given different scenarios; --seed random gives "
              "each its own";
    else if (scenario->measure.pcap_count > 0)
        why = "measure.pcap: several ranks cannot capture links; run without "
              "mpirun";
    else if (options->turn_wish.path)
        why = "--turns: several ranks cannot write one log; run without mpirun";
    if (why)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s", why);
    return !why;
}

int
together_take_signal(void)
{
    int signal = stop_wait(0);
    uint64_t counts[] = {signal == SIGINT, signal == SIGTERM};
    ranks_sum(counts, G_N_ELEMENTS(counts));
    if (counts[0] > 0)
        return SIGINT;
    return counts[1] > 0 ? SIGTERM : 0;
}

int
together_leave(Ranks ranks, int exit_code)
{
    uint64_t first_code = ranks.self == 0 ? (uint64_t)exit_code : 0;
    if (ranks.count == 1)
        return exit_code;
    ranks_sum(&first_code, 1);
    ranks_leave();
    return (int)first_code;
}
