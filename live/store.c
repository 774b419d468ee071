/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/store.c: what a node asked to keep, in one SQLite file.
 *
 * One table of keys and values, as core writes them: what a row means is
 * core's alone, and is checked there when it comes back, so columns would say
 * everything twice. What a key service promises for ever is held by the file
 * too: a version of a file is a primary key, so it is there once; its row
 * stays; and a dead key stays dead.
 */
#include "live/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/key_table.h"
#include "live/secret.h"

#define APPLICATION_ID 0x62797761 /* "bywa" */
#define SCHEMA_VERSION 1
#define BUSY_MS 2000 /* a reader that recovers, or an operator's hand */
#define LOG_PAGES_MAX 1000
#define DAMAGED "is damaged (%s): put a backup in its place"
#define FULL_CHECK_BYTES_MAX (INT64_C(1) << 30)

struct Store {
    char *path;
    int fd; /* holds the lock that keeps other processes out */
    sqlite3 *database;
    sqlite3_stmt *put;
    sqlite3_stmt *drop;
    GArray *tags; /* put since the last commit */
    GError *fault;
    int log_pages; /* not yet in the file proper */
};

static const char SETTINGS[] = "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA secure_delete=ON;"
                               "PRAGMA synchronous=FULL;";

static const char SCHEMA[] =
    "CREATE TABLE holder(role TEXT NOT NULL) STRICT;"
    "CREATE TABLE record("
    "  key BLOB PRIMARY KEY CHECK(length(key) BETWEEN 1 AND 40),"
    "  value BLOB NOT NULL CHECK(length(value) BETWEEN 1 AND 256)"
    ") STRICT, WITHOUT ROWID;";

_Static_assert(KEY_TOMBSTONE_BYTES == 13, "as the rules below say");

static const char KEY_RULES[] =
    "CREATE TRIGGER version_stays BEFORE DELETE ON record"
    " BEGIN SELECT RAISE(ABORT, 'a version of a file stays'); END;"
    "CREATE TRIGGER version_is_fixed BEFORE UPDATE OF key ON record"
    " BEGIN SELECT RAISE(ABORT, 'a version of a file stays'); END;"
    "CREATE TRIGGER key_stays_dead BEFORE UPDATE OF value ON record"
    " WHEN length(OLD.value) = 13 AND length(NEW.value) <> 13"
    " BEGIN SELECT RAISE(ABORT, 'a dead key stays dead'); END;";

static void G_GNUC_PRINTF(3, 4)
    complain(GError **error, const Store *store, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", store->path,
                why);
}

/* Say what SQLite said of its last step; always false. */
static bool
complain_step(GError **error, const Store *store)
{
    int code = sqlite3_errcode(store->database) & 0xff;
    const char *said = sqlite3_errmsg(store->database);
    if (code == SQLITE_NOTADB)
        complain(error, store, "is no database");
    else if (code == SQLITE_CORRUPT)
        complain(error, store, DAMAGED, said);
    else
        complain(error, store, "%s (SQLite code %d)", said,
                 sqlite3_extended_errcode(store->database));
    return false;
}

static bool
run(Store *store, const char *sql, GError **error)
{
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return complain_step(error, store);
}

static sqlite3_stmt *
prepare(Store *store, const char *sql, GError **error)
{
    sqlite3_stmt *step = NULL;
    if (sqlite3_prepare_v2(store->database, sql, -1, &step, NULL) != SQLITE_OK)
        complain_step(error, store);
    return step;
}

/* The first column of the first row as text, "" without any; NULL is an
 * error. */
static char *
ask(Store *store, const char *sql, GError **error)
{
    sqlite3_stmt *step = prepare(store, sql, error);
    if (!step)
        return NULL;
    char *answer = NULL;
    int code = sqlite3_step(step);
    if (code == SQLITE_ROW)
        answer = g_strdup((const char *)sqlite3_column_text(step, 0));
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        answer = answer ? answer : g_strdup("");
    else
        complain_step(error, store);
    sqlite3_finalize(step);
    return answer;
}

static bool
ask_number(Store *store, const char *sql, int64_t *ret_number, GError **error)
{
    g_autofree char *answer = ask(store, sql, error);
    if (!answer)
        return false;
    *ret_number = g_ascii_strtoll(answer, NULL, 10);
    return true;
}

