/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/courier.c: one message from rank to rank, in sections.
 *
 * Ranks are one program on machines of one kind, so what they send is as it
 * lies in memory, but for pointers. A connection is known where it was opened
 * and where it was accepted before its first packet is read.
 */
#include "sim/courier.h"

#include <assert.h>
#include <string.h>

#include "core/event.h"

typedef enum SectionKind {
    SECTION_RELEASED, /* EndpointId */
    SECTION_OPENED,   /* Opening */
    SECTION_CONTENT,  /* ContentLetter, each with its chunk's bytes */
    SECTION_PACKETS,  /* PacketLetter */
    SECTION_GONE,     /* Gone */
    SECTION_STANDING, /* TcpStanding */
    SECTION_NOTICE,   /* RankNotice */
    SECTION_NEWS,     /* bytes, the driver's */
} SectionKind;

typedef struct Section {
    SectionKind kind;
    uint32_t from; /* part */
    uint32_t to;
    uint32_t count;
} Section;

typedef struct Opening {
    TcpOpened opened;
    uint32_t opener_options; /* in courier->options */
    uint32_t acceptor_options;
    uint32_t owner; /* the opener's, which the acceptor's asks for */
    uint32_t owner_stream;
    uint32_t acceptor_owner;
} Opening;

/* The heaviest parts first, each to who has least. */
static void
share_out(Courier *courier, const PartPlan *plan)
{
    g_autofree double *loads = g_new0(double, courier->ranks.count);
    bool is_given[PARTS_MAX] = {false};
    for (uint32_t i = 0; i < plan->count; i++) {
        uint32_t part = PARTS_MAX;
        for (uint32_t other = 0; other < plan->count; other++) {
            if (!is_given[other] &&
                (part == PARTS_MAX || plan->loads[other] > plan->loads[part]))
                part = other;
        }
        uint32_t rank = 0;
        for (uint32_t other = 1; other < courier->ranks.count; other++) {
            if (loads[other] < loads[rank])
                rank = other;
        }
        is_given[part] = true;
        courier->rank_of[part] = rank;
        loads[rank] += MAX(plan->loads[part], 1e-9);
    }
}

Courier *
courier_new(const PartPlan *plan)
{
    Ranks ranks = ranks_here();
    if (ranks.count == 1)
        return NULL;
    Courier *courier = g_new0(Courier, 1);
    courier->ranks = ranks;
    courier->options = plan->options;
    courier->out = g_new(GByteArray *, ranks.count);
    courier->in = g_new(GByteArray *, ranks.count);
    for (uint32_t rank = 0; rank < ranks.count; rank++) {
        courier->out[rank] = g_byte_array_new();
        courier->in[rank] = g_byte_array_new();
    }
    share_out(courier, plan);
    return courier;
}

void
courier_free(Courier *courier)
{
    for (uint32_t rank = 0; rank < courier->ranks.count; rank++) {
        g_byte_array_unref(courier->out[rank]);
        g_byte_array_unref(courier->in[rank]);
    }
    g_free(courier->out);
    g_free(courier->in);
    g_free(courier);
}

bool
courier_is_here(const Courier *courier, uint32_t part)
{
    return courier->rank_of[part] == courier->ranks.self;
}

/* --- out ------------------------------------------------------------------ */

static void
add(GByteArray *out, const void *bytes, size_t size_bytes)
{
    g_byte_array_append(out, bytes, (guint)size_bytes);
}

/* A section for the rank of its part; its items follow. */
static GByteArray *
begin(const Courier *courier, Section section)
{
    GByteArray *out = courier->out[courier->rank_of[section.to]];
    add(out, &section, sizeof section);
    return out;
}

void
courier_tell_released(Parts *parts, EndpointId id)
{
    uint32_t home = network_home(parts->networks[0], id);
    uint32_t part = network_endpoint(parts->networks[0], id | 1)->part;
    if (courier_is_here(parts->courier, part))
        return;
    Section section = {SECTION_RELEASED, home, part, 1};
    add(begin(parts->courier, section), &id, sizeof id);
}

static void
pack_opened(const Parts *parts, const Network *network)
{
    const Courier *courier = parts->courier;
    for (guint i = 0; i < network->opened->len; i++) {
        Opening opening = {.opened =
                               g_array_index(network->opened, TcpOpened, i)};
        const TcpPath *path = &opening.opened.path;
        const Endpoint *sides =
            network_connection(network, opening.opened.index)->sides;
        opening.opener_options = (uint32_t)(path->opener - courier->options);
        opening.acceptor_options =
            (uint32_t)(path->acceptor - courier->options);
        opening.owner = sides[0].owner;
        opening.owner_stream = sides[0].owner_stream;
        opening.acceptor_owner = sides[1].owner;
        Section section = {SECTION_OPENED, network->part, path->acceptor_part,
                           1};
        add(begin(courier, section), &opening, sizeof opening);
    }
    g_array_set_size(network->opened, 0);
}

