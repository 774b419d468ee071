/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/checkpoint.c: files that say who wrote them, and end in their digest.
 */
#include "sim/checkpoint.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/directory.h"

#define MAGIC "byway checkpoint\n"
#define DIGEST_BYTES CHECKPOINT_BUILD_BYTES

typedef struct Writing {
    FILE *file;
    GChecksum *checksum;
} Writing;

static bool
refuse(GError **error, const char *path, const char *why)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s", path, why);
    return false;
}

static void
digest_of(GChecksum *checksum, uint8_t ret_digest[DIGEST_BYTES])
{
    gsize size_bytes = DIGEST_BYTES;
    g_checksum_get_digest(checksum, ret_digest, &size_bytes);
}

/* Another build's memory lies otherwise. */
bool
checkpoint_find_build(CheckpointBuild *ret_build, GError **error)
{
    g_autoptr(GMappedFile) program =
        g_mapped_file_new("/proc/self/exe", false, error);
    if (!program)
        return false;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (guchar *)g_mapped_file_get_contents(program),
                      (gssize)g_mapped_file_get_length(program));
    digest_of(checksum, ret_build->digest);
    return true;
}

static char *
path_of(const char *directory, const char *name, const char *ending)
{
    g_autofree char *file = g_strconcat(name, ending, NULL);
    return g_build_filename(directory, "checkpoint", file, NULL);
}

bool
checkpoint_has(const char *directory, const char *name)
{
    g_autofree char *path = path_of(directory, name, "");
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* --- writing ------------------------------------------------------------- */

static void
take(void *context, const uint8_t *bytes, size_t byte_count)
{
    Writing *writing = context;
    g_checksum_update(writing->checksum, bytes, (gssize)byte_count);
    fwrite(bytes, 1, byte_count, writing->file); /* the file remembers */
}

static bool
write_all(FILE *file, const CheckpointFile *contents)
{
    Writing writing = {file, g_checksum_new(G_CHECKSUM_SHA256)};
    Coder coder;
    coder_init_write(&coder);
    coder.sink = take;
    coder.context = &writing;
    coder_bytes(&coder, MAGIC, strlen(MAGIC));
    coder_bytes(&coder, (void *)contents->build->digest, DIGEST_BYTES);
    contents->code(contents->context, &coder);
    coder_flush(&coder);
    bool is_good = !coder.is_bad;
    coder_clear(&coder);
    uint8_t digest[DIGEST_BYTES];
    digest_of(writing.checksum, digest);
    fwrite(digest, 1, sizeof digest, file);
    g_checksum_free(writing.checksum);
    return is_good;
}

/* The name is on the disk, too, when this returns. */
static bool
settle(const char *directory, const char *from, const char *to, GError **error)
{
    if (g_rename(from, to) != 0)
        return directory_fail(error, to);
    g_autofree char *folder = g_build_filename(directory, "checkpoint", NULL);
    return directory_sync_names(folder, error);
}

bool
checkpoint_write(const CheckpointFile *contents, GError **error)
{
    const char *directory = contents->directory;
    g_autofree char *path = path_of(directory, contents->name, "");
    g_autofree char *fresh = path_of(directory, contents->name, ".new");
    FILE *file = g_fopen(fresh, "w");
    if (!file)
        return directory_fail(error, fresh);
    errno = 0;
    bool is_good = write_all(file, contents) && !ferror(file) &&
                   fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (!is_good && errno == 0)
        errno = EIO;
    if (!is_good)
        directory_fail(error, fresh);
    if (fclose(file) != 0 && is_good)
        is_good = directory_fail(error, fresh);
    return is_good && settle(directory, fresh, path, error);
}

/* --- reading ------------------------------------------------------------- */

/* Whether the bytes are all there, and which of them are the contents. */
static bool
is_whole(const uint8_t *bytes, size_t byte_count)
{
    if (byte_count < strlen(MAGIC) + 2 * DIGEST_BYTES ||
        memcmp(bytes, MAGIC, strlen(MAGIC)) != 0)
        return false;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, bytes, (gssize)(byte_count - DIGEST_BYTES));
    uint8_t digest[DIGEST_BYTES];
    digest_of(checksum, digest);
    return memcmp(digest, bytes + byte_count - DIGEST_BYTES, DIGEST_BYTES) == 0;
}

bool
checkpoint_read(const CheckpointFile *contents, GError **error)
{
    g_autofree char *path = path_of(contents->directory, contents->name, "");
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, false, error);
    if (!file)
        return false;
    const uint8_t *bytes = (uint8_t *)g_mapped_file_get_contents(file);
    size_t byte_count = g_mapped_file_get_length(file);
    if (!is_whole(bytes, byte_count))
        return refuse(error, path, "this is no checkpoint, or a damaged one");
    const size_t head_bytes = strlen(MAGIC) + DIGEST_BYTES;
    if (memcmp(bytes + strlen(MAGIC), contents->build->digest, DIGEST_BYTES) !=
        0)
        return refuse(error, path,
                      "another build of byway has written this checkpoint, "
                      "and it alone can read it");
    Coder coder;
    coder_init_read(&coder, bytes + head_bytes,
                    byte_count - head_bytes - DIGEST_BYTES);
    contents->code(contents->context, &coder);
    if (!coder_is_whole(&coder))
        return refuse(error, path,
                      "this checkpoint is of another scenario, or rows "
                      "that it counts on are gone");
    return true;
}

void
checkpoint_code_file(FILE *file, Coder *coder)
{
    struct stat status = {0};
    bool is_good =
        coder->is_reading || (fflush(file) == 0 && fsync(fileno(file)) == 0);
    is_good = is_good && fstat(fileno(file), &status) == 0;
    int64_t size_bytes = status.st_size;
    coder_i64(coder, &size_bytes);
    /* One that is shorter has lost what was in it. */
    if (coder->is_reading && !coder->is_bad)
        is_good = is_good && size_bytes <= status.st_size &&
                  ftruncate(fileno(file), size_bytes) == 0;
    if (!is_good)
        coder->is_bad = true;
}
