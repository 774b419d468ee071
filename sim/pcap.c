/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/pcap.c: makes headers up, and writes them in the order of time.
 *
 * A link says when a packet will arrive long before it does, and the run may
 * end before. So records wait in memory, as they will stand in the file; when
 * there is no room for more, those whose time has come are written.
 */
#include "sim/pcap.h"

#include <assert.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/event.h"
#include "sim/checkpoint.h"
#include "sim/directory.h"

#define MAGIC_NS 0xa1b23c4du
#define LINKTYPE_RAW 101u
#define FILE_HEAD_BYTES 24u
#define RECORD_HEAD_BYTES 16u
#define IP_BYTES 20u
#define TCP_BYTES 20u
#define OPTION_BYTES_MAX 40u
#define HEADER_BYTES_MAX (IP_BYTES + TCP_BYTES + OPTION_BYTES_MAX)
#define RECORD_BYTES_MAX (RECORD_HEAD_BYTES + HEADER_BYTES_MAX)
#define WAITING_BYTES_MIN 32768u
#define ACCEPTOR_PORT 443u
#define OPENER_PORT_MIN 1024u
#define WINDOW_SHIFT_MAX 14

struct Pcap {
    char *path;
    FILE *file;
    uint8_t *waiting; /* records, as they came */
    size_t waiting_bytes;
    size_t capacity_bytes;
    int64_t last_ns;
    bool is_sorted;
};

/* A record that waits. */
typedef struct Waiting {
    int64_t time_ns;
    const uint8_t *record;
} Waiting;

static void
put_little32(uint8_t *place, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    memcpy(place, &value, sizeof value);
}

static uint32_t
take_little32(const uint8_t *place)
{
    uint32_t value;
    memcpy(&value, place, sizeof value);
    return GUINT32_FROM_LE(value);
}

static Pcap *
open_file(const char *path, const char *how, Link *link, GError **error)
{
    FILE *file = g_fopen(path, how);
    if (!file) {
        directory_fail(error, path);
        return NULL;
    }
    setbuf(file, NULL); /* what is written is long */
    Pcap *pcap = g_new0(Pcap, 1);
    pcap->path = g_strdup(path);
    pcap->file = file;
    pcap->is_sorted = true;
    pcap->capacity_bytes = WAITING_BYTES_MIN;
    pcap->waiting = g_malloc(pcap->capacity_bytes);
    link_extra(link)->pcap = pcap;
    link->is_captured = true;
    return pcap;
}

Pcap *
pcap_open_again(const char *path, Link *link, GError **error)
{
    return open_file(path, "a", link, error);
}

Pcap *
pcap_open(const char *path, Link *link, GError **error)
{
    Pcap *pcap = open_file(path, "wx", link, error);
    if (!pcap)
        return NULL;
    uint8_t head[FILE_HEAD_BYTES] = {0};
    put_little32(head, MAGIC_NS);
    put_little32(head + 4, 4 << 16 | 2); /* version 2.4 */
    put_little32(head + 16, HEADER_BYTES_MAX);
    put_little32(head + 20, LINKTYPE_RAW);
    fwrite(head, 1, sizeof head, pcap->file);
    return pcap;
}

CODER_KNOWS(Pcap, 0, 0, 0, 0, 0, 0, 0);

void
pcap_code(Pcap *pcap, Coder *coder)
{
    checkpoint_code_file(pcap->file, coder);
    uint64_t waiting_bytes = pcap->waiting_bytes;
    uint64_t capacity_bytes = pcap->capacity_bytes;
    coder_u64(coder, &waiting_bytes);
    coder_u64(coder, &capacity_bytes);
    pcap->waiting_bytes = waiting_bytes;
    pcap->capacity_bytes = capacity_bytes;
    if (coder->is_reading && coder_has(coder, waiting_bytes))
        pcap->waiting = g_realloc(pcap->waiting, capacity_bytes);
    coder_bytes(coder, pcap->waiting, waiting_bytes);
    coder_i64(coder, &pcap->last_ns);
    coder_flag(coder, &pcap->is_sorted);
}

