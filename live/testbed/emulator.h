/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/emulator.h: real packets on simulated links, by the wall clock.
 *
 * Packets that hosts send enter the network at the moment they are read, and
 * what comes out at the far end is written to the receiver. On the way they
 * are packets like any other: every link treats them at the instant it would
 * in a simulation, so lateness does not add up over hops. What the clock
 * costs is told at the end of each way: how long after its time a packet
 * was written. One that comes later than 1 ms, or 5 % of its way's delay, is
 * tardy: it tells of the machine, not of the scenario.
 */
#pragma once

#include "sim/world.h"
#include "live/testbed/lateness.h"

#define TARDY_NS NS_PER_MS
#define TARDY_PER_WAY 0.05

typedef struct Emulator {
    World *world;
    int *lines;        /* [host] what it sends and receives; -1: none */
    uint8_t *contents; /* [packet][mtu_bytes] */
    uint32_t content_capacity;
    uint32_t mtu_bytes; /* of all hosts */
    LatenessCount lateness;
    uint64_t strange_packets; /* for nobody here, or not IPv4 */
} Emulator;

void emulator_init(Emulator *emulator, World *world);
void emulator_clear(Emulator *emulator);
/* The host's line, which the emulator takes; -1: it has none any more. */
void emulator_take_line(Emulator *emulator, HostId host, int line);
/* Let what the host has sent enter the network at its present time. */
void emulator_read(Emulator *emulator, HostId host);
/* Write what has come out of the network; now_ns is the clock's. */
void emulator_write(Emulator *emulator, int64_t now_ns);
