/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/address.c: between text, core's Address and the kernel's sockaddr.
 */
#include "live/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

#define HOST_BYTES_MAX INET6_ADDRSTRLEN /* the end counted in */

/* RFC 4291 section 2.5.5.2. */
static const uint8_t IPV4_PREFIX[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t NO_BYTES[16] = {0};
static const uint8_t LOOPBACK_IPV6[16] = {[15] = 1};

static bool
parse_ip(const char *text, uint8_t ret_ip[static 16])
{
    uint8_t ip[16];
    if (inet_pton(AF_INET6, text, ip) != 1) {
        memcpy(ip, IPV4_PREFIX, sizeof IPV4_PREFIX);
        if (inet_pton(AF_INET, text, ip + sizeof IPV4_PREFIX) != 1)
            return false;
    }
    memcpy(ret_ip, ip, sizeof ip);
    return true;
}

static bool
parse_port(const char *text, uint16_t *ret_port)
{
    size_t bytes = strlen(text);
    if (bytes == 0 || bytes > 5 || strspn(text, "0123456789") != bytes)
        return false;
    uint64_t port = g_ascii_strtoull(text, NULL, 10);
    if (port == 0 || port > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* Copy the host's part of "host:port" or "[host]:port", and find the port;
 * NULL when there is no such pair. */
static const char *
split_port(const char *text, char ret_host[static HOST_BYTES_MAX])
{
    bool is_bracketed = *text == '[';
    const char *start = text + is_bracketed;
    const char *end = is_bracketed ? strchr(start, ']') : strchr(start, ':');
    if (!end || (size_t)(end - start) >= HOST_BYTES_MAX)
        return NULL;
    const char *colon = end + is_bracketed;
    if (*colon != ':' || (!is_bracketed && strchr(colon + 1, ':')))
        return NULL;
    memcpy(ret_host, start, (size_t)(end - start));
    ret_host[end - start] = '\0';
    bool is_ipv6 = strchr(ret_host, ':') != NULL;
    return is_ipv6 == is_bracketed ? colon + 1 : NULL;
}

bool
address_parse(const char *text, Address *ret_address, char **ret_why)
{
    char host[HOST_BYTES_MAX];
    Address address;
    const char *port = split_port(text, host);
    if (!port || !parse_ip(host, address.ip)) {
        *ret_why = g_strdup_printf(
            "'%s' is not an address; expected IP and port such as "
            "'192.0.2.1:80' or '[2001:db8::1]:80' (names are not looked up)",
            text);
        return false;
    }
    if (!parse_port(port, &address.port)) {
        *ret_why =
            g_strdup_printf("'%s' is not a port; expected 1 to 65535", port);
        return false;
    }
    *ret_address = address;
    return true;
}

bool
address_parse_host(const char *text, Address *ret_address, char **ret_why)
{
    Address address = {.port = 0};
    if (!parse_ip(text, address.ip)) {
        *ret_why = g_strdup_printf(
            "'%s' is not an IP address; expected one without a port, such as "
            "'192.0.2.1' or '2001:db8::1' (names are not looked up)",
            text);
        return false;
    }
    *ret_address = address;
    return true;
}

void
address_write(const Address *address, char ret_text[static ADDRESS_TEXT_BYTES])
{
    char host[HOST_BYTES_MAX];
    bool is_ipv4 = address_is_ipv4(address);
    const uint8_t *ip = address->ip + (is_ipv4 ? sizeof IPV4_PREFIX : 0);
    const char *written =
        inet_ntop(is_ipv4 ? AF_INET : AF_INET6, ip, host, sizeof host);
    assert(written);
    bool is_bracketed = !is_ipv4 && address->port != 0;
    int bytes =
        g_snprintf(ret_text, ADDRESS_TEXT_BYTES, "%s%s%s",
                   is_bracketed ? "[" : "", host, is_bracketed ? "]" : "");
    if (address->port != 0)
        g_snprintf(ret_text + bytes, ADDRESS_TEXT_BYTES - (gulong)bytes, ":%u",
                   address->port);
}

socklen_t
address_to_socket(const Address *address, struct sockaddr_storage *ret_socket)
{
    memset(ret_socket, 0, sizeof *ret_socket);
    if (address_is_ipv4(address)) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET,
                                   .sin_port = htons(address->port)};
        memcpy(&ipv4.sin_addr, address->ip + sizeof IPV4_PREFIX,
               sizeof ipv4.sin_addr);
        memcpy(ret_socket, &ipv4, sizeof ipv4);
        return sizeof ipv4;
    }
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6,
                                .sin6_port = htons(address->port)};
    memcpy(&ipv6.sin6_addr, address->ip, sizeof ipv6.sin6_addr);
    memcpy(ret_socket, &ipv6, sizeof ipv6);
    return sizeof ipv6;
}

bool
address_from_socket(const struct sockaddr_storage *socket, Address *ret_address)
{
    if (socket->ss_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, socket, sizeof ipv4);
        memcpy(ret_address->ip, IPV4_PREFIX, sizeof IPV4_PREFIX);
        memcpy(ret_address->ip + sizeof IPV4_PREFIX, &ipv4.sin_addr,
               sizeof ipv4.sin_addr);
        ret_address->port = ntohs(ipv4.sin_port);
        return true;
    }
    if (socket->ss_family != AF_INET6)
        return false;
    struct sockaddr_in6 ipv6;
    memcpy(&ipv6, socket, sizeof ipv6);
    memcpy(ret_address->ip, &ipv6.sin6_addr, sizeof ret_address->ip);
    ret_address->port = ntohs(ipv6.sin6_port);
    return true;
}

bool
address_is_equal(const Address *left, const Address *right)
{
    return address_is_same_host(left, right) && left->port == right->port;
}

bool
address_is_same_host(const Address *left, const Address *right)
{
    return memcmp(left->ip, right->ip, sizeof left->ip) == 0;
}

bool
address_is_ipv4(const Address *address)
{
    return memcmp(address->ip, IPV4_PREFIX, sizeof IPV4_PREFIX) == 0;
}

bool
address_is_loopback(const Address *address)
{
    if (address_is_ipv4(address))
        return address->ip[sizeof IPV4_PREFIX] == 127;
    return memcmp(address->ip, LOOPBACK_IPV6, sizeof LOOPBACK_IPV6) == 0;
}

bool
address_is_any(const Address *address)
{
    size_t start = address_is_ipv4(address) ? sizeof IPV4_PREFIX : 0;
    return memcmp(address->ip + start, NO_BYTES, sizeof NO_BYTES - start) == 0;
}
