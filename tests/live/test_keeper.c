/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_keeper.c: a killed process comes back with what it knew.
 *
 * Each life of a role is a child of its own, killed without warning; the test
 * speaks HTTP to it over 127.0.0.1.
 */
#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/http.h"
#include "core/wire.h"
#include "live/address.h"
#include "live/operate.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)
#define FILE_COUNT 40u

typedef struct Town {
    char *directory;
    LiveConfig *config;
    pid_t child;
    uint32_t file_count;   /* a key service's */
    rlim_t file_bytes_max; /* of the next life; 0: no limit */
} Town;

/* A port that nobody uses just now. */
static Address
free_address(void)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = sizeof name;
    Address address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    g_assert_cmpint(bind(fd, (struct sockaddr *)&any, sizeof any), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&name, &name_bytes), ==,
                    0);
    g_assert_true(address_from_socket(&name, &address));
    close(fd);
    return address;
}

static Town *
town_new(Role role)
{
    Town *town = g_new0(Town, 1);
    town->directory = g_dir_make_tmp("byway-keeper-XXXXXX", NULL);
    LiveConfig *config = config_new(role);
    config->id = 1;
    config->listen[0].address = free_address();
    config->listen_count = 1;
    config->advertise = config->listen[0].address;
    config->state = g_build_filename(town->directory, "state.db", NULL);
    g_ptr_array_add(config->owned, (gpointer)config->state);
    config->master_keys[0] = (LiveMasterKey){.number = 1, .bytes = {71}};
    config->master_keys[1] = (LiveMasterKey){.number = 2, .bytes = {72}};
    config->master_key_count = 1;
    config->manager.selection.regions = config->regions;
    config->manager.selection.region_count = 1;
    config->manager.selection.isp_count = 1;
    town->config = config;
    town->file_count = FILE_COUNT;
    return town;
}

static void
town_free(Town *town)
{
    GDir *files = g_dir_open(town->directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(town->directory, name, NULL);
        g_unlink(path);
    }
    g_dir_close(files);
    g_rmdir(town->directory);
    g_free(town->directory);
    config_free(town->config);
    g_free(town);
}

static FileId
file_of(uint32_t number)
{
    FileId file = {{(uint8_t)number, (uint8_t)(number >> 8), 2, 3}};
    return file;
}

/* What an operator's commands will be: these files exist. */
static void
add_files(LiveRole *role, uint32_t file_count)
{
    for (uint32_t number = 0; number < file_count; number++) {
        Command command = {.kind = COMMAND_ADD_FILE,
                           .file = file_of(number),
                           .file_bytes = 1000,
                           .version = 1};
        host_command(&role->host, &command);
    }
}

static void G_GNUC_NORETURN
live(const Town *town)
{
    const struct rlimit limit = {town->file_bytes_max, town->file_bytes_max};
    GError *error = NULL;
    LiveRole *role = g_new(LiveRole, 1);
    if (!role_start(role, town->config, &error))
        g_error("%s", error->message);
    if (town->file_bytes_max > 0) {
        signal(SIGXFSZ, SIG_IGN);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    }
    if (town->config->role == ROLE_KEY_SERVICE)
        add_files(role, town->file_count);
    bool is_whole = operate_run(role, NULL);
    is_whole &= role_stop(role);
    _exit(is_whole ? 0 : 1);
}

static void
begin_life(Town *town)
{
    town->child = fork();
    g_assert_cmpint(town->child, >=, 0);
    if (town->child == 0)
        live(town);
}

