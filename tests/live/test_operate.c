/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_operate.c: reloads and restarts that no caller notices.
 *
 * Real processes, BYWAY live ROLE, told of as a service manager would be, and
 * callers in threads, who ask without a pause and count every failure. With
 * -m slow there are as many of both as an operator might do in a year.
 */
#include "live/files.h"
#include "tests/live/caller.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLER_COUNT 8u
#define FILE_BYTES 300000u
#define PATIENCE_MS 20000
#define RELOAD_COUNT (g_test_slow() ? 200u : 20u)
#define RESTART_COUNT (g_test_slow() ? 50u : 5u)

typedef struct Crowd {
    struct sockaddr_storage name;
    socklen_t name_bytes;
    const char *request;
    const uint8_t *content;
    gint is_over;
    gint request_count;
    gint failure_count;
    GThread *threads[CALLER_COUNT];
} Crowd;

typedef struct Yard {
    const char *byway;
    char *directory;
    int notify_fd;
    char *notify_path;
    uint8_t content[FILE_BYTES];
    Address cdn;
    Address edge;
    Address admin;     /* of the CDN */
    const char *extra; /* in the place of that */
    char *request;
} Yard;

/* --- callers ----------------------------------------------------------- */

static bool
send_all(int fd, const char *text)
{
    size_t size_bytes = strlen(text);
    return send(fd, text, size_bytes, MSG_NOSIGNAL) == (ssize_t)size_bytes;
}

/* One answer, all of it and right; whether it is the last is told. */
static bool
take_answer(int fd, const uint8_t *content, uint8_t *bytes, bool *ret_is_last)
{
    size_t have_bytes = 0;
    size_t head_bytes = 0;
    for (;;) {
        ssize_t result =
            recv(fd, bytes + have_bytes, FILE_BYTES + 1000 - have_bytes, 0);
        if (result <= 0)
            return false;
        have_bytes += (size_t)result;
        bytes[have_bytes] = '\0';
        const char *end = strstr((char *)bytes, "\r\n\r\n");
        if (head_bytes == 0 && end) {
            head_bytes = (size_t)(end + 4 - (char *)bytes);
            const char *close = strstr((char *)bytes, "Connection: close");
            *ret_is_last = close && close < end;
        }
        if (head_bytes > 0 && have_bytes >= head_bytes + FILE_BYTES)
            break;
    }
    return g_str_has_prefix((char *)bytes, "HTTP/1.1 200 ") &&
           memcmp(bytes + head_bytes, content, FILE_BYTES) == 0;
}

