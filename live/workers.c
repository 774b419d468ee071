/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/workers.c: several processes that do the same work.
 */
#include "live/workers.h"
#include "live/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_NS NS_PER_S

typedef struct Workers Workers;

typedef struct Worker {
    Workers *all;
    uint32_t index;
    pid_t pid;   /* 0: none */
    Watch watch; /* what it tells its service manager: us */
    Timer again;
    bool is_ready;
    bool was_ready; /* ever */
    bool is_alive;  /* since we last said so */
} Worker;

struct Workers {
    Loop loop;
    Worker *items;
    uint32_t count;
    int (*work)(void *context, uint32_t index);
    void *context;
    bool is_ready_told;
    bool is_ending;
    int exit_code;
};

/* Of the socket that a worker tells its state to. */
static void
name_socket(const Worker *worker, pid_t parent, char ret_name[static 64])
{
    g_snprintf(ret_name, 64, "@byway-%d-%u", (int)parent, worker->index);
}

/* In the child: nothing of the parent's but what work needs. */
static void G_GNUC_NORETURN
be_worker(Worker *worker, pid_t parent)
{
    Workers *all = worker->all;
    char name[64];
    name_socket(worker, parent, name);
    for (uint32_t i = 0; i < all->count; i++)
        close(all->items[i].watch.fd);
    loop_clear(&all->loop);
    g_setenv("NOTIFY_SOCKET", name, TRUE);
    g_unsetenv("WATCHDOG_PID"); /* both are meant for us now */
    g_unsetenv("LISTEN_PID");
    int exit_code = getppid() == parent ? all->work(all->context, worker->index)
                                        : EXIT_FAILURE;
    fflush(NULL);
    _exit(exit_code);
}

static void
begin(void *context)
{
    Worker *worker = context;
    pid_t parent = getpid();
    worker->is_ready = false;
    worker->pid = fork();
    if (worker->pid == 0)
        be_worker(worker, parent);
    if (worker->pid > 0)
        return;
    worker->pid = 0;
    loop_set_timer(&worker->all->loop, &worker->again,
                   loop_now_ns(&worker->all->loop) + AGAIN_NS);
}

static void
tell_all(const Workers *all, int number)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (all->items[i].pid > 0)
            kill(all->items[i].pid, number);
}

/* What all say is said of the whole. */
static void
pass_on(Workers *all)
{
    bool are_ready = true;
    bool are_alive = true;
    for (uint32_t i = 0; i < all->count; i++) {
        are_ready &= all->items[i].is_ready;
        are_alive &= all->items[i].is_alive;
    }
    if (are_ready && !all->is_ready_told) {
        all->is_ready_told = true;
        notify_tell("READY=1");
    }
    if (!are_alive)
        return;
    notify_tell("WATCHDOG=1");
    for (uint32_t i = 0; i < all->count; i++)
        all->items[i].is_alive = false;
}

static void
hear_worker(void *context, uint32_t events)
{
    Worker *worker = context;
    char said[200] = {0};
    if (!(events & EPOLLIN) ||
        recv(worker->watch.fd, said, sizeof said - 1, MSG_DONTWAIT) <= 0)
        return;
    if (g_str_has_prefix(said, "READY=1"))
        worker->is_ready = worker->was_ready = true;
    if (g_str_has_prefix(said, "WATCHDOG=1"))
        worker->is_alive = true;
    pass_on(worker->all);
}

static void
end_all(Workers *all, int number)
{
    if (!all->is_ending)
        notify_tell("STOPPING=1");
    all->is_ending = true;
    tell_all(all, number);
}

/* One that never served would not the next time either. */
static void
mourn(Worker *worker, int status)
{
    Workers *all = worker->all;
    int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
    worker->pid = 0;
    if (all->is_ending || !worker->was_ready) {
        all->exit_code = MAX(all->exit_code, exit_code);
        if (!all->is_ending)
            end_all(all, SIGTERM);
        return;
    }
    fprintf(stderr, "byway: worker %u is gone (%s %d); another begins\n",
            worker->index, WIFEXITED(status) ? "exit code" : "signal",
            WIFEXITED(status) ? exit_code : WTERMSIG(status));
    loop_set_timer(&all->loop, &worker->again,
                   loop_now_ns(&all->loop) + AGAIN_NS);
}

static void
look_for_dead(Workers *all)
{
    uint32_t alive_count = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        Worker *worker = &all->items[i];
        int status;
        if (worker->pid > 0 &&
            waitpid(worker->pid, &status, WNOHANG) == worker->pid)
            mourn(worker, status);
        alive_count += worker->pid > 0;
    }
    if (all->is_ending && alive_count == 0)
        loop_stop(&all->loop);
}

static void
hear_signal(void *context, int number)
{
    Workers *all = context;
    if (number == SIGTERM || number == SIGINT) {
        end_all(all, number);
    } else if (number != SIGCHLD) {
        if (number == SIGHUP) {
            notify_reloading();
            all->is_ready_told = false;
            for (uint32_t i = 0; i < all->count; i++)
                all->items[i].is_ready = false;
        }
        tell_all(all, number);
    }
    look_for_dead(all);
}

static bool
open_socket(Worker *worker, GError **error)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char text[64];
    name_socket(worker, getpid(), text);
    memcpy(name.sun_path + 1, text + 1, strlen(text) - 1);
    socklen_t name_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text));
    worker->watch = (Watch){
        .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
        .ready = hear_worker,
        .context = worker,
    };
    if (worker->watch.fd >= 0 &&
        bind(worker->watch.fd, (struct sockaddr *)&name, name_bytes) == 0 &&
        loop_watch(&worker->all->loop, &worker->watch, EPOLLIN))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "cannot hear of workers");
    return false;
}

static bool
begin_all(Workers *all, GError **error)
{
    static const int NUMBERS[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
        sigaddset(&signals, NUMBERS[i]);
    if (!loop_hear_signals(&all->loop, &signals, hear_signal, all, error))
        return false;
    for (uint32_t i = 0; i < all->count; i++) {
        Worker *worker = &all->items[i];
        *worker = (Worker){.all = all, .index = i};
        worker->again = (Timer){.fire = begin, .context = worker};
        if (!open_socket(worker, error))
            return false;
    }
    for (uint32_t i = 0; i < all->count; i++)
        begin(&all->items[i]);
    return true;
}

int
workers_run(uint32_t count, int (*work)(void *context, uint32_t index),
            void *context)
{
    Workers all = {.count = count, .work = work, .context = context};
    g_autoptr(GError) error = NULL;
    if (!loop_init(&all.loop, &error)) {
        fprintf(stderr, "byway: %s\n", error->message);
        return EXIT_FAILURE;
    }
    all.items = g_new0(Worker, count);
    if (begin_all(&all, &error)) {
        loop_run(&all.loop);
    } else {
        fprintf(stderr, "byway: %s\n", error->message);
        all.exit_code = EXIT_FAILURE;
    }
    loop_clear(&all.loop);
    g_free(all.items);
    return all.exit_code;
}
