/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/text.h: events and effects in words, one line each.
 */
#pragma once

#include <glib.h>

#include "core/turn_log.h"

void text_add_event(GString *text, const Event *event);
/* The first effect in which two turns differ, or when they wake. Of long
 * bytes it shows the place where they part. */
void text_add_difference(GString *text, LoggedTurn expected, LoggedTurn got);