/* One connection, until the other side says goodbye or after some requests. */
static bool
call_once(Crowd *crowd, uint8_t *bytes, guint request_count)
{
    int fd = socket(crowd->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_good =
        connect(fd, (struct sockaddr *)&crowd->name, crowd->name_bytes) == 0;
    bool is_last = false;
    for (guint i = 0; is_good && !is_last && i < request_count; i++) {
        is_good = send_all(fd, crowd->request) &&
                  take_answer(fd, crowd->content, bytes, &is_last);
        g_atomic_int_inc(&crowd->request_count);
    }
    close(fd);
    return is_good;
}

static gpointer
call_on_and_on(gpointer data)
{
    Crowd *crowd = data;
    g_autofree uint8_t *bytes = g_malloc(FILE_BYTES + 1001);
    for (guint i = 0; !g_atomic_int_get(&crowd->is_over); i++) {
        if (!call_once(crowd, bytes, 1 + i % 7 * 3))
            g_atomic_int_inc(&crowd->failure_count);
    }
    return NULL;
}

static void
crowd_begin(Crowd *crowd, const Yard *yard, const Address *target)
{
    memset(crowd, 0, sizeof *crowd);
    crowd->name_bytes = address_to_socket(target, &crowd->name);
    crowd->request = yard->request;
    crowd->content = yard->content;
    for (guint i = 0; i < CALLER_COUNT; i++)
        crowd->threads[i] = g_thread_new("caller", call_on_and_on, crowd);
}

static void
crowd_end(Crowd *crowd, guint event_count)
{
    g_atomic_int_set(&crowd->is_over, 1);
    for (guint i = 0; i < CALLER_COUNT; i++)
        g_thread_join(crowd->threads[i]);
    g_test_message("%d requests during %u events, %d failed",
                   crowd->request_count, event_count, crowd->failure_count);
    g_assert_cmpint(crowd->request_count, >, (gint)event_count);
    g_assert_cmpint(crowd->failure_count, ==, 0);
}

/* --- processes --------------------------------------------------------- */

static char *
path_of(const Yard *yard, const char *name)
{
    return g_build_filename(yard->directory, name, NULL);
}

static void
put(const Yard *yard, const char *name, const void *bytes, size_t byte_count)
{
    g_autofree char *path = path_of(yard, name);
    g_assert_true(g_file_set_contents_full(path, bytes, (gssize)byte_count,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                           NULL));
}

/* Wait until a process says this to its service manager. */
static void
wait_for(const Yard *yard, const char *state)
{
    for (;;) {
        char said[200] = {0};
        struct pollfd poll_fd = {.fd = yard->notify_fd, .events = POLLIN};
        g_assert_cmpint(poll(&poll_fd, 1, PATIENCE_MS), ==, 1);
        g_assert_cmpint(recv(yard->notify_fd, said, sizeof said - 1, 0), >, 0);
        if (g_str_has_prefix(said, state))
            return;
    }
}

/* In the child: a test that fails leaves nobody behind. */
static void
end_with_parent(gpointer ignored)
{
    g_assert_null(ignored);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GPid
start(const Yard *yard, const char *role)
{
    g_autofree char *file = g_strconcat(role, ".yaml", NULL);
    g_autofree char *config = path_of(yard, file);
    const char *const words[] = {yard->byway, "live", role,
                                 "--config",  config, NULL};
    g_autoptr(GError) error = NULL;
    GPid child;
    bool is_started = g_spawn_async(NULL, (char **)words, NULL,
                                    G_SPAWN_DO_NOT_REAP_CHILD |
                                        G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
                                    end_with_parent, NULL, &child, &error);
    g_assert_no_error(error);
    g_assert_true(is_started);
    wait_for(yard, "READY=1");
    return child;
}

static void
wait_for_end(GPid child)
{
    int status = 0;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void
stop(GPid child)
{
    kill(child, SIGTERM);
    wait_for_end(child);
}

static void
write_cdn(const Yard *yard, const char *limits)
{
    char address[ADDRESS_TEXT_BYTES];
    char admin[ADDRESS_TEXT_BYTES];
    address_write(&yard->cdn, address);
    address_write(&yard->admin, admin);
    g_autofree char *usual = g_strdup_printf("admin: %s\n", admin);
    g_autofree char *text = g_strdup_printf(
        "byway: 1\nrole: cdn\nid: 3\nlisten: %s\n%s"
        "limits: {%s}\nfiles: {directory: files, id_key_file: id.key}\n",
        address, yard->extra ? yard->extra : usual, limits);
    put(yard, "cdn.yaml", text, strlen(text));
}

/* Its data centre is the CDN: what passes through is not sealed. */
static void
write_edge(const Yard *yard)
{
    char address[ADDRESS_TEXT_BYTES];
    char source[ADDRESS_TEXT_BYTES];
    address_write(&yard->edge, address);
    address_write(&yard->cdn, source);
    g_autofree char *text = g_strdup_printf(
        "byway: 1\nrole: edge\nid: 12\nregion: 0\nisp: 0\nlisten: %s\n"
        "uplink: 50 Mbit/s\npeers:\n  data_centre: {id: 3, address: %s}\n"
        "  manager: {id: 1, address: 127.0.0.1:9}\n",
        address, source);
    put(yard, "edge.yaml", text, strlen(text));
}

static void
yard_begin(Yard *yard)
{
    static const char KEY[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memset(yard, 0, sizeof *yard);
    yard->byway = g_getenv("BYWAY");
    g_assert_nonnull(yard->byway);
    yard->directory = g_dir_make_tmp("byway-operate-XXXXXX", NULL);
    yard->notify_path = path_of(yard, "notify");
    g_setenv("NOTIFY_SOCKET", yard->notify_path, TRUE);
    g_strlcpy(name.sun_path, yard->notify_path, sizeof name.sun_path);
    yard->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(
        bind(yard->notify_fd, (struct sockaddr *)&name, sizeof name), ==, 0);
    close(loopback_listen(1, &yard->cdn)); /* these were free */
    close(loopback_listen(1, &yard->edge));
    close(loopback_listen(1, &yard->admin));
    loopback_fill(yard->content, FILE_BYTES, 7);
    g_autofree char *files = path_of(yard, "files");
    g_assert_cmpint(g_mkdir(files, 0700), ==, 0);
    put(yard, "files/large", yard->content, FILE_BYTES);
    put(yard, "id.key", KEY, strlen(KEY));
    uint8_t key[32];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(g_ascii_xdigit_value(KEY[2 * i]) * 16 +
                           g_ascii_xdigit_value(KEY[2 * i + 1]));
    Folder folder = {.directory = files, .tenant = "default", .id_key = key};
    FileId id = folder_id(&folder, "large");
    g_autoptr(GString) request = g_string_new("GET /f/");
    for (size_t i = 0; i < sizeof id.bytes; i++)
        g_string_append_printf(request, "%02x", id.bytes[i]);
    g_string_append(request, "?v=1 HTTP/1.1\r\nHost: test\r\n\r\n");
    yard->request = g_string_free(g_steal_pointer(&request), FALSE);
    write_cdn(yard, "");
    write_edge(yard);
}

static void
yard_end(Yard *yard)
{
    static const char *const NAMES[] = {
        "files/large", "files",  "id.key", "cdn.yaml",
        "edge.yaml",   "notify", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *path = path_of(yard, NAMES[i]);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
    close(yard->notify_fd);
    g_free(yard->notify_path);
    g_free(yard->directory);
    g_free(yard->request);
}

/* One of the CDN's metrics. */
static double
metric(const Yard *yard, const char *name)
{
    static const char ASK[] = "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n";
    g_autofree char *start = g_strdup_printf("\n%s ", name);
    g_autoptr(GString) text = g_string_new(NULL);
    char bytes[4096];
    ssize_t result;
    struct sockaddr_storage to;
    socklen_t to_bytes = address_to_socket(&yard->admin, &to);
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&to, to_bytes), ==, 0);
    g_assert_true(send_all(fd, ASK));
    while ((result = recv(fd, bytes, sizeof bytes, 0)) > 0)
        g_string_append_len(text, bytes, result);
    close(fd);
    const char *line = strstr(text->str, start);
    g_assert_nonnull(line);
    return g_ascii_strtod(line + strlen(start), NULL);
}

/* --- stories ----------------------------------------------------------- */

/* Calls of one request each, which are all answered. */
static void
call_often(const Yard *yard, guint count)
{
    Crowd crowd = {.request = yard->request, .content = yard->content};
    g_autofree uint8_t *bytes = g_malloc(FILE_BYTES + 1001);
    crowd.name_bytes = address_to_socket(&yard->cdn, &crowd.name);
    for (guint i = 0; i < count; i++)
        g_assert_true(call_once(&crowd, bytes, 1));
}

static void
callers_go_to_the_next_process_from_the_signal_on(void)
{
    Yard yard;
    yard_begin(&yard);
    GPid old = start(&yard, "cdn");
    GPid next = start(&yard, "cdn");
    kill(old, SIGTERM);
    wait_for(&yard, "STOPPING=1");
    g_usleep(20000); /* that was said first of all */
    double before = metric(&yard, "connections_accepted_total");
    call_often(&yard, 30);
    double after = metric(&yard, "connections_accepted_total");
    g_assert_cmpfloat(after - before, ==, 30);
    wait_for_end(old);
    call_often(&yard, 1);
    stop(next);
    yard_end(&yard);
}

/* A handshake may have begun before the signal came. */
static void
the_last_process_still_serves_who_comes_late(void)
{
    Yard yard;
    yard_begin(&yard);
    GPid cdn = start(&yard, "cdn");
    kill(cdn, SIGTERM);
    wait_for(&yard, "STOPPING=1");
    call_often(&yard, 3);
    wait_for_end(cdn);
    yard_end(&yard);
}

/* Every other one is a mistake. */
static void
nobody_notices_reloads(void)
{
    Yard yard;
    Crowd crowd;
    yard_begin(&yard);
    GPid cdn = start(&yard, "cdn");
    crowd_begin(&crowd, &yard, &yard.cdn);
    for (guint i = 0; i < RELOAD_COUNT; i++) {
        write_cdn(&yard, i % 2 == 0 ? "connections: none" : "memory: 100 MiB");
        kill(cdn, SIGHUP);
        wait_for(&yard, "RELOADING=1\nMONOTONIC_USEC=");
        wait_for(&yard, "READY=1");
        g_usleep(50000);
    }
    crowd_end(&crowd, RELOAD_COUNT);
    g_assert_cmpfloat(metric(&yard, "reloads_total"), ==, RELOAD_COUNT / 2);
    g_assert_cmpfloat(metric(&yard, "reload_failures_total"), ==,
                      RELOAD_COUNT / 2);
    stop(cdn);
    wait_for(&yard, "STOPPING=1");
    yard_end(&yard);
}

static void
restart_on_and_on(Yard *yard, const char *role, const Address *target)
{
    Crowd crowd;
    GPid present = start(yard, role);
    crowd_begin(&crowd, yard, target);
    for (guint i = 0; i < RESTART_COUNT; i++) {
        GPid next = start(yard, role);
        stop(present);
        present = next;
    }
    crowd_end(&crowd, RESTART_COUNT);
    stop(present);
}

static void
nobody_notices_restarts_of_a_cdn(void)
{
    Yard yard;
    yard_begin(&yard);
    restart_on_and_on(&yard, "cdn", &yard.cdn);
    yard_end(&yard);
}

static void
nobody_notices_restarts_of_an_edge(void)
{
    Yard yard;
    yard_begin(&yard);
    GPid cdn = start(&yard, "cdn");
    restart_on_and_on(&yard, "edge", &yard.edge);
    stop(cdn);
    yard_end(&yard);
}

/* The edge's pool and the requests under way are behind it. */
static void
nobody_notices_restarts_behind_an_edge(void)
{
    Yard yard;
    Crowd crowd;
    yard_begin(&yard);
    GPid cdn = start(&yard, "cdn");
    GPid edge = start(&yard, "edge");
    crowd_begin(&crowd, &yard, &yard.edge);
    for (guint i = 0; i < RESTART_COUNT; i++) {
        GPid next = start(&yard, "cdn");
        stop(cdn);
        cdn = next;
    }
    crowd_end(&crowd, RESTART_COUNT);
    stop(edge);
    stop(cdn);
    yard_end(&yard);
}

/* One line of /proc/PID/FILE; the caller frees. */
static char *
read_process(GPid process, const char *file)
{
    char *text = NULL;
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", process, file);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static GPid
first_worker(GPid process)
{
    g_autofree char *file = g_strdup_printf("task/%d/children", process);
    g_autofree char *children = read_process(process, file);
    return (GPid)g_ascii_strtoll(children, NULL, 10);
}

static void
nobody_notices_restarts_of_workers(void)
{
    Yard yard;
    yard_begin(&yard);
    yard.extra = "workers: 3\n";
    write_cdn(&yard, "");
    restart_on_and_on(&yard, "cdn", &yard.cdn);
    yard_end(&yard);
}

static void
a_worker_that_dies_has_a_successor(void)
{
    Yard yard;
    yard_begin(&yard);
    yard.extra = "workers: 2\n";
    write_cdn(&yard, "");
    GPid cdn = start(&yard, "cdn");
    GPid worker = first_worker(cdn);
    kill(worker, SIGKILL);
    /* The one that was the second is now the first, and then the new one. */
    gint64 end_us = g_get_monotonic_time() + PATIENCE_MS * 1000;
    for (guint count = 0; count < 2;) {
        g_autofree char *file = g_strdup_printf("task/%d/children", cdn);
        g_autofree char *children = read_process(cdn, file);
        g_auto(GStrv) words = g_strsplit(g_strchomp(children), " ", -1);
        bool is_dead_there =
            (GPid)g_ascii_strtoll(words[0], NULL, 10) == worker;
        count = is_dead_there ? 0 : g_strv_length(words);
        g_assert_cmpint(g_get_monotonic_time(), <, end_us);
        g_usleep(10000);
    }
    /* A reload is told when both have done it. */
    kill(cdn, SIGHUP);
    wait_for(&yard, "RELOADING=1");
    wait_for(&yard, "READY=1");
    stop(cdn);
    yard_end(&yard);
}

/* The second time it is fed by two workers together. */
static void
the_watchdog_is_fed(void)
{
    Yard yard;
    yard_begin(&yard);
    yard.extra = "";
    for (guint i = 0; i < 2; i++) {
        write_cdn(&yard, "");
        g_setenv("WATCHDOG_USEC", "100000", TRUE);
        GPid cdn = start(&yard, "cdn");
        g_unsetenv("WATCHDOG_USEC");
        for (guint time = 0; time < 3; time++)
            wait_for(&yard, "WATCHDOG=1");
        stop(cdn);
        yard.extra = "workers: 2\n";
    }
    yard_end(&yard);
}

static void
root_becomes_somebody_else(void)
{
    Yard yard;
    const struct passwd *nobody = getpwnam("nobody");
    if (getuid() != 0 || !nobody) {
        g_test_skip("only root can become somebody else");
        return;
    }
    yard_begin(&yard);
    char admin[ADDRESS_TEXT_BYTES];
    address_write(&yard.admin, admin);
    g_autofree char *extra =
        g_strdup_printf("user: nobody\nadmin: %s\n", admin);
    yard.extra = extra;
    write_cdn(&yard, "");
    static const char *const NAMES[] = {"", "files", "files/large", "id.key",
                                        "cdn.yaml"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *path = path_of(&yard, NAMES[i]);
        g_assert_cmpint(chown(path, nobody->pw_uid, nobody->pw_gid), ==, 0);
    }
    g_assert_cmpint(chmod(yard.notify_path, 0777), ==, 0);
    GPid cdn = start(&yard, "cdn");
    g_autofree char *status = read_process(cdn, "status");
    g_autofree char *users =
        g_strdup_printf("\nUid:\t%u\t%u\t%u\t%u\n", nobody->pw_uid,
                        nobody->pw_uid, nobody->pw_uid, nobody->pw_uid);
    g_autofree char *groups =
        g_strdup_printf("\nGid:\t%u\t%u\t%u\t%u\n", nobody->pw_gid,
                        nobody->pw_gid, nobody->pw_gid, nobody->pw_gid);
    g_assert_nonnull(strstr(status, users));
    g_assert_nonnull(strstr(status, groups));
    g_assert_nonnull(strstr(status, "\nCapEff:\t0000000000000000\n"));
    g_assert_nonnull(strstr(status, "\nNoNewPrivs:\t1\n"));
    kill(cdn, SIGHUP); /* it still finds its files */
    wait_for(&yard, "READY=1");
    g_assert_cmpfloat(metric(&yard, "reloads_total"), ==, 1);
    stop(cdn);
    yard_end(&yard);
}

#define STORY(name) g_test_add_func("/operate/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(callers_go_to_the_next_process_from_the_signal_on);
    STORY(the_last_process_still_serves_who_comes_late);
    STORY(nobody_notices_reloads);
    STORY(nobody_notices_restarts_of_a_cdn);
    STORY(nobody_notices_restarts_of_an_edge);
    STORY(nobody_notices_restarts_behind_an_edge);
    STORY(nobody_notices_restarts_of_workers);
    STORY(a_worker_that_dies_has_a_successor);
    STORY(the_watchdog_is_fed);
    STORY(root_becomes_somebody_else);
    return g_test_run();
}
