/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/route.c: one question to rtnetlink, one answer.
 */
#include "live/route.h"
#include "live/address.h"

#include <errno.h>
#include <glib.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BYTES 8192u
#define IPV4_BYTES 4u
#define IPV6_BYTES 16u

typedef struct Question {
    struct nlmsghdr head;
    struct rtmsg route;
    struct rtattr attribute;
    uint8_t ip[IPV6_BYTES];
} Question;

static Question
word_question(const Address *target)
{
    bool is_ipv4 = address_is_ipv4(target);
    uint8_t ip_bytes = is_ipv4 ? IPV4_BYTES : IPV6_BYTES;
    Question question = {
        .head = {.nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = is_ipv4 ? AF_INET : AF_INET6,
                  .rtm_dst_len = (uint8_t)(8 * ip_bytes)},
        .attribute = {.rta_type = RTA_DST,
                      .rta_len = (uint16_t)RTA_LENGTH(ip_bytes)}};
    question.head.nlmsg_len = (uint32_t)(offsetof(Question, ip) + ip_bytes);
    memcpy(question.ip, target->ip + sizeof target->ip - ip_bytes, ip_bytes);
    return question;
}

static uint32_t
number_of(const struct rtattr *attribute)
{
    uint32_t number = 0;
    if (RTA_PAYLOAD(attribute) >= sizeof number)
        memcpy(&number, RTA_DATA(attribute), sizeof number);
    return number;
}

/* A run of attributes; the kernel's macros mix signs. */
typedef struct Attributes {
    const uint8_t *bytes;
    size_t byte_count;
} Attributes;

/* The next attribute, or NULL; rta_len counts its own head in. */
static const struct rtattr *
take_attribute(Attributes *attributes)
{
    const struct rtattr *found = (const struct rtattr *)attributes->bytes;
    if (attributes->byte_count < sizeof *found ||
        found->rta_len < sizeof *found ||
        found->rta_len > attributes->byte_count)
        return NULL;
    size_t step =
        MIN(RTA_ALIGN((size_t)found->rta_len), attributes->byte_count);
    attributes->bytes += step;
    attributes->byte_count -= step;
    return found;
}

static void
read_metrics(const struct rtattr *metrics, Route *route)
{
    Attributes attributes = {RTA_DATA(metrics), RTA_PAYLOAD(metrics)};
    for (const struct rtattr *metric;
         (metric = take_attribute(&attributes)) != NULL;) {
        if (metric->rta_type == RTAX_INITCWND)
            route->window_segments = number_of(metric);
        else if (metric->rta_type == RTAX_CC_ALGO)
            g_strlcpy(route->congestion, RTA_DATA(metric),
                      MIN(sizeof route->congestion, RTA_PAYLOAD(metric)));
    }
}

static void
read_route(const struct nlmsghdr *head, Route *route)
{
    const size_t start = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct rtmsg)));
    if (head->nlmsg_len < start)
        return;
    Attributes attributes = {(const uint8_t *)head + start,
                             head->nlmsg_len - start};
    for (const struct rtattr *attribute;
         (attribute = take_attribute(&attributes)) != NULL;) {
        if (attribute->rta_type == RTA_OIF)
            if_indextoname(number_of(attribute), route->device);
        else if (attribute->rta_type == RTA_METRICS)
            read_metrics(attribute, route);
    }
}

/* The reason, or 0. */
static int
read_answer(const struct nlmsghdr *head, size_t byte_count, Route *route)
{
    struct nlmsgerr error;
    if (!NLMSG_OK(head, byte_count))
        return EPROTO;
    if (head->nlmsg_type == RTM_NEWROUTE) {
        read_route(head, route);
        return 0;
    }
    bool is_error = head->nlmsg_type == NLMSG_ERROR &&
                    NLMSG_PAYLOAD(head, 0) >= sizeof error;
    if (!is_error)
        return EPROTO;
    memcpy(&error, NLMSG_DATA(head), sizeof error);
    return error.error ? -error.error : EPROTO;
}

static int
ask(int netlink, const Address *target, Route *route)
{
    _Alignas(struct nlmsghdr) uint8_t answer[ANSWER_BYTES];
    Question question = word_question(target);
    if (send(netlink, &question, question.head.nlmsg_len, 0) < 0)
        return errno;
    ssize_t byte_count = recv(netlink, answer, sizeof answer, 0);
    if (byte_count < 0)
        return errno;
    return read_answer((const struct nlmsghdr *)answer, (size_t)byte_count,
                       route);
}

bool
route_find(const Address *target, Route *ret_route, char **ret_why)
{
    Route route = {.window_segments = 0};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    int reason = netlink < 0 ? errno : ask(netlink, target, &route);
    if (netlink >= 0)
        close(netlink);
    if (reason) {
        *ret_why = g_strdup(g_strerror(reason));
        return false;
    }
    *ret_route = route;
    return true;
}
