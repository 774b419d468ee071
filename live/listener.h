/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/listener.h: accepts connections on one address.
 *
 * Socket options that every accepted one should have are set here once: the
 * kernel hands them down. When the process has no descriptor left, a spare
 * one is given up for as long as it takes to turn the next peer away, so
 * that the loop never spins over a peer it cannot take.
 *
 * Processes that listen at one address share it (SO_REUSEPORT), unless one of
 * them is alone: then there are no others. A service manager may give the
 * socket instead.
 */
#pragma once

#include "live/address.h"
#include "live/loop.h"

#include <glib.h>

/* When TCP asks a silent peer whether it is there; 0: as the system does. */
typedef struct KeepAlive {
    int64_t idle_ns; /* rounded up to seconds */
    int64_t interval_ns;
    uint32_t count;
} KeepAlive;

typedef struct ListenerConfig {
    Address address;
    bool is_alone;     /* no other process may listen there */
    bool is_multipath; /* with who offers it; else, or without the kernel's
                          help, TCP */
    KeepAlive keep_alive;
    const char *congestion;  /* of TCP; NULL: the system's */
    int64_t send_timeout_ns; /* a peer that acknowledges nothing is dropped */
} ListenerConfig;

typedef struct Listener {
    Loop *loop;
    Watch watch;
    Timer pause; /* set: the kernel can take nobody, and is not asked */
    int spare_fd;
    void (*accepted)(void *context, int fd, const Address *peer);
    void *context;
    uint64_t turned_away_count;
    bool is_multipath;
    int send_timeout_ms;
    uint64_t multipath_count; /* of those accepted */
    int64_t told_ns;          /* when that was last said; 0: never */
} Listener;

/* 0, or why nobody could listen there now: alone, or beside whoever shares the
 * address. */
int listener_try(const Address *address, bool is_alone);
/* Does another process listen there that would share the address? No, when a
 * service manager gives us the socket. */
bool listener_is_served(const Address *address);
/* Bind and listen; port 0 is any free one, see listener_address. */
bool listener_init(Listener *listener, const ListenerConfig *config,
                   GError **error);
/* Begin to accept: the callback takes each descriptor over. */
bool listener_start(Listener *listener, Loop *loop,
                    void (*accepted)(void *context, int fd,
                                     const Address *peer),
                    void *context);
/* Let new connections go to those that listen here later than this process,
 * if there are any; else they go on coming. Handshakes that have begun are not
 * disturbed: go on accepting for a while, then close. So many workers of this
 * process' generation listen there. */
void listener_yield(Listener *listener, uint32_t worker_count);
/* Take whoever has knocked so far: closing would reset them. */
void listener_empty(Listener *listener);
void listener_clear(Listener *listener);
/* Where it really listens. */
Address listener_address(const Listener *listener);
