/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/replay/turn_file.c: a turn log that is being written.
 */
#include "sim/replay/turn_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define FLUSH_BYTES (64u * 1024)

static bool
fail(GError **error, const char *path, int number)
{
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(number),
                "%s: %s", path, g_strerror(number));
    return false;
}

TurnFile *
turn_file_new(const char *path, const char *writer, GError **error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        fail(error, path, errno);
        return NULL;
    }
    TurnFile *file = g_new0(TurnFile, 1);
    file->path = g_strdup(path);
    file->file = descriptor;
    coder_init_write(&file->log);
    turn_log_head(&file->log, writer);
    return file;
}

static int
write_all(int file, const uint8_t *bytes, size_t byte_count)
{
    while (byte_count > 0) {
        ssize_t written = write(file, bytes, byte_count);
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0) {
            bytes += written;
            byte_count -= (size_t)written;
        }
    }
    return 0;
}

void
turn_file_flush(TurnFile *file)
{
    if (file->error == 0)
        file->error = write_all(file->file, file->log.out, file->log.at);
    file->log.at = 0;
}

static void
flush_much(TurnFile *file)
{
    if (file->log.at >= FLUSH_BYTES)
        turn_file_flush(file);
}

void
turn_file_node(TurnFile *file, LoggedNode *node)
{
    turn_log_node(&file->log, node);
    flush_much(file);
}

void
turn_file_event(TurnFile *file, uint32_t node, const Event *event)
{
    turn_log_event(&file->log, node, event);
    flush_much(file);
}

void
turn_file_turn(TurnFile *file, const Turn *turn)
{
    turn_log_turn(&file->log, turn);
    flush_much(file);
}

bool
turn_file_is_good(const TurnFile *file)
{
    return file->error == 0;
}

bool
turn_file_close(TurnFile *file, GError **error)
{
    turn_file_flush(file);
    if (close(file->file) != 0 && file->error == 0)
        file->error = errno;
    bool is_good = file->error == 0 || fail(error, file->path, file->error);
    coder_clear(&file->log);
    g_free(file->path);
    g_free(file);
    return is_good;
}

static int
append(int target, int source)
{
    g_autofree uint8_t *piece = g_malloc(FLUSH_BYTES);
    for (;;) {
        ssize_t byte_count = read(source, piece, FLUSH_BYTES);
        if (byte_count == 0)
            return 0;
        if (byte_count < 0 && errno != EINTR)
            return errno;
        int error =
            byte_count < 0 ? 0 : write_all(target, piece, (size_t)byte_count);
        if (error != 0)
            return error;
    }
}

static bool
append_part(const char *path, const char *part, GError **error)
{
    int source = open(part, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return fail(error, part, errno);
    int target = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    int number = target < 0 ? errno : append(target, source);
    close(source);
    if (target >= 0 && close(target) != 0 && number == 0)
        number = errno;
    if (number != 0)
        return fail(error, path, number);
    return g_unlink(part) == 0 || fail(error, part, errno);
}

bool
turn_file_join(const char *path, char **parts, GError **error)
{
    bool has_first = false;
    for (; *parts; parts++) {
        if (!g_file_test(*parts, G_FILE_TEST_EXISTS))
            continue;
        if (!has_first && g_rename(*parts, path) != 0)
            return fail(error, path, errno);
        if (has_first && !append_part(path, *parts, error))
            return false;
        has_first = true;
    }
    return true;
}
