/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/output.c: a file that appears under its name only when it is whole.
 */
#include "live/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool
output_fail(const char *word, const char *path, GError **error)
{
    int code = errno;
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                "cannot %s %s: %s", word, path, g_strerror(code));
    return false;
}

static bool
refuse(const char *path, GFileError code, const char *why, GError **error)
{
    g_set_error(error, G_FILE_ERROR, (gint)code, "%s %s", path, why);
    return false;
}

static bool
check_name(const Output *output, GError **error)
{
    struct stat stamp;
    if (lstat(output->path, &stamp) != 0)
        return errno == ENOENT || output_fail("write", output->path, error);
    if (S_ISDIR(stamp.st_mode))
        return refuse(output->path, G_FILE_ERROR_EXIST, "is a folder", error);
    return output->may_replace ||
           refuse(output->path, G_FILE_ERROR_EXIST,
                  "is there already; --force replaces it", error);
}

/* Ours alone, and still under its name: another writer may have published it
 * between our opening and our locking it. */
static bool
lock(Output *output, GError **error)
{
    struct stat mine, named;
    if (fstat(output->fd, &mine) != 0)
        return output_fail("read", output->partial_path, error);
    if (!S_ISREG(mine.st_mode))
        return refuse(output->partial_path, G_FILE_ERROR_FAILED,
                      "is no regular file", error);
    /* Where nobody can lock there is nothing better to do than go on. */
    bool is_locked = flock(output->fd, LOCK_EX | LOCK_NB) == 0;
    bool is_ours = (is_locked || errno != EWOULDBLOCK) &&
                   lstat(output->partial_path, &named) == 0 &&
                   named.st_ino == mine.st_ino && named.st_dev == mine.st_dev;
    if (!is_ours)
        return refuse(output->partial_path, G_FILE_ERROR_FAILED,
                      "is being written by another byway fetch", error);
    output->held_bytes = (uint64_t)mine.st_size;
    return true;
}

bool
output_open(Output *output, const char *path, bool may_replace, GError **error)
{
    *output = (Output){
        .path = g_strdup(path),
        .partial_path = g_strconcat(path, ".partial", NULL),
        .fd = -1,
        .may_replace = may_replace,
    };
    if (check_name(output, error)) {
        output->fd =
            open(output->partial_path,
                 O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        if (output->fd < 0)
            output_fail("write", output->partial_path, error);
        else if (lock(output, error))
            return true;
    }
    output_close(output);
    return false;
}

void
output_close(Output *output)
{
    if (output->fd >= 0)
        close(output->fd);
    g_free(output->path);
    g_free(output->partial_path);
    memset(output, 0, sizeof *output);
    output->fd = -1;
}

bool
output_empty(Output *output, GError **error)
{
    output->held_bytes = 0;
    return ftruncate(output->fd, 0) == 0 ||
           output_fail("empty", output->partial_path, error);
}

void
output_drop_empty(Output *output)
{
    if (output->held_bytes == 0)
        unlink(output->partial_path);
}

bool
output_reserve(Output *output, uint64_t size_bytes, GError **error)
{
    int result;
    do {
        result = fallocate(output->fd, FALLOC_FL_KEEP_SIZE, 0,
                           (off_t)MIN(size_bytes, INT64_MAX));
    } while (result != 0 && errno == EINTR);
    /* Where that is unknown, the disk is seen to be full when it is. */
    bool is_short =
        result != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
    return !is_short ||
           output_fail("take the room for", output->partial_path, error);
}

bool
output_write(Output *output, const Extent *extent, GError **error)
{
    assert(extent->chunk && extent->chunk->size_bytes == extent->size_bytes);
    uint64_t done_bytes = 0;
    while (done_bytes < extent->size_bytes) {
        ssize_t result = pwrite(output->fd, extent->chunk->bytes + done_bytes,
                                extent->size_bytes - done_bytes,
                                (off_t)(extent->offset_bytes + done_bytes));
        if (result < 0 && errno == EINTR)
            continue;
        if (result < 0)
            return output_fail("write", output->partial_path, error);
        done_bytes += (uint64_t)result;
    }
    return true;
}

bool
output_sync(Output *output, GError **error)
{
    return fdatasync(output->fd) == 0 ||
           output_fail("write", output->partial_path, error);
}

bool
output_sync_folder(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    if (!is_synced)
        output_fail("write", folder, error);
    if (fd >= 0)
        close(fd);
    return is_synced;
}

/* Never over a file that has come meanwhile, unless it may be. */
static bool
give_name(const Output *output)
{
    const char *from = output->partial_path;
    if (output->may_replace)
        return rename(from, output->path) == 0;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, output->path, RENAME_NOREPLACE) ==
        0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(from, output->path) == 0 && unlink(from) == 0;
}

bool
output_publish(Output *output, uint64_t size_bytes, GError **error)
{
    if (ftruncate(output->fd, (off_t)size_bytes) != 0 || fsync(output->fd) != 0)
        return output_fail("write", output->partial_path, error);
    if (!give_name(output))
        return output_fail("write", output->path, error);
    return output_sync_folder(output->path, error);
}
