/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_role.c: a configured role, its files and its signals.
 *
 * The role runs in a child; the test is its caller and its operator.
 */
#include "live/operate.h"
#include "tests/live/site.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE_BYTES (16u << 20)

typedef struct Stage {
    LiveConfig *config;
    char *directory;
    uint8_t *large;
    Address address;
    pid_t child;
    Loop loop; /* of the callers, who need none but its clock */
} Stage;

static char *
path_of(const Stage *stage, const char *name)
{
    return g_build_filename(stage->directory, name, NULL);
}

static void
put(const Stage *stage, const char *name, const void *bytes, size_t byte_count)
{
    g_autofree char *path = path_of(stage, name);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)byte_count, NULL));
}

static void
run_child(LiveRole *role)
{
    bool is_whole = operate_run(role, NULL);
    role_stop(role);
    _exit(is_whole ? 0 : 1);
}

static void
stage_begin(Stage *stage)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL;
    signal(SIGPIPE, SIG_IGN);
    stage->directory = g_dir_make_tmp("byway-role-XXXXXX", NULL);
    stage->large = g_malloc(LARGE_BYTES);
    loopback_fill(stage->large, LARGE_BYTES, 5);
    put(stage, "large", stage->large, LARGE_BYTES);
    put(stage, "folder/small", "small", 5);
    stage->config = config_new(ROLE_CDN);
    stage->config->files.directory = stage->directory;
    stage->config->listen_count = 1;
    g_assert_true(address_parse_host(
        "127.0.0.1", &stage->config->listen[0].address, &why)); /* any port */
    g_assert_true(loop_init(&stage->loop, &error));
}

static void
stage_start(Stage *stage)
{
    g_autoptr(GError) error = NULL;
    g_autofree LiveRole *role = g_new(LiveRole, 1);
    bool is_started = role_start(role, stage->config, &error);
    g_assert_no_error(error);
    g_assert_true(is_started);
    stage->address = listener_address(&role->listeners[0]);
    stage->child = fork();
    g_assert_cmpint(stage->child, >=, 0);
    if (stage->child == 0)
        run_child(role);
    role_stop(role); /* our copies of its descriptors */
}

static int
stage_wait(Stage *stage)
{
    int status = 0;
    g_assert_cmpint(waitpid(stage->child, &status, 0), ==, stage->child);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
stage_end(Stage *stage)
{
    static const char *const NAMES[] = {"large",
                                        "folder/small",
                                        "folder/link",
                                        "folder/late",
                                        "folder/later",
                                        "folder",
                                        ""};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *path = path_of(stage, NAMES[i]);
        g_remove(path);
    }
    g_free(stage->large);
    g_free(stage->directory);
    config_free(stage->config);
    loop_clear(&stage->loop);
}

static void
ask_for(Stage *stage, Caller *caller, const char *name)
{
    Folder folder = {.directory = stage->directory,
                     .tenant = stage->config->files.tenant,
                     .id_key = stage->config->files.id_key};
    FileId id = folder_id(&folder, name);
    g_autoptr(GString) request = g_string_new("GET /f/");
    for (size_t i = 0; i < sizeof id.bytes; i++)
        g_string_append_printf(request, "%02x", id.bytes[i]);
    g_string_append(request, "?v=1 HTTP/1.1\r\nHost: test\r\n\r\n");
    caller_say(caller, &stage->loop, request->str);
}

/* The head that is expected, as far as it has come: whoever drains says so. */
static size_t
match_head(const Caller *caller, const char *status, size_t byte_count)
{
    static const char *const GOODBYES[] = {"", "Connection: close\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(GOODBYES); i++) {
        g_autofree char *head =
            g_strdup_printf("HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n",
                            status, byte_count, GOODBYES[i]);
        size_t head_bytes = strlen(head);
        if (caller->heard->len >= head_bytes &&
            memcmp(caller->heard->data, head, head_bytes) == 0)
            return head_bytes;
    }
    return 0;
}

static void
take(Stage *stage, Caller *caller, const void *bytes, size_t byte_count)
{
    size_t head_bytes = 0;
    while (head_bytes == 0) {
        caller_wait(caller, &stage->loop, caller->heard->len + 1);
        head_bytes =
            match_head(caller, bytes ? "200 OK" : "404 Not Found", byte_count);
    }
    caller_wait(caller, &stage->loop, head_bytes + byte_count);
    g_byte_array_remove_range(caller->heard, 0, (guint)head_bytes);
    loopback_compare(caller->heard, bytes, byte_count);
    g_byte_array_set_size(caller->heard, 0);
}

static void
expect_small(Stage *stage, Caller *caller, const char *name, bool is_found)
{
    ask_for(stage, caller, name);
    take(stage, caller, is_found ? "small" : NULL, is_found ? 5 : 0);
}

