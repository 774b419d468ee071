/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/input.h: whole files up to a size, be they files, pipes or devices.
 */
#pragma once

#include <stddef.h>

/* The text, NUL-terminated, or NULL and *ret_why; g_free either. No more
 * than bytes_max bytes are ever read. */
char *input_read(const char *path, size_t bytes_max, size_t *ret_bytes,
                 char **ret_why);
/* A path as seen from a folder; g_free it. */
char *input_path(const char *directory, const char *path);
