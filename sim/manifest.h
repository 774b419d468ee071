/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/manifest.h: manifest.json: what was run, by what, and what came of it.
 */
#pragma once

#include "sim/mode.h"

typedef struct ManifestFacts {
    const char *scenario_text;
    size_t scenario_bytes;
    const char *effective_text; /* with base and overrides worked in */
    size_t effective_bytes;
    const char *started; /* ISO 8601 */
    const ModeResult *modes;
} ManifestFacts;

GString *manifest_new_text(const Scenario *scenario,
                           const ManifestFacts *facts);
bool manifest_write(const char *directory, const Scenario *scenario,
                    const ManifestFacts *facts, GError **error);
/* A mode's figures as members of an object (sim/member.h). */
void manifest_add_mode(GString *json, const char *name, const ModeResult *mode);