static bool
sync_directory(const Store *store, const char *directory, GError **error)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (!is_synced)
        complain(error, store, "cannot sync its directory: %s",
                 g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return is_synced;
}

/* Make the file if it is not there, and take it for this process. */
static bool
open_file(Store *store, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(store->path);
    g_autofree char *why = NULL;
    if (!secret_check_directory(directory, &why)) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, why);
        return false;
    }
    store->fd = open(store->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                     S_IRUSR | S_IWUSR);
    if (store->fd < 0) {
        complain(error, store, "%s", g_strerror(errno));
        return false;
    }
    if (!secret_check_file(store->path, &why)) {
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, why);
        return false;
    }
    if (flock(store->fd, LOCK_EX | LOCK_NB) != 0) {
        complain(error, store, "another process has it open");
        return false;
    }
    return sync_directory(store, directory, error);
}

static int
count_pages(void *context, sqlite3 *database, const char *name, int page_count)
{
    Store *store = context;
    (void)database;
    (void)name;
    store->log_pages = page_count;
    return SQLITE_OK;
}

static bool
connect(Store *store, GError **error)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(store->path, &store->database, flags, NULL) !=
        SQLITE_OK)
        return complain_step(error, store);
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(store->database, BUSY_MS);
    return run(store, SETTINGS, error);
}

/* Is it empty, or of our form? Nothing is written to what is not ours. */
static bool
identify(Store *store, bool *ret_is_empty, GError **error)
{
    int64_t table_count, id, version;
    if (!ask_number(store, "SELECT count(*) FROM sqlite_master", &table_count,
                    error) ||
        !ask_number(store, "PRAGMA application_id", &id, error) ||
        !ask_number(store, "PRAGMA user_version", &version, error))
        return false;
    *ret_is_empty = table_count == 0;
    if (*ret_is_empty)
        return true;
    if (id != APPLICATION_ID)
        complain(error, store, "is a database of some other program");
    else if (version != SCHEMA_VERSION)
        complain(error, store, "is of another version of byway");
    return id == APPLICATION_ID && version == SCHEMA_VERSION;
}

/* Checkpoints are ours from here on: their failures count, too. */
static bool
begin_log(Store *store, GError **error)
{
    g_autofree char *mode = ask(store, "PRAGMA journal_mode=WAL", error);
    if (!mode)
        return false;
    if (strcmp(mode, "wal") != 0) {
        complain(error, store, "cannot have a write-ahead log here");
        return false;
    }
    sqlite3_wal_hook(store->database, count_pages, store);
    return true;
}

static bool
create(Store *store, Role role, GError **error)
{
    g_autofree char *own =
        g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%d;"
                        "INSERT INTO holder VALUES('%s');",
                        APPLICATION_ID, SCHEMA_VERSION, role_name(role));
    return run(store, "BEGIN IMMEDIATE", error) && run(store, SCHEMA, error) &&
           (role != ROLE_KEY_SERVICE || run(store, KEY_RULES, error)) &&
           run(store, own, error) && run(store, "COMMIT", error);
}

static bool
check_health(Store *store, GError **error)
{
    int64_t byte_count;
    if (!ask_number(store,
                    "SELECT page_count * page_size"
                    " FROM pragma_page_count, pragma_page_size",
                    &byte_count, error))
        return false;
    bool is_large = byte_count > FULL_CHECK_BYTES_MAX;
    g_autofree char *health = ask(
        store, is_large ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)",
        error);
    if (health && strcmp(health, "ok") != 0)
        complain(error, store, DAMAGED, health);
    return health && strcmp(health, "ok") == 0;
}

static bool
check_holder(Store *store, Role role, GError **error)
{
    g_autofree char *holder = ask(store, "SELECT role FROM holder", error);
    if (holder && strcmp(holder, role_name(role)) != 0)
        complain(error, store, "belongs to a %s, not to a %s", holder,
                 role_name(role));
    return holder && strcmp(holder, role_name(role)) == 0;
}

static bool
set_up(Store *store, Role role, GError **error)
{
    bool is_empty;
    if (!open_file(store, error) || !connect(store, error) ||
        !identify(store, &is_empty, error) || !begin_log(store, error))
        return false;
    if (is_empty && !create(store, role, error))
        return false;
    if (!check_health(store, error) || !check_holder(store, role, error))
        return false;
    store->put = prepare(store,
                         "INSERT INTO record(key, value) VALUES(?1, ?2)"
                         " ON CONFLICT(key) DO UPDATE SET value=excluded.value",
                         error);
    if (!store->put)
        return false;
    store->drop = prepare(store, "DELETE FROM record WHERE key=?1", error);
    return store->drop != NULL;
}

