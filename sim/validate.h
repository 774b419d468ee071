/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate.h: the verb `validate`: the simulator against known truths.
 */
#pragma once

/* argv begins with the verb. Exit code: 0 all met, 1 output could not be
 * written, 2 usage, or a file that cannot be read, 3 a truth was missed. */
int validate_main(int argc, char **argv);
