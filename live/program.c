/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/program.c: other programs that byway starts, and where they work.
 */
#include "live/program.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_TRIES 1000
#define WAIT_STEP_US 10000
#define TREE_FD_MAX 16

/* Debian keeps servers where users do not look. */
char *
program_find(const char *name)
{
    char *path = g_find_program_in_path(name);
    if (path)
        return path;
    path = g_strdup_printf("/usr/sbin/%s", name);
    if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
        g_clear_pointer(&path, g_free);
    return path;
}

char *
program_find_self(void)
{
    char *path = g_file_read_link("/proc/self/exe", NULL);
    return path ? path : g_strdup("byway");
}

bool
program_answers(const Address *address)
{
    struct sockaddr_storage name;
    socklen_t name_bytes = address_to_socket(address, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = connect(fd, (struct sockaddr *)&name, name_bytes) == 0;
    close(fd);
    return is_there;
}

bool
program_wait(pid_t process, const Address *address)
{
    for (uint32_t i = 0; i < WAIT_TRIES; i++) {
        if (waitpid(process, NULL, WNOHANG) != 0)
            return false;
        if (program_answers(address))
            return true;
        g_usleep(WAIT_STEP_US);
    }
    return false;
}

static int
remove_one(const char *path, const struct stat *status, int kind,
           struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

bool
program_remove_tree(const char *path)
{
    return nftw(path, remove_one, TREE_FD_MAX, FTW_DEPTH | FTW_PHYS) == 0;
}
