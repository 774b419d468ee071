/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_command.h: the verb `byway fetch`.
 */
#pragma once

int fetch_main(int argc, char **argv);
