/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/folder.c: what is below a directory, and what nodes call it.
 */
#include "live/folder.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/event.h"

#define HEX_BYTES 64u

guint
folder_hash_id(gconstpointer id)
{
    guint hash;
    memcpy(&hash, id, sizeof hash); /* a digest is its own hash */
    return hash;
}

gboolean
folder_is_same_id(gconstpointer left, gconstpointer right)
{
    return memcmp(left, right, sizeof(FileId)) == 0;
}

bool
folder_parse_id(const char *path, FileId *ret_id)
{
    if (strlen(path) != 2 + HEX_BYTES || !g_str_has_prefix(path, "f/") ||
        strspn(path + 2, "0123456789abcdef") != HEX_BYTES)
        return false;
    for (uint32_t i = 0; i < sizeof ret_id->bytes; i++)
        ret_id->bytes[i] =
            (uint8_t)(g_ascii_xdigit_value(path[2 + 2 * i]) * 16 +
                      g_ascii_xdigit_value(path[3 + 2 * i]));
    return true;
}

FileId
folder_id(const Folder *folder, const char *path)
{
    FileId id;
    if (folder_parse_id(path, &id))
        return id;
    gsize id_bytes = sizeof id.bytes;
    GHmac *hmac =
        g_hmac_new(G_CHECKSUM_SHA256, folder->id_key, FOLDER_ID_KEY_BYTES);
    g_hmac_update(hmac, (const guchar *)folder->tenant,
                  (gssize)strlen(folder->tenant) + 1);
    g_hmac_update(hmac, (const guchar *)path, (gssize)strlen(path));
    g_hmac_get_digest(hmac, id.bytes, &id_bytes);
    assert(id_bytes == sizeof id.bytes);
    g_hmac_unref(hmac);
    return id;
}

int64_t
folder_modified_ns(const struct stat *stamp)
{
    return (int64_t)stamp->st_mtim.tv_sec * NS_PER_S + stamp->st_mtim.tv_nsec;
}

typedef struct Walk {
    const char *directory;
    int directory_fd;
    GQueue folders;
    uint32_t file_count;
    FolderVisit visit;
    void *context;
} Walk;

/* One folder: its files are told, its folders go to the end of the list. */
static bool
walk_folder(Walk *walk, const char *folder, GError **error)
{
    g_autofree char *full = g_build_filename(walk->directory, folder, NULL);
    g_autoptr(GDir) directory = g_dir_open(full, 0, error);
    if (!directory)
        return false;
    const char *name;
    while ((name = g_dir_read_name(directory))) {
        g_autofree char *path =
            *folder ? g_strconcat(folder, "/", name, NULL) : g_strdup(name);
        struct stat stamp;
        if (fstatat(walk->directory_fd, path, &stamp, AT_SYMLINK_NOFOLLOW))
            continue; /* gone again */
        bool is_file = S_ISREG(stamp.st_mode);
        walk->file_count += is_file;
        if (walk->file_count > FOLDER_FILES_MAX ||
            walk->folders.length > FOLDER_FILES_MAX) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "%s holds more than %u files", walk->directory,
                        FOLDER_FILES_MAX);
            return false;
        }
        if (is_file && !walk->visit(walk->context, path, &stamp, error))
            return false;
        if (S_ISDIR(stamp.st_mode))
            g_queue_push_tail(&walk->folders, g_steal_pointer(&path));
    }
    return true;
}

int
folder_open(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot open directory %s: %s", path, g_strerror(errno));
    return fd;
}

bool
folder_walk(const char *directory, FolderVisit visit, void *context,
            GError **error)
{
    Walk walk = {.directory = directory,
                 .directory_fd = folder_open(directory, error),
                 .folders = G_QUEUE_INIT,
                 .visit = visit,
                 .context = context};
    if (walk.directory_fd < 0)
        return false;
    g_queue_push_tail(&walk.folders, g_strdup(""));
    bool is_read = true;
    while (is_read && walk.folders.length > 0) {
        g_autofree char *folder = g_queue_pop_head(&walk.folders);
        is_read = walk_folder(&walk, folder, error);
    }
    g_queue_clear_full(&walk.folders, g_free);
    close(walk.directory_fd);
    return is_read;
}
