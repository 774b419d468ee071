/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/operate.c: what an operator wants of a role that runs: its signals.
 */
#include "live/operate.h"
#include "live/notify.h"
#include "live/wall_clock.h"

#include <stdio.h>

#define DRAIN_LOOK_NS (50 * NS_PER_MS)
/* A handshake that began before new ones went elsewhere ends within this. */
#define HANDOVER_NS (500 * NS_PER_MS)

typedef struct Operation {
    LiveRole *role;
    const char *config_path;
    Timer drain_watch;   /* looks whether all is done, or late */
    int64_t handover_ns; /* when nobody is let in any more */
    int64_t drain_ns;    /* when all has to end; TIME_NEVER: not draining */
} Operation;

static void
say(const char *text)
{
    fprintf(stderr, "byway: %s\n", text);
}

static void
look_at_drain(void *context)
{
    Operation *operation = context;
    LiveRole *role = operation->role;
    int64_t now_ns = loop_now_ns(&role->loop);
    bool is_quiet = host_drain(&role->host);
    bool is_late = now_ns >= operation->drain_ns;
    if (role->listener_count > 0 && now_ns >= operation->handover_ns) {
        role_close_door(role);
        is_quiet = host_drain(&role->host);
    }
    if (is_late || (is_quiet && role->listener_count == 0)) {
        loop_stop(&role->loop);
        return;
    }
    loop_set_timer(&role->loop, &operation->drain_watch,
                   now_ns + DRAIN_LOOK_NS);
}

static void
begin_drain(Operation *operation)
{
    LiveRole *role = operation->role;
    int64_t now_ns = loop_now_ns(&role->loop);
    Command drain = {.kind = COMMAND_DRAIN};
    notify_tell("STOPPING=1");
    host_command(&role->host, &drain);
    operation->drain_ns = now_ns + role->config->limits.drain_timeout_ns;
    operation->handover_ns = MIN(now_ns + HANDOVER_NS, operation->drain_ns);
    role->monitor.is_draining = true;
    role_yield_door(role);
    look_at_drain(operation);
}

static bool
read_config(Operation *operation)
{
    LiveRole *role = operation->role;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    LiveConfig *config =
        config_read(operation->config_path, role->config->role, lines);
    if (config)
        config_find_changes(role->started, config, lines);
    const char *remark = config ? ": this change needs a restart" : "";
    for (guint i = 0; i < lines->len; i++)
        fprintf(stderr, "%s%s\n", (const char *)lines->pdata[i], remark);
    if (config)
        role_take_config(role, config);
    return config != NULL;
}

static void
reload(Operation *operation)
{
    LiveRole *role = operation->role;
    uint64_t *values = role->monitor.metrics.values;
    g_autoptr(GError) error = NULL;
    notify_reloading();
    bool is_read = !operation->config_path || read_config(operation);
    if (!is_read)
        say("the configuration stays as it was");
    bool is_good = is_read && role_read_files(role, &error);
    if (error)
        say(error->message);
    values[is_good ? METRIC_RELOADS : METRIC_FAILED_RELOADS]++;
    notify_tell("READY=1");
}

static void
hear_signal(void *context, int number)
{
    Operation *operation = context;
    LiveRole *role = operation->role;
    if (number == SIGHUP)
        reload(operation);
    else if (number == SIGUSR1)
        monitor_reopen(&role->monitor, role->config);
    else if (operation->drain_ns == TIME_NEVER)
        begin_drain(operation);
    else
        loop_stop(&role->loop); /* the second one */
}

bool
operate_run(LiveRole *role, const char *config_path)
{
    static const int NUMBERS[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
        sigaddset(&signals, NUMBERS[i]);
    Operation operation = {
        .role = role,
        .config_path = config_path,
        .drain_watch = {.fire = look_at_drain, .context = &operation},
        .drain_ns = TIME_NEVER,
    };
    Watchdog watchdog;
    WallClock clock;
    g_autoptr(GError) error = NULL;
    if (!loop_hear_signals(&role->loop, &signals, hear_signal, &operation,
                           &error)) {
        say(error->message);
        return false;
    }
    watchdog_init(&watchdog, &role->loop);
    wall_clock_init(&clock, &role->loop);
    notify_tell("READY=1");
    loop_run(&role->loop);
    watchdog_clear(&watchdog);
    wall_clock_clear(&clock);
    loop_unset_timer(&role->loop, &operation.drain_watch);
    return role->host.accepted_count == 0;
}
