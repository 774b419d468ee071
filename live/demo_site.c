/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/demo_site.c: the demo's directory, and the processes that work in it.
 *
 * The file "processes" has a line for each: its id, when it was started in
 * the kernel's own count, and what it is. An id alone could be somebody
 * else's by the time that it is to be ended.
 */
#include "live/demo.h"
#include "live/program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES "processes"
#define KEY_BYTES 32u
#define PIECE_BYTES (1u << 20)
#define END_TRIES 500
#define END_STEP_US 10000

static bool G_GNUC_PRINTF(2, 3) fail(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s", text);
    return false;
}

char *
demo_path(const Demo *demo, const char *name)
{
    return g_build_filename(demo->directory, name, NULL);
}

/* Nobody listens there, not even one that would share the port. */
static bool
is_free(const Address *address)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(address, &name);
    int on = 1;
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool is_bound = bind(fd, (struct sockaddr *)&name, name_bytes) == 0 &&
                    listen(fd, 1) == 0;
    close(fd);
    return is_bound;
}

bool
demo_check(const Demo *demo, GError **error)
{
    if (g_file_test(demo->directory, G_FILE_TEST_EXISTS))
        return fail(error,
                    "%s is there already; --stop ends the demo in it, "
                    "--directory takes another place",
                    demo->directory);
    g_autofree char *nginx = program_find("nginx");
    if (!nginx)
        return fail(error, "the CDN is nginx, which is not installed: "
                           "apt-get install nginx-light");
    for (DemoPart part = 0; part < DEMO_PART_COUNT; part++) {
        char text[ADDRESS_TEXT_BYTES];
        Address address = demo_address(demo, part);
        address_write(&address, text);
        if (!is_free(&address))
            return fail(error,
                        "%s, for the %s, is taken; --port N begins elsewhere "
                        "than at %u",
                        text, demo_name(part), demo->port);
    }
    return true;
}

static bool
write_file(const Demo *demo, const char *name, const char *text, GError **error)
{
    g_autofree char *path = demo_path(demo, name);
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE,
                                    0600, error);
}

static bool
write_key(const Demo *demo, const char *name, GError **error)
{
    uint8_t bytes[KEY_BYTES];
    char text[2 * KEY_BYTES + 2] = "";
    if (getentropy(bytes, sizeof bytes) != 0)
        return fail(error, "the system has no randomness to give");
    for (uint32_t i = 0; i < KEY_BYTES; i++)
        g_snprintf(text + 2 * i, 4, "%02x\n", bytes[i]);
    return write_file(demo, name, text, error);
}

/* Content that no two places share. */
static bool
write_film(const Demo *demo, GError **error)
{
    g_autofree char *path = demo_path(demo, "files/" DEMO_FILE);
    g_autofree uint64_t *piece = g_malloc(PIECE_BYTES);
    uint64_t state = 88172645463325252u;
    FILE *file = fopen(path, "wb");
    bool is_written = file != NULL;
    for (uint32_t i = 0; i < demo->size_mib && is_written; i++) {
        for (uint32_t j = 0; j < PIECE_BYTES / sizeof *piece; j++) {
            state ^= state << 13; /* Marsaglia's xorshift64 */
            state ^= state >> 7;
            state ^= state << 17;
            piece[j] = state;
        }
        is_written = fwrite(piece, PIECE_BYTES, 1, file) == 1;
    }
    if (file && fclose(file) != 0)
        is_written = false;
    return is_written ||
           fail(error, "cannot write %s: %s", path, g_strerror(errno));
}

static bool
make_directory(const Demo *demo, const char *name, GError **error)
{
    g_autofree char *path = demo_path(demo, name);
    return mkdir(path, 0700) == 0 ||
           fail(error, "cannot make %s: %s", path, g_strerror(errno));
}

static char *
config_name(DemoPart part)
{
    return g_strconcat(demo_name(part), part == DEMO_CDN ? ".conf" : ".yaml",
                       NULL);
}

static bool
write_configs(const Demo *demo, GError **error)
{
    for (DemoPart part = 0; part <= DEMO_CLIENT; part++) {
        g_autofree char *name = config_name(part);
        g_autofree char *text = demo_config(demo, part);
        if (!write_file(demo, name, text, error))
            return false;
    }
    return true;
}

static bool
publish(const Demo *demo, GError **error)
{
    g_autofree char *program = program_find_self();
    const char *words[] = {program, "publish", "--config", "data-centre.yaml",
                           NULL};
    g_autofree char *said = NULL;
    int status = 0;
    if (!g_spawn_sync(demo->directory, (char **)(uintptr_t)words, NULL,
                      G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
                      &status, error))
        return false;
    return status == 0 || fail(error, "cannot publish the file: %s", said);
}