static void
pack_contents(GByteArray *out, MailBag *bag)
{
    for (uint32_t i = 0; i < bag->content_count; i++) {
        ContentLetter *letter = &bag->contents[i];
        const Chunk *chunk = letter->run.extent.chunk;
        add(out, letter, sizeof *letter);
        if (!chunk)
            continue;
        add(out, &chunk->size_bytes, sizeof chunk->size_bytes);
        add(out, chunk->bytes, chunk->size_bytes);
        run_clear(&letter->run);
    }
    bag->content_count = 0;
}

static void
pack_mail(const Parts *parts, const Network *network, uint32_t to)
{
    Section section = {SECTION_CONTENT, network->part, to, 0};
    MailBag *bag = mail_empty_bag(network->mail, to);
    section.count = bag->content_count;
    if (section.count > 0)
        pack_contents(begin(parts->courier, section), bag);
    section.kind = SECTION_PACKETS;
    section.count = bag->packet_count;
    if (section.count > 0)
        add(begin(parts->courier, section), bag->packets,
            section.count * sizeof *bag->packets);
    bag->packet_count = 0;
}

static void
pack_gone(const Parts *parts, const Network *network)
{
    guint kept = 0;
    for (guint i = 0; i < network->gone->len; i++) {
        Gone gone = g_array_index(network->gone, Gone, i);
        if (courier_is_here(parts->courier, gone.part)) {
            g_array_index(network->gone, Gone, kept++) = gone;
            continue;
        }
        Section section = {SECTION_GONE, network->part, gone.part, 1};
        add(begin(parts->courier, section), &gone, sizeof gone);
    }
    g_array_set_size(network->gone, kept);
}

/* A section for all ranks. */
static void
pack_for_all(Courier *courier, Section section, const void *bytes,
             size_t size_bytes)
{
    for (uint32_t rank = 0; rank < courier->ranks.count; rank++) {
        if (rank == courier->ranks.self)
            continue;
        add(courier->out[rank], &section, sizeof section);
        add(courier->out[rank], bytes, size_bytes);
    }
}

static void
pack_news(Courier *courier, const PartsDriver *driver)
{
    if (!driver->tell)
        return;
    g_autoptr(GByteArray) news = g_byte_array_new();
    driver->tell(driver->context, news);
    Section section = {SECTION_NEWS, 0, 0, news->len};
    if (news->len > 0)
        pack_for_all(courier, section, news->data, news->len);
}

static void
pack(Parts *parts, const PartsDriver *driver, const RankNotice *notice)
{
    Courier *courier = parts->courier;
    for (uint32_t part = 0; part < parts->count; part++) {
        if (courier_is_here(courier, part))
            pack_opened(parts, parts->networks[part]);
    }
    for (uint32_t from = 0; from < parts->count; from++) {
        if (!courier_is_here(courier, from))
            continue;
        for (uint32_t to = 0; to < parts->count; to++) {
            if (!courier_is_here(courier, to))
                pack_mail(parts, parts->networks[from], to);
        }
        pack_gone(parts, parts->networks[from]);
    }
    pack_news(courier, driver);
    Section section = {SECTION_NOTICE, 0, 0, 1};
    pack_for_all(courier, section, notice, sizeof *notice);
}

/* --- in ------------------------------------------------------------------- */

typedef struct Bytes {
    const uint8_t *at;
    size_t left;
} Bytes;

static const void *
skip(Bytes *bytes, size_t size_bytes)
{
    assert(size_bytes <= bytes->left);
    const uint8_t *at = bytes->at;
    bytes->at += size_bytes;
    bytes->left -= size_bytes;
    return at;
}

static void
take(Bytes *bytes, void *ret_item, size_t size_bytes)
{
    memcpy(ret_item, skip(bytes, size_bytes), size_bytes);
}

static void
take_opening(Parts *parts, const Section *section, Bytes *bytes)
{
    Opening opening;
    take(bytes, &opening, sizeof opening);
    TcpPath *path = &opening.opened.path;
    path->opener = &parts->courier->options[opening.opener_options];
    path->acceptor = &parts->courier->options[opening.acceptor_options];
    Connection *connection =
        tcp_adopt(parts->networks[section->from], &opening.opened);
    connection->sides[0].owner = opening.owner;
    connection->sides[0].owner_stream = opening.owner_stream;
    connection->sides[1].owner = opening.acceptor_owner;
}

