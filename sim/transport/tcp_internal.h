/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/transport/tcp_internal.h: what the files of TCP tell one another.
 */
#pragma once

#include "sim/network.h"

/* The sequence of a SYN is not counted: byte 0 is the first of the stream. */

/* The byte after the segment's last. */
static inline uint64_t
segment_end(const Endpoint *endpoint, const Segment *segment)
{
    return segment_seq(segment, endpoint->next_seq) + segment->size_bytes;
}

/* --- tcp_send.c -------------------------------------------------------- */
/* Resend what is lost and send what is new, as far as windows allow. */
void tcp_push(Network *network, Endpoint *endpoint);
void tcp_resend_first(Network *network, Endpoint *endpoint);
/* One new segment whatever the window says; false when none is unsent. */
bool tcp_push_one(Network *network, Endpoint *endpoint);
void tcp_resend(Network *network, Endpoint *endpoint, uint32_t serial);
void tcp_send_ack(Network *network, Endpoint *endpoint);
/* A packet without payload. */
void tcp_send_control(Network *network, Endpoint *endpoint, uint8_t flags);

/* --- tcp_open.c -------------------------------------------------------- */
/* Of a life of its host that is over, and in no books of its owner: it was
 * never accepted, or closed while something was still to be sent. */
bool tcp_is_cut_off(const Network *network, const Endpoint *endpoint);

/* --- tcp_ack.c --------------------------------------------------------- */
void tcp_acknowledged(Network *network, Endpoint *endpoint,
                      const Packet *packet);
int64_t tcp_rto_ns(const Endpoint *endpoint);

/* --- tcp_recovery.c ---------------------------------------------------- */
typedef struct AckNews {
    uint32_t acked_packets; /* newly acked or sacked */
    uint32_t lost_packets;  /* newly marked */
    bool is_resend_lost;    /* one of them had been sent again */
    bool is_order_awaited;  /* TIMER_REORDER was set */
    bool is_overdue;        /* it has run out; this is no ACK */
    bool is_una_advanced;
    bool is_dsack;
    bool is_any_sacked;
} AckNews;

/* Mark what RACK says is lost, and add it to the news; arms TIMER_REORDER
 * when some may only be late. */
void tcp_rack_mark(Network *network, Endpoint *endpoint, AckNews *news);
/* The segment is known to have arrived. */
void tcp_rack_learn(Endpoint *endpoint, const Segment *segment, int64_t now_ns);
void tcp_recover(Network *network, Endpoint *endpoint, AckNews *news);
void tcp_probe_answered(Endpoint *endpoint, const AckNews *news);
void tcp_reduce_window(Endpoint *endpoint, const AckNews *news);
void tcp_enter_loss(Endpoint *endpoint, int64_t now_ns);

/* --- tcp_timer.c ------------------------------------------------------- */
void tcp_set_timer(Network *network, Endpoint *endpoint, TcpTimer timer,
                   int64_t at_ns);
void tcp_set_delayed_ack(Network *network, Endpoint *endpoint, int64_t at_ns);
/* After a transmission: a tail loss probe if it applies, else the RTO. */
void tcp_arm(Network *network, Endpoint *endpoint);
/* The same after an ACK of new data, from which the time-out runs anew. */
void tcp_arm_after_ack(Network *network, Endpoint *endpoint);
void tcp_arm_rto(Network *network, Endpoint *endpoint);

/* --- tcp_receive.c ----------------------------------------------------- */
void tcp_received(Network *network, Endpoint *endpoint, const Packet *packet);
void tcp_tell_reader(Network *network, Endpoint *endpoint);
uint64_t tcp_window_edge(const Endpoint *endpoint);

/* --- tcp_open.c -------------------------------------------------------- */
/* Both sides are done with the connection as far as this one can tell. */
void tcp_finish(Network *network, Endpoint *endpoint, CloseReason reason);
void tcp_release_if_idle(Network *network, EndpointId id);
