/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/lab.h: one server, one client, a link each way.
 *
 * The network that proofs and measurements are made on: clients open streams,
 * ask with a short request, and the server answers with so many bytes.
 */
#pragma once

#include "sim/network.h"

#define LAB_ENDLESS (UINT64_C(1) << 50)
#define LAB_REQUEST_BYTES 100u

typedef struct LabPlan {
    TcpOptions options;
    uint64_t down_bps; /* towards the client; 0: infinite */
    uint64_t up_bps;
    int64_t rtt_ns;              /* without queues; half of it each way */
    uint32_t queue_packets;      /* towards the client; 0: no limit */
    double loss_ratio;           /* towards the client */
    uint64_t loss_every_packets; /* towards the client; 0: none */
    uint32_t stream_count;
    int64_t stream_every_ns; /* between the starts of two streams */
    uint64_t answer_bytes;   /* per stream */
    uint64_t seed;
} LabPlan;

/* A plan with TCP as Linux sets it, an infinite link and one stream. */
LabPlan lab_plan(CongestionKind congestion, uint32_t initial_window);

typedef struct LabStream {
    EndpointId client;
    int64_t asked_ns; /* TIME_NEVER before the connection is up */
    int64_t done_ns;  /* TIME_NEVER before the whole answer is there */
    uint64_t got_bytes;
    TcpCount server; /* the sender's count when the answer was complete */
} LabStream;

typedef struct Lab {
    LabPlan plan;
    Network network;
    LinkId down;
    LinkId up;
    LabStream *streams;
    uint32_t done_count;
} Lab;

/* In place: the lab must not move afterwards. */
void lab_init(Lab *lab, const LabPlan *plan);
void lab_clear(Lab *lab);
/* Let the next thing happen; false when nothing is left to happen. */
bool lab_step(Lab *lab);
/* Let happen what is due until then, itself included. */
void lab_run(Lab *lab, int64_t until_ns);
/* Run until the first stream was connected for duration_ns; its bytes. */
uint64_t lab_measure_bytes(Lab *lab, int64_t duration_ns);
/* Completion time of stream 0, from its request on; TIME_NEVER if it does
 * not complete before until_ns. */
int64_t lab_completion_ns(Lab *lab, int64_t until_ns);
uint64_t lab_got_bytes(const Lab *lab);
Link *lab_down(const Lab *lab);
Link *lab_up(const Lab *lab);
