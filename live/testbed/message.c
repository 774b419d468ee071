/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/message.c: structures, as they are, over a socket pair.
 */
#include "live/testbed/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

typedef union Control {
    struct cmsghdr head; /* aligns */
    char bytes[CMSG_SPACE(sizeof(int))];
} Control;

bool
message_send(int socket, const Message *message, int descriptor)
{
    Message copy = *message;
    Control control = {.bytes = {0}};
    struct iovec piece = {.iov_base = &copy, .iov_len = sizeof copy};
    struct msghdr head = {.msg_iov = &piece, .msg_iovlen = 1};
    if (descriptor >= 0) {
        head.msg_control = &control;
        head.msg_controllen = sizeof control;
        struct cmsghdr *carried = CMSG_FIRSTHDR(&head);
        carried->cmsg_level = SOL_SOCKET;
        carried->cmsg_type = SCM_RIGHTS;
        carried->cmsg_len = CMSG_LEN(sizeof descriptor);
        memcpy(CMSG_DATA(carried), &descriptor, sizeof descriptor);
    }
    ssize_t sent_bytes;
    do {
        sent_bytes = sendmsg(socket, &head, MSG_NOSIGNAL);
    } while (sent_bytes < 0 && errno == EINTR);
    return sent_bytes == (ssize_t)sizeof copy;
}

MessageWait
message_take(int socket, Message *ret_message, int *ret_descriptor)
{
    Control control;
    struct iovec piece = {.iov_base = ret_message,
                          .iov_len = sizeof *ret_message};
    struct msghdr head = {.msg_iov = &piece,
                          .msg_iovlen = 1,
                          .msg_control = &control,
                          .msg_controllen = sizeof control};
    *ret_descriptor = -1;
    ssize_t size_bytes =
        recvmsg(socket, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size_bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return MESSAGE_NONE;
    if (size_bytes != (ssize_t)sizeof *ret_message)
        return MESSAGE_OVER;
    struct cmsghdr *carried = CMSG_FIRSTHDR(&head);
    if (carried && carried->cmsg_type == SCM_RIGHTS)
        memcpy(ret_descriptor, CMSG_DATA(carried), sizeof *ret_descriptor);
    return MESSAGE_TAKEN;
}
