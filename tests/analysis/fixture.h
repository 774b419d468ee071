/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/fixture.h: result directories as a run would leave them.
 */
#pragma once

#include <glib.h>

/* A new empty folder, and its end with all that is in it. */
char *fixture_new_directory(void);
void fixture_remove(char *directory);
void fixture_write(const char *directory, const char *name, const char *text);
char *fixture_read(const char *directory, const char *name);
gboolean fixture_has(const char *directory, const char *name);

/* Three modes of download_count drawn downloads each, edges better from mode
 * to mode, with links and nodes; nothing is exact but all is plausible. */
void fixture_write_downloads(const char *directory, guint download_count);
/* Two transports, flow_count flows of 1 MB over 100 Mbit/s each. */
void fixture_write_flows(const char *directory, guint flow_count);
