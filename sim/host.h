/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/host.h: what the files of a world tell one another.
 */
#pragma once

#include "sim/world.h"

/* A CDN server's own link, whose queue the workload looks at. */
typedef struct WorldLeg {
    LinkId link;
    int64_t told_ns; /* to other ranks: its free_ns */
} WorldLeg;

/* --- sim/world.c -------------------------------------------------------- */
void world_add_parts(World *world);
void world_clear_parts(World *world);
/* For the host's present life. */
Node *world_new_node(const World *world, HostId host);
/* --- sim/host.c: events in -------------------------------------------- */
void host_event(World *world, HostId host, Event *event);
void host_take_signal(World *world, const Signal *signal);
void host_wake(World *world, HostId host);
void host_finish_work(World *world, HostId host);
/* Something may wait on the stream that nobody was told of. */
void host_look_again(World *world, HostId host, StreamId stream);
void host_pump_forward(World *world, HostId host, StreamId from);
/* --- sim/effect.c: turns out ------------------------------------------ */
void effect_apply(World *world, HostId host, Turn *turn);
void world_hear(World *world, const Told *told);
HostStream *host_stream(Host *host, StreamId stream);
void host_release_stream(World *world, HostId host, StreamId stream);
/* Cancel orders from and to the stream. */
void host_forget_forward(World *world, HostId host, StreamId stream);
