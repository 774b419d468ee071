/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/test_address.c: addresses are read strictly and written back.
 */
#include "live/address.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static Address
parse_good(const char *text)
{
    Address address;
    char *why = NULL;
    if (!address_parse(text, &address, &why))
        g_error("%s", why);
    return address;
}

static void
good_addresses_come_back_as_they_were(void)
{
    static const char *const TEXTS[] = {"127.0.0.1:80", "192.0.2.1:65535",
                                        "[::1]:1", "[2001:db8::1]:8080"};
    for (guint at = 0; at < G_N_ELEMENTS(TEXTS); at++) {
        char text[ADDRESS_TEXT_BYTES];
        Address address = parse_good(TEXTS[at]);
        address_write(&address, text);
        g_assert_cmpstr(text, ==, TEXTS[at]);
    }
}

static void
the_longest_address_has_room(void)
{
    char text[ADDRESS_TEXT_BYTES];
    Address address = {.port = 65535};
    memset(address.ip, 0xff, sizeof address.ip);
    address_write(&address, text);
    g_assert_cmpstr(text, ==,
                    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void
bad_addresses_are_refused(void)
{
    static const char *const TEXTS[] = {
        "",
        ":80",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:+80",
        "127.0.0.1: 80",
        "127.0.0.1:80 ",
        "127.0.0.1:000080",
        "127.1:80",
        "127.0.0.256:80",
        "localhost:80",
        "*:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "[127.0.0.1]:80",
        "[fe80::1%eth0]:80",
        "[2001:db8::1:2:3:4:5:6:7:8:9:10:11:12:13:14]:80",
    };
    for (guint at = 0; at < G_N_ELEMENTS(TEXTS); at++) {
        Address address;
        g_autofree char *why = NULL;
        bool is_parsed = address_parse(TEXTS[at], &address, &why);
        if (is_parsed)
            g_test_message("%s", TEXTS[at]);
        g_assert_false(is_parsed);
        g_assert_nonnull(why);
    }
}

static void
a_host_alone_has_no_port(void)
{
    static const char *const TEXTS[] = {"192.0.2.1", "2001:db8::1"};
    char text[ADDRESS_TEXT_BYTES];
    g_autofree char *why = NULL;
    Address address;
    for (guint at = 0; at < G_N_ELEMENTS(TEXTS); at++) {
        g_assert_true(address_parse_host(TEXTS[at], &address, &why));
        g_assert_cmpuint(address.port, ==, 0);
        address_write(&address, text);
        g_assert_cmpstr(text, ==, TEXTS[at]);
    }
    g_assert_false(address_parse_host("192.0.2.1:80", &address, &why));
    g_assert_nonnull(why);
}

static void
check_socket(const char *text, int family, size_t bytes)
{
    struct sockaddr_storage socket;
    Address address = parse_good(text), back;
    g_assert_cmpuint(address_to_socket(&address, &socket), ==, bytes);
    g_assert_cmpint(socket.ss_family, ==, family);
    g_assert_true(address_from_socket(&socket, &back));
    g_assert_true(address_is_equal(&address, &back));
}

static void
sockets_get_the_family_of_the_address(void)
{
    struct sockaddr_storage local = {.ss_family = AF_UNIX};
    Address address;
    check_socket("192.0.2.1:80", AF_INET, sizeof(struct sockaddr_in));
    check_socket("[2001:db8::1]:80", AF_INET6, sizeof(struct sockaddr_in6));
    g_assert_false(address_from_socket(&local, &address));
}

/* A socket for both families calls an IPv4 peer ::ffff:192.0.2.1. */
static void
a_mapped_address_is_the_ipv4_one(void)
{
    Address plain = parse_good("192.0.2.1:80");
    Address mapped = parse_good("[::ffff:192.0.2.1]:80");
    g_assert_true(address_is_equal(&plain, &mapped));
    g_assert_true(address_is_ipv4(&mapped));
}

static void
loopback_and_any_are_told_apart(void)
{
    Address near = parse_good("127.9.9.9:80");
    Address near6 = parse_good("[::1]:80");
    Address any = parse_good("0.0.0.0:80");
    Address any6 = parse_good("[::]:80");
    Address far = parse_good("128.0.0.1:80");
    g_assert_true(address_is_loopback(&near));
    g_assert_true(address_is_loopback(&near6));
    g_assert_false(address_is_loopback(&any));
    g_assert_false(address_is_loopback(&any6));
    g_assert_false(address_is_loopback(&far));
    g_assert_true(address_is_any(&any));
    g_assert_true(address_is_any(&any6));
    g_assert_false(address_is_any(&near));
    g_assert_false(address_is_any(&near6));
}

static void
ports_tell_addresses_of_a_host_apart(void)
{
    Address first = parse_good("192.0.2.1:80");
    Address second = parse_good("192.0.2.1:81");
    Address third = parse_good("192.0.2.2:80");
    g_assert_true(address_is_same_host(&first, &second));
    g_assert_false(address_is_equal(&first, &second));
    g_assert_false(address_is_same_host(&first, &third));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address/good", good_addresses_come_back_as_they_were);
    g_test_add_func("/address/longest", the_longest_address_has_room);
    g_test_add_func("/address/bad", bad_addresses_are_refused);
    g_test_add_func("/address/host", a_host_alone_has_no_port);
    g_test_add_func("/address/socket", sockets_get_the_family_of_the_address);
    g_test_add_func("/address/mapped", a_mapped_address_is_the_ipv4_one);
    g_test_add_func("/address/loopback", loopback_and_any_are_told_apart);
    g_test_add_func("/address/ports", ports_tell_addresses_of_a_host_apart);
    return g_test_run();
}
