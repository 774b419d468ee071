/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_pcap.c: what links deliver, read back from files.
 *
 * One connection over one link, looked at byte by byte; then a chain of links
 * that lose, wait and reorder, run in all ways that must come to the same.
 */
#include "tests/sim/flow_stage.h"

#include "sim/pcap.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/event.h"

#define LINKS_MAX 8u
#define FIN 0x01
#define SYN 0x02
#define ACK 0x10

static const char SINGLE[] =
    "byway: 1\n"
    "title: single\n"
    "general: {stop_time: 100 s}\n"
    "network:\n"
    "  nodes: [{name: a}, {name: b}]\n"
    "  links:\n"
    "    - {name: a-b, from: a, to: b, rate: 10 Mbit/s, delay: 10 ms}\n"
    "hosts: [{name: first, at: a}, {name: last, at: b}]\n"
    "workload: {flows: [{from: first, to: last, bytes: 500 kB}]}\n";

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
    "       queue: 15 packets}\n"
    "    - {name: c-d, from: c, to: d, rate: 30 Mbit/s, delay: 6 ms,\n"
    "       queue: 300 ms, jitter: 3 ms, reorder: true}\n"
    "hosts:\n"
    "  - {name: first, count: 3, at: a, rate: 40 Mbit/s, delay: 1 ms}\n"
    "  - {name: last, count: 3, at: d, rate: 20 Mbit/s, delay: 2 ms}\n"
    "workload:\n"
    "  flows:\n"
    "    - {from: first, to: last, bytes: 2 MB, every: 100 ms}\n"
    "    - {from: last, to: first, bytes: 1 MB, every: 10 ms}\n";

typedef struct Stage {
    FlowStage flows;
    char *folder;
    Pcap *captures[LINKS_MAX]; /* of the first links; NULL: none */
} Stage;

static char *
stage_path(const Stage *stage, LinkId link)
{
    return g_strdup_printf("%s/%u.pcap", stage->folder, link);
}

static void
stage_init(Stage *stage, const char *text, bool may_split)
{
    memset(stage, 0, sizeof *stage);
    flow_stage_init(&stage->flows, text, may_split);
    stage->folder = g_dir_make_tmp("byway-pcap-XXXXXX", NULL);
    g_assert_nonnull(stage->folder);
}

static void
capture(Stage *stage)
{
    uint32_t count = MIN(stage->flows.network.link_count, LINKS_MAX);
    for (LinkId link = 0; link < count; link++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = stage_path(stage, link);
        stage->captures[link] =
            pcap_open(path, &stage->flows.network.links[link], &error);
        g_assert_no_error(error);
    }
}

static void
stage_clear(Stage *stage)
{
    flow_stage_clear(&stage->flows);
    for (LinkId link = 0; link < LINKS_MAX; link++) {
        g_autofree char *path = stage_path(stage, link);
        if (stage->captures[link])
            g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(stage->folder), ==, 0);
    g_free(stage->folder);
}

static void
close_captures(Stage *stage)
{
    for (LinkId link = 0; link < LINKS_MAX; link++) {
        g_autoptr(GError) error = NULL;
        if (!stage->captures[link])
            continue;
        g_assert_true(pcap_is_good(stage->captures[link]));
        pcap_close(stage->captures[link], stage->flows.network.now_ns, &error);
        g_assert_no_error(error);
    }
}

static void
run_whole(Stage *stage, int64_t until_ns)
{
    flow_stage_run(&stage->flows, until_ns);
    close_captures(stage);
}

static void
run_parts(Stage *stage, int64_t until_ns, uint32_t threads, bool runs_ahead)
{
    flow_stage_run_parts(&stage->flows, until_ns, threads, runs_ahead);
    close_captures(stage);
}

/* --- a file, read back ---------------------------------------------------- */

typedef struct Seen {
    int64_t time_ns;
    uint32_t size_bytes;
    uint32_t source; /* port */
    uint32_t target;
    uint32_t seq;
    uint32_t ack;
    uint32_t flags;
    uint32_t window; /* scaled, but a SYN's */
    uint32_t payload_bytes;
    uint32_t sacks[4]; /* start, end, start, end */
} Seen;

typedef struct File {
    uint8_t *bytes;
    size_t size_bytes;
    GArray *packets; /* Seen */
    uint32_t shift;  /* of its SYN */
} File;

static uint32_t
big(const uint8_t *place, uint32_t size_bytes)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < size_bytes; i++)
        value = value << 8 | place[i];
    return value;
}

static uint32_t
little(const uint8_t *place)
{
    return big(place + 3, 1) << 24 | big(place + 2, 1) << 16 |
           big(place + 1, 1) << 8 | place[0];
}

