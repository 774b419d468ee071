/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/actor.c: the process of one role.
 */
#include "live/testbed/actor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/role.h"
#include "live/testbed/message.h"

#define READ_BYTES_MAX (1u << 20)
#define STDIO_COUNT 3

typedef struct MadeFile {
    FileId id;
    uint32_t number;
    uint64_t size_bytes;
} MadeFile;

typedef struct Actor {
    LiveRole role;
    Watch ear;         /* on the testbed's socket */
    GArray *files;     /* MadeFile: those that it serves */
    FileId fetched;    /* client: what is being delivered */
    GByteArray *meant; /* client: what should have been */
} Actor;

void
actor_fill(const FileId *file, uint64_t offset_bytes, uint8_t *bytes,
           uint32_t byte_count)
{
    uint64_t salt;
    memcpy(&salt, file->bytes, sizeof salt);
    for (uint32_t i = 0; i < byte_count;) {
        uint64_t at_bytes = offset_bytes + i;
        uint64_t word = (at_bytes / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15);
        word = ((word ^ salt) ^ (word >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
        uint32_t skipped = at_bytes % 8;
        uint32_t count = MIN(8 - skipped, byte_count - i);
        memcpy(bytes + i, (const uint8_t *)&word + skipped, count);
        i += count;
    }
}

static void
tell(Actor *actor, const Message *message)
{
    if (!message_send(actor->ear.fd, message, -1))
        loop_stop(&actor->role.loop); /* nobody is left to act for */
}

static void
note(void *context, const Effect *effect)
{
    Message message = {.kind = MESSAGE_NOTE, .note = *effect};
    tell(context, &message);
}

static void
deliver(void *context, const Extent *extent)
{
    Actor *actor = context;
    uint32_t byte_count = extent->chunk->size_bytes;
    g_byte_array_set_size(actor->meant, byte_count);
    actor_fill(&actor->fetched, extent->offset_bytes, actor->meant->data,
               byte_count);
    Delivery delivery = {
        .offset_bytes = extent->offset_bytes,
        .size_bytes = extent->size_bytes,
        .is_equal =
            memcmp(actor->meant->data, extent->chunk->bytes, byte_count) == 0,
    };
    Message message = {.kind = MESSAGE_DELIVERY, .delivery = delivery};
    tell(actor, &message);
}

static const MadeFile *
find_file(const Actor *actor, const FileId *id)
{
    for (guint i = actor->files->len; i > 0; i--) {
        const MadeFile *file = &g_array_index(actor->files, MadeFile, i - 1);
        if (memcmp(&file->id, id, sizeof *id) == 0)
            return file;
    }
    return NULL;
}

static void
make_data(void *context, const Effect *effect, Event *event)
{
    const MadeFile *file = find_file(context, &effect->read.file);
    event->read.is_found = file;
    if (!file)
        return;
    uint64_t start_bytes = MIN(effect->read.offset_bytes, file->size_bytes);
    uint64_t size_bytes = MIN(effect->read.size_bytes, READ_BYTES_MAX);
    size_bytes = MIN(size_bytes, file->size_bytes - start_bytes);
    event->read.file_bytes = file->size_bytes;
    event->read.extent = (Extent){.offset_bytes = start_bytes,
                                  .size_bytes = size_bytes,
                                  .version = 1,
                                  .file = file->number};
    if (size_bytes == 0)
        return;
    Chunk *chunk = chunk_new((uint32_t)size_bytes);
    actor_fill(&file->id, start_bytes, chunk->bytes, chunk->size_bytes);
    event->read.extent.chunk = chunk;
}

static void
keep_record(void *context, uint32_t tag, const Record *record)
{
    (void)record; /* its life is as long as ours */
    Actor *actor = context;
    host_stored(&actor->role.host, tag, true);
}

static void
obey(Actor *actor, const Command *command)
{
    Role role = actor->role.config->role;
    bool serves = role == ROLE_DATA_CENTRE || role == ROLE_CDN;
    if (command->kind == COMMAND_ADD_FILE && serves) {
        MadeFile file = {command->file, actor->files->len, command->file_bytes};
        g_array_append_val(actor->files, file);
        return;
    }
    actor->fetched = command->file;
    host_command(&actor->role.host, command);
}

static void
listen_to_testbed(void *context, uint32_t events)
{
    (void)events;
    Actor *actor = context;
    Message message;
    int descriptor;
    MessageWait wait;
    while ((wait = message_take(actor->ear.fd, &message, &descriptor)) ==
           MESSAGE_TAKEN)
        obey(actor, &message.command);
    if (wait == MESSAGE_OVER)
        loop_stop(&actor->role.loop);
}

static bool
start(Actor *actor, const ActorPlan *plan, GError **error)
{
    if (!role_start(&actor->role, plan->config, error))
        return false;
    actor->role.host.config.sink = (HostSink){
        .context = actor,
        .note = note,
        .deliver = deliver,
        .read = make_data,
        .store = keep_record,
    };
    actor->ear.ready = listen_to_testbed;
    actor->ear.context = actor;
    if (loop_watch(&actor->role.loop, &actor->ear, EPOLLIN))
        return true;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                "cannot wait for commands");
    return false;
}

static void
say_failed(int socket, const GError *error)
{
    Message message = {.kind = MESSAGE_FAILED};
    g_strlcpy(message.why, error->message, sizeof message.why);
    message_send(socket, &message, -1);
}

/* The child's whole life. */
static void
act(const ActorPlan *plan, int socket)
{
    g_autoptr(GError) error = NULL;
    int line = segment_enter(&plan->segment, &error);
    Actor *actor = g_new0(Actor, 1);
    actor->ear.fd = socket;
    actor->files = g_array_new(false, false, sizeof(MadeFile));
    actor->meant = g_byte_array_new();
    if (line < 0 || !start(actor, plan, &error)) {
        say_failed(socket, error);
        _exit(1);
    }
    const Message ready = {.kind = MESSAGE_READY};
    if (!message_send(socket, &ready, line))
        _exit(1);
    close(line);
    loop_run(&actor->role.loop);
    _exit(0);
}

/* Of all that the testbed has open the actor keeps one socket. A Ctrl-C is
 * for the testbed alone. */
static void
stand_alone(pid_t parent, int socket)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    setpgid(0, 0);
    if (socket > STDIO_COUNT)
        close_range(STDIO_COUNT, (unsigned int)socket - 1, 0);
    close_range((unsigned int)socket + 1, ~0u, 0);
}

pid_t
actor_start(const ActorPlan *plan, int *ret_socket, GError **error)
{
    int sockets[2] = {-1, -1};
    pid_t parent = getpid();
    pid_t process = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0)
        process = fork();
    if (process == 0) {
        stand_alone(parent, sockets[1]);
        act(plan, sockets[1]);
    }
    if (process > 0) {
        close(sockets[1]);
        *ret_socket = sockets[0];
        return process;
    }
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "no process for a %s: %s", role_name(plan->config->role),
                g_strerror(errno));
    for (int i = 0; i < 2 && sockets[i] >= 0; i++)
        close(sockets[i]);
    return -1;
}
