/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/address.h: addresses as people write them, and as sockets want them.
 *
 * An IPv4 address is kept as an IPv4-mapped IPv6 one, as messages carry it.
 * Names are never looked up: that would wait for somebody else.
 */
#pragma once

#include "core/event.h"

#include <sys/socket.h>

/* "[", 39 digits and colons, "]:65535" and the end. */
#define ADDRESS_TEXT_BYTES 64u

/* Parse "192.0.2.1:80" or "[2001:db8::1]:80", port 1 to 65535. On failure
 * *ret_why (free it) says what is wrong, in a sentence without its place. */
bool address_parse(const char *text, Address *ret_address, char **ret_why);
/* Parse "192.0.2.1" or "2001:db8::1"; the port becomes 0. */
bool address_parse_host(const char *text, Address *ret_address, char **ret_why);
/* The text that address_parse reads; without a port when that is 0. */
void address_write(const Address *address,
                   char ret_text[static ADDRESS_TEXT_BYTES]);

/* Fill what bind and connect want, and return its size. */
socklen_t address_to_socket(const Address *address,
                            struct sockaddr_storage *ret_socket);
/* False when the socket is neither IPv4 nor IPv6. */
bool address_from_socket(const struct sockaddr_storage *socket,
                         Address *ret_address);

bool address_is_equal(const Address *left, const Address *right);
bool address_is_same_host(const Address *left, const Address *right);
bool address_is_ipv4(const Address *address);
/* 127.0.0.0/8 or ::1: nobody else reaches it. */
bool address_is_loopback(const Address *address);
/* 0.0.0.0 or ::: all of this machine's, so nobody can be sent there. */
bool address_is_any(const Address *address);
