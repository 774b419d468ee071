/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/command.h: the verb `byway live`.
 */
#pragma once

int live_main(int argc, char **argv);
