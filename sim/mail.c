/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/mail.c: bags that are filled, handed over, and used again.
 */
#include "sim/mail.h"

#include <assert.h>
#include <glib.h>

#include "core/event.h"
#include "sim/network.h"
#include "sim/parts.h"

Mail *
mail_new(uint32_t part_count)
{
    Mail *mail = g_new0(Mail, 1);
    for (int side = 0; side < 2; side++)
        mail->bags[side] = g_new0(MailBag, part_count);
    mail->first_ns = TIME_NEVER;
    return mail;
}

static void
clear_bag(MailBag *bag)
{
    for (uint32_t i = 0; i < bag->content_count; i++)
        run_clear(&bag->contents[i].run);
    g_free(bag->packets);
    g_free(bag->contents);
}

void
mail_free(Mail *mail, uint32_t part_count)
{
    for (int side = 0; side < 2; side++) {
        for (uint32_t part = 0; part < part_count; part++)
            clear_bag(&mail->bags[side][part]);
        g_free(mail->bags[side]);
    }
    g_free(mail);
}

void
mail_turn(Mail *mail)
{
    mail->side ^= 1;
    mail->heavy[mail->side] = 0;
    mail->first_ns = TIME_NEVER;
}

static MailBag *
bag_for(Mail *mail, uint32_t part)
{
    mail->heavy[mail->side] |= UINT64_C(1) << part;
    return &mail->bags[mail->side][part];
}

/* Room for one more in an array of the bag. */
#define MAKE_ROOM(array, count, capacity)                                      \
    do {                                                                       \
        if ((count) < (capacity))                                              \
            break;                                                             \
        (capacity) = MAX(16, 2 * (capacity));                                  \
        (array) = g_realloc_n((array), (capacity), sizeof *(array));           \
    } while (0)

void
mail_add_packet(Mail *mail, uint32_t part, const PacketLetter *letter)
{
    MailBag *bag = bag_for(mail, part);
    MAKE_ROOM(bag->packets, bag->packet_count, bag->packet_capacity);
    bag->packets[bag->packet_count++] = *letter;
}

void
mail_add_content(Mail *mail, uint32_t part, const ContentLetter *letter)
{
    MailBag *bag = bag_for(mail, part);
    MAKE_ROOM(bag->contents, bag->content_count, bag->content_capacity);
    bag->contents[bag->content_count++] = *letter;
}

MailBag *
mail_empty_bag(Mail *mail, uint32_t part)
{
    mail->heavy[mail->side] &= ~(UINT64_C(1) << part);
    return &mail->bags[mail->side][part];
}

void
mail_post_packet(Network *network, uint32_t link, uint32_t packet)
{
    PacketPool *pool = &network->packets;
    MailBag *bag = bag_for(network->mail, network->links[link].far_part);
    MAKE_ROOM(bag->packets, bag->packet_count, bag->packet_capacity);
    PacketLetter *letter = &bag->packets[bag->packet_count++];
    letter->packet = pool->packets[packet];
    letter->transit = pool->transits[packet];
    letter->transit.next = link;
    assert(letter->transit.out_ns >=
           network->now_ns + network->parts->window_ns);
    network->mail->first_ns =
        MIN(network->mail->first_ns, letter->transit.out_ns);
    packet_put(pool, packet);
}

void
mail_post_content(Network *network, Endpoint *writer, const Run *run)
{
    ContentLetter letter = {writer->id ^ 1, *run};
    writer->sent_packets++;
    mail_add_content(network->mail, writer->peer_part, &letter);
}

static void
take_packet(Network *network, const PacketLetter *letter)
{
    uint32_t index = packet_take(&network->packets);
    network->packets.packets[index] = letter->packet;
    network->packets.transits[index] = letter->transit;
    network->packets.transits[index].next = PACKET_NONE;
    network_come(network, letter->transit.next, index);
}

static void
take_content(Network *network, const ContentLetter *letter)
{
    Endpoint *reader = network_endpoint(network, letter->reader);
    stream_append(&reader->incoming, &letter->run);
    tcp_packet_gone(network, letter->reader);
}

static void
empty(Network *network, MailBag *bag)
{
    for (uint32_t i = 0; i < bag->content_count; i++)
        take_content(network, &bag->contents[i]);
    for (uint32_t i = 0; i < bag->packet_count; i++)
        take_packet(network, &bag->packets[i]);
    bag->content_count = bag->packet_count = 0;
}

void
mail_collect(Network *network)
{
    const Parts *parts = network->parts;
    for (uint32_t from = 0; from < parts->count; from++) {
        Mail *mail = parts->networks[from]->mail;
        uint32_t side = mail->side ^ 1;
        if (mail->heavy[side] >> network->part & 1)
            empty(network, &mail->bags[side][network->part]);
    }
}

CODER_KNOWS(ContentLetter, 0, {0});
CODER_KNOWS(MailBag, 0, 0, 0, 0, 0, 0);
CODER_KNOWS(Mail, {0}, {0}, 0, 0);

static void
code_letter(ContentLetter *letter, Coder *coder)
{
    coder_u32(coder, &letter->reader);
    run_code(&letter->run, coder);
}

static void
code_bag(MailBag *bag, Coder *coder)
{
    coder_u32(coder, &bag->packet_count);
    bag->packets = coder_array(coder, bag->packets, bag->packet_count,
                               sizeof(PacketLetter));
    uint32_t count = bag->content_count;
    coder_u32(coder, &count);
    if (coder->is_reading && coder_has(coder, count)) {
        bag->packet_capacity = bag->packet_count;
        bag->content_count = bag->content_capacity = count;
        bag->contents = g_new0(ContentLetter, count);
    }
    for (uint32_t i = 0; i < bag->content_count; i++)
        code_letter(&bag->contents[i], coder);
    if (coder->is_bad)
        bag->packet_count = 0;
}

void
mail_code(Mail *mail, uint32_t part_count, Coder *coder)
{
    coder_bytes(coder, mail->heavy, sizeof mail->heavy);
    coder_u32(coder, &mail->side);
    coder_i64(coder, &mail->first_ns);
    for (uint32_t side = 0; side < 2; side++) {
        for (uint32_t part = 0; part < part_count && !coder->is_bad; part++)
            code_bag(&mail->bags[side][part], coder);
    }
}
