/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/turn_wish.h: whose turns a run logs, and where (--turns, --turns-of).
 *
 * Each mode writes a log of its own, FILE.MODE; when the run is over they are
 * joined to FILE. No file that is there is ever replaced.
 */
#pragma once

#include "sim/replay/turn_file.h"

typedef struct TurnWish {
    char *path;      /* NULL: nobody's */
    Role role;       /* ROLE_COUNT: everybody's */
    uint32_t number; /* among its role; UINT32_MAX: of every one */
} TurnWish;

/* "edge", or "edge:17" as nodes.csv numbers them; NULL is everybody. */
bool turn_wish_parse(TurnWish *wish, const char *text);
bool turn_wish_has(const TurnWish *wish, Role role, uint32_t number);

/* modes is a NULL-terminated list of names. False when a file is in the way. */
bool turn_wish_is_possible(const TurnWish *wish, char **modes, GError **error);
TurnFile *turn_wish_open(const TurnWish *wish, const char *mode,
                         GError **error);
bool turn_wish_join(const TurnWish *wish, char **modes, GError **error);