bool
pcap_is_good(const Pcap *pcap)
{
    return !ferror(pcap->file);
}

static int
compare_times(const void *a, const void *b)
{
    const Waiting *left = a;
    const Waiting *right = b;
    return (left->time_ns > right->time_ns) - (left->time_ns < right->time_ns);
}

static int64_t
time_of(const uint8_t *record)
{
    return (int64_t)take_little32(record) * NS_PER_S +
           take_little32(record + 4);
}

static size_t
size_of(const uint8_t *record)
{
    return RECORD_HEAD_BYTES + take_little32(record + 8);
}

/* A link that reorders tells of packets in the order in which they entered. */
static void
sort_waiting(Pcap *pcap)
{
    g_autoptr(GArray) list = g_array_new(false, false, sizeof(Waiting));
    for (size_t at = 0; at < pcap->waiting_bytes;) {
        const uint8_t *record = pcap->waiting + at;
        Waiting waiting = {time_of(record), record};
        g_array_append_val(list, waiting);
        at += size_of(record);
    }
    g_array_sort(list, compare_times); /* keeps the order of equals */
    uint8_t *sorted = g_malloc(pcap->capacity_bytes);
    size_t at = 0;
    for (guint i = 0; i < list->len; i++) {
        const uint8_t *record = g_array_index(list, Waiting, i).record;
        memcpy(sorted + at, record, size_of(record));
        at += size_of(record);
    }
    g_free(pcap->waiting);
    pcap->waiting = sorted;
    pcap->is_sorted = true;
}

/* No record will come any more that is earlier. */
static void
write_until(Pcap *pcap, int64_t time_ns)
{
    if (!pcap->is_sorted)
        sort_waiting(pcap);
    size_t bytes = 0;
    while (bytes < pcap->waiting_bytes &&
           time_of(pcap->waiting + bytes) <= time_ns)
        bytes += size_of(pcap->waiting + bytes);
    if (bytes == 0) /* there may be no room for any yet */
        return;
    fwrite(pcap->waiting, 1, bytes, pcap->file);
    pcap->waiting_bytes -= bytes;
    memmove(pcap->waiting, pcap->waiting + bytes, pcap->waiting_bytes);
}

bool
pcap_close(Pcap *pcap, int64_t end_ns, GError **error)
{
    write_until(pcap, end_ns);
    bool is_good = fflush(pcap->file) == 0 && !ferror(pcap->file);
    /* stdio remembers that a write failed, not why: the disk is asked again. */
    if (!is_good && write(fileno(pcap->file), "", 1) == 1)
        errno = EIO;
    if (!is_good)
        directory_fail(error, pcap->path);
    if (fclose(pcap->file) != 0 && is_good)
        is_good = directory_fail(error, pcap->path);
    g_free(pcap->path);
    g_free(pcap->waiting);
    g_free(pcap);
    return is_good;
}

/* Where the next record goes. */
static uint8_t *
make_room(Pcap *pcap, int64_t now_ns)
{
    if (pcap->waiting_bytes + RECORD_BYTES_MAX > pcap->capacity_bytes) {
        write_until(pcap, now_ns);
        if (2 * pcap->waiting_bytes > pcap->capacity_bytes) {
            pcap->capacity_bytes *= 2;
            pcap->waiting = g_realloc(pcap->waiting, pcap->capacity_bytes);
        }
    }
    return pcap->waiting + pcap->waiting_bytes;
}

/* --- headers ------------------------------------------------------------- */

/* Both return what they add to a checksum (RFC 1071). */
static inline uint32_t
put16(uint8_t *place, uint32_t value)
{
    uint16_t word = GUINT16_TO_BE((uint16_t)value);
    memcpy(place, &word, sizeof word);
    return value;
}

static inline uint32_t
put32(uint8_t *place, uint32_t value)
{
    uint32_t word = GUINT32_TO_BE(value);
    memcpy(place, &word, sizeof word);
    return (value >> 16) + (value & 0xffff);
}

