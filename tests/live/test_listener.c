/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_listener.c: who gets a connection, of those that share an
 * address.
 */
#include "live/listener.h"
#include "tests/live/caller.h"

#include <sys/socket.h>
#include <unistd.h>

#define KNOCK_COUNT 40u

typedef struct Door {
    Listener listener;
    guint taken_count;
} Door;

static void
take(void *context, int fd, const Address *peer)
{
    Door *door = context;
    g_assert_true(address_is_loopback(peer));
    door->taken_count++;
    close(fd);
}

static void
open_door(Door *door, Loop *loop, const Address *address)
{
    ListenerConfig config = {.address = *address, .send_timeout_ns = NS_PER_S};
    g_autoptr(GError) error = NULL;
    g_assert_true(listener_init(&door->listener, &config, &error));
    g_assert_true(listener_start(&door->listener, loop, take, door));
    door->taken_count = 0;
}

static void
knock(Loop *loop, Door *doors, guint door_count)
{
    Address address = listener_address(&doors[0].listener);
    guint taken_count = 0;
    for (guint i = 0; i < door_count; i++)
        doors[i].taken_count = 0;
    for (guint i = 0; i < KNOCK_COUNT; i++) {
        Caller caller;
        caller_dial(&caller, &address);
        caller_wait_for_end(&caller, loop);
        caller_hang_up(&caller);
    }
    for (guint i = 0; i < door_count; i++)
        taken_count += doors[i].taken_count;
    g_assert_cmpuint(taken_count, ==, KNOCK_COUNT);
}

static void
loop_begin(Loop *loop, Address *ret_address)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(loop_init(loop, &error));
    close(loopback_listen(1, ret_address)); /* it was free */
}

static void
who_yields_gets_nobody_while_another_listens(void)
{
    Loop loop;
    Address address;
    Door doors[2];
    loop_begin(&loop, &address);
    for (guint i = 0; i < 2; i++)
        open_door(&doors[i], &loop, &address);
    knock(&loop, doors, 2);
    g_assert_cmpuint(doors[0].taken_count, >, 0);
    g_assert_cmpuint(doors[1].taken_count, >, 0);
    listener_yield(&doors[0].listener, 1);
    knock(&loop, doors, 2);
    g_assert_cmpuint(doors[0].taken_count, ==, 0);
    /* Nobody is lost when the other one goes away after all. */
    listener_clear(&doors[1].listener);
    knock(&loop, doors, 1);
    listener_clear(&doors[0].listener);
    loop_clear(&loop);
}

/* The one that yielded is gone, and the next restart begins. */
static void
the_next_to_come_shares_again(void)
{
    Loop loop;
    Address address;
    Door old;
    Door doors[2];
    loop_begin(&loop, &address);
    open_door(&old, &loop, &address);
    open_door(&doors[0], &loop, &address);
    listener_yield(&old.listener, 1);
    listener_empty(&old.listener);
    listener_clear(&old.listener);
    knock(&loop, doors, 1);
    open_door(&doors[1], &loop, &address);
    knock(&loop, doors, 2);
    g_assert_cmpuint(doors[0].taken_count, >, 0);
    g_assert_cmpuint(doors[1].taken_count, >, 0);
    listener_yield(&doors[0].listener, 1);
    knock(&loop, doors, 2);
    g_assert_cmpuint(doors[0].taken_count, ==, 0);
    for (guint i = 0; i < 2; i++)
        listener_clear(&doors[i].listener);
    loop_clear(&loop);
}

/* A service manager listens, and gives its socket as number 3. */
static void
an_inherited_socket_is_taken_and_no_other(void)
{
    Loop loop;
    Address address;
    Address other;
    Door doors[2];
    int fd = loopback_listen(5, &address);
    if (fd != 3) {
        g_assert_cmpint(dup2(fd, 3), ==, 3);
        close(fd);
    }
    loop_begin(&loop, &other);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_setenv("LISTEN_PID", pid, TRUE);
    open_door(&doors[0], &loop, &address);
    open_door(&doors[1], &loop, &other);
    g_assert_cmpint(doors[0].listener.watch.fd, ==, 3);
    g_assert_cmpint(doors[1].listener.watch.fd, !=, 3);
    knock(&loop, doors, 1);
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_PID");
    for (guint i = 0; i < 2; i++)
        listener_clear(&doors[i].listener);
    loop_clear(&loop);
}

/* Whichever of the two comes first. */
static void
who_is_alone_shares_with_nobody(void)
{
    for (guint i = 0; i < 2; i++) {
        ListenerConfig config = {.is_alone = i == 0,
                                 .send_timeout_ns = NS_PER_S};
        Listener first;
        Listener second;
        g_autoptr(GError) error = NULL;
        close(loopback_listen(1, &config.address)); /* it was free */
        g_assert_false(listener_is_served(&config.address));
        g_assert_cmpint(listener_try(&config.address, true), ==, 0);
        g_assert_true(listener_init(&first, &config, NULL));
        g_assert_true(listener_is_served(&config.address) != config.is_alone);
        config.is_alone = !config.is_alone;
        g_assert_false(listener_init(&second, &config, &error));
        g_assert_true(g_str_has_suffix(error->message, "in use"));
        listener_clear(&first);
        g_assert_true(listener_init(&second, &config, NULL));
        listener_clear(&second);
    }
}

#define STORY(name) g_test_add_func("/listener/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(who_yields_gets_nobody_while_another_listens);
    STORY(the_next_to_come_shares_again);
    STORY(who_is_alone_shares_with_nobody);
    STORY(an_inherited_socket_is_taken_and_no_other);
    return g_test_run();
}
