/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/troupe.c: starts actors, hears what they note, passes commands
 * on.
 */
#include "live/testbed/troupe.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/testbed/cast.h"
#include "live/testbed/message.h"

static void G_GNUC_PRINTF(2, 3) give_up(Troupe *troupe, const char *format, ...)
{
    if (troupe->error)
        return;
    va_list arguments;
    va_start(arguments, format);
    troupe->error = g_error_new_valist(G_FILE_ERROR, G_FILE_ERROR_FAILED,
                                       format, arguments);
    va_end(arguments);
}

static void
give_up_on(Troupe *troupe, HostId id, const char *why)
{
    const Host *host = &troupe->world->hosts[id];
    give_up(troupe, "%s %u: %s", role_name(host->role), host->number, why);
}

/* A host has two descriptors: its line and its socket. */
static void
watch(Troupe *troupe, HostId host, int fd, bool is_line)
{
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = (uint64_t)host << 1 | is_line};
    if (epoll_ctl(troupe->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        give_up_on(troupe, host, g_strerror(errno));
}

static void
start(void *context, HostId id)
{
    Troupe *troupe = context;
    Member *member = &troupe->members[id];
    ActorPlan plan;
    if (troupe->error ||
        !cast_plan(troupe->population, id, &plan, &troupe->error))
        return;
    pid_t process = actor_start(&plan, &member->socket, &troupe->error);
    config_free((LiveConfig *)plan.config);
    if (process < 0)
        return;
    member->process = process;
    member->is_ready = false;
    watch(troupe, id, member->socket, false);
}

/* What an actor cost this machine stands for the simulated node's work. */
static void
bury(Troupe *troupe, HostId id)
{
    struct rusage usage;
    Member *member = &troupe->members[id];
    while (wait4(member->process, NULL, 0, &usage) < 0 && errno == EINTR)
        continue;
    const struct timeval *parts[] = {&usage.ru_utime, &usage.ru_stime};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        troupe->world->hosts[id].count.cpu_busy_ns +=
            (uint64_t)(parts[i]->tv_sec * NS_PER_S +
                       parts[i]->tv_usec * NS_PER_US);
    close(member->socket);
    *member = (Member){0};
}

static void
stop(void *context, HostId id)
{
    Troupe *troupe = context;
    emulator_take_line(troupe->emulator, id, -1);
    if (troupe->members[id].process == 0)
        return;
    kill(troupe->members[id].process, SIGKILL);
    bury(troupe, id);
}

static void
tell(Troupe *troupe, HostId id, const Command *command)
{
    const Member *member = &troupe->members[id];
    Message message = {.kind = MESSAGE_COMMAND, .command = *command};
    if (member->process && !message_send(member->socket, &message, -1))
        give_up_on(troupe, id, "takes no commands");
}

/* Who has files has to have the new one. */
static void
pass_command(void *context, HostId host, const Command *command)
{
    Troupe *troupe = context;
    assert(!command->name && !command->missing);
    tell(troupe, host, command);
    if (command->kind != COMMAND_ADD_FILE)
        return;
    for (HostId id = troupe->population->first_origin;
         id < troupe->population->manager; id++)
        tell(troupe, id, command);
}

bool
troupe_init(Troupe *troupe, const Play *play, Emulator *emulator,
            GError **error)
{
    World *world = play->table->world;
    *troupe = (Troupe){
        .world = world,
        .population = play->population,
        .table = play->table,
        .emulator = emulator,
        .elsewhere = {troupe, start, stop, pass_command},
        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
    };
    if (troupe->epoll_fd < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "cannot wait for actors: %s", g_strerror(errno));
        return false;
    }
    troupe->members = g_new0(Member, world->host_count);
    world->elsewhere = &troupe->elsewhere;
    return true;
}

void
troupe_clear(Troupe *troupe)
{
    for (HostId id = 0; id < troupe->world->host_count; id++) {
        if (troupe->members[id].process)
            stop(troupe, id);
    }
    troupe->world->elsewhere = NULL;
    close(troupe->epoll_fd);
    g_free(troupe->members);
    g_clear_error(&troupe->error);
}

bool
troupe_is_ready(const Troupe *troupe)
{
    for (HostId id = 0; id < troupe->world->host_count; id++) {
        const Member *member = &troupe->members[id];
        if (member->process && !member->is_ready)
            return false;
    }
    return true;
}

static void
take_delivery(Troupe *troupe, HostId id, const Delivery *delivery)
{
    DownloadTable *table = troupe->table;
    uint32_t active = table->active_of[id];
    const Download *download =
        &g_array_index(table->downloads, Download, active);
    Extent extent = {.offset_bytes = delivery->offset_bytes,
                     .size_bytes = delivery->size_bytes,
                     .file = download->file};
    table->sampled_count += download->delivered_bytes == 0;
    troupe->world->sink.deliver(
        troupe->world->sink.context, troupe->world->network.now_ns, id, &extent,
        delivery->is_equal ? PAYLOAD_EQUAL : PAYLOAD_DIFFERENT);
}

static void
take_message(Troupe *troupe, HostId id, const Message *message, int line)
{
    switch (message->kind) {
    case MESSAGE_READY:
        troupe->members[id].is_ready = true;
        emulator_take_line(troupe->emulator, id, line);
        watch(troupe, id, line, true);
        return;
    case MESSAGE_FAILED:
        give_up_on(troupe, id, message->why);
        return;
    case MESSAGE_NOTE:
        world_note(troupe->world, id, &message->note);
        return;
    case MESSAGE_DELIVERY:
        take_delivery(troupe, id, &message->delivery);
        return;
    case MESSAGE_COMMAND:
        break;
    }
    assert(!"an actor commands");
}

static void
hear(Troupe *troupe, HostId id)
{
    Message message;
    int line;
    MessageWait wait;
    while ((wait = message_take(troupe->members[id].socket, &message, &line)) ==
           MESSAGE_TAKEN)
        take_message(troupe, id, &message, line);
    if (wait == MESSAGE_OVER)
        give_up_on(troupe, id, "its process has ended by itself");
}

void
troupe_wait(Troupe *troupe, int64_t wait_ns)
{
    wait_ns = CLAMP(wait_ns, 0, NS_PER_S);
    struct timespec wait = {wait_ns / NS_PER_S, wait_ns % NS_PER_S};
    int count = epoll_pwait2(troupe->epoll_fd, troupe->events,
                             TROUPE_EVENTS_MAX, &wait, NULL);
    troupe->event_count = (uint32_t)MAX(count, 0);
}

void
troupe_attend(Troupe *troupe)
{
    for (uint32_t i = 0; i < troupe->event_count && !troupe->error; i++) {
        uint64_t tag = troupe->events[i].data.u64;
        HostId id = (HostId)(tag >> 1);
        /* What was reported before may have ended it. */
        if (tag & 1 && troupe->emulator->lines[id] >= 0)
            emulator_read(troupe->emulator, id);
        else if (!(tag & 1) && troupe->members[id].process)
            hear(troupe, id);
    }
    troupe->event_count = 0;
}