static void
wait_for_file(Stage *stage, Caller *caller, const char *name)
{
    int64_t end_ns = loop_read_clock(&stage->loop) + CALLER_PATIENCE_NS;
    bool is_found = false;
    while (!is_found) {
        g_assert_cmpint(loop_read_clock(&stage->loop), <, end_ns);
        ask_for(stage, caller, name);
        while (!g_strstr_len((const char *)caller->heard->data,
                             caller->heard->len, "\r\n\r\n"))
            caller_wait(caller, &stage->loop, caller->heard->len + 1);
        is_found = caller->heard->data[9] == '2';
        caller_wait(caller, &stage->loop,
                    is_found ? strlen("HTTP/1.1 200 OK\r\n"
                                      "Content-Length: 5\r\n\r\nsmall")
                             : 0);
        g_byte_array_set_size(caller->heard, 0);
    }
}

static void
files_are_found_by_id_and_not_beyond_the_directory(void)
{
    Stage stage;
    stage_begin(&stage);
    g_autofree char *link = path_of(&stage, "folder/link");
    g_assert_cmpint(symlink("small", link), ==, 0);
    stage_start(&stage);
    Caller caller;
    caller_dial(&caller, &stage.address);
    expect_small(&stage, &caller, "folder/small", true);
    expect_small(&stage, &caller, "folder/link", false);
    expect_small(&stage, &caller, "folder", false);
    expect_small(&stage, &caller, "folder/late", false);
    put(&stage, "folder/late", "small", 5);
    kill(stage.child, SIGHUP);
    wait_for_file(&stage, &caller, "folder/late");
    expect_small(&stage, &caller, "folder/late", true);
    /* Other bytes under the same version would share its key. */
    put(&stage, "folder/small", "Small", 5);
    expect_small(&stage, &caller, "folder/small", false);
    put(&stage, "folder/later", "small", 5);
    kill(stage.child, SIGHUP);
    wait_for_file(&stage, &caller, "folder/later");
    expect_small(&stage, &caller, "folder/small", false);
    caller_hang_up(&caller);
    kill(stage.child, SIGTERM);
    g_assert_cmpint(stage_wait(&stage), ==, 0);
    stage_end(&stage);
}

static bool
is_refused(const Stage *stage)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(&stage->address, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)&name, name_bytes);
    close(fd);
    return result != 0;
}

static void
sigterm_finishes_what_is_under_way(void)
{
    Stage stage;
    stage_begin(&stage);
    stage_start(&stage);
    Caller busy, idle;
    caller_dial(&busy, &stage.address);
    caller_dial(&idle, &stage.address);
    expect_small(&stage, &idle, "folder/small", true);
    ask_for(&stage, &busy, "large");
    kill(stage.child, SIGTERM);
    caller_wait_for_end(&idle, &stage.loop);
    g_assert_cmpint(idle.error, ==, 0);
    while (!is_refused(&stage))
        g_usleep(1000);
    take(&stage, &busy, stage.large, LARGE_BYTES);
    caller_wait_for_end(&busy, &stage.loop);
    g_assert_cmpint(busy.error, ==, 0);
    caller_hang_up(&idle);
    caller_hang_up(&busy);
    g_assert_cmpint(stage_wait(&stage), ==, 0);
    stage_end(&stage);
}

static void
who_has_knocked_before_the_drain_is_served(void)
{
    Stage stage;
    stage_begin(&stage);
    stage_start(&stage);
    Caller first, late;
    caller_dial(&first, &stage.address);
    expect_small(&stage, &first, "folder/small", true);
    kill(stage.child, SIGSTOP);
    kill(stage.child, SIGTERM);
    caller_dial(&late, &stage.address);
    ask_for(&stage, &late, "folder/small");
    kill(stage.child, SIGCONT);
    caller_wait_for_end(&late, &stage.loop); /* which it has said */
    g_byte_array_append(late.heard, (const guint8 *)"", 1);
    g_assert_nonnull(
        strstr((char *)late.heard->data, "\r\nConnection: close\r\n"));
    g_assert_true(g_str_has_suffix((char *)late.heard->data, "\r\n\r\nsmall"));
    g_assert_cmpint(late.error, ==, 0);
    caller_hang_up(&first);
    caller_hang_up(&late);
    g_assert_cmpint(stage_wait(&stage), ==, 0);
    stage_end(&stage);
}

static void
a_drain_ends_by_its_deadline_or_the_second_signal(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        Stage stage;
        stage_begin(&stage);
        if (i == 0)
            stage.config->limits.drain_timeout_ns = 300 * NS_PER_MS;
        stage_start(&stage);
        Caller busy;
        caller_dial(&busy, &stage.address);
        expect_small(&stage, &busy, "folder/small", true);
        ask_for(&stage, &busy, "large"); /* and reads nothing */
        kill(stage.child, SIGTERM);
        while (!is_refused(&stage))
            g_usleep(1000);
        if (i == 1)
            kill(stage.child, SIGINT);
        g_assert_cmpint(stage_wait(&stage), ==, 1);
        caller_hang_up(&busy);
        stage_end(&stage);
    }
}

#define STORY(name) g_test_add_func("/role/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(files_are_found_by_id_and_not_beyond_the_directory);
    STORY(sigterm_finishes_what_is_under_way);
    STORY(who_has_knocked_before_the_drain_is_served);
    STORY(a_drain_ends_by_its_deadline_or_the_second_signal);
    return g_test_run();
}
