/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/command.h: the verb `byway replay`.
 */
#pragma once

int replay_main(int argc, char **argv);
