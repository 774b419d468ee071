/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/files.c: the files of one directory, by the ids that nodes know.
 *
 * A file is opened when it is first wanted and stays open until OPEN_MAX
 * others were wanted since. Reads wait for the disk: what is served often is
 * in the page cache, and a node serves one block a turn.
 */
#include "live/catalogue.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_MAX 64u
#define READ_BYTES_MAX (1u << 20)
#define HEX_BYTES 64u

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

guint
files_hash_id(gconstpointer id)
{
    guint hash;
    memcpy(&hash, id, sizeof hash); /* a digest is its own hash */
    return hash;
}

gboolean
files_is_same_id(gconstpointer left, gconstpointer right)
{
    return memcmp(left, right, sizeof(FileId)) == 0;
}

static void
file_free(void *context)
{
    File *file = context;
    if (file->fd >= 0)
        close(file->fd);
    g_free(file);
}

FileId
files_id(const FilesConfig *config, const char *path)
{
    FileId id;
    gsize id_bytes = sizeof id.bytes;
    GHmac *hmac =
        g_hmac_new(G_CHECKSUM_SHA256, config->id_key, FILES_ID_KEY_BYTES);
    g_hmac_update(hmac, (const guchar *)config->tenant,
                  (gssize)strlen(config->tenant) + 1);
    g_hmac_update(hmac, (const guchar *)path, (gssize)strlen(path));
    g_hmac_get_digest(hmac, id.bytes, &id_bytes);
    assert(id_bytes == sizeof id.bytes);
    g_hmac_unref(hmac);
    return id;
}

bool
files_parse_id(const char *path, FileId *ret_id)
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

int64_t
files_modified_ns(const struct stat *stamp)
{
    return (int64_t)stamp->st_mtim.tv_sec * NS_PER_S + stamp->st_mtim.tv_nsec;
}

/* Is what is there now the version that was published, and the same inode as
 * when it was looked at before? */
static bool
is_unchanged(File *file, const struct stat *now)
{
    if ((uint64_t)now->st_size != file->size_bytes ||
        files_modified_ns(now) != file->modified_ns)
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
    FileId id;
    if (!files_parse_id(path, &id))
        id = files_id(&scan->files->config, path);
    File *added = add_file(scan->files, scan->by_id, &id, 1, path);
    if (!added)
        return true;
    added->size_bytes = (uint64_t)stamp->st_size;
    added->modified_ns = files_modified_ns(stamp);
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

typedef struct Walk {
    const char *directory;
    int directory_fd;
    GQueue folders;
    uint32_t file_count;
    FilesVisit visit;
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
        if (walk->file_count > FILES_COUNT_MAX ||
            walk->folders.length > FILES_COUNT_MAX) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                        "%s holds more than %u files", walk->directory,
                        FILES_COUNT_MAX);
            return false;
        }
        if (is_file && !walk->visit(walk->context, path, &stamp, error))
            return false;
        if (S_ISDIR(stamp.st_mode))
            g_queue_push_tail(&walk->folders, g_steal_pointer(&path));
    }
    return true;
}

static int
open_directory(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot open directory %s: %s", path, g_strerror(errno));
    return fd;
}

bool
files_walk(const char *directory, FilesVisit visit, void *context,
           GError **error)
{
    Walk walk = {.directory = directory,
                 .directory_fd = open_directory(directory, error),
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

bool
files_scan(Files *files, GError **error)
{
    GHashTable *by_id =
        g_hash_table_new_full(files_hash_id, files_is_same_id, NULL, file_free);
    Scan scan = {files, by_id};
    bool is_read =
        files->config.catalogue
            ? scan_catalogue(files, by_id, error)
            : files_walk(files->config.directory, scan_file, &scan, error);
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
    int fd = open_directory(config->directory, error);
    if (fd < 0)
        return NULL;
    Files *files = g_new0(Files, 1);
    files->config = *config;
    files->directory_fd = fd;
    files->by_id =
        g_hash_table_new_full(files_hash_id, files_is_same_id, NULL, file_free);
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