/* The exit code, or minus the signal that ended it. */
static int
end_life(Town *town, int number)
{
    int status;
    if (number > 0)
        g_assert_cmpint(kill(town->child, number), ==, 0);
    g_assert_cmpint(waitpid(town->child, &status, 0), ==, town->child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int
dial(const Town *town)
{
    struct sockaddr_storage name;
    socklen_t name_bytes =
        address_to_socket(&town->config->listen[0].address, &name);
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;
    while (g_get_monotonic_time() < end_us) {
        int fd = socket(name.ss_family, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&name, name_bytes) == 0)
            return fd;
        close(fd);
        g_usleep(2000);
    }
    g_error("nobody listens");
}

/* Post a message and take the whole answer, whose status is returned. */
static uint16_t
post(const Town *town, const char *path, const uint8_t *body,
     uint32_t body_bytes, GByteArray *answer)
{
    char head_bytes[HTTP_WRITE_BYTES_MAX];
    uint8_t piece[4096];
    HttpHead head = {.method = HTTP_POST,
                     .is_last = true,
                     .target = path,
                     .target_bytes = (uint32_t)strlen(path),
                     .body_bytes = body_bytes};
    uint32_t size_bytes = http_write_request(&head, head_bytes);
    int fd = dial(town);
    g_assert_cmpint(send(fd, head_bytes, size_bytes, MSG_MORE), ==,
                    (gint64)size_bytes);
    g_assert_cmpint(send(fd, body, body_bytes, 0), ==, (gint64)body_bytes);
    ssize_t heard;
    while ((heard = recv(fd, piece, sizeof piece, 0)) > 0)
        g_byte_array_append(answer, piece, (guint)heard);
    close(fd);
    uint32_t answer_head_bytes;
    g_assert_cmpint(http_scan(answer->data, answer->len, 0, &answer_head_bytes),
                    ==, HTTP_SCAN_END);
    g_assert_cmpuint(
        http_parse_response(answer->data, answer_head_bytes, &head), ==, 0);
    return head.status;
}

/* Ask until the answer is 200. */
static GByteArray *
ask_key(const Town *town, uint32_t file)
{
    uint8_t body[WIRE_BYTES_MAX];
    KeyRequest request = {.file = file_of(file), .version = 1};
    uint32_t body_bytes = wire_write_key_request(&request, body);
    gint64 end_us = g_get_monotonic_time() + PATIENCE_US;
    while (g_get_monotonic_time() < end_us) {
        GByteArray *answer = g_byte_array_new();
        if (post(town, WIRE_PATH_KEY, body, body_bytes, answer) == 200)
            return answer;
        g_byte_array_unref(answer);
        g_usleep(2000);
    }
    g_error("no key");
}

static void
a_key_that_was_granted_is_the_same_in_every_life(void)
{
    Town *town = town_new(ROLE_KEY_SERVICE);
    GByteArray *first[FILE_COUNT];
    begin_life(town);
    for (uint32_t file = 0; file < FILE_COUNT; file++)
        first[file] = ask_key(town, file);
    g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
    /* In the second life there is another master key, which the third is
     * killed over, and the fourth begins with it alone. */
    for (uint32_t life = 2; life <= 4; life++) {
        town->config->master_key_count = 2;
        if (life == 4) {
            town->config->master_keys[0] = town->config->master_keys[1];
            town->config->master_key_count = 1;
        }
        begin_life(town);
        for (uint32_t file = 0; file < FILE_COUNT; file++) {
            GByteArray *again = ask_key(town, file);
            g_assert_true(again->len == first[file]->len &&
                          memcmp(again->data, first[file]->data, again->len) ==
                              0);
            g_byte_array_unref(again);
        }
        g_usleep(life == 3 ? G_USEC_PER_SEC / 2 : 0); /* for the rotation */
        g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
    }
    for (uint32_t file = 0; file < FILE_COUNT; file++)
        g_byte_array_unref(first[file]);
    town_free(town);
}

static void
check_keys(const Town *town, const GPtrArray *granted)
{
    for (guint file = 0; file < granted->len; file++) {
        const GByteArray *first = granted->pdata[file];
        g_autoptr(GByteArray) again = ask_key(town, file);
        g_assert_cmpuint(again->len, ==, first->len);
        g_assert_true(memcmp(again->data, first->data, first->len) == 0);
    }
}

/* Two master keys, of which the second is new: there is much to wrap. */
static void
begin_rotation(Town *town, uint32_t number)
{
    LiveMasterKey *keys = town->config->master_keys;
    for (uint32_t i = 0; i < 2; i++)
        keys[i] = (LiveMasterKey){.number = number + i,
                                  .bytes = {71, (uint8_t)(number + i)}};
    town->config->master_key_count = 2;
}

/* Every other life is killed after another key was granted, the rest when it
 * so happens. Now and then one may finish, and then all is looked at. */
static void
no_key_is_lost_however_often_a_rotation_is_killed(void)
{
    const uint32_t kill_count = g_test_slow() ? 1000 : 40;
    g_autoptr(GPtrArray) granted =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    Town *town = town_new(ROLE_KEY_SERVICE);
    begin_rotation(town, 1);
    for (uint32_t life = 1; life <= kill_count; life++) {
        bool is_asked = life % 2 == 0;
        town->file_count = granted->len + 1;
        begin_life(town);
        if (is_asked)
            g_ptr_array_add(granted, ask_key(town, granted->len));
        g_usleep((gulong)g_test_rand_int_range(0, is_asked ? 5000 : 30000));
        g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
        if (life % 20 != 0)
            continue;
        begin_life(town);
        check_keys(town, granted);
        g_usleep(G_USEC_PER_SEC / 2); /* for the rotation */
        g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
        begin_rotation(town, 1 + life / 20);
    }
    g_test_message("%u keys after %u kills", granted->len, kill_count);
    g_assert_cmpuint(granted->len, ==, kill_count / 2);
    town_free(town);
}

static uint16_t
register_edge(const Town *town, PeerId edge)
{
    uint8_t body[WIRE_BYTES_MAX];
    RegisterMessage message = {.edge = edge, .address = {.port = 80}};
    uint32_t body_bytes = wire_write_register(&message, body);
    g_autoptr(GByteArray) answer = g_byte_array_new();
    return post(town, WIRE_PATH_REGISTER, body, body_bytes, answer);
}

static uint16_t
report(const Town *town, PeerId edge)
{
    uint8_t body[WIRE_BYTES_MAX];
    ReportMessage message = {.edge = edge};
    uint32_t body_bytes = wire_write_report(&message, body);
    g_autoptr(GByteArray) answer = g_byte_array_new();
    return post(town, WIRE_PATH_REPORT, body, body_bytes, answer);
}

static void
a_manager_knows_its_edges_after_a_kill_and_after_an_end(void)
{
    Town *town = town_new(ROLE_MANAGER);
    town->config->limits.drain_timeout_ns = 0;
    begin_life(town);
    g_assert_cmpuint(register_edge(town, 10), ==, 204);
    g_usleep(G_USEC_PER_SEC * 3 / 2); /* stored once a second */
    g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
    begin_life(town);
    g_assert_cmpuint(report(town, 10), ==, 204);
    g_assert_cmpuint(report(town, 11), ==, 404);
    g_assert_cmpuint(register_edge(town, 11), ==, 204);
    end_life(town, SIGTERM); /* at once, so it is stored in the last turn */
    begin_life(town);
    g_assert_cmpuint(report(town, 10), ==, 204);
    g_assert_cmpuint(report(town, 11), ==, 204);
    g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
    town_free(town);
}

/* The process ends by itself, with 1, and no key was granted. */
static void
a_service_that_cannot_keep_ends(void)
{
    Town *town = town_new(ROLE_KEY_SERVICE);
    town->file_bytes_max = 8192;
    begin_life(town);
    g_assert_cmpint(end_life(town, 0), ==, 1);
    town->file_bytes_max = 0;
    begin_life(town);
    g_byte_array_unref(ask_key(town, 0));
    g_assert_cmpint(end_life(town, SIGKILL), ==, -SIGKILL);
    town_free(town);
}

#define STORY(name) g_test_add_func("/keeper/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(a_key_that_was_granted_is_the_same_in_every_life);
    STORY(no_key_is_lost_however_often_a_rotation_is_killed);
    STORY(a_manager_knows_its_edges_after_a_kill_and_after_an_end);
    STORY(a_service_that_cannot_keep_ends);
    return g_test_run();
}
