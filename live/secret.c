/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/secret.c: who else could read a file, and what is in it.
 *
 * The open file is judged, not its name: between two looks at a name there
 * could be another file behind it.
 */
#include "live/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGIT_COUNT (2 * SECRET_BYTES)
#define MODE_OTHERS (S_IRWXG | S_IRWXO)

static bool
check_owner(const char *path, const struct stat *status, const char *mode,
            char **ret_why)
{
    if (status->st_uid != geteuid() && status->st_uid != 0) {
        *ret_why = g_strdup_printf("'%s' belongs to somebody else (user %u)",
                                   path, status->st_uid);
        return false;
    }
    if (status->st_mode & MODE_OTHERS) {
        *ret_why = g_strdup_printf("'%s' is open to others (mode %04o); "
                                   "chmod %s would close it",
                                   path, status->st_mode & 07777, mode);
        return false;
    }
    return true;
}

static bool
parse_hex(const char *text, uint8_t ret_secret[static SECRET_BYTES])
{
    for (guint at = 0; at < SECRET_BYTES; at++) {
        int high = g_ascii_xdigit_value(text[2 * at]);
        int low = g_ascii_xdigit_value(text[2 * at + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_secret[at] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* What a short read leaves is 0, and no digit. */
static bool
read_digits(int file, const char *path, uint8_t ret_secret[static SECRET_BYTES],
            char **ret_why)
{
    char text[DIGIT_COUNT + 2] = {0};
    ssize_t byte_count = read(file, text, sizeof text);
    bool is_line = byte_count == DIGIT_COUNT ||
                   (byte_count == DIGIT_COUNT + 1 && text[DIGIT_COUNT] == '\n');
    bool is_read = is_line && parse_hex(text, ret_secret);
    if (byte_count < 0)
        *ret_why =
            g_strdup_printf("cannot read '%s': %s", path, g_strerror(errno));
    else if (!is_read)
        *ret_why = g_strdup_printf("'%s' holds no key: expected one line of %u "
                                   "hex digits, such as openssl rand -hex %u "
                                   "prints",
                                   path, DIGIT_COUNT, SECRET_BYTES);
    explicit_bzero(text, sizeof text);
    return is_read;
}

static bool
read_file(int file, const char *path, uint8_t ret_secret[static SECRET_BYTES],
          char **ret_why)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        *ret_why =
            g_strdup_printf("cannot look at '%s': %s", path, g_strerror(errno));
        return false;
    }
    if (!S_ISREG(status.st_mode)) {
        *ret_why = g_strdup_printf("'%s' is no regular file", path);
        return false;
    }
    return check_owner(path, &status, "600", ret_why) &&
           read_digits(file, path, ret_secret, ret_why);
}

bool
secret_read(const char *path, uint8_t ret_secret[static SECRET_BYTES],
            char **ret_why)
{
    /* A pipe of that name must not make us wait. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) {
        *ret_why =
            g_strdup_printf("cannot open '%s': %s", path, g_strerror(errno));
        return false;
    }
    bool is_read = read_file(file, path, ret_secret, ret_why);
    close(file);
    return is_read;
}

static bool
check_path(const char *path, mode_t kind, char **ret_why)
{
    struct stat status;
    bool is_directory = kind == S_IFDIR;
    if (stat(path, &status) != 0) {
        *ret_why =
            g_strdup_printf("cannot look at '%s': %s", path, g_strerror(errno));
        return false;
    }
    if ((status.st_mode & S_IFMT) != kind) {
        *ret_why = g_strdup_printf("'%s' is no %s", path,
                                   is_directory ? "directory" : "regular file");
        return false;
    }
    return check_owner(path, &status, is_directory ? "700" : "600", ret_why);
}

bool
secret_check_file(const char *path, char **ret_why)
{
    return check_path(path, S_IFREG, ret_why);
}

bool
secret_check_directory(const char *path, char **ret_why)
{
    return check_path(path, S_IFDIR, ret_why);
}
