/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/kernel.h: what this kernel can do for a connection, and does.
 */
#pragma once

#include <stdbool.h>

/* A TCP socket, non-blocking; of Multipath TCP if that is wanted and there,
 * see kernel_is_multipath. -1 and errno on failure. */
int kernel_open_stream(int family, bool wants_multipath);
/* Does this socket offer Multipath TCP? */
bool kernel_is_multipath(int fd);
/* Does the other end of this connection speak it too? */
bool kernel_speaks_multipath(int fd);
/* Whether a connection that was idle starts slowly again: of a whole network
 * namespace, no socket has a say. False when the kernel does not tell. */
bool kernel_slows_after_idle(bool *ret_is_slow);
