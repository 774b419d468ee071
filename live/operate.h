/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/operate.h: what an operator wants of a role that runs: its signals.
 *
 *     SIGTERM, SIGINT  drain: new connections go to other processes that
 *                      listen there, if there are any; answers say goodbye;
 *                      what is under way ends; a second one stops at once
 *     SIGHUP           read the configuration, the served directory and the
 *                      catalogue again
 *     SIGUSR1          begin a new access log
 */
#pragma once

#include "live/role.h"

/* Serve until a drain is over. config_path: what SIGHUP reads again, or NULL.
 * True when nothing was cut off. */
bool operate_run(LiveRole *role, const char *config_path);