static uint32_t
checksum(uint32_t sum)
{
    sum = (sum >> 16) + (sum & 0xffff);
    sum += sum >> 16;
    return ~sum & 0xffff;
}

static uint32_t
port_of(const Endpoint *endpoint)
{
    if (endpoint->id & 1)
        return ACCEPTOR_PORT;
    uint32_t room = UINT16_MAX + 1 - OPENER_PORT_MIN;
    return OPENER_PORT_MIN + (uint32_t)endpoint->serial % room;
}

/* Enough for the widest window that this end may ever offer. */
static uint32_t
window_shift(const Endpoint *sender)
{
    int bits = (int)g_bit_storage(sender->options->receive_window_bytes);
    return (uint32_t)CLAMP(bits - 16, 0, WINDOW_SHIFT_MAX);
}

/* A window is told in units: rounded up, so that nothing comes beyond it. */
static uint32_t
window_field(const Packet *packet, const Endpoint *sender)
{
    uint32_t shift = packet->flags & PACKET_SYN ? 0 : window_shift(sender);
    uint64_t round = (UINT64_C(1) << shift) - 1;
    return (uint32_t)MIN((packet->window_bytes + round) >> shift, UINT16_MAX);
}

static uint32_t
flags_field(const Packet *packet)
{
    uint32_t field = packet->flags & PACKET_FIN ? 0x01 : 0;
    if (packet->flags & PACKET_SYN)
        field |= 0x02;
    if (packet->flags & PACKET_RST)
        field |= 0x14; /* it says what it has got */
    if (packet->flags & PACKET_ACK)
        field |= 0x10;
    return field;
}

static uint32_t
seq_field(const Packet *packet)
{
    if (packet->flags & PACKET_SYN)
        return 0;
    if (packet->flags & PACKET_PROBE)
        return (uint32_t)packet->seq; /* the byte before: it was there */
    return (uint32_t)packet->seq + 1;
}

static uint32_t
sack_count(const Packet *packet)
{
    uint32_t count = 0;
    while (count < PACKET_SACK_MAX && packet->sack[count].end_bytes > 0)
        count++;
    return count;
}

/* The window's scale and SACK, and the segment size if there is room. */
static uint32_t
put_syn_options(uint8_t *place, uint32_t room_bytes, const Endpoint *sender)
{
    uint32_t sum = put16(place, 3 << 8 | 3);
    sum += put16(place + 2, window_shift(sender) << 8 | 1);
    sum += put16(place + 4, 4 << 8 | 2);
    if (room_bytes < 12)
        return sum;
    sum += put16(place + 6, 2 << 8 | 4);
    return sum + put16(place + 8, sender->options->mss_bytes);
}

static uint32_t
put_sack_options(uint8_t *place, const Packet *packet, uint32_t count)
{
    uint32_t sum = put16(place, 1 << 8 | 1); /* nothing, to align */
    sum += put16(place + 2, 5 << 8 | (2 + 8 * count));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t base = (uint32_t)packet->ack + 1;
        sum += put32(place + 4 + 8 * i, base + packet->sack[i].start_bytes);
        sum += put32(place + 8 + 8 * i, base + packet->sack[i].end_bytes);
    }
    return sum;
}

/* How long the options are in a header of so many bytes, IP and TCP. */
static uint32_t
option_bytes(const Packet *packet, uint32_t header_bytes, uint32_t sacks)
{
    const uint32_t least = IP_BYTES + TCP_BYTES;
    uint32_t room = MAX(header_bytes, least) - least;
    uint32_t needed = sacks > 0 ? 4 + 8 * sacks : 0;
    if (packet->flags & PACKET_SYN)
        needed = 8;
    return MAX(MIN(room, OPTION_BYTES_MAX) & ~3u, needed);
}

/* What is left of them says that they end. Returns what they add to the
 * checksum. */
