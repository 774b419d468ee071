/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/catalogue.c: reads, writes and renews the list of published files.
 */
#include "live/catalogue.h"

#include "core/http.h"

#include <inttypes.h>
#include <string.h>

#define HEADER "file_id,version,size_bytes,modified_ns,path"
#define FIELD_COUNT 5

static void
file_free(void *context)
{
    CatalogueFile *file = context;
    g_free(file->path);
    g_free(file);
}

Catalogue *
catalogue_new(void)
{
    Catalogue *catalogue = g_new0(Catalogue, 1);
    catalogue->files = g_ptr_array_new_with_free_func(file_free);
    catalogue->by_id = g_hash_table_new(folder_hash_id, folder_is_same_id);
    return catalogue;
}

void
catalogue_free(Catalogue *catalogue)
{
    if (!catalogue)
        return;
    g_hash_table_destroy(catalogue->by_id);
    g_ptr_array_unref(catalogue->files);
    g_free(catalogue);
}

static CatalogueFile *
add_file(Catalogue *catalogue, const CatalogueFile *file)
{
    CatalogueFile *added = g_new(CatalogueFile, 1);
    *added = *file;
    added->path = g_strdup(file->path);
    g_ptr_array_add(catalogue->files, added);
    g_hash_table_insert(catalogue->by_id, &added->id, added);
    return added;
}

/* The last field: bare, or in quotation marks with those inside doubled. */
static char *
parse_path(const char *field)
{
    if (*field != '"')
        return strpbrk(field, "\",") ? NULL : g_strdup(field);
    bool is_closed = false;
    g_autoptr(GString) path = g_string_new(NULL);
    for (field++; *field && !is_closed; field++) {
        is_closed = *field == '"' && *++field != '"';
        if (!is_closed)
            g_string_append_c(path, *field);
    }
    if (!is_closed || field[-1] != '\0')
        return NULL;
    return g_string_free(g_steal_pointer(&path), FALSE);
}

static bool
parse_number(const char *field, uint64_t *ret_number)
{
    return http_parse_number(field, (uint32_t)strlen(field), ret_number);
}

/* What is wrong with a line, or NULL. */
static const char *
parse_line(const char *line, CatalogueFile *ret_file)
{
    g_auto(GStrv) fields = g_strsplit(line, ",", FIELD_COUNT);
    if (g_strv_length(fields) != FIELD_COUNT)
        return "expected 5 columns";
    g_autofree char *id_path = g_strconcat("f/", fields[0], NULL);
    if (!folder_parse_id(id_path, &ret_file->id))
        return "file_id: expected 64 lower-case hex digits";
    if (!parse_number(fields[1], &ret_file->version) || ret_file->version == 0)
        return "version: expected a whole number from 1 on";
    if (!parse_number(fields[2], &ret_file->size_bytes))
        return "size_bytes: expected a whole number";
    const char *modified = fields[3];
    bool is_negative = *modified == '-';
    uint64_t magnitude;
    if (!parse_number(modified + is_negative, &magnitude) ||
        magnitude > INT64_MAX)
        return "modified_ns: expected a whole number";
    ret_file->modified_ns =
        is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    ret_file->path = parse_path(fields[4]);
    return ret_file->path ? NULL : "path: quotation marks do not match";
}

static const char *
read_line(Catalogue *catalogue, const char *line)
{
    CatalogueFile file = {.path = NULL};
    const char *fault = parse_line(line, &file);
    if (!fault && g_hash_table_contains(catalogue->by_id, &file.id))
        fault = "file_id: it stands in an earlier line";
    if (!fault)
        add_file(catalogue, &file);
    g_free(file.path);
    return fault;
}

static Catalogue *
catalogue_parse(const char *path, char *text, gsize size_bytes, GError **error)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    const char *fault = NULL;
    uint32_t number = 1;
    char *rest = text;
    if (memchr(text, '\0', size_bytes))
        fault = "a NUL byte";
    for (; !fault && *rest; number++) {
        char *end = strchr(rest, '\n');
        if (!end) {
            fault = "cut short: the last line does not end";
            break;
        }
        *end = '\0';
        if (number > 1)
            fault = read_line(catalogue, rest);
        else if (strcmp(rest, HEADER) != 0)
            fault = "expected the columns " HEADER;
        if (fault)
            break;
        rest = end + 1;
    }
    if (!fault && number == 1)
        fault = "empty; expected the columns " HEADER;
    if (!fault)
        return g_steal_pointer(&catalogue);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s:%u: error: %s",
                path, number, fault);
    return NULL;
}

