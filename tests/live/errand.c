/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/errand.c: another process, and what it said.
 */
#include "tests/live/errand.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void
errand_die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == 1) /* it was quicker */
        _exit(0);
}

static char *
read_said(const Errand *errand, const char *suffix)
{
    g_autofree char *path = g_strconcat(errand->path, suffix, NULL);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    unlink(path);
    return text;
}

static void
redirect(const Errand *errand, const char *suffix, int fd)
{
    g_autofree char *path = g_strconcat(errand->path, suffix, NULL);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, fd) < 0)
        _exit(99);
    close(file);
}

void
errand_start(Errand *errand, const char *folder, const char *const *words,
             uint64_t file_bytes_max)
{
    memset(errand, 0, sizeof *errand);
    errand->pid = fork();
    g_assert_cmpint(errand->pid, >=, 0);
    errand->path = g_strdup_printf("%s/said-%d", folder,
                                   errand->pid > 0 ? errand->pid : getpid());
    if (errand->pid > 0)
        return;
    errand_die_with_parent();
    redirect(errand, ".out", STDOUT_FILENO);
    redirect(errand, ".err", STDERR_FILENO);
    struct rlimit limit = {file_bytes_max, file_bytes_max};
    bool is_set = file_bytes_max == 0 || setrlimit(RLIMIT_FSIZE, &limit) == 0;
    if (is_set && chdir(folder) == 0)
        execv(words[0], (char *const *)words);
    _exit(99);
}

int
errand_wait(Errand *errand)
{
    int status = 0;
    g_assert_cmpint(waitpid(errand->pid, &status, 0), ==, errand->pid);
    errand->pid = 0;
    errand->out = read_said(errand, ".out");
    errand->err = read_said(errand, ".err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
errand_signal(const Errand *errand, int number)
{
    g_assert_cmpint(kill(errand->pid, number), ==, 0);
}

void
errand_clear(Errand *errand)
{
    g_assert_cmpint(errand->pid, ==, 0);
    g_free(errand->path);
    g_free(errand->out);
    g_free(errand->err);
}

pid_t
errand_fork(void)
{
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid > 0) {
        setpgid(pid, pid);
        return pid;
    }
    setpgid(0, 0);
    errand_die_with_parent();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    return 0;
}

void
errand_end(pid_t pid)
{
    g_assert_cmpint(kill(-pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

void
errand_sleep_ms(uint32_t duration_ms)
{
    g_usleep(duration_ms * 1000);
}