/* 0xffff when the checksum among them is right (RFC 1071). */
static uint32_t
sum_of(const uint8_t *bytes, uint32_t size_bytes, uint32_t sum)
{
    for (uint32_t i = 0; i < size_bytes; i += 2)
        sum += big(bytes + i, 2);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void
read_options(File *file, Seen *seen, const uint8_t *place, const uint8_t *end)
{
    while (place < end && *place != 0) {
        uint32_t kind = place[0];
        if (kind == 3)
            file->shift = place[2];
        for (uint32_t i = 0; kind == 5 && i < (place[1] - 2u) / 4; i++)
            seen->sacks[i] = big(place + 2 + 4 * i, 4);
        place += kind == 1 ? 1 : place[1];
    }
    g_assert_true(place <= end);
}

static void
read_packet(File *file, const uint8_t *head)
{
    const uint8_t *ip = head + 16;
    const uint8_t *tcp = ip + 20;
    uint32_t tcp_bytes = tcp[12] >> 4 << 2;
    uint32_t total_bytes = big(ip + 2, 2);
    Seen seen = {
        .time_ns = little(head) * NS_PER_S + little(head + 4),
        .size_bytes = little(head + 12),
        .source = big(tcp, 2),
        .target = big(tcp + 2, 2),
        .seq = big(tcp + 4, 4),
        .ack = big(tcp + 8, 4),
        .flags = tcp[13],
        .payload_bytes = total_bytes - 20 - tcp_bytes,
    };
    g_assert_cmphex(ip[0], ==, 0x45);
    g_assert_cmpuint(ip[9], ==, 6);
    g_assert_cmpuint(little(head + 8), ==, 20 + tcp_bytes);
    g_assert_cmpuint(total_bytes, ==, seen.size_bytes);
    g_assert_cmphex(sum_of(ip, 20, 0), ==, 0xffff);
    uint32_t pseudo = sum_of(ip + 12, 8, 6 + total_bytes - 20);
    g_assert_cmphex(sum_of(tcp, tcp_bytes, pseudo), ==, 0xffff);
    read_options(file, &seen, tcp + 20, tcp + tcp_bytes);
    seen.window = big(tcp + 14, 2) << (seen.flags & SYN ? 0 : file->shift);
    g_array_append_val(file->packets, seen);
}

static void
file_init(File *file, const Stage *stage, LinkId link)
{
    g_autofree char *path = stage_path(stage, link);
    char *bytes = NULL;
    g_assert_true(g_file_get_contents(path, &bytes, &file->size_bytes, NULL));
    file->bytes = (uint8_t *)bytes;
    file->packets = g_array_new(false, false, sizeof(Seen));
    g_assert_cmpuint(file->size_bytes, >=, 24);
    g_assert_cmphex(little(file->bytes), ==, 0xa1b23c4d);
    g_assert_cmpuint(little(file->bytes + 20), ==, 101);
    size_t at = 24;
    int64_t time_ns = 0;
    while (at < file->size_bytes) {
        const uint8_t *head = file->bytes + at;
        read_packet(file, head);
        at += 16 + little(head + 8);
        const Seen *last =
            &g_array_index(file->packets, Seen, file->packets->len - 1);
        g_assert_cmpint(last->time_ns, >=, time_ns);
        time_ns = last->time_ns;
    }
    g_assert_cmpuint(at, ==, file->size_bytes);
}

static void
file_clear(File *file)
{
    g_free(file->bytes);
    g_array_unref(file->packets);
}

static const Seen *
nth(const File *file, guint index)
{
    g_assert_cmpuint(index, <, file->packets->len);
    return &g_array_index(file->packets, Seen, index);
}

static void
assert_begins(const File *longer, const File *shorter)
{
    g_assert_cmpuint(shorter->size_bytes, <=, longer->size_bytes);
    g_assert_cmpint(memcmp(shorter->bytes, longer->bytes, shorter->size_bytes),
                    ==, 0);
}

/* --- stories -------------------------------------------------------------- */

static void
a_handshake_is_there_with_its_times(void)
{
    Stage stage;
    File there, back;
    stage_init(&stage, SINGLE, false);
    capture(&stage);
    run_whole(&stage, 10 * NS_PER_S);
    file_init(&there, &stage, 0);
    file_init(&back, &stage, 1);
    const Seen *syn = nth(&there, 0);
    const Seen *answer = nth(&back, 0);
    const Seen *third = nth(&there, 1);
    int64_t way_ns = 10 * NS_PER_MS + transmit_ns(60, 10000000);
    g_assert_cmphex(syn->flags, ==, SYN);
    g_assert_cmpuint(syn->seq, ==, 0);
    g_assert_cmpint(syn->time_ns, ==, way_ns);
    g_assert_cmpuint(syn->size_bytes, ==, 60);
    g_assert_cmpuint(syn->target, ==, 443);
    g_assert_cmphex(answer->flags, ==, SYN | ACK);
    g_assert_cmpuint(answer->seq, ==, 0);
    g_assert_cmpuint(answer->ack, ==, 1);
    g_assert_cmpint(answer->time_ns, ==, 2 * way_ns);
    g_assert_cmpuint(answer->target, ==, syn->source);
    g_assert_cmphex(third->flags, ==, ACK);
    g_assert_cmpuint(third->seq, ==, 1);
    g_assert_cmpuint(third->ack, ==, 1);
    /* 10. and the number of the host. */
    g_assert_cmphex(big(there.bytes + 24 + 16 + 12, 4), ==, 0x0a000000);
    g_assert_cmphex(big(there.bytes + 24 + 16 + 16, 4), ==, 0x0a000001);
    file_clear(&there);
    file_clear(&back);
    stage_clear(&stage);
}

static void
each_byte_follows_the_one_before_to_the_fin(void)
{
    Stage stage;
    File there, back;
    stage_init(&stage, SINGLE, false);
    capture(&stage);
    run_whole(&stage, 10 * NS_PER_S);
    file_init(&there, &stage, 0);
    file_init(&back, &stage, 1);
    uint32_t next = 1;
    for (guint i = 1; i < there.packets->len; i++) {
        const Seen *seen = nth(&there, i);
        g_assert_cmpuint(seen->seq, ==, next);
        next += seen->payload_bytes + (seen->flags & FIN ? 1 : 0);
    }
    g_assert_cmpuint(next, ==, 500002);
    uint32_t acked = 0;
    uint32_t edge = 0;
    for (guint i = 0; i < back.packets->len; i++) {
        const Seen *seen = nth(&back, i);
        g_assert_cmpuint(seen->ack, >=, acked);
        acked = seen->ack;
        edge = MAX(edge, seen->ack + seen->window);
    }
    g_assert_cmpuint(acked, ==, 500002);
    g_assert_cmpuint(edge, >, 500002);
    file_clear(&there);
    file_clear(&back);
    stage_clear(&stage);
}

static void
lengths_are_what_the_link_was_busy_with(void)
{
    Stage stage;
    stage_init(&stage, SINGLE, false);
    capture(&stage);
    run_whole(&stage, 10 * NS_PER_S);
    for (LinkId link = 0; link < 2; link++) {
        File file;
        file_init(&file, &stage, link);
        const Link *captured = &stage.flows.network.links[link];
        int64_t busy_ns = 0;
        for (guint i = 0; i < file.packets->len; i++)
            busy_ns += transmit_ns(nth(&file, i)->size_bytes, 10000000);
        g_assert_cmpuint(file.packets->len, ==, captured->arrived_packets);
        g_assert_cmpuint((uint64_t)busy_ns, ==, captured->busy_ns);
        file_clear(&file);
    }
    stage_clear(&stage);
}

/* Packets 20 and 23 of the way there are lost: after the SYN and an ACK,
 * segments 18 and 21. */
static void
what_is_lost_is_missing_and_what_came_is_sacked(void)
{
    Stage stage;
    File there, back;
    stage_init(&stage, SINGLE, false);
    capture(&stage);
    link_extra(&stage.flows.network.links[0])->chosen_loss.next =
        1 << 20 | 1 << 23;
    run_whole(&stage, 10 * NS_PER_S);
    file_init(&there, &stage, 0);
    file_init(&back, &stage, 1);
    g_assert_cmpuint(there.packets->len, ==,
                     stage.flows.network.links[0].arrived_packets - 2);
    const uint32_t hole = 1 + 18 * 1448;
    const uint32_t second = 1 + 21 * 1448;
    g_assert_cmpuint(nth(&there, 19)->seq, ==, hole - 1448);
    g_assert_cmpuint(nth(&there, 20)->seq, ==, hole + 1448);
    guint at = 0;
    while (nth(&back, at)->sacks[2] == 0)
        at++;
    const Seen *ack = nth(&back, at);
    g_assert_cmpuint(ack->ack, ==, hole);
    g_assert_cmpuint(ack->sacks[0], ==, second + 1448);
    g_assert_cmpuint(ack->sacks[1], ==, second + 2 * 1448);
    g_assert_cmpuint(ack->sacks[2], ==, hole + 1448);
    g_assert_cmpuint(ack->sacks[3], ==, second);
    /* Two blocks do not fit in the twelve bytes that the link has counted. */
    g_assert_cmpuint(ack->size_bytes, ==, 52 + 8);
    g_assert_cmpuint(nth(&back, at - 1)->size_bytes, ==, 52);
    g_assert_cmpuint(nth(&back, at - 1)->sacks[0], ==, hole + 1448);
    g_assert_cmpuint(nth(&back, back.packets->len - 1)->ack, ==, 500002);
    file_clear(&there);
    file_clear(&back);
    stage_clear(&stage);
}

static void
compare(const Stage *one, const Stage *other)
{
    g_assert_cmphex(network_total(&one->flows.network).fingerprint, ==,
                    network_total(&other->flows.network).fingerprint);
    for (LinkId link = 0; link < LINKS_MAX; link++) {
        File left, right;
        file_init(&left, one, link);
        file_init(&right, other, link);
        g_assert_cmpuint(left.packets->len, >, 1000);
        g_assert_cmpuint(left.size_bytes, ==, right.size_bytes);
        assert_begins(&right, &left);
        file_clear(&left);
        file_clear(&right);
    }
}

static void
threads_parts_and_links_that_run_ahead_change_no_byte(void)
{
    const int64_t until_ns = 3 * NS_PER_S;
    Stage whole;
    stage_init(&whole, CHAIN, false);
    capture(&whole);
    run_whole(&whole, until_ns);
    for (uint32_t threads = 1; threads <= 3; threads++) {
        for (int runs_ahead = 0; runs_ahead < 2; runs_ahead++) {
            Stage split;
            stage_init(&split, CHAIN, true);
            capture(&split);
            run_parts(&split, until_ns, threads, runs_ahead);
            compare(&whole, &split);
            stage_clear(&split);
        }
    }
    stage_clear(&whole);
}

static void
nobody_notices_that_it_is_captured(void)
{
    Stage seen, unseen;
    stage_init(&seen, CHAIN, false);
    stage_init(&unseen, CHAIN, false);
    capture(&seen);
    run_whole(&seen, 3 * NS_PER_S);
    run_whole(&unseen, 3 * NS_PER_S);
    const NetworkTotal one = network_total(&seen.flows.network);
    const NetworkTotal other = network_total(&unseen.flows.network);
    g_assert_cmphex(one.fingerprint, ==, other.fingerprint);
    g_assert_cmpuint(one.events, ==, other.events);
    stage_clear(&seen);
    stage_clear(&unseen);
}

/* What a run has seen by its end, a longer one has seen by then. */
static void
it_ends_with_the_run(void)
{
    Stage longer;
    stage_init(&longer, CHAIN, true);
    capture(&longer);
    run_parts(&longer, 2 * NS_PER_S, 1, true);
    for (int64_t until_ns = NS_PER_S / 64; until_ns < 2 * NS_PER_S;
         until_ns *= 2) {
        Stage stage;
        stage_init(&stage, CHAIN, true);
        capture(&stage);
        run_parts(&stage, until_ns, 2, true);
        for (LinkId link = 0; link < LINKS_MAX; link++) {
            File file, whole;
            file_init(&file, &stage, link);
            file_init(&whole, &longer, link);
            guint count = file.packets->len;
            assert_begins(&whole, &file);
            g_assert_true(count == 0 ||
                          nth(&file, count - 1)->time_ns <= until_ns);
            g_assert_cmpint(nth(&whole, count)->time_ns, >, until_ns);
            file_clear(&file);
            file_clear(&whole);
        }
        stage_clear(&stage);
    }
    stage_clear(&longer);
}

static void
a_file_that_is_there_is_not_replaced(void)
{
    Stage stage;
    g_autoptr(GError) error = NULL;
    stage_init(&stage, SINGLE, false);
    capture(&stage);
    g_autofree char *path = stage_path(&stage, 0);
    g_assert_null(pcap_open(path, &stage.flows.network.links[0], &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    close_captures(&stage);
    stage_clear(&stage);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcap/a_handshake_is_there_with_its_times",
                    a_handshake_is_there_with_its_times);
    g_test_add_func("/pcap/each_byte_follows_the_one_before_to_the_fin",
                    each_byte_follows_the_one_before_to_the_fin);
    g_test_add_func("/pcap/lengths_are_what_the_link_was_busy_with",
                    lengths_are_what_the_link_was_busy_with);
    g_test_add_func("/pcap/what_is_lost_is_missing_and_what_came_is_sacked",
                    what_is_lost_is_missing_and_what_came_is_sacked);
    g_test_add_func(
        "/pcap/threads_parts_and_links_that_run_ahead_change_no_byte",
        threads_parts_and_links_that_run_ahead_change_no_byte);
    g_test_add_func("/pcap/nobody_notices_that_it_is_captured",
                    nobody_notices_that_it_is_captured);
    g_test_add_func("/pcap/it_ends_with_the_run", it_ends_with_the_run);
    g_test_add_func("/pcap/a_file_that_is_there_is_not_replaced",
                    a_file_that_is_there_is_not_replaced);
    return g_test_run();
}