Catalogue *
catalogue_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize size_bytes;
    GError *found = NULL;
    if (g_file_get_contents(path, &text, &size_bytes, &found))
        return catalogue_parse(path, text, size_bytes, error);
    if (g_error_matches(found, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_clear_error(&found);
        g_set_error(&found, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "there is no catalogue '%s'; byway publish writes it",
                    path);
    }
    g_propagate_error(error, found);
    return NULL;
}

static int
compare_paths(gconstpointer left, gconstpointer right)
{
    const CatalogueFile *const *a = left;
    const CatalogueFile *const *b = right;
    return strcmp((*a)->path, (*b)->path);
}

static void
write_path(GString *text, const char *path)
{
    if (!strpbrk(path, "\",")) {
        g_string_append(text, path);
        return;
    }
    g_string_append_c(text, '"');
    for (; *path; path++) {
        if (*path == '"')
            g_string_append_c(text, '"');
        g_string_append_c(text, *path);
    }
    g_string_append_c(text, '"');
}

bool
catalogue_write(const Catalogue *catalogue, const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(HEADER "\n");
    for (guint i = 0; i < catalogue->files->len; i++) {
        const CatalogueFile *file = catalogue->files->pdata[i];
        for (size_t at = 0; at < sizeof file->id.bytes; at++)
            g_string_append_printf(text, "%02x", file->id.bytes[at]);
        g_string_append_printf(text, ",%" PRIu64 ",%" PRIu64 ",%" PRId64 ",",
                               file->version, file->size_bytes,
                               file->modified_ns);
        write_path(text, file->path);
        g_string_append_c(text, '\n');
    }
    return g_file_set_contents_full(path, text->str, (gssize)text->len,
                                    G_FILE_SET_CONTENTS_CONSISTENT |
                                        G_FILE_SET_CONTENTS_DURABLE,
                                    0644, error);
}

typedef struct Publishing {
    Catalogue *catalogue;
    const Folder *folder;
    bool is_again;
    PublishCount *count;
    uint32_t present; /* of the rows from before */
} Publishing;

static const char *
unfit_reason(const char *path)
{
    for (const char *at = path; *at; at++)
        if (g_ascii_iscntrl(*at))
            return "its name has a control character";
    return NULL;
}

static bool
publish_one(void *context, const char *path, const struct stat *stamp,
            GError **error)
{
    Publishing *publishing = context;
    const char *reason = unfit_reason(path);
    if (reason) {
        g_autofree char *shown = g_strescape(path, NULL);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot publish '%s': %s", shown, reason);
        return false;
    }
    CatalogueFile file = {
        .id = folder_id(publishing->folder, path),
        .version = 1,
        .size_bytes = (uint64_t)stamp->st_size,
        .modified_ns = folder_modified_ns(stamp),
        .path = (char *)path,
        .is_news = true,
    };
    CatalogueFile *known =
        g_hash_table_lookup(publishing->catalogue->by_id, &file.id);
    if (!known) {
        add_file(publishing->catalogue, &file);
        publishing->count->fresh++;
        return true;
    }
    publishing->present++;
    if (!publishing->is_again && known->size_bytes == file.size_bytes &&
        known->modified_ns == file.modified_ns) {
        publishing->count->unchanged++;
        return true;
    }
    known->version++;
    known->is_news = true;
    known->size_bytes = file.size_bytes;
    known->modified_ns = file.modified_ns;
    publishing->count->changed++;
    return true;
}

bool
catalogue_publish(Catalogue *catalogue, const Folder *folder, bool is_again,
                  PublishCount *ret_count, GError **error)
{
    *ret_count = (PublishCount){0};
    uint32_t before = catalogue->files->len;
    Publishing publishing = {catalogue, folder, is_again, ret_count, 0};
    if (!folder_walk(folder->directory, publish_one, &publishing, error))
        return false;
    ret_count->gone = before - publishing.present;
    g_ptr_array_sort(catalogue->files, compare_paths);
    return true;
}