bool
demo_furnish(const Demo *demo, GError **error)
{
    return make_directory(demo, "", error) &&
           make_directory(demo, "files", error) &&
           make_directory(demo, "state", error) &&
           write_file(demo, PROCESSES, "", error) &&
           write_key(demo, "id.key", error) &&
           write_key(demo, "master-1.key", error) && write_film(demo, error) &&
           write_configs(demo, error) && publish(demo, error);
}

/* When it began, in the kernel's ticks; 0: there is no such process. */
static uint64_t
start_of(pid_t process)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)process);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    /* The second word is a name in brackets, which may hold anything. */
    const char *at = strrchr(text, ')');
    for (uint32_t word = 2; at && word < 22; word++)
        at = strchr(at + 1, ' ');
    return at ? g_ascii_strtoull(at, NULL, 10) : 0;
}

static bool
remember(const Demo *demo, pid_t process, DemoPart part, GError **error)
{
    g_autofree char *path = demo_path(demo, PROCESSES);
    FILE *file = fopen(path, "a");
    bool is_written = file && fprintf(file, "%d %" PRIu64 " %s\n", (int)process,
                                      start_of(process), demo_name(part)) > 0;
    if (file && fclose(file) != 0)
        is_written = false;
    return is_written ||
           fail(error, "cannot write %s: %s", path, g_strerror(errno));
}

/* It outlives this process and its terminal. */
static void
leave(void *unused)
{
    (void)unused;
    setsid();
    signal(SIGINT, SIG_DFL);
}

static bool
spawn(const Demo *demo, DemoPart part, pid_t *ret_process, GError **error)
{
    bool is_nginx = part == DEMO_CDN;
    g_autofree char *program =
        is_nginx ? program_find("nginx") : program_find_self();
    g_autofree char *config = config_name(part);
    const char *nginx[] = {program,   "-p", "./",   "-e",
                           "cdn.log", "-c", config, NULL};
    const char *role = part >= DEMO_EDGE_1 ? "edge" : demo_name(part);
    const char *byway[] = {program, "live", role, "--config", config, NULL};
    g_autofree char *log_name = g_strconcat(demo_name(part), ".log", NULL);
    g_autofree char *log_path = demo_path(demo, log_name);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        return fail(error, "cannot write %s", log_path);
    bool is_started = g_spawn_async_with_fds(
        demo->directory, (char **)(uintptr_t)(is_nginx ? nginx : byway), NULL,
        G_SPAWN_DO_NOT_REAP_CHILD, leave, NULL, ret_process, -1, log, log,
        error);
    close(log);
    return is_started;
}

/* The log has the reason, if there is one. */
static bool
fail_start(const Demo *demo, DemoPart part, GError **error)
{
    g_autofree char *name = g_strconcat(demo_name(part), ".log", NULL);
    g_autofree char *path = demo_path(demo, name);
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return fail(error, "the %s does not start: %s", demo_name(part),
                text && *text ? g_strchomp(text) : "it says nothing");
}

bool
demo_start(const Demo *demo, GError **error)
{
    for (DemoPart part = 0; part < DEMO_PART_COUNT; part++) {
        Address address = demo_address(demo, part);
        pid_t process;
        if (!spawn(demo, part, &process, error) ||
            !remember(demo, process, part, error))
            return false;
        if (!program_wait(process, &address))
            return fail_start(demo, part, error);
    }
    return true;
}

/* Wait until it is gone; one that is our child has to be waited for. */
static bool
has_ended(pid_t process, uint64_t start)
{
    waitpid(process, NULL, WNOHANG);
    return start_of(process) != start;
}

static void
end_process(pid_t process, uint64_t start)
{
    for (uint32_t i = 0; i < END_TRIES; i++) {
        if (has_ended(process, start))
            return;
        g_usleep(END_STEP_US);
    }
    kill(process, SIGKILL);
    while (!has_ended(process, start))
        g_usleep(END_STEP_US);
}

/* All are told before any is waited for. */
static uint32_t
end_processes(char **lines)
{
    uint32_t count = 0;
    for (uint32_t round = 0; round < 2; round++) {
        for (char **line = lines; *line; line++) {
            char *rest = NULL;
            pid_t process = (pid_t)g_ascii_strtoll(*line, &rest, 10);
            uint64_t start = g_ascii_strtoull(rest, NULL, 10);
            if (process <= 1 || start == 0 || start_of(process) != start)
                continue;
            if (round == 0)
                count += kill(process, SIGTERM) == 0;
            else
                end_process(process, start);
        }
    }
    return count;
}

bool
demo_stop(const Demo *demo, uint32_t *ret_process_count, GError **error)
{
    g_autofree char *path = demo_path(demo, PROCESSES);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return fail(error, "there is no demo in %s", demo->directory);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    *ret_process_count = end_processes(lines);
    return program_remove_tree(demo->directory) ||
           fail(error, "cannot remove %s: %s", demo->directory,
                g_strerror(errno));
}
