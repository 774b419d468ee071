/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/tidy_rule.h: holds one source file against house style and layering.
 */
#pragma once

#include <glib.h>

/* Add "path:line: what is wrong" (owned by the array) for every fault in
 * text, which is the content of the file at path, seen from the root. */
void tidy_check(const char *path, const char *text, GPtrArray *findings);
