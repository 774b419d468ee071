/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/secret.h: keys in files of the operator, closed to everybody else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SECRET_BYTES 32u

/* Read 64 hex digits, and at most a line break after them. The file must be
 * regular, ours or root's, and closed to group and others. On failure
 * *ret_why (free it) says what is wrong and what to do. */
bool secret_read(const char *path, uint8_t ret_secret[static SECRET_BYTES],
                 char **ret_why);
/* Is it a regular file that nobody but us and root can open? */
bool secret_check_file(const char *path, char **ret_why);
/* May nobody but us and root enter this directory? */
bool secret_check_directory(const char *path, char **ret_why);
