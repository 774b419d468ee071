/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mail.h: what the parts of a network send one another.
 *
 * What is posted in one window is read at the beginning of the next, by the
 * part it is for: no two threads ever look at the same bag.
 */
#pragma once

#include "sim/packet.h"
#include "sim/transport/endpoint.h"

#define PARTS_MAX 64u

typedef struct Network Network;

typedef struct PacketLetter {
    Packet packet;
    PacketTransit transit; /* next: the link that it is on */
} PacketLetter;

typedef struct ContentLetter {
    uint32_t reader; /* endpoint */
    Run run;
} ContentLetter;

/* From one part to another. */
typedef struct MailBag {
    PacketLetter *packets;
    ContentLetter *contents;
    uint32_t packet_count;
    uint32_t packet_capacity;
    uint32_t content_count;
    uint32_t content_capacity;
} MailBag;

/* What one part posts: in one set of bags while the other is read. */
typedef struct Mail {
    MailBag *bags[2];  /* [part] */
    uint64_t heavy[2]; /* bit by part: which are not empty */
    uint32_t side;     /* which set is written */
    int64_t first_ns;  /* when the earliest packet in it leaves its link */
} Mail;

Mail *mail_new(uint32_t part_count);
void mail_free(Mail *mail, uint32_t part_count);
/* All bags, written, or read into empty ones. */
void mail_code(Mail *mail, uint32_t part_count, Coder *coder);
/* A new window: what was posted may be read now. */
void mail_turn(Mail *mail);
/* The packet is on a link that ends elsewhere; it leaves this part's pool. */
void mail_post_packet(Network *network, uint32_t link, uint32_t packet);
/* For the incoming stream of the writer's peer. Takes the run's reference. As
 * a packet under way, it keeps the connection's place from being used again. */
void mail_post_content(Network *network, Endpoint *writer, const Run *run);
/* What a part of another rank posted. */
void mail_add_packet(Mail *mail, uint32_t part, const PacketLetter *letter);
void mail_add_content(Mail *mail, uint32_t part, const ContentLetter *letter);
/* All that was posted for a part since the window's beginning: the caller's,
 * to take it out. */
MailBag *mail_empty_bag(Mail *mail, uint32_t part);
/* Read what all others posted for this part in the window before. */
void mail_collect(Network *network);
