/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_drain.c: who ends goes on with what was asked before.
 */
#include "live/listener.h"
#include "tests/live/caller.h"
#include "tests/live/site.h"

#include <sys/socket.h>
#include <unistd.h>

/* Longer than a stream may be silent between two requests. */
static void
a_drain_waits_for_an_answer_that_is_slow_to_come(void)
{
    Site site;
    site_init(&site);
    site_open(&site, SITE_EDGE);
    Host *edge = &site.nodes[SITE_EDGE].host;
    Address address;
    int listener = loopback_listen(5, &address);
    site_redirect(&site, &address);
    Caller caller, centre;
    caller_dial(&caller, &site.nodes[SITE_EDGE].address);
    g_autofree char *request = site_request(0, 0);
    caller_say(&caller, &site.loop, request);
    site_run(&site, 10 * NS_PER_MS);
    caller_take(&centre, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
    listener_clear(&site.nodes[SITE_EDGE].listener);
    site_run(&site, 700 * NS_PER_MS);
    g_assert_false(host_drain(edge));
    caller_say(&centre, &site.loop, "HTTP/1.1 204 No Content\r\n\r\n");
    g_byte_array_unref(site_take_response(&site, &caller, 204));
    while (!host_drain(edge))
        loopback_step(&site.loop);
    caller_hang_up(&caller);
    caller_hang_up(&centre);
    close(listener);
    site_clear(&site);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drain/slow_answer",
                    a_drain_waits_for_an_answer_that_is_slow_to_come);
    return g_test_run();
}
