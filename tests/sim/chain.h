/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/chain.h: a graph where a little of everything happens.
 *
 * Four routers in a row, flows among all of them, queues that overflow in the
 * middle, loss, jitter, a rate that changes, background load.
 */
#pragma once

static const char CHAIN[] =
    "byway: 1\n"
    "title: chain\n"
    "general: {stop_time: 100 s}\n"
    "network:\n"
    "  nodes: [{name: a}, {name: b}, {name: c}, {name: d}]\n"
    "  links:\n"
    "    - {name: a-b, from: a, to: b, rate: 50 Mbit/s, delay: 7 ms,\n"
    "       queue: 40 packets, loss: 0.2 %, jitter: 2 ms}\n"
    "    - {name: b-c, from: b, to: c, rate: 12 Mbit/s, delay: 5 ms,\n"
    "       queue: 15 packets, background: {load: 10 %, period: 20 ms}}\n"
    "    - {name: c-d, from: c, to: d, rate: 30 Mbit/s, delay: 6 ms,\n"
    "       queue: 300 ms, aqm: codel, schedule: [[2 s, 0 bit/s],\n"
    "                                            [2.5 s, 20 Mbit/s]]}\n"
    "hosts:\n"
    "  - {name: first, count: 3, at: a, rate: 40 Mbit/s, delay: 1 ms}\n"
    "  - {name: second, count: 3, at: b, rate: 20 Mbit/s, delay: 1 ms}\n"
    "  - {name: third, count: 3, at: c, rate: 20 Mbit/s, delay: 2 ms,\n"
    "     loss: 0.1 %}\n"
    "  - {name: last, count: 3, at: d}\n"
    "workload:\n"
    "  flows:\n"
    "    - {from: first, to: last, bytes: 2 MB, every: 100 ms}\n"
    "    - {from: last, to: first, bytes: 1 MB, every: 10 ms}\n"
    "    - {from: second, to: third, bytes: 1 MB}\n"
    "    - {from: third, to: first, bytes: 300 kB, start: 1 s}\n"
    "    - {from: second, to: last, bytes: 100 kB, start: 3 s,\n"
    "       connections: 4}\n"
    "    - {from: second0, to: second1, bytes: 200 kB}\n";
