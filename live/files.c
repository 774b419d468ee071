/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/files.c: the files of one directory, by the ids that nodes know.
 *
 * A file is opened when it is first wanted and stays open until OPEN_MAX
 * others were wanted since. Reads wait for the disk: what is served often is
 * in the page cache, and a node serves one block a turn.
 */
#include "live/catalogue.h"
#include "live/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_MAX 64u
#define READ_BYTES_MAX (1u << 20)

typedef struct File {
    FileId id;
    uint64_t version;
    uint64_t size_bytes;
    int64_t modified_ns;
    uint32_t number;
    int fd; /* -1: not open */
    uint64_t used;
    bool is_stamped;
    struct stat stamp; /* when it was first opened, or found */
    char path[];       /* below the directory */
} File;

struct Files {
    FilesConfig config;
    int directory_fd;
    GHashTable *by_id; /* FileId to File * */
    uint32_t next_number;
    uint64_t use_count;
    File *open[OPEN_MAX];
    uint32_t open_count;
};

static void
file_free(void *context)
{
    File *file = context;
    if (file->fd >= 0)
        close(file->fd);
    g_free(file);
}

/* Is what is there now the version that was published, and the same inode as
 * when it was looked at before? */
static bool
is_unchanged(File *file, const struct stat *now)
{
    if ((uint64_t)now->st_size != file->size_bytes ||
        folder_modified_ns(now) != file->modified_ns)
        return false;
    if (!file->is_stamped) {
        file->is_stamped = true;
        file->stamp = *now;
    }
    return file->stamp.st_ino == now->st_ino &&
           file->stamp.st_dev == now->st_dev;
}

/* A file that is known in this version stays what it was. */
static File *
add_file(Files *files, GHashTable *by_id, const FileId *id, uint64_t version,
         const char *path)
{
    const File *known = g_hash_table_lookup(files->by_id, id);
    size_t path_bytes = strlen(path) + 1;
    File *file = g_malloc0(sizeof *file + path_bytes);
    if (known && known->version == version)
        *file = *known;
    file->id = *id;
    file->version = version;
    file->fd = -1;
    file->number = known ? known->number : files->next_number++;
    memcpy(file->path, path, path_bytes);
    g_hash_table_replace(by_id, &file->id, file);
    return known && known->version == version ? NULL : file;
}

typedef struct Scan {
    Files *files;
    GHashTable *by_id;
} Scan;

static bool
scan_file(void *context, const char *path, const struct stat *stamp,
          GError **error)
{
    (void)error;
    const Scan *scan = context;
    FileId id = folder_id(&scan->files->config.folder, path);
    File *added = add_file(scan->files, scan->by_id, &id, 1, path);
    if (!added)
        return true;
    added->size_bytes = (uint64_t)stamp->st_size;
    added->modified_ns = folder_modified_ns(stamp);
    added->is_stamped = true;
    added->stamp = *stamp;
    return true;
}

static bool
scan_catalogue(Files *files, GHashTable *by_id, GError **error)
{
    g_autoptr(Catalogue) catalogue =
        catalogue_read(files->config.catalogue, error);
    if (!catalogue)
        return false;
    for (guint i = 0; i < catalogue->files->len; i++) {
        const CatalogueFile *row = catalogue->files->pdata[i];
        File *added = add_file(files, by_id, &row->id, row->version, row->path);
        if (!added)
            continue;
        added->size_bytes = row->size_bytes;
        added->modified_ns = row->modified_ns;
    }
    return true;
}

bool
files_scan(Files *files, GError **error)
{
    GHashTable *by_id = g_hash_table_new_full(folder_hash_id, folder_is_same_id,
                                              NULL, file_free);
    Scan scan = {files, by_id};
    bool is_read = files->config.catalogue
                       ? scan_catalogue(files, by_id, error)
                       : folder_walk(files->config.folder.directory, scan_file,
                                     &scan, error);
    if (!is_read) {
        g_hash_table_destroy(by_id);
        return false;
    }
    files->open_count = 0;
    g_hash_table_destroy(files->by_id);
    files->by_id = by_id;
    return true;
}

Files *
files_new(const FilesConfig *config, GError **error)
{
    int fd = folder_open(config->folder.directory, error);
    if (fd < 0)
        return NULL;
    Files *files = g_new0(Files, 1);
    files->config = *config;
    files->directory_fd = fd;
    files->by_id = g_hash_table_new_full(folder_hash_id, folder_is_same_id,
                                         NULL, file_free);
    if (files_scan(files, error))
        return files;
    files_free(files);
    return NULL;
}

void
files_free(Files *files)
{
    if (!files)
        return;
    g_hash_table_destroy(files->by_id);
    close(files->directory_fd);
    g_free(files);
}

uint32_t
files_count(const Files *files)
{
    return g_hash_table_size(files->by_id);
}

static void
close_least_wanted(Files *files)
{
    uint32_t index = 0;
    for (uint32_t i = 1; i < files->open_count; i++)
        if (files->open[i]->used < files->open[index]->used)
            index = i;
    close(files->open[index]->fd);
    files->open[index]->fd = -1;
    files->open[index] = files->open[--files->open_count];
}

static bool
open_file(Files *files, File *file)
{
    file->used = ++files->use_count;
    if (file->fd >= 0)
        return true;
    if (files->open_count == OPEN_MAX)
        close_least_wanted(files);
    file->fd = openat(files->directory_fd, file->path,
                      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file->fd < 0)
        return false;
    files->open[files->open_count++] = file;
    return true;
}

static bool
read_all(int fd, uint8_t *bytes, uint64_t size_bytes, uint64_t offset_bytes)
{
    uint64_t done_bytes = 0;
    while (done_bytes < size_bytes) {
        ssize_t read_bytes =
            pread(fd, bytes + done_bytes, size_bytes - done_bytes,
                  (off_t)(offset_bytes + done_bytes));
        if (read_bytes < 0 && errno == EINTR)
            continue;
        if (read_bytes <= 0)
            return false;
        done_bytes += (uint64_t)read_bytes;
    }
    return true;
}

void
files_read(Files *files, const Effect *effect, Event *event)
{
    event->read.is_found = false;
    File *file = g_hash_table_lookup(files->by_id, &effect->read.file);
    struct stat now;
    if (!file || !open_file(files, file) || fstat(file->fd, &now) != 0 ||
        !is_unchanged(file, &now))
        return;
    uint64_t file_bytes = file->size_bytes;
    uint64_t start_bytes = MIN(effect->read.offset_bytes, file_bytes);
    uint64_t size_bytes = MIN(effect->read.size_bytes, READ_BYTES_MAX);
    size_bytes = MIN(size_bytes, file_bytes - start_bytes);
    Extent extent = {
        .offset_bytes = start_bytes,
        .size_bytes = size_bytes,
        .version = file->version,
        .file = file->number,
    };
    if (size_bytes > 0) {
        extent.chunk = chunk_new((uint32_t)size_bytes);
        if (!read_all(file->fd, extent.chunk->bytes, size_bytes, start_bytes)) {
            chunk_unref(extent.chunk);
            return;
        }
    }
    event->read.is_found = true;
    event->read.file_bytes = file_bytes;
    event->read.extent = extent;
}
