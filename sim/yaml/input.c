/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/yaml/input.c: read a file, but not /dev/zero.
 */
#include "sim/yaml/input.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 65536u

/* One byte more than bytes_max shows that there is too much. */
static bool
read_blocks(FILE *file, size_t bytes_max, GByteArray *bytes)
{
    guint8 block[BLOCK_BYTES];
    while (bytes->len <= bytes_max) {
        size_t wanted = MIN(sizeof block, bytes_max + 1 - bytes->len);
        size_t count = fread(block, 1, wanted, file);
        g_byte_array_append(bytes, block, (guint)count);
        if (count < wanted)
            return !ferror(file);
    }
    return true;
}

char *
input_read(const char *path, size_t bytes_max, size_t *ret_bytes,
           char **ret_why)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        *ret_why =
            g_strdup_printf("cannot open '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    GByteArray *bytes = g_byte_array_new();
    bool is_read = read_blocks(file, bytes_max, bytes);
    if (!is_read)
        *ret_why =
            g_strdup_printf("cannot read '%s': %s", path, g_strerror(errno));
    else if (bytes->len > bytes_max)
        *ret_why =
            g_strdup_printf("'%s' is longer than %zu bytes", path, bytes_max);
    is_read = is_read && bytes->len <= bytes_max;
    fclose(file);
    *ret_bytes = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    char *text = (char *)g_byte_array_free(bytes, !is_read);
    return is_read ? text : NULL;
}

char *
input_path(const char *directory, const char *path)
{
    bool is_here = strcmp(directory, ".") == 0;
    return is_here || g_path_is_absolute(path)
               ? g_strdup(path)
               : g_build_filename(directory, path, NULL);
}