static void
take_content(Parts *parts, const Section *section, Bytes *bytes)
{
    ContentLetter letter;
    take(bytes, &letter, sizeof letter);
    if (letter.run.extent.chunk) {
        uint32_t size_bytes;
        take(bytes, &size_bytes, sizeof size_bytes);
        letter.run.extent.chunk = chunk_new(size_bytes);
        take(bytes, letter.run.extent.chunk->bytes, size_bytes);
    }
    mail_add_content(parts->networks[section->from]->mail, section->to,
                     &letter);
}

static void
take_item(Parts *parts, const Section *section, Bytes *bytes)
{
    Network *from = parts->networks[section->from];
    EndpointId id;
    PacketLetter letter;
    Gone gone;
    TcpStanding standing;
    switch (section->kind) {
    case SECTION_RELEASED:
        take(bytes, &id, sizeof id);
        tcp_forget(from, id);
        return;
    case SECTION_OPENED:
        take_opening(parts, section, bytes);
        return;
    case SECTION_CONTENT:
        take_content(parts, section, bytes);
        return;
    case SECTION_PACKETS:
        take(bytes, &letter, sizeof letter);
        mail_add_packet(from->mail, section->to, &letter);
        return;
    case SECTION_GONE:
        take(bytes, &gone, sizeof gone);
        g_array_append_val(from->gone, gone);
        return;
    case SECTION_STANDING:
        take(bytes, &standing, sizeof standing);
        tcp_learn_standing(from, &standing);
        g_array_append_val(from->released, standing.id);
        return;
    case SECTION_NOTICE:
    case SECTION_NEWS:
        break;
    }
    g_assert_not_reached();
}

static void
take_notice(RankNotice *notice, Bytes *bytes)
{
    RankNotice other;
    take(bytes, &other, sizeof other);
    notice->next_ns = MIN(notice->next_ns, other.next_ns);
    notice->latest_ns = MAX(notice->latest_ns, other.latest_ns);
    notice->events += other.events;
    notice->critical_events =
        MAX(notice->critical_events, other.critical_events);
}

static void
unpack(Parts *parts, const PartsDriver *driver, RankNotice *notice,
       const GByteArray *in)
{
    Bytes bytes = {in->data, in->len};
    while (bytes.left > 0) {
        Section section;
        take(&bytes, &section, sizeof section);
        if (section.kind == SECTION_NEWS) {
            driver->hear(driver->context, skip(&bytes, section.count),
                         section.count);
            continue;
        }
        if (section.kind == SECTION_NOTICE) {
            take_notice(notice, &bytes);
            continue;
        }
        for (uint32_t i = 0; i < section.count; i++)
            take_item(parts, &section, &bytes);
    }
}

static void
swap(Parts *parts, const PartsDriver *driver, RankNotice *notice)
{
    Courier *courier = parts->courier;
    ranks_exchange(courier->out, courier->in);
    for (uint32_t rank = 0; rank < courier->ranks.count; rank++) {
        unpack(parts, driver, notice, courier->in[rank]);
        g_byte_array_set_size(courier->out[rank], 0);
    }
}

void
courier_exchange(Parts *parts, const PartsDriver *driver, RankNotice *notice)
{
    pack(parts, driver, notice);
    swap(parts, driver, notice);
}

/* Those of connections that were opened here stay in the list. */
static void
pack_standings(Parts *parts, Network *network)
{
    Courier *courier = parts->courier;
    guint kept = 0;
    for (guint i = 0; i < network->released->len; i++) {
        EndpointId id = g_array_index(network->released, EndpointId, i);
        uint32_t home = network_home(network, id);
        if (courier_is_here(courier, home)) {
            g_array_index(network->released, EndpointId, kept++) = id;
            continue;
        }
        TcpStanding standing = tcp_standing(network, id);
        GByteArray *out = courier->out[courier->rank_of[home]];
        Section section = {SECTION_STANDING, network->part, home, 1};
        add(out, &section, sizeof section);
        add(out, &standing, sizeof standing);
    }
    g_array_set_size(network->released, kept);
}

void
courier_exchange_standings(Parts *parts)
{
    for (uint32_t part = 0; part < parts->count; part++) {
        if (courier_is_here(parts->courier, part))
            pack_standings(parts, parts->networks[part]);
    }
    swap(parts, NULL, NULL);
}
