/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/admin.h: answers operators on an address of their own.
 *
 *     /healthz  200: the loop turns
 *     /readyz   200, or 503 from the beginning of a drain on
 *     /metrics  as live/metrics.h says
 *
 * One answer a connection; few connections at a time, each for a few seconds.
 */
#pragma once

#include "live/conn.h"
#include "live/listener.h"

#define ADMIN_CONNECTION_MAX 16u

typedef struct AdminSink {
    void *context;
    bool (*is_ready)(void *context);
    void (*write_metrics)(void *context, GString *text);
} AdminSink;

typedef struct AdminGuest {
    Conn *conn; /* NULL: not in use */
    int64_t since_ns;
    GString *head;
} AdminGuest;

typedef struct Admin {
    Loop *loop;
    AdminSink sink;
    Listener listener;
    Conns conns;
    AdminGuest guests[ADMIN_CONNECTION_MAX];
    Timer sweep;
} Admin;

/* Listen and answer. */
bool admin_init(Admin *admin, Loop *loop, const Address *address,
                const AdminSink *sink, GError **error);
void admin_clear(Admin *admin);
