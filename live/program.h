/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/program.h: other programs that byway starts, and where they work.
 */
#pragma once

#include "live/address.h"

#include <glib.h>
#include <sys/types.h>

/* The path of a program, which may be one that users do not look for; NULL
 * when it is not installed. g_free it. */
char *program_find(const char *name);
/* The path of this one. */
char *program_find_self(void);
/* Does somebody listen there? */
bool program_answers(const Address *address);
/* Wait until a child of ours does; false when it ended instead, or waits for
 * something. */
bool program_wait(pid_t process, const Address *address);
/* Remove a directory with all that is in it; links are not followed. */
bool program_remove_tree(const char *path);