static uint32_t
put_options(uint8_t *place, const Packet *packet, uint32_t room_bytes,
            uint32_t sacks, const Endpoint *sender)
{
    memset(place, 0, OPTION_BYTES_MAX);
    if (packet->flags & PACKET_SYN)
        return put_syn_options(place, room_bytes, sender);
    return sacks > 0 ? put_sack_options(place, packet, sacks) : 0;
}

static uint32_t
address_of(const Endpoint *endpoint)
{
    return 10u << 24 | (uint32_t)endpoint->address[0] << 16 |
           (uint32_t)endpoint->address[1] << 8 | endpoint->address[2];
}

/* Returns what the addresses add to a checksum. */
static uint32_t
put_ip(uint8_t *ip, const Endpoint *sender, const Endpoint *receiver,
       uint32_t total_bytes)
{
    uint32_t addresses = put32(ip + 12, address_of(sender));
    addresses += put32(ip + 16, address_of(receiver));
    uint32_t sum = addresses + put32(ip, 0x45u << 24 | total_bytes);
    sum += put32(ip + 4, 0x4000);              /* do not fragment */
    sum += put32(ip + 8, 64u << 24 | 6 << 16); /* TTL, TCP */
    put16(ip + 10, checksum(sum));
    return addresses;
}

/* All but the options. The sum is of them, of the addresses and lengths; the
 * payload counts as zeros. */
static void
put_tcp(uint8_t *tcp, const Packet *packet, const Endpoint *sender,
        const Endpoint *receiver, uint32_t tcp_bytes, uint32_t sum)
{
    bool has_ack = packet->flags & (PACKET_ACK | PACKET_RST);
    sum += put16(tcp, port_of(sender));
    sum += put16(tcp + 2, port_of(receiver));
    sum += put32(tcp + 4, seq_field(packet));
    sum += put32(tcp + 8, has_ack ? (uint32_t)packet->ack + 1 : 0);
    sum += put16(tcp + 12, tcp_bytes / 4 << 12 | flags_field(packet));
    sum += put16(tcp + 14, window_field(packet, sender));
    put32(tcp + 16, checksum(sum) << 16);
}

void
pcap_take(Pcap *pcap, const Network *network, uint32_t index)
{
    const Packet *packet = &network->packets.packets[index];
    const PacketTransit *transit = &network->packets.transits[index];
    /* While a packet is under way nobody changes what is read of its ends,
     * not even where they live in other parts. */
    const Endpoint *receiver = network_endpoint(network, packet->endpoint);
    const Endpoint *sender = network_endpoint(network, packet->endpoint ^ 1);
    assert(!(packet->flags & PACKET_OUTSIDE));
    uint8_t *record = make_room(pcap, network->now_ns);
    uint8_t *ip = record + RECORD_HEAD_BYTES;
    uint8_t *tcp = ip + IP_BYTES;
    uint32_t payload_bytes =
        packet->flags & PACKET_FIN ? 0 : packet->sequence_bytes;
    uint32_t sacks = sack_count(packet);
    uint32_t options =
        option_bytes(packet, transit->size_bytes - payload_bytes, sacks);
    uint32_t tcp_bytes = TCP_BYTES + options;
    uint32_t total_bytes = IP_BYTES + tcp_bytes + payload_bytes;
    uint32_t sum = 6 + tcp_bytes + payload_bytes;
    sum += put_ip(ip, sender, receiver, total_bytes);
    sum += put_options(tcp + TCP_BYTES, packet, options, sacks, sender);
    put_tcp(tcp, packet, sender, receiver, tcp_bytes, sum);
    put_little32(record, (uint32_t)(transit->out_ns / NS_PER_S));
    put_little32(record + 4, (uint32_t)(transit->out_ns % NS_PER_S));
    put_little32(record + 8, IP_BYTES + tcp_bytes);
    put_little32(record + 12, MAX(transit->size_bytes, total_bytes));
    pcap->waiting_bytes += RECORD_HEAD_BYTES + IP_BYTES + tcp_bytes;
    pcap->is_sorted &= transit->out_ns >= pcap->last_ns;
    pcap->last_ns = MAX(pcap->last_ns, transit->out_ns);
}
