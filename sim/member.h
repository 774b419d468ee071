/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/member.h: one member after another of a JSON object (RFC 8259).
 *
 * Each is written as a line that ends in a comma; member_end takes the last
 * comma away.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes that are not UTF-8 become U+FFFD. */
void member_add_text(GString *json, const char *key, const char *text);
void member_add_count(GString *json, const char *key, uint64_t value);
/* A finite number. */
void member_add_number(GString *json, const char *key, double value);
void member_add_flag(GString *json, const char *key, bool flag);
/* Close an object or an array: "}\n", "],\n". */
void member_end(GString *json, const char *closing);
