/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/check.h: the verbs `check` and `schema`.
 *
 * argv begins with the verb. Both return the exit code: 0 ok, 1 output could
 * not be written, 2 usage, or a scenario that is not valid.
 */
#pragma once

int check_main(int argc, char **argv);
int schema_main(int argc, char **argv);
