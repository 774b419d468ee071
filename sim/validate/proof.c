/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/proof.c: how a row is measured, and when it is met.
 */
#include "sim/validate/proof.h"

#include <glib.h>
#include <math.h>
#include <string.h>

bool
proof_is_met(const ProofRow *row, Estimate measured)
{
    double error = fabs(measured.value - row->expected);
    switch (row->band) {
    case BAND_EXACT:
        return error == 0;
    case BAND_ROUNDING:
        return error <= row->tolerance;
    case BAND_STATISTICAL:
        return error <= measured.half_width &&
               measured.half_width <= row->tolerance * row->expected;
    case BAND_MODEL:
        return error <= row->tolerance * row->expected;
    case BAND_AT_LEAST:
        return measured.value - measured.half_width >= row->expected;
    }
    return false;
}

char *
proof_band_text(const ProofRow *row)
{
    switch (row->band) {
    case BAND_EXACT:
        return g_strdup("exact");
    case BAND_ROUNDING:
        return g_strdup_printf("+-%g", row->tolerance);
    case BAND_STATISTICAL:
        return g_strdup_printf("99.9 %% in %g %%", 100 * row->tolerance);
    case BAND_MODEL:
        return g_strdup_printf("%g %%", 100 * row->tolerance);
    case BAND_AT_LEAST:
        return g_strdup("at least");
    }
    return NULL;
}

static bool
is_same_experiment(const ProofRow *row, const ProofRow *other)
{
    return other && row->experiment == other->experiment &&
           memcmp(row->settings, other->settings, sizeof row->settings) == 0;
}

Estimate
proof_measure(const ProofRow *row, const ProofRow *previous,
              Estimate parts[PROOF_PARTS_MAX])
{
    if (!is_same_experiment(row, previous))
        row->experiment(row->settings, parts);
    return parts[row->part];
}