Store *
store_open(const char *path, Role role, GError **error)
{
    Store *store = g_new0(Store, 1);
    store->path = g_strdup(path);
    store->fd = -1;
    store->tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    if (set_up(store, role, error))
        return store;
    store_free(store);
    return NULL;
}

/* The lock goes last: closing any descriptor of the file would end SQLite's
 * own locks, too. */
void
store_free(Store *store)
{
    if (!store)
        return;
    sqlite3_finalize(store->put);
    sqlite3_finalize(store->drop);
    sqlite3_close(store->database);
    if (store->fd >= 0)
        close(store->fd);
    g_array_unref(store->tags);
    g_clear_error(&store->fault);
    g_free(store->path);
    g_free(store);
}

/* Copy a column; false when it is not of a size that we write. */
static bool
read_column(sqlite3_stmt *step, int column, uint8_t *to, uint32_t *size_bytes,
            uint32_t size_max)
{
    const void *bytes = sqlite3_column_blob(step, column);
    *size_bytes = (uint32_t)sqlite3_column_bytes(step, column);
    if (*size_bytes == 0 || *size_bytes > size_max)
        return false;
    memcpy(to, bytes, *size_bytes);
    return true;
}

static bool
read_record(sqlite3_stmt *step, Record *record)
{
    *record = (Record){0};
    return read_column(step, 0, record->key, &record->key_bytes,
                       sizeof record->key) &&
           read_column(step, 1, record->value, &record->value_bytes,
                       sizeof record->value);
}

bool
store_restore(Store *store, void (*visit)(void *context, const Record *record),
              void *context, GError **error)
{
    Record record;
    sqlite3_stmt *step =
        prepare(store, "SELECT key, value FROM record ORDER BY key", error);
    if (!step)
        return false;
    int code;
    while ((code = sqlite3_step(step)) == SQLITE_ROW &&
           read_record(step, &record))
        visit(context, &record);
    if (code == SQLITE_ROW)
        complain(error, store, DAMAGED, "a record of a size that none has");
    else if (code != SQLITE_DONE)
        complain_step(error, store);
    sqlite3_finalize(step);
    return code == SQLITE_DONE;
}

void
store_put(Store *store, uint32_t tag, const Record *record)
{
    g_assert(record->key_bytes <= sizeof record->key);
    g_assert(record->value_bytes <= sizeof record->value);
    if (store->tags->len == 0 && !store->fault)
        run(store, "BEGIN IMMEDIATE", &store->fault);
    g_array_append_val(store->tags, tag);
    if (store->fault)
        return;
    sqlite3_stmt *step = record->value_bytes > 0 ? store->put : store->drop;
    sqlite3_bind_blob(step, 1, record->key, (int)record->key_bytes,
                      SQLITE_STATIC);
    if (record->value_bytes > 0)
        sqlite3_bind_blob(step, 2, record->value, (int)record->value_bytes,
                          SQLITE_STATIC);
    if (sqlite3_step(step) != SQLITE_DONE)
        complain_step(&store->fault, store);
    sqlite3_reset(step);
}

/* Move the log into the file, so that it does not grow for ever and what was
 * deleted is overwritten. A reader may be in the way: then later. */
static bool
checkpoint(Store *store, GError **error)
{
    if (store->log_pages < LOG_PAGES_MAX)
        return true;
    sqlite3_busy_timeout(store->database, 0);
    int code = sqlite3_wal_checkpoint_v2(
        store->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(store->database, BUSY_MS);
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return true;
    if (code != SQLITE_OK)
        return complain_step(error, store);
    store->log_pages = 0;
    return true;
}

bool
store_commit(Store *store, GArray *tags, GError **error)
{
    if (store->tags->len == 0 && !store->fault)
        return true;
    if (!store->fault && run(store, "COMMIT", &store->fault))
        checkpoint(store, &store->fault);
    if (store->fault) {
        g_propagate_error(error, g_error_copy(store->fault));
        return false;
    }
    g_array_append_vals(tags, store->tags->data, store->tags->len);
    g_array_set_size(store->tags, 0);
    return true;
}
